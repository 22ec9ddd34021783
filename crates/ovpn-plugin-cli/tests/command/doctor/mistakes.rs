//! Mistakes of somebody in a hurry, and files that are not what they should be.

use std::fs;

use harness::command;

use super::good_setup::GoodSetup;
use super::{Expected, case};

fn plugin(setup: &GoodSetup, words: &str) -> String {
    format!("plugin {} {words}", setup.path("down-root.so").display())
}

#[test]
fn lines_that_openvpn_does_not_take() {
    for line in ["plugin", "user nobody nogroup", "user", "pluging x.so", "Plugin x.so", "duplicate-cn yes"] {
        let run_of = |setup: &mut GoodSetup| setup.line(line);
        case(line, Expected("error", "server.conf:8", "configuration-line"), run_of);
    }
}

#[test]
fn a_configuration_that_includes_itself() {
    case("circle", Expected("error", "server.conf:8", "configuration-line"), |setup| {
        setup.line("config server.conf");
    });
}

#[test]
fn a_configuration_without_plugins() {
    let mut setup = GoodSetup::new();
    setup.without("auth-pam.so");
    setup.replace("down-root.so", "; plugin x.so");
    let run = setup.examine();
    run.expect(0, &[("note", "server.conf: the configuration opens no plugin")]);
}

#[test]
fn the_whole_line_in_quotes() {
    let mut setup = GoodSetup::new();
    let whole = format!("plugin \"{} /etc/secret.sh\"", setup.path("down-root.so").display());
    setup.replace("down-root.so", &whole);
    let run = setup.examine();
    run.expect(
        2,
        &[("error", "there is more in the quotes than the plugin's path"), ("to do", "down-root.so \"...\"")],
    );
    assert!(!run.out.contains("secret.sh"), "{run}");
}

#[test]
fn quotes_of_a_web_page() {
    for (open, close) in [("\u{201c}", "\u{201d}"), ("\u{2018}", "\u{2019}")] {
        case("quotes", Expected("error", "server.conf:7", "typographic-quotes"), |setup| {
            let line = plugin(setup, &format!("{open}timeout=5 {}{close}", setup.path("down.sh").display()));
            setup.replace("down-root.so", &line);
        });
    }
}

#[test]
fn a_home_that_no_shell_puts_in() {
    let mut setup = GoodSetup::new();
    setup.replace("down-root.so", "plugin ~/down-root.so x");
    setup.examine().expect(2, &[("error", "there is no plugin"), ("why", "OpenVPN does not expand ~")]);
}

/// Neither waits for ever nor advises to change the rights of a device.
#[test]
fn a_plugin_that_is_no_file() {
    let pipe = |setup: &GoodSetup| {
        let pipe = setup.path("pipe");
        command::run("mkfifo", &[pipe.to_str().unwrap()]);
        pipe.display().to_string()
    };
    let places: [fn(&GoodSetup) -> String; 3] =
        [|setup| setup.path("tmp").display().to_string(), |_| "/dev/zero".to_owned(), pipe];
    for of in places {
        case("no file", Expected("error", "server.conf:8", "plugin-missing"), |setup| {
            let line = format!("plugin {} x", of(setup));
            setup.line(line);
        });
    }
}

#[test]
fn a_configuration_that_is_no_file() {
    let setup = GoodSetup::new();
    let pipe = setup.path("pipe");
    command::run("mkfifo", &[pipe.to_str().unwrap()]);
    let run = crate::run::run(&["doctor", pipe.to_str().unwrap()]);
    run.expect(2, &[("error", "is not a regular file")]);
}

/// There is such a group, but no such user.
#[test]
fn the_user_has_the_name_of_a_group() {
    case("user", Expected("error", "server.conf:3", "unknown-user"), |setup| {
        setup.replace("user nobody", "user nogroup");
    });
}

/// OpenVPN is in the directory of the configuration.
#[test]
fn the_directory_of_services_is_relative() {
    let mut setup = GoodSetup::new();
    let line =
        format!("plugin {} \"deferred=yes pam-confdir=pam.d vpn\"", setup.path("auth-pam.so").display());
    setup.replace("auth-pam.so", &line);
    let run = setup.examine();
    assert_eq!(super::findings(&run), [], "{run}");
}

#[test]
fn the_directory_of_services_is_missing() {
    case("pam-confdir", Expected("error", "server.conf:6", "plugin-refuses"), |setup| {
        let line = format!(
            "plugin {} \"deferred=yes pam-confdir=/nowhere vpn\"",
            setup.path("auth-pam.so").display()
        );
        setup.replace("auth-pam.so", &line);
    });
}

#[test]
fn a_mistake_in_an_options_file_has_its_place() {
    case("options", Expected("error", "auth-pam.conf:2", "plugin-refuses"), |setup| {
        let file = setup.file("auth-pam.conf", "timeout=5\ntimout=5\n", 0o600);
        setup.with_auth_pam(&format!("deferred=yes options={}", file.display()), "vpn");
    });
}

/// down-root's scripts are found there, too: those of its options, and the command if the line has none.
#[test]
fn the_options_file_of_down_root() {
    for text in ["on=client-connect:/nowhere.sh\n", "/nowhere.sh arg\n", "up=/nowhere.sh\nDOWN\n"] {
        case(text, Expected("error", "server.conf:7", "script"), |setup| {
            let script = setup.path("down.sh").display().to_string();
            let file = setup.file("down-root.conf", text.replace("DOWN", &script), 0o600);
            let own = if text.starts_with("on=") { &script } else { "" };
            let line = plugin(setup, &format!("options={} {own}", file.display()));
            setup.replace("down-root.so", &line);
        });
    }
    let mut setup = GoodSetup::new();
    let file =
        setup.file("down-root.conf", format!("timeout=5\n{} arg\n", setup.path("down.sh").display()), 0o600);
    setup.replace("down-root.so", &plugin(&setup, &format!("options={}", file.display())));
    let run = setup.examine();
    assert_eq!(super::findings(&run), [], "{run}");
}

#[test]
fn what_lies_in_tmp() {
    case("tmp", Expected("note", "server.conf:7", "tmp"), |setup| {
        let place = tempfile::Builder::new().prefix("doctor-").tempdir_in("/tmp").unwrap();
        let copy = place.path().join("down-root.so");
        fs::copy(setup.path("down-root.so"), &copy).unwrap();
        setup.replace(
            "down-root.so",
            &format!("plugin {} {}", copy.display(), setup.path("down.sh").display()),
        );
        setup.keep(place);
    });
}
