//! The systemd unit that starts a server: what it grants and hides.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What is asked of it.
const PROPERTIES: [&str; 14] = [
    "LoadState",
    "MainPID",
    "ExecStart",
    "WorkingDirectory",
    "TasksMax",
    "LimitNPROC",
    "ProtectHome",
    "ProtectSystem",
    "PrivateTmp",
    "CapabilityBoundingSet",
    "ReadWritePaths",
    "User",
    "NoNewPrivileges",
    "SystemCallFilter",
];

/// A unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) name: String,
    pub(crate) main_pid: Option<i32>,
    /// The words of its command, the program first.
    pub(crate) command: Vec<String>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) tasks_max: Option<u64>,
    pub(crate) limit_nproc: Option<u64>,
    /// `no` if nobody has said.
    pub(crate) protect_home: String,
    pub(crate) protect_system: String,
    pub(crate) private_tmp: bool,
    /// In lower case, as systemd shows them; empty: nothing is known.
    pub(crate) capabilities: Vec<String>,
    pub(crate) writable: Vec<PathBuf>,
    pub(crate) user: Option<String>,
    pub(crate) no_new_privileges: bool,
    /// The only system calls, or with a `~` before the first those that are forbidden; empty: all are allowed.
    pub(crate) system_calls: Vec<String>,
}

impl Unit {
    /// Asks systemd.
    ///
    /// # Errors
    /// If there is no such unit, or no systemd to ask.
    pub(crate) fn of_this_machine(name: &str) -> Result<Self, String> {
        if name.is_empty() {
            return Err("--unit: the name is empty".into());
        }
        let name = if name.contains('.') { name.to_owned() } else { format!("{name}.service") };
        let output = Command::new("systemctl")
            .args(["show", "--property", &PROPERTIES.join(","), "--", &name])
            .output()
            .map_err(|error| format!("systemctl cannot be run: {error}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("systemctl show {name}: {}", said.lines().next().unwrap_or_default().trim()));
        }
        Self::parse(&name, &String::from_utf8_lossy(&output.stdout))
    }

    /// Reads what `systemctl show` has printed.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, String> {
        let value = |wanted: &str| {
            let mut pairs = text.lines().filter_map(|line| line.split_once('='));
            pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.trim()).unwrap_or_default()
        };
        if matches!(value("LoadState"), "not-found" | "") {
            return Err(format!(
                "there is no unit {name}; to list the servers' units, run `systemctl list-units 'openvpn*'`"
            ));
        }
        let number = |name| value(name).parse().ok().filter(|number| *number != u64::MAX);
        let word = |name| match value(name) {
            "" => "no".to_owned(),
            word => word.to_owned(),
        };
        Ok(Self {
            name: name.to_owned(),
            main_pid: value("MainPID").parse().ok().filter(|pid| *pid > 0),
            command: argv(value("ExecStart")),
            directory: Some(value("WorkingDirectory"))
                .map(|path| path.trim_start_matches(['!', '-']))
                .filter(|path| path.starts_with('/'))
                .map(PathBuf::from),
            tasks_max: number("TasksMax"),
            limit_nproc: number("LimitNPROC"),
            protect_home: word("ProtectHome"),
            protect_system: word("ProtectSystem"),
            private_tmp: !matches!(value("PrivateTmp"), "" | "no"),
            capabilities: value("CapabilityBoundingSet").split_whitespace().map(str::to_lowercase).collect(),
            writable: value("ReadWritePaths")
                .split_whitespace()
                .map(|path| PathBuf::from(path.trim_start_matches(['-', '+'])))
                .collect(),
            user: Some(value("User")).filter(|user| !matches!(*user, "" | "root" | "0")).map(str::to_owned),
            no_new_privileges: value("NoNewPrivileges") == "yes",
            system_calls: value("SystemCallFilter").split_whitespace().map(str::to_owned).collect(),
        })
    }

    /// Whether home directories are hidden from what the unit starts.
    pub(crate) fn hides_homes(&self) -> bool {
        matches!(self.protect_home.as_str(), "yes" | "true" | "tmpfs")
    }

    /// Whether what the unit starts may not write there, whatever the rights of the file.
    pub(crate) fn is_read_only(&self, path: &Path) -> bool {
        if self.writable.iter().any(|writable| path.starts_with(writable)) {
            return false;
        }
        let below = |directories: &[&str]| directories.iter().any(|directory| path.starts_with(directory));
        let by_system = match self.protect_system.as_str() {
            "strict" => !below(&["/dev", "/proc", "/sys"]),
            "full" => below(&["/usr", "/boot", "/efi", "/etc"]),
            "yes" | "true" => below(&["/usr", "/boot", "/efi"]),
            _ => false,
        };
        by_system || (self.protect_home == "read-only" && below(&["/home", "/root", "/run/user"]))
    }

    /// Whether the unit forbids a system call. systemd shows the groups (`@system-service`) as the calls they are.
    pub(crate) fn forbids_call(&self, call: &str) -> bool {
        let Some(first) = self.system_calls.first() else { return false };
        // An error number may follow: "keyctl:EPERM".
        let name = |word: &String| word.trim_start_matches('~').split(':').next() == Some(call);
        self.system_calls.iter().any(name) == first.starts_with('~')
    }

    /// Whether the unit takes a capability away.
    pub(crate) fn lacks(&self, capability: &str) -> bool {
        !self.capabilities.is_empty() && !self.capabilities.iter().any(|has| has == capability)
    }

    /// Where its OpenVPN is when it reads the configuration.
    pub(crate) fn working_directory(&self) -> PathBuf {
        let directory = self.directory.clone().unwrap_or_else(|| "/".into());
        match self.value("cd") {
            Some(cd) => directory.join(cd),
            None => directory,
        }
    }

    /// The first value of an option on the command line.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.options().into_iter().rfind(|option| option[0] == name)?.into_iter().nth(1)
    }

    /// The options on the command line with their values.
    pub(crate) fn options(&self) -> Vec<Vec<String>> {
        let mut options: Vec<Vec<String>> = Vec::new();
        let words = self.command.iter().skip(1);
        for word in words {
            match (word.strip_prefix("--"), options.last_mut()) {
                (Some(name), _) => options.push(vec![name.to_owned()]),
                (None, Some(option)) => option.push(word.clone()),
                // OpenVPN takes a single word for the configuration.
                (None, None) => options.push(vec!["config".to_owned(), word.clone()]),
            }
        }
        options
    }
}

