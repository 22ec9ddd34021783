//! The answer of a server, taken apart. Lines that this command does not know are passed over: the server may be newer.

/// Why an answer is none.
const CUT: &str = "the answer is not whole; the server has hung up, or only root may ask";

/// The lines of a good answer, without the first and the last one.
#[derive(Debug)]
pub(crate) struct Answer(Vec<String>);

/// One line: the rest of it is taken word by word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a>(&'a str);

impl Answer {
    /// Reads it.
    ///
    /// Errors: what the server says is wrong, or that the answer is not whole.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(bytes);
        if let Some(error) = text.strip_prefix("error ") {
            return Err(error.trim_end().to_owned());
        }
        let lines = text.strip_prefix("ok\n").and_then(|rest| rest.strip_suffix("end\n")).ok_or(CUT)?;
        if !lines.is_empty() && !lines.ends_with('\n') {
            return Err(CUT.into());
        }
        Ok(Answer(lines.lines().map(str::to_owned).collect()))
    }

    /// All lines that begin with this word, without it.
    pub(crate) fn all<'a>(&'a self, word: &'a str) -> impl Iterator<Item = Line<'a>> {
        let rest = move |line: &'a String| line.strip_prefix(word)?.strip_prefix(' ').map(Line);
        self.0.iter().filter_map(rest)
    }

    /// The only such line.
    pub(crate) fn one<'a>(&'a self, word: &'a str) -> Result<Line<'a>, String> {
        self.all(word).next().ok_or_else(|| format!("the answer has no line '{word}'"))
    }
}

impl<'a> Line<'a> {
    /// The next word.
    pub(crate) fn word(&mut self) -> Result<&'a str, String> {
        let (word, rest) = self.0.split_once(' ').unwrap_or((self.0, ""));
        self.0 = rest;
        if word.is_empty() { Err("a line of the answer is too short".into()) } else { Ok(word) }
    }

    /// The next word, a number.
    pub(crate) fn count(&mut self) -> Result<u64, String> {
        let word = self.word()?;
        word.parse().map_err(|_| format!("'{word}' in the answer is no number"))
    }

    /// The next word, seconds.
    pub(crate) fn seconds(&mut self) -> Result<f64, String> {
        let word = self.word()?;
        let good = |seconds: &f64| seconds.is_finite() && *seconds >= 0.0;
        word.parse().ok().filter(good).ok_or_else(|| format!("'{word}' in the answer is no time"))
    }

    /// The same, or `-`.
    pub(crate) fn seconds_or_none(&mut self) -> Result<Option<f64>, String> {
        let (word, _) = self.0.split_once(' ').unwrap_or((self.0, ""));
        if word == "-" { self.word().map(|_| None) } else { self.seconds().map(Some) }
    }

    /// All that is left, with its blanks.
    pub(crate) fn rest(self) -> &'a str {
        self.0
    }

    /// All that is left, a name that a client chose: as it is, so that it can be given to `revoke`. Only its control characters
    /// stay escaped, of which OpenVPN lets none through.
    pub(crate) fn name(self) -> String {
        let mut name = String::new();
        let mut rest = self.0.chars();
        while let Some(next) = rest.next() {
            match (next, rest.as_str().chars().next()) {
                ('\\', Some(quoted @ ('\\' | '\''))) => {
                    name.push(quoted);
                    rest.next();
                }
                _ => name.push(next),
            }
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_or_none() {
        let answer = Answer::read(b"ok\nup 1.5\nworker 1 a b c\nworker 2 d\nend\n").unwrap();
        assert_eq!(answer.all("worker").count(), 2);
        assert_eq!(answer.one("up").unwrap().seconds(), Ok(1.5));
        assert!(answer.one("work").is_err());
        for cut in ["", "ok\n", "ok\nup 1\n", "ok\nup 1\nen", "ok\nup 1end\n", "what", "end\n"] {
            assert!(Answer::read(cut.as_bytes()).is_err(), "{cut}");
        }
        assert_eq!(Answer::read(b"error no such thing\n").unwrap_err(), "no such thing");
    }

    #[test]
    fn a_name_is_the_one_that_can_be_revoked() {
        for (line, name) in [
            ("alice", "alice"),
            (r"o\'brien", "o'brien"),
            (r"EXAMPLE\\bob", r"EXAMPLE\bob"),
            (r"a\\'b\\\\n", r"a\'b\\n"),
            (r"a\nb\x07", r"a\nb\x07"),
            (r"cut\", r"cut\"),
            ("", ""),
        ] {
            assert_eq!(Line(line).name(), name, "{line}");
        }
    }

    #[test]
    fn words_are_taken_one_by_one() {
        let mut line = Line("7 - 0.25 a name");
        assert_eq!((line.count(), line.seconds_or_none()), (Ok(7), Ok(None)));
        assert_eq!((line.seconds_or_none(), line.rest()), (Ok(Some(0.25)), "a name"));
        for wrong in ["-1", "NaN", "inf", "x", ""] {
            assert!(Line(wrong).seconds().is_err() && Line(wrong).count().is_err(), "{wrong}");
        }
    }
}
