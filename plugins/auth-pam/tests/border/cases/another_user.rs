//! A user of the machine without root's rights, OpenVPN's own after `user` included.

use super::questions;
use crate::stage::{Stage, become_nobody, user};

/// A user with an account on the machine, also OpenVPN's, can neither end nor stop a helper, nor look into one.
pub(crate) fn can_neither_signal_helpers_nor_look_into_them() {
    let stage = Stage::open(&["challenge=yes", "refusal-time=0"]);
    let login = user("ask-x");
    let question = questions::ask(&stage, &login);
    let helpers = [vec![stage.keeper(), stage.supervisor()], stage.workers()].concat();
    let child = privsep::fork_child(|| {
        become_nobody();
        for pid in helpers {
            let process = nix::unistd::Pid::from_raw(pid);
            for signal in nix::sys::signal::Signal::iterator() {
                assert_eq!(nix::sys::signal::kill(process, signal), Err(nix::Error::EPERM), "{pid} {signal}");
            }
            assert!(nix::sys::signal::killpg(process, nix::sys::signal::SIGKILL).is_err(), "{pid}");
            for file in [
                "mem", "environ", "maps", "fd", "fdinfo", "stack", "syscall", "auxv", "root", "cwd", "exe",
                "pagemap",
            ] {
                let path = format!("/proc/{pid}/{file}");
                let opened = std::fs::File::open(&path).map(drop).and_then(|()| std::fs::read(&path));
                let empty = opened.as_ref().is_ok_and(Vec::is_empty);
                assert!(opened.is_err() || empty, "{path}");
            }
        }
        privsep::leave(0)
    });
    let child = child.unwrap_or_else(|errno| panic!("fork: {errno}"));
    assert_eq!(nix::sys::wait::waitpid(child, None), Ok(nix::sys::wait::WaitStatus::Exited(child, 0)));
    let outcome = stage.login(&questions::answer(&login, &question.id, "answer 1"));
    assert!(outcome.accepted(), "{outcome}\n{}", stage.log());
}
