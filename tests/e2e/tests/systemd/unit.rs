//! The limits of a systemd unit, put around a server without systemd.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use harness::ServerConfig;
use harness::pids_cgroup::PidsCgroup;

/// Of Debian's package openvpn: that of 2.6, and Debian's own for configurations in /etc/openvpn.
const SHIPPED: [&str; 2] =
    ["/lib/systemd/system/openvpn-server@.service", "/lib/systemd/system/openvpn@.service"];

/// Which home directories a service sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProtectHome {
    No,
    Yes,
}

/// What of a unit binds the plugins.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) capabilities: BTreeSet<String>,
    pub(crate) processes_of_a_user: Option<u32>,
    pub(crate) tasks: Option<u32>,
    pub(crate) home: ProtectHome,
}

impl Unit {
    /// The unit as it is installed here.
    pub(crate) fn of_2_6() -> Self {
        let unit = Self::shipped(SHIPPED[0]);
        assert_eq!((unit.processes_of_a_user, unit.tasks), (Some(10), None), "{} is another", SHIPPED[0]);
        unit
    }

    /// Debian's openvpn@.service, which also runs what `openvpn.service` starts: 10 tasks.
    pub(crate) fn of_openvpn_at() -> Self {
        let unit = Self::shipped(SHIPPED[1]);
        assert_eq!((unit.processes_of_a_user, unit.tasks), (None, Some(10)), "{} is another", SHIPPED[1]);
        unit
    }

    fn shipped(path: &str) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let none = Self {
            capabilities: BTreeSet::new(),
            processes_of_a_user: None,
            tasks: None,
            home: ProtectHome::No,
        };
        let unit = none.with_lines(&text);
        assert_eq!(unit.home, ProtectHome::Yes, "{path} is another");
        assert!(text.contains("\nPrivateTmp=true\n") && text.contains("\nProtectSystem=true\n"), "{path}");
        unit
    }

    /// That of 2.7: 20 tasks instead of 10 processes of a user, and one capability more.
    pub(crate) fn of_2_7() -> Self {
        let mut unit = Self::of_2_6().with_lines("TasksMax=20\nCapabilityBoundingSet=CAP_SYS_NICE\n");
        unit.processes_of_a_user = None;
        unit
    }

    /// With a drop-in of packaging/systemd.
    pub(crate) fn with_drop_in(self, name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/systemd").join(name);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.with_lines(&text)
    }

    fn with_lines(mut self, text: &str) -> Self {
        for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let number = || Some(value.parse().unwrap_or_else(|_| panic!("{name}={value}")));
            match name {
                "CapabilityBoundingSet" => self.capabilities.extend(value.split(' ').map(String::from)),
                "LimitNPROC" => self.processes_of_a_user = number(),
                "TasksMax" => self.tasks = number(),
                "ProtectHome" if value == "true" => self.home = ProtectHome::Yes,
                "ProtectHome" if value == "false" => self.home = ProtectHome::No,
                "ProtectHome" => panic!("ProtectHome={value} is not known here"),
                _ => {}
            }
        }
        self
    }

    /// A server below these limits. `cgroup` counts if the unit limits tasks.
    pub(crate) fn around<'a>(
        &self,
        config: ServerConfig<'a>,
        cgroup: Option<&'a PidsCgroup>,
    ) -> ServerConfig<'a> {
        let mut config = config;
        if let (Some(tasks), Some(cgroup)) = (self.tasks, cgroup) {
            cgroup.limit(tasks);
            config = config.in_cgroup(cgroup);
        }
        let temporary = std::env::temp_dir().display().to_string();
        let (own, home) =
            (std::process::id().to_string(), if self.home == ProtectHome::Yes { "hide" } else { "show" });
        config = config.through(&["unshare", "--mount", "sh", "-c", MOUNTS, &temporary, &own, home]);
        if let Some(limit) = self.processes_of_a_user {
            config = config.through(&["prlimit", &format!("--nproc={limit}:{limit}")]);
        }
        let set: String = self
            .capabilities
            .iter()
            .map(|name| format!(",+{}", name.trim_start_matches("CAP_").to_lowercase()))
            .collect();
        config.through(&["setpriv", &format!("--bounding-set=-all{set}")])
    }
}

/// ProtectSystem=true, PrivateTmp=true and, if asked for, ProtectHome=true. What the test itself has in its temporary directory
/// is still there.
const MOUNTS: &str = r#"
    set -e
    temporary=$0 own=$1 home=$2
    shift 2
    for directory in /usr /boot; do
        mount --bind $directory $directory
        mount -o remount,bind,ro $directory
    done
    mount -t tmpfs tmpfs /mnt
    mkdir /mnt/own
    mount --rbind "$temporary" /mnt/own
    mount -t tmpfs -o mode=1777 tmpfs /tmp
    mount -t tmpfs -o mode=1777 tmpfs /var/tmp
    mkdir -p "$temporary"
    for directory in /mnt/own/ovpntest-$own-*; do
        mkdir "$temporary/${directory##*/}"
        # Another test of this process may just have removed its own.
        mount --rbind "$directory" "$temporary/${directory##*/}" 2>/dev/null || [ ! -d "$directory" ]
    done
    if [ $home = hide ]; then
        for directory in /home /root /run/user; do
            [ ! -d $directory ] || mount -t tmpfs -o mode=000,ro tmpfs $directory
        done
    fi
    exec "$@"
"#;

/// A file of the project, where a service sees it: the project may be below a home directory.
pub(crate) fn visible(scratch: &harness::scratch::Scratch, file: &Path, name: &str) -> PathBuf {
    let to = scratch.join(name);
    fs::copy(file, &to).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    to
}
