//! A plugin for the tests of the SDK: threads that log as fast as they can, while OpenVPN does other things.
//!
//! `plugin /path/to/libthreads.so THREADS LINES`: the first login starts so many threads with so many lines each. With
//! the word `early` in addition they start before the first event.

use ovpn_plugin::{AuthReply, AuthUserPassVerify, EventSet, OpenArgs, OpenError, Plugin, Tasks};

struct Threads {
    tasks: Tasks,
    threads: usize,
    lines: usize,
    early: bool,
    started: bool,
}

impl Threads {
    fn start_once(&mut self) -> Result<(), OpenError> {
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
            self.tasks.spawn("log", body).map_err(OpenError::from_error)?;
        }
        Ok(())
    }
}

impl Plugin for Threads {
    const NAME: &'static str = "THREADS";

    fn open(args: &OpenArgs<'_>) -> Result<Self, OpenError> {
        let words = args.text_args()?;
        let [threads, lines, ref more @ ..] = words[..] else {
            return Err("wanted: plugin FILE THREADS LINES [early]".into());
        };
        let number = |text: &str| text.parse::<usize>().map_err(OpenError::from_error);
        let (threads, lines) = (number(threads)?, number(lines)?);
        let early = more.contains(&"early");
        Ok(Self { tasks: Tasks::new(threads), threads, lines, early, started: false })
    }

    fn events(&self) -> EventSet {
        EventSet::AUTH_USER_PASS_VERIFY | EventSet::UP
    }

    fn start(&mut self) -> Result<(), OpenError> {
        if self.early { self.start_once() } else { Ok(()) }
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> AuthReply {
        log::info!("login {:?}", event.env().get_str("username"));
        if let Err(error) = self.start_once() {
            log::error!("{error}");
        }
        AuthReply::Accept
    }
}

ovpn_plugin::export!(Threads);
