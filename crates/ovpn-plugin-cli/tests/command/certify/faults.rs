//! Each fault is found, by the check that is for it; and a plugin without faults has none.

use harness::command::require_root;
use harness::side_by_side;

use super::faulty_plugin::{FaultyPlugin, checks};

/// Seconds for each call, and half of it for a verdict. What hangs or gives none takes that in each trial.
const LIMIT: &str = "2";

/// The plugin with `fault`: the check that finds it, its grade, and some words of what is seen. Other checks may find it
/// too.
#[track_caller]
fn found(plugin: &FaultyPlugin, fault: &str, id: &str, grade: &str, words: &str) {
    found_with(plugin, &[], fault, id, grade, words);
}

/// The same with more options.
#[track_caller]
fn found_with(plugin: &FaultyPlugin, options: &[&str], fault: &str, id: &str, grade: &str, words: &str) {
    let run = plugin.certify(&[&["--json", "-t", LIMIT], options].concat(), fault);
    let (checks, last) = checks(&run);
    let (has, text) = checks.get(id).unwrap_or_else(|| panic!("{fault}: no check {id}: {run}"));
    assert!(has == grade && text.contains(words), "{fault}: {id}: {has}: {text}\n{run}");
    let fails = checks.values().any(|(grade, _)| grade == "fail");
    assert_eq!(last["status"], if fails { 2 } else { 0 }, "{run}");
}

fn all(faults: &[(&str, &str, &str, &str)]) {
    require_root();
    let plugin = FaultyPlugin::built(&[]);
    side_by_side(faults, |(fault, id, grade, words)| found(&plugin, fault, id, grade, words));
}

#[test]
fn a_plugin_without_faults_passes() {
    require_root();
    let run = FaultyPlugin::built(&[]).certify(&["--json", "--strict"], "");
    let (checks, last) = checks(&run);
    // A busy machine holds calls up, too.
    let others = checks.iter().filter(|(id, (grade, _))| grade != "pass" && *id != "hold");
    assert_eq!(others.count(), 0, "{run}");
    assert!(checks.len() > 30 && (last["outcome"] == "passed" || checks["hold"].0 != "pass"), "{run}");
}

#[test]
fn what_keeps_openvpn_from_starting() {
    let built: [(&[&str], _, _, _, _); 10] = [
        (&[], "refuses", "opens", "fail", "I will not"),
        (&["-Dopenvpn_plugin_close_v1=renamed"], "", "symbols", "fail", "openvpn_plugin_close_v1 is missing"),
        (&["-DINIT_POINT=9"], "", "init-point", "fail", "moment 9"),
        (&["-DMASK=0x1ffff"], "", "event-bits", "fail", "event 16"),
        (&["-DMASK=0xffff"], "", "event-bits", "note", "removed"),
        (&["-DUNLINKED"], "", "linked", "note", "X509_free of libcrypto.so"),
        (&["-DCONSTRUCTOR"], "", "client-state", "fail", "no destructor"),
        (&["-DMASK=0x4000"], "", "event-pairs", "note", "CLIENT_CONNECT_DEFER_V2 without"),
        (&["-Wl,-z,nodelete"], "", "unloads", "note", "still there"),
        (&["-DABORTS"], "", "abort", "fail", "SIGABRT"),
    ];
    side_by_side(built, |(flags, fault, id, grade, words)| {
        found(&FaultyPlugin::built(flags), fault, id, grade, words);
    });
}

#[test]
fn what_ends_or_stops_openvpn() {
    all(&[
        ("reads-too-far", "struct-versions", "fail", "SIGSEGV"),
        ("crashes", "survives", "fail", "SIGABRT"),
        ("exits", "survives", "fail", "exit status 0"),
        ("crashes-on-empty", "survives", "fail", "an empty name"),
        ("hangs", "returns", "fail", "within 2 s"),
        ("slow", "hold", "note", "UP takes 0."),
        ("very-slow", "hold", "fail", "UP takes 1."),
        ("opens-once", "sighup", "fail", "for time 2"),
        ("slow-close", "hold", "note", "close takes 0."),
        ("very-slow-close", "hold", "fail", "close takes 1."),
    ]);
}

#[test]
fn what_is_left_behind() {
    all(&[
        ("forks", "forks", "note", "LEARN_ADDRESS forks"),
        ("keeps-descriptors", "forks-descriptors", "fail", "helper"),
        ("open-on-exec", "descriptors-exec", "fail", "/dev/zero"),
        ("descriptor-left", "descriptors-left", "fail", "/dev/zero"),
        ("thread-left", "threads-left", "fail", "1 threads"),
        ("thread-takes-signals", "threads-signals", "note", "1 threads"),
        ("process-left", "processes-left", "fail", "1 processes"),
        ("outlives", "outlives", "fail", "processes stay"),
        ("keeps-memory", "leak-memory", "fail", "bytes"),
        ("keeps-descriptor", "leak-descriptors", "fail", "descriptors more"),
    ]);
}

