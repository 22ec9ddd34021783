//! The workers: which order each has, and what it makes of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::os::fd::OwnedFd;
use std::time::Duration;

use privsep::{Channel, ChannelError, Ended};

use super::super::Input;
use crate::protocol::{Order, Report, StepResult, TransactionEnd, WorkerNews};

/// What a worker still has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    /// To say that it is ready.
    Start,
    /// To decide a login.
    Login,
    /// To look at itself.
    Look,
    /// To open a session.
    Open,
    /// To close it.
    Close,
    /// To look at the account of its session.
    Check,
    /// To put options together.
    Options,
    /// Nothing.
    Nothing,
}

/// A worker.
struct Worker {
    channel: Option<Channel<Report, Order>>,
    task: Task,
    nonce: u64,
    /// What it runs, or has run for its question or session.
    username: Vec<u8>,
    credentials: Vec<u8>,
    wants_session: bool,
    asks: bool,
    in_session: bool,
    /// Its transaction began without a password.
    passwordless: bool,
    /// It has held a question or a session.
    used_up: bool,
    /// What it said cannot be trusted.
    lied: bool,
    /// Its channel was closed by the supervisor.
    dismissed: bool,
}

/// All that the keeper has forked and that have not ended.
#[derive(Default)]
pub(super) struct Workers {
    all: BTreeMap<u64, Worker>,
    /// Who was let in, with which credentials.
    successes: HashSet<(Vec<u8>, Vec<u8>)>,
    /// How often each was let in without a password.
    passwordless: HashMap<Vec<u8>, usize>,
    /// Sessions that were opened.
    opened: usize,
    has_worked: bool,
}

/// What a worker has allowed.
enum Success {
    Login { username: Vec<u8>, credentials: Vec<u8> },
    Passwordless { username: Vec<u8> },
    Opened,
}

fn end(code: u32, kept: bool) -> TransactionEnd {
    TransactionEnd {
        code,
        authenticating: code != 0,
        text: b"text".to_vec(),
        delay: Duration::from_millis(u64::from(code) * 100),
        kept,
        ..TransactionEnd::not_begun()
    }
}

impl Workers {
    pub(super) fn forked(&mut self, id: u64, channel: OwnedFd) {
        let worker = Worker {
            channel: Some(Channel::from_socket(channel)),
            task: Task::Start,
            nonce: 0,
            username: Vec::new(),
            credentials: Vec::new(),
            wants_session: false,
            asks: false,
            in_session: false,
            passwordless: false,
            used_up: false,
            lied: false,
            dismissed: false,
        };
        assert!(self.all.insert(id, worker).is_none(), "a number is used twice");
    }

    pub(super) fn not_forked(&mut self) {
        self.has_worked = true;
    }

    /// Whether there was one to kill; it has ended then.
    pub(super) fn killed(&mut self, id: u64) -> bool {
        self.all.remove(&id).is_some()
    }

    pub(super) fn processes(&self) -> usize {
        self.all.len()
    }

    /// Whether a worker has let this user in with these credentials.
    pub(super) fn let_in(&self, username: &[u8], credentials: &[u8]) -> bool {
        self.successes.contains(&(username.to_vec(), credentials.to_vec()))
    }

    /// How often workers have let this user in without a password.
    pub(super) fn let_in_without_password(&self, username: &[u8]) -> usize {
        self.passwordless.get(username).copied().unwrap_or(0)
    }

    /// How many sessions workers have opened.
    pub(super) fn opened(&self) -> usize {
        self.opened
    }

    fn count(&mut self, success: Success) {
        match success {
            Success::Login { username, credentials } => {
                self.successes.insert((username, credentials));
            }
            Success::Passwordless { username } => *self.passwordless.entry(username).or_default() += 1,
            Success::Opened => self.opened += 1,
        }
    }

