//! Set-ups with OpenVPN's own plugins.

use std::fs;

use harness::{EtcPamService, plugin};

use super::good_setup::{GoodSetup, STACK, findings};

/// The C plugin in the directory where OpenVPN looks, and a service in /etc/pam.d.
fn setup(stack: &str) -> (GoodSetup, EtcPamService) {
    let (mut setup, service) = (GoodSetup::new(), EtcPamService::new(stack));
    setup.copy(&plugin::c_auth_pam(), "plugins/openvpn-plugin-auth-pam.so");
    let line = format!("plugin openvpn-plugin-auth-pam.so {}", service.name());
    setup.replace("auth-pam.so", &line);
    setup.line("setenv deferred_auth_pam 1");
    (setup, service)
}

fn found(setup: &GoodSetup) -> Vec<(String, String)> {
    findings(&setup.examine()).into_iter().map(|(severity, _, id)| (severity, id)).collect()
}

fn note_and(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let all = more.iter().chain(&[("note", "c-plugin")]);
    all.map(|(severity, id)| ((*severity).to_owned(), (*id).to_owned())).collect()
}

#[test]
fn a_bare_name_that_is_openvpn_s_own_plugin_is_told() {
    let (setup, _service) = setup(STACK);
    let run = setup.examine();
    run.expect(0, &[("note", "this name means OpenVPN's own plugin"), ("note", "server.conf:6")]);
    assert_eq!(found(&setup), note_and(&[]));
}

#[test]
fn a_whole_path_says_what_is_meant() {
    let (mut setup, service) = setup(STACK);
    let file = setup.path("plugins/openvpn-plugin-auth-pam.so");
    setup.replace("auth-pam.so", &format!("plugin {} {}", file.display(), service.name()));
    assert_eq!(found(&setup), []);
}

/// It takes `deferred=yes` for the name of the service.
#[test]
fn options_for_openvpn_s_own_plugin() {
    let (mut setup, service) = setup(STACK);
    setup.replace(
        "auth-pam.so",
        &format!("plugin openvpn-plugin-auth-pam.so \"deferred=yes {}\"", service.name()),
    );
    setup.without("deferred_auth_pam");
    let run = setup.examine();
    run.expect(2, &[("error", "takes 'deferred=yes' for the name of the PAM service")]);
    assert_eq!(found(&setup), [("error".to_owned(), "c-plugin-options".to_owned())]);
}

#[test]
fn what_is_wrong_with_its_service() {
    let cases = [
        ("auth required pam_unix.so nullok\naccount required pam_unix.so\n", ("warning", "nullok")),
        ("auth required pam_nosuch.so\naccount required pam_unix.so\n", ("error", "pam-module")),
        (
            "auth required pam_unix.so\nauth required pam_oath.so usersfile=/etc/users.oath\naccount required pam_unix.so\n",
            ("error", "code-without-challenge"),
        ),
    ];
    for (stack, expected) in cases {
        let (setup, _service) = setup(stack);
        assert_eq!(found(&setup), note_and(&[expected]), "{stack}");
    }
    let (mut setup, _service) = setup(STACK);
    setup.without("deferred_auth_pam");
    assert_eq!(found(&setup), note_and(&[("warning", "not-deferred")]));
}

#[test]
fn scripts_of_openvpn_s_own_down_root() {
    let mut setup = GoodSetup::new();
    let own = plugin::c_auth_pam().with_file_name("openvpn-plugin-down-root.so");
    setup.copy(&own, "down-root.so");
    assert_eq!(found(&setup), []);
    fs::remove_file(setup.path("down.sh")).unwrap();
    setup.examine().expect(2, &[("error", "there is no script"), ("why", "does not run when OpenVPN stops")]);
    let line = format!("plugin {} timeout=5 /bin/true", setup.path("down-root.so").display());
    setup.replace("down-root.so", &line);
    setup.examine().expect(2, &[("error", "takes 'timeout=5' for the command")]);
}

/// The other commands say so, too.
#[test]
fn a_login_through_openvpn_s_own_plugin_says_so() {
    let own = plugin::c_auth_pam();
    let name = own.file_name().and_then(|name| name.to_str()).unwrap();
    let check = crate::run::run(&["check", name, "login"]);
    check.expect(0, &[("note", &format!("this name means OpenVPN's own plugin, {}", own.display()))]);
    let check = crate::run::run(&["check", own.to_str().unwrap(), "deferred=yes"]);
    check.expect(0, &[("note", "it takes 'deferred=yes' for the name of the PAM service")]);
    let check = crate::run::run(&["check", own.to_str().unwrap(), "login"]);
    assert!(!check.out.contains("OpenVPN's own plugin"), "{check}");
}
