//! docs/reference/faults.md, made from the record.

use std::collections::BTreeMap;

use harness::man_markup::wrapped;

use crate::judge::Outcome;
use crate::record::{Kept, Record};
use crate::role::Role;

const INTRODUCTION: &str = "\
# When a system call fails

`make faults` has a system call fail in each run: calls of OpenVPN's threads in the plugin, of the
keeper and of the supervisor, with each error that they can have. If a process makes a call many
times about the same kind of thing, it fails at six of these places. What carries orders, verdicts
and reports fails at every place while somebody is refused. In each run a process plays a server's
life with the real plugin:

* logins with the right password, a wrong one, a question, a module that crashes, one that hangs
* a session, and a caller at the socket of `status=`
* the end of the server; in a second script the supervisor is killed before

The call is not made, and its process gets the error. `close` is made and says that it has failed. A
run fails the test

* if anybody is let in who is refused otherwise,
* if a login, a client or a caller gets no answer,
* if OpenVPN's process ends, or a login after the fault is never let in,
* if a process stays at the end,
* or if somebody was refused and no line of the log tells why.

The plugin line has `session=`, `challenge=`, `status=` and `metrics=`. Calls that only other options
make are not among these, as those of `syslog=`, `client-options=` and `mlock`. Nor are those of
workers and of the writer of metrics.

None of these runs has failed it. The tables show what happened instead. Calls that cannot fail when
they are called rightly are left out, and those of PAM modules.
";

/// The page.
pub(crate) fn page() -> String {
    let record = Record::read();
    let runs: usize = record.kept.iter().map(|kept| kept.runs).sum();
    let mut text = String::from(INTRODUCTION);
    text += &format!("\n{runs} runs, {}. Made from `tests/faults/results.txt`.\n", record.made);
    for role in Role::TRIED {
        let of_role: Vec<&Kept> = record.kept.iter().filter(|kept| kept.role == role.name()).collect();
        text += &format!("\n## {}\n\n", heading(role));
        text += &table(&of_role);
        text += &wrapped(&without_trace(&of_role), "", 100);
    }
    text
}

fn heading(role: Role) -> &'static str {
    match role {
        Role::Front => "OpenVPN's own thread, in the plugin",
        Role::Receiver => "The front's thread that delivers verdicts",
        Role::Log => "The front's thread that writes lines",
        Role::Keeper => "Keeper",
        Role::Supervisor => "Supervisor",
        Role::Other => "Others",
    }
}

/// What a fault has changed.
fn table(kept: &[&Kept]) -> String {
    let mut rows: BTreeMap<(Outcome, &str, &str), (Vec<&str>, usize)> = BTreeMap::new();
    for Kept { call, outcome, line, error, runs, .. } in kept {
        let outcome = Outcome::named(outcome).unwrap_or_else(|| panic!("'{outcome}' is no outcome"));
        if outcome == Outcome::Retried {
            continue;
        }
        let (errors, all) = rows.entry((outcome, call, line)).or_default();
        if !errors.contains(&error.as_str()) {
            errors.push(error);
        }
        *all += runs;
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut text =
        String::from("| call | error | what happens | runs | a line of the log |\\n|---|---|---|---|---|\\n")
            .replace("\\n", "\n");
    for ((outcome, call, line), (errors, runs)) in rows {
        let line = if line.is_empty() { String::new() } else { format!("`{}`", line.replace('|', "\\|")) };
        text += &format!("| `{call}` | {} | {} | {runs} | {line} |\n", errors.join(", "), outcome.phrase());
    }
    text + "\n"
}

/// What goes on as if nothing had happened.
fn without_trace(kept: &[&Kept]) -> String {
    let mut calls: BTreeMap<&str, (Vec<&str>, usize)> = BTreeMap::new();
    for kept in kept.iter().filter(|kept| kept.outcome == Outcome::Retried.phrase()) {
        let (errors, runs) = calls.entry(&kept.call).or_default();
        if !errors.contains(&kept.error.as_str()) {
            errors.push(&kept.error);
        }
        *runs += kept.runs;
    }
    let runs: usize = calls.values().map(|(_, runs)| runs).sum();
    let calls: Vec<String> =
        calls.iter().map(|(call, (errors, _))| format!("`{call}` ({})", errors.join(", "))).collect();
    format!("As without a fault, in {runs} runs: {}.", calls.join(", "))
}

#[cfg(test)]
mod tests {
    use harness::generated::{Generated, write_or_compare};

    use super::*;

    #[test]
    fn generated() {
        write_or_compare(&[Generated::file("docs/reference/faults.md", page)]);
    }
}
