//! What is said of a plugin's line and its options file.

use std::fmt::Display;

const OTHERS_COULD_CHANGE_IT: &str =
    "The plugin obeys this file as root, so only root may be able to change it.";

log_lines::lines! {
    /// Mistakes in options.
    pub static LINES: "Options";

    error unknown(place: impl Display, word: &str, nearest: &str)
        "{place}unknown option '{word}'; {nearest}",
        why "A word of the plugin line or of the options file looks like an option, but is not one.",
        todo "Correct the word quoted in the log; the plugin's manual page lists the options.";
    error bad_value(place: impl Display, word: &str, expected: &str) "{place}option '{word}': {expected}",
        why "The option cannot have this value.",
        todo "Correct the value; the plugin's manual page lists the allowed ones.";
    error repeated(place: impl Display, word: &str) "{place}option '{word}' is given twice",
        why "The plugin line or the options file has the same option more than once.",
        todo "Remove one of them.";
    error not_alone(place: impl Display, word: &str, form: &str)
        "{place}'{word}': an option is one word on a line of its own, {form}",
        why "A line of the options file begins with the name of an option, but is not written as an option.",
        todo "Write one option per line, with `=` and without blanks, as the log shows it.";
    error nested(place: impl Display) "{place}an options file cannot name another options file",
        why "A plugin line can have only one options file.",
        todo "Copy the lines of the other file into this one.";
    error unclosed(place: impl Display, quote: char) "{place}the closing quote ({quote}) is missing",
        why "A word of this line begins with a quote that is not closed.",
        todo "Close the quote, or write a backslash before it.";
    error dangling_backslash(place: impl Display)
        "{place}a backslash must be followed by a blank, a double quote or a backslash; for a backslash write two",
        why "The options file is read as OpenVPN reads its own, where a backslash has a meaning.",
        todo "Write two backslashes for one.";
    error relative(path: impl Display) "options file: '{path}' is not an absolute path",
        why "A relative path would name another file once OpenVPN has changed its directory.",
        todo "Write an absolute path.";
    error not_a_file(path: impl Display) "options file: {path} is not a regular file",
        why "The path after `options=` leads to a directory, a device, a socket or a pipe.",
        todo "Name a regular file.";
    error not_read(path: impl Display, problem: impl Display, remedy: &str)
        "options file: {path} is not read: {problem}; {remedy}",
        why OTHERS_COULD_CHANGE_IT,
        todo "Run the command in the line.";
    error too_long(path: impl Display, most: usize) "options file: {path} has more than {most} bytes",
        why "No options are that long. It is probably some other file.",
        todo "Check the path after `options=`.";
    error nul_byte(path: impl Display) "options file: {path} contains a NUL byte",
        why "No option contains one. It is probably some other file.",
        todo "Check the path after `options=`.";
    error unreadable(why: &str) "options file: {why}",
        why "The file that `options=` names is missing, or cannot be reached or read.",
        todo "Check the path after `options=`. After SIGHUP the plugin has only OpenVPN's rights: restart OpenVPN.";
    warn by_roots_group(problem: impl Display, command: &str) "options file: {problem}; run '{command}'",
        why OTHERS_COULD_CHANGE_IT,
        todo "Run the command in the line.";
}
