//! The plugins under the limits of the systemd units that come with OpenVPN: they need no drop-in, and each drop-in of
//! packaging/systemd is needed for what it is for.

mod expired_password;
mod unit;

use std::fs;
use std::path::{Path, PathBuf};

use harness::pids_cgroup::PidsCgroup;
use harness::proc_table::wait_until;
use harness::scratch::{Scratch, set_mode, unique_name};
use harness::{Account, Gate, Machine, Outcome, PATIENCE, PamDir, Server, ServerConfig, TestModule, plugin};

use crate::unit::{Unit, visible};

/// The installed service and the plugins, where a service sees them.
struct Place {
    scratch: Scratch,
}

impl Place {
    fn new() -> Self {
        let scratch = Scratch::new();
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        scratch.directory("pam.d", 0o755);
        visible(&scratch, &project.join("pam.d/openvpn"), "pam.d/openvpn");
        visible(&scratch, &plugin::auth_pam(), "auth-pam.so");
        visible(&scratch, &plugin::built("libopenvpn_plugin_down_root.so"), "down-root.so");
        Self { scratch }
    }

    /// A server with auth-pam and this service, of this directory.
    fn auth_pam(&self, options: &str, services: &Path, service: &str) -> ServerConfig<'static> {
        let words = format!("{options} pam-confdir={} {service}", services.display());
        ServerConfig::default().plugin_file(&self.scratch.join("auth-pam.so"), &words)
    }
}

/// A down script, in a directory that is root's alone.
struct DownScript(PathBuf);

impl DownScript {
    fn new() -> Self {
        let path = Path::new("/var/lib").join(unique_name());
        fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let script = Self(path);
        set_mode(&script.0, 0o755);
        fs::write(script.path(), "#!/bin/sh\nid -u > \"${0%/*}/ran\"\n").expect("write");
        set_mode(&script.path(), 0o755);
        script
    }

    fn path(&self) -> PathBuf {
        self.0.join("down.sh")
    }

    /// As whom it ran; empty if it did not.
    fn ran_as(&self) -> String {
        fs::read_to_string(self.0.join("ran")).unwrap_or_default()
    }
}

impl Drop for DownScript {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Both plugins, real accounts, the service that is installed: logins are decided, and the down script runs as root.
fn works(unit: &Unit, cgroup: Option<&PidsCgroup>, options: &str) {
    let (place, account, script) = (Place::new(), Account::new("correct horse"), DownScript::new());
    let config = place.auth_pam(options, &place.scratch.join("pam.d"), "openvpn");
    let down = script.path().display().to_string();
    let config = config.plugin_file(&place.scratch.join("down-root.so"), &down).dropped();
    let server = unit.around(config, cgroup).start();
    limits_hold(&server, unit);
    // With the wrong password that is as many of one account as may wait.
    let clients: Vec<_> = (0..4).map(|_| server.client(account.name(), account.password()).start()).collect();
    server.client(account.name(), "wrong").start().wait_refused();
    for client in &clients {
        client.wait_connected();
    }
    let log = server.log().text();
    assert!(!log.contains("start another worker") && !log.contains("Operation not permitted"), "{log}");
    drop(clients);
    // The script and its command need two tasks. What logins have used may be there for a moment longer.
    if let Some(tasks) = unit.tasks {
        let has_room = || server.netns().processes().len() + 2 <= tasks as usize;
        assert!(wait_until(PATIENCE, has_room), "{:?}", server.netns().processes());
    }
    // KillMode=process: only OpenVPN itself gets the signal.
    server.stop();
    assert_eq!(script.ran_as(), "0\n", "{}", server.log().text());
    let gone = wait_until(PATIENCE, || server.netns().processes().is_empty());
    assert!(gone, "left behind: {:?}", server.netns().processes());
}

/// The emulation itself: what the server's process may do is what the unit says.
fn limits_hold(server: &Server, unit: &Unit) {
    let read = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", server.pid())).expect("/proc");
    let status = read("status");
    let bounding =
        status.lines().find_map(|line| line.strip_prefix("CapBnd:")).expect("CapBnd").trim().to_string();
    let bits = u64::from_str_radix(&bounding, 16).expect("a number").count_ones();
    assert_eq!(usize::try_from(bits), Ok(unit.capabilities.len()), "{bounding}: {:?}", unit.capabilities);
    if let Some(limit) = unit.processes_of_a_user {
        let limits = read("limits");
        let line = limits.lines().find(|line| line.starts_with("Max processes")).expect("the limit");
        assert!(line.split_whitespace().nth(2) == Some(&limit.to_string()), "{line}");
    }
    let root = format!("/proc/{}/root", server.pid());
    assert!(fs::write(format!("{root}/usr/ovpntest"), "").is_err(), "/usr can be written to");
    let homes = fs::read_dir(format!("{root}/root")).map_or(0, Iterator::count);
    assert!(homes == 0 || unit.home == unit::ProtectHome::No, "home directories are seen");
}

#[test]
fn nothing_is_needed_under_the_unit_of_2_6() {
    for options in ["", "deferred=yes"] {
        works(&Unit::of_2_6(), None, options);
    }
}

#[test]
fn nothing_is_needed_under_the_unit_of_2_7() {
    let Some(cgroup) = PidsCgroup::new_or_skip() else { return };
    for options in ["", "deferred=yes"] {
        works(&Unit::of_2_7(), Some(&cgroup), options);
    }
}

#[test]
fn nothing_is_needed_under_debians_openvpn_at() {
    let Some(cgroup) = PidsCgroup::new_or_skip() else { return };
    for options in ["", "deferred=yes"] {
        works(&Unit::of_openvpn_at(), Some(&cgroup), options);
    }
}

/// The options that the recipe with a program has for auth-pam.
fn options_of_the_hook_recipe() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/recipes/hook.md");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let words = text.split("openvpn-plugin-auth-pam.so \"").nth(1).and_then(|rest| rest.split('"').next());
    words.and_then(|words| words.strip_suffix(" openvpn")).expect("the plugin line").to_string()
}

