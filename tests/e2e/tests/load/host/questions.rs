//! Questions that nobody answers.

use std::time::Duration;

use harness::proc_table::{self, Process};
use harness::process_memory::rollup_kib;
use ovpn_plugin_host::LoginOutcome;

use crate::check::{NEW_CLIENT, Subject, deferred};

const PATIENCE: Duration = Duration::from_secs(40);
const ASKS: [&str; 3] = ["auth/password=word", "auth/ask=Code:", "auth/expect=123456"];
const ABANDONED: usize = 1000;
/// May be open at a time.
const MOST: usize = 20;
/// A worker that was just given up may still be leaving, and others are idle.
const PROCESSES: usize = MOST + 16;

fn asked(outcome: &LoginOutcome) -> String {
    let reason = outcome.reason.clone().unwrap_or_default();
    assert!(!outcome.accepted() && reason.starts_with("CRV1:R:"), "{outcome}");
    reason.split(':').nth(2).unwrap_or_default().to_string()
}

/// A thousand people are asked and go away, each from a place of its own.
pub(crate) fn abandoned() {
    let options = format!("challenge=yes max-suspended={MOST} refusal-time=0 penalties=no");
    let subject = Subject::new(&options, &ASKS);
    let mut held = Vec::new();
    for number in 0..ABANDONED {
        let address = format!("10.0.{}.{}", number / 250, number % 250 + 1);
        let login = deferred(&format!("user{number}"), &address, NEW_CLIENT);
        let outcome = subject.plugin.login(&login, PATIENCE).expect("a login");
        asked(&outcome);
        if (number + 1) % 100 == 0 {
            held.push(Held::now());
        }
    }
    let (first, last) = (&held[1], &held[held.len() - 1]);
    assert!(held.iter().all(|held| held.processes <= PROCESSES), "{held:?}");
    // Both at a moment of the same kind; a tenth is for what comes and goes.
    assert!(last.supervisor_kib <= first.supervisor_kib + first.supervisor_kib / 10, "{held:?}");
    assert!(last.descriptors <= first.descriptors + 16, "{held:?}");

    // And afterwards all is as before: who is asked now can answer.
    let id =
        asked(&subject.plugin.login(&deferred("good", "10.1.1.1", NEW_CLIENT), PATIENCE).expect("a login"));
    let answer = deferred("good", "10.1.1.1", NEW_CLIENT).env("password", format!("CRV1::{id}::123456"));
    let outcome = subject.plugin.login(&answer, PATIENCE).expect("a login");
    assert!(outcome.accepted(), "{outcome}");
    subject.close();
}

/// What the helpers hold.
#[derive(Debug)]
struct Held {
    processes: usize,
    supervisor_kib: u64,
    descriptors: usize,
}

impl Held {
    fn now() -> Self {
        let all = proc_table::all();
        let own = i32::try_from(std::process::id()).expect("pid fits");
        let children = |parent: i32| -> Vec<&Process> {
            all.iter().filter(|process| process.parent == parent && !process.is_zombie()).collect()
        };
        let keeper = children(own).first().map_or(0, |process| process.pid);
        let below = children(keeper);
        let supervisor = below.iter().find(|process| process.name == "auth-pam-super");
        let supervisor = supervisor.unwrap_or_else(|| panic!("no supervisor: {all:?}")).pid;
        Self {
            processes: below.len() + children(supervisor).len(),
            supervisor_kib: anonymous_kib(supervisor),
            descriptors: proc_table::descriptors(supervisor).len(),
        }
    }
}

/// Pages of a process's own, in KiB.
fn anonymous_kib(pid: i32) -> u64 {
    rollup_kib(pid, "Private_Dirty:").unwrap_or(0)
}
