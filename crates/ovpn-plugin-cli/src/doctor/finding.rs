//! What the doctor has found, as data; how it is printed is another matter.

use std::fmt;
use std::path::Path;

use openvpn_config::Place;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Worth knowing: what this command sees may not be what OpenVPN sees.
    Note,
    /// Some logins fail or take long, or something is less safe than it looks.
    Warning,
    /// OpenVPN does not start, nobody gets in, or everybody does.
    Error,
}

impl Severity {
    /// The word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// A line of a file.
    Line(Place),
    /// The unit that starts the server.
    Unit(String),
}

impl fmt::Display for Where {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(place) if place.line == 0 => place.file.display().fmt(out),
            Self::Line(place) => place.fmt(out),
            Self::Unit(name) => out.write_str(name),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    /// Its name, which stays the same when the text is reworded.
    pub(crate) id: &'static str,
    pub(crate) place: Option<Where>,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) todo: String,
}

impl Finding {
    fn new(severity: Severity, id: &'static str, what: String) -> Self {
        Self { severity, id, place: None, what, why: String::new(), todo: String::new() }
    }

    pub(crate) fn error(id: &'static str, what: impl Into<String>) -> Self {
        Self::new(Severity::Error, id, what.into())
    }

    pub(crate) fn warning(id: &'static str, what: impl Into<String>) -> Self {
        Self::new(Severity::Warning, id, what.into())
    }

    pub(crate) fn note(id: &'static str, what: impl Into<String>) -> Self {
        Self::new(Severity::Note, id, what.into())
    }

    /// In this line.
    pub(crate) fn at(mut self, place: &Place) -> Self {
        self.place = Some(Where::Line(place.clone()));
        self
    }

    /// In this line of a file, or somewhere in it (0).
    pub(crate) fn in_file(self, file: &Path, line: usize) -> Self {
        self.at(&Place { file: file.into(), line })
    }

    pub(crate) fn in_unit(mut self, name: &str) -> Self {
        self.place = Some(Where::Unit(name.to_owned()));
        self
    }

    pub(crate) fn why(mut self, text: impl Into<String>) -> Self {
        self.why = text.into();
        self
    }

    pub(crate) fn todo(mut self, text: impl Into<String>) -> Self {
        self.todo = text.into();
        self
    }
}

/// The status the command ends with: 2 if there are errors, 1 if there are warnings, with `strict` also if there are notes.
pub(crate) fn status(findings: &[Finding], strict: bool) -> u8 {
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => 2,
        Some(Severity::Warning) => 1,
        Some(Severity::Note) if strict => 1,
        Some(Severity::Note) | None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_one_decides() {
        let (note, warning, error) =
            (Finding::note("a", ""), Finding::warning("b", ""), Finding::error("c", ""));
        for strict in [false, true] {
            assert_eq!(status(&[], strict), 0);
            assert_eq!(status(std::slice::from_ref(&note), strict), u8::from(strict));
            assert_eq!(status(&[warning.clone(), note.clone()], strict), 1);
            assert_eq!(status(&[note.clone(), error.clone(), warning.clone()], strict), 2);
        }
    }
}
