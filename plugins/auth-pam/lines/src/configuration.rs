//! What is wrong with the plugin line or the options file.

use std::fmt::Display;

use crate::texts::PUT_THE_SERVICE;

log_lines::lines! {
    /// The plugin line.
    pub static LINES: "The plugin line and the options file";

    error no_service()
        "the PAM service name is missing; write: plugin FILE [OPTION=VALUE]... SERVICE [NAME VALUE]...",
        why "The plugin line does not name a PAM service.",
        todo PUT_THE_SERVICE;
    error bad_service(place: impl Display, word: &str) "{place}'{word}' is not a valid PAM service name",
        why "The name of a PAM service is the name of a file in /etc/pam.d.",
        todo "Correct the word after the plugin's path.";
    error second_service(place: impl Display, word: &str)
        "{place}'{word}': the file already names a service, and a pair is a NAME and a VALUE",
        why "A line with an odd number of words begins with a service, and there can be only one.",
        todo "Remove one of the services, or put values with blanks into quotes.";
    error odd_pairs(place: impl Display, word: &str)
        "{place}name '{word}' has no value: after the service name come pairs of NAME and VALUE",
        why "The words after the service name are pairs of NAME and VALUE, and one NAME has no VALUE.",
        todo "Put names and values with blanks into quotes. OpenVPN passes 14 words of a plugin line, or 16 in one pair of quotes.";
    error too_many_pairs(place: impl Display, most: usize, word: &str)
        "{place}more than {most} name/value pairs; the first one too many is '{word}'",
        why "There are more pairs than the plugin allows.",
        todo "Remove some of them.";
    warn taken_as_pair(place: impl Display, word: &str, remedy: &str)
        "{place}'{word}' comes after the service, so it is part of a NAME VALUE pair; {remedy}",
        why "After the service come only pairs of a prompt and its answer. This word looks like an option.",
        todo "Put options before the service, or on lines of their own in the options file.";
    warn taken_as_name(name: &str, form: &str)
        "'{name}' comes after the service, so it is the NAME of a pair; write the option as {form}, before the service",
        why "After the service come only pairs of a prompt and its answer. This word is the name of an option.",
        todo "Put the option before the service, as one word with `=`.";
    warn service_not_used(place: impl Display, in_file: &str, used: &str)
        "{place}PAM service '{in_file}' is not used: the plugin line names '{used}'; name only one",
        why "Both the plugin line and the options file name a service. The one in the line is used.",
        todo "Remove one of them.";
    warn service_is_a_path(text: &str, name: &str)
        "service '{text}' is a path: PAM takes its last part; write '{name}'",
        why "PAM looks for services in its own directory, whatever path is written.",
        todo "Write only the name of the service.";
    warn ignored(word: &str) "option '{word}' is ignored: sources now share the queue fairly",
        why "Only versions before the first release had this option.",
        todo "Remove it.";
}
