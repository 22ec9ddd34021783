//! The system log: audit lines stay whole, and OpenVPN's own connection to it is not the supervisor's.

use harness::Gate;
use harness::scratch::Scratch;
use nix::syslog::{Facility, Priority, Severity, syslog};
use ovpn_plugin_host::Login;

use crate::dev_log::DevLog;
use crate::raw;
use crate::stage::{PATIENCE, Stage, become_nobody, deferred, place, user, user_at, user_with};

fn sockets(pid: i32) -> Vec<String> {
    let all = harness::proc_table::descriptors(pid).into_iter().map(|(_, link)| link);
    all.filter(|link| link.starts_with("socket:")).collect()
}

/// A shared socket can be connected to somewhere else by any process that holds it: audit lines would go there, or block.
pub(crate) fn the_supervisor_keeps_no_socket_of_openvpns() {
    let log = DevLog::open();
    let own = i32::try_from(std::process::id()).unwrap();
    let other = Priority::new(Severity::LOG_INFO, Facility::LOG_DAEMON);
    for daemon in ["0", "1"] {
        // As OpenVPN does with --daemon: then its connection is open.
        syslog(other, "OpenVPN starts").unwrap();
        log.wait_for("OpenVPN starts");
        let before = sockets(own);
        assert!(before.len() >= 2, "no connection to the log: {before:?}");
        let child = privsep::fork_child(|| {
            let stage = opened(daemon);
            stage.login(&user("good"));
            log.wait_for("login accepted: address=192.0.2.7");
            for helper in [&[stage.supervisor()][..], &stage.workers()].concat() {
                let held = sockets(helper);
                assert!(
                    !held.iter().any(|socket| before.contains(socket)),
                    "{helper} holds one of {before:?}: {held:?}"
                );
            }
            become_nobody();
            stage.login(&user("nothing"));
            log.wait_for("login rejected: address=192.0.2.7");
            drop(stage);
            privsep::leave(0)
        });
        wait_for_success(child.unwrap());
    }
}

fn opened(daemon: &str) -> Stage {
    Stage::open_with(&[("verb", "1"), ("daemon", daemon)], &["syslog=auth"])
}

