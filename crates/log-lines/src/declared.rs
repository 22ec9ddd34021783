//! What a declaration says of a line.

use log::Level;

/// Types of holes that are filled with digits only.
const NUMBERS: [&str; 5] = ["u16", "u32", "u64", "usize", "i32"];

/// What is filled in in a hole, as its type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// A number.
    Digits,
    /// One of a few words of the plugin's own (`&'static str`), without quotes and colons.
    OwnWords,
    /// Text from anywhere.
    Anything,
}

impl Filled {
    pub(crate) fn may_be(self, text: &str) -> bool {
        match self {
            Filled::Digits => text.bytes().all(|byte| byte.is_ascii_digit()),
            Filled::OwnWords => !text.contains(['\'', ':']),
            Filled::Anything => true,
        }
    }
}

/// Lines about one subject.
#[derive(Debug)]
pub struct Section {
    /// The subject, as a heading.
    pub title: &'static str,
    /// Its lines.
    pub lines: &'static [Declared],
}

impl Section {
    /// The line of this name, for code that has to know it. In a `static` or `const`, an unknown name does not compile.
    ///
    /// # Panics
    /// If there is no such line.
    #[must_use]
    pub const fn line(&self, name: &str) -> &'static Declared {
        let mut at = 0;
        while at < self.lines.len() {
            if same(self.lines[at].name, name) {
                return &self.lines[at];
            }
            at += 1;
        }
        panic!("no line has this name")
    }

    /// Whether this is one of its lines.
    #[must_use]
    pub fn has(&self, declared: &Declared) -> bool {
        self.lines.contains(declared)
    }
}

/// `==` is not for constants.
const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// What a declared text is, and so where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// It is a line of OpenVPN's log.
    Line(Level),
    /// It is the part of a line that says why.
    Reason,
    /// It is a line of the system log, in a form that other programs rely on.
    Record,
}

impl LineKind {
    /// The level of a line.
    #[must_use]
    pub fn level(self) -> Option<Level> {
        match self {
            LineKind::Line(level) => Some(level),
            LineKind::Reason | LineKind::Record => None,
        }
    }
}

/// A line, or the part of one that says why.
#[derive(Debug, PartialEq, Eq)]
pub struct Declared {
    /// The name of its function.
    pub name: &'static str,
    /// Where it stands.
    pub kind: LineKind,
    /// As it is logged, with holes such as `{user}`.
    pub text: &'static str,
    /// The holes, each with the type of what is filled in.
    pub holes: &'static [(&'static str, &'static str)],
    /// What it means; empty: it says all itself.
    pub why: &'static str,
    /// What an administrator does about it; empty: nothing, or it says that itself.
    pub todo: &'static str,
}

impl Declared {
    /// What is filled in there.
    #[must_use]
    pub fn filled_with(&self, hole: &str) -> Filled {
        match self.holes.iter().find(|(name, _)| *name == hole) {
            Some((_, number)) if NUMBERS.contains(number) => Filled::Digits,
            Some((_, "&'static str")) => Filled::OwnWords,
            _ => Filled::Anything,
        }
    }

    /// Whether there is something to say of it.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        !self.why.is_empty()
    }
}
