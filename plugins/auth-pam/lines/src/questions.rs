//! Questions of PAM modules to the person at the client.

use std::fmt::Display;

log_lines::lines! {
    /// Questions of PAM modules.
    pub static LINES: "Questions";

    reason was_asked() "the client was asked a question";
    reason none_waits()
        "the answer belongs to no question that waits for one (late, sent twice, or asked before a restart)",
        why "The answer came too late, for the second time, from another user, or after a restart of the server.",
        todo "Log in again. If it happens each hour, to clients that are connected, write `auth-gen-token` into server.conf. \
              `challenge-timeout=` is the time for an answer.";
    reason malformed_answer() "the answer is malformed",
        why "What the client sent as the answer is none: it is too long, or holds a NUL byte.",
        todo "Log in again; if that does not help, report it to the client's authors.";
    reason client_cannot_be_asked(reason: impl Display) "the client cannot be asked: {reason}",
        why "PAM asks something that cannot be put to the client; the line says why.",
        todo "Questions need OpenVPN 2.6 or later on the server. A static challenge works with each version.";
    reason prompt_cannot_be_asked(prompt: &str) "the prompt '{prompt}' cannot be asked: OpenVPN 2.6 or later is needed",
        why "PAM asks something, and this OpenVPN passes no questions on to clients.",
        todo "Update OpenVPN to 2.6 or later. A static challenge works with each version.";
    reason username_too_long(prompt: &str) "the prompt '{prompt}' cannot be asked: the username is too long",
        why "Question and username go to the client in one message, and this username leaves no room in it.",
        todo "Use a shorter username, or a static challenge.";
    reason too_many_questions(most: usize) "the PAM service asks more than {most} questions",
        why "The PAM stack asks again and again.",
        todo "Look for a module that repeats its prompt, and lower the number of its tries.";
    info given_up(user: &str, reason: &str, tail: impl Display)
        "BACKGROUND: user '{user}': the question is given up: {reason}{tail}",
        why "Nobody answered in time, or the room was needed for other questions.",
        todo "Log in again; see `challenge-timeout=` and `max-suspended=`.";
    reason too_many_wait() "too many questions wait for an answer (see max-suspended)",
        why "As many questions wait for their answers as may.",
        todo "Log in again; see `challenge-timeout=` and `max-suspended=`.";
    reason no_answer_within(seconds: u64) "no answer came within {seconds} s",
        why "Nobody answered in time.",
        todo "Log in again; `challenge-timeout=` is the time for an answer.";
    reason its_client_is_gone() "its client is gone",
        why "The client that was asked has hung up.",
        todo "Log in again.";
    reason its_user_was_revoked() "its user was revoked",
        why "Somebody has run `ovpn-plugin revoke` for this user while the question waited for its answer.",
        todo "Nothing: the client can log in again. Lock the account if it is not to come in.";
    reason worker_is_needed() "its worker is needed, and no other one can be started",
        why "Others want to log in, and no process can be started for them.",
        todo "Look at TasksMax= and LimitNPROC= of the unit.";
    warn worker_ended(user: &str, how: impl Display, tail: impl Display)
        "BACKGROUND: user '{user}': the worker that waited for an answer {how}{tail}",
        why "The process that has asked was killed, so nobody can take the answer.",
        todo "Log in again. Find out who kills `auth-pam: worker`; with SIGKILL, memory may have been short.";
}