    /// No worker gets an order that it cannot carry out now.
    pub(super) fn read_orders(&mut self) {
        for worker in self.all.values_mut() {
            let Some(channel) = &mut worker.channel else { continue };
            let order = match channel.try_receive() {
                Ok(None) => continue,
                Ok(Some(received)) => received.message,
                Err(ChannelError::Closed) => {
                    (worker.dismissed, worker.channel) = (true, None);
                    continue;
                }
                Err(error) => panic!("an order is none: {error}"),
            };
            worker.task = match (order, worker.task) {
                (Order::Begin(begin), Task::Nothing) if !worker.used_up && !worker.lied => {
                    worker.nonce = begin.nonce;
                    worker.username = begin.username;
                    worker.credentials = begin.credentials.expose().to_vec();
                    worker.wants_session = begin.session;
                    worker.passwordless = begin.proof.is_some();
                    Task::Login
                }
                (Order::CollectOptions { nonce, .. }, Task::Nothing) if !worker.used_up && !worker.lied => {
                    worker.nonce = nonce;
                    Task::Options
                }
                (Order::Answer { nonce, session, credentials }, Task::Nothing) if worker.asks => {
                    assert_eq!(nonce, worker.nonce, "the answer to another transaction");
                    worker.credentials = credentials.expose().to_vec();
                    (worker.asks, worker.wants_session) = (false, session);
                    Task::Login
                }
                (Order::Open { nonce, .. }, Task::Nothing) if worker.in_session && nonce == worker.nonce => {
                    Task::Open
                }
                // A client leaves while its account is looked at.
                (Order::Close { nonce, .. }, Task::Nothing | Task::Check)
                    if worker.in_session && nonce == worker.nonce =>
                {
                    Task::Close
                }
                (Order::CheckAccount { nonce, .. }, Task::Nothing)
                    if worker.in_session && nonce == worker.nonce =>
                {
                    Task::Check
                }
                (order, task) => panic!("{order:?} to a worker that has {task:?} to do"),
            };
        }
    }

    fn pick(&self, input: &mut Input<'_>) -> Option<u64> {
        let count = self.all.len().max(1);
        self.all.keys().copied().nth(usize::from(input.byte()) % count)
    }

    /// One does the next thing that it has to do.
    pub(super) fn works(&mut self, input: &mut Input<'_>) {
        let (id, how) = (self.pick(input), input.byte());
        if let Some(success) = id.and_then(|id| self.all.get_mut(&id)).and_then(|worker| work(worker, how)) {
            self.count(success);
        }
    }

    /// One says what it must not, or writes what is no report.
    pub(super) fn lies(&mut self, input: &mut Input<'_>) {
        let (id, what, which) = (self.pick(input), input.byte(), input.byte());
        let Some(worker) = id.and_then(|id| self.all.get_mut(&id)) else { return };
        let Some(channel) = &mut worker.channel else { return };
        let done = || StepResult { code: u32::from(what >> 4), text: Vec::new() };
        let news = match what % 12 {
            0 => WorkerNews::Ready,
            1 => WorkerNews::Changed(b"timers".to_vec()),
            2 => WorkerNews::Note(b"note".to_vec()),
            3 => {
                WorkerNews::Question { echo: true, page: what & 16 != 0, private: false, text: b"?".to_vec() }
            }
            4 => WorkerNews::Opened(done()),
            5 => WorkerNews::Checked(end(7, false)),
            6 => WorkerNews::Closed(done()),
            7 => WorkerNews::OptionsPart(b"x".to_vec()),
            8 => WorkerNews::OptionsDone(done()),
            9 => WorkerNews::End(end(0, what & 16 != 0)),
            10 => WorkerNews::End(end(7, what & 16 != 0)),
            _ => {
                // The channel is closed by a module, and the worker goes on.
                worker.channel = None;
                worker.lied = true;
                return;
            }
        };
        // Never the number of the transaction: with that it would be no lie.
        let nonce = if which % 3 == 0 { 0 } else { worker.nonce.wrapping_add(u64::from(which)) };
        if nonce == worker.nonce && (worker.task != Task::Nothing || worker.asks || worker.in_session) {
            return;
        }
        worker.lied = true;
        let _ = channel.try_send(&Report { nonce, news }, &[]);
    }

