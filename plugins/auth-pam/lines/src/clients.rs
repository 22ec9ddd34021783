//! Options and names of clients that connect.

use std::fmt::Display;

use crate::texts::FIND_THE_KILLER;

const WHOLE_SERVER: &str =
    "A file of `client-options=` contains an option that OpenVPN accepts only for the whole server.";

log_lines::lines! {
    /// Clients that connect.
    pub static LINES: "Options and names of clients";

    error nobody_let_in(user: &str) "user '{user}' is refused: PAM has accepted no login of this client",
        why "The client tried to log in here, but something else let it in: another plugin, or a second connection from the \
             same address.",
        todo "Let one plugin decide about logins. With `auth-gen-token`, connect again.";
    error several_names(user: &str)
        "user '{user}' is refused: it has logged in with several names on one connection",
        why "PAM accepted several names of this client before it connected. OpenVPN may have refused some of them for another \
             reason, so nobody knows which one counts.",
        todo "Connect again, with one name. If this happens often, somebody is trying to mix logins: the lines before have the names.";
    error impossible_name(user: &str, error: impl Display, tail: impl Display)
        "user '{user}' is refused: OpenVPN cannot use the name from PAM: {error}{tail}",
        why "The name that PAM accepted is too long for OpenVPN, or contains a control character.",
        todo "Look at the PAM module that maps users, or remove `override-username=yes`.";
    error too_long(user: &str, what: &'static str, tail: impl Display) "user '{user}' is refused: the {what} is too long{tail}",
        why "A name or an address is longer than the plugin allows.",
        todo "Use a shorter one.";
    warn keeps_its_name(user: &str, name: &str)
        "user '{user}' keeps its name in OpenVPN: username= would change '{name}' a second time",
        why "OpenVPN's tokens would hold the new name. `username=` would change it again, possibly to that of another user.",
        todo "Remove `strip-realm` from `username=`, or the `@` from the names of users. All else works as with the new name.";
    error no_options(user: &str, reason: impl Display, tail: impl Display)
        "user '{user}' is refused: cannot collect its options: {reason}{tail}",
        why "A file of `client-options=` for this client cannot be used. The line says which one and why.",
        todo "Correct the file. `ovpn-plugin check` checks all of them.";
    error no_options_in_background(user: &str, reason: &str, tail: impl Display)
        "BACKGROUND: user '{user}' is refused: cannot collect its options: {reason}{tail}",
        why "A file of `client-options=` for this client cannot be used. The line says which one and why.",
        todo "Correct the file. `ovpn-plugin check` checks all of them.";
    error bad_option(error: impl Display, tail: impl Display) "a client is refused: {error}{tail}",
        why "OpenVPN could not read one of the client's options as one line.",
        todo "Look at the files of `client-options=` for this client.";
    error refused(user: &str, reason: impl Display, tail: impl Display) "user '{user}' is refused: {reason}{tail}",
        why "The supervisor was killed or stopped while the client was connecting.",
        todo "Connect again. Find out who kills it; with SIGKILL, memory may have been short.";
    reason file_unwritable(error: impl Display) "cannot write OpenVPN's file for them: {error}",
        why "OpenVPN's file for the options of the client cannot be written.",
        todo "Look at OpenVPN's `tmp-dir`: it must be writable after `user` and `chroot`, and not full.";
    reason worker_ended(how: impl Display) "the worker {how} meanwhile",
        why "The process that collects the options was killed.",
        todo FIND_THE_KILLER;
    reason name_service_too_slow(seconds: u64)
        "the time limit of {seconds} s was reached while the name service was asked",
        why "The name service (SSSD, nslcd, NIS ...) did not answer in time, so the user's groups are unknown.",
        todo "See whether `id USER` works on the server, and look into the log of that service.";
    reason name_service(asked: &str, why: &str) "the name service does not answer for {asked}: {why}",
        why "Without the name service (SSSD, nslcd, NIS ...) the user's groups are unknown.",
        todo "See whether `id USER` works on the server, and look into the log of that service.";

    warn no_override()
        "override-username has no effect: it needs OpenVPN 2.7 or later",
        why "OpenVPN before 2.7 cannot give a client another name.",
        todo "Update OpenVPN to 2.7 or later, or remove the option.";
    warn stands_still()
        "client-options: OpenVPN before 2.5 stands still while a client's options are collected; use OpenVPN 2.5 or later",
        why "OpenVPN before 2.5 cannot let a client wait.",
        todo "Update OpenVPN to 2.5 or later.";
    warn nobodys(file: impl Display) "client-options: {file} is never used: its name begins with a dot",
        why "No user or group whose name begins with a dot gets options, so no client gets this file.",
        todo "Give it another name, or remove it.";
    warn not_used(file: impl Display)
        "client-options: {file} is not used: only 'default', 'group' and 'user' are",
        why "The plugin does not look for this name, so no client gets the file or directory.",
        todo "Move it to `default`, `group/NAME` or `user/NAME`, or away.";
    warn found(reason: impl Display) "client-options: {reason}",
        why "A file of `client-options=` cannot be used, or users other than root can change it.",
        todo "Correct what the line names. `ovpn-plugin check` checks all of the files.";
    reason in_line(path: impl Display, number: usize, reason: &str) "{path}:{number}: {reason}";
    reason no_client_option(name: &str)
        "'{name}' is not an option for a single client; to send it to the client, write: push \"{name} ...\"",
        why WHOLE_SERVER,
        todo "To send it to the client, write `push \"...\"` around it. Otherwise put it into OpenVPN's configuration.";
    reason no_config_here() "'config' is not allowed here; copy the lines of that file into this one",
        why "The plugin checks what clients get, and cannot check included files.",
        todo "Put the lines of that file into this one.";
    reason option_is_newer(name: &str, since: u32, version: u32) "'{name}' needs OpenVPN 2.{since}, this is 2.{version}",
        why "This OpenVPN does not know the option and would refuse the client.",
        todo "Update OpenVPN, or remove the option.";
    reason wrong_number_of_words(name: &str, wanted: &str, has: usize, quotes: &str)
        "'{name}' takes {wanted} words, but has {has}{quotes}",
        why "OpenVPN would refuse the client for this line.",
        todo "Correct the line. Put what is pushed into quotes.";
    reason not_utf8() "it is not UTF-8",
        why "OpenVPN's clients could not read this line.",
        todo "Write the file in UTF-8.";
    reason control_character() "it contains a control character",
        why "OpenVPN would misread what comes after it.",
        todo "Remove it. If your editor does not show it, `cat -A FILE` does.";
    reason line_too_long(has: usize, most: usize) "it has {has} bytes; OpenVPN takes at most {most}",
        why "With the client's values filled in, OpenVPN would refuse the client for this line.",
        todo "Make the line shorter.";
    reason unknown_braces(found: &str, known: &str) "unknown '{found}'; known are {known}",
        why "A word in braces stands for a value of the client, and no value has this name.",
        todo "Correct the word in braces.";
    reason no_value(name: &str) "this client has no {name}",
        why "A file for this client uses a value that the client does not have, such as an address in the tunnel.",
        todo "Remove the word in braces from the files for this client, or make sure that the client has the value.";
    reason unsafe_value(name: &str) "the client's {name} contains a character that is not allowed in an option",
        why "The value contains a blank, a quote, a comma or the like. OpenVPN could read what follows as another option.",
        todo "Remove the word in braces from the files for this client, or give the client another name.";
    reason pushes_nothing() "'push' sends nothing",
        why "There is nothing between the quotes of `push`.",
        todo "Write the option for the client there, or remove the line.";
    reason pushes_comma() "'push' cannot send a comma",
        why "OpenVPN separates pushed options with commas.",
        todo "Write one line for each option.";
    reason not_a_file(path: impl Display) "{path} is not a file",
        why "Options of clients must be in regular files, and this is a directory, a pipe or the like.",
        todo "Move it elsewhere.";
    reason file_too_long(path: impl Display, kib: usize) "{path} is longer than {kib} KiB",
        why "OpenVPN cannot send that much to a client.",
        todo "Make the file shorter.";
    reason too_much(kib: usize) "they are longer than {kib} KiB",
        why "All files for one client together are more than OpenVPN can send.",
        todo "Make them shorter, or put less into the files of groups.";
}
