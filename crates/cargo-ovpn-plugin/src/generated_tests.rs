//! What is made from declarations: the options in the manual page, and the template as `cargo generate` takes it.

use std::fmt::Write;

use harness::generated::{Generated, write_or_compare};
use harness::man_options::{entry, is_option};
use harness::man_page::terms;

use crate::declaration::command;
use crate::template::{FILES, Names};

const GENERATED: [Generated; 3] = [
    Generated::part("packaging/man/cargo-ovpn-plugin.1.scd", "options", section),
    Generated::file("crates/ovpn-plugin/template/Cargo.toml.liquid", || liquid(FILES[0].text)),
    Generated::file("crates/ovpn-plugin/template/src/lib.rs.liquid", || liquid(FILES[1].text)),
];

#[test]
fn generated_files() {
    write_or_compare(&GENERATED);
}

/// The options of each command.
fn section() -> String {
    let mut section = String::new();
    for command in command().get_subcommands() {
        writeln!(section, "\nOf *{}*:", command.get_name()).unwrap();
        section.extend(command.get_arguments().filter(|arg| is_option(arg)).map(entry));
    }
    section + "\n"
}

/// What the page lists by hand.
#[test]
fn the_page_has_all_commands_and_statuses() {
    let command = command();
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    assert_eq!(terms("cargo-ovpn-plugin.1", "COMMANDS"), names);
    let help = command.get_after_help().unwrap().to_string();
    let (_, listed) = help.split_once("Exit status of `run`:\n").unwrap();
    let statuses: Vec<&str> =
        listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let statuses: Vec<&str> = statuses.into_iter().filter(|status| !status.is_empty()).collect();
    assert_eq!(terms("cargo-ovpn-plugin.1", "EXIT STATUS"), statuses);
}

/// With cargo-generate's placeholders. It takes a file of this kind instead of that with the same name before `.liquid`.
fn liquid(text: &str) -> String {
    let names = Names {
        package: "{{project-name}}".into(),
        library: "{{crate_name}}".into(),
        rust_type: "{{project-name | upper_camel_case}}".into(),
        in_the_log: "{{project-name | upcase}}".into(),
        crates: "{{sdk}}/crates".into(),
    };
    names.in_text(text)
}

/// It reads all files so.
#[test]
fn nothing_in_the_template_is_taken_for_a_placeholder() {
    for file in FILES {
        assert!(!file.text.contains("{{") && !file.text.contains("{%"), "{}", file.name);
    }
}