    /// One is gone.
    pub(super) fn dies(&mut self, input: &mut Input<'_>) -> Option<(u64, Ended)> {
        let (id, how) = (self.pick(input)?, input.byte());
        self.all.remove(&id)?;
        let how = match how % 3 {
            0 => Ended::Exited(0),
            1 => Ended::Exited(i32::from(how)),
            _ => Ended::Killed(11),
        };
        Some((id, how))
    }

    /// Each does what it has to do, and lets nobody in. Those that leave.
    pub(super) fn work_honestly(&mut self) -> Vec<(u64, Ended)> {
        let mut successes = Vec::new();
        for worker in self.all.values_mut().filter(|worker| !worker.lied && worker.channel.is_some()) {
            self.has_worked |= worker.task != Task::Nothing;
            successes.extend(work(worker, REFUSES));
        }
        successes.into_iter().for_each(|success| self.count(success));
        let leaving: Vec<u64> = self
            .all
            .iter()
            .filter(|(_, worker)| worker.dismissed && !worker.lied)
            .map(|(id, _)| *id)
            .collect();
        leaving.iter().for_each(|id| drop(self.all.remove(id)));
        leaving.into_iter().map(|id| (id, Ended::Exited(0))).collect()
    }

    /// Whether somebody has, since this was asked the last time.
    pub(super) fn have_worked(&mut self) -> bool {
        std::mem::take(&mut self.has_worked)
    }
}

/// How a worker works that refuses.
const REFUSES: u8 = 1;

/// Does what it has to do; what it has allowed.
fn work(worker: &mut Worker, how: u8) -> Option<Success> {
    let nonce = worker.nonce;
    let channel = worker.channel.as_mut()?;
    let mut say = |news| drop(channel.try_send(&Report { nonce, news }, &[]));
    let done = |code| StepResult { code, text: b"text".to_vec() };
    let mut success = None;
    worker.task = match worker.task {
        Task::Nothing => return None,
        Task::Start => {
            say(WorkerNews::Ready);
            Task::Nothing
        }
        Task::Look if how % 8 == 7 => {
            say(WorkerNews::Changed(b"timers".to_vec()));
            Task::Nothing
        }
        Task::Look => {
            say(WorkerNews::Ready);
            Task::Nothing
        }
        Task::Login => match how % 8 {
            0 | 5 => {
                let kept = worker.wants_session;
                let username = worker.username.clone();
                success = Some(match worker.passwordless {
                    true => Success::Passwordless { username },
                    false => Success::Login { username, credentials: worker.credentials.clone() },
                });
                say(WorkerNews::End(end(0, kept)));
                (worker.in_session, worker.used_up) = (kept, worker.used_up || kept);
                if kept { Task::Nothing } else { Task::Look }
            }
            2 if !worker.passwordless => {
                let page = how & 16 != 0;
                let text = b"Open https://example.com and press Enter".to_vec();
                say(WorkerNews::Question { echo: how & 32 != 0, page, private: how & 64 != 0, text });
                (worker.asks, worker.used_up) = (true, true);
                Task::Nothing
            }
            3 => {
                say(WorkerNews::Note(b"note".to_vec()));
                Task::Login
            }
            4 => {
                // The backend is away.
                say(WorkerNews::End(end(9, false)));
                Task::Look
            }
            _ => {
                say(WorkerNews::End(end(7, false)));
                Task::Look
            }
        },
        Task::Open => {
            let opens = how % 8 != 7;
            success = opens.then_some(Success::Opened);
            say(WorkerNews::Opened(done(u32::from(!opens))));
            Task::Nothing
        }
        Task::Check => {
            let valid = how & 1 == 0;
            success = valid.then(|| Success::Passwordless { username: worker.username.clone() });
            say(WorkerNews::Checked(end(if valid { 0 } else { 7 }, false)));
            Task::Nothing
        }
        Task::Close => {
            say(WorkerNews::Closed(done(0)));
            Task::Nothing
        }
        Task::Options => match how % 8 {
            3 => {
                say(WorkerNews::OptionsPart(b"push x".to_vec()));
                Task::Options
            }
            _ => {
                say(WorkerNews::OptionsDone(done(u32::from(how & 1))));
                Task::Look
            }
        },
    };
    success
}
