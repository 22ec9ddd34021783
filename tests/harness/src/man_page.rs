//! The sources of the manual pages, to be compared with the code.

use std::fs;
use std::path::{Path, PathBuf};

/// The file a page is made from, for example that of `ovpn-plugin.1`.
pub fn source(page: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/man").join(format!("{page}.scd"))
}

/// What `section` of the page lists: the lines above an indented text, without markup, as a reader sees them.
pub fn terms(page: &str, section: &str) -> Vec<String> {
    let path = source(page);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let heading = format!("# {section}");
    let lines: Vec<&str> = text
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("# "))
        .collect();
    assert!(!lines.is_empty(), "{} has no section {section}", path.display());
    let terms = lines.windows(2).filter(|pair| is_term(pair[0]) && pair[1].starts_with('\t'));
    terms.map(|pair| pair[0].replace(['*', '_', '\\'], "")).collect()
}

fn is_term(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_what_a_reader_sees() {
        let found = terms("ovpn-plugin.1", "COMMANDS");
        assert!(["login", "doctor"].iter().all(|known| found.iter().any(|term| term == known)), "{found:?}");
        assert!(found.iter().all(|term| !term.contains(['*', '\t', ' '])), "{found:?}");
    }
}
