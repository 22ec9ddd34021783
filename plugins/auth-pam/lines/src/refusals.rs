//! Why attempts are refused without asking PAM, or before PAM is done.

use std::fmt::Display;

use crate::texts::{BACKEND, FIND_THE_MODULE, LIMITS_ON_PROCESSES, REPORT, SYSTEM_LOG, TMP_DIR};

log_lines::lines! {
    /// Why logins are refused.
    pub static LINES: "Reasons of refusals";

    reason absent(what: &'static str) "OpenVPN passed no {what}",
        why "The client sent no username or no password.",
        todo "The client needs `auth-user-pass`.";
    reason empty_username() "the username is empty",
        why "The client sent no username.",
        todo "The person has to type one, or the client's `auth-user-pass` file needs one.";
    reason no_common_name() "the client has no certificate with a common name (see require-cn)",
        why "The client has shown no certificate, or one without a common name.",
        todo "Give the client a certificate whose common name is the username, or take `require-cn=` out. With `ovpn-plugin login`, say it with --common-name.";
    reason other_common_name(name: &str)
        "the common name '{name}' of the client's certificate is not the username (see require-cn)",
        why "The client's certificate is that of another user. Somebody may be using a stolen password, or a wrong client file.",
        todo "Log in with the certificate of this user, or take `require-cn=` out. With `ovpn-plugin login`, say it with --common-name.";
    reason empty_password() "the password is empty (see empty-passwords)",
        why "The client sent no password, or `[[BLANK]]`, which stands for none.",
        todo "If the PAM stack is to decide about that, set `empty-passwords=yes`.";
    reason too_long(what: &'static str, length: usize, most: usize)
        "the {what} has {length} bytes, more than {most} are refused",
        why "Username or password are longer than the plugin takes.",
        todo "A shorter one is needed; longer ones are refused rather than cut.";
    reason malformed_static_challenge(what: &str) "malformed static challenge password (SCRV1): {what}",
        why "The password begins with `SCRV1:` as those of static challenges do, but is none.",
        todo "If it is an ordinary password, the user needs another one; else look at what makes it.";
    reason control_file(error: impl Display) "the control file (auth_control_file): {error}",
        why "OpenVPN makes a file for the verdict on each login, and it cannot be used; the line says why.",
        todo TMP_DIR;
    reason supervisor_unanswering() "the supervisor is gone or does not answer",
        why "The plugin's supervisor, which hands logins to PAM, has ended or was killed; what was under way is refused.",
        todo "Log in again. If it ends again, the lines before say why; restart OpenVPN if the log says so.";
    reason supervisor_silent() "the supervisor does not answer",
        why "The plugin's supervisor, which hands logins to PAM, does not answer; mostly it is stopped.",
        todo "See with `ps` whether the process `auth-pam: supervisor` is stopped (state T). Restart OpenVPN.";
    reason supervisor_gone() "the supervisor is gone",
        why "The plugin's supervisor, which hands logins to PAM, has ended or was killed; what was under way is refused.",
        todo "Log in again. Find out what kills it. After SIGKILL look with `dmesg` whether the kernel did, because memory was short.";
    reason no_supervisor(restart: &str) "the supervisor is gone: {restart}",
        why "The plugin's supervisor, which hands logins to PAM, has ended or was killed, and there is no other one.",
        todo "Log in again. If it ends again, the lines before say why; restart OpenVPN if the log says so.";
    reason supervisor_unreachable(error: impl Display) "the supervisor cannot be reached: {error}",
        why "The plugin's supervisor, which hands logins to PAM, does not take any.",
        todo "See with `ps` whether the process `auth-pam: supervisor` is stopped (state T). Restart OpenVPN.";

    reason worker_killed(signal: &str) "the worker was killed by {signal} while a PAM module was running",
        why "A PAM module crashed, or with SIGKILL: memory was short. Clients try again; other logins are not affected.",
        todo FIND_THE_MODULE;
    reason worker_exited(status: i32)
        "the worker exited with status {status} while a PAM module was running",
        why "A PAM module ended the process it runs in. OpenVPN and other logins are not affected.",
        todo FIND_THE_MODULE;
    reason shortage(error: &str) "the system is short of something: {error}",
        why "There was no memory or descriptor left for this login; the line says which.",
        todo "Raise the limits of OpenVPN's unit, or find out what uses them up.";
    reason ran_too_long(seconds: u64) "the time limit of {seconds} s was reached while a PAM module was running",
        why "A PAM module did not answer within the plugin's time limit; mostly it waits for a backend that does not answer.",
        todo "Set a time limit in the module's own settings. If somebody has to press a button first, raise OpenVPN's \
              `hand-window`, here and at the clients, and without deferred mode `timeout=`.";
    reason waited_too_long(seconds: u64)
        "no worker was free within the time limit of {seconds} s (see max-workers)",
        why "All workers were busy for the whole time limit.",
        todo "Raise `max-workers=`, or find out why PAM is slow.";
    reason queue_full() "too many logins are waiting (see max-pending)",
        why "More logins wait for PAM than may.",
        todo "Find out why PAM is slow; see `max-workers=` and `max-pending=`.";
    reason too_many_alike() "too many logins of this user are waiting from the same address",
        why "Logins of one user wait for PAM, and more of them come from the same address.",
        todo "Find out why PAM is slow, or which client logs in again and again.";
    reason revoked_meanwhile() "this user was revoked while PAM was asked",
        why "PAM has let the client in, and meanwhile somebody has run `ovpn-plugin revoke` for its user.",
        todo "Nothing: the client can try again. Lock the account if it is not to come in.";
    reason no_worker() "no worker process can be started",
        why "No process can be started: there is a limit on processes or open files.",
        todo LIMITS_ON_PROCESSES;
    reason away() "PAM was not asked: its backend is away for everybody",
        why "Five users in a row could not be checked, so PAM is asked only now and then until its backend answers.",
        todo BACKEND;
    reason penalty() "PAM was not asked: too many failed logins from this address (see penalties)",
        why "Only failed logins came from this address of late, so it is slowed down.",
        todo "Wait, or log in with a password that is right; see `penalties=`.";
    reason malformed_credentials(error: impl Display) "malformed credentials: {error}",
        why "That is a fault of the plugin.",
        todo REPORT;
    reason malformed_client(error: impl Display) "malformed client: {error}",
        why "That is a fault of the plugin.",
        todo REPORT;
    reason nul_byte() "a NUL byte in username or address",
        why "What the client sent cannot be passed on to PAM.",
        todo "Look at what makes the username of this client.";

    reason no_answer_in_phase(prompt: &str, phase: &str) "no answer to the prompt '{prompt}' of {phase}",
        why "An account or session line of the service asks something, and there nobody can be asked.",
        todo "Take the module that asks out of these lines.";
    reason no_answer(prompt: &str, why: impl Display) "no answer to the prompt '{prompt}': {why}",
        why "The PAM stack asked something for which the plugin line has no answer: no NAME of its pairs is the beginning \
             of that prompt, or the client sent nothing for it.",
        todo "Compare the NAMEs in the plugin line with the prompt in the log. If OTP is the answer, the client needs \
              `static-challenge`, and `ovpn-plugin login` needs --response.";
    reason answered(prompt: &str, input: impl std::fmt::Debug) "prompt '{prompt}' ({input:?} input) answered";
    reason asked(prompt: &str, input: impl std::fmt::Debug) "prompt '{prompt}' ({input:?} input) is asked";
    reason module_message(text: &str) "message of a PAM module: '{text}'";
    reason module_error(text: &str) "error message of a PAM module: '{text}'",
        why "The module says this to the person who logs in; here nobody can be told.",
        todo SYSTEM_LOG;
    reason changed_password() "the password had expired, and was changed";
    reason expired(pam: &str) "{pam} (password expired; with change-expired=yes its user can choose a new one)",
        why "The password was right, but has to be changed first.",
        todo "Have the user change it with `passwd`, or set `change-expired=yes`; the PAM service then needs `password` lines.";
    reason expired_too_old(pam: &str) "{pam} (password expired; to have it changed needs OpenVPN 2.6 or later)",
        why "The password was right, but has to be changed first, and an OpenVPN before 2.6 cannot ask for a new one.",
        todo "Have the user change it with `passwd NAME`.";
    reason expired_not_changed(pam: &str, why: &str) "{pam} (password expired, and it was not changed: {why})",
        why "The password has expired, and no new one was set: nobody answered, or none was good enough. The old one stays as it is.",
        todo "The lines before have what PAM modules said against the new password.";
    reason expired_again(pam: &str) "{pam} (password expired, although it was just changed)",
        why "PAM wants the password changed again, right after it was.",
        todo "See that the `password` lines of the service change what its `account` lines check.";
    reason other_user() "the PAM service succeeded for another user than the one that asked (see allow-user-mapping)",
        why "PAM has checked another user than the one that logs in.",
        todo "If a module maps names on purpose, set `allow-user-mapping=yes`. Else look for the module that sets the user.";
    reason no_user() "the PAM service succeeded without asking for the user (see allow-user-mapping)",
        why "PAM has let somebody in without asking for a name, so nobody knows whom.",
        todo "Add a pair for the prompt of the user to the plugin line: login USERNAME";
}
