//! Many connected clients, each with a session.

use std::time::Duration;

use harness::proc_table::{self, Process};
use harness::process_memory::rollup_kib;
use ovpn_plugin_host::{Call, Client, FuncResult, sys};

use crate::check::Subject;

const PATIENCE: Duration = Duration::from_secs(40);
const CLIENTS: usize = 500;
/// For each, its share of what several have counted in.
const MOST_KIB: u64 = 400;
/// As Debian's common-auth, common-account and common-session, but that everybody is let in.
const STACK: &str = "\
    auth [success=2 default=ignore] pam_permit.so\n\
    auth [success=1 default=ignore] pam_unix.so nullok\n\
    auth requisite pam_deny.so\n\
    auth required pam_permit.so\n\
    account required pam_permit.so\n\
    session required pam_permit.so\n\
    session required pam_limits.so\n\
    session optional pam_unix.so quiet\n";

/// Each client costs little memory, and none is forgotten at the end.
pub(crate) fn five_hundred() {
    let subject = Subject::with_stack("session=yes grace=10000", STACK);
    // As OpenVPN before 2.5 calls: nobody writes a verdict into a file.
    let clients: Vec<Client<'_>> = (0..CLIENTS)
        .map(|_| {
            let client = subject.plugin.client();
            let log_in =
                Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY).env("username", "root").env("password", "x");
            for call in [log_in, Call::new(sys::PLUGIN_CLIENT_CONNECT).env("username", "root")] {
                let reply = client.call(&call).expect("a call");
                assert_eq!(reply.result, FuncResult::Success, "{:?}", subject.plugin.log_lines());
            }
            client
        })
        .collect();
    let mut kib = 0;
    let small = proc_table::wait_until(PATIENCE, || {
        let workers = workers();
        assert!(workers.len() >= CLIENTS, "{} workers", workers.len());
        kib = workers.iter().map(|worker| share_kib(worker.pid)).sum::<u64>() / workers.len() as u64;
        kib <= MOST_KIB
    });
    assert!(small, "a client takes {kib} KiB");
    println!("a client takes {kib} KiB");
    // Half of them leave. Of the others OpenVPN says nothing, as if it had been killed.
    let mut clients = clients;
    clients.split_off(CLIENTS / 2).into_iter().for_each(std::mem::forget);
    drop(clients);
    let log = subject.close();
    let closed = |why: &str| {
        let all = log.iter().filter(|line| line.text.contains("session closed after "));
        all.filter(|line| line.text.contains(why)).count()
    };
    assert_eq!(
        (closed(", not-connected ("), closed(", openvpn-ended (")),
        (CLIENTS / 2, CLIENTS / 2),
        "{log:?}"
    );
}

fn workers() -> Vec<Process> {
    let all = proc_table::all();
    let own = i32::try_from(std::process::id()).expect("pid fits");
    let keeper = all.iter().find(|process| process.parent == own).map_or(0, |process| process.pid);
    let is_worker = |process: &Process| process.parent == keeper && process.name == "auth-pam-worker";
    all.iter().filter(|process| is_worker(process)).cloned().collect()
}

/// The proportional set size.
fn share_kib(pid: i32) -> u64 {
    rollup_kib(pid, "Pss:").unwrap_or(0)
}
