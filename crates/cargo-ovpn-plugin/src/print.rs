//! What is shown: one line at a time, with who says it, and when, before it.

use std::io::{Write, stdout};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Who says something.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    Run,
    Server,
    Client,
}

impl Who {
    /// The name, and its colour.
    fn look(self) -> (&'static str, &'static str) {
        match self {
            Self::Run => ("run", "1"),
            Self::Server => ("server", "36"),
            Self::Client => ("client", "35"),
        }
    }
}

/// Standard output. Colours are for terminals only.
#[derive(Debug)]
pub(crate) struct Printer {
    colours: bool,
    start: Instant,
    one_at_a_time: Mutex<()>,
}

impl Printer {
    pub(crate) fn of_output() -> Self {
        Self { colours: terminal::colours(), start: Instant::now(), one_at_a_time: Mutex::new(()) }
    }

    /// Nobody prints as long as this lives: somebody types.
    pub(crate) fn quiet(&self) -> MutexGuard<'_, ()> {
        self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn say(&self, text: &str) {
        self.line(Who::Run, text, Instant::now());
    }

    /// A line that came then.
    pub(crate) fn line(&self, who: Who, text: &str, at: Instant) {
        let _quiet = self.quiet();
        // The reader may have gone: the plugin is run to its end all the same.
        let _ = writeln!(stdout(), "{}", self.text(who, text, at.saturating_duration_since(self.start)));
    }

    fn text(&self, who: Who, text: &str, after: Duration) -> String {
        let (name, colour) = who.look();
        let (text, seconds) = (printable(text), after.as_secs_f64());
        let (begin, end) =
            if self.colours { (format!("\x1b[{colour}m"), "\x1b[0m") } else { (String::new(), "") };
        format!("{begin}{name:<6} {seconds:7.3} |{end} {text}")
    }
}

/// Without control characters, which a plugin could play with the terminal by.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_begin_with_who_says_them() {
        let printer = |colours| Printer { colours, start: Instant::now(), one_at_a_time: Mutex::new(()) };
        let after = Duration::from_millis(1200);
        assert_eq!(printer(false).text(Who::Run, "a\x1b[2J", after), "run      1.200 | a\\u{1b}[2J");
        assert_eq!(printer(true).text(Who::Server, "a", after), "\x1b[36mserver   1.200 |\x1b[0m a");
    }
}
