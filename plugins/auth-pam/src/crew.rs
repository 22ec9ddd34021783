//! The workers as the supervisor sees them: forked, told, listened to, killed.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use privsep::confine::{Confinement, Cores, Group, Output};
use privsep::leash::Leash;
use privsep::{Channel, ChannelError, Numbers, WireError, kill_group};

use crate::audit;
use crate::events::{Events, Source};
use crate::limits;
use crate::module_output::ModuleOutput;
use crate::pool::WorkerId;
use crate::processor;
use crate::protocol::{Job, Login, News, Report};
use crate::settings::Settings;
use crate::worker;

/// Notes one login may have; an honest worker sends fewer.
const MAX_NOTES: usize = 64;

/// What workers ignore: modules that talk to servers get an error instead of SIGPIPE.
pub const IGNORED_BY_WORKERS: &[Signal] = &[Signal::SIGPIPE];

/// One worker.
struct Worker {
    pid: Pid,
    channel: Channel<Job, Report>,
    nonce: u64,
    notes: Vec<Vec<u8>>,
    /// It has sent something else than a report: nothing more is heard from it.
    mistrusted: bool,
}

/// All of them, and what each is born with.
pub struct Crew {
    settings: Arc<Settings>,
    workers: HashMap<WorkerId, Worker>,
    /// Forgotten, but not reaped yet.
    lingering: HashSet<Pid>,
    random: File,
    output: ModuleOutput,
    leash: Leash,
    open_files: (u64, u64),
}

/// A login's end, as its worker reports it: PAM's code and words, and what it noted before.
pub struct Done {
    /// PAM's code, 0 for success.
    pub code: u32,
    /// PAM's words.
    pub words: Vec<u8>,
    /// The worker is on its way out.
    pub leaving: bool,
    /// For the log.
    pub notes: Vec<Vec<u8>>,
}

