//! Prometheus' text format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::{Display, Write};

/// What all names begin with.
pub const PREFIX: &str = "openvpn_auth_pam_";

/// What type of metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricType {
    /// It only grows, until the supervisor starts anew.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How many are within each bound.
    Histogram,
}

impl MetricType {
    /// Its word in the format.
    pub fn word(self) -> &'static str {
        match self {
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
            MetricType::Histogram => "histogram",
        }
    }
}

/// The text as far as it is written, and the name of what is being written.
pub struct Samples<'a> {
    text: String,
    server: &'a str,
    name: &'static str,
    labels: &'static [&'static str],
}

impl<'a> Samples<'a> {
    /// Nothing yet. `server` is a label of every line; it has nothing in it that would have to be escaped.
    pub fn new(server: &'a str) -> Self {
        Samples { text: String::with_capacity(16 * 1024), server, name: "", labels: &[] }
    }

    /// Begins with another name.
    pub fn begin(
        &mut self,
        name: &'static str,
        labels: &'static [&'static str],
        kind: MetricType,
        help: &str,
    ) {
        (self.name, self.labels) = (name, labels);
        let kind = kind.word();
        // Writing to a string does not fail.
        let _ = write!(self.text, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}\n");
    }

    /// One line.
    pub fn add(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line("", labels, None, value);
    }

    /// The lines of a histogram: how many are within which bound in seconds, how many there are, and their sum.
    pub fn histogram(
        &mut self,
        labels: &[(&str, &str)],
        buckets: impl Iterator<Item = (f64, u64)>,
        count: u64,
        sum: f64,
    ) {
        for (bound, within) in buckets {
            self.line("_bucket", labels, Some(&bound.to_string()), within);
        }
        self.line("_bucket", labels, Some("+Inf"), count);
        self.line("_sum", labels, None, sum);
        self.line("_count", labels, None, count);
    }

    fn line(&mut self, ending: &str, labels: &[(&str, &str)], bound: Option<&str>, value: impl Display) {
        debug_assert!(labels.iter().map(|(label, _)| label).eq(self.labels), "{}: {labels:?}", self.name);
        let (name, server) = (self.name, self.server);
        let _ = write!(self.text, "{PREFIX}{name}{ending}{{server=\"{server}\"");
        for (label, value) in labels.iter().copied().chain(bound.map(|bound| ("le", bound))) {
            let _ = write!(self.text, ",{label}=\"{value}\"");
        }
        let _ = writeln!(self.text, "}} {value}");
    }

    /// All of it.
    pub fn into_text(self) -> String {
        self.text
    }
}
