//! Set-ups with this project's plugins, each with one thing broken.

use std::fs;
use std::os::unix::fs::symlink;

use harness::plugin;

use super::good_setup::{GoodSetup, STACK};
use super::{Expected, case};

/// Adds a test for each.
macro_rules! cases {
    ($($name:ident: $severity:literal $place:literal $id:literal, $break_it:expr;)*) => {
        $(#[test]
        fn $name() {
            let break_it: fn(&mut GoodSetup) = $break_it;
            case(stringify!($name), Expected($severity, $place, $id), break_it);
        })*
    };
}

const CODE: &str = "auth required pam_unix.so\nauth required pam_google_authenticator.so secret=/var/lib/x/${USER} user=root\naccount required pam_unix.so\n";

cases! {
    a_quote_is_not_closed: "error" "server.conf:8" "configuration-line", |setup| setup.line("push \"route 10.0.0.0");
    a_backslash_means_nothing: "error" "server.conf:8" "configuration-line", |setup| setup.line(r"ca C:\keys\ca.crt");
    a_line_is_too_long: "error" "server.conf:8" "configuration-line", |setup| {
        setup.line(format!("push {}", "x".repeat(250)));
    };
    a_block_has_no_end: "error" "server.conf:8" "configuration-line", |setup| {
        setup.line("<ca>");
        setup.line("plugin /nowhere.so");
    };
    an_included_file_is_missing: "error" "server.conf:8" "configuration-line", |setup| setup.line("config more.conf");
    an_option_of_old_how_tos: "error" "server.conf:8" "removed-option", |setup| setup.line("client-cert-not-required");
    the_plugin_is_missing: "error" "server.conf:7" "plugin-missing", |setup| setup.remove("down-root.so");
    a_bare_name_is_not_in_the_plugin_directory: "error" "server.conf:7" "plugin-missing", |setup| {
        let line = format!("plugin down-root.so {}", setup.path("down.sh").display());
        setup.replace("down-root.so", &line);
    };
    the_plugin_is_for_another_machine: "error" "server.conf:7" "plugin-load", |setup| {
        let mut bytes = fs::read(setup.path("down-root.so")).unwrap();
        // The machine of an ELF header: one that nobody has.
        bytes[18] = 0xfe;
        setup.file("down-root.so", bytes, 0o644);
    };
    the_plugin_is_empty: "error" "server.conf:8" "plugin-load", |setup| {
        let empty = setup.file("empty.so", "", 0o644);
        setup.line(format!("plugin {}", empty.display()));
    };
    the_plugin_is_none: "error" "server.conf:8" "plugin-load", |setup| {
        setup.compiled("none.so", "int nothing;\n", &[]);
        setup.line(format!("plugin {}", setup.path("none.so").display()));
    };
    the_plugin_crashes_when_it_is_loaded: "error" "server.conf:8" "plugin-load", |setup| {
        let source = "#include <stdlib.h>\n__attribute__((constructor)) static void crash(void) { abort(); }\n";
        setup.compiled("crash.so", source, &[]);
        setup.line(format!("plugin {}", setup.path("crash.so").display()));
    };
    everybody_can_change_the_plugin: "error" "server.conf:7" "plugin-writable", |setup| setup.mode("down-root.so", 0o666);
    somebody_else_owns_the_plugin: "error" "server.conf:6" "plugin-writable", |setup| setup.owner("auth-pam.so", 1000);
    the_plugin_s_path_is_relative: "warning" "server.conf:7" "plugin-relative", |setup| {
        let line = format!("plugin ./down-root.so {}", setup.path("down.sh").display());
        setup.replace("down-root.so", &line);
    };
    openvpn_drops_words: "error" "server.conf:6" "plugin-words", |setup| {
        let pairs = " a USERNAME".repeat(9);
        setup.with_auth_pam("deferred=yes", &format!("vpn{}", &pairs[..pairs.len() - 9]));
    };
    the_service_is_not_named: "error" "server.conf:6" "no-service", |setup| setup.with_auth_pam("deferred=yes", "");
    an_unknown_option: "error" "server.conf:6" "plugin-refuses", |setup| setup.with_auth_pam("defered=yes deferred=yes", "vpn");
    an_option_after_the_service: "warning" "server.conf:6" "plugin-warns", |setup| {
        setup.with_auth_pam("deferred=yes", "vpn timeout=20 USERNAME");
    };
    an_options_file_that_others_can_change: "error" "server.conf:6" "plugin-refuses", |setup| {
        let file = setup.file("auth-pam.conf", "timeout=5\n", 0o666);
        setup.with_auth_pam(&format!("deferred=yes options={}", file.display()), "vpn");
    };
    an_option_that_clients_cannot_have: "error" "server.conf:6" "plugin-refuses", |setup| {
        setup.directory("clients", 0o755);
        setup.file("clients/default", "port 1194\n", 0o644);
        let directory = setup.path("clients");
        setup.with_auth_pam(&format!("deferred=yes client-options={}", directory.display()), "vpn");
    };
    options_of_clients_that_others_can_change: "error" "server.conf:6" "plugin-refuses", |setup| {
        setup.directory("clients", 0o777);
        let directory = setup.path("clients");
        setup.with_auth_pam(&format!("deferred=yes client-options={}", directory.display()), "vpn");
    };
    the_service_is_missing: "error" "server.conf:6" "pam-service-missing", |setup| setup.with_auth_pam("deferred=yes", "vpnn");
    the_service_has_no_auth_lines: "warning" "pam.d/vpn" "pam-phase", |setup| setup.service("account required pam_unix.so\n");
    the_service_has_no_account_lines: "warning" "pam.d/vpn" "pam-phase", |setup| setup.service("auth required pam_unix.so\n");
    the_service_has_no_session_lines: "warning" "pam.d/vpn" "pam-phase", |setup| {
        setup.with_auth_pam("deferred=yes session=yes", "vpn");
    };
    a_module_is_missing: "error" "pam.d/vpn:3" "pam-module", |setup| {
        setup.service(&format!("{STACK}auth required pam_nosuch.so\n"));
    };
    a_module_is_for_another_machine: "error" "pam.d/vpn:3" "pam-module", |setup| {
        let module = setup.file("pam_x.so", "#!/bin/sh\nexit 0 # and so on\n", 0o644);
        setup.service(&format!("{STACK}auth required {}\n", module.display()));
    };
    a_module_lacks_a_library: "error" "pam.d/vpn:3" "pam-module-load", |setup| {
        setup.compiled("libgone.so", "int gone(void) { return 0; }\n", &[]);
        let library = setup.path("libgone.so");
        let source = "int gone(void); int pam_sm_authenticate(void) { return gone(); }\n";
        setup.compiled("pam_x.so", source, &[library.to_str().unwrap()]);
        setup.remove("libgone.so");
        setup.service(&format!("{STACK}auth required {}\n", setup.path("pam_x.so").display()));
    };
    an_included_service_is_missing: "error" "pam.d/vpn:1" "pam-include-missing", |setup| {
        setup.service("@include common-atuh\naccount required pam_unix.so\n");
    };
    a_control_word_is_misspelt: "error" "pam.d/vpn:1" "pam-line", |setup| {
        setup.service("auth requird pam_unix.so\naccount required pam_unix.so\n");
    };
    a_phase_is_misspelt: "error" "pam.d/vpn:3" "pam-line", |setup| {
        setup.service(&format!("{STACK}ath required pam_unix.so\n"));
    };
    everybody_can_change_the_service: "error" "pam.d/vpn" "pam-writable", |setup| setup.mode("pam.d/vpn", 0o646);
    every_password_is_right: "error" "pam.d/vpn:1" "pam-permit", |setup| {
        setup.service("auth required pam_permit.so\naccount required pam_unix.so\n");
    };
    empty_passwords_are_allowed_twice: "warning" "pam.d/vpn:1" "nullok", |setup| {
        setup.service("auth required pam_unix.so nullok\naccount required pam_unix.so\n");
        setup.with_auth_pam("deferred=yes empty-passwords=yes", "vpn");
    };
    the_password_is_enough: "warning" "pam.d/vpn:1" "factor-order", |setup| {
        setup.service(&CODE.replacen("required", "sufficient", 1));
        setup.line("auth-gen-token 43200");
    };
    the_password_leads_past_the_code: "warning" "pam.d/vpn:1" "factor-order", |setup| {
        let code = CODE.replacen("required", "[success=1 default=die]", 1);
        setup.service(&code.replace("account", "auth required pam_permit.so\naccount"));
        setup.line("auth-gen-token 43200");
    };
    the_code_is_enough: "warning" "pam.d/vpn:1" "factor-order", |setup| {
        setup.service("auth optional pam_unix.so\nauth required pam_google_authenticator.so secret=/var/lib/x/${USER} user=root\naccount required pam_unix.so\n");
        setup.line("auth-gen-token 43200");
    };
    a_password_that_does_not_decide: "error" "pam.d/vpn:2" "pam-permit", |setup| {
        setup.service("auth sufficient pam_unix.so\nauth required pam_permit.so\naccount required pam_unix.so\n");
    };
    the_service_of_su: "error" "pam.d/vpn:1" "pam-permit", |setup| {
        setup.service("auth sufficient pam_rootok.so\nauth required pam_unix.so\naccount required pam_unix.so\n");
    };
    the_code_does_not_matter: "warning" "pam.d/vpn:2" "factor-optional", |setup| {
        setup.service(&CODE.replace("required pam_google", "optional pam_google"));
        setup.line("auth-gen-token 43200");
    };
    nobody_gives_the_code: "error" "server.conf:6" "code-without-challenge", |setup| {
        setup.service(CODE);
        setup.with_auth_pam("deferred=yes", "vpn login USERNAME password PASSWORD");
    };
    codes_and_renegotiation: "warning" "server.conf:6" "code-and-renegotiation", |setup| {
        setup.service(CODE);
        setup.with_auth_pam("deferred=yes", "vpn login USERNAME password PASSWORD verification OTP");
    };
    two_plugins_defer: "error" "server.conf:8" "two-defer", |setup| {
        setup.copy(&plugin::auth_pam(), "copy.so");
        let line = setup.auth_pam("deferred=yes", "vpn").replace("/auth-pam.so", "/copy.so");
        setup.line(line);
    };
    two_plugins_defer_by_the_variable: "error" "server.conf:8" "two-defer", |setup| {
        setup.with_auth_pam("", "vpn");
        let line = setup.auth_pam("", "vpn");
        setup.line(line);
        setup.line("setenv deferred_auth_pam 1");
    };
    logins_are_not_deferred: "warning" "server.conf:6" "not-deferred", |setup| setup.with_auth_pam("", "vpn");
    timeout_is_longer_than_openvpn_waits: "warning" "server.conf:6" "timeout", |setup| {
        setup.with_auth_pam("deferred=yes timeout=90", "vpn");
    };
    tokens_that_crash_this_openvpn: "warning" "server.conf:8" "external-auth", |setup| {
        setup.version = "2.6.14";
        setup.line("auth-gen-token 0 external-auth");
    };
    tokens_without_renegotiation: "error" "server.conf:8" "token-without-renegotiation", |setup| {
        setup.line("reneg-sec 0");
        setup.line("auth-gen-token");
    };
    clients_have_no_names: "warning" "server.conf:8" "no-names", |setup| setup.line("verify-client-cert none");
    the_user_is_unknown: "error" "server.conf:3" "unknown-user", |setup| setup.replace("user nobody", "user nobdy");
    the_group_is_unknown: "error" "server.conf:4" "unknown-user", |setup| setup.replace("group nogroup", "group nbody");
    the_group_stays_root_s: "warning" "server.conf:3" "roots-group", |setup| setup.without("group nogroup");
    the_user_cannot_write_to_tmp_dir: "error" "server.conf:5" "tmp-dir", |setup| setup.mode("tmp", 0o755);
    tmp_dir_is_missing: "error" "server.conf:5" "tmp-dir", |setup| setup.replace("tmp-dir", "tmp-dir /var/lib/nowhere");
    tmp_dir_is_not_in_the_chroot: "error" "server.conf:5" "tmp-dir", |setup| {
        setup.directory("jail", 0o755);
        setup.line(format!("chroot {}", setup.path("jail").display()));
    };
    the_script_is_missing: "error" "server.conf:7" "script", |setup| setup.remove("down.sh");
    the_script_is_not_executable: "error" "server.conf:7" "script", |setup| setup.mode("down.sh", 0o644);
    another_script_is_missing: "error" "server.conf:7" "script", |setup| {
        let (file, script) = (setup.path("down-root.so"), setup.path("down.sh"));
        let line = format!("plugin {} on=client-connect:/nowhere.sh up={1} {1}", file.display(), script.display());
        setup.replace("down-root.so", &line);
    };
    everybody_can_change_the_script: "error" "server.conf:7" "script-writable", |setup| setup.mode("down.sh", 0o777);
    the_script_has_no_interpreter: "error" "server.conf:7" "plugin-refuses", |setup| {
        setup.file("down.sh", "echo nothing says who runs this\n", 0o755);
    };
    a_script_in_a_home: "note" "server.conf:7" "home", |setup| {
        let home = tempfile::Builder::new().prefix("doctor-").tempdir_in("/root").unwrap();
        let script = home.path().join("down.sh");
        fs::copy(setup.path("down.sh"), &script).unwrap();
        let line = format!("plugin {} {}", setup.path("down-root.so").display(), script.display());
        setup.replace("down-root.so", &line);
        setup.keep(home);
    };
}

