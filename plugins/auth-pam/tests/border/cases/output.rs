//! What PAM modules print: in the log, bounded, escaped, and beside the login it belongs to.

use crate::stage::{Stage, user, user_with};

pub(crate) fn a_line_without_an_end_is_logged_with_its_login() {
    let stage = Stage::open(&[]);
    for _ in 0..10 {
        stage.refuses(&user("partial"), "Authentication failure");
        let log = stage.log();
        let (printed, refused) = (log.find("without an end"), log.find("user 'partial' failed"));
        assert!(printed.is_some() && printed < refused, "not before its login:\n{log}");
    }
    // And not glued to what the next one prints.
    stage.plugin.clear_log();
    stage.login(&user_with("print", "6e6578740a"));
    assert!(stage.line("printed by a PAM module").ends_with(": next"));
}

pub(crate) fn control_bytes_are_escaped() {
    let stage = Stage::open(&[]);
    // NUL, escape code, carriage return, not UTF-8, a line of the log forged.
    let bytes = b"a\0b\x1b[2J\rc\xff\x9b\x07\nAUTH-PAM: user 'root' authenticated\n";
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let outcome = stage.login(&user_with("print", &hex));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
    stage.line("user 'root' authenticated");
    let lines = stage.plugin.log_lines();
    let printed: Vec<_> =
        lines.iter().filter(|line| line.text.contains("printed by a PAM module: ")).collect();
    assert_eq!(printed.len(), 2, "{}", stage.log());
    assert!(printed[0].text.contains("\\0") || printed[0].text.contains("\\x00"), "{}", printed[0]);
    assert!(lines.iter().all(|line| !line.text.contains(char::is_control)), "{}", stage.log());
    assert!(!lines.iter().any(|line| line.text.starts_with("AUTH-PAM")), "{}", stage.log());
}

pub(crate) fn a_megabyte_is_bounded() {
    let stage = Stage::open(&[]);
    let start = std::time::Instant::now();
    let outcome = stage.login(&user("flood"));
    assert!(outcome.accepted(), "{outcome}");
    stage.works();
    stage.line("more lines printed by PAM modules are not shown");
    let lines = stage.log().matches("printed by a PAM module").count();
    // Of all the time in which lines may have come, and not of the login's alone: on a busy machine they come later.
    let took = start.elapsed();
    let seconds = usize::try_from(took.as_secs()).unwrap_or(usize::MAX);
    assert!(lines > 0 && lines <= 50 * (2 + seconds), "{lines} lines in {took:?}");
}
