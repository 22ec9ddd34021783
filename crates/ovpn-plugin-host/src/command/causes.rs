//! What the words of a log mean, and what to do about it.

use ovpn_plugin_host::LogLine;

/// Marks the line about a login PAM has refused; the words of PAM mean something there only.
const PAM_REFUSED: &str = "failed to authenticate";

/// Words in the log, and what they mean.
struct Known {
    /// All of these stand in one line.
    words: &'static [&'static str],
    /// Says little, and nothing if something more telling was found.
    general: bool,
    why: &'static str,
    todo: &'static str,
}

const fn known(words: &'static [&'static str], why: &'static str, todo: &'static str) -> Known {
    Known { words, general: false, why, todo }
}

const fn general(words: &'static [&'static str], why: &'static str, todo: &'static str) -> Known {
    Known { words, general: true, why, todo }
}

pub(crate) const SYSTEM_LOG: &str =
    "The modules' own words are in the system's log: journalctl --since -5min, or /var/log/auth.log.";

static KNOWN: [Known; 37] = [
    known(
        &["the PAM service file", "is missing"],
        "There is no such PAM service. PAM takes the stack of `other` instead, which checks system accounts on Debian and Ubuntu and mostly refuses everybody elsewhere.",
        "Create the file, or correct the service name in the plugin line.",
    ),
    known(
        &["no answer to the prompt"],
        "The PAM stack asked something for which the plugin line has no answer: no NAME of its pairs is the beginning of that prompt, or the client sent nothing for it.",
        "Compare the NAMEs in the plugin line with the prompt in the log. If OTP is the answer, the client needs `static-challenge`, and this command --response.",
    ),
    known(
        &[PAM_REFUSED, "User not known to the underlying authentication module"],
        "No PAM module knows a user of this name.",
        "Compare the name, with upper and lower case, with the output of `getent passwd`. If it is a user of LDAP, RADIUS or the like, look at that module's settings.",
    ),
    known(
        &[PAM_REFUSED, "Authentication service cannot retrieve authentication info"],
        "The backend (LDAP, RADIUS, a database ...) could not be asked: it is away, its settings are wrong, or a helper program of a PAM module could not run.",
        SYSTEM_LOG,
    ),
    known(
        &[PAM_REFUSED, "User account has expired"],
        "The password was right, but the account has expired.",
        "See `chage -l NAME`; `chage -E -1 NAME` takes the date away. For a user of a directory, look there.",
    ),
    known(
        &[PAM_REFUSED, "Authentication token is no longer valid"],
        "The password was right, but has to be changed first, which cannot be done through OpenVPN.",
        "Have the user change it with `passwd`; see `chage -l NAME`.",
    ),
    known(
        &[PAM_REFUSED, "Authentication token expired"],
        "The password was right, but has expired.",
        "Have it changed with `passwd NAME`; see `chage -l NAME`.",
    ),
    known(
        &[PAM_REFUSED, "Permission denied"],
        "PAM refused this user, whatever the password: pam_access, pam_time, pam_nologin, pam_listfile or pam_succeed_if, for example, or pam_deny.",
        "Look at the lines of the service file, at /etc/security/access.conf and time.conf, and for /etc/nologin.",
    ),
    known(
        &[PAM_REFUSED, "Module is unknown"],
        "A module named in the service file is not installed, or cannot be loaded.",
        SYSTEM_LOG,
    ),
    known(
        &[PAM_REFUSED, "Critical error - immediate abort"],
        "PAM gave up: the service file, or one it includes, cannot be read or has a mistake in it.",
        SYSTEM_LOG,
    ),
    known(
        &[PAM_REFUSED, "Insufficient credentials"],
        "A PAM module may not read what it needs.",
        "OpenVPN has to be started as root, and this command too.",
    ),
    known(
        &[PAM_REFUSED, "maximum number of retries"],
        "There were too many failed logins before this one.",
        "With pam_faillock: `faillock --user NAME`, and `faillock --user NAME --reset` to let the user try again.",
    ),
    known(&[PAM_REFUSED, "System error"], "A PAM module failed by itself.", SYSTEM_LOG),
    known(&[PAM_REFUSED, "Error in service module"], "A PAM module failed by itself.", SYSTEM_LOG),
    known(
        &["the time limit of"],
        "A PAM module did not answer within the plugin's time limit; mostly it waits for a backend that does not answer.",
        "Set a time limit in the module's own settings. If somebody has to press a button first, raise OpenVPN's `hand-window`, here and at the clients, and without deferred mode `timeout=`.",
    ),
    known(
        &["the worker was killed by"],
        "A PAM module crashed, or with SIGKILL: memory was short. Clients try again; other logins are not affected.",
        "See which module it is by taking lines out of the service file one by one, and report it to its authors.",
    ),
    known(
        &["the worker exited"],
        "A PAM module ended the process it runs in. OpenVPN and other logins are not affected.",
        "See which module it is by taking lines out of the service file one by one, and report it to its authors.",
    ),
    known(
        &["the system is short of something"],
        "There was no memory or descriptor left for this login; the line says which.",
        "Raise the limits of OpenVPN's unit, or find out what uses them up.",
    ),
    known(
        &["malformed static challenge password"],
        "The password begins with `SCRV1:` as those of static challenges do, but is none.",
        "If it is an ordinary password, the user needs another one; else look at what makes it.",
    ),
    known(
        &["bytes, more than", "are refused"],
        "Username or password are longer than the plugin takes.",
        "A shorter one is needed; longer ones are refused rather than cut.",
    ),
    known(&["the username is empty"], "The client sent no username.", "Give it one."),
    known(
        &["the control file"],
        "The file for the verdict cannot be used.",
        "OpenVPN's `tmp-dir` must be a directory that OpenVPN may write to also after `user` and `chroot`.",
    ),
    known(
        &["no worker was free"],
        "All workers were busy for the whole time limit.",
        "Raise `max-workers=`, or find out why PAM is slow.",
    ),
    known(
        &["too many logins"],
        "More logins wait for PAM than may.",
        "Find out why PAM is slow; see `max-workers=` and `max-pending=`.",
    ),
    known(
        &["worker", "can be started"],
        "No process can be started: there is a limit on processes or open files.",
        "Look at TasksMax= and LimitNPROC= of the unit, and at `ulimit -u` and `ulimit -n`.",
    ),
    known(
        &["unknown option"],
        "A word of the plugin line or of the options file looks like an option and is none.",
        "Correct the word quoted in the log; the plugin's manual page lists the options.",
    ),
    known(
        &["an option is one word"],
        "A line of the options file begins with an option, but is not written as one.",
        "Write one option a line, with `=` and without blanks, as the log shows it.",
    ),
    known(
        &["has no value"],
        "The words after the service name are pairs, and one of them has no value.",
        "Put names and values that hold blanks into quotes. OpenVPN passes 14 words of a plugin line, 16 in one pair of quotes.",
    ),
    known(
        &["more than", "name/value pairs"],
        "There are more pairs than the plugin takes.",
        "Leave out some of them.",
    ),
    known(
        &["need PAM service parameter"],
        "The name of the PAM service is missing.",
        "Put it after the plugin's file: plugin openvpn-plugin-auth-pam.so SERVICE",
    ),
    known(
        &["PAM service name is missing"],
        "The name of the PAM service is missing.",
        "Put it after the plugin's file: plugin openvpn-plugin-auth-pam.so SERVICE",
    ),
    known(
        &["is not run as root"],
        "Others than root could change what the script is.",
        "Put the script below a directory that only root can write to, owned by root.",
    ),
    known(
        &["the command is missing"],
        "The script to run is missing.",
        "Put its path after the plugin's file: plugin openvpn-plugin-down-root.so COMMAND [ARG]...",
    ),
    general(
        &[PAM_REFUSED, "Authentication failure"],
        "PAM did not take this name and this password. Mostly the password is wrong.",
        "If it is right, look for what else the stack asks for: a module before the password's may have refused.",
    ),
    general(
        &[PAM_REFUSED, "Conversation error"],
        "The PAM stack asked something the plugin could not answer.",
        "With --verb 4 the log tells the prompts. The plugin line may need pairs of a prompt and its answer, such as: login USERNAME password PASSWORD",
    ),
    general(
        &["cannot open", "for writing"],
        "The plugin cannot write its verdict.",
        "OpenVPN's `tmp-dir` must be a directory that OpenVPN may write to also after `user` and `chroot`.",
    ),
    general(&[PAM_REFUSED], "PAM refused the login, in the words above.", SYSTEM_LOG),
];

