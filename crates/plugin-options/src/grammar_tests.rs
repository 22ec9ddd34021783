//! Options on the line and in the file: which one counts, and what each mistake names.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::{Fallback, Form, OptionSpec, Set, entries};

#[derive(Debug, Clone, Default, PartialEq)]
struct Config {
    timeout: u64,
    deferred: bool,
    on: Vec<Vec<u8>>,
}

const fn spec(name: &'static str, form: Form, repeats: bool, set: Set<Config>) -> OptionSpec<Config> {
    OptionSpec {
        name,
        form,
        default: Fallback::Nothing,
        example: "",
        needs: "",
        meaning: "",
        text: "",
        repeats,
        set,
    }
}

const SPECS: [OptionSpec<Config>; 3] = [
    OptionSpec {
        default: Fallback::Value("7"),
        ..spec("timeout", Form::seconds(0, 60), false, |config, value| {
            config.timeout = value.seconds()?.as_secs();
            Ok(())
        })
    },
    spec("deferred", Form::YES_NO, false, |config, value| {
        config.deferred = value.yes_or_no()?;
        Ok(())
    }),
    spec("on", Form::Other("X"), true, |config, value| {
        config.on.push(value.bytes().to_vec());
        Ok(())
    }),
];
const ENTRIES: [Entry<Config>; 3] = entries(&[&SPECS]);
const GRAMMAR: Grammar<Config> = Grammar { options: &ENTRIES, is_option: |word| word.contains(&b'=') };

/// A file where only root can write; `/tmp` is open to everybody.
struct Stage {
    place: tempfile::TempDir,
}

impl Stage {
    fn new(content: &str) -> Self {
        let place = tempfile::Builder::new().prefix("options-").tempdir_in("/var/lib").unwrap();
        fs::write(place.path().join("plugin.conf"), content).unwrap();
        Stage { place }
    }

    fn file(&self) -> String {
        self.place.path().join("plugin.conf").display().to_string()
    }

    /// Reads a line with `FILE` for the file.
    fn read(&self, line: &str) -> Result<(Config, Remainder), Mistake> {
        let line = line.replace("FILE", &self.file());
        let mut config = Config::default();
        let rest = GRAMMAR.read(line.split_whitespace().map(str::as_bytes), &mut config)?;
        Ok((config, rest))
    }

    fn refusal(&self, line: &str) -> String {
        self.read(line).unwrap_err().to_string()
    }
}

fn texts(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| String::from_utf8_lossy(&word.text).into_owned()).collect()
}

#[test]
fn a_file_says_what_a_line_can_say() {
    let stage = Stage::new(
        "# a comment\n\ntimeout=5 # seconds\r\n  \"deferred=yes\"\nvpn\n'account name' USERNAME\non=a:1\na b=c\non=b:2",
    );
    let (config, rest) = stage.read("options=FILE").unwrap();
    assert_eq!((config.timeout, config.deferred), (5, true));
    assert_eq!(config.on, [b"a:1", b"b:2"]);
    assert_eq!((&rest.line[..], &rest.by_roots_group[..]), (&[][..], &[][..]));
    let lines: Vec<Vec<String>> = rest.file.iter().map(|words| texts(words)).collect();
    assert_eq!(lines, [vec!["vpn"], vec!["account name", "USERNAME"], vec!["a", "b=c"]]);
    let Place::File { path, line } = &rest.file[1][0].place else { panic!("{rest:?}") };
    assert_eq!((path.as_path(), *line), (Path::new(&stage.file()), 6));
}

#[test]
fn the_line_goes_before_the_file_whatever_their_order() {
    let stage = Stage::new("timeout=5\ndeferred=no\non=a:1\non=b:1\n");
    for line in ["timeout=6 on=b:2 options=FILE vpn", "options=FILE on=b:2 timeout=6 vpn x=y"] {
        let (config, rest) = stage.read(line).unwrap();
        assert_eq!((config.timeout, config.deferred), (6, false));
        assert_eq!(config.on, [b"b:2", b"a:1"]);
        assert_eq!(texts(&rest.line)[0], "vpn");
    }
}

