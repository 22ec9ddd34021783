//! Variables for scripts.

const NO_FORM: &str = "Scripts run as root, so each variable has a form, and this value does not have it. The other side may have sent it.";
const LOOK_AT_IT: &str =
    "Look at what the client or the server sends. The manual page says which form each variable has.";

log_lines::lines! {
    /// Variables for scripts.
    pub static LINES: "Variables for scripts";

    warn bad_value(event: &str, name: &str) "{event}: invalid value for {name}, which is not passed on",
        why NO_FORM,
        todo LOOK_AT_IT;
    warn bad_values(event: &str, more: usize)
        "{event}: invalid values for {more} more variables, which are not passed on",
        why NO_FORM,
        todo LOOK_AT_IT;
    warn left_out(event: &str, too_much: usize, kib: usize)
        "{event}: too many variables from the other side: {too_much} are left out (at most {kib} KiB)",
        why "The other side may send as many as it likes, and there is a limit on what a script gets.",
        todo "Look at what the client or the server sends.";
    warn bad_at_up(name: &str) "invalid value for {name}; no script will get it",
        why NO_FORM,
        todo LOOK_AT_IT;
    warn more_bad_at_up(more: usize) "invalid values for {more} more variables; no script will get them",
        why NO_FORM,
        todo LOOK_AT_IT;
    warn left_out_at_up(too_much: usize, text_kib: usize, kib: usize)
        "too many variables from the other side: {too_much} are left out, no script will get them (at most {text_kib} KiB of text, {kib} KiB of routes and the like)",
        why "The other side may send as many as it likes, and there is a limit on what a script gets.",
        todo "Look at what the client or the server sends.";
    debug not_passed_on(event: &str, names: &str) "{event}: variables not passed on:{names}";
    reason decides(name: &str) "invalid value for {name}; the client or its address is rejected",
        why "The script may need this variable to decide, and its value does not have the form that it must have.",
        todo LOOK_AT_IT;
    reason too_many(variables: usize, bytes: usize, most: usize, most_bytes: usize)
        "the event has {variables} variables of {bytes} bytes, at most {most} of {most_bytes} bytes are possible",
        why "There is a limit on what a script gets, and here nothing may be left out.",
        todo "Look at what the client or the server sends.";
    reason bad_words(words: &str) "invalid words from OpenVPN, not run: '{words}'",
        why "What OpenVPN's process passes to the script does not have the form that it must have: somebody may have taken it over.",
        todo "Look for signs of a break-in before you restart OpenVPN. If there are none, report it, with the lines around it.";
}
