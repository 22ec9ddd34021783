//! A client of the management interface that reads the log: OpenVPN's log function, which the supervisor calls too,
//! remembers its descriptor.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use harness::scratch::Scratch;
use harness::{ServerConfig, proc_table};
use nix::sys::signal::Signal;

use crate::stack::{PASSWORD, Stack, WRONG};

/// The supervisor of the second start is forked while the client is connected.
#[test]
fn a_client_that_reads_the_log_does_not_disturb_the_supervisor() {
    let (stack, scratch) = (Stack::new(), Scratch::new());
    let socket = scratch.join("management");
    let line = format!("management {} unix", socket.display());
    let server = ServerConfig::auth_pam(&stack.service).line(&line).start();
    let mut management = UnixStream::connect(&socket).expect("management");
    management.set_read_timeout(Some(harness::PATIENCE)).expect("timeout");
    management.write_all(b"log on\n").expect("log on");
    // Read, or OpenVPN would have nowhere to write to.
    let mut reading = management.try_clone().expect("clone");
    let reader = std::thread::spawn(move || {
        let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = reading.read(&mut buffer) {
            seen.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8_lossy(&seen).into_owned()
    });
    server.restart(Signal::SIGHUP);
    let supervisor = server.supervisor().pid;
    let own = || {
        let all = proc_table::descriptors(supervisor).into_iter();
        all.filter(|(_, file)| file != "/dev/null").collect::<Vec<_>>()
    };
    // Its first worker, and with it the channel, may come after it says that it is up.
    server.client("alice", PASSWORD).start().wait_connected();
    let before = own();
    for _ in 0..5 {
        let mark = server.mark();
        server.client("alice", WRONG).start().wait_refused();
        server.wait_for(mark, "user 'alice' failed to authenticate");
    }
    server.client("alice", PASSWORD).start().wait_connected();
    assert_eq!(server.supervisor().pid, supervisor, "{}", server.log().text());
    assert_eq!(own(), before, "the supervisor's descriptors have changed");
    server.stop();
    drop(management);
    let seen = reader.join().expect("reader");
    assert!(seen.contains(">LOG:"), "the client has read no log: {seen}");
}
