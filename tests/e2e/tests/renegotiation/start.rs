//! What the start says of tokens and certificates.

use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use harness::{PamService, ServerConfig, start_log};

const LET_IN: &str = "auth required pam_permit.so\naccount required pam_permit.so\n";

#[test]
fn what_does_not_work_is_said() {
    requires!(Need::Before("openvpn", "2.6.21"), "a malformed token crashes no server");
    let service = PamService::new(LET_IN);
    for (options, lines, said) in [
        ("", &["auth-gen-token 0 external-auth"][..], "a malformed token can crash OpenVPN"),
        ("certificate-login=root", &[], "certificate-login has no effect without auth-user-pass-optional"),
        (
            "certificate-login=root",
            &["auth-user-pass-optional", "verify-client-cert none"],
            "certificate-login has no effect with verify-client-cert none",
        ),
        (
            "certificate-login=root",
            &["auth-user-pass-optional", "auth-gen-token 3600"],
            "accepts a client's token with any certificate",
        ),
        (
            "certificate-login=root",
            &["auth-user-pass-optional", "username-as-common-name"],
            "gives all clients without a username the same empty name",
        ),
        (
            "certificate-login=nosuchgroup",
            &["auth-user-pass-optional"],
            "group 'nosuchgroup' is not in /etc/group",
        ),
    ] {
        let config = ServerConfig::auth_pam_with(options, &service, "");
        let server = lines.iter().fold(config, |config, line| config.line(line)).start();
        server.wait_for(Mark::START, said);
    }
    let config = ServerConfig::auth_pam_with("certificate-login=root", &service, "");
    let server = config.line("auth-user-pass-optional").start();
    assert_eq!(start_log::warnings(&server), [""; 0]);
}

/// A token must be judged by OpenVPN, and by nobody's `setenv`.
#[test]
fn nobody_sets_the_state_of_a_token() {
    let service = PamService::new(LET_IN);
    let config = ServerConfig::auth_pam(&service).line("setenv session_state Authenticated");
    let failed = config.start_expecting_failure();
    failed.log.wait_for(Mark::START, "setenv session_state", harness::PATIENCE);
}