#[test]
fn every_mistake_in_a_file_names_file_line_and_word() {
    for (content, said) in [
        ("\ntimout=5", ":2: unknown option 'timout=5'; did you mean timeout=SECONDS?"),
        ("color=blue", ":1: unknown option 'color=blue'; known are deferred=yes|no on=X timeout=SECONDS"),
        ("=", ":1: unknown option '='"),
        ("#\n#\ntimeout=many", ":3: option 'timeout=many': must be a number from 0 to 60 seconds"),
        ("timeout=1\ntimeout=2", ":2: option 'timeout=2' is given twice"),
        ("on=a:1\non=a:2", ":2: option 'on=a:2' is given twice"),
        ("a 'b", ":1: the closing quote (') is missing"),
        ("a\\b", ":1: a backslash must be followed"),
        ("options=/etc/other", ":1: an options file cannot name another options file"),
    ] {
        let stage = Stage::new(content);
        let text = stage.refusal("options=FILE vpn");
        assert!(text.starts_with(&format!("{}{said}", stage.file())), "{content:?}: {text}");
    }
    // What the line says instead does not excuse a bad value.
    let text = Stage::new("timeout=many").refusal("timeout=1 options=FILE vpn");
    assert!(text.contains("'timeout=many'"), "{text}");
}

#[test]
fn a_mistake_on_the_line_names_the_word() {
    let stage = Stage::new("");
    for (line, said) in [
        ("deferd=yes vpn", "unknown option 'deferd=yes'; did you mean deferred=yes|no?"),
        ("deferred=1 vpn", "option 'deferred=1': must be yes or no"),
        ("timeout=1 timeout=1 vpn", "option 'timeout=1' is given twice"),
        ("options=FILE options=FILE vpn", "is given twice"),
        ("options=FILEx vpn", "No such file"),
        ("options= vpn", "not an absolute path"),
        ("options=plugin.conf vpn", "'plugin.conf' is not an absolute path"),
    ] {
        let text = stage.refusal(line);
        assert!(text.contains(said), "{line}: {text}");
    }
}

#[test]
fn options_after_the_others_are_noticed() {
    let words = ["timeout=6", "a=b", "timeout", "on=", "x", "Timeout=6"].map(str::as_bytes);
    assert_eq!(GRAMMAR.late_options(words), ["timeout=6", "on="]);
}

#[test]
fn a_declared_default_holds_until_something_else_is_given() {
    let stage = Stage::new("timeout=5\n");
    assert_eq!(stage.read("vpn").unwrap().0.timeout, 7);
    assert_eq!(stage.read("timeout=6 vpn").unwrap().0.timeout, 6);
    assert_eq!(stage.read("options=FILE vpn").unwrap().0.timeout, 5);
}

#[test]
fn what_a_value_must_be_comes_from_its_form() {
    let expected = |form: Form| form.expected().unwrap_or_default();
    assert_eq!(expected(Form::YES_NO), "must be yes or no");
    assert_eq!(expected(Form::Words(&["no", "addr", "remote"])), "must be no, addr or remote");
    assert_eq!(expected(Form::count(1, 9)), "must be a number from 1 to 9");
    assert_eq!(expected(Form::TIME_LIMIT), "must be a number from 0 to 86400 seconds (0: no limit)");
    assert_eq!(expected(Form::Other("DIR")), "");
}

proptest! {
    #[test]
    fn any_file_is_read_or_refused(content: Vec<u8>) {
        let mut config = Config::default();
        let path = Arc::new(PathBuf::from("/x"));
        let read = GRAMMAR.read_file(&content, &path, &mut config, &[], &mut Remainder::default());
        prop_assert!(config.timeout <= 60);
        if let Err(mistake) = read {
            prop_assert!(mistake.to_string().starts_with("/x:"));
        }
    }

    #[test]
    fn what_a_line_of_words_says_a_file_says(timeout in 0u64..90, deferred in "yes|no|maybe", name in "[a-z]{1,9}") {
        // A line of an option's bare name is a mistake in a file only.
        prop_assume!(GRAMMAR.named(name.as_bytes()).is_none());
        let words = [format!("timeout={timeout}"), format!("deferred={deferred}"), name];
        let (mut by_line, mut by_file) = (Config::default(), Config::default());
        let line = GRAMMAR.read(words.iter().map(String::as_bytes), &mut by_line);
        let (path, mut rest) = (Arc::new(PathBuf::from("/x")), Remainder::default());
        let file = GRAMMAR.read_file(words.join("\n").as_bytes(), &path, &mut by_file, &[], &mut rest);
        prop_assert_eq!(line.is_ok(), file.is_ok());
        if let Ok(line) = line {
            prop_assert_eq!(by_line, by_file);
            prop_assert_eq!(texts(&line.line), texts(&rest.file.concat()));
        }
    }
}
