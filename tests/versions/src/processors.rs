//! What docs/platforms.md says of other processors and systems, from the records in tests/architectures/results.

use std::fs;

use harness::generated::root;
use harness::man_markup::wrapped;

/// What may have run: Debian's name, which is that of the record, and what people call it.
const KNOWN: [(&str, &str); 3] =
    [("arm64", "ARM, 64 bit"), ("armhf", "ARM, 32 bit"), ("i386", "x86, 32 bit")];
/// What the SDK is compiled for, and Rust's name of it.
const SYSTEMS: [(&str, &str); 4] = [
    ("FreeBSD", "x86_64-unknown-freebsd"),
    ("OpenBSD", "x86_64-unknown-openbsd"),
    ("macOS", "aarch64-apple-darwin"),
    ("Linux with musl", "x86_64-unknown-linux-musl"),
];

/// What came of a run: lines of a name, a colon and a value.
struct Record {
    name: &'static str,
    title: &'static str,
    text: String,
}

impl Record {
    fn all() -> Vec<Self> {
        let known = KNOWN.into_iter();
        known.filter_map(|(name, title)| Self::of(name, title)).collect()
    }

    fn of(name: &'static str, title: &'static str) -> Option<Self> {
        let file = root().join("tests/architectures/results").join(name).with_extension("txt");
        Some(Self { name, title, text: fs::read_to_string(file).ok()? })
    }

    fn values<'t>(&'t self, key: &'t str) -> impl Iterator<Item = &'t str> {
        self.text.lines().filter_map(move |line| line.strip_prefix(key)?.strip_prefix(": "))
    }

    fn value<'t>(&'t self, key: &'t str, otherwise: &'t str) -> &'t str {
        self.values(key).next().unwrap_or(otherwise)
    }

    /// When tests have passed, and on which commit.
    fn ran(&self) -> String {
        format!("{}, {}", self.value("on", "?"), self.value("commit", "-"))
    }

    /// Tests have passed.
    fn is_tested(&self) -> bool {
        self.value("unit tests", "0").parse().is_ok_and(|passed: usize| passed > 0)
    }
}

/// Of processors.
pub(crate) fn processors() -> String {
    let mut text = String::from(
        "| processor | Debian's name | ran in | on, commit | unit tests | layout, libpam | left out | logins | package |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    let mut left_out = String::new();
    for record in Record::all().iter().filter(|record| record.is_tested()) {
        text += &format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            record.title,
            record.name,
            record.value("runs in", "this processor"),
            record.ran(),
            record.value("unit tests", "?"),
            record.value("layout and libpam", "none"),
            record.values("left out").count(),
            record.value("logins", "none"),
            record.value("package", "none"),
        );
        for one in record.values("left out") {
            let (name, reason) = one.split_once(": ").unwrap_or((one, ""));
            let item = wrapped(&format!("{}: `{name}`: {reason}", record.name), "  ", 98);
            left_out += &item.replacen("  ", "* ", 1);
        }
    }
    if left_out.is_empty() { text } else { format!("{text}\nLeft out:\n\n{left_out}") }
}

/// Of systems that the SDK is compiled for.
pub(crate) fn systems() -> String {
    let mut text = String::from("| system | Rust's name | compiled on |\n|---|---|---|\n");
    let Some(compiled) = Record::of("compiled", "") else { return text };
    for (title, rust) in SYSTEMS {
        text += &format!("| {title} | `{rust}` | {} |\n", compiled.value(rust, "never"));
    }
    text
}

#[cfg(test)]
mod tests {
    use harness::generated::{Generated, write_or_compare};

    use super::*;

    /// Where processors are promised.
    const CLAIMS: [&str; 3] = ["README.md", "docs/install.md", "docs/platforms.md"];
    /// Debian's names, ports included.
    const NAMES: [&str; 11] = [
        "alpha", "arm64", "armel", "armhf", "hppa", "i386", "loong64", "mips64el", "ppc64el", "riscv64",
        "s390x",
    ];

    #[test]
    fn generated() {
        write_or_compare(&[
            Generated::part("docs/platforms.md", "processors", processors),
            Generated::part("docs/platforms.md", "systems", systems),
        ]);
    }

    fn without_a_run<'t>(text: &'t str, ran: &[&str]) -> Vec<&'t str> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter(|word| NAMES.contains(word) && !ran.contains(word)).collect()
    }

    #[test]
    fn no_processor_is_promised_without_a_run() {
        let records = Record::all();
        let is_whole = |record: &&Record| record.is_tested() && record.values("logins").next().is_some();
        let ran: Vec<&str> = records.iter().filter(is_whole).map(|record| record.name).collect();
        for file in CLAIMS {
            let text = fs::read_to_string(root().join(file)).unwrap();
            assert_eq!(without_a_run(&text, &ran), Vec::<&str>::new(), "{file}: there is no run on these");
        }
    }

    #[test]
    fn a_processor_without_a_run_is_found() {
        assert_eq!(without_a_run("for arm64, and `riscv64`.", &["arm64", "i386"]), ["riscv64"]);
    }
}
