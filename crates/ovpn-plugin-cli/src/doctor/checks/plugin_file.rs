//! The file of a plugin: whether it is there, can be loaded, and only root can change it.

use crate::doctor::finding::Finding;
use crate::doctor::setup::{PluginLine, Setup};
use crate::loading;

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    // Of what the unit hides another check tells.
    setup.plugins.iter().filter(|line| !setup.hides(&line.file)).flat_map(of_line).collect()
}

fn of_line(line: &PluginLine) -> Vec<Finding> {
    let file = line.file.display();
    if !line.file.exists() && line.load.is_some() {
        return vec![missing(line)];
    }
    let load = line.load.as_deref().map(|error| {
        let (why, todo) = match loading::cause(error) {
            Some(cause) => (cause.why, cause.todo),
            None => (error.to_owned(), "Install the plugin that was built for this distribution.".into()),
        };
        Finding::error("plugin-load", format!("OpenVPN cannot load {file}"))
            .at(&line.place)
            .why(format!("{why} OpenVPN does not start."))
            .todo(todo)
    });
    let problem = line.problems.first().map(|problem| {
        Finding::error("plugin-writable", format!("the plugin's file is not root's alone: {problem}"))
            .at(&line.place)
            .why("OpenVPN runs it as root: whoever can change it is root.")
            .todo(format!("As root, {}.", problem.remedy()))
    });
    load.into_iter().chain(problem).collect()
}

fn missing(line: &PluginLine) -> Finding {
    let file = line.file.display();
    let found = Finding::error("plugin-missing", format!("there is no plugin {file}")).at(&line.place);
    let todo = match &line.also {
        Some(other) => format!("Write the whole path: plugin {}", other.display()),
        None => "Install the plugin, or correct the path.".into(),
    };
    let why = if line.is_bare() {
        "OpenVPN looks for a name without / or . at its beginning in its own plugin directory only. It does not start."
    } else {
        "OpenVPN does not start."
    };
    found.why(why).todo(todo)
}