/// What a login starts counts too: with the options of the recipe, or fewer workers where the recipe says so, a program that takes a
/// second, and a command in it, fit what the unit allows.
#[test]
fn programs_of_logins_fit_with_the_options_of_the_recipe() {
    const COUNT: usize = 20;
    let Some(cgroup) = PidsCgroup::new_or_skip() else { return };
    let (place, services) = (Place::new(), PamDir::new());
    let hook = place.scratch.write("hook", "#!/bin/sh\n/bin/sleep 1\nexit 0\n", 0o755);
    let stack =
        format!("auth required pam_permit.so\naccount required pam_exec.so stdout {}\n", hook.display());
    services.service("hook", &stack);
    let recipe = options_of_the_hook_recipe();
    assert!(recipe.contains("max-workers=5"), "{recipe}");
    for (unit, workers) in [(Unit::of_2_7(), "max-workers=5"), (Unit::of_openvpn_at(), "max-workers=1")] {
        // All of them come from one address here, and more than wait out the ten seconds of the recipe with one worker.
        let options = recipe.replace("max-workers=5", workers).replace("timeout=10", "timeout=60");
        let config = place.auth_pam(&options, services.path(), "hook").dropped();
        let server = unit.around(config, Some(&cgroup)).start();
        let clients: Vec<_> = (0..COUNT).map(|n| server.client(&format!("joe{n}"), "word").start()).collect();
        for client in &clients {
            client.wait_connected();
        }
    }
}

/// Sends one audit record, as libpam does at each login, and fails if the kernel refuses it.
const RECORD: &str = r#"#!/usr/bin/perl
use strict;
use Socket;
my ($AF_NETLINK, $NETLINK_AUDIT, $AUDIT_USER_AUTH, $REQUEST_AND_ACK) = (16, 9, 1100, 5);
socket(my $audit, $AF_NETLINK, SOCK_RAW, $NETLINK_AUDIT) or die;
my $text = "op=login\0";
my $kernel = pack('SSLL', $AF_NETLINK, 0, 0, 0);
send($audit, pack('LSSLLa*', 16 + length $text, $AUDIT_USER_AUTH, $REQUEST_AND_ACK, 1, 0, $text), 0, $kernel) or die;
recv($audit, my $answer, 4096, 0) // die;
exit(unpack('x16l', $answer) == 0 ? 0 : 1);
"#;

