//! A login through a plugin: the three files OpenVPN makes for it, the call, and the verdict.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ovpn_plugin_sys as sys;
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::file_watch::FileWatch;
use crate::{Call, CallFailed, Client, DynamicChallenge, FuncResult, OpenPlugin, Question, Reply};

/// The files of one login: control, reason and pending file, empty. Deleted when dropped.
#[derive(Debug)]
pub struct AuthFiles {
    directory: TempDir,
}

impl AuthFiles {
    /// Makes them in a new temporary directory.
    ///
    /// # Errors
    /// If that fails.
    pub fn new() -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("ovpn-login-").tempdir()?;
        let files = Self { directory };
        for file in [files.control(), files.reason(), files.pending()] {
            fs::File::create_new(file)?;
        }
        Ok(files)
    }

    /// The control file.
    #[must_use]
    pub fn control(&self) -> PathBuf {
        self.directory.path().join("control")
    }

    /// The reason file.
    #[must_use]
    pub fn reason(&self) -> PathBuf {
        self.directory.path().join("reason")
    }

    /// The pending file.
    #[must_use]
    pub fn pending(&self) -> PathBuf {
        self.directory.path().join("pending")
    }

    /// What is in the reason file; `None` if nothing.
    #[must_use]
    pub fn reason_text(&self) -> Option<String> {
        read_text(&self.reason())
    }

    /// What is in the pending file; `None` if nothing.
    #[must_use]
    pub fn pending_text(&self) -> Option<String> {
        read_text(&self.pending())
    }

    /// The verdict in the control file right now; `None` if there is none yet.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        match fs::read(self.control()).ok()?.first()? {
            b'1' => Some(Verdict::Accepted),
            b'0' => Some(Verdict::Rejected),
            other => Some(Verdict::Unreadable(*other)),
        }
    }

    /// The call with the variables that name the files, where it does not name others.
    fn name_in(&self, mut call: Call) -> Call {
        for (name, path) in [
            ("auth_control_file", self.control()),
            ("auth_failed_reason_file", self.reason()),
            ("auth_pending_file", self.pending()),
        ] {
            if !call.has_env(name) {
                call = call.env(name, path.as_os_str().as_bytes());
            }
        }
        call
    }

    /// Waits for the verdict in the control file; `None` if none comes in time.
    #[must_use]
    pub fn wait_for_verdict(&self, timeout: Duration) -> Option<Verdict> {
        let deadline = Instant::now() + timeout;
        let watch = FileWatch::new(&self.control());
        loop {
            if let Some(verdict) = self.verdict() {
                return Some(verdict);
            }
            if !watch.changed_until(deadline) {
                return None;
            }
        }
    }
}

fn read_text(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok().filter(|bytes| !bytes.is_empty())?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// First byte of a control file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `1`
    Accepted,
    /// `0`
    Rejected,
    /// Something OpenVPN would not take.
    Unreadable(u8),
}

/// A login to try.
#[derive(Clone, Debug)]
pub struct Login {
    call: Call,
    answer: Option<Vec<u8>>,
    answer_again: Option<Vec<u8>>,
    pub(crate) renegotiations: u32,
}

impl Login {
    /// A client with this username and password, from 192.0.2.7 port 40000.
    #[must_use]
    pub fn new(username: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Self {
        Self::without_credentials().env("username", username).env("password", password)
    }

    /// A client that sent neither username nor password.
    #[must_use]
    pub fn without_credentials() -> Self {
        let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
            .env("untrusted_ip", "192.0.2.7")
            .env("untrusted_port", "40000");
        Self { call, answer: None, answer_again: None, renegotiations: 0 }
    }

    /// Has the client announce that it can ask its user while its login is pending, and answer with this text when the
    /// plugin asks. Only in [`OpenPlugin::server_life`].
    #[must_use]
    pub fn answers(mut self, text: impl AsRef<[u8]>) -> Self {
        self.answer = Some(text.as_ref().to_vec());
        self.env("IV_SSO", "crtext")
    }

    /// Has the client come again with this text when the plugin rejects it with a question ([`DynamicChallenge`]). Only in
    /// [`OpenPlugin::server_life`].
    #[must_use]
    pub fn answers_again(mut self, text: impl AsRef<[u8]>) -> Self {
        self.answer_again = Some(text.as_ref().to_vec());
        self
    }

    /// The login with which the client comes again after it was rejected with this reason, once.
    pub(crate) fn again(&self, reason: Option<&str>) -> Option<Self> {
        let challenge = DynamicChallenge::in_reason(reason?)?;
        let password = challenge.password(self.answer_again.as_ref()?);
        let again = self.clone().env("username", &challenge.username).env("password", &*password);
        Some(Self { answer_again: None, ..again })
    }

    /// Has the client negotiate keys anew this many times once it is connected, with the same password. Only in
    /// [`OpenPlugin::server_life`].
    #[must_use]
    pub fn renegotiates(mut self, times: u32) -> Self {
        self.renegotiations = times;
        self
    }

    /// Adds a variable, or replaces it.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.call = self.call.without_env(name).env(name, value);
        self
    }

    /// The value of a variable.
    pub(crate) fn value(&self, name: &str) -> Option<Vec<u8>> {
        self.call.env_value(name)
    }

    /// Leaves a variable out.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.call = self.call.without_env(name);
        self
    }
}

