//! Questions of PAM modules to the person at the client.

use std::fmt::Display;

log_lines::lines! {
    /// Questions of PAM modules.
    pub static LINES: "Questions";

    reason was_asked() "the client was asked a question";
    reason none_waits()
        "no question waits for this answer (late, sent twice, or from before a restart)",
        why "The answer came too late, a second time, from another user, or after a restart of the server.",
        todo "Log in again. If it happens every hour to connected clients, write `auth-gen-token` into server.conf. \
              `challenge-timeout=` is the time for an answer.";
    reason malformed_answer() "the answer is malformed",
        why "The client's answer is too long, or contains a NUL byte.",
        todo "Log in again. If that does not help, report it to the authors of the client.";
    reason client_cannot_be_asked(reason: impl Display) "the client cannot be asked: {reason}",
        why "PAM asks something that the client cannot be asked; the line says why.",
        todo "Questions need OpenVPN 2.6 or later on the server. A static challenge works with every version.";
    reason prompt_cannot_be_asked(prompt: &str) "the prompt '{prompt}' cannot be asked: OpenVPN 2.6 or later is needed",
        why "PAM asks something, and this OpenVPN cannot pass questions to clients.",
        todo "Update OpenVPN to 2.6 or later. A static challenge works with every version.";
    reason username_too_long(prompt: &str) "the prompt '{prompt}' cannot be asked: the username is too long",
        why "Question and username go to the client in one message, and this username leaves no room for the question.",
        todo "Use a shorter username, or a static challenge.";
    reason too_many_questions(most: usize) "the PAM service asks more than {most} questions",
        why "The PAM stack asks again and again.",
        todo "Find the module that repeats its prompt, and lower its number of tries.";
    info given_up(user: &str, reason: &str, tail: impl Display)
        "BACKGROUND: user '{user}': the question is given up: {reason}{tail}",
        why "Nobody answered in time, or other questions needed the place.",
        todo "Log in again; see `challenge-timeout=` and `max-suspended=`.";
    reason too_many_wait() "too many questions wait for an answer (see max-suspended)",
        why "The maximum number of questions is already waiting for answers.",
        todo "Log in again; see `challenge-timeout=` and `max-suspended=`.";
    reason no_answer_within(seconds: u64) "no answer came within {seconds} s",
        why "Nobody answered in time.",
        todo "Log in again; `challenge-timeout=` is the time for an answer.";
    reason its_client_is_gone() "the client has disconnected",
        why "The client disconnected before it answered.",
        todo "Log in again.";
    reason its_user_was_revoked() "the user was revoked",
        why "Somebody ran `ovpn-plugin revoke` for this user while the question waited for its answer.",
        todo "Nothing: the client can log in again. To keep the user out, lock the account.";
    reason worker_is_needed() "its worker is needed for other logins, and no further one can be started",
        why "Others want to log in, and no process can be started for them.",
        todo "Look at TasksMax= and LimitNPROC= of the unit.";
    warn worker_ended(user: &str, how: impl Display, tail: impl Display)
        "BACKGROUND: user '{user}': the worker that waited for an answer {how}{tail}",
        why "The process that asked was killed, so the answer has nowhere to go.",
        todo "Log in again. Find out what kills `auth-pam: worker`. After SIGKILL, memory may have been short.";
}