/// audit.conf: without the capability the kernel refuses audit records of a login. Debian's libpam says nothing of it; this stack
/// takes it for a failure, as others do.
#[test]
fn audit_records_need_audit_conf_where_the_unit_lacks_the_capability() {
    let mut old = Unit::of_2_6();
    assert!(old.capabilities.remove("CAP_AUDIT_WRITE"));
    let (place, services) = (Place::new(), PamDir::new());
    let record = place.scratch.write("record", RECORD, 0o755);
    let stack =
        format!("auth required pam_exec.so quiet {}\naccount required pam_permit.so\n", record.display());
    services.service("audited", &stack);
    let outcome = |unit: &Unit| {
        let server = unit.around(place.auth_pam("", services.path(), "audited").dropped(), None).start();
        server.client("joe", "word").outcome()
    };
    assert!(matches!(outcome(&old), Outcome::Refused { .. }));
    for unit in [old.with_drop_in("audit.conf"), Unit::of_2_6()] {
        assert!(matches!(outcome(&unit), Outcome::Connected(_)), "{unit:?}");
    }
}

/// many-logins.conf: 14 logins that take long run at the same time, instead of 10.
#[test]
fn more_than_ten_logins_at_once_need_many_logins_conf() {
    const COUNT: usize = 14;
    let Some(cgroup) = PidsCgroup::new_or_skip() else { return };
    let (place, services, module) = (Place::new(), PamDir::new(), TestModule::shared());
    // All of them come from one address: three quarters of ten workers are its.
    for (unit, at_once) in [(Unit::of_2_7(), 7), (Unit::of_2_7().with_drop_in("many-logins.conf"), COUNT)] {
        let gate = Gate::new();
        let (tell, wait) = (format!("auth/{}", gate.tell()), format!("auth/{}", gate.wait()));
        services.service("slow", &module.stack(&[&tell, &wait]));
        let config = place.auth_pam("deferred=yes", services.path(), "slow").dropped();
        let server = unit.around(config, Some(&cgroup)).start();
        let clients: Vec<_> =
            (0..COUNT).map(|n| server.client(&format!("user{n}"), "word").start()).collect();
        for _ in 0..at_once {
            gate.arrival();
        }
        let workers = server.netns().processes().iter().filter(|one| one.name == "auth-pam-worker").count();
        assert_eq!(workers, at_once);
        clients.iter().for_each(|_| gate.open());
        for client in &clients {
            client.wait_connected();
        }
    }
}

/// A machine with an account, with a home directory and a one-time code in it.
struct WithCode {
    machine: Machine,
}

impl WithCode {
    const USER: &str = "alice";
    const CODE: &str = "12345678";

    fn new() -> Self {
        let machine = Machine::new();
        machine.run(&format!("useradd --create-home {}", Self::USER));
        let file = format!("/home/{}/.google_authenticator", Self::USER);
        machine.write(&file, format!("JBSWY3DPEHPK3PXP\n\" TOTP_AUTH\n{}\n", Self::CODE), 0o400);
        machine.run(&format!("chown {0} {file}; chmod 700 /home/{0}", Self::USER));
        Self { machine }
    }
}

/// google-authenticator.conf: the module neither reads nor rewrites its file in a home directory that the unit hides.
#[test]
fn google_authenticator_in_home_directories_needs_its_conf() {
    let (place, services, user) = (Place::new(), PamDir::new(), WithCode::new());
    services.service("code", "auth required pam_google_authenticator.so\naccount required pam_permit.so\n");
    let outcome = |unit: Unit| {
        let config = place.auth_pam("", services.path(), "code").dropped().on(&user.machine);
        let server = unit.around(config, None).start();
        server.client(WithCode::USER, WithCode::CODE).outcome()
    };
    assert!(matches!(outcome(Unit::of_2_6()), Outcome::Refused { .. }));
    let with = || Unit::of_2_6().with_drop_in("google-authenticator.conf");
    assert!(matches!(outcome(with()), Outcome::Connected(_)));
    // The code was struck out of the file.
    assert!(matches!(outcome(with()), Outcome::Refused { .. }), "a code counts twice");
}

/// Every drop-in is one of these, says where it belongs, and says of each line why.
#[test]
fn each_line_has_its_why() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/systemd");
    let mut names: Vec<_> = fs::read_dir(&directory)
        .expect("packaging/systemd")
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["audit.conf", "expired-password.conf", "google-authenticator.conf", "many-logins.conf"]
    );
    for name in names {
        let text = fs::read_to_string(directory.join(&name)).expect("a drop-in");
        assert!(text.contains(&format!("openvpn-server@.service.d/{name}")), "{name}");
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2).filter(|pair| !pair[1].starts_with(['#', '['])) {
            assert!(pair[0].starts_with("# "), "{name}: nothing says why {}", pair[1]);
        }
    }
}
