//! What a trial says of the plugin, and how that comes from the trial's process to the command's.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

/// How a check came out. The worst one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    /// It does not apply.
    None,
    Pass,
    /// Worth knowing; or it could not be checked.
    Note,
    Fail,
}

impl Grade {
    /// As programs read it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Note => "note",
            Self::Fail => "fail",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::None, Self::Pass, Self::Note, Self::Fail].into_iter().find(|grade| grade.name() == name)
    }
}

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The check.
    pub(crate) id: String,
    pub(crate) grade: Grade,
    /// What was seen; empty if it passes.
    pub(crate) what: String,
}

/// The word of a line that says what is done next, and of the one that ends them.
const AT: &str = "at";
const END: &str = "end";

/// The trial's end.
pub(crate) struct Report(UnixStream);

impl Report {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self(stream)
    }

    /// It does not apply to this plugin.
    pub(crate) fn none(&self, id: &str) {
        self.line(Grade::None.name(), id, "");
    }

    pub(crate) fn pass(&self, id: &str) {
        self.line(Grade::Pass.name(), id, "");
    }

    pub(crate) fn note(&self, id: &str, what: impl AsRef<str>) {
        self.line(Grade::Note.name(), id, what.as_ref());
    }

    pub(crate) fn fail(&self, id: &str, what: impl AsRef<str>) {
        self.line(Grade::Fail.name(), id, what.as_ref());
    }

    /// Passes if there is nothing to say.
    pub(crate) fn fail_if_any(&self, id: &str, what: Option<String>) {
        match what {
            Some(what) => self.fail(id, what),
            None => self.pass(id),
        }
    }

    /// The same with a note.
    pub(crate) fn note_if_any(&self, id: &str, what: Option<String>) {
        match what {
            Some(what) => self.note(id, what),
            None => self.pass(id),
        }
    }

    /// What is done next, for the case that the process does not come back from it.
    pub(crate) fn at(&self, what: &str) {
        self.line(AT, "", what);
    }

    pub(crate) fn end(&self) {
        self.line(END, "", "");
    }

    fn line(&self, word: &str, id: &str, what: &str) {
        let what: String =
            what.chars().map(|char| if char == '\n' || char == '\t' { ' ' } else { char }).collect();
        // If nobody listens any more, nobody needs it.
        let _ = (&self.0).write_all(format!("{word}\t{id}\t{what}\n").as_bytes());
    }
}

/// The command's end.
pub(crate) struct Heard {
    pub(crate) stream: UnixStream,
    unfinished: Vec<u8>,
    pub(crate) seen: Vec<Seen>,
    /// What was done last.
    pub(crate) at: String,
    pub(crate) ended: bool,
}

impl Heard {
    /// `stream` does not block.
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, unfinished: Vec::new(), seen: Vec::new(), at: String::new(), ended: false }
    }

    /// Takes in what has come; whether anything has.
    pub(crate) fn listen(&mut self) -> bool {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = self.stream.read(&mut buffer) {
            self.unfinished.extend(buffer.iter().take(count));
        }
        let finished = self.unfinished.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text: Vec<u8> = self.unfinished.drain(..finished).collect();
        for line in String::from_utf8_lossy(&text).lines() {
            self.take(line);
        }
        !text.is_empty()
    }

    fn take(&mut self, line: &str) {
        let mut parts = line.splitn(3, '\t');
        let (Some(word), Some(id), Some(what)) = (parts.next(), parts.next(), parts.next()) else { return };
        match word {
            AT => self.at = what.to_owned(),
            END => self.ended = true,
            _ => self.seen.extend(Grade::named(word).map(|grade| Seen {
                id: id.to_owned(),
                grade,
                what: what.to_owned(),
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let (report, mut heard) = (Report::new(theirs), Heard::new(ours));
        report.at("open");
        report.pass("a");
        report.fail("b", "two\nlines\tand a tab");
        heard.listen();
        let seen = |id: &str, grade, what: &str| Seen { id: id.into(), grade, what: what.into() };
        assert_eq!(heard.seen, [seen("a", Grade::Pass, ""), seen("b", Grade::Fail, "two lines and a tab")]);
        assert_eq!((heard.at.as_str(), heard.ended), ("open", false));
        report.end();
        heard.listen();
        assert!(heard.ended);
    }
}
