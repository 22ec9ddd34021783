//! One row of the table: a script, the words of the configuration, calls, and what both plugins make of them.

use compatibility::expected::{Expected, NO_ANSWER};
use compatibility::instructions::Event;
use compatibility::step;

/// What is looked at besides the answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Look {
    /// What the script wrote to `$seen`, lines joined by `|`.
    Seen,
    /// Whether a text occurs anywhere in the log.
    Logged(&'static str),
    /// Whether the helper is still there a while after OpenVPN's end.
    Helper,
}

/// A case and what is expected of it. In scripts and words `@DIR@` is the scratch directory of the run, which holds
/// the script as `down.sh`.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What it is about; unique.
    pub(crate) name: &'static str,
    /// The script, `#!/bin/sh` left out.
    pub(crate) script: &'static str,
    /// Its permissions.
    pub(crate) mode: u32,
    /// Its owner.
    pub(crate) owner: u32,
    /// Its group.
    pub(crate) group: u32,
    /// The words of the `plugin` line.
    pub(crate) words: Vec<&'static str>,
    /// Options before the words; only ours knows any.
    pub(crate) options: Vec<&'static str>,
    /// The calls with their variables.
    pub(crate) calls: Vec<(Event, Vec<(&'static str, &'static str)>)>,
    /// What is looked at.
    pub(crate) look: Vec<Look>,
    /// What the table says.
    pub(crate) expected: Expected,
}

impl Case {
    /// A case in which `down.sh` is the command.
    pub(crate) fn new(name: &'static str, script: &'static str) -> Self {
        Case {
            name,
            script,
            mode: 0o755,
            owner: 0,
            group: 0,
            words: vec!["@DIR@/down.sh"],
            options: Vec::new(),
            calls: Vec::new(),
            look: Vec::new(),
            expected: Expected::default(),
        }
    }

    /// Replaces the words of the `plugin` line.
    pub(crate) fn words(mut self, words: &[&'static str]) -> Self {
        self.words = words.to_vec();
        self
    }

    /// Sets the permissions of the script.
    pub(crate) fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the group of the script.
    pub(crate) fn group(mut self, group: u32) -> Self {
        self.group = group;
        self
    }

    /// Sets the owner of the script.
    pub(crate) fn owner(mut self, owner: u32) -> Self {
        self.owner = owner;
        self
    }

    /// Adds an option that only ours gets.
    pub(crate) fn option(mut self, option: &'static str) -> Self {
        self.options.push(option);
        self
    }

    /// Adds an UP event.
    pub(crate) fn up(self) -> Self {
        self.call(Event::Up)
    }

    /// Adds a DOWN event.
    pub(crate) fn down(self) -> Self {
        self.call(Event::Down)
    }

    /// Adds the end of OpenVPN by SIGKILL.
    pub(crate) fn killed(self) -> Self {
        self.call(Event::Down).env(step::KILL, "")
    }

    fn call(mut self, event: Event) -> Self {
        self.calls.push((event, Vec::new()));
        self
    }

    /// Sets a variable for the event added last.
    pub(crate) fn env(mut self, name: &'static str, value: &'static str) -> Self {
        if let Some((_, env)) = self.calls.last_mut() {
            env.push((name, value));
        }
        self
    }

    /// Looks at what the script wrote.
    pub(crate) fn seen(mut self) -> Self {
        self.look.push(Look::Seen);
        self
    }

    /// Looks for a text in the log.
    pub(crate) fn logged(mut self, text: &'static str) -> Self {
        self.look.push(Look::Logged(text));
        self
    }

    /// Looks for the helper.
    pub(crate) fn helper(mut self) -> Self {
        self.look.push(Look::Helper);
        self
    }

    /// What both answer.
    pub(crate) fn same(mut self, answer: &str) -> Self {
        self.expected = Expected::same(answer);
        self
    }

    /// What each answers, and what that mends.
    pub(crate) fn differs(mut self, c: &str, ours: &str, mends: &'static str) -> Self {
        self.expected = Expected::differs(c, ours, mends);
        self
    }

    /// As [`differs`](Self::differs) where the C plugin hangs for ever after what it answers.
    pub(crate) fn hangs(mut self, c: &str, ours: &str, mends: &'static str) -> Self {
        self.expected = Expected::hangs(&format!("{c}, {NO_ANSWER}"), ours, mends);
        self
    }
}
