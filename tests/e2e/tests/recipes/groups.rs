//! Only members of a group, or who is on a list.

use crate::document::Document;
use crate::stage::{Stage, machine};

const GROUP: &str = "A group";
const LIST: &str = "A list";
const PASSWORD: &str = "correct horse";

pub(crate) fn follow(recipe: &Document) {
    let machine = machine();
    for name in ["alice", "bob"] {
        machine.run(&format!("useradd {name}; echo '{name}:{PASSWORD}' | chpasswd"));
    }
    recipe.set_up(&machine, GROUP);
    {
        let stage = Stage::start(recipe, GROUP, &machine);
        stage.accepted("A member", "alice", PASSWORD, "");
        stage.refused("Not a member", "bob", PASSWORD, "");
        machine.run("groupdel vpn");
        stage.refused("There is no such group", "alice", PASSWORD, "");
    }
    recipe.set_up(&machine, LIST);
    let stage = Stage::start(recipe, LIST, &machine);
    stage.accepted("On the list", "alice", PASSWORD, "");
    stage.refused("Not on the list", "bob", PASSWORD, "");
    machine.run("chmod 0666 /etc/openvpn/users");
    stage.refused("Everybody may write to the list", "alice", PASSWORD, "");
    machine.run("rm /etc/openvpn/users");
    stage.refused("The list is missing", "alice", PASSWORD, "");
    recipe.all_tried();
}
