//! down-root's scripts: there, executable, and root's alone.

use crate::doctor::finding::Finding;
use crate::doctor::setup::{Kind, PluginLine, ScriptState, Setup};

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    // Of what the unit hides another check tells.
    let seen = |line: &&PluginLine| line.script.as_ref().is_some_and(|script| !setup.hides(&script.path));
    setup.plugins.iter().filter(seen).filter_map(of_line).collect()
}

fn of_line(line: &PluginLine) -> Option<Finding> {
    let script = line.script.as_ref()?;
    let path = script.path.display();
    let (what, todo) = match script.state {
        ScriptState::Missing => {
            (format!("there is no script {path}"), "Correct the path; PATH is not searched.".to_owned())
        }
        ScriptState::NotAFile => (format!("{path} is no file"), "Name the script itself.".to_owned()),
        ScriptState::NotExecutable => {
            (format!("the script {path} cannot be executed"), format!("As root, run 'chmod +x {path}'."))
        }
        ScriptState::Good => return insecure(line),
    };
    let why = if line.kind == Kind::DownRoot {
        "OpenVPN does not start."
    } else {
        "OpenVPN starts, and nothing runs when it ends: then it says \"up/down plugin call failed\"."
    };
    Some(Finding::error("script", what).at(&line.place).why(why).todo(todo))
}

fn insecure(line: &PluginLine) -> Option<Finding> {
    let problem = line.script.as_ref()?.problems.first()?;
    let found = Finding::error("script-writable", format!("the script is not root's alone: {problem}"));
    let why = if line.kind == Kind::DownRoot {
        "It runs as root: whoever can change it is root. OpenVPN does not start."
    } else {
        "It runs as root: whoever can change it is root."
    };
    Some(found.at(&line.place).why(why).todo(format!("As root, {}.", problem.remedy())))
}