impl Crew {
    /// Without workers. `open_files`: the limit they get.
    pub fn new(settings: &Settings, events: &Events, open_files: (u64, u64)) -> nix::Result<Self> {
        let output = ModuleOutput::new()?;
        events.add(&output, Source::ModuleOutput)?;
        let settings = Arc::new(settings.clone());
        let random =
            File::open("/dev/urandom").map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
        Ok(Crew {
            settings,
            workers: HashMap::new(),
            lingering: HashSet::new(),
            random,
            output,
            leash: Leash::new()?,
            open_files,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.workers.len()
    }

    /// Forks a worker. `wipe` runs first in the child.
    pub fn fork(&mut self, id: WorkerId, events: &Events, wipe: impl FnOnce()) -> nix::Result<()> {
        let (ours, theirs) = privsep::pair::<Job, Report>()?;
        events.add(&ours, Source::Worker(id))?;
        let settings = Arc::clone(&self.settings);
        let (output, leash, open_files) = (self.output.write_end(), self.leash.read_end(), self.open_files);
        let pid = privsep::fork_child(move || {
            wipe();
            live(&settings, theirs, output, leash, open_files)
        })?;
        self.workers
            .insert(id, Worker { pid, channel: ours, nonce: 0, notes: Vec::new(), mistrusted: false });
        Ok(())
    }

    /// Whether a worker uses a processor or wants one.
    pub fn computes(&self, id: WorkerId) -> bool {
        self.workers.get(&id).is_some_and(|worker| processor::computes(worker.pid))
    }

    /// Gives a login to a worker. On error the worker is to be killed, and the login, given back, has not begun.
    pub fn give(&mut self, id: WorkerId, login: Login) -> Result<(), Box<(Login, ChannelError)>> {
        // An idle worker has nothing to say: what has arrived from it shows that it is gone or not to be trusted.
        if let Err(error) = self.next_report(id) {
            return Err(Box::new((login, error)));
        }
        let mut nonce = [0; 8];
        if let Err(error) = self.random.read_exact(&mut nonce) {
            let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
            return Err(Box::new((login, ChannelError::System(errno))));
        }
        let Some(worker) = self.workers.get_mut(&id) else {
            return Err(Box::new((login, ChannelError::Closed)));
        };
        worker.nonce = u64::from_ne_bytes(nonce);
        let job = Job { nonce: worker.nonce, login };
        worker.channel.try_send(&job, &[]).map_err(|error| Box::new((job.login, error)))
    }

    /// What a worker has to say; `None`: nothing more at the moment. Notes are kept until the login is done. An error
    /// means that the worker is gone or not to be trusted.
    pub fn next_report(&mut self, id: WorkerId) -> Result<Option<Done>, ChannelError> {
        let mistrust =
            |value| ChannelError::Malformed(WireError::Unknown { field: "number of the login", value });
        loop {
            let Some(worker) = self.workers.get_mut(&id) else { return Ok(None) };
            if worker.mistrusted {
                return Err(ChannelError::Closed);
            }
            let Some(received) = worker.channel.try_receive()? else { return Ok(None) };
            let Report { nonce, news } = received.message;
            if nonce != worker.nonce || nonce == 0 {
                return Err(mistrust(nonce));
            }
            match news {
                News::Note(note) if worker.notes.len() < MAX_NOTES => worker.notes.push(note),
                News::Note(_) => return Err(ChannelError::TooMuch),
                News::Done { code, words, leaving } => {
                    worker.nonce = 0;
                    return Ok(Some(Done { code, words, leaving, notes: std::mem::take(&mut worker.notes) }));
                }
            }
        }
    }

    /// A worker's channel has ended or cannot be trusted: kill it, with what it started. How it ended is known when it
    /// is reaped, so it stays in the crew.
    pub fn hung_up(&mut self, id: WorkerId, events: &Events, error: &ChannelError) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        events.remove(&worker.channel);
        kill_group(worker.pid);
        if !matches!(error, ChannelError::Closed) {
            worker.mistrusted = true;
            log::error!("worker {} sent something else than a report ({error}) and was killed", worker.pid);
        }
    }

    /// Kills a worker and forgets it; what it had noted.
    pub fn kill(&mut self, id: WorkerId) -> Vec<Vec<u8>> {
        let Some(worker) = self.workers.remove(&id) else { return Vec::new() };
        kill_group(worker.pid);
        self.lingering.insert(worker.pid);
        worker.notes
    }

    /// Closes a worker's channel, on which it leaves, and forgets it.
    pub fn dismiss(&mut self, id: WorkerId) {
        self.lingering.extend(self.workers.remove(&id).map(|worker| worker.pid));
    }

    /// How many processes there still are of workers that were killed or dismissed.
    pub fn lingering(&self) -> usize {
        self.lingering.len()
    }

    /// The worker whose process was reaped, unless it was forgotten before.
    pub fn reaped(&mut self, pid: Pid) -> Option<WorkerId> {
        self.lingering.remove(&pid);
        self.workers.iter().find(|(_, worker)| worker.pid == pid).map(|(id, _)| *id)
    }

    /// Forgets a worker that was reaped; what it had noted.
    pub fn forget(&mut self, id: WorkerId) -> Vec<Vec<u8>> {
        self.workers.remove(&id).map(|worker| worker.notes).unwrap_or_default()
    }

    /// Kills all.
    pub fn kill_all(&self) {
        for worker in self.workers.values() {
            kill_group(worker.pid);
        }
        for pid in &self.lingering {
            kill_group(*pid);
        }
    }

    /// Logs what modules have printed.
    pub fn log_output(&mut self) {
        self.output.read();
    }

    /// The same when a login ends: also a line that is not complete.
    pub fn log_all_output(&mut self) {
        self.output.flush();
    }
}

/// The whole life of a worker, in the forked child.
fn live(
    settings: &Settings,
    channel: Channel<Report, Job>,
    output: BorrowedFd<'_>,
    leash: BorrowedFd<'_>,
    open_files: (u64, u64),
) -> Infallible {
    // Modules log to the system log: not through the supervisor's connection, whose number is about to be free.
    ovpn_plugin::logging::in_forked_child();
    Confinement {
        title: "auth-pam: worker",
        command: c"auth-pam-worker",
        group: Group::Own,
        output: Output::Into(output),
        keep: &[channel.as_fd(), leash],
        numbers: Numbers::Free,
        ignore: IGNORED_BY_WORKERS,
        withstand: &[],
        cores: Cores::Never,
    }
    .enter();
    audit::take_name();
    limits::restore_open_files(open_files);
    worker::run(&settings.config, settings.debug, channel, leash)
}

#[cfg(test)]
#[path = "crew_tests.rs"]
mod tests;
