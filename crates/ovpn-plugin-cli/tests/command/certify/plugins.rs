//! What is found of the plugins of this project and of OpenVPN's own: a table.

use std::path::PathBuf;

use harness::command::require_root;
use harness::plugin::{Side, example};
use harness::side_by_side;
use harness::{EtcPamService, scratch::Scratch};

use super::faulty_plugin::{certify, checks};
use crate::run::Run;

/// Checks whose outcome depends on how busy the machine is: who comes first, a call that returns or a process with the verdict?
const ON_A_BUSY_MACHINE: [&str; 5] =
    ["control-file-early", "control-file-shared", "hold", "leak-memory", "leak-descriptors"];

/// A plugin line, and the checks that it gets notes of and those that it fails.
pub(super) struct Row {
    plugin: PathBuf,
    options: &'static [&'static str],
    words: Vec<String>,
    /// Those of foo, if it is not `bar`.
    password: Option<&'static str>,
    notes: &'static [&'static str],
    fails: &'static [&'static str],
}

fn hold(rows: Vec<Row>) {
    hold_with(rows, certify);
}

/// The same with another way to run it.
pub(super) fn hold_with(rows: Vec<Row>, certify: impl Fn(&[&str]) -> Run + Sync) {
    require_root();
    side_by_side(rows, |Row { plugin, options, words, password, notes, fails }| {
        let place = Scratch::of_root();
        let password = place.write("password", password.unwrap_or("bar"), 0o600).display().to_string();
        let file = plugin.display().to_string();
        let mut line = vec!["--json", "--user", "foo", "--password-file", &password];
        line.extend(options);
        line.push(&file);
        line.extend(words.iter().map(String::as_str));
        let run = certify(&line);
        let (checks, last) = checks(&run);
        let of = |grade: &str| -> Vec<&str> {
            let of_it = checks.iter().filter(|(_, (is, _))| is == grade).map(|(id, _)| id.as_str());
            of_it.filter(|id| !ON_A_BUSY_MACHINE.contains(id)).collect()
        };
        assert_eq!((of("note"), of("fail")), (notes.to_vec(), fails.to_vec()), "{file} {words:?}\n{run}");
        let has_failed = checks.iter().any(|(_, (grade, _))| grade == "fail");
        assert_eq!(last["status"], if has_failed { 2 } else { 0 }, "{run}");
    });
}

pub(super) fn row(
    plugin: PathBuf,
    words: &[&str],
    notes: &'static [&'static str],
    fails: &'static [&'static str],
) -> Row {
    let words = words.iter().map(|word| word.to_string()).collect();
    Row { plugin, options: &[], words, password: None, notes, fails }
}

#[test]
fn auth_pam() {
    let service = EtcPamService::new("auth required pam_permit.so\naccount required pam_permit.so\n");
    let (ours, c, name) = (Side::Ours.auth_pam(), Side::C.auth_pam(), service.name());
    hold(vec![
        // It raises the limit of open files for its deferred logins.
        row(ours.clone(), &[name], &["open-files", "unloads"], &[]),
        // Only one line of a server may defer: it refuses the second one.
        row(
            ours,
            &["deferred=yes", "grace=0", name],
            &["deferral", "open-files", "two-lines", "unloads"],
            &[],
        ),
        // Its root helper stays when OpenVPN is killed.
        row(c.clone(), &[name], &["struct-versions"], &["outlives"]),
        // And it looks for the control file outside the chroot.
        Row {
            options: &["--deferred"],
            ..row(
                c,
                &[name],
                &["control-file-used", "deferral", "struct-versions"],
                &["confined", "outlives"],
            )
        },
    ]);
}

#[test]
fn down_root() {
    // Both start their helper at the first UP.
    hold(vec![
        row(Side::Ours.down_root(), &["/bin/true"], &["forks", "unloads"], &[]),
        row(Side::C.down_root(), &["/bin/true"], &["forks"], &[]),
    ]);
}

#[test]
fn examples() {
    let place = Scratch::new();
    let clients = place.write("policy", "client\n", 0o644).display().to_string();
    let users = format!("users={}", place.write("users", "foo bar 123456\n", 0o644).display());
    hold(vec![
        row(example("policy"), &[&clients], &[], &[]),
        // The client sends the code with the password, is asked while its login is pending, or comes again with the answer.
        Row {
            password: Some("SCRV1:YmFy:MTIzNDU2"),
            ..row(example("challenge"), &["foo", "bar", "123456"], &["older-events"], &[])
        },
        Row {
            options: &["--env", "IV_SSO=crtext"],
            ..row(
                example("challenge"),
                &["foo", "bar", "123456"],
                &["accepted", "control-file-verdict", "deferral", "older-events"],
                &[],
            )
        },
        row(example("challenge"), &["foo", "bar", "123456"], &["accepted", "older-events"], &[]),
        // It works in a chroot: it keeps its file open.
        Row {
            options: &["--response", "123456"],
            ..row(example("two-factors"), &[&users], &["deferral", "older-events", "unloads"], &[])
        },
        row(example("simple"), &["foo", "bar"], &[], &[]),
        row(example("base64"), &[], &[], &[]),
        row(example("log-events"), &[], &[], &[]),
        row(example("per-client-state"), &["3"], &[], &[]),
        // It says what events it lacks in OpenVPN 2.4.
        row(example("client-connect"), &["later-list", "route 10.9.0.0 255.255.0.0"], &["older-events"], &[]),
        row(example("deferred-auth"), &["x", "50", "foo", "bar"], &["deferral", "unloads"], &[]),
    ]);
}
