//! Sets a case up for one plugin, has it run, and says what it came to.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use compatibility::expected::Expected;
use compatibility::instructions::Instructions;
use compatibility::run_plugin::{PluginRun, run_plugin};
use compatibility::table;
use harness::plugin::Side;
use harness::scratch::Scratch;

use crate::case::{Case, Look};

impl table::Case for Case {
    fn name(&self) -> &'static str {
        self.name
    }

    fn expected(&self) -> &Expected {
        &self.expected
    }

    fn run(&self, side: Side, plugin: &Path) -> String {
        // Reached by directories only that nobody but root can write to.
        let scratch = Scratch::of_root();
        let place = scratch.path().to_string_lossy().into_owned();
        let text = format!("#!/bin/sh\n{}\n", self.script.replace("@DIR@", &place));
        let file = scratch.write("down.sh", &text, self.mode);
        chown(file, Some(self.owner), Some(self.group)).unwrap_or_else(|error| panic!("chown: {error}"));
        let options = self.options.iter().filter(|_| side == Side::Ours);
        let variable = |(name, value): &(&str, &str)| format!("{name}={value}");
        let instructions = Instructions {
            plugin: plugin.to_path_buf(),
            words: options.chain(&self.words).map(|word| word.replace("@DIR@", &place)).collect(),
            open_env: vec!["verb=1".to_string()],
            calls: self
                .calls
                .iter()
                .map(|(event, env)| (*event, env.iter().map(variable).collect()))
                .collect(),
        };
        let mut run = run_plugin(&instructions, &scratch, self.expected.limit(side));
        let helper = has_helper(&run, side);
        if helper && !run.killed {
            run.answers.push("the helper stays".to_string());
        }
        let mut outcome = run.answers.join(", ");
        for look in &self.look {
            outcome.push_str(&match look {
                Look::Seen => format!("; seen: {}", seen(&scratch)),
                Look::Logged(text) if run.log.contains(text) => format!("; logged: {text}"),
                Look::Logged(text) => format!("; logged: no {text}"),
                Look::Helper if helper => "; the helper stays".to_string(),
                Look::Helper => "; the helper leaves".to_string(),
            });
        }
        outcome.replace(&place, "@DIR@")
    }
}

fn seen(scratch: &Scratch) -> String {
    let text = fs::read_to_string(scratch.join("seen")).unwrap_or_default();
    let text = text.replace('\0', " ").trim_end().replace('\n', "|");
    if text.is_empty() { "-".to_string() } else { text }
}

/// Whether the helper was left behind. That of the C plugin has no name of its own, and is looked for only where OpenVPN
/// was killed: what else its scripts leave is no helper.
fn has_helper(run: &PluginRun, side: Side) -> bool {
    run.left.iter().any(|process| match side {
        Side::C => run.killed,
        Side::Ours => process.name.starts_with("down-root"),
    })
}
