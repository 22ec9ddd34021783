//! What a trial says of the plugin, and how that comes from the trial's process to the command's.

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{self, Pid};

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

/// More than all trials say. Who says more is the plugin.
const MOST_BYTES: usize = 4 << 20;
/// More than a line has.
const MOST_BYTES_OF_A_LINE: usize = 64 << 10;

/// The trial's end.
pub(crate) struct Report {
    stream: UnixStream,
    /// Whose words it takes.
    process: Cell<Pid>,
    at: RefCell<String>,
}

impl Report {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, process: Cell::new(unistd::getpid()), at: RefCell::default() }
    }

    /// The trial goes on in this process.
    pub(crate) fn goes_on_here(&self) {
        self.process.set(unistd::getpid());
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
        what.clone_into(&mut self.at.borrow_mut());
    }

    pub(crate) fn end(&self) {
        self.line(END, "", "");
    }

    fn line(&self, word: &str, id: &str, what: &str) {
        if unistd::getpid() != self.process.get() {
            self.end_copy();
        }
        self.send(word, id, what);
    }

    /// The plugin has forked, and the child comes back from the plugin's code, too: it would do all that is left of the
    /// trial once more, and fork again.
    fn end_copy(&self) {
        let what = format!("a process that the plugin forks comes back, too, from {}", self.at.borrow());
        self.send(Grade::Fail.name(), "forks", &what);
        // Nothing else ends it without running code of the plugin's.
        let _ = kill(unistd::getpid(), Signal::SIGKILL);
    }

    fn send(&self, word: &str, id: &str, what: &str) {
        let what: String =
            what.chars().map(|char| if char == '\n' || char == '\t' { ' ' } else { char }).collect();
        // If nobody listens any more, nobody needs it.
        let _ = (&self.stream).write_all(format!("{word}\t{id}\t{what}\n").as_bytes());
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
    bytes: usize,
}

impl Heard {
    /// `stream` does not block.
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, unfinished: Vec::new(), seen: Vec::new(), at: String::new(), ended: false, bytes: 0 }
    }

    /// Whether more was said than the trial can have to say: the plugin writes to descriptors that are not its own.
    pub(crate) fn is_too_much(&self) -> bool {
        self.bytes > MOST_BYTES || self.unfinished.len() > MOST_BYTES_OF_A_LINE
    }

    /// Takes in what has come; whether anything has.
    pub(crate) fn listen(&mut self) -> bool {
        let mut buffer = [0; 4096];
        while !self.is_too_much() {
            let Ok(count @ 1..) = self.stream.read(&mut buffer) else { break };
            self.bytes += count;
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

    /// Without an end of lines, and with nothing but lines.
    #[test]
    fn who_never_stops_is_not_listened_to() {
        for text in ["x", "at\t\tx\n"] {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            ours.set_nonblocking(true).unwrap();
            let writer =
                std::thread::spawn(move || while theirs.write_all(text.repeat(4096).as_bytes()).is_ok() {});
            let mut heard = Heard::new(ours);
            while !heard.is_too_much() {
                heard.listen();
            }
            let kept = heard.bytes;
            heard.listen();
            assert!(heard.bytes == kept && kept <= MOST_BYTES + 4096 && heard.seen.is_empty(), "{kept}");
            drop(heard);
            writer.join().unwrap();
        }
    }

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
