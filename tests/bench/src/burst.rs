//! Many deferred logins at once, as after a network outage: how long each call keeps the server, and when the last
//! verdict is there.

use crate::plugin_host::timed;
use crate::stats::{mean, percentile_99, worst};
use harness::scratch::Scratch;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use ovpn_plugin_host::{Call, FuncResult, OpenPlugin};
use std::collections::HashSet;
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long after the last call verdicts may take to come.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was measured, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Burst {
    /// Time a call blocked.
    pub(crate) mean: f64,
    pub(crate) percentile_99: f64,
    pub(crate) worst: f64,
    /// From the first call to the last verdict.
    pub(crate) drain: f64,
    /// How many were not accepted.
    pub(crate) refused: f64,
}

/// Where the logins come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Each from an address of its own.
    Everywhere,
    /// All from one address, as from behind one router.
    OneAddress,
}

impl Origin {
    /// The word in an order.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Origin::Everywhere => "everywhere",
            Origin::OneAddress => "one-address",
        }
    }

    /// By its word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Origin::Everywhere, Origin::OneAddress].into_iter().find(|from| from.word() == word)
    }

    fn address(self, number: usize) -> String {
        match self {
            Origin::Everywhere => format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255),
            Origin::OneAddress => "192.0.2.7".to_string(),
        }
    }
}

impl Burst {
    /// In the order of the fields.
    pub(crate) fn figures(&self) -> [f64; 5] {
        [self.mean, self.percentile_99, self.worst, self.drain, self.refused]
    }
}

/// Makes `count` logins as fast as the plugin lets, each of another user, and waits for the verdicts.
pub(crate) fn run(
    plugin: &OpenPlugin,
    call: impl Fn(usize) -> Call,
    count: usize,
    from: Origin,
) -> Result<Burst, String> {
    let files = Files::new(count)?;
    let calls: Vec<Call> = (0..count).map(|number| files.call(call(number), from, number)).collect();
    let mut blocked = Vec::with_capacity(count);
    let mut missing = HashSet::new();
    let mut refused = 0;
    let started = Instant::now();
    for (number, call) in calls.iter().enumerate() {
        let (result, took) = timed(plugin, call)?;
        blocked.push(took);
        match result {
            FuncResult::Success => {}
            FuncResult::Deferred => {
                missing.insert(number);
            }
            FuncResult::Error => refused += 1,
            other => return Err(format!("login {number} was answered by {other:?}")),
        }
    }
    let mut end = Instant::now();
    if !missing.is_empty() {
        let deferred = missing.clone();
        end = files.wait(missing)?;
        refused += files.refused(&deferred);
    }
    Ok(Burst {
        mean: mean(&blocked),
        percentile_99: percentile_99(&blocked),
        worst: worst(&blocked),
        drain: (end - started).as_secs_f64(),
        refused: u32::try_from(refused).map_or(f64::INFINITY, f64::from),
    })
}

/// The control and reason files of all logins, and word of every write to one of the former.
struct Files {
    control: Scratch,
    reason: Scratch,
    writes: Inotify,
}

impl Files {
    fn new(count: usize) -> Result<Self, String> {
        let (control, reason) = (Scratch::new(), Scratch::new());
        for number in 0..count {
            for scratch in [&control, &reason] {
                File::create(scratch.join(&number.to_string())).map_err(|error| error.to_string())?;
            }
        }
        let flags = InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK;
        let writes = Inotify::init(flags).map_err(|error| format!("inotify: {error}"))?;
        writes
            .add_watch(control.path(), AddWatchFlags::IN_MODIFY)
            .map_err(|error| format!("inotify: {error}"))?;
        Ok(Files { control, reason, writes })
    }

    fn control(&self, number: usize) -> PathBuf {
        self.control.join(&number.to_string())
    }

    fn call(&self, call: Call, from: Origin, number: usize) -> Call {
        call.without_env("untrusted_ip")
            .env("untrusted_ip", from.address(number))
            .env("deferred_auth_pam", "1")
            .env("IV_PROTO", "990")
            .env("auth_control_file", self.control(number).as_os_str().as_bytes())
            .env("auth_failed_reason_file", self.reason.join(&number.to_string()).as_os_str().as_bytes())
    }

    /// Waits until all these logins have their verdicts, and returns when the last came.
    fn wait(&self, mut missing: HashSet<usize>) -> Result<Instant, String> {
        let limit = Instant::now() + PATIENCE;
        let mut written = HashSet::new();
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
            let _ = poll(&mut [PollFd::new(self.writes.as_fd(), PollFlags::POLLIN)], timeout);
            for event in self.writes.read_events().unwrap_or_default() {
                written.extend(event.name.and_then(|name| name.to_str()?.parse::<usize>().ok()));
            }
            // Only when every file was written to: reading them takes processor time from the plugin.
            if missing.iter().all(|number| written.contains(number)) {
                let now = Instant::now();
                missing
                    .retain(|&number| fs::metadata(self.control(number)).map_or(0, |file| file.len()) == 0);
                if missing.is_empty() {
                    return Ok(now);
                }
            }
            if left.is_zero() {
                return Err(format!("logins without a verdict: {}", missing.difference(&written).count()));
            }
        }
    }

    /// How many of these were not accepted; the first reason is shown.
    fn refused(&self, all: &HashSet<usize>) -> usize {
        let accepted =
            |number: usize| fs::read(self.control(number)).is_ok_and(|text| text.starts_with(b"1"));
        let refused: Vec<usize> = all.iter().copied().filter(|number| !accepted(*number)).collect();
        if let Some(number) = refused.first() {
            let reason = fs::read_to_string(self.reason.join(&number.to_string())).unwrap_or_default();
            eprintln!("  {} logins were refused, number {number}: {reason:?}", refused.len());
        }
        refused.len()
    }
}
