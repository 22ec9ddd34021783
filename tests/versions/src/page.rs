//! What README and docs/versions.md say of the records.

use std::collections::BTreeMap;

use harness::man_markup::wrapped;

use crate::record::{Kept, Record};

/// README's table.
pub(crate) fn table() -> String {
    let mut text =
        String::from("| OpenVPN | in | test programs | tests passed | left out |\n|---|---|---|---|---|\n");
    for record in Record::all() {
        let Record { title, openvpn, skipped, .. } = &record;
        let (passed, missing) = (record.suites.len(), record.missing().len());
        let programs = format!("{passed} of {}", passed + missing);
        text += &format!("| {openvpn} | {title} | {programs} | {} | {} |\n", record.passed(), skipped.len());
    }
    text
}

/// docs/versions.md without its beginning, which is written by hand.
pub(crate) fn details() -> String {
    let mut text = String::new();
    for record in Record::all() {
        let Record { title, release, openvpn, package: of_debian, pam, glibc, skipped, .. } = &record;
        text += &format!("## OpenVPN {openvpn}, {title}\n\n");
        text += &format!("{title} ({release}), package {of_debian}, Linux-PAM {pam}, glibc {glibc}.\n\n");
        text += "| tests | passed | on | commit |\n|---|---|---|---|\n";
        for suite in &record.suites {
            let Kept { package, name, passed, date, commit } = suite;
            text += &format!("| {package} {name} | {passed} | {date} | {commit} |\n");
        }
        text.push('\n');
        if !record.missing().is_empty() {
            text += &paragraph(&format!("Not passed yet: {}.", record.missing().join(", ")));
        }
        let mut reasons: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        for one in skipped {
            let names = reasons.entry((&one.need, &one.why)).or_default();
            names.push(format!("`{} {} {}`", one.package, one.suite, one.test));
        }
        for ((need, why), names) in reasons {
            text += &paragraph(&format!("Left out, needs {need}: {why}."));
            for name in names {
                text += &format!("* {name}\n");
            }
            text.push('\n');
        }
    }
    text
}

/// In lines of at most 100 characters, and an empty one.
fn paragraph(text: &str) -> String {
    wrapped(text, "", 100) + "\n"
}

#[cfg(test)]
mod tests {
    use std::fs;

    use harness::generated::{Generated, root, write_or_compare};

    use super::*;

    /// Where versions are promised.
    const CLAIMS: [&str; 2] = ["README.md", "docs/install.md"];

    #[test]
    fn generated() {
        write_or_compare(&[
            Generated::part("README.md", "versions", table),
            Generated::part("docs/versions.md", "versions", details),
        ]);
    }

    /// The versions of OpenVPN in lines that name it, as 2.6 or 2.6.14.
    fn claimed(text: &str) -> Vec<&str> {
        let lines = text.lines().filter(|line| line.contains("OpenVPN"));
        let words = lines.flat_map(|line| line.split([' ', ',', ';', '(', ')', '|', ':']));
        let words = words.map(|word| word.trim_end_matches('.'));
        words
            .filter(|word| word.starts_with("2.") && word.chars().all(|c| c.is_ascii_digit() || c == '.'))
            .collect()
    }

    fn without_a_run<'t>(text: &'t str, ran: &[String]) -> Vec<&'t str> {
        let mut left = claimed(text);
        left.retain(|word| !ran.iter().any(|version| format!("{version}.").starts_with(&format!("{word}."))));
        left
    }

    #[test]
    fn no_version_is_promised_without_a_run() {
        // What clients, PAM and the plugin do together.
        let is_tried = |record: &Record| record.suites.iter().any(|suite| suite.name == "openvpn");
        let ran: Vec<String> =
            Record::all().into_iter().filter(is_tried).map(|record| record.openvpn).collect();
        for file in CLAIMS {
            let text = fs::read_to_string(root().join(file)).unwrap();
            assert!(!claimed(&text).is_empty(), "{file} names no version");
            assert_eq!(without_a_run(&text, &ran), Vec::<&str>::new(), "{file}: there is no run with these");
        }
    }

    #[test]
    fn a_version_without_a_run_is_found() {
        let ran = ["2.5.1", "2.6.14"].map(String::from);
        let text = "Linux; OpenVPN 2.4 to 2.6.\nOpenVPN 2.6.1 (or 2.5.1)\nnot 2.3\n";
        assert_eq!(without_a_run(text, &ran), ["2.4", "2.6.1"]);
    }
}
