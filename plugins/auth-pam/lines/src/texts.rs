//! What several explanations say.

/// Where PAM modules say more.
pub(crate) const SYSTEM_LOG: &str =
    "The modules' own words are in the system's log: journalctl --since -5min, or /var/log/auth.log.";
/// A module does what it must not.
pub(crate) const FIND_THE_MODULE: &str = "See which module it is by taking lines out of the service file one by one, and report it to its authors.";
/// The system starts no process.
pub(crate) const LIMITS_ON_PROCESSES: &str =
    "Look at TasksMax= and LimitNPROC= of the unit, and at `ulimit -u` and `ulimit -n`.";
/// It was killed.
pub(crate) const FIND_THE_KILLER: &str = "Find out who kills it; with SIGKILL, memory may have been short.";
/// The plugin line has no option with a service name.
pub(crate) const PUT_THE_SERVICE: &str =
    "Put it after the plugin's file: plugin openvpn-plugin-auth-pam.so SERVICE";
/// Report it.
pub(crate) const REPORT: &str = "Report it, with the lines around it.";
/// Files of OpenVPN cannot be used.
pub(crate) const TMP_DIR: &str =
    "OpenVPN's `tmp-dir` must be a directory that OpenVPN may write to also after `user` and `chroot`.";
