//! The plugin's line, and the options file it names.

use plugin_options::file::OptionsFile;

use crate::config::Config;

/// Words end with a NUL. If a byte 255 follows, the rest is the content of the options file.
///
/// No line panics. What is taken has a command, and the same words in a file mean the same.
///
/// # Panics
/// If it is not so.
pub fn config(input: &[u8]) {
    let (line, content) = match input.iter().position(|byte| *byte == 255) {
        Some(at) => (&input[..at], Some(&input[at + 1..])),
        None => (input, None),
    };
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).take(16).collect();
    let Some(content) = content else { return on_line_and_in_file(&words) };
    let read = parse([&b"options=/etc/x"[..]].iter().chain(&words).copied(), content);
    if let Ok(config) = &read {
        assert!(!config.command.is_empty());
    }
}

fn parse<'a>(words: impl IntoIterator<Item = &'a [u8]>, content: &[u8]) -> Result<Config, String> {
    let content: Vec<u8> = content.iter().copied().filter(|byte| *byte != 0).collect();
    let open = |_: &[u8]| Ok(OptionsFile { content, by_roots_group: Vec::new() });
    Config::parse_with(words, open).map_err(|error| error.to_string())
}

fn on_line_and_in_file(words: &[&[u8]]) {
    let nowhere = |_: &[u8]| Err(plugin_options::file::FileError::Unreadable(String::new()));
    let Ok(config) = Config::parse_with(words.iter().copied(), nowhere) else { return };
    assert!(!config.command.is_empty());
    // A line of the file is one line.
    if words.iter().any(|word| word.contains(&b'\n')) {
        return;
    }
    let is_option = |word: &&&[u8]| {
        let end = word.iter().position(|byte| !byte.is_ascii_lowercase() && *byte != b'-');
        end.is_some_and(|end| word[end] == b'=')
    };
    let options = words.iter().take_while(is_option).count();
    let quoted = |word: &[u8]| {
        let escaped = word.iter().flat_map(|byte| match byte {
            b'"' | b'\\' => vec![b'\\', *byte],
            _ => vec![*byte],
        });
        let escaped: Vec<u8> = escaped.collect();
        [b"\"", &escaped[..], b"\""].concat()
    };
    let lines = words[..options].iter().map(|word| quoted(word));
    let rest = words[options..].iter().map(|word| quoted(word)).collect::<Vec<_>>().join(&b' ');
    let content = lines.chain([rest]).collect::<Vec<_>>().join(&b'\n');
    // A command of the name of an option is refused there.
    if let Ok(in_file) = parse([&b"options=/etc/x"[..]], &content) {
        assert_eq!(Config { warnings: Vec::new(), ..in_file }, Config { warnings: Vec::new(), ..config });
    }
}
