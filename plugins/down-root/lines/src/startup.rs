//! What is said when the plugin is opened.

use std::fmt::Display;

use crate::scripts::{ABOUT_A_SCRIPT, LOOK_UP_THE_REASON};

const NOBODY_ELSE: &str =
    "Run the command in the line, or move the script to a directory that only root can write to.";

log_lines::lines! {
    /// When the plugin is opened.
    pub static LINES: "When the plugin is opened";

    info initialized(program: impl Display) "initialization succeeded: down script {program}";
    warn line_is_full(single: usize, quoted: usize)
        "the plugin line is full: OpenVPN passes at most {single} words after the plugin's path ({quoted} in one pair of quotes) and drops the rest",
        why "OpenVPN silently drops any further words of a plugin line.",
        todo "Put options and the command into a file, and name it in the plugin line: options=/etc/openvpn/down-root.conf";
    error no_command()
        "the command is missing; write: plugin FILE [OPTION=VALUE]... COMMAND [ARG]...",
        why "The plugin line does not name a script.",
        todo "Put its path after the plugin's path: `plugin /usr/lib/openvpn/plugins/openvpn-plugin-down-root.so COMMAND`";
    error second_command(place: impl Display, word: &str)
        "{place}'{word}': the file already has a command; write its arguments on the same line",
        why "There is only one down script, and its arguments stand on its line.",
        todo "Write command and arguments on one line, or name a script for another event with `on=EVENT:PATH`.";
    error option_or_command(mistake: impl Display, word: &str)
        "{mistake}; if it is the command, write './{word}'; to set a variable for the script, write a line of its own: setenv NAME VALUE",
        why "A word of the plugin line or of the options file looks like an option, but is not one.",
        todo "Correct the word quoted in the log; the plugin's manual page lists the options.";
    warn command_not_used(place: impl Display, in_file: &str, used: &str)
        "{place}command '{in_file}' is not used: the plugin line names '{used}'; name only one",
        why "Both the plugin line and the options file name a command. The one in the line is used.",
        todo "Remove one of them.";
    warn late_option(word: &str)
        "'{word}' comes after the command, so it is an argument; options go before the command",
        why "All words after the command are passed to the script.",
        todo "If it is an option, put it before the command.";
    warn about_script(event: &str, reason: impl Display) "the {event} script: {reason}",
        why ABOUT_A_SCRIPT,
        todo LOOK_UP_THE_REASON;
    error unusable(event: &str, word: &str, reason: impl Display, hint: &str)
        "the {event} script '{word}': {reason}{hint}",
        why "The script cannot be run, so OpenVPN does not start.",
        todo "Correct what the line names.";
    reason relative_path(given: impl Display, absolute: impl Display)
        "'{given}' is a relative path: taken as {absolute}",
        why "A relative path starts at OpenVPN's working directory, which `cd` changes.",
        todo "Write an absolute path.";
    reason run_all_the_same(program: impl Display, reason: impl Display) "{program} is run as root, but {reason}",
        why "Users other than root could change the script, and so run anything as root.",
        todo NOBODY_ELSE;
    reason not_run_as_root(program: impl Display, problem: impl Display, remedy: &str)
        "{program} is not run as root: {problem}; {remedy}, or set insecure-permissions=yes",
        why "Users other than root could change the script, and so run anything as root.",
        todo NOBODY_ELSE;
    reason not_a_file(path: impl Display) "{path} is not a regular file",
        why "The path of the script leads to a directory, a device, a socket or a pipe.",
        todo "Name a regular file.";
    reason not_executable(path: impl Display) "{path} is not executable (chmod +x)",
        why "The script has no execute permission.",
        todo "Run `chmod +x` on it.";
    reason noexec(path: impl Display) "{path} is on a file system that is mounted with noexec",
        why "The kernel runs nothing from there.",
        todo "Put the script elsewhere, or mount the file system without `noexec`.";
    reason no_program(path: impl Display)
        "{path} is neither a script, with #! and an interpreter as its first line, nor a binary program",
        why "The kernel does not know how to run this file.",
        todo "Make `#!/bin/sh`, or another interpreter, its first line.";
    reason bad_interpreter(script: impl Display, reason: impl Display) "the interpreter of {script}: {reason}",
        why "The first line of the script names an interpreter that cannot be used.",
        todo "Correct the first line of the script, or install what it names.";
    reason moved(path: impl Display) "{path} is reached through a link that was not there at the start",
        why "The path to the script has changed since OpenVPN started, so it may lead to an unchecked file.",
        todo "Restart OpenVPN.";
    reason too_many_links(path: impl Display) "{path}: too many links",
        why "The symbolic links on the way to the file form a circle.",
        todo "Look at them with `namei`.";
}
