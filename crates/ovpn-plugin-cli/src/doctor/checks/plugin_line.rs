//! The words of a plugin line, and which plugin a bare name means.

use crate::doctor::finding::Finding;
use crate::doctor::read_plugin::is_option;
use crate::doctor::setup::{Kind, PluginLine, Setup};
use crate::known_options::auth_pam;
use crate::plugin_line;

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    setup.plugins.iter().flat_map(of_line).collect()
}

fn of_line(line: &PluginLine) -> Vec<Finding> {
    [typographic(line), c_plugin(line), relative(line), dropped(line), no_service(line)]
        .into_iter()
        .flatten()
        .collect()
}

fn typographic(line: &PluginLine) -> Option<Finding> {
    line.typographic.then(|| {
        Finding::error(
            "typographic-quotes",
            "this line has typographic quotes, as web pages and word processors have",
        )
        .at(&line.place)
        .why("OpenVPN reads \u{201c} and \u{201d} as letters, so the plugin gets other words than you mean.")
        .todo("Write straight quotes: \"...\"")
    })
}

/// Debian's OpenVPN has the C plugins in its plugin directory, and there a bare name means those.
fn c_plugin(line: &PluginLine) -> Option<Finding> {
    if !line.kind.is_c() || line.typographic {
        return None;
    }
    let file = line.file.display();
    let first = line.words.first().map(|word| String::from_utf8_lossy(word).into_owned()).unwrap_or_default();
    let takes = if line.kind == Kind::CAuthPam { "the name of the PAM service" } else { "the command" };
    let write = match &line.also {
        Some(ours) => {
            format!("To use this project's plugin, write the whole path: plugin {}", ours.display())
        }
        None => "To use this project's plugin, install it and write its whole path.".into(),
    };
    if is_option(first.as_bytes()) {
        return Some(
            Finding::error(
                "c-plugin-options",
                format!("{file} is OpenVPN's own plugin, which takes '{first}' for {takes}"),
            )
            .at(&line.place)
            .why("OpenVPN's own plugin has no options. OpenVPN does not start, or every login or script fails.")
            .todo(write),
        );
    }
    line.is_bare().then(|| {
        Finding::note("c-plugin", format!("this name means OpenVPN's own plugin, {file}"))
            .at(&line.place)
            .why("If a path does not begin with / or ., OpenVPN looks only in its own plugin directory.")
            .todo(format!("If you want that plugin, do nothing. {write}"))
    })
}

fn relative(line: &PluginLine) -> Option<Finding> {
    line.name.starts_with('.').then(|| {
        Finding::warning("plugin-relative", format!("the plugin's path '{}' is relative", line.name))
            .at(&line.place)
            .why("The path is relative to the directory in which OpenVPN starts. A user who can choose that directory chooses the plugin.")
            .todo(format!("Write: plugin {}", line.file.display()))
    })
}

fn dropped(line: &PluginLine) -> Option<Finding> {
    (line.dropped > 0).then(|| {
        Finding::error("plugin-words", format!("OpenVPN drops the last {} words of this line", line.dropped))
            .at(&line.place)
            .why(plugin_line::MOST_WORDS)
            .todo(plugin_line::TOO_MANY.todo)
    })
}

fn no_service(line: &PluginLine) -> Option<Finding> {
    let pam = line.pam.as_ref().filter(|pam| pam.words.service.is_none())?;
    let has_file = pam.words.option(const { auth_pam("options") }).is_some();
    Some(
        Finding::error("no-service", "the plugin line names no PAM service")
            .at(&line.place)
            .why("OpenVPN does not start.")
            .todo(if has_file {
                "Write the name on a line of its own in the options file.".to_owned()
            } else {
                format!("Write: plugin {} openvpn", line.name)
            }),
    )
}
