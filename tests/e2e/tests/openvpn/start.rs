//! What is said when OpenVPN starts: nothing of a right configuration, and of a wrong one what would else show at a login.

use harness::needs::Need;
use harness::requires;
use std::fs;

use harness::scratch::{Scratch, set_mode};
use harness::start_log::warnings;
use harness::{EtcPamService, Server, ServerConfig};
use nix::sys::signal::Signal;

use crate::stack::{PASSWORD, Stack};

#[track_caller]
fn says(server: &Server, words: &str) {
    let said = warnings(server);
    assert!(matches!(&said[..], [one] if one.contains(words)), "not only {words:?}:\n{said:#?}");
}

fn refused(config: ServerConfig<'_>, words: &str) {
    let lines = config.start_expecting_failure().log.text();
    let named = lines.lines().any(|line| line.contains("AUTH-PAM") && line.contains(words));
    assert!(named, "no AUTH-PAM line with {words:?}:\n{lines}");
}

#[test]
fn nothing_of_a_right_configuration() {
    let stack = Stack::new();
    let of = || ServerConfig::auth_pam(&stack.service);
    for config in [of(), of().deferred(), of().dropped(), of().deferred().dropped().chroot()] {
        let server = config.start();
        assert_eq!(warnings(&server), [""; 0]);
        server.client("alice", PASSWORD).start().wait_connected();
    }
}

#[test]
fn options_after_the_service() {
    let stack = Stack::new();
    let words = format!("{} timeout=20 x", stack.service.words());
    says(&ServerConfig::auth_pam_words(&words).start(), "'timeout=20' comes after the service");
}

#[test]
fn a_second_line_that_defers() {
    let (first, second) = (Stack::new(), Stack::new());
    let line = |stack: &Stack, options: &str| format!("{options} {}", stack.service.words());
    let two = |one: &str, other: &str| {
        ServerConfig::auth_pam_words(&line(&first, one)).plugin(&line(&second, other))
    };
    refused(two("deferred=yes", "deferred=yes"), "another plugin line already defers logins");
    refused(two("", "").deferred(), "write deferred=no in one of them");
    for config in [two("deferred=yes", ""), two("", "deferred=yes"), two("", "deferred=no").deferred()] {
        let server = config.start();
        assert_eq!(warnings(&server), [""; 0]);
        server.client("alice", PASSWORD).start().wait_connected();
    }
}

/// The one that was there before a restart is no second one.
#[test]
fn a_restart_of_one_that_defers() {
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).deferred().start();
    for signal in [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGHUP] {
        server.restart(signal);
        server.client("alice", PASSWORD).start().wait_connected();
    }
}

#[test]
fn a_restart_without_root() {
    requires!(Need::Openvpn(2, 6, 0), "a server that is not root cannot make its device again after SIGHUP");
    let stack = Stack::new();
    let server = ServerConfig::auth_pam(&stack.service).dropped().readable_by_nobody().start();
    assert_eq!(warnings(&server), [""; 0]);
    let mark = server.mark();
    server.restart(Signal::SIGHUP);
    server.wait_for(mark, "OpenVPN is not root: PAM modules run as user 65534");
}

#[test]
fn a_service_that_cannot_decide() {
    let module = "auth required pam_permit.so\n";
    let service = EtcPamService::new(module);
    says(&ServerConfig::auth_pam_words(service.name()).start(), "it has no account lines, those of 'other'");
    let lines = format!("{module}account required pam_permit.so\naccount required pam_nosuch.so\n");
    let service = EtcPamService::new(&lines);
    let said = format!(
        "module pam_nosuch.so is missing; install it, or correct the line in {}",
        service.path().display()
    );
    says(&ServerConfig::auth_pam_words(service.name()).start(), &said);
}

#[test]
fn a_service_that_others_could_change() {
    let service = EtcPamService::new("auth required pam_permit.so\naccount required pam_permit.so\n");
    let name = service.path().display().to_string();
    set_mode(&service.path(), 0o666);
    let words = format!("PAM service file: {name} is writable by everybody; run 'chmod o-w {name}'");
    refused(ServerConfig::auth_pam_words(service.name()), &words);
    let stack = Stack::new();
    let words = stack.service.words();
    let directory = words.strip_prefix("pam-confdir=").and_then(|rest| rest.split(' ').next());
    let directory = directory.expect("a directory of its own");
    set_mode(directory.as_ref(), 0o777);
    refused(ServerConfig::auth_pam_words(&words), &format!("option 'pam-confdir': {directory} is writable"));
}

/// Root let in who is of root's group. Not if OpenVPN is one of them when it has given up root.
#[test]
fn what_root_s_group_could_change() {
    let service = EtcPamService::new("auth required pam_permit.so\naccount required pam_permit.so\n");
    let place = Scratch::of_root();
    let options = place.write("auth-pam.conf", &format!("{}\n", service.name()), 0o600);
    let words = format!("options={}", options.display());
    for (file, what) in [(service.path(), "PAM service file"), (options.clone(), "options file")] {
        set_mode(&file, 0o664);
        let name = file.display().to_string();
        let said = format!("{what}: {name} is writable by group 0; run 'chmod g-w {name}'");
        let of = || ServerConfig::auth_pam_words(&words);
        says(&of().start(), &said);
        says(&of().line("user nobody").line("group nogroup").start(), &said);
        refused(of().line("user nobody"), &format!("{said}, or set 'group'"));
        set_mode(&file, 0o600);
    }
}

/// PAM loads the modules of `other` for each login.
#[test]
fn an_other_service_that_others_could_change() {
    let stack = Stack::new();
    let words = stack.service.words();
    let directory = words.strip_prefix("pam-confdir=").and_then(|rest| rest.split(' ').next());
    let other = std::path::Path::new(directory.expect("a directory of its own")).join("other");
    fs::write(&other, "auth required pam_deny.so\n").expect("written");
    set_mode(&other, 0o666);
    let name = other.display();
    refused(
        ServerConfig::auth_pam_words(&words),
        &format!("PAM service file: {name} is writable by everybody"),
    );
}

#[test]
fn a_temporary_directory_that_is_of_no_use() {
    let stack = Stack::new();
    let place = Scratch::new();
    let directory = place.directory("closed", 0o755);
    let line = format!("tmp-dir {}", directory.display());
    let server = ServerConfig::auth_pam(&stack.service).dropped().line(&line).start();
    says(&server, &format!("tmp-dir {}: user nobody may not create files", directory.display()));
    // It is as the line says.
    server.client("alice", PASSWORD).start().wait_refused();
}

#[test]
fn a_temporary_directory_that_is_full() {
    let stack = Stack::new();
    let place = Scratch::new();
    let directory = place.directory("full", 0o1777);
    let mount = format!("mount -t tmpfs -o size=16k,mode=1777 none {} && exec \"$@\"", directory.display());
    let server = ServerConfig::auth_pam(&stack.service)
        .dropped()
        .line(&format!("tmp-dir {}", directory.display()))
        .through(&["unshare", "--mount", "sh", "-c", &mount, "sh"])
        .start();
    says(&server, &format!("tmp-dir {}: is on a full file system", directory.display()));
    assert!(fs::read_dir(&directory).expect("the directory").next().is_none());
}
