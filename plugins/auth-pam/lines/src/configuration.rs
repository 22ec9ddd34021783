//! What is wrong with the plugin line or the options file.

use std::fmt::Display;

use crate::texts::PUT_THE_SERVICE;

log_lines::lines! {
    /// The plugin line.
    pub static LINES: "The plugin line and the options file";

    error no_service()
        "the PAM service name is missing; write: plugin openvpn-plugin-auth-pam.so [OPTION=VALUE]... SERVICE [NAME VALUE]...",
        why "The name of the PAM service is missing.",
        todo PUT_THE_SERVICE;
    error bad_service(place: impl Display, word: &str) "{place}'{word}' cannot be a PAM service name",
        why "The name of a PAM service is that of a file in /etc/pam.d.",
        todo "Correct the word after the plugin's file.";
    error second_service(place: impl Display, word: &str)
        "{place}'{word}': the file has a service already, and pairs are a NAME and a VALUE",
        why "A line with an odd number of words begins with a service, and there may be one.",
        todo "Take one of the services out, or put values that hold blanks into quotes.";
    error odd_pairs(place: impl Display, word: &str)
        "{place}name '{word}' has no value: the words after the service name are pairs",
        why "The words after the service name are pairs, and one of them has no value.",
        todo "Put names and values that hold blanks into quotes. OpenVPN passes 14 words of a plugin line, 16 in one pair of quotes.";
    error too_many_pairs(place: impl Display, most: usize, word: &str)
        "{place}more than {most} name/value pairs, the first too many is '{word}'",
        why "There are more pairs than the plugin takes.",
        todo "Leave out some of them.";
    warn taken_as_pair(place: impl Display, word: &str, remedy: &str)
        "{place}'{word}' comes after the service and is taken as part of a NAME VALUE pair; {remedy}",
        why "Behind the service there are pairs of a prompt and its answer only. This word looks like an option.",
        todo "Put options before the service, or on lines of their own in the options file.";
    warn taken_as_name(name: &str, form: &str)
        "'{name}' comes after the service and is taken as the NAME of a pair; the option is written {form} and stands before the service",
        why "Behind the service there are pairs of a prompt and its answer only. This word is the name of an option.",
        todo "Put the option before the service, in one word with `=`.";
    warn service_not_used(place: impl Display, in_file: &str, used: &str)
        "{place}PAM service '{in_file}' is not used, since the plugin line names '{used}'; name one only",
        why "Both the plugin line and the options file name a service, and that of the line counts.",
        todo "Take one of them out.";
    warn service_is_a_path(text: &str, name: &str)
        "service '{text}' is a path: PAM takes its last part; write '{name}'",
        why "PAM looks for services in its own directory, whatever path is written.",
        todo "Write the name of the service only.";
    warn ignored(word: &str) "option '{word}' is ignored: sources now share the queue fairly",
        why "The option was in a version that was never released.",
        todo "Take it out.";
}
