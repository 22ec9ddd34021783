//! What several explanations say.

/// Where PAM modules say more.
pub(crate) const SYSTEM_LOG: &str = "The modules' own messages are in the system log: `journalctl --since -5min`, /var/log/auth.log or /var/log/secure.";
/// The server behind PAM does not answer.
pub(crate) const BACKEND: &str = "Check that the server that the PAM modules ask (LDAP, RADIUS, Kerberos, SSSD ...) runs and can be reached from here. \
     The modules' own messages are in the system log: `journalctl --since -5min`, /var/log/auth.log or /var/log/secure.";
/// A module misbehaves.
pub(crate) const FIND_THE_MODULE: &str = "After a crash `dmesg` may name the module. Otherwise copy the service file to another name, remove lines from the copy one by one, and try it with `ovpn-plugin login`. Never remove lines from the file in use. Report it to the authors of the module.";
/// The system starts no process.
pub(crate) const LIMITS_ON_PROCESSES: &str =
    "Look at TasksMax= and LimitNPROC= of the unit, and at `ulimit -u` and `ulimit -n`.";
/// It was killed.
pub(crate) const FIND_THE_KILLER: &str = "Find out what kills it. After SIGKILL look with `dmesg` whether the kernel did, because memory was short.";
/// The plugin line has no option with a service name.
pub(crate) const PUT_THE_SERVICE: &str =
    "Put it after the plugin's file: `plugin /usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so SERVICE`";
/// Report it.
pub(crate) const REPORT: &str = "Report it, with the lines around it.";
/// Files of OpenVPN cannot be used.
pub(crate) const TMP_DIR: &str =
    "OpenVPN's `tmp-dir` must be a directory that OpenVPN can still write to after `user` and `chroot`.";