fn wait_for_success(child: nix::unistd::Pid) {
    assert!(harness::proc_table::wait_gone(child.as_raw(), PATIENCE));
    loop {
        match privsep::reap_any() {
            privsep::Reaped::Child(pid, how) if pid == child => {
                return assert_eq!(how, privsep::Ended::Exited(0));
            }
            privsep::Reaped::Child(..) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Log and audit line name both: who asked, and whom PAM has checked.
pub(crate) fn a_user_whom_a_module_renames_is_refused_unless_that_is_allowed() {
    let log = DevLog::open();
    let stage = Stage::open(&["syslog=auth"]);
    let login = user_with("rename", "root");
    let told = "PAM accepted another user than the one who logs in (see allow-user-mapping)";
    for login in [login.clone(), deferred(login.clone())] {
        stage.refuses(&login, &format!("user 'rename' failed to authenticate: {told}; PAM checked 'root'"));
        let line = log.wait_for("AUTH-PAM: login");
        assert!(line.contains("AUTH-PAM: login not decided: "), "the configuration is at fault: {line}");
        assert!(line.ends_with(&format!("reason='{told}; PAM checked \\'root\\'' user='rename'")), "{line}");
    }
    assert!(stage.login(&user_with("rename", "rename")).accepted(), "{}", stage.log());
    log.wait_for("reason='Success' user='rename'");
    drop(stage);
    let stage = Stage::open(&["syslog=auth", "allow-user-mapping=yes"]);
    for login in [login.clone(), deferred(login)] {
        stage.plugin.clear_log();
        assert!(stage.login(&login).accepted(), "{}", stage.log());
        stage.line("user 'rename' authenticated; PAM checked 'root' (192.0.2.7");
        log.wait_for("reason='Success; PAM checked \\'root\\'' user='rename'");
    }
}

pub(crate) fn a_long_username_leaves_the_audit_line_whole() {
    let log = DevLog::open();
    let stage = Stage::open(&["syslog=auth"]);
    for username in ["\\".repeat(4096), "'".repeat(4096), "\u{e9}".repeat(2048)] {
        stage.refuses(&Login::new(&username, "x"), "Authentication failure");
        let line = log.wait_for("AUTH-PAM: login");
        assert!(
            line.contains("login rejected: address=192.0.2.7 port=")
                && line.contains(" reason='Authentication failure' user='"),
            "{line}"
        );
        assert!(line.len() <= 2048, "{} bytes: {line}", line.len());
    }
    // Refused by the front alone, it is audited as well.
    stage.refuses(&Login::new("\\".repeat(4097), "x"), "4097 bytes");
    let line = log.wait_for("AUTH-PAM: login");
    assert!(line.contains("login rejected: address=192.0.2.7 port="), "{line}");
    assert!(line.contains(" reason='the username has 4097 bytes"), "{line}");
}

/// Sends so many refusals of the front's own; how many lines they had, how many were suppressed, how many did not fit
/// into this system log.
fn refuse(count: usize) -> [usize; 3] {
    let log = DevLog::open();
    let stage = Stage::open(&["syslog=auth"]);
    let packet = raw::refused(b"nobody");
    let mut lines = Vec::new();
    for _ in 0..count {
        while raw::try_send(&packet) == Err(nix::errno::Errno::EAGAIN) {
            lines.extend(log.drain());
        }
        lines.extend(log.drain());
    }
    // Those come after all of them. No login: as long as this log is full, its worker may wait for it.
    let end = std::time::Instant::now() + PATIENCE;
    while !lines.iter().any(|line| line.contains("user='last'")) {
        assert!(std::time::Instant::now() < end, "no last line: {}", stage.log());
        let _ = raw::try_send(&raw::refused(b"last"));
        std::thread::yield_now();
        lines.extend(log.drain());
    }
    drop(stage);
    lines.extend(log.drain());
    let of_refusal = |line: &&String| line.contains("login rejected: ") && line.contains("user='nobody'");
    let counted = |words: &str| {
        let counts = lines
            .iter()
            .filter(|line| line.contains(words))
            .filter_map(|line| line.split_once("AUTH-PAM: ")?.1.split(' ').next()?.parse::<usize>().ok());
        counts.sum()
    };
    [
        lines.iter().filter(of_refusal).count(),
        counted("logins were not logged one by one"),
        counted("lines about logins were lost"),
    ]
}

/// Somebody who holds the front cannot fill root's log.
pub(crate) fn a_flood_of_refusals_is_bounded() {
    let start = std::time::Instant::now();
    let [lines, suppressed, lost] = refuse(8_000);
    let most = 5_001 + usize::try_from(start.elapsed().as_millis() / 20).unwrap();
    assert!(lines <= most, "{lines} lines, at most {most}");
    assert!(suppressed > 0 && lines + suppressed + lost >= 8_000, "{lines}, {suppressed}, {lost}");
}

pub(crate) fn a_thousand_refusals_have_a_line_each() {
    let [lines, suppressed, lost] = refuse(1_000);
    // The last ones, which are not counted here, may have been lost too.
    assert!(lines <= 1_000 && lines + lost >= 1_000 && suppressed == 0, "{lines}, {suppressed}, {lost}");
}

/// fail2ban counts what is called rejected: not what the client is not to blame for.
pub(crate) fn what_nobody_could_check_is_not_decided() {
    let log = DevLog::open();
    let stage = Stage::open(&["syslog=auth", "timeout=1"]);
    let gate = Gate::new();
    for (login, why) in [
        (user("forkabort"), "the worker exited with status 99"),
        (user_at("gate-good", &gate), "the time limit of 1 s was reached"),
    ] {
        stage.login(&login);
        let line = log.wait_for("AUTH-PAM: login");
        assert!(line.contains("AUTH-PAM: login not decided: address=192.0.2.7 "), "{line}");
        assert!(line.contains(&format!("reason='{why}")), "{line}");
    }
    // The front's own.
    stage.login(&deferred(user("good")).env("auth_control_file", "/nonexistent/file"));
    let line = log.wait_for("AUTH-PAM: login");
    assert!(line.contains("login not decided: ") && line.contains("reason='the control file"), "{line}");
    stage.login(&user("nothing"));
    log.wait_for("AUTH-PAM: login rejected: ");
}

/// With these pairs each login fails, whatever the client sends.
pub(crate) fn a_prompt_that_the_plugin_line_has_no_answer_to_is_not_the_clients_fault() {
    let log = DevLog::open();
    let scratch = Scratch::new();
    let place = place();
    let file = std::fs::read_to_string(place.join("border")).unwrap();
    scratch.write("pairs", &file, 0o644);
    let open = |pairs: &[&str]| Stage::open_pairs(scratch.path(), "pairs", &["syslog=auth"], pairs);
    // The password is never asked for: nobody is slowed down for that.
    let stage = open(&["login", "USERNAME", "pin", "PASSWORD"]);
    for number in 0..12 {
        stage.refuses(&user_with("good", &format!("guess {number}")), "Conversation error");
        let line = log.wait_for("AUTH-PAM: login");
        assert!(line.contains("AUTH-PAM: login not decided: address=192.0.2.7 "), "{line}");
    }
    let note = stage.line("no answer to the prompt 'Password: '");
    assert!(note.contains("; add a pair for it to the plugin line, or set challenge=yes"), "{note}");
    drop(stage);
    // PAM has got the password, and may have refused it: guesses are slowed down.
    let stage = open(&["login", "USERNAME", "password", "PASSWORD"]);
    for number in 0..11 {
        let words =
            if number < 10 { "Conversation error" } else { "too many failed logins from this address" };
        stage.refuses(&user_with("ask-x", &format!("guess {number}")), words);
        let line = log.wait_for("AUTH-PAM: login");
        assert!(line.contains("AUTH-PAM: login not decided: "), "{line}");
    }
    drop(stage);
    // What the client did not send is its fault.
    let stage = open(&["login", "USERNAME", "password", "OTP"]);
    stage.refuses(&user("good"), "Conversation error");
    log.wait_for("AUTH-PAM: login rejected: ");
}

/// Each crash costs a new worker, also with the same name and password again and again.
pub(crate) fn a_source_that_only_crashes_modules_is_slowed_down_and_has_not_failed() {
    let log = DevLog::open();
    for action in ["segv", "exit"] {
        let stage = Stage::open(&["syslog=auth"]);
        for number in 0..11 {
            let words = if number < 10 { "the worker " } else { "too many failed logins from this address" };
            stage.refuses(&user(action), words);
            let line = log.wait_for("AUTH-PAM: login");
            assert!(line.contains("AUTH-PAM: login not decided: "), "{line}");
        }
        stage.works_from("198.51.100.1");
        log.wait_for("AUTH-PAM: login accepted: ");
    }
}

/// One login, one reference: in both logs, and in what the client reads.
pub(crate) fn the_reference_is_the_same_wherever_it_stands() {
    let log = DevLog::open();
    let env = [("verb", "1"), ("config", "/etc/openvpn/server/it's 1.conf")];
    let stage = Stage::open_with(&env, &["syslog=auth", "timeout=1", "grace=0"]);
    let mut seen = Vec::new();
    let gate = Gate::new();
    let login = user_at("gate-good", &gate).env("IV_PROTO", "990");
    for login in [login.clone(), deferred(login)] {
        stage.plugin.clear_log();
        let outcome = stage.login(&login.env("untrusted_port", "40000"));
        let audit = log.wait_for("AUTH-PAM: login");
        let (_, rest) = audit.split_once(" port=40000 config=it_s_1 reference=").unwrap_or_default();
        let reference = rest.get(..5).unwrap_or_default().to_string();
        assert!(reference.len() == 5, "{audit}");
        let line = stage.line("user 'gate-good' failed to authenticate");
        let (_, end) = line.split_once(" (192.0.2.7:40000, it_s_1, took ").unwrap_or_default();
        assert!(end.ends_with(&format!(" s, reference {reference})")), "{line}");
        let reason = outcome.reason.clone().unwrap_or_default();
        assert!(reason.ends_with(&format!("does not answer (reference {reference})")), "{outcome}");
        seen.push(reference);
    }
    assert_ne!(seen[0], seen[1]);
}

/// The C library keeps its connection, and makes another one when the system log was started anew. That is no change of
/// the worker's process.
pub(crate) fn what_modules_log_keeps_their_worker() {
    let log = DevLog::open();
    let stage = Stage::open(&["max-workers=1"]);
    stage.works();
    let worker = stage.workers();
    stage.works_as("in-passing");
    log.wait_for("a line of a module");
    drop(log);
    std::fs::remove_file("/dev/log").unwrap();
    let log = DevLog::open();
    stage.works_as("in-passing");
    log.wait_for("a line of a module");
    stage.works();
    assert_eq!(stage.workers(), worker, "{}", stage.log());
}

/// The supervisor may not connect to anything; its keeper does it. Lines wait for that, and are counted if it fails.
pub(crate) fn one_that_is_started_anew_misses_nothing_and_one_that_is_away_knows_how_many() {
    let log = DevLog::open();
    let stage = Stage::open(&["syslog=auth"]);
    let next = |log: &DevLog| {
        assert!(stage.login(&user("good")).accepted(), "{}", stage.log());
        log.wait_for("AUTH-PAM: ")
    };
    assert!(next(&log).contains("login accepted"));
    drop(log);
    std::fs::remove_file("/dev/log").unwrap();
    let log = DevLog::open();
    let line = next(&log);
    assert!(line.contains("login accepted"), "{line}");
    drop(log);
    std::fs::remove_file("/dev/log").unwrap();
    assert!(stage.login(&user("good")).accepted());
    stage.line("the system log does not accept lines about logins; counting them instead");
    let log = DevLog::open();
    let line = next(&log);
    assert!(line.contains("AUTH-PAM: 1 lines about logins were lost"), "{line}");
    log.wait_for("login accepted");
    // Nothing waits at the end.
    drop(log);
    std::fs::remove_file("/dev/log").unwrap();
    let log = DevLog::open();
    assert!(stage.login(&user("good")).accepted());
    drop(stage);
    log.wait_for("login accepted");
}
