//! What the process with the plugin reports to the one that watches it: lines of a word and a text, and at last its result.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use ovpn_plugin_host::Question;
use zeroize::Zeroizing;

use crate::password::Secret;

/// The first word of the last line.
const RESULT: &str = "result";
/// The first word of a line that wants an answer; how it may be typed and the question follow.
const ASK: &str = "ask";
const SHOWN: &str = "shown ";
const HIDDEN: &str = "hidden ";
/// The first byte that comes back: length and answer follow, or nothing.
const ANSWER: u8 = 1;
const NO_ANSWER: u8 = 0;

/// How it came out for the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Accepted; would start; the client got in.
    Yes,
    /// Rejected; would not start; the client did not get in.
    No,
    /// The client got in, but the plugin failed at an event that does not decide about that.
    EventFailed,
    /// No verdict came in time.
    NoVerdict,
    /// The plugin could not be opened.
    NotOpened,
    /// The plugin asked something, and there was no answer.
    Unanswered,
    /// Something failed that is no fault of the plugin.
    Failed,
}

const OUTCOMES: [(Outcome, &str); 7] = [
    (Outcome::Yes, "yes"),
    (Outcome::No, "no"),
    (Outcome::EventFailed, "event failed"),
    (Outcome::NoVerdict, "no verdict"),
    (Outcome::NotOpened, "not opened"),
    (Outcome::Unanswered, "unanswered"),
    (Outcome::Failed, "failed"),
];

/// The end of the plugin's process.
pub(crate) struct Reporter {
    stream: UnixStream,
    log: PathBuf,
}

impl Reporter {
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

    /// Asks the process at the other end, and waits for the answer; nothing if there is none.
    pub(crate) fn ask(&self, question: &Question) -> Option<Secret> {
        let how = if question.echo { SHOWN } else { HIDDEN };
        self.say(ASK, &format!("{how}{}", question.text));
        let mut stream = &self.stream;
        let (mut kind, mut length) = ([NO_ANSWER], [0; 4]);
        stream.read_exact(&mut kind).ok().filter(|()| kind == [ANSWER])?;
        stream.read_exact(&mut length).ok()?;
        let mut answer = Zeroizing::new(vec![0; usize::try_from(u32::from_le_bytes(length)).ok()?]);
        stream.read_exact(&mut answer).ok().map(|()| answer)
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
pub(crate) struct Reports {
    pub(crate) stream: UnixStream,
    unfinished: Vec<u8>,
    /// All lines so far.
    lines: Vec<Line>,
    pub(crate) outcome: Option<Outcome>,
    /// What waits for an answer.
    asked: Option<Question>,
}

impl Reports {
    /// `stream` does not block.
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, unfinished: Vec::new(), lines: Vec::new(), outcome: None, asked: None }
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
            } else if line.what == ASK {
                self.asked = question(&line.text);
            } else {
                new.push(line);
            }
        }
        self.lines.extend(new.iter().cloned());
        new
    }

    /// The question that waits for an answer.
    pub(crate) fn take_question(&mut self) -> Option<Question> {
        self.asked.take()
    }

    /// Answers it.
    pub(crate) fn answer(&mut self, answer: Option<&Secret>) {
        let mut packet = Zeroizing::new(vec![NO_ANSWER]);
        if let Some((answer, length)) = answer.and_then(|it| Some((it, u32::try_from(it.len()).ok()?))) {
            // In one allocation, for a vector that grows leaves pieces behind.
            packet = Zeroizing::new([&[ANSWER][..], &length.to_le_bytes(), answer].concat());
        }
        // If nobody listens any more, nobody needs it. It finds room: nothing else is sent this way.
        let _ = self.stream.write_all(&packet);
    }

    /// The text of the last line of this kind.
    pub(crate) fn last(&self, what: &str) -> Option<&str> {
        self.lines.iter().rfind(|line| line.what == what).map(|line| line.text.as_str())
    }

    /// The texts of the lines of this kind.
    pub(crate) fn all<'a>(&'a self, what: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines.iter().filter(move |line| line.what == what).map(|line| line.text.as_str())
    }
}

fn question(line: &str) -> Option<Question> {
    let shown = line.strip_prefix(SHOWN);
    let text = shown.or_else(|| line.strip_prefix(HIDDEN))?.to_owned();
    Some(Question { text, echo: shown.is_some(), wants_answer: true })
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
        let (reporter, mut reports) = (Reporter::new(theirs, "/dev/null".into()), Reports::new(ours));
        reporter.say("reply", "a\nb\\n\tc");
        let line = Line { logged: 0, what: "reply".into(), text: "a\nb\\n\tc".into() };
        assert_eq!(reports.new_lines(), [line]);
        assert_eq!(reports.outcome, None);
        reporter.end(Outcome::NoVerdict);
        assert_eq!(reports.new_lines(), []);
        assert_eq!((reports.outcome, reports.last("reply")), (Some(Outcome::NoVerdict), Some("a\nb\\n\tc")));
    }

    #[test]
    fn a_question_is_answered_or_not() {
        let question = Question { text: "Code\tor PIN:".into(), echo: false, wants_answer: true };
        for answer in [Some("12 34"), Some(""), None] {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let (reporter, mut reports) = (Reporter::new(theirs, "/dev/null".into()), Reports::new(ours));
            reports.answer(answer.map(|text| Zeroizing::new(text.into())).as_ref());
            assert_eq!(reporter.ask(&question).as_deref().map(Vec::as_slice), answer.map(str::as_bytes));
            reports.stream.set_nonblocking(true).unwrap();
            assert_eq!(reports.new_lines(), []);
            assert_eq!(reports.take_question().as_ref(), Some(&question));
        }
    }
}
