//! Answers to what a plugin asks: given beforehand, or typed.

use std::collections::VecDeque;
use std::io::{IsTerminal, stdout};
use std::path::Path;

use nix::sys::signal::Signal;
use ovpn_plugin_host::Question;
use zeroize::Zeroizing;

use crate::password::{self, NoAnswer, Secret, Terminal};
use crate::redaction::from_plugin;
use crate::show::{Show, printable};
use terminal::Signals;

/// Those that were given beforehand, and the terminal for the rest.
#[derive(Default)]
pub(crate) struct Answers {
    given: VecDeque<Secret>,
    /// Why the last question had no answer.
    pub(crate) missing: Option<String>,
}

/// What came of a question.
pub(crate) enum Answered {
    Yes(Secret),
    No,
    Interrupted(Signal),
}

impl Answers {
    /// First those of the command line, then the lines of the file.
    pub(crate) fn new(given: Vec<Secret>, file: Option<&Path>) -> Result<Self, String> {
        let mut given = VecDeque::from(given);
        if let Some(file) = file {
            let text = password::from_file(file, "answers")?;
            // An empty file has none, and an empty line is an empty answer.
            let lines = text.split(|byte| *byte == b'\n').filter(|_| !text.is_empty());
            given.extend(lines.map(|line| Zeroizing::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec())));
        }
        Ok(Self { given, missing: None })
    }

    /// How many nobody has asked for.
    pub(crate) fn left(&self) -> usize {
        self.given.len()
    }

    /// Shows the question and takes the next answer, or has one typed.
    pub(crate) fn answer(&mut self, show: &mut Show, question: &Question, signals: &Signals) -> Answered {
        show.line("question", &from_plugin(&question.text));
        let answered = match self.given.pop_front() {
            Some(answer) => Ok(answer),
            None => {
                // Where standard output is a file, the terminal has not shown the question yet.
                let prompt = if stdout().is_terminal() { "Answer".into() } else { printable(&question.text) };
                let terminal = Terminal::open().map_err(NoAnswer::from);
                terminal.and_then(|mut it| {
                    it.ask(&format!("{}: ", prompt.trim_end_matches([':', ' '])), question.echo, signals)
                })
            }
        };
        match answered {
            Ok(answer) => {
                if !question.echo {
                    show.hide(&answer);
                }
                Answered::Yes(answer)
            }
            Err(NoAnswer::Interrupted(Some(signal))) => Answered::Interrupted(signal),
            Err(NoAnswer::Interrupted(None)) => self.none("nothing was typed"),
            Err(NoAnswer::Failed(error)) => self
                .none(&format!("no answer was given for it, and there is no terminal to ask on ({error})")),
        }
    }

    fn none(&mut self, why: &str) -> Answered {
        self.missing = Some(why.to_owned());
        Answered::No
    }
}
