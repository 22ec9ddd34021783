//! An open plugin: its events, its clients, its log, its end.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ovpn_plugin_sys as sys;
use tempfile::TempDir;

use crate::call::{Call, CallFailed, FuncResult, Reply};
use crate::ffi::{Answer, Context, Session};
use crate::log::{Log, LogLine, NoSuchLine};

/// An open plugin; closed and unloaded when dropped.
pub struct OpenPlugin {
    // Dropped first: the plugin may keep pointers to what follows.
    pub(crate) session: Session,
    pub(crate) mask: i32,
    pub(crate) file: CString,
    pub(crate) always: Vec<Vec<u8>>,
    pub(crate) loaded_file: PathBuf,
    pub(crate) _version_texts: (CString, CString),
    pub(crate) log: Log,
    pub(crate) _directory: TempDir,
}

impl OpenPlugin {
    /// The mask of the events the plugin wants.
    #[must_use]
    pub fn events(&self) -> i32 {
        self.mask
    }

    /// Whether the plugin wants this event.
    #[must_use]
    pub fn wants(&self, event: i32) -> bool {
        self.mask & sys::plugin_mask(event) != 0
    }

    /// When the plugin wants to be opened, one of the `PLUGIN_INIT` numbers.
    #[must_use]
    pub fn init_point(&self) -> i32 {
        self.session.init_point()
    }

    /// Whether the plugin gave the same handle for both, so that it cannot tell them apart.
    #[must_use]
    pub fn has_handle_of(&self, other: &Self) -> bool {
        self.session.has_handle_of(&other.session)
    }

    /// Makes a client, as OpenVPN does for each, and one for the server itself right after open.
    #[must_use]
    pub fn client(&self) -> Client<'_> {
        Client { plugin: self, context: self.session.client() }
    }

    /// Passes an event of no client. Also if the plugin did not ask for it, which OpenVPN never does.
    ///
    /// # Errors
    /// If the call cannot be made.
    pub fn call(&self, call: &Call) -> Result<Reply, CallFailed> {
        let (argv, envp) = (call.argv(&self.file)?, call.envp(&self.always)?);
        Ok(reply(self.session.call(call.event, &argv, &envp, call.certificate_der())?))
    }

    /// Makes an event of no client ready and lets `body` pass it as often as it likes, with nothing done in between:
    /// for measuring.
    ///
    /// # Errors
    /// If the call cannot be made.
    pub fn pass_often<R>(
        &self,
        call: &Call,
        body: impl FnOnce(&mut dyn FnMut() -> FuncResult) -> R,
    ) -> Result<R, CallFailed> {
        let (argv, envp) = (call.argv(&self.file)?, call.envp(&self.always)?);
        let mut ready = self.session.ready(call.event, &argv, &envp)?;
        Ok(body(&mut || FuncResult::from_code(ready.pass().code)))
    }

    /// How long the last event kept the server.
    #[must_use]
    pub fn last_call(&self) -> Duration {
        self.session.last_call()
    }

    /// How many lines threads have logged that are not this process's first one, as OpenVPN's log does not bear it.
    /// Those of forked children do not count. See [`Plugin::log_for_one_thread`](crate::Plugin::log_for_one_thread).
    #[must_use]
    pub fn lines_of_threads(&self) -> usize {
        self.log.slot.lines_of_threads()
    }

    /// Tells the plugin that OpenVPN dies of a fatal error; whether it has a function for that.
    pub fn abort(&self) -> bool {
        self.session.abort()
    }

    /// Closes and unloads the plugin, as dropping does, and tells what is left of it.
    pub fn close(self) -> Closed {
        let Self { session, loaded_file, log, .. } = self;
        drop(session);
        let log_lines = log.lines();
        let maps = fs::read("/proc/self/maps").unwrap_or_default();
        let name = loaded_file.as_os_str().as_bytes();
        Closed { unloaded: !maps.windows(name.len()).any(|part| part == name), log_lines }
    }

    /// What was logged since open or [`OpenPlugin::clear_log`], that of forked children included.
    #[must_use]
    pub fn log_lines(&self) -> Vec<LogLine> {
        self.log.lines()
    }

    /// Forgets what was logged so far.
    pub fn clear_log(&self) {
        self.log.clear();
    }

    /// Waits for a line of the log; one that is there already counts.
    ///
    /// # Errors
    /// If none comes in time.
    pub fn wait_for_log_line(
        &self,
        wanted: impl FnMut(&LogLine) -> bool,
        timeout: Duration,
    ) -> Result<LogLine, NoSuchLine> {
        self.log.wait_for(wanted, timeout)
    }

    /// Waits for a line of the log that contains `text`.
    ///
    /// # Errors
    /// If none comes in time.
    pub fn wait_for_log_text(&self, text: &str, timeout: Duration) -> Result<LogLine, NoSuchLine> {
        self.wait_for_log_line(|line| line.text.contains(text), timeout)
    }

    /// Where the log is, for what outlives the plugin.
    #[must_use]
    pub fn log_file(&self) -> &Path {
        self.log.slot.path()
    }
}

impl std::fmt::Debug for OpenPlugin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("OpenPlugin")
            .field("file", &self.file)
            .field("mask", &self.mask)
            .finish_non_exhaustive()
    }
}

fn reply(answer: Answer) -> Reply {
    let text = |text: CString| text.to_string_lossy().into_owned();
    let returned = answer.returned.into_iter().map(|(name, value)| (text(name), text(value))).collect();
    Reply { result: FuncResult::from_code(answer.code), returned }
}

/// What is left of a closed plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Whether its code is gone from memory. The C library keeps it when a thread of the process still has
    /// thread-local data of it to drop.
    pub unloaded: bool,
    /// The whole log, the lines included that came while it was closed.
    pub log_lines: Vec<LogLine>,
}

/// A client of a plugin; destroyed when dropped.
pub struct Client<'a> {
    plugin: &'a OpenPlugin,
    context: Context<'a>,
}

impl Client<'_> {
    /// Passes an event of this client.
    ///
    /// # Errors
    /// If the call cannot be made.
    pub fn call(&self, call: &Call) -> Result<Reply, CallFailed> {
        let (argv, envp) = (call.argv(&self.plugin.file)?, call.envp(&self.plugin.always)?);
        Ok(reply(self.context.call(call.event, &argv, &envp, call.certificate_der())?))
    }

    /// Whether the plugin keeps something for this client.
    #[must_use]
    pub fn has_state(&self) -> bool {
        self.context.is_kept()
    }
}

impl std::fmt::Debug for Client<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Client").field("has_state", &self.has_state()).finish_non_exhaustive()
    }
}
