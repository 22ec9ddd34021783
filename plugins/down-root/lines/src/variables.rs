//! Variables for scripts.

const NO_FORM: &str = "Scripts run as root, so the plugin checks the form of each variable. This value is not allowed. The other side may have sent it.";
const LOOK_AT_IT: &str =
    "Look at what the client or the server sends. The manual page lists the form of each variable.";

log_lines::lines! {
    /// Variables for scripts.
    pub static LINES: "Variables for scripts";

    warn bad_value(event: &str, name: &str) "{event}: invalid value for {name}; not passed on",
        why NO_FORM,
        todo LOOK_AT_IT;
    warn bad_values(event: &str, more: usize)
        "{event}: invalid values for {more} more variables; not passed on",
        why NO_FORM,
        todo LOOK_AT_IT;
    warn left_out(event: &str, too_much: usize, kib: usize)
        "{event}: too many variables from the other side: {too_much} are left out (at most {kib} KiB)",
        why "The other side can send any number of variables, so there is a limit on what a script gets.",
        todo "Look at what the client or the server sends.";
    warn bad_at_up(name: &str) "invalid value for {name}; no script will get it",
        why NO_FORM,
        todo LOOK_AT_IT;
    warn more_bad_at_up(more: usize) "invalid values for {more} more variables; no script will get them",
        why NO_FORM,
        todo LOOK_AT_IT;
    warn left_out_at_up(too_much: usize, text_kib: usize, kib: usize)
        "too many variables from the other side: {too_much} are left out, no script will get them (at most {text_kib} KiB of text, {kib} KiB of routes and the like)",
        why "The other side can send any number of variables, so there is a limit on what a script gets.",
        todo "Look at what the client or the server sends.";
    debug not_passed_on(event: &str, names: &str) "{event}: variables not passed on:{names}";
    reason decides(name: &str) "invalid value for {name}; rejecting the client or its address",
        why "The script may need this variable for its decision, and the value does not have the allowed form.",
        todo LOOK_AT_IT;
    reason too_many(variables: usize, bytes: usize, most: usize, most_bytes: usize)
        "the event has {variables} variables of {bytes} bytes; at most {most} of {most_bytes} bytes are allowed",
        why "There is a limit on what a script gets, and at this event no variable may be left out.",
        todo "Look at what the client or the server sends.";
    reason bad_arguments(arguments: &str) "invalid arguments from OpenVPN: '{arguments}'; not running the script",
        why "OpenVPN's process passed arguments that are not allowed. Somebody may have taken the process over.",
        todo "Look for signs of a break-in before you restart OpenVPN. If there are none, report it, with the lines around it.";
}
