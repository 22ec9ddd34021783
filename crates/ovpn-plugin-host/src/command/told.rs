//! What the process with the plugin tells the one that watches it: lines of a word and a text, and at last its result.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// The first word of the last line.
const RESULT: &str = "result";

/// How it came out for the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Accepted; would start; the client got in.
    Yes,
    /// Rejected; would not start; the client did not get in.
    No,
    /// No verdict came in time.
    NoVerdict,
    /// The plugin could not be opened.
    NotOpened,
    /// Something failed that is no fault of the plugin.
    Failed,
}

const OUTCOMES: [(Outcome, &str); 5] = [
    (Outcome::Yes, "yes"),
    (Outcome::No, "no"),
    (Outcome::NoVerdict, "no verdict"),
    (Outcome::NotOpened, "not opened"),
    (Outcome::Failed, "failed"),
];

/// The end of the plugin's process.
pub(crate) struct Tell {
    stream: UnixStream,
    log: PathBuf,
}

impl Tell {
    /// `log` is where the plugin's log goes.
    pub(crate) fn new(stream: UnixStream, log: PathBuf) -> Self {
        Self { stream, log }
    }

    /// One line.
    pub(crate) fn say(&self, what: &str, text: &str) {
        let text = text.replace('\\', "\\\\").replace('\n', "\\n");
        let logged = fs::metadata(&self.log).map_or(0, |log| log.len());
        // If nobody listens any more, nobody needs it.
        let _ = (&self.stream).write_all(format!("{logged}\t{what}\t{text}\n").as_bytes());
    }

    /// The last line.
    pub(crate) fn end(&self, outcome: Outcome) {
        if let Some((_, word)) = OUTCOMES.iter().find(|(known, _)| *known == outcome) {
            self.say(RESULT, word);
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// How many bytes the plugin had logged before.
    pub(crate) logged: usize,
    pub(crate) what: String,
    pub(crate) text: String,
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, '\t');
        let logged = parts.next()?.parse().ok()?;
        Some(Self { logged, what: parts.next()?.to_owned(), text: unescape(parts.next()?) })
    }
}

/// The end of the watching process.
pub(crate) struct Told {
    pub(crate) stream: UnixStream,
    unfinished: Vec<u8>,
    /// Everything that was told so far.
    lines: Vec<Line>,
    pub(crate) outcome: Option<Outcome>,
}

impl Told {
    /// `stream` does not block.
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, unfinished: Vec::new(), lines: Vec::new(), outcome: None }
    }

    /// The lines that came since the last call.
    pub(crate) fn new_lines(&mut self) -> Vec<Line> {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = self.stream.read(&mut buffer) {
            self.unfinished.extend(buffer.iter().take(count));
        }
        let finished = self.unfinished.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text: Vec<u8> = self.unfinished.drain(..finished).collect();
        let text = String::from_utf8_lossy(&text);
        let mut new = Vec::new();
        for line in text.lines().filter_map(Line::parse) {
            if line.what == RESULT {
                let known = OUTCOMES.iter().find(|(_, word)| *word == line.text);
                self.outcome = known.map(|(outcome, _)| *outcome).or(self.outcome);
            } else {
                new.push(line);
            }
        }
        self.lines.extend(new.iter().cloned());
        new
    }

    /// The text of the last line of this kind.
    pub(crate) fn last(&self, what: &str) -> Option<&str> {
        self.lines.iter().rfind(|line| line.what == what).map(|line| line.text.as_str())
    }
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (char, if char == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => plain.push('\n'),
            ('\\', Some(escaped)) => plain.push(escaped),
            (char, _) => plain.push(char),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_arrive_as_they_were() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let (tell, mut told) = (Tell::new(theirs, "/dev/null".into()), Told::new(ours));
        tell.say("reply", "a\nb\\n\tc");
        let line = Line { logged: 0, what: "reply".into(), text: "a\nb\\n\tc".into() };
        assert_eq!(told.new_lines(), [line]);
        assert_eq!(told.outcome, None);
        tell.end(Outcome::NoVerdict);
        assert_eq!(told.new_lines(), []);
        assert_eq!((told.outcome, told.last("reply")), (Some(Outcome::NoVerdict), Some("a\nb\\n\tc")));
    }
}
