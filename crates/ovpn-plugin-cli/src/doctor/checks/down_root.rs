//! down-root's scripts: there, executable, and root's alone.

use crate::doctor::finding::Finding;
use crate::doctor::setup::{Kind, PluginLine, Script, ScriptState, Setup};

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let scripts = setup.plugins.iter().flat_map(|line| line.scripts.iter().map(move |script| (line, script)));
    // Of what the unit hides another check tells.
    let seen = scripts.filter(|(_, script)| !setup.hides(&script.path));
    seen.filter_map(|(line, script)| of_script(line, script)).collect()
}

fn of_script(line: &PluginLine, script: &Script) -> Option<Finding> {
    let path = script.path.display();
    let (what, todo) = match script.state {
        ScriptState::Missing => {
            (format!("there is no script {path}"), "Correct the path; PATH is not searched.".to_owned())
        }
        ScriptState::NotAFile => (format!("{path} is not a file"), "Name the script itself.".to_owned()),
        ScriptState::NotExecutable => {
            (format!("the script {path} cannot be executed"), format!("As root, run 'chmod +x {path}'."))
        }
        ScriptState::Good => return insecure(line, script),
    };
    let why = if line.kind == Kind::DownRoot {
        "OpenVPN does not start."
    } else {
        "OpenVPN starts, but the script does not run when OpenVPN stops. It then logs \"up/down plugin call failed\"."
    };
    Some(Finding::error("script", what).at(&line.place).why(why).todo(todo))
}

fn insecure(line: &PluginLine, script: &Script) -> Option<Finding> {
    let problem = script.problems.first()?;
    let found =
        Finding::error("script-writable", format!("others than root can change the script: {problem}"));
    let why = if line.kind == Kind::DownRoot {
        "The script runs as root, so a user who can change it can become root. OpenVPN does not start."
    } else {
        "The script runs as root, so a user who can change it can become root."
    };
    Some(found.at(&line.place).why(why).todo(format!("As root, {}.", problem.remedy())))
}
