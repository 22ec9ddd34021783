//! Modules that break the process they run in. The second login shows what is left.

use crate::case::Case;

const FREEZES: &str = "a module that crashes or exits freezes the whole server for ever";

/// mallory's login does this to the module's process; ada's is an ordinary one.
fn fault(name: &'static str, action: &str) -> Case {
    let action = format!("auth/mallory:{action}");
    Case::module(name, &[&action]).login("mallory", "engine").login("ada", "engine")
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        fault("fault: a module crashes", "crash").hangs("refused, accepted", FREEZES),
        fault("fault: a module aborts", "abort").hangs("refused, accepted", FREEZES),
        fault("fault: a module exits", "exit").hangs("refused, accepted", FREEZES),
        fault("fault: a module closes all descriptors", "closefds").hangs("refused, accepted", FREEZES),
        fault("fault: a module hangs", "hang")
            .option("timeout=1")
            .hangs("refused, accepted", "a module that hangs freezes the whole server"),
        fault("fault: a module prints to standard output", "print").same("accepted, accepted"),
    ]
}
