//! Thousands of logins of all kinds leave nothing behind in the processes that stay: neither memory nor files. A hundred
//! bytes for each would show.

use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use harness::proc_table::{self, wait_until};
use harness::process_memory::rollup_kib;
use ovpn_plugin_host::{AuthFiles, Call, FuncResult, Verdict, sys};

use crate::check::{NEW_CLIENT, Subject};

/// The allocators have all that they keep after these rounds; then nothing grows in the next ones.
const ROUNDS: [usize; 2] = [10, 40];
/// Logins of a round, each of a user and an address of its own.
const AT_ONCE: usize = 64;
/// What a login may leave.
const BYTES: usize = 50;
/// The supervisor has a channel to each worker, and one more or less may be idle.
const WORKERS: usize = 64;
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) fn run() {
    let arguments = ["auth/wrong*:deny", "auth/password=word"];
    let subject = Subject::new("timeout=20 refusal-time=20", &arguments);
    let held = ROUNDS.map(|rounds| {
        (0..rounds).for_each(|_| round(&subject));
        // The last client that has gone is noticed, and helpers give memory back when they have been idle for a second. No
        // event tells of that: of memory it is only known how much there is.
        std::thread::sleep(Duration::from_secs(2));
        all().map(|(name, pid)| Held::of(name, pid))
    });
    let allowed_kib = u64::try_from(ROUNDS[1] * AT_ONCE * BYTES / 1024).expect("a small number");
    println!("at most {allowed_kib} KiB: {held:?}");
    let [before, after] = held;
    for (before, after) in before.into_iter().zip(after) {
        let grown = format!("{}: {before:?}, then {after:?}", after.name);
        assert!(after.descriptors <= before.descriptors + WORKERS, "{grown}");
        assert!(after.kib <= before.kib + allowed_kib, "{grown}");
    }
    subject.close();
}

/// Clients that log in at the same time: with the right password, a wrong one, without deferral, and one that leaves.
fn round(subject: &Subject) {
    let mut running = Vec::new();
    for number in 0..AT_ONCE {
        let kind = ["wrong", "direct", "gone", "good"][(number % 8).min(3)];
        let files = AuthFiles::new().expect("files");
        let call = call(&format!("{kind}{number}"), &format!("10.0.0.{number}"), &files);
        let call = if kind == "direct" { call } else { call.env("deferred_auth_pam", "1") };
        let result = subject.plugin.call(&call).expect("the call can be made").result;
        if kind != "gone" {
            running.push((kind, result, files));
        }
    }
    for (kind, result, files) in running {
        // Without a watch of the file: to end one takes longer than a login.
        wait_until(PATIENCE, || result != FuncResult::Deferred || files.verdict().is_some());
        let accepted = result == FuncResult::Success || files.verdict() == Some(Verdict::Accepted);
        assert_eq!(accepted, kind != "wrong", "{kind}: {result:?} {:?}", files.verdict());
    }
}

fn call(user: &str, address: &str, files: &AuthFiles) -> Call {
    Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
        .env("username", user)
        .env("password", "word")
        .env("untrusted_ip", address)
        .env("untrusted_port", "1194")
        .env("IV_PROTO", NEW_CLIENT)
        .env("auth_control_file", files.control().as_os_str().as_bytes())
        .env("auth_failed_reason_file", files.reason().as_os_str().as_bytes())
}

/// What a process holds.
#[derive(Debug)]
struct Held {
    name: &'static str,
    kib: u64,
    descriptors: usize,
}

impl Held {
    fn of(name: &'static str, pid: i32) -> Self {
        // Also what is shared: a helper begins with pages of OpenVPN's, which become its own without its doing.
        let kib = rollup_kib(pid, "Anonymous:").unwrap_or_else(|| panic!("{name} is gone"));
        Self { name, kib, descriptors: proc_table::descriptors(pid).len() }
    }
}

/// The processes that stay. A worker leaves after a thousand logins.
fn all() -> [(&'static str, i32); 3] {
    let own = i32::try_from(std::process::id()).expect("pid fits");
    let all = proc_table::all();
    let find = |parent, name| {
        let found = all.iter().find(|process| process.parent == parent && process.name == name);
        found.unwrap_or_else(|| panic!("no {name}: {all:?}")).pid
    };
    let keeper = find(own, "auth-pam-keeper");
    [("front", own), ("auth-pam-keeper", keeper), ("auth-pam-super", find(keeper, "auth-pam-super"))]
}