#[test]
fn what_calls_change_in_the_process() {
    all(&[
        ("signals", "signals", "fail", "UP changes the signals that are ignored from 13 to 10 13"),
        ("umask", "umask", "fail", "to 0077"),
        ("directory", "directory", "fail", "to /proc"),
        ("environment", "environment", "fail", "FAULTS"),
        ("locale", "locale", "fail", "C.UTF-8"),
        ("limits", "limits", "fail", "Max"),
        ("identity", "identity", "fail", "UP changes user"),
        ("standard-output", "standard-descriptors", "fail", "/dev/zero"),
    ]);
}

#[test]
fn how_logins_are_answered() {
    all(&[
        ("writes-and-answers", "control-file-direct", "fail", "answered directly"),
        ("no-verdict", "control-file-verdict", "fail", "no verdict within"),
        ("verdict-unreadable", "control-file-verdict", "fail", "begins with byte 120"),
        ("verdict-early", "control-file-early", "note", "when the call returns"),
        ("verdict-early", "control-file-used", "note", "somebody's `1`"),
        ("verdict-creates", "control-file-created", "fail", "there again"),
        ("verdict-creates", "deferral", "note", "deferred"),
        ("verdict-later", "control-file-shared", "note", "overwritten with `1`"),
        ("reason-late", "reason-first", "fail", "the reason of the login is written after"),
        ("question-late", "question-in-call", "fail", "the question of the login is written after"),
        ("one-control-file", "two-logins", "fail", "gets no verdict, alone it gets `1`"),
    ]);
}

#[test]
fn what_the_log_says() {
    all(&[
        ("panics", "panics", "fail", "panic in AUTH_USER_PASS_VERIFY at src/lib.rs:7: no such user"),
        ("keeps-out", "accepted", "note", "its last line: the database is down"),
        ("cannot-start", "errors", "fail", "cannot start: no such file"),
        ("prints", "prints", "note", "writes to standard output: an address is here"),
        ("logs-errors", "errors", "note", "it logs errors: no table of addresses"),
    ]);
}

#[test]
fn what_is_asked() {
    require_root();
    let plugin = FaultyPlugin::built(&[]);
    side_by_side(
        [
            ("asks", None, "note", "it asks 'Code:': give --response"),
            ("asks-again", None, "note", "it asks 'Code:': give --response"),
            ("asks-again", Some("654321"), "note", "does not take what --response gives"),
            ("asks", Some("123456"), "pass", ""),
            ("asks-again", Some("123456"), "pass", ""),
        ],
        |(fault, response, grade, words)| {
            let options = response.map_or(vec![], |response| vec!["--response", response]);
            found_with(&plugin, &options, fault, "accepted", grade, words);
        },
    );
    // A client that is asked answers wherever it logs in.
    let run = plugin.certify(&["--json", "-t", LIMIT, "--response", "123456"], "asks");
    let (checks, _) = checks(&run);
    for id in ["control-file-verdict", "two-logins", "confined", "two-lines"] {
        assert_eq!(checks[id].0, "pass", "{id}: {run}");
    }
}

#[test]
fn what_two_lines_with_the_same_file_disturb() {
    all(&[
        ("one-handle", "two-lines", "note", "the same handle"),
        (
            "down-for-all",
            "two-lines",
            "fail",
            "when the first of two lines is called around the other, it answers an error at LEARN_ADDRESS",
        ),
        ("opens-once", "two-lines", "fail", "does not open"),
    ]);
}

#[test]
fn states_of_clients_that_take_time() {
    require_root();
    let plugin = FaultyPlugin::built(&["-DCLIENT_STATE"]);
    side_by_side(
        [
            ("slow-constructor", "note", "the constructor of a client's state takes 0."),
            ("slow-destructor", "fail", "the destructor of a client's state takes 1."),
        ],
        |(fault, grade, words)| found(&plugin, fault, "hold", grade, words),
    );
}

#[test]
fn what_fails_after_the_start() {
    all(&[
        ("thread-of-open", "daemon", "fail", "AUTH_USER_PASS_VERIFY"),
        ("needs-files", "confined", "fail", "error at AUTH_USER_PASS_VERIFY, and logs nothing that says why"),
        ("names-files", "confined", "fail", "it logs errors: cannot open /etc/passwd"),
        ("thread-logs", "log-threads", "fail", "lines came from other threads"),
    ]);
}
