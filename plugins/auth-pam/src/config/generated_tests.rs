//! What is made from the declared options, and whether what it says is so.

use std::fs;

use harness::generated::{Generated, write_or_compare};
use harness::man_page;
use harness::option_reference::OptionReference;
use plugin_options::{Fallback, Form, Mistake};

use super::*;
use crate::config::options::GROUPS;
use crate::limits::{DEFAULT_MAX_SESSIONS, DEFAULT_MAX_SUSPENDED, DEFAULT_MAX_WORKERS};
use crate::startup::TimeLimits;

const PAGE: &str = "openvpn-plugin-auth-pam.8";

const GENERATED: [Generated; 4] = [
    Generated::part("packaging/man/openvpn-plugin-auth-pam.8.scd", "options", || reference().man_section()),
    Generated::part("docs/auth-pam.md", "options of auth-pam", || reference().table()),
    Generated::file("docs/reference/auth-pam-options.md", document),
    Generated::file("crates/ovpn-plugin-cli/src/known_options/auth-pam.tsv", || reference().rows()),
];

const INTRODUCTION: &str = "    plugin /usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so [OPTION=VALUE]... SERVICE [NAME VALUE]...\n\n\
    Options stand before the service. A word there that is none of these is an error, and OpenVPN does\n\
    not start. They can also stand in a file, one a line (`options=FILE`).";

fn reference() -> OptionReference<Config> {
    OptionReference::new(&GROUPS)
}

fn document() -> String {
    reference().document(
        "plugins/auth-pam/src/config/options",
        "Options of auth-pam",
        INTRODUCTION,
        "openvpn-plugin-auth-pam(8)",
    )
}

#[test]
fn generated_files() {
    write_or_compare(&GENERATED);
}

fn parse(line: &[&str]) -> Result<Config, ConfigError> {
    Config::parse(line.iter().map(|word| word.as_bytes()))
}

/// Reads an option with this value; what its example names is there.
fn with(option: &str, form: &Form, value: &str) -> Result<Config, ConfigError> {
    // Only root can write there; `/tmp` is open to everybody.
    let place = tempfile::Builder::new().prefix("auth-pam-").tempdir_in("/var/lib").unwrap();
    let name = std::path::Path::new(value).file_name().unwrap_or("file".as_ref());
    let file = place.path().join(name);
    fs::write(&file, "").unwrap();
    let value = match form {
        Form::Other("DIR") => place.path().to_str().unwrap(),
        Form::Other("FILE") => file.to_str().unwrap(),
        _ => value,
    };
    parse(&[&format!("{option}={value}"), "login"])
}

#[test]
fn every_option_has_its_texts_and_names_sections_that_there_are() {
    reference().is_complete();
    let page = fs::read_to_string(man_page::source(PAGE)).unwrap();
    for section in reference().sections_named() {
        assert!(page.lines().any(|line| line.trim_start_matches('#').trim() == section), "{section}");
    }
}

#[test]
fn every_option_takes_its_example_and_each_of_its_words_and_nothing_else() {
    for option in reference().options() {
        let name = option.name;
        let read = with(name, &option.form, option.example);
        assert!(read.is_ok(), "{name}={}: {read:?}", option.example);
        match option.form {
            Form::Words(words) => {
                for word in words {
                    assert!(parse(&[&format!("{name}={word}"), "login"]).is_ok(), "{name}={word}");
                }
            }
            Form::Number(bounds) => {
                for (number, good) in [
                    (Some(bounds.least), true),
                    (Some(bounds.most), true),
                    (bounds.least.checked_sub(1), false),
                    (bounds.most.checked_add(1), false),
                ] {
                    let Some(number) = number else { continue };
                    let read = parse(&[&format!("{name}={number}"), "login"]);
                    assert_eq!(read.is_ok(), good, "{name}={number}");
                }
            }
            Form::Other(_) => {}
        }
        let wrong = parse(&[&format!("{name}=?"), "login"]);
        assert!(
            matches!(wrong, Err(ConfigError::Option(Mistake::BadValue { .. } | Mistake::File(_)))),
            "{name}=?"
        );
    }
}

/// Those that are a value: giving them changes nothing. The others are compared with what the code makes of it.
#[test]
fn the_declared_defaults_are_what_holds() {
    let without = parse(&["login"]).unwrap();
    let mut described = Vec::new();
    for option in reference().options() {
        match option.default {
            Fallback::Value(value) => {
                let given = parse(&[&format!("{}={value}", option.name), "login"]).unwrap();
                assert_eq!(given, without, "{}={value}", option.name);
            }
            Fallback::Described(text) => described.push((option.name, text)),
            Fallback::Nothing => {
                let given = with(option.name, &option.form, option.example).unwrap();
                let same = given == without;
                assert_eq!(same, option.name == plugin_options::OPTIONS_FILE, "{}", option.name);
            }
        }
    }
    let up_to = |most: u64| format!("up to {most}");
    let direct = TimeLimits::new(without.timeout, None).of(false).unwrap().as_secs();
    let wanted = [
        ("deferred", "`no`, unless `setenv deferred_auth_pam 1` is set".to_owned()),
        ("max-sessions", up_to(DEFAULT_MAX_SESSIONS)),
        ("max-suspended", up_to(DEFAULT_MAX_SUSPENDED)),
        ("max-workers", up_to(DEFAULT_MAX_WORKERS)),
        ("reasons", "`safe`".to_owned()),
        ("timeout", format!("{direct}, or in deferred mode by `hand-window`")),
    ];
    let described: Vec<(&str, String)> =
        described.iter().map(|(name, text)| (*name, (*text).into())).collect();
    assert_eq!(described, wanted, "a described default needs a test that it is true");
    assert_eq!((without.defers(false), without.defers(true)), (false, true));
    assert_eq!(without.reasons(), parse(&["reasons=safe", "login"]).unwrap().reasons());
}

/// What is said to need OpenVPN 2.6 is what a start under an older one is warned about.
#[test]
fn what_needs_openvpn_2_6_is_what_the_start_warns_of() {
    for option in reference().options() {
        // The example of this one switches it off.
        let value = if option.name == "reasons" { "all" } else { option.example };
        let config = with(option.name, &option.form, value).unwrap();
        let warned = config.since_2_6().contains(&option.name);
        assert_eq!(warned, option.needs == "OpenVPN 2.6", "{}", option.name);
    }
}

#[test]
fn every_facility_is_in_the_text() {
    let syslog = reference().options().iter().copied().find(|option| option.name == "syslog").unwrap();
    let names = Facility::names();
    let facilities: Vec<&str> = names.trim_start_matches("must be one of ").split(", ").collect();
    assert_eq!(facilities.len(), 18);
    for facility in facilities {
        assert!(Facility::parse(facility).is_some(), "{facility}");
        let named = syslog.text.contains(&format!("`{facility}`"));
        assert!(facility.starts_with("local") || named, "{facility}");
    }
    let keywords = man_page::terms(PAGE, "DESCRIPTION");
    assert_eq!(keywords, ["USERNAME", "PASSWORD", "COMMONNAME", "OTP"]);
}
