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
        todo "Type a username, or put one into the client's `auth-user-pass` file.";
    reason no_common_name() "the client has no certificate with a common name (see require-cn)",
        why "The client sent no certificate, or one without a common name.",
        todo "Give the client a certificate whose common name is the username, or remove `require-cn=`. For `ovpn-plugin login`, add --common-name.";
    reason other_common_name(name: &str)
        "the common name '{name}' of the client's certificate is not the username (see require-cn)",
        why "The client's certificate is that of another user. Somebody may be using a stolen password, or a wrong client file.",
        todo "Log in with the certificate of this user, or remove `require-cn=`. For `ovpn-plugin login`, add --common-name.";
    reason empty_password() "the password is empty (see empty-passwords)",
        why "The client sent no password, or `[[BLANK]]`, which means none.",
        todo "To let the PAM stack decide about empty passwords, set `empty-passwords=yes`.";
    reason too_long(what: &'static str, length: usize, most: usize)
        "the {what} has {length} bytes; at most {most} are allowed",
        why "The username or the password is longer than the plugin allows.",
        todo "Use a shorter one. The plugin refuses longer ones and never cuts them.";
    reason malformed_static_challenge(what: &str) "malformed static challenge password (SCRV1): {what}",
        why "The password begins with `SCRV1:`, as for a static challenge, but is not one.",
        todo "If it is an ordinary password, the user needs another one. Otherwise look at what generates it.";
    reason control_file(error: impl Display) "the control file (auth_control_file): {error}",
        why "OpenVPN makes a file for the verdict on each login. This one cannot be used; the line says why.",
        todo TMP_DIR;
    reason supervisor_unanswering() "the supervisor is gone or does not answer",
        why "The supervisor, which hands logins to PAM, has ended or was killed. Logins that were in progress are refused.",
        todo "Log in again. If it happens again, the lines before say why. Restart OpenVPN if the log says so.";
    reason supervisor_silent() "the supervisor does not answer",
        why "The supervisor, which hands logins to PAM, does not answer. Usually it is stopped.",
        todo "Look with `ps` whether the process `auth-pam: supervisor` is stopped (state T). Restart OpenVPN.";
    reason supervisor_gone() "the supervisor is gone",
        why "The supervisor, which hands logins to PAM, has ended or was killed. Logins that were in progress are refused.",
        todo "Log in again. Find out what kills it. After SIGKILL look with `dmesg` whether the kernel did, because memory was short.";
    reason no_supervisor(restart: &str) "the supervisor is gone: {restart}",
        why "The supervisor, which hands logins to PAM, has ended or was killed, and no other one could be started.",
        todo "Log in again. If it happens again, the lines before say why. Restart OpenVPN if the log says so.";
    reason supervisor_unreachable(error: impl Display) "the supervisor cannot be reached: {error}",
        why "The supervisor, which hands logins to PAM, does not accept any.",
        todo "Look with `ps` whether the process `auth-pam: supervisor` is stopped (state T). Restart OpenVPN.";

    reason worker_killed(signal: &str) "the worker was killed by {signal} while a PAM module was running",
        why "A PAM module crashed, or, with SIGKILL, memory was short. The client tries again. Other logins are not affected.",
        todo FIND_THE_MODULE;
    reason worker_exited(status: i32)
        "the worker exited with status {status} while a PAM module was running",
        why "A PAM module ended the process it runs in. OpenVPN and other logins are not affected.",
        todo FIND_THE_MODULE;
    reason shortage(error: &str) "the system is out of a resource: {error}",
        why "The system ran out of memory or descriptors for this login; the line says which.",
        todo "Raise the limits of OpenVPN's unit, or find out what uses them up.";
    reason ran_too_long(seconds: u64) "the time limit of {seconds} s was reached while a PAM module was running",
        why "A PAM module did not answer within the time limit. Usually it waits for a backend that does not answer.",
        todo "Set a time limit in the module's own settings. If a person has to press a button first, raise `hand-window` on \
              the server and the clients. Without deferred mode raise `timeout=` too.";
    reason waited_too_long(seconds: u64)
        "no worker was free within the time limit of {seconds} s (see max-workers)",
        why "All workers were busy for the whole time limit.",
        todo "Raise `max-workers=`, or find out why PAM is slow.";
    reason queue_full() "too many logins are waiting (see max-pending)",
        why "The maximum number of logins is already waiting for PAM.",
        todo "Find out why PAM is slow; see `max-workers=` and `max-pending=`.";
    reason too_many_unanswered() "too many logins of this user are waiting from the same address",
        why "Several logins of this user from one address are already waiting for PAM, and more keep coming.",
        todo "Find out why PAM is slow, or which client keeps logging in.";
    reason revoked_meanwhile() "this user was revoked during the login",
        why "Somebody ran `ovpn-plugin revoke` for the user after the login began. PAM had accepted the login, or asked a question.",
        todo "Nothing: the client can try again. To keep the user out, lock the account.";
    reason no_worker() "no worker process can be started",
        why "No process can be started: there is a limit on processes or open files.",
        todo LIMITS_ON_PROCESSES;
    reason away() "PAM was not asked: its backend is unreachable for all users",
        why "Five users in a row could not be checked, so PAM is asked only now and then until its backend answers.",
        todo BACKEND;
    reason penalty() "PAM was not asked: too many failed logins from this address (see penalties)",
        why "Only failed logins came from this address recently, so the plugin slows it down.",
        todo "Wait, or log in with the right password; see `penalties=`.";
    reason malformed_credentials(error: impl Display) "malformed credentials: {error}",
        why "This is a bug in the plugin.",
        todo REPORT;
    reason malformed_client(error: impl Display) "malformed client: {error}",
        why "This is a bug in the plugin.",
        todo REPORT;
    reason nul_byte() "a NUL byte in username or address",
        why "A text with a NUL byte cannot be passed to PAM.",
        todo "Look at what generates the username of this client.";

    reason no_answer_in_phase(prompt: &str, phase: &str) "no answer to the prompt '{prompt}' of {phase}",
        why "A module in an account or session line asks something, and nobody can be asked in that phase.",
        todo "Remove the module that asks from these lines.";
    reason no_answer(prompt: &str, why: impl Display) "no answer to the prompt '{prompt}': {why}",
        why "The PAM stack asked something, and the plugin line has no answer to it. Either no NAME of its pairs is the \
             beginning of the prompt, or the client sent nothing for it.",
        todo "Compare the NAMEs in the plugin line with the prompt in the log. If OTP is the answer, the client needs \
              `static-challenge`, and `ovpn-plugin login` needs --response.";
    reason answered(prompt: &str, input: impl std::fmt::Debug) "prompt '{prompt}' ({input:?} input) answered";
    reason asked(prompt: &str, input: impl std::fmt::Debug) "prompt '{prompt}' ({input:?} input) is asked";
    reason module_message(text: &str) "message of a PAM module: '{text}'";
    reason module_error(text: &str) "error message of a PAM module: '{text}'",
        why "The module says this to the person who logs in, who cannot see it here.",
        todo SYSTEM_LOG;
    reason changed_password() "the password had expired, and was changed";
    reason expired(pam: &str) "{pam} (password expired; with change-expired=yes the user can choose a new one)",
        why "The password was right, but must be changed first.",
        todo "Have the user change it with `passwd`, or set `change-expired=yes`. The PAM service then needs `password` lines.";
    reason expired_too_old(pam: &str) "{pam} (password expired; changing it at login needs OpenVPN 2.6 or later)",
        why "The password was right, but must be changed first, and OpenVPN before 2.6 cannot ask for a new one.",
        todo "Have the user change it with `passwd NAME`.";
    reason expired_not_changed(pam: &str, why: &str) "{pam} (password expired, and it was not changed: {why})",
        why "The password has expired and was not changed: nobody answered, or no new password was good enough.",
        todo "The lines before have what PAM modules said about the new password.";
    reason expired_again(pam: &str) "{pam} (password expired, although it was just changed)",
        why "PAM wants the password changed again right after a change.",
        todo "Make sure that the `password` lines of the service change what its `account` lines check.";
    reason other_user() "PAM accepted another user than the one who logs in (see allow-user-mapping)",
        why "PAM checked another user than the one who logs in.",
        todo "If a module maps names on purpose, set `allow-user-mapping=yes`. Otherwise find the module that sets the user.";
    reason no_user() "PAM accepted a login without asking for the user (see allow-user-mapping)",
        why "PAM accepted a login without asking for a name, so nobody knows which user it checked.",
        todo "Add a pair for the prompt of the user to the plugin line: login USERNAME";
}
