//! A plugin for the tests of the SDK: threads that log as fast as they can, while OpenVPN does other things.
//!
//! `plugin /path/to/libthreads.so THREADS LINES`: the first login starts so many threads with so many lines each. With
//! the word `silent` in addition nothing else is logged. The user `fork` makes processes meanwhile that log too.

use nix::sys::wait::{WaitStatus, waitpid};
use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Result, Tasks, Up, UpReply, logging};

const CHILDREN: usize = 200;

struct Threads {
    tasks: Tasks,
    threads: usize,
    lines: usize,
    silent: bool,
    started: bool,
}

impl Threads {
    fn start_once(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        for thread in 0..self.threads {
            let lines = self.lines;
            let body = move |_: &ovpn_plugin::Stop| {
                for line in 0..lines {
                    log::debug!("thread {thread} is not heard");
                    log::info!("thread {thread} line {line} {} end", "x".repeat(40));
                }
                log::warn!("thread {thread} is done");
            };
            self.tasks.spawn("log", body)?;
        }
        Ok(())
    }
}

#[ovpn_plugin::plugin]
impl Plugin for Threads {
    const NAME: &'static str = "THREADS";
    const LINES_NAME_THE_CLIENT: bool = false;

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let words = args.text_args()?;
        let [threads, lines, ref more @ ..] = words[..] else {
            return Err("wanted: plugin FILE THREADS LINES [silent]".into());
        };
        let (threads, lines) = (threads.parse()?, lines.parse()?);
        let silent = more.contains(&"silent");
        Ok(Self { tasks: Tasks::new(threads), threads, lines, silent, started: false })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let user = event.env().get_str("username");
        if !self.silent {
            log::info!("login {user:?}");
        }
        self.start_once()?;
        if user == Some("fork") && !(0..CHILDREN).all(log_in_a_child) {
            return Ok(AuthReply::Reject);
        }
        Ok(AuthReply::Accept)
    }

    fn up(&mut self, _: &Up<'_>) -> Result<UpReply> {
        Ok(UpReply::Done)
    }
}

/// Whether the child ended well.
fn log_in_a_child(number: usize) -> bool {
    let held = logging::hold_for_fork();
    let child = privsep::fork_child(|| {
        logging::in_forked_child();
        log::info!("child {number} logs");
        privsep::leave(0)
    });
    drop(held);
    matches!(child.and_then(|pid| waitpid(pid, None)), Ok(WaitStatus::Exited(_, 0)))
}

ovpn_plugin::export!(Threads);