/// Comments, quotes, blocks, includes and `cd` are read as OpenVPN reads them: nothing is found that is not there.
#[test]
fn a_configuration_with_everything_in_it() {
    let mut setup = GoodSetup::new();
    setup.line("; plugin /nowhere.so");
    setup.line("<ca>\nplugin /nowhere.so\n</ca>");
    setup.directory("more", 0o755);
    setup.file("more/inner.conf", "\u{feff}'verb' \"3\" # quiet\n--port 1194\n", 0o600);
    setup.line("cd more\nconfig inner.conf\ncd ..");
    symlink(setup.path("tmp"), setup.path("link")).unwrap();
    setup.replace("tmp-dir", "tmp-dir link");
    let run = setup.examine();
    assert_eq!(super::findings(&run), [], "{run}");
}

/// Stacks of distributions and of how-tos, which are as they should be.
#[test]
fn stacks_in_which_nothing_is_wrong() {
    let code = "pam_google_authenticator.so secret=/var/lib/x/${USER} user=root";
    let faillock = "auth requisite pam_faillock.so preauth\nauth [success=1 default=bad] pam_unix.so\nauth [default=die] pam_faillock.so authfail\nauth sufficient pam_faillock.so authsucc\n";
    let debian = "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n";
    let fedora = "auth required pam_env.so\nauth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\nauth [default=1 ignore=ignore success=ok] pam_localuser.so\nauth sufficient pam_unix.so\nauth required pam_deny.so\n";
    for auth in [
        faillock.to_owned(),
        debian.to_owned(),
        fedora.to_owned(),
        format!("{debian}auth required {code}\n"),
        format!("auth required {code}\n{debian}"),
        // Who is in the group needs no code, as was meant.
        format!(
            "auth required pam_unix.so\nauth [success=1 default=ignore] pam_succeed_if.so user ingroup nocode\nauth required {code}\n"
        ),
    ] {
        let mut setup = GoodSetup::new();
        setup.service(&format!("{auth}account required pam_unix.so\n"));
        setup.line("auth-gen-token 43200");
        let run = setup.examine();
        assert_eq!(super::findings(&run), [], "{auth}{run}");
    }
}
