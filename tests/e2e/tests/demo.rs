//! `make demo` shows two logins and leaves nothing behind, however it ends; who is not root gets one line.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

use harness::child_process::ChildProcess;
use harness::log::{Log, LogPipe, Mark};
use harness::proc_table::{self, Process};
use harness::scratch::Scratch;
use harness::{PATIENCE, command, plugin};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A running demo, in a process group of its own as a job of a terminal is.
struct Demo {
    running: ChildProcess,
    pipe: LogPipe,
    _scratch: Scratch,
}

impl Demo {
    fn start(plugin: &Path) -> Self {
        let scratch = Scratch::new();
        let pipe = LogPipe::new(&scratch.join("log"));
        // A shell can not catch a signal that it was started to ignore, as it is in the background of another.
        let mut command = Command::new("env");
        command.arg("--default-signal=INT,TERM").arg(project().join("tests/demo/demo")).arg(plugin);
        let running = ChildProcess::spawn(command.process_group(0), &pipe);
        Self { running, pipe, _scratch: scratch }
    }

    fn log(&self) -> &Log {
        self.pipe.log()
    }

    /// The name of everything it makes.
    fn name(&self) -> String {
        format!("ovpndemo-{}", self.running.pid())
    }

    fn namespace(&self) -> PathBuf {
        Path::new("/run/netns").join(self.name())
    }

    /// What runs in its network namespace now, and the number by which that is known when its name is gone.
    fn inside(&self) -> Option<(u64, Vec<Process>)> {
        let inode = fs::metadata(self.namespace()).ok()?.ino();
        Some((inode, proc_table::in_network_namespace(inode)))
    }

    /// As Ctrl-C in a terminal: to everything in the foreground.
    fn interrupt(&self, signal: Signal) {
        kill(Pid::from_raw(-self.running.pid()), signal).unwrap_or_else(|error| panic!("{signal}: {error}"));
    }

    fn end(&self) -> ExitStatus {
        self.running.wait(PATIENCE).unwrap_or_else(|| panic!("the demo does not end:\n{}", self.log().text()))
    }

    /// Directory, namespace and processes are gone.
    fn left_nothing(&self, inode: Option<u64>) {
        let text = self.log().text();
        let temporary = fs::read_dir("/tmp").expect("/tmp").flatten().map(|entry| entry.file_name());
        let files: Vec<_> = temporary
            .filter(|name| name.to_string_lossy().starts_with(&format!("{}-", self.name())))
            .collect();
        assert!(files.is_empty(), "{files:?} stays:\n{text}");
        assert!(!self.namespace().exists(), "its namespace stays:\n{text}");
        let processes: Vec<_> = inode.map(proc_table::in_network_namespace).unwrap_or_default();
        assert!(processes.is_empty(), "{processes:?} stay:\n{text}");
        let mut named = proc_table::all();
        named.retain(|process| process.title.contains(&self.name()));
        assert!(named.is_empty(), "{named:?} stay:\n{text}");
    }
}

#[test]
fn it_shows_both_logins() {
    let demo = Demo::start(&plugin::built("libopenvpn_plugin_auth_pam.so"));
    demo.log().wait_for(Mark::START, "server is up", PATIENCE);
    let inode = demo.inside().map(|(inode, _)| inode);
    assert!(inode.is_some());
    assert!(demo.end().success(), "{}", demo.log().text());
    let text = demo.log().text();
    for line in [
        "ps:     nobody",
        "auth-pam: supervisor",
        "auth-pam: worker",
        "alice with the right password: connected",
        "server: ",
        "client: Initialization Sequence Completed",
        "alice with a wrong password: refused",
        "user 'alice' failed to authenticate: ",
        "AUTH_FAILED",
        "are gone again",
    ] {
        assert!(text.contains(line), "{line:?} is not in:\n{text}");
    }
    demo.left_nothing(inode);
}

/// From the first line it prints to the last but one.
#[test]
fn interrupted_it_cleans_up() {
    for (moment, signal, code) in [
        ("certificates made", Signal::SIGINT, 130),
        ("server is up", Signal::SIGINT, 130),
        ("alice with the right password", Signal::SIGINT, 130),
        ("alice with the right password", Signal::SIGTERM, 143),
    ] {
        let demo = Demo::start(&plugin::built("libopenvpn_plugin_auth_pam.so"));
        demo.log().wait_for(Mark::START, moment, PATIENCE);
        let inode = demo.inside().map(|(inode, _)| inode);
        demo.interrupt(signal);
        let status = demo.end();
        assert_eq!(status.code(), Some(code), "{moment}, {signal}: {status}\n{}", demo.log().text());
        assert!(!demo.log().text().contains("are gone again"), "it came to its end before {signal}");
        demo.left_nothing(inode);
    }
}

/// With something that is no plugin the server does not start: that is said, with OpenVPN's own words.
#[test]
fn failing_it_cleans_up() {
    let scratch = Scratch::new();
    let demo = Demo::start(&scratch.write("no-plugin.so", "no plugin", 0o644));
    let status = demo.end();
    assert_eq!(status.code(), Some(1), "{}", demo.log().text());
    let text = demo.log().text();
    assert!(text.contains("demo failed: ") && text.contains("PLUGIN_INIT: could not load"), "{text}");
    demo.left_nothing(None);
}

/// Runs a program in `directory` as nobody.
fn as_nobody(directory: &Path, words: &[&str]) -> Output {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]).args(words);
    command::away_from_make(command.current_dir(directory));
    command.output().unwrap_or_else(|error| panic!("setpriv: {error}"))
}

/// One line that says what needs root, and nothing is done.
#[test]
fn not_root_is_told_in_one_line() {
    // Where nobody may read it.
    let scratch = Scratch::new();
    let copy = |from: &str, to: &str, mode| {
        let text = fs::read_to_string(project().join(from)).unwrap_or_else(|error| panic!("{from}: {error}"));
        scratch.write(to, &text, mode);
    };
    copy("Makefile", "Makefile", 0o644);
    copy("tests/demo/demo", "demo", 0o755);
    for (words, said) in [
        (&["make", "demo"][..], "make demo needs root: "),
        (&["make", "test"], "make test needs root: "),
        (&["make", "bench"], "make bench needs root: "),
        (&["./demo", "plugin.so"], "the demo needs root: "),
    ] {
        let output = as_nobody(scratch.path(), words);
        assert!(!output.status.success(), "{words:?}");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(out, "", "{words:?}");
        // make adds that its recipe failed.
        let lines: Vec<_> = err.lines().filter(|line| !line.starts_with("make: *** ")).collect();
        assert!(lines.len() == 1 && lines[0].starts_with(said), "{words:?}: {err}");
    }
    let mut names: Vec<_> =
        fs::read_dir(scratch.path()).expect("list").flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names, ["Makefile", "demo"]);
}
