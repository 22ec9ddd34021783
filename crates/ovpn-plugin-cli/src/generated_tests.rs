//! What is made from declarations: completions of shells, the options in the manual page, the reference of log lines.

use std::fmt::Write;

use clap::{Arg, Command};
use clap_complete::{Shell, generate};
use harness::generated::{Generated, root, write_or_compare};
use harness::man_options::{entry, is_option};

use crate::commands::command;

const GENERATED: [Generated; 5] = [
    Generated::file("packaging/completions/ovpn-plugin.bash", || completions(Shell::Bash)),
    Generated::file("packaging/completions/_ovpn-plugin", || completions(Shell::Zsh)),
    Generated::file("packaging/completions/ovpn-plugin.fish", || completions(Shell::Fish)),
    Generated::part("packaging/man/ovpn-plugin.1.scd", "options", section),
    Generated::file("docs/reference/log-lines.md", crate::causes::reference),
];

#[test]
fn generated_files() {
    write_or_compare(&GENERATED);
}

fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    generate(shell, &mut command(), "ovpn-plugin", &mut text);
    String::from_utf8(text).unwrap()
}

/// bash itself, which is everywhere, completes with its script.
#[test]
fn generated_completion_in_bash() {
    let script = root().join("packaging/completions/ovpn-plugin.bash");
    for (typed, completed) in [
        (&["ev"][..], "events"),
        (&["login", "--pass"], "--password-file"),
        (&["login", "--crt"], "--crtext"),
        (&["check", "--str"], "--strict"),
    ] {
        let words = typed.join(" ");
        let complete = format!(
            "source {}; COMP_WORDS=(ovpn-plugin {words}); COMP_CWORD={}; \
             words=($(complete -p ovpn-plugin)); [[ \"${{words[*]}}\" =~ -F\\ ([^\\ ]+) ]]; \
             ${{BASH_REMATCH[1]}} ovpn-plugin {} ovpn-plugin; echo \"${{COMPREPLY[@]}}\"",
            script.display(),
            typed.len(),
            typed[typed.len() - 1],
        );
        let output = std::process::Command::new("bash").args(["-c", &complete]).output().expect("bash");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), completed, "{words}");
    }
}

/// The commands of the groups of options, as far as these are options of it all.
fn section() -> String {
    let command = command();
    let commands: Vec<&Command> = command.get_subcommands().collect();
    let mut section = String::new();
    let mut written: Vec<Vec<&str>> = Vec::new();
    let owners = |arg: &Arg| -> Vec<&str> {
        commands
            .iter()
            .filter(|one| one.get_arguments().any(|other| other.get_id() == arg.get_id()))
            .map(|one| one.get_name())
            .collect()
    };
    for one in &commands {
        for arg in one.get_arguments() {
            let group = owners(arg);
            if !is_option(arg) || written.contains(&group) {
                continue;
            }
            let of = if group.len() == commands.len() {
                "all of these commands".to_owned()
            } else {
                let names: Vec<_> = group.iter().map(|name| format!("*{name}*")).collect();
                // mandoc wants short lines.
                names.chunks(4).map(|names| names.join(", ")).collect::<Vec<_>>().join(",\n")
            };
            writeln!(section, "\nOf {of}:").unwrap();
            for arg in one.get_arguments().filter(|arg| owners(arg) == group && is_option(arg)) {
                section += &entry(arg);
            }
            written.push(group);
        }
    }
    section + "\n"
}
