//! Which commit the tests were run on, for the record.

use std::process::Command;

use harness::generated;

/// What runs record, and what is made from that.
const WRITTEN: [&str; 4] = [":!tests/*/results/*", ":!tests/faults/results.txt", ":!docs", ":!README.md"];

/// The short hash, with `+` if the files were not those of the commit; `-` if git cannot tell.
pub(crate) fn checked_out() -> String {
    let Some(hash) = git(&["rev-parse", "--short=8", "HEAD"]) else { return "-".to_owned() };
    let changes = git(&[&["status", "--porcelain", "--", "."][..], &WRITTEN].concat());
    match changes.as_deref() {
        Some("") => hash,
        Some(_) => hash + "+",
        None => "-".to_owned(),
    }
}

fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(generated::root()).args(words).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}