/// What is likely wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) why: String,
    pub(crate) todo: String,
}

impl Cause {
    pub(crate) fn new(why: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { why: why.into(), todo: todo.into() }
    }
}

/// The causes that this log tells of; of those that say little at most one, and only if there is nothing better.
pub(crate) fn in_log(log: &[LogLine]) -> Vec<Cause> {
    let told =
        |known: &&Known| log.iter().any(|line| known.words.iter().all(|word| line.text.contains(word)));
    let mut found: Vec<_> = KNOWN.iter().filter(|known| !known.general).filter(told).collect();
    if found.is_empty() {
        found.extend(KNOWN.iter().filter(|known| known.general).find(told));
    }
    let mut causes: Vec<_> = found.iter().map(|known| Cause::new(known.why, known.todo)).collect();
    causes.dedup();
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn causes(lines: &[&str]) -> Vec<Cause> {
        let line = |text: &&str| LogLine { flags: 1, name: "AUTH-PAM".into(), text: (*text).into() };
        in_log(&lines.iter().map(line).collect::<Vec<_>>())
    }

    #[test]
    fn the_telling_words_come_before_the_general_ones() {
        let refused = "BACKGROUND: user 'joe' failed to authenticate: Conversation error";
        let general = causes(&[refused]);
        assert!(general[0].todo.contains("--verb"), "{general:?}");
        let telling = causes(&["user 'joe': no answer to the prompt 'Code:'", refused]);
        assert_eq!(telling.len(), 1);
        assert!(telling[0].why.contains("no NAME"), "{telling:?}");
    }

    #[test]
    fn pams_words_count_in_the_line_about_the_login_only() {
        assert_eq!(causes(&["cannot open the log: Permission denied"]), []);
        assert_eq!(causes(&["user 'joe' failed to authenticate: Permission denied"]).len(), 1);
    }

    #[test]
    fn every_entry_can_be_found() {
        for known in &KNOWN {
            let line = known.words.join(" ");
            let found = causes(&[&line]);
            assert!(found.iter().any(|cause| cause.why == known.why), "{line}: {found:?}");
        }
    }
}
