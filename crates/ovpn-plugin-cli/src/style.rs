//! How lines look: colours and folding on a terminal, neither anywhere else.

use std::io::{IsTerminal, stdout};

/// The width of the word that begins a line, with the blank after it.
const INDENT: usize = 9;
/// A narrower terminal gets lines as they are.
const NARROWEST: usize = 40;

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const DIM: &str = "2";

/// What standard output can do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    colours: bool,
    width: Option<usize>,
}

/// What a line is, where that decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Emphasis {
    Plain,
    Good,
    Bad,
    Warning,
    Aside,
}

impl Style {
    /// Of this standard output.
    pub(crate) fn of_output() -> Self {
        if !stdout().is_terminal() {
            return Self::default();
        }
        let width = terminal_size::terminal_size_of(stdout()).map(|(width, _)| usize::from(width.0));
        Self { colours: terminal::colours(), width: width.filter(|width| *width >= NARROWEST) }
    }

    /// A line of the word that says what it is, and the text.
    pub(crate) fn line(&self, what: &str, text: &str, emphasis: Emphasis) -> String {
        let text = match self.width {
            Some(width) => fold(text, width - INDENT).join(&format!("\n{:INDENT$}", "")),
            None => text.to_owned(),
        };
        let colour = match (self.colours, emphasis) {
            (false, _) => return format!("{what:<8} {text}"),
            (true, Emphasis::Plain) => BOLD,
            (true, Emphasis::Good) => GREEN,
            (true, Emphasis::Bad) => RED,
            (true, Emphasis::Warning) => YELLOW,
            (true, Emphasis::Aside) => DIM,
        };
        format!("\x1b[{colour}m{what:<8}\x1b[0m {text}")
    }
}

/// Parts of at most so many characters, split at blanks where there are any.
fn fold(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_at_blanks() {
        assert_eq!(fold("one two three", 7), ["one two", "three"]);
        assert_eq!(fold("one two three", 13), ["one two three"]);
        assert_eq!(fold("a-very-long-word b", 5), ["a-very-long-word", "b"]);
        assert_eq!(fold("", 5), [""]);
        let style = Style { colours: false, width: Some(40) };
        let folded = style.line("why", &"word ".repeat(20), Emphasis::Plain);
        assert!(folded.lines().all(|line| line.len() <= 40), "{folded}");
        assert!(folded.lines().skip(1).all(|line| line.starts_with("         word")), "{folded}");
    }

    #[test]
    fn without_a_terminal_nothing_is_added() {
        let text = "x ".repeat(200);
        assert_eq!(Style::default().line("log", &text, Emphasis::Bad), format!("log      {text}"));
        let coloured = Style { colours: true, width: None }.line("result", "rejected", Emphasis::Bad);
        assert_eq!(coloured, "\x1b[31mresult  \x1b[0m rejected");
    }
}
