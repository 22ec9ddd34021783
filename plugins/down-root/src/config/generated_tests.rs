//! What is made from the declared options, and whether what it says is so.

use std::fs;

use harness::generated::{Generated, write_or_compare};
use harness::option_reference::OptionReference;
use plugin_options::{Fallback, Mistake};

use super::*;
use crate::config::options::GROUPS;

const GENERATED: [Generated; 4] = [
    Generated::part("packaging/man/openvpn-plugin-down-root.8.scd", "options", || reference().man_section()),
    Generated::part("docs/down-root.md", "options of down-root", || reference().table()),
    Generated::file("docs/reference/down-root-options.md", document),
    Generated::file("crates/ovpn-plugin-cli/src/known_options/down-root.tsv", || reference().rows()),
];

const INTRODUCTION: &str = "    plugin /usr/lib/openvpn/plugins/openvpn-plugin-down-root.so [OPTION=VALUE]... COMMAND [ARG]...\n\n\
    Options stand before the command. A word is an option if it has a `=` after nothing but small letters\n\
    and dashes; one that is none of these is an error, and OpenVPN does not start. They can also stand in\n\
    a file, one a line (`options=FILE`).";

fn reference() -> OptionReference<Config> {
    OptionReference::new(&GROUPS)
}

fn document() -> String {
    reference().document(
        "plugins/down-root/src/config/options.rs",
        "Options of down-root",
        INTRODUCTION,
        "openvpn-plugin-down-root(8)",
    )
}

#[test]
fn generated_files() {
    write_or_compare(&GENERATED);
}

fn parse(line: &[&str]) -> Result<Config, ConfigError> {
    Config::parse(line.iter().map(|word| word.as_bytes()))
}

#[test]
fn every_option_has_its_texts() {
    reference().is_complete();
    assert_eq!(reference().sections_named(), [""; 0]);
    let on = reference().options().iter().copied().find(|option| option.name == "on").unwrap();
    let sentence = on.text.split("the events are").nth(1).and_then(|rest| rest.split('.').next()).unwrap();
    let listed: Vec<&str> = sentence.split('`').skip(1).step_by(2).collect();
    assert_eq!(listed, Event::OPTIONAL.map(Event::name));
}

#[test]
fn every_option_takes_its_example_and_not_everything() {
    // Only root can write there; `/tmp` is open to everybody.
    let place = tempfile::Builder::new().prefix("down-root-").tempdir_in("/var/lib").unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    for option in reference().options() {
        let name = option.name;
        let example =
            if name == plugin_options::OPTIONS_FILE { file.to_str().unwrap() } else { option.example };
        let read = parse(&[&format!("{name}={example}"), "/down"]);
        assert!(read.is_ok(), "{name}={example}: {read:?}");
        let empty = parse(&[&format!("{name}="), "/down"]);
        assert!(
            matches!(empty, Err(ConfigError::Option(Mistake::BadValue { .. } | Mistake::File(_)))),
            "{name}="
        );
    }
}

#[test]
fn the_declared_defaults_are_what_holds() {
    let without = parse(&["/down"]).unwrap();
    for option in reference().options() {
        match option.default {
            Fallback::Value(value) => {
                let given = parse(&[&format!("{}={value}", option.name), "/down"]).unwrap();
                assert_eq!(given, without, "{}={value}", option.name);
            }
            Fallback::Described(text) => panic!("'{text}' needs a test that it is true"),
            Fallback::Nothing => {}
        }
    }
}