/// The words of `{ path=/usr/sbin/openvpn ; argv[]=/usr/sbin/openvpn --config x ; ignore_errors=no ; ... }`.
fn argv(text: &str) -> Vec<String> {
    let words = text.split("argv[]=").nth(1).and_then(|rest| rest.split(" ; ").next()).unwrap_or_default();
    words.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: &str = "LoadState=loaded\nMainPID=0\nExecStart={ path=/usr/sbin/openvpn ; argv[]=/usr/sbin/openvpn --suppress-timestamps --cd /etc/openvpn --config server.conf ; ignore_errors=no ; pid=0 }\nWorkingDirectory=/etc/openvpn/server\nTasksMax=20\nLimitNPROC=18446744073709551615\nProtectHome=yes\nProtectSystem=full\nPrivateTmp=yes\nCapabilityBoundingSet=cap_setgid cap_setuid\nReadWritePaths=-/etc/openvpn/state\nUser=\nNoNewPrivileges=no\n";

    #[test]
    fn what_systemd_shows_is_read() {
        let unit = Unit::parse("x.service", SHOWN).unwrap();
        assert_eq!(
            (unit.main_pid, unit.tasks_max, unit.limit_nproc, unit.user.clone()),
            (None, Some(20), None, None)
        );
        assert_eq!(unit.directory.as_deref(), Some(Path::new("/etc/openvpn/server")));
        assert_eq!(
            unit.options(),
            [&["suppress-timestamps"][..], &["cd", "/etc/openvpn"], &["config", "server.conf"]]
        );
        assert_eq!(unit.working_directory(), Path::new("/etc/openvpn"));
        assert!(unit.hides_homes() && unit.lacks("cap_audit_write") && !unit.lacks("cap_setuid"));
        assert!(
            unit.is_read_only(Path::new("/etc/users.oath")) && !unit.is_read_only(Path::new("/var/lib/x"))
        );
        assert!(!unit.is_read_only(Path::new("/etc/openvpn/state/x")));
        assert!(Unit::parse("x.service", "LoadState=not-found\n").is_err());
    }
}
