//! The plugin's line, and the options file it names.

use plugin_options::file::{FileError, OptionsFile};

use crate::config::Config;
use crate::worker::prompts::{MAX_PAIRS, Prompts};

/// Words end with a NUL. If a byte 255 follows, the rest is the content of the options file.
///
/// No line panics. What is taken has a service that libpam looks up in its own directory, and the same words in a file mean
/// the same.
///
/// # Panics
/// If it is not so.
pub fn config(input: &[u8]) {
    let (line, content) = match input.iter().position(|byte| *byte == 255) {
        Some(at) => (&input[..at], Some(&input[at + 1..])),
        None => (input, None),
    };
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).take(40).collect();
    let Some(content) = content else { return on_line_and_in_file(&words) };
    if let Ok(config) = parse([&b"options=/etc/x"[..]].iter().chain(&words).copied(), content) {
        is_sound(&config);
    }
}

fn is_sound(config: &Config) {
    let service = config.service.as_bytes();
    assert!(!service.is_empty() && !service.contains(&b'/') && service != b"." && service != b"..");
    if let Prompts::ByName(pairs) = &config.prompts {
        assert!((1..=MAX_PAIRS).contains(&pairs.len()));
    }
    assert!(config.max_workers != Some(0) && config.max_suspended != Some(0));
    assert!(config.max_sessions != Some(0) && config.max_sessions_per_user != Some(0));
    assert!(!config.challenge_timeout.is_zero());
    if let Some(text) = &config.challenge_text {
        assert!(config.challenge && !text.is_empty() && !text.chars().any(char::is_control));
    }
}

fn parse<'a>(words: impl IntoIterator<Item = &'a [u8]>, content: &[u8]) -> Result<Config, String> {
    let content: Vec<u8> = content.iter().copied().filter(|byte| *byte != 0).collect();
    let open = |_: &[u8]| Ok(OptionsFile { content, by_roots_group: Vec::new() });
    Config::parse_with(words, open).map_err(|error| error.to_string())
}

fn on_line_and_in_file(words: &[&[u8]]) {
    let nowhere = |_: &[u8]| Err(FileError::Unreadable(String::new()));
    let Ok(config) = Config::parse_with(words.iter().copied(), nowhere) else { return };
    is_sound(&config);
    // A line of the file is one line.
    if words.iter().any(|word| word.contains(&b'\n')) {
        return;
    }
    let quoted = |word: &&[u8]| {
        let escaped = word.iter().flat_map(|byte| match byte {
            b'"' | b'\\' => vec![b'\\', *byte],
            _ => vec![*byte],
        });
        let escaped: Vec<u8> = escaped.collect();
        [b"\"", &escaped[..], b"\""].concat()
    };
    let options = words.iter().take_while(|word| word.contains(&b'=')).count();
    let rest = words[options..].iter().map(quoted).collect::<Vec<_>>().join(&b' ');
    let content = words[..options].iter().map(quoted).chain([rest]).collect::<Vec<_>>().join(&b'\n');
    // A service of the name of an option is refused there.
    if let Ok(in_file) = parse([&b"options=/etc/x"[..]], &content) {
        let plain = |config| Config { warnings: Vec::new(), ..config };
        assert_eq!(plain(in_file), plain(config));
    }
}
