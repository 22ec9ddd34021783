//! Words of a configuration line, quoted as OpenVPN reads them.

use std::path::Path;

/// A `plugin` line that hands the plugin exactly these words.
pub(crate) fn plugin_line(file: &Path, words: &[&str]) -> String {
    let words: Vec<String> = match words {
        // OpenVPN splits one that stands alone once more.
        [one] => vec![openvpn_word(&openvpn_word(one))],
        several => several.iter().map(|word| openvpn_word(word)).collect(),
    };
    let file = path(file);
    std::iter::once(format!("plugin {file}")).chain(words).collect::<Vec<_>>().join(" ")
}

/// The name of a file, wherever its directory is.
pub(crate) fn path(file: &Path) -> String {
    openvpn_word(&file.display().to_string())
}

/// One word, also for the management interface.
pub(crate) fn openvpn_word(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_alone_is_quoted_twice() {
        let line = |words: &[&str]| plugin_line(Path::new("/x.so"), words);
        assert_eq!(line(&[]), r#"plugin "/x.so""#);
        assert_eq!(line(&["a b"]), r#"plugin "/x.so" "\"a b\"""#);
        assert_eq!(line(&["a b", r#"c"\"#]), r#"plugin "/x.so" "a b" "c\"\\""#);
    }
}
