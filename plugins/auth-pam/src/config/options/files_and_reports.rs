//! Options on the files that the plugin reads, and on what it reports.

use std::ffi::CString;
use std::path::PathBuf;

use plugin_options::{Fallback, Form, Mistake, OptionSpec, Value};

use privsep::local_socket::MAX_PATH;

use crate::config::{Config, Reasons};
use crate::metrics::file::MetricsFile;
use crate::supervisor::audit::Facility;

pub const OPTIONS: [OptionSpec<Config>; 6] = [
    OptionSpec::options_file("Read further options from this file; see [Options file]."),
    OptionSpec {
        name: "metrics",
        form: Form::Other("FILE"),
        default: Fallback::Nothing,
        example: "/var/lib/prometheus/node-exporter/server1.prom",
        needs: "",
        meaning: "metrics for Prometheus, in a file `NAME.prom` that node_exporter reads (`docs/metrics.md`)",
        text: "Write metrics for Prometheus to this file every five seconds, for the textfile collector of node_exporter. The \
               path is absolute and must end in `.prom`. The file's name without that is the label `server` of all \
               metrics, so give each server a file of its own. The file is replaced as a whole, readable for everybody, and \
               removed when OpenVPN ends. The directory must exist when OpenVPN starts, and must not be writable by \
               everybody; the plugin writes as its owner. If the directory is replaced, restart OpenVPN. An unsuitable \
               directory, a full disk or one that hangs is logged, and stops no login. By default no file is written.",
        repeats: false,
        set: |config, value| {
            config.metrics =
                Some(MetricsFile::parse(value.text()).ok_or_else(|| value.bad(MetricsFile::FORM))?);
            Ok(())
        },
    },
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
        // Not a value: an old OpenVPN is warned about only if the option is given.
        default: Fallback::Described("`safe`"),
        example: "none",
        needs: "OpenVPN 2.6",
        meaning: "what a client learns of a refusal by PAM",
        text: "What a client learns of a refusal by PAM. The default is `safe`: it tells why the account phase refused, or that the user \
               has too many sessions. Both come after the right password. `all` adds what PAM modules say in any \
               phase, which may reveal who has an account.",
        repeats: false,
        set: |config, value| {
            config.reasons = Some(value.chosen(Reasons::parse)?);
            Ok(())
        },
    },
    OptionSpec {
        name: "status",
        form: Form::Other("PATH"),
        default: Fallback::Nothing,
        example: "/run/openvpn-server/office.auth-pam",
        needs: "",
        meaning: "a socket by which root asks a running server: `ovpn-plugin status`, `revoke`, `unblock`",
        text: "Make a socket there, by which root asks the running server with `ovpn-plugin status`, `revoke` and `unblock`. Its \
               mode is 0600. If others than root could write to its directory, OpenVPN does not start. If another \
               server's socket is there, a warning says so, and logins go on. The path is absolute and has at most 90 bytes.",
        repeats: false,
        set: |config, value| {
            let path = PathBuf::from(value.text());
            if !path.is_absolute() || value.text().ends_with('/') || path.file_name().is_none() {
                return Err(value.bad("must be the absolute path of a socket"));
            }
            if path.as_os_str().len() > MAX_PATH {
                return Err(value.bad(&format!("must have at most {MAX_PATH} bytes with its directory")));
            }
            config.status = Some(path);
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
