//! The part inside OpenVPN. After `--user` it has no privileges; it opens the login's files with what rights it has,
//! even inside a chroot, and passes them on.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use ovpn_plugin::{AuthReply, AuthUserPassVerify, OpenError};
use privsep::passed::check_plain_file;
use privsep::{ChannelError, Helper};

use crate::grace::{Grace, Wait};
use crate::login::{self, FileError, MAX_SHOWN, Refusal, shown};
use crate::processor;
use crate::protocol::{Answer, Ask, Check, MAX_ADDRESS, MAX_TEXT, SOCKET_BYTES};
use crate::settings::Settings;
use crate::supervisor;

/// How long the supervisor may take to come up.
const START: Duration = Duration::from_secs(10);
/// How long it may take to pick up a login. It only reads, so this is never reached unless it is stopped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much longer than the time limit of a login its verdict may take.
const MARGIN: Duration = Duration::from_secs(5);
/// How long the supervisor may take to leave.
const STOP: Duration = Duration::from_secs(5);
/// Logins that follow each other this closely are a burst: waiting for one would hold up the next.
const BURST: Duration = Duration::from_millis(1);
/// How long a verdict is looked for before the front sleeps until it comes, if the last one took no longer.
const WATCH: Duration = Duration::from_micros(200);
/// Bit of `IV_PROTO`: the client understands temporary failures (since OpenVPN 2.6).
const IV_PROTO_TEMPORARY: u32 = 1 << 8;

type Supervisor = Helper<Ask, Answer>;

/// The front.
pub struct Front {
    settings: Settings,
    supervisor: Option<Supervisor>,
    home: Home,
    grace: Grace,
    last_id: u64,
    /// When the last login that may be deferred was answered.
    last_deferred: Option<Instant>,
    /// How long a verdict may be looked for.
    watch: Duration,
    /// The last verdict came so quickly that it does not pay to sleep until the next one.
    may_watch: bool,
    sent: u64,
    decided: u64,
}

/// Who and where the process was when the supervisor was started: another one may be started only if that is still so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Home {
    user: nix::unistd::Uid,
    root: Option<(u64, u64)>,
}

impl Home {
    fn now() -> Self {
        let root = std::fs::metadata("/").map(|root| (root.dev(), root.ino())).ok();
        Home { user: nix::unistd::geteuid(), root }
    }
}

