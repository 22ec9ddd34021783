//! `--unit` with a real systemd: PID 1 of namespaces of its own, with nothing but a bus and the unit of one server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use harness::scratch::unique_name;
use harness::{PATIENCE, proc_table};
use tempfile::TempDir;

use super::good_setup::{GoodSetup, STACK, findings};
use crate::run::{COMMAND, Run};

const SYSTEMD: &str = "/lib/systemd/systemd";
/// Makes the namespaces systemd's, which gets its units from the directory `$2`. `$1` is a cgroup.
const INIT: &str = r#"
set -e
echo $$ > "$1/cgroup.procs"
exec unshare --pid --fork --kill-child --mount --uts --ipc --cgroup sh -ec '
mount --make-rprivate /
mount -t proc proc /proc
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/systemd/system
cp "$1"/* /run/systemd/system
exec env -i container=test PATH="$PATH" SYSTEMD_UNIT_PATH=/run/systemd/system \
    '"$3"' --system --unit=test.target --log-target=null --show-status=no' sh "$2"
"#;
const BUS_SOCKET: &str = "[Socket]\nListenStream=/run/dbus/system_bus_socket\n";
const BUS: &str = "[Service]\nType=notify\nNotifyAccess=main\nExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation\n";
/// What Debian's openvpn-server@ has.
const SANDBOX: &str = "PrivateTmp=true\nProtectSystem=true\nProtectHome=true\nLimitNPROC=10\nTasksMax=20\nKillMode=process\n\
    CapabilityBoundingSet=CAP_IPC_LOCK CAP_NET_ADMIN CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SETGID CAP_SETUID CAP_SETPCAP CAP_SYS_CHROOT CAP_DAC_OVERRIDE CAP_AUDIT_WRITE\n\
    SystemCallFilter=@system-service @mount\n";

/// It ends with all its processes when dropped.
struct Systemd {
    unshare: Child,
    cgroup: PathBuf,
    _units: TempDir,
    /// The command, where it is also in the unit's sandbox: what was built may lie in `/tmp` or a home directory.
    command: PathBuf,
}

impl Systemd {
    /// Starts it with `server.service`, which runs this program in this directory.
    fn new(program: &Path, directory: &Path) -> Self {
        for needed in [SYSTEMD, "/usr/bin/dbus-daemon"] {
            assert!(Path::new(needed).exists(), "{needed} is missing (Debian packages systemd, dbus-daemon)");
        }
        let copy = directory.join("ovpn-plugin");
        fs::copy(COMMAND, &copy).unwrap();
        let units = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            fs::write(units.path().join(name), format!("[Unit]\nDefaultDependencies=no\n{text}")).unwrap();
        };
        for target in ["sysinit", "basic", "shutdown", "sockets"] {
            put(&format!("{target}.target"), "");
        }
        put("test.target", "Wants=dbus.service\nAfter=dbus.service\n");
        put("dbus.socket", BUS_SOCKET);
        put("dbus.service", &format!("Requires=dbus.socket\n{BUS}"));
        let (program, directory) = (program.display(), directory.display());
        let command = format!("ExecStart={program} --suppress-timestamps --config server.conf");
        put(
            "server.service",
            &format!("[Service]\nType=exec\n{command}\nWorkingDirectory={directory}\n{SANDBOX}"),
        );
        let cgroup = cgroup_root().join(unique_name());
        fs::create_dir(&cgroup).unwrap_or_else(|error| panic!("{}: {error}", cgroup.display()));
        let unshare = Command::new("sh")
            .args(["-c", INIT, "sh"])
            .args([cgroup.as_os_str(), units.path().as_os_str(), SYSTEMD.as_ref()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let systemd = Self { unshare, cgroup, _units: units, command: copy };
        let is_up = || systemd.systemctl(&["is-system-running", "--wait"]).out == "running\n";
        assert!(proc_table::wait_until(PATIENCE, is_up), "systemd does not come up");
        systemd
    }

    /// Runs a program where systemd is.
    fn run(&self, words: &[&str]) -> Run {
        let unshare = self.unshare.id();
        let children =
            fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).unwrap_or_default();
        let init = children.split_whitespace().next().unwrap_or("none");
        let output = Command::new("nsenter")
            .args(["--target", init, "--pid", "--mount", "--cgroup", "--ipc", "--uts"])
            .args(words)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("only text is printed");
        Run { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn systemctl(&self, words: &[&str]) -> Run {
        self.run(&[&["systemctl"], words].concat())
    }

    fn command(&self, words: &[&str]) -> Run {
        self.run(&[&[self.command.to_str().unwrap()], words].concat())
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        // Its child, which is systemd, ends with it, and all processes of that namespace with that.
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
        let removed = proc_table::wait_until(PATIENCE, || {
            remove(&self.cgroup);
            !self.cgroup.exists()
        });
        if !removed {
            eprintln!("{} is left behind", self.cgroup.display());
        }
    }
}

/// Where the second version of cgroups is.
fn cgroup_root() -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let of_2 =
        mounts.lines().find(|line| line.starts_with("cgroup2 ") || line.split(' ').nth(2) == Some("cgroup2"));
    of_2.and_then(|line| line.split(' ').nth(1)).expect("cgroup2 is mounted").into()
}

/// The cgroups below first.
fn remove(cgroup: &Path) {
    for entry in fs::read_dir(cgroup).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    let _ = fs::remove_dir(cgroup);
}

/// A program that runs as a server does, and says its version.
fn server(setup: &GoodSetup) -> PathBuf {
    let program =
        "#!/bin/sh\ncase $1 in --version) echo 'OpenVPN 2.6.21 x86_64'; exit;; esac\nexec sleep infinity\n";
    setup.file("server", program, 0o755)
}

/// Whether the server runs or not: home directories and `/tmp` are hidden from it, and so from the command.
#[test]
fn in_the_sandbox_of_a_real_unit() {
    let mut setup = GoodSetup::new();
    let systemd = Systemd::new(&server(&setup), &setup.path(""));
    let home = tempfile::Builder::new().prefix("doctor-").tempdir_in("/root").unwrap();
    let script = home.path().join("down.sh");
    fs::write(&script, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let tmp = tempfile::Builder::new().prefix("doctor-").tempdir_in("/tmp").unwrap();
    let in_tmp = tmp.path().join("down-root.so");
    fs::copy(setup.path("down-root.so"), &in_tmp).unwrap();
    let (plugin, own) = (setup.path("down-root.so"), setup.path("down.sh"));
    let [plugin, own, script, in_tmp] =
        [&plugin, &own, &script, &in_tmp].map(|path| path.to_str().unwrap().to_owned());
    setup.save();
    // A secret of the user's: who has none is refused.
    let secret = home.path().join("secret");
    fs::write(&secret, "joe\n").unwrap();
    let looks =
        format!("#!/bin/sh\n[ -e {} ] && echo home is seen || echo home is hidden\n", secret.display());
    let looks = setup.file("looks.sh", looks, 0o755).to_str().unwrap().to_owned();
    let allowed = format!(
        "auth requisite pam_listfile.so item=user sense=allow file={} onerr=fail\nauth required pam_permit.so\naccount required pam_permit.so\n",
        secret.display()
    );
    setup.service(&allowed);
    let (auth_pam, services) = (setup.path("auth-pam.so"), setup.path("pam.d"));
    let words = format!("pam-confdir={} vpn", services.display());
    let login = |unit: &[&'static str]| {
        let of_joe =
            ["--user", "joe", "--password-file", "/etc/hostname", auth_pam.to_str().unwrap(), &words];
        [&["login"], unit, &of_joe].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    // Outside, nothing is wrong.
    crate::run::run(&login(&[])).expect(0, &[("result", "accepted")]);
    for line in [[&plugin, &script], [&in_tmp, &own]] {
        crate::run::run(&["check", line[0], line[1]]).expect(0, &[("result", "OpenVPN would start")]);
    }
    crate::run::run(&["events", &plugin, &looks])
        .expect(0, &[("event", "DOWN: success"), ("log", "looks.sh: home is seen")]);
    crate::run::run(&["events", &plugin, &script]).expect(0, &[("result", "the client got in")]);
    for runs in [false, true] {
        if runs {
            systemd.systemctl(&["start", "server"]).expect(0, &[]);
        }
        let pid = systemd.systemctl(&["show", "--value", "--property=MainPID", "server"]);
        assert_eq!(pid.out != "0\n", runs, "{pid}");
        let good = systemd.command(&["check", "--unit", "server", &plugin, &own]);
        good.expect(0, &[("result", "OpenVPN would start")]);
        for line in [[&plugin, &script], [&in_tmp, &own]] {
            let run = systemd.command(&["check", "--unit", "server", line[0], line[1]]);
            run.expect(1, &[("result", "OpenVPN would not start")]);
            assert!(run.out.contains("No such file"), "{run}");
        }
        let run = systemd.command(&["events", "--unit", "server", &plugin, &looks]);
        run.expect(0, &[("event", "DOWN: success"), ("log", "looks.sh: home is hidden")]);
        run.expect(0, &[("result", "the client got in")]);
        let run = systemd.command(&["events", "--unit", "server", &plugin, &script]);
        run.expect(3, &[("open", "refused to start"), ("result", "")]);
        assert!(run.out.contains("No such file"), "{run}");
        let login = login(&["--unit", "server"]);
        let run = systemd.command(&login.iter().map(String::as_str).collect::<Vec<_>>());
        run.expect(1, &[("result", "rejected")]);
        setup.service(STACK);
        setup.replace("down-root.so", &format!("plugin {plugin} {own}"));
        setup.save();
        let run = systemd.command(&["doctor", "--unit", "server"]);
        assert_eq!((run.status, findings(&run)), (Some(0), Vec::new()), "{run}");
        for (line, id) in [
            (format!("plugin {plugin} {script}"), "protect-home"),
            (format!("plugin {in_tmp} {own}"), "private-tmp"),
        ] {
            setup.replace("down-root.so", &line);
            setup.save();
            let run = systemd.command(&["doctor", "--unit", "server"]);
            let found: Vec<_> = findings(&run).into_iter().map(|(severity, _, id)| (severity, id)).collect();
            assert_eq!((run.status, found), (Some(2), vec![("error".to_owned(), id.to_owned())]), "{run}");
        }
        setup.service(&allowed);
    }
    let none = systemd.command(&["doctor", "--unit", "nosuch"]);
    assert!(none.status == Some(2) && none.err.contains("there is no unit nosuch.service"), "{none}");
}

/// That is no verdict on the plugin line.
#[test]
fn a_systemd_that_starts_nothing() {
    let setup = GoodSetup::new();
    let systemd = Systemd::new(&server(&setup), &setup.path(""));
    systemd.systemctl(&["stop", "dbus.socket", "dbus.service"]).expect(0, &[]);
    let plugin = setup.path("down-root.so");
    let run = systemd.command(&["check", "--unit", "server", plugin.to_str().unwrap(), "./down.sh"]);
    assert!(run.status == Some(2) && run.err.contains("it ended with exit status: 1"), "{run}");
    assert!(run.out.is_empty(), "{run}");
}
