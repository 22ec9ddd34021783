//! Options on where the plugin reads, and what it tells whom.

use std::ffi::CString;

use plugin_options::{Fallback, Form, Mistake, OptionSpec, Value};

use crate::config::{Config, Reasons};
use crate::supervisor::audit::Facility;

pub const OPTIONS: [OptionSpec<Config>; 4] = [
    OptionSpec::options_file("Read further options from this file; see [Options file]."),
    OptionSpec {
        name: "pam-confdir",
        form: Form::Other("DIR"),
        default: Fallback::Nothing,
        example: "/etc/openvpn/pam.d",
        needs: "Linux-PAM 1.4",
        meaning: "read PAM services from this directory only (Linux-PAM 1.4)",
        text: "Read PAM services from this directory only. If others than root could change it, OpenVPN does not start; \
               root's group is warned about.",
        repeats: false,
        set: |config, value| {
            config.confdir = Some(directory(value)?);
            Ok(())
        },
    },
    OptionSpec {
        name: "reasons",
        form: Form::Words(&["none", "safe", "all"]),
        // Only who asks for it is told that an old OpenVPN cannot do it.
        default: Fallback::InWords("`safe`"),
        example: "none",
        needs: "OpenVPN 2.6",
        meaning: "what a client learns of a refusal by PAM",
        text: "What a client learns of a refusal by PAM. The default is `safe`: it tells what the account phase has refused, or that the user \
               has too many sessions: both come after the password was right. `all` adds what PAM modules say in any \
               phase, which may tell who has an account.",
        repeats: false,
        set: |config, value| {
            config.reasons = Some(value.chosen(Reasons::parse)?);
            Ok(())
        },
    },
    OptionSpec {
        name: "syslog",
        form: Form::Other("FACILITY"),
        default: Fallback::Nothing,
        example: "authpriv",
        needs: "",
        meaning: "one audit line an attempt in the system log, for example to `authpriv`",
        text: "Write one audit line for each attempt to the system log: `auth`, `authpriv`, `cron`, `daemon`, `ftp`, \
               `lpr`, `mail`, `news`, `user`, `uucp`, or `local0` to `local7`. By default none is written. See [AUDIT \
               LINE].",
        repeats: false,
        set: |config, value| {
            let facility = Facility::parse(value.text());
            config.syslog = Some(facility.ok_or_else(|| value.bad(&Facility::names()))?);
            Ok(())
        },
    },
];

/// An existing directory, made absolute: the helper changes its working directory.
fn directory(value: &Value<'_>) -> Result<CString, Mistake> {
    let path = std::fs::canonicalize(value.text()).map_err(|error| value.bad(&error.to_string()))?;
    if !path.is_dir() {
        return Err(value.bad("is not a directory"));
    }
    CString::new(path.into_os_string().into_encoded_bytes()).map_err(|_| value.bad("has a NUL byte"))
}
