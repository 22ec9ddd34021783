//! A name service that hangs, dies, or does not answer while the options of a client are put together.

use harness::proc_table::{all, wait_until};
use harness::{PATIENCE, ServerConfig};

use crate::stage::{DIRECTORY, Stage, machine, route};

/// A server on a machine whose name service is also one that does what it should not.
fn stage(options: &str) -> Stage {
    let machine = machine(&[("default", &route(90)), ("group/staff2", &route(91))]);
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/client_options/nss_ill.c");
    machine.run(&format!(
        "cc -shared -fPIC -Wall -Wextra -Werror -o /usr/lib/$(cc -print-multiarch)/libnss_ill.so.2 {source}
         sed -i -E 's/^(passwd|group):.*/\\1: files ill/' /etc/nsswitch.conf"
    ));
    Stage::on(machine, options, ServerConfig::dropped)
}

/// The client is refused, nobody else notices, and the next one gets what it should.
#[test]
fn one_that_hangs_or_dies_costs_its_client_only() {
    let stage = stage("deferred=yes timeout=3 max-workers=2");
    let supervisor = stage.server.supervisor().pid;
    let bystander = stage.server.client("bob", "x").with_tunnel().connect();
    let ping = bystander.ping();
    stage.refuses("ill-hangs", "the time limit of 3 s was reached while the name service was asked");
    stage.refuses("ill-crashes", "cannot collect its options: the worker");
    stage.refuses("ill-exits", "cannot collect its options: the worker");
    assert_eq!(stage.routes("ill-forks"), ["90"]);
    let child = || all().into_iter().any(|process| process.title.contains("nss-ill-child"));
    assert!(wait_until(PATIENCE, || !child()), "what a name service has started goes on");
    assert_eq!(stage.routes("alice"), ["90", "91"]);
    let report = ping.finish();
    assert!(report.lost.is_empty(), "{report:?}");
    assert_eq!(stage.server.supervisor().pid, supervisor);
}

/// Whatever its error is: who cannot be looked up could be in a group that gets less.
#[test]
fn one_that_does_not_answer_refuses_the_client() {
    let stage = stage("");
    for user in ["ill-away", "ill-stopped", "ill-busy"] {
        stage.refuses(user, &format!("the name service does not answer for user '{user}'"));
    }
    // It knows nobody of that name, and of a user of the machine's it cannot say more groups.
    assert_eq!(stage.routes("nobody-known"), ["90"]);
    assert_eq!(stage.routes("alice"), ["90", "91"]);
    // Unless it is asked for one.
    for group in ["ill-away", "ill-stopped", "ill-busy"] {
        stage.write(&format!("group/{group}"), &route(92));
        stage.refuses("alice", &format!("the name service does not answer for group '{group}'"));
        stage.machine.run(&format!("rm {DIRECTORY}/group/{group}"));
    }
    // What it says of a group is enough.
    stage.write("group/ill-listed", &route(93));
    assert_eq!(stage.routes("alice"), ["90", "93", "91"]);
    assert_eq!(stage.routes("bob"), ["90"]);
}
