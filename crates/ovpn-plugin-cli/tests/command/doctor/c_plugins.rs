//! Set-ups with OpenVPN's own plugins.

use std::fs;

use harness::{EtcPamService, plugin};

use super::good_setup::{STACK, Stage, findings};

/// The C plugin in the directory where OpenVPN looks, and a service in /etc/pam.d.
fn stage(stack: &str) -> (Stage, EtcPamService) {
    let (mut stage, service) = (Stage::new(), EtcPamService::new(stack));
    stage.copy(&plugin::c_auth_pam(), "plugins/openvpn-plugin-auth-pam.so");
    let line = format!("plugin openvpn-plugin-auth-pam.so {}", service.name());
    stage.replace("auth-pam.so", &line);
    stage.line("setenv deferred_auth_pam 1");
    (stage, service)
}

fn found(stage: &Stage) -> Vec<(String, String)> {
    findings(&stage.examine()).into_iter().map(|(severity, _, id)| (severity, id)).collect()
}

fn note_and(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let all = more.iter().chain(&[("note", "c-plugin")]);
    all.map(|(severity, id)| ((*severity).to_owned(), (*id).to_owned())).collect()
}

#[test]
fn a_bare_name_that_is_openvpn_s_own_plugin_is_told() {
    let (stage, _service) = stage(STACK);
    let run = stage.examine();
    run.expect(0, &[("note", "this name means OpenVPN's own plugin"), ("note", "server.conf:6")]);
    assert_eq!(found(&stage), note_and(&[]));
}

#[test]
fn a_whole_path_says_what_is_meant() {
    let (mut stage, service) = stage(STACK);
    let file = stage.path("plugins/openvpn-plugin-auth-pam.so");
    stage.replace("auth-pam.so", &format!("plugin {} {}", file.display(), service.name()));
    assert_eq!(found(&stage), []);
}

/// It takes `deferred=yes` for the name of the service.
#[test]
fn options_for_openvpn_s_own_plugin() {
    let (mut stage, service) = stage(STACK);
    stage.replace(
        "auth-pam.so",
        &format!("plugin openvpn-plugin-auth-pam.so \"deferred=yes {}\"", service.name()),
    );
    stage.without("deferred_auth_pam");
    let run = stage.examine();
    run.expect(2, &[("error", "takes 'deferred=yes' for the name of the PAM service")]);
    assert_eq!(found(&stage), [("error".to_owned(), "c-plugin-options".to_owned())]);
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
        let (stage, _service) = stage(stack);
        assert_eq!(found(&stage), note_and(&[expected]), "{stack}");
    }
    let (mut stage, _service) = stage(STACK);
    stage.without("deferred_auth_pam");
    assert_eq!(found(&stage), note_and(&[("warning", "not-deferred")]));
}

#[test]
fn scripts_of_openvpn_s_own_down_root() {
    let mut stage = Stage::new();
    let own = plugin::c_auth_pam().with_file_name("openvpn-plugin-down-root.so");
    stage.copy(&own, "down-root.so");
    assert_eq!(found(&stage), []);
    fs::remove_file(stage.path("down.sh")).unwrap();
    stage.examine().expect(2, &[("error", "there is no script"), ("why", "nothing runs when it ends")]);
    let line = format!("plugin {} timeout=5 /bin/true", stage.path("down-root.so").display());
    stage.replace("down-root.so", &line);
    stage.examine().expect(2, &[("error", "takes 'timeout=5' for the command")]);
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
