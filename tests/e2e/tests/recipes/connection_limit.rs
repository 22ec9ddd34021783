//! How often a user may be connected at the same time.

use harness::needs::Need;
use harness::requires;
use harness::log::Mark;

use crate::document::Document;
use crate::stage::{Stage, machine};

const TWO: &str = "Two connections";
const DEVICES: &str = "A certificate for each device";
const NEWEST: &str = "One connection, and the newest stays";
const PASSWORD: &str = "correct horse";

pub(crate) fn follow(recipe: &Document) {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let machine = machine();
    machine.run(&format!("useradd alice; echo 'alice:{PASSWORD}' | chpasswd"));

    recipe.set_up(&machine, TWO);
    let stage = Stage::start(recipe, TWO, &machine);
    let alice = || stage.client("alice", PASSWORD);
    let first = alice().connect();
    let second = stage.seen("A second device", |_| alice().connect());
    stage.refused("One too many", "alice", PASSWORD, "");
    first.disconnect();
    stage.sees("user 'alice': session closed");
    let _third = alice().connect();
    // Without the password nobody learns who is connected.
    let wrong = stage.client("alice", "wrong").start();
    wrong.wait_refused();
    assert!(!wrong.log().text().contains("as many connections"), "{}", wrong.log().text());
    drop((second, stage));

    recipe.set_up(&machine, DEVICES);
    let stage = Stage::start_one_per_name(recipe, DEVICES, &machine);
    let alice = || stage.client("alice", PASSWORD);
    let _laptop = alice().connect();
    stage.case("One too many", |_| {
        let tablet = alice().with_certificate_of("other").start();
        tablet.wait_refused();
        tablet
    });
    let _again = stage.seen("A device that comes again", |_| alice().connect());
    assert_eq!(stage.server.log().count(Mark::START, "cannot open a session"), 0);
    drop(stage);

    recipe.set_up(&machine, NEWEST);
    let stage = Stage::start_one_per_name(recipe, NEWEST, &machine);
    let alice = || stage.client("alice", PASSWORD);
    let _laptop = alice().connect();
    stage.case("The newest stays", |_| alice().with_certificate_of("other").connect());
    recipe.all_tried();
}