/// How a login went.
#[derive(Debug)]
pub struct LoginOutcome {
    /// What the call returned.
    pub result: FuncResult,
    /// What came in the control file; only looked at if the call was deferred, as OpenVPN does.
    pub verdict: Option<Verdict>,
    /// What the reason file held at the end.
    pub reason: Option<String>,
    /// What the pending file held right after the call.
    pub pending: Option<String>,
    /// How long the call kept the server.
    pub blocked: Duration,
    /// How long it took until the verdict, the call included.
    pub took: Duration,
}

impl LoginOutcome {
    /// Whether the client gets in.
    #[must_use]
    pub fn accepted(&self) -> bool {
        match self.result {
            FuncResult::Success => true,
            FuncResult::Deferred => self.verdict == Some(Verdict::Accepted),
            FuncResult::Error | FuncResult::Other(_) => false,
        }
    }
}

impl fmt::Display for LoginOutcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{:?}, verdict {:?}, reason {:?} after {:?}",
            self.result, self.verdict, self.reason, self.took
        )
    }
}

/// A login whose call has returned.
#[derive(Debug)]
pub struct RunningLogin {
    /// What the call returned.
    pub result: FuncResult,
    /// Its files.
    pub files: AuthFiles,
    pending: Option<String>,
    started: Instant,
    blocked: Duration,
}

impl RunningLogin {
    /// The event of the user's answer, if the plugin asked and the user has one ([`Login::answers`]).
    #[must_use]
    pub fn answer(&self, login: &Login) -> Option<Call> {
        let asked = self.pending.as_ref().is_some_and(|text| text.lines().nth(1) == Some("crtext"));
        login.answer.as_ref().filter(|_| asked).map(|text| self.response(login, text))
    }

    /// The event of this answer.
    fn response(&self, login: &Login, text: &[u8]) -> Call {
        let call = login.call.clone().without_env("password").for_event(sys::PLUGIN_CLIENT_CRRESPONSE);
        self.files.name_in(call).env("crresponse", &*Zeroizing::new(crate::base64::encode(text)))
    }

    /// What the pending file held right after the call.
    #[must_use]
    pub fn pending(&self) -> Option<&str> {
        self.pending.as_deref()
    }

    /// What the plugin asks while the login is pending (`crtext`).
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        Question::in_pending(self.pending()?).filter(|_| self.result == FuncResult::Deferred)
    }

    /// When the call was made.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// How long the call kept the server.
    #[must_use]
    pub fn blocked(&self) -> Duration {
        self.blocked
    }

    /// Waits for the verdict if the call was deferred.
    #[must_use]
    pub fn finish(self, timeout: Duration) -> LoginOutcome {
        let verdict = match self.result {
            FuncResult::Deferred => self.files.wait_for_verdict(timeout),
            _ => None,
        };
        LoginOutcome {
            result: self.result,
            verdict,
            reason: self.files.reason_text(),
            pending: self.pending,
            blocked: self.blocked,
            took: self.started.elapsed(),
        }
    }
}

impl Login {
    /// Makes the files, and the call with `pass`.
    pub(crate) fn start(
        &self,
        pass: impl FnOnce(&Call) -> Result<Reply, CallFailed>,
    ) -> Result<RunningLogin, CallFailed> {
        self.start_in(AuthFiles::new().map_err(CallFailed::System)?, pass)
    }

    fn start_in(
        &self,
        files: AuthFiles,
        pass: impl FnOnce(&Call) -> Result<Reply, CallFailed>,
    ) -> Result<RunningLogin, CallFailed> {
        let call = files.name_in(self.call.clone());
        let started = Instant::now();
        let result = pass(&call)?.result;
        let blocked = started.elapsed();
        let pending = files.pending_text();
        Ok(RunningLogin { result, files, pending, started, blocked })
    }
}

impl Client<'_> {
    /// Makes the files and the call of a login of this client, without waiting for a deferred verdict.
    ///
    /// # Errors
    /// If the files or the call cannot be made.
    pub fn start_login(&self, login: &Login) -> Result<RunningLogin, CallFailed> {
        login.start(|call| self.call(call))
    }

    /// Passes the user's answer to the question of a pending login ([`RunningLogin::question`]).
    ///
    /// # Errors
    /// If the call cannot be made.
    pub fn answer(&self, running: &RunningLogin, login: &Login, text: &[u8]) -> Result<Reply, CallFailed> {
        self.call(&running.response(login, text))
    }
}

impl OpenPlugin {
    /// Makes the files and the call of a login, without waiting for a deferred verdict.
    ///
    /// # Errors
    /// If the files or the call cannot be made.
    pub fn start_login(&self, login: &Login) -> Result<RunningLogin, CallFailed> {
        login.start(|call| self.call(call))
    }

    /// The same with these files, which somebody may have written to, or watch.
    ///
    /// # Errors
    /// If the call cannot be made.
    pub fn start_login_in(&self, files: AuthFiles, login: &Login) -> Result<RunningLogin, CallFailed> {
        login.start_in(files, |call| self.call(call))
    }

    /// Makes a login and waits up to `timeout` for its verdict if it is deferred.
    ///
    /// # Errors
    /// If the files or the call cannot be made.
    pub fn login(&self, login: &Login, timeout: Duration) -> Result<LoginOutcome, CallFailed> {
        Ok(self.start_login(login)?.finish(timeout))
    }
}
