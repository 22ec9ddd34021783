//! A PAM module that writes to its worker's channel: its own login is lost, the worker is killed, others pass.

use crate::raw::{check, field, login};
use crate::stage::{PATIENCE, Stage, deferred, rejected, user, user_with};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn rubbish_on_the_channel_costs_the_worker() {
    let stage = Stage::open(&[]);
    let report = |tag: u8, rest: &[u8]| [&[tag][..], &7u64.to_le_bytes(), rest].concat();
    let end = [&[0; 4][..], &[0], &field(b""), &[0; 8], &field(b""), &[0], &field(b""), &[0]].concat();
    for (what, bytes, words) in [
        ("success of another transaction", report(51, &end), "number of the transaction"),
        ("a note on another transaction", report(50, &field(b"x")), "number of the transaction"),
        ("readiness", report(49, &[]), "number of the transaction"),
        ("a change", report(52, &field(b"x")), "number of the transaction"),
        ("an attempt", check(0, b"good"), "tag has the unknown value 1"),
        ("a verdict", [&[18][..], &[0; 8], &[0; 8]].concat(), "tag has the unknown value 18"),
        ("an order", report(33, &login(b"good")), "tag has the unknown value 33"),
        ("an unknown tag", report(200, &[]), "tag has the unknown value 200"),
        ("half a report", report(51, &[0; 3]), "cut short"),
        ("a report and more", report(51, &[&end[..], &[0]].concat()), "bytes after its end"),
        ("a long note", report(50, &field(&[b'x'; 1025])), ""),
        ("a single byte", vec![51], "cut short"),
    ] {
        for attempt in [user_with("send", &hex(&bytes)), deferred(user_with("send", &hex(&bytes)))] {
            stage.refuses(&attempt, "the worker was killed by SIGKILL");
            let line = stage.line("sent something else than a report");
            assert!(line.contains(words), "{what}: no '{words}' in: {line}");
            stage.works();
        }
    }
    stage.refuses(&user("big"), "the worker was killed by SIGKILL");
    stage.works();
}

pub(crate) fn a_flood_of_notes_costs_the_worker_and_nobody_else() {
    let stage = Stage::open(&["timeout=30", "grace=0"]);
    let floods: Vec<_> = (0..3).map(|_| stage.start(&deferred(user("spam")))).collect();
    stage.works();
    for flood in floods {
        let outcome = flood.finish(PATIENCE);
        assert!(rejected(&outcome), "{outcome}\n{}", stage.log());
    }
    stage.works();
}

/// Messages of modules are only shown from verb 4 on; then they are counted.
pub(crate) fn a_chatty_module_is_cut_short() {
    let stage = Stage::open_with(&[("verb", "4")], &[]);
    let outcome = stage.login(&user("chatter"));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    stage.works();
    stage.line("message of a PAM module");
    let shown = stage.log().matches("message of a PAM module").count();
    assert!((1..=32).contains(&shown), "{shown} messages in the log");
}
