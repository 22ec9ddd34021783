//! Options and names of clients that connect.

use std::fmt::Display;

use crate::texts::FIND_THE_KILLER;

const WHOLE_SERVER: &str =
    "A file of `client-options=` holds an option that OpenVPN takes for the whole server only.";

log_lines::lines! {
    /// Clients that connect.
    pub static LINES: "Options and names of clients";

    error nobody_let_in(user: &str) "user '{user}' is refused: PAM has let in nobody for this client",
        why "The client has tried to log in, and something else than this plugin has let it in: another plugin, or a second \
             connection from the same address.",
        todo "Have one plugin decide about logins; with `auth-gen-token` connect again.";
    error several_names(user: &str)
        "user '{user}' is refused: it has logged in with several names over one connection",
        why "PAM has let in several names of this client before it connected. OpenVPN may have refused any of them for \
             another reason, so it is not known which one counts.",
        todo "Connect again, with one name. If that happens often, somebody tries to mix logins: the lines before have the names.";
    error impossible_name(user: &str, error: impl Display, tail: impl Display)
        "user '{user}' is refused, PAM's name cannot be the client's: {error}{tail}",
        why "PAM has let in a name that is too long for OpenVPN, or holds a control character.",
        todo "Look at the PAM module that maps users, or take `override-username=yes` out.";
    error too_long(user: &str, what: &'static str, tail: impl Display) "user '{user}' is refused: the {what} is too long{tail}",
        why "A name or an address is longer than any that the plugin takes.",
        todo "Use a shorter one.";
    warn keeps_its_name(user: &str, name: &str)
        "user '{user}' keeps its name in OpenVPN: username= would change '{name}' again",
        why "With the new name in OpenVPN's tokens, `username=` would make another name of it, possibly that of another user.",
        todo "Take `strip-realm` out of `username=` or the `@` out of the names of users. All else is as with the new name.";
    error no_options(user: &str, reason: impl Display, tail: impl Display)
        "user '{user}' is refused, its options cannot be put together: {reason}{tail}",
        why "The client would get a file of `client-options=` that cannot be given to it; the line says which and why.",
        todo "Correct the file. `ovpn-plugin check` finds what is wrong with any of them.";
    error no_options_in_background(user: &str, reason: &str, tail: impl Display)
        "BACKGROUND: user '{user}' is refused, its options cannot be put together: {reason}{tail}",
        why "The client would get a file of `client-options=` that cannot be given to it; the line says which and why.",
        todo "Correct the file. `ovpn-plugin check` finds what is wrong with any of them.";
    error bad_option(error: impl Display, tail: impl Display) "a client is refused: {error}{tail}",
        why "OpenVPN could not read one of the client's options as one line.",
        todo "Look at the files of `client-options=` for this client.";
    error refused(user: &str, reason: impl Display, tail: impl Display) "user '{user}' is refused: {reason}{tail}",
        why "The supervisor was killed or stopped while the client was connecting.",
        todo "Connect again. Find out who kills it; with SIGKILL, memory may have been short.";
    reason file_unwritable(error: impl Display) "OpenVPN's file for them cannot be written: {error}",
        why "OpenVPN's file for the options of the client cannot be written.",
        todo "Look at OpenVPN's `tmp-dir`: it must be writable after `user` and `chroot`, and not full.";
    reason worker_ended(how: impl Display) "the worker {how} meanwhile",
        why "The process that puts the options together was killed.",
        todo FIND_THE_KILLER;
    reason name_service_too_slow(seconds: u64)
        "the time limit of {seconds} s was reached while the name service was asked",
        why "The name service (SSSD, nslcd, NIS ...) did not say in time which groups the user is in.",
        todo "See whether `id USER` works on the server, and look into the log of that service.";
    reason name_service(asked: &str, why: &str) "the name service does not answer for {asked}: {why}",
        why "Without the name service (SSSD, nslcd, NIS ...) nobody knows which groups the user is in.",
        todo "See whether `id USER` works on the server, and look into the log of that service.";

    warn no_override()
        "override-username has no effect: a client can get another name with OpenVPN 2.7 or later",
        why "OpenVPN before 2.7 cannot give a client another name.",
        todo "Update OpenVPN to 2.7 or later, or take the option out.";
    warn stands_still()
        "OpenVPN stands still while the options of a client are put together (client-options): to have the client wait instead needs OpenVPN 2.5 or later",
        why "OpenVPN before 2.5 cannot have a client wait.",
        todo "Update OpenVPN to 2.5 or later.";
    warn nobodys(file: impl Display) "client-options: {file} is nobody's, its name begins with a dot",
        why "A name that begins with a dot has no file, so nobody gets what is in this one.",
        todo "Give it another name, or remove it.";
    warn not_used(file: impl Display)
        "client-options: {file} is not used: there may be 'default', 'group' and 'user'",
        why "Nobody gets what is in this file or directory: its name is none of those that are looked for.",
        todo "Move it to `default`, `group/NAME` or `user/NAME`, or away.";
    warn found(reason: impl Display) "client-options: {reason}",
        why "Clients could get a file of `client-options=` that cannot be given to them, or that others than root can change.",
        todo "Correct what the line names. `ovpn-plugin check` looks at all of the files.";
    reason in_line(path: impl Display, number: usize, reason: &str) "{path}:{number}: {reason}";
    reason no_client_option(name: &str)
        "'{name}' is no option for a single client; to send it to the client, write: push \"{name} ...\"",
        why WHOLE_SERVER,
        todo "If the client is to get it, write `push \"...\"` around it; otherwise put it into OpenVPN's configuration.";
    reason no_config_here() "'config' is not taken here: put the lines of that file into this one",
        why "The plugin checks what clients get, and cannot do that for files that are included.",
        todo "Put the lines of that file into this one.";
    reason option_is_newer(name: &str, since: u32, version: u32) "'{name}' needs OpenVPN 2.{since}, this is 2.{version}",
        why "This OpenVPN does not know the option, and would refuse the client for it.",
        todo "Update OpenVPN, or take the option out.";
    reason wrong_number_of_words(name: &str, wanted: &str, has: usize, quotes: &str)
        "'{name}' takes {wanted} words, and has {has}{quotes}",
        why "OpenVPN would refuse the client for this line.",
        todo "Correct the line. What is pushed stands in quotes.";
    reason not_utf8() "it is not UTF-8",
        why "OpenVPN's clients could not read this line.",
        todo "Write the file in UTF-8.";
    reason control_character() "it holds a control character",
        why "OpenVPN would take what comes after it for something else.",
        todo "Take it out; an editor may not show it, `cat -A FILE` does.";
    reason line_too_long(has: usize, most: usize) "it has {has} bytes, and OpenVPN takes {most}",
        why "OpenVPN would refuse the client for this line, with the values of the client filled in.",
        todo "Make the line shorter.";
    reason unknown_braces(found: &str, known: &str) "'{found}' is none of {known}",
        why "Words in braces stand for values of the client, and there is none of this name.",
        todo "Correct the word in braces.";
    reason no_value(name: &str) "this client has no {name}",
        why "A file of this client names a value that the client does not have, such as an address in the tunnel.",
        todo "Take the word in braces out of the files of this client, or see to it that the client has the value.";
    reason unsafe_value(name: &str) "the client's {name} holds a character that may not stand in an option",
        why "The value holds a blank, a quote, a comma or the like. OpenVPN could take what comes after it for another option.",
        todo "Take the word in braces out of the files of this client, or give it another name.";
    reason pushes_nothing() "'push' sends nothing",
        why "There is nothing between the quotes of `push`.",
        todo "Write the option for the client there, or take the line out.";
    reason pushes_comma() "'push' cannot send a comma",
        why "OpenVPN separates what it pushes by commas.",
        todo "Write a line for each option.";
    reason not_a_file(path: impl Display) "{path} is not a file",
        why "Options of clients stand in files, and this is a directory, a pipe or the like.",
        todo "Move it away.";
    reason file_too_long(path: impl Display, kib: usize) "{path} is longer than {kib} KiB",
        why "OpenVPN could not send that much to a client.",
        todo "Make the file shorter.";
    reason too_much(kib: usize) "they are longer than {kib} KiB",
        why "All files of one client together hold more than OpenVPN could send.",
        todo "Make them shorter, or put less into the files of groups.";
}
