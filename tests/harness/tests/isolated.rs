//! `tests/isolated`: what a test program does to accounts and PAM services changes nothing outside, also when it is killed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::child_process::ChildProcess;
use harness::log::{LogPipe, Mark};
use harness::scratch::Scratch;
use harness::{Account, EtcPamService, PATIENCE, isolation, proc_table};
use nix::sys::signal::Signal;
use nix::unistd::getppid;

/// The test below that is killed.
const KILLED: &str = "makes_things_and_waits";

/// Every file below `directory`, with all that could be changed.
fn files(directory: &Path) -> BTreeMap<PathBuf, (u32, u32, u32, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("{}: {error}", directory.display())).path();
        let it = fs::symlink_metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let content = if it.is_file() { fs::read(&path).unwrap_or_default() } else { Vec::new() };
        if it.is_dir() {
            found.extend(files(&path));
        }
        found.insert(path, (it.mode(), it.uid(), it.gid(), it.mtime(), content));
    }
    found
}

/// The program runs where this one plays the machine.
#[test]
fn killed_it_leaves_everything_as_it_was() {
    let before = files(Path::new("/etc"));
    let scratch = Scratch::new();
    let pipe = LogPipe::new(&scratch.join("log"));
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../isolated"));
    command.arg(std::env::current_exe().expect("own path"));
    let running = ChildProcess::spawn(command.args(["--ignored", "--exact", "--nocapture", KILLED]), &pipe);
    let line = pipe.log().wait_for(Mark::START, "made: ", PATIENCE);
    let [user, service, pid] = line.text.split_once("made: ").map_or([""; 3], |(_, names)| {
        names.split(' ').collect::<Vec<_>>().try_into().unwrap_or_else(|names| panic!("{names:?}"))
    });
    let pid = pid.parse().expect("a number");
    running.signal(Signal::SIGKILL);
    running.wait(PATIENCE).expect("it is killed");

    assert!(files(Path::new("/etc")) == before, "/etc is not as it was");
    // Nor on the real machine, where cargo is.
    let machine = PathBuf::from(format!("/proc/{}/root/etc", getppid()));
    let accounts = fs::read_to_string(machine.join("passwd")).expect("passwd");
    assert!(!accounts.contains(user) && !machine.join("pam.d").join(service).exists());

    // The next program ends what it left running.
    assert!(proc_table::Process::look(pid).is_some_and(|process| !process.is_zombie()));
    isolation::sweep();
    assert!(proc_table::Process::look(pid).is_none_or(|process| process.is_zombie()));
}

#[test]
#[ignore = "a part of the other test"]
fn makes_things_and_waits() {
    let account = Account::new("secret");
    let service = EtcPamService::new("auth required pam_deny.so\n");
    let accounts = fs::read_to_string("/etc/passwd").expect("passwd");
    assert!(accounts.contains(account.name()) && service.path().exists());
    let mut sleep = Command::new("setsid");
    sleep.args(["sleep", "600"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut sleep = sleep.spawn().expect("setsid");
    println!("made: {} {} {}", account.name(), service.name(), sleep.id());
    sleep.wait().expect("wait");
}