impl Front {
    /// Starts the supervisor.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let grace = Grace::new(settings.config.grace);
        let mut front = Front {
            settings,
            supervisor: None,
            home: Home::now(),
            grace,
            last_id: 0,
            last_deferred: None,
            watch: if processor::count() > 1 { WATCH } else { Duration::ZERO },
            may_watch: false,
            sent: 0,
            decided: 0,
        };
        front.start().map_err(OpenError::from)?;
        Ok(front)
    }

    fn start(&mut self) -> Result<&mut Supervisor, String> {
        let settings = &self.settings;
        let mut supervisor = Supervisor::start(|channel| supervisor::run(settings, channel))
            .map_err(|error| format!("the supervisor cannot be started: {error}"))?;
        supervisor.channel.set_buffer(SOCKET_BYTES);
        let failed = match supervisor.channel.receive(Some(START)) {
            Ok(Some(received)) if received.message == Answer::Ready => None,
            Ok(None) => Some(format!("the supervisor did not come up within {} s", START.as_secs())),
            Ok(Some(_)) | Err(_) => Some("the supervisor ended while it was starting".into()),
        };
        if let Some(words) = failed {
            supervisor.stop(Duration::ZERO);
            return Err(words);
        }
        (self.sent, self.decided) = (0, 0);
        Ok(self.supervisor.insert(supervisor))
    }

    /// One login.
    pub fn verify(&mut self, event: &AuthUserPassVerify<'_>) -> AuthReply {
        let login = match login::from_event(event) {
            Ok(login) => login,
            Err(refusal) => return self.refuse(event, &refusal),
        };
        let deferred = self.settings.config.deferred || event.env().get("deferred_auth_pam").is_some();
        let control = match event.auth_control_file().filter(|_| deferred).map(open_for_writing).transpose() {
            Ok(control) => control,
            Err(error) => return self.refuse(event, &Refusal::ControlFile(error)),
        };
        let protocol: u32 = event.env().get_number("IV_PROTO").unwrap_or(0);
        let temporary = protocol & IV_PROTO_TEMPORARY != 0;
        // Only temporary failures have a reason. Without the file a rejection is still a rejection.
        let reason = event.auth_failed_reason_file().filter(|_| temporary);
        let reason = reason.and_then(|path| open_for_writing(path).ok());
        self.take_old_answers();
        let wait = if control.is_some() { self.wait_for_next() } else { None };
        self.last_id += 1;
        let ask = Ask::Check(Check {
            id: self.last_id,
            control: control.is_some(),
            reason: reason.is_some(),
            temporary,
            trial: wait.is_some_and(|wait| wait.trial),
            login,
        });
        let pass: Vec<BorrowedFd<'_>> = [&control, &reason].into_iter().flatten().map(AsFd::as_fd).collect();
        if let Err(words) = self.send(&ask, &pass) {
            log::error!(
                "user '{}' failed to authenticate: {words}",
                shown(event.username().unwrap_or_default())
            );
            return AuthReply::Reject;
        }
        if control.is_none() {
            let limit = self.settings.config.time_limit.map(|limit| limit + MARGIN);
            return self.verdict(limit).map_or_else(|| self.unanswered(event), reply);
        }
        let reply = match wait {
            Some(wait) => self.wait_a_moment(event, wait.most),
            None => AuthReply::Deferred,
        };
        self.last_deferred = Some(Instant::now());
        reply
    }

    /// Deferred mode: whether and how to wait for the login that comes now.
    fn wait_for_next(&mut self) -> Option<Wait> {
        let others_pending = self.sent > self.decided;
        let burst = self.last_deferred.is_some_and(|last| last.elapsed() < BURST);
        self.grace.for_next(others_pending || burst)
    }

    /// Deferred mode: the verdict if it comes within the grace.
    fn wait_a_moment(&mut self, event: &AuthUserPassVerify<'_>, grace: Duration) -> AuthReply {
        match self.verdict(Some(grace)) {
            Some(accepted) => reply(accepted),
            // Nobody is left to write the verdict.
            None if self.supervisor.is_none() => self.unanswered(event),
            None => {
                self.grace.miss();
                AuthReply::Deferred
            }
        }
    }

    fn unanswered(&self, event: &AuthUserPassVerify<'_>) -> AuthReply {
        let user = shown(event.username().unwrap_or_default());
        log::error!("user '{user}' failed to authenticate: the supervisor is gone or does not answer");
        AuthReply::Reject
    }

    /// Sends a login, to a new supervisor if the old one is gone and one may be started.
    fn send(&mut self, ask: &Ask, pass: &[BorrowedFd<'_>]) -> Result<(), String> {
        for fresh in [false, true] {
            let supervisor = match &mut self.supervisor {
                Some(supervisor) => supervisor,
                None if self.home != Home::now() => {
                    return Err("the supervisor is gone, and OpenVPN has no privileges any more to start another one; restart OpenVPN".into());
                }
                None => self.start()?,
            };
            match supervisor.channel.send(ask, pass, PATIENCE) {
                Ok(()) => {
                    self.sent += 1;
                    return Ok(());
                }
                Err(ChannelError::Closed) if !fresh => self.lose_supervisor(),
                Err(error) => return Err(format!("the supervisor cannot be reached: {error}")),
            }
        }
        Err("the supervisor ended at once".into())
    }

    /// Reads the verdicts of logins that nobody waits for any more.
    fn take_old_answers(&mut self) {
        while let Some(supervisor) = &mut self.supervisor {
            match supervisor.channel.try_receive() {
                Ok(Some(received)) => self.count(&received.message),
                Ok(None) => return,
                Err(_) => self.lose_supervisor(),
            }
        }
    }

    /// Waits for the verdict of the login sent last; `None`: not in time, not soon, or the supervisor is gone.
    fn verdict(&mut self, patience: Option<Duration>) -> Option<bool> {
        let end = patience.map(|patience| Instant::now() + patience);
        let mut left = patience;
        let mut watched = !self.may_watch;
        loop {
            let Some(supervisor) = &mut self.supervisor else { return None };
            let received =
                if watched { supervisor.channel.receive(left) } else { supervisor.channel.watch(self.watch) };
            match received {
                Ok(None) if !watched => watched = true,
                Ok(Some(received)) => {
                    self.count(&received.message);
                    match received.message {
                        Answer::Verdict { id, accepted, .. } if id == self.last_id => return Some(accepted),
                        Answer::Slow { id } if id == self.last_id => return None,
                        _ => {}
                    }
                }
                Ok(None) => return None,
                Err(_) => self.lose_supervisor(),
            }
            left = end.map(|end| end.saturating_duration_since(Instant::now()));
        }
    }

    fn count(&mut self, answer: &Answer) {
        if let Answer::Verdict { decided, took, .. } = *answer {
            self.decided = self.decided.max(decided);
            if let Some(took) = took {
                self.grace.decided(took);
                self.may_watch = took < self.watch;
            }
        }
    }

    fn lose_supervisor(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            let how = supervisor.reap().map(|how| format!(" ({how})")).unwrap_or_default();
            log::error!("the supervisor, process {}, is gone{how}", supervisor.pid());
            supervisor.stop(Duration::ZERO);
        }
    }

    /// Refuses a login without PAM. The supervisor is told for the audit line only.
    fn refuse(&mut self, event: &AuthUserPassVerify<'_>, refusal: &Refusal) -> AuthReply {
        log::error!(
            "user '{}' failed to authenticate: {refusal}",
            shown(event.username().unwrap_or_default())
        );
        if self.settings.config.syslog.is_some() {
            let ask = Ask::Refused {
                username: first_bytes(event.username().unwrap_or_default(), MAX_SHOWN),
                address: first_bytes(event.untrusted_ip().unwrap_or_default().as_bytes(), MAX_ADDRESS),
                words: first_bytes(refusal.to_string().as_bytes(), MAX_TEXT),
            };
            if let Some(supervisor) = &mut self.supervisor {
                let _ = supervisor.channel.try_send(&ask, &[]);
            }
        }
        AuthReply::Reject
    }

    /// OpenVPN is about to die: the supervisor sees the end of its channel by itself, and is not waited for.
    pub fn abort(&mut self) {
        if let Some(supervisor) = &self.supervisor {
            supervisor.channel.finish();
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            let pid = supervisor.pid();
            if !supervisor.stop(STOP) {
                log::warn!("the supervisor, process {pid}, did not end within {} s", STOP.as_secs());
            }
        }
    }
}

/// Opens a file that OpenVPN has made for this login. Never creates one, never follows a link, never waits.
/// What the supervisor would end over is not sent to it.
fn open_for_writing(path: &Path) -> Result<File, FileError> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().write(true).custom_flags(flags).open(path).map_err(FileError::Open)?;
    check_plain_file(&file).map_err(FileError::Refused)?;
    Ok(file)
}

fn reply(accepted: bool) -> AuthReply {
    if accepted { AuthReply::Accept } else { AuthReply::Reject }
}

fn first_bytes(bytes: &[u8], most: usize) -> Vec<u8> {
    bytes[..bytes.len().min(most)].to_vec()
}
