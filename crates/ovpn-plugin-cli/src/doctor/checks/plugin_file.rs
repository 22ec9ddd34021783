//! The file of a plugin: whether it is there, can be loaded, and only root can change it.

use std::path::PathBuf;

use crate::causes::load_errors;
use crate::doctor::finding::Finding;
use crate::doctor::setup::{PluginLine, Setup};

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    // Of what the unit hides another check tells.
    setup.plugins.iter().filter(|line| !setup.hides(&line.file)).flat_map(of_line).collect()
}

fn of_line(line: &PluginLine) -> Vec<Finding> {
    let file = line.file.display();
    if line.is_no_file {
        let found =
            Finding::error("plugin-missing", format!("the plugin {file} is not a file")).at(&line.place);
        return vec![found.why("OpenVPN does not start.").todo("Write the path of the plugin's file.")];
    }
    if !line.file.exists() && line.load.is_some() {
        return vec![missing(line)];
    }
    let load = line.load.as_deref().map(|error| {
        let (why, todo) = match load_errors::cause(error) {
            Some(cause) => (cause.why, cause.todo),
            None => (
                format!("The loader says: {error}."),
                "Install the plugin that was built for this distribution.".into(),
            ),
        };
        Finding::error("plugin-load", format!("OpenVPN cannot load {file}"))
            .at(&line.place)
            .why(format!("{why} OpenVPN does not start."))
            .todo(todo)
    });
    let problem = line.problems.first().map(|problem| {
        Finding::error("plugin-writable", format!("others than root can change the plugin's file: {problem}"))
            .at(&line.place)
            .why("OpenVPN runs the plugin as root, so a user who can change it can become root.")
            .todo(format!("As root, {}.", problem.remedy()))
    });
    load.into_iter().chain(problem).collect()
}

fn missing(line: &PluginLine) -> Finding {
    if let Some(file) = quoted_with_words(line) {
        let file = file.display();
        return Finding::error(
            "plugin-missing",
            format!("there is more in the quotes than the plugin's path, {file}"),
        )
        .at(&line.place)
        .why("OpenVPN takes everything in the quotes as the path. It does not start.")
        .todo(format!("Begin the quotes after the path: plugin {file} \"...\""));
    }
    let file = line.file.display();
    let found = Finding::error("plugin-missing", format!("there is no plugin {file}")).at(&line.place);
    if line.name.starts_with('~') {
        return found.why("OpenVPN does not expand ~. It does not start.").todo("Write the whole path.");
    }
    let todo = match &line.also {
        Some(other) => format!("Write the whole path: plugin {}", other.display()),
        None => "Install the plugin, or correct the path.".into(),
    };
    let why = if line.is_bare() {
        "If a path does not begin with / or ., OpenVPN looks only in its own plugin directory. It does not start."
    } else {
        "OpenVPN does not start."
    };
    found.why(why).todo(todo)
}

/// The plugin at the beginning of a name that goes on with blanks: the whole line was quoted.
fn quoted_with_words(line: &PluginLine) -> Option<PathBuf> {
    let (first, _) = line.name.split_once(' ')?;
    let file =
        line.file.to_string_lossy().strip_suffix(&line.name).map(|before| format!("{before}{first}"))?;
    Some(PathBuf::from(file)).filter(|file| file.is_file())
}
