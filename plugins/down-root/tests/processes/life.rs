//! When there is a helper, and what ends it.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Stdio};

use harness::proc_table::{self, Process, descriptors, kill9, sockets_of, wait_gone, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ovpn_plugin_host::FuncResult;

use crate::Case;
use crate::stage::{NOBODY, PATIENCE, Stage, down, drop_root, helper, helpers_of, logged, up};

pub(crate) const CASES: &[Case] = &[
    ("the helper is born at the first up, and there is never more than one", born_at_up),
    ("the helper of a server without root stays at a later up", stays_without_root),
    ("hundreds of restarts leave no memory and no descriptors behind", many_restarts),
    ("the helper ends with openvpn though somebody holds its socket", ends_with_openvpn),
    ("a script ends with openvpn though somebody holds its socket", scripts_end_with_openvpn),
    ("nobody can neither signal the helper nor look into it", out_of_reach),
    ("debug lines of the helper come from verb 7 on", debug_lines),
    ("a helper that is stopped does not stop openvpn for ever", stopped),
];

/// A part of some of them that is a process of its own.
pub(crate) const TO_BE_KILLED: &str = "openvpn, to be killed";

fn own_helpers() -> Vec<Process> {
    helpers_of(Pid::this().as_raw())
}

fn debug_lines(stage: &Stage) {
    for (verb, shown) in [("6", false), ("7", true)] {
        let plugin = stage.open_with(&[("verb", verb)], &["/bin/true"]);
        up(&plugin);
        assert_eq!(down(&plugin), FuncResult::Success);
        assert_eq!(logged(&plugin, "/bin/true exited with status 0"), shown, "{:?}", plugin.log_lines());
    }
}

fn born_at_up(stage: &Stage) {
    let plugin = stage.open(&["/bin/true"]);
    assert_eq!(own_helpers(), []);
    // The C plugin has none before UP either, and nothing to undo.
    assert_eq!(down(&plugin), FuncResult::Error);
    assert_eq!(own_helpers(), []);
    for _ in 0..3 {
        up(&plugin);
        assert_eq!(own_helpers().len(), 1, "{:?}", own_helpers());
    }
    drop(plugin);
    assert_eq!(own_helpers(), []);
}

fn stays_without_root(stage: &Stage) {
    let plugin = stage.open(&["/bin/true"]);
    up(&plugin);
    let before = helper();
    drop_root(None);
    for _ in 0..3 {
        up(&plugin);
        assert_eq!(down(&plugin), FuncResult::Success);
        assert_eq!(own_helpers().iter().map(|helper| helper.pid).collect::<Vec<_>>(), [before]);
    }
}

/// What this process and its helper have of memory in KiB, and of descriptors; nobody may not look at the helper's.
fn held() -> [(u64, usize); 2] {
    [Pid::this().as_raw(), helper()].map(|pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
        let resident = line.split_whitespace().next().and_then(|number| number.parse().ok());
        (resident.expect("a number"), descriptors(pid).len())
    })
}

/// With a new helper at each, and then with one that stays.
fn many_restarts(stage: &Stage) {
    let plugin = stage.open(&[&stage.script("down.sh", "echo ran")]);
    let restart = || {
        up(&plugin);
        assert_eq!(down(&plugin), FuncResult::Success);
        // The log is a file of this process's.
        plugin.clear_log();
    };
    for dropped in [false, true] {
        if dropped {
            drop_root(None);
        }
        (0..200).for_each(|_| restart());
        let before = held();
        (0..300).for_each(|_| restart());
        let after = held();
        // The host of these tests itself takes some: 0.2 KiB for each.
        for ((resident, open), (now, open_now)) in before.into_iter().zip(after) {
            assert!(now < resident + 192 && open == open_now, "{before:?} became {after:?}");
        }
    }
}

/// A process in which the device is up; with standard input of the case's, at whose end it ends.
struct OpenVpn(Child);

impl OpenVpn {
    fn start() -> Self {
        let mut command = case_runner::part(TO_BE_KILLED);
        OpenVpn(command.stdin(Stdio::piped()).spawn().expect("a process"))
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).expect("a pid")
    }

    fn helper(&self) -> i32 {
        let mut found = Vec::new();
        wait_until(PATIENCE, || {
            found = helpers_of(self.pid());
            !found.is_empty()
        });
        found.first().expect("a helper").pid
    }

    fn kill(mut self) {
        self.0.kill().expect("kill");
        self.0.wait().expect("wait");
    }
}

pub(crate) fn to_be_killed(stage: &Stage) {
    let plugin = stage.open(&[&stage.script("down.sh", "echo $$ > \"$D/pid\"\nexec sleep 1000")]);
    up(&plugin);
    std::fs::write(stage.path("is up"), "").expect("a file");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("standard input");
    if line == "down\n" {
        down(&plugin);
    }
}

fn ends_with_openvpn(stage: &Stage) {
    let openvpn = OpenVpn::start();
    let helper = openvpn.helper();
    assert!(wait_until(PATIENCE, || stage.path("is up").exists()));
    let held = sockets_of(openvpn.pid());
    openvpn.kill();
    let gone = wait_gone(helper, PATIENCE);
    kill9(helper);
    assert!(gone, "the helper lives on");
    drop(held);
}

fn scripts_end_with_openvpn(stage: &Stage) {
    let mut openvpn = OpenVpn::start();
    let helper = openvpn.helper();
    std::io::Write::write_all(openvpn.0.stdin.as_mut().expect("a pipe"), b"down\n").expect("write");
    let script = stage.number("pid");
    let held = sockets_of(openvpn.pid());
    openvpn.kill();
    let gone = [helper, script].map(|pid| wait_gone(pid, PATIENCE));
    [helper, script].into_iter().for_each(kill9);
    assert_eq!(gone, [true; 2], "helper and script");
    drop(held);
}

fn out_of_reach(stage: &Stage) {
    let plugin = stage.open(&[&stage.script("down.sh", "echo ran > \"$D/seen\"")]);
    up(&plugin);
    let helper = helper();
    let files = ["environ", "mem", "maps", "fd"].map(|file| format!("/proc/{helper}/{file}"));
    assert!(files.iter().all(|file| std::fs::metadata(file).is_ok_and(|status| status.uid() == 0)));
    drop_root(Some(NOBODY));
    for file in &files {
        let opened = std::fs::File::open(file).map(drop);
        assert_eq!(opened.map_err(|error| error.kind()), Err(ErrorKind::PermissionDenied), "{file}");
    }
    for signal in [Signal::SIGKILL, Signal::SIGSTOP, Signal::SIGTERM] {
        assert_eq!(kill(Pid::from_raw(helper), signal), Err(nix::errno::Errno::EPERM));
    }
    assert_eq!(down(&plugin), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(stage.text("seen"), "ran\n");
}

/// What it did meanwhile is no answer to a later question.
fn stopped(stage: &Stage) {
    let plugin = stage.open(&["timeout=1", &stage.script("down.sh", "echo ran >> \"$D/seen\"")]);
    up(&plugin);
    let helper = Pid::from_raw(helper());
    kill(helper, Signal::SIGSTOP).expect("kill");
    assert_eq!(down(&plugin), FuncResult::Error);
    assert!(logged(&plugin, "the down script: the helper does not answer"), "{:?}", plugin.log_lines());
    kill(helper, Signal::SIGCONT).expect("kill");
    assert_eq!(down(&plugin), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(stage.text("seen"), "ran\nran\n");
    assert!(proc_table::Process::look(helper.as_raw()).is_some(), "the same helper");
}
