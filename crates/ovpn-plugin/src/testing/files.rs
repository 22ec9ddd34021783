//! The files OpenVPN makes for a login or a connecting client.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::{CallData, Question};

/// A directory of its own, removed on drop.
#[derive(Debug)]
struct Directory(PathBuf);

impl Directory {
    fn with(files: &[&str]) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let directory = loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("ovpn-plugin-test-{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => break Self(path),
                // Left behind by a process of the same number that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        files.iter().try_for_each(|name| File::create_new(directory.0.join(name)).map(drop))?;
        Ok(directory)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_default()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn with_file(call: CallData, variable: &str, path: &Path) -> CallData {
    call.env(variable, path.to_string_lossy().as_bytes())
}

/// Control, reason and pending file of a login, empty; removed on drop.
#[derive(Debug)]
pub struct LoginFiles(Directory);

impl LoginFiles {
    /// Makes them.
    ///
    /// # Errors
    /// If that fails.
    pub fn new() -> io::Result<Self> {
        Directory::with(&["control", "reason", "pending"]).map(Self)
    }

    /// A call whose variables name the files.
    #[must_use]
    pub fn call(&self) -> CallData {
        let call = with_file(CallData::new(), "auth_control_file", &self.control_file());
        let call = with_file(call, "auth_failed_reason_file", &self.reason_file());
        with_file(call, "auth_pending_file", &self.pending_file())
    }

    /// The control file.
    #[must_use]
    pub fn control_file(&self) -> PathBuf {
        self.0.0.join("control")
    }

    /// The verdict in the control file, `None` as long as there is none OpenVPN would take.
    #[must_use]
    pub fn verdict(&self) -> Option<bool> {
        match self.0.read("control").as_bytes().first() {
            Some(b'1') => Some(true),
            Some(b'0') => Some(false),
            _ => None,
        }
    }

    /// Waits for the verdict; `None` if none comes in time.
    #[must_use]
    pub fn wait_for_verdict(&self, limit: Duration) -> Option<bool> {
        wait(limit, || self.verdict())
    }

    /// What the client would be told; empty if nothing.
    #[must_use]
    pub fn reason(&self) -> String {
        self.0.read("reason")
    }

    /// What the plugin wrote to ask the client while its login is pending; empty if nothing.
    #[must_use]
    pub fn pending(&self) -> String {
        self.0.read("pending")
    }

    /// What the client would ask its user, in either of the ways there are; `None` if nothing, or if the client would
    /// not understand it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ovpn_plugin::testing::LoginFiles;
    ///
    /// let files = LoginFiles::new()?;
    /// std::fs::write(files.reason_file(), "CRV1:R,E:7f3a:am9l:Code:")?;
    /// let question = files.question().ok_or("nothing is asked")?;
    /// assert_eq!((question.text(), question.echo()), ("Code:", true));
    /// // The client comes again with this password.
    /// assert_eq!(question.password("123456").as_deref(), Some("CRV1::7f3a::123456"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        Question::in_pending(&self.pending()).or_else(|| Question::in_reason(&self.reason()))
    }

    /// The reason file.
    #[must_use]
    pub fn reason_file(&self) -> PathBuf {
        self.0.0.join("reason")
    }

    /// The pending file.
    #[must_use]
    pub fn pending_file(&self) -> PathBuf {
        self.0.0.join("pending")
    }
}

/// Asks again and again, with short breaks; `None` if the time is over.
pub(super) fn wait<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let found = look();
        if found.is_some() || Instant::now() >= end {
            return found;
        }
        std::thread::sleep(BREAK);
    }
}

/// Short beside what a test takes, long beside what looking takes: the plugin's threads need the processor.
const BREAK: Duration = Duration::from_micros(500);

/// Configuration file and deferred file of a connecting client, empty; removed on drop.
#[derive(Debug)]
pub struct ConnectFiles(Directory);

impl ConnectFiles {
    /// Makes them.
    ///
    /// # Errors
    /// If that fails.
    pub fn new() -> io::Result<Self> {
        Directory::with(&["config", "deferred"]).map(Self)
    }

    /// A call whose first word and variables name the files.
    #[must_use]
    pub fn call(&self) -> CallData {
        let call = CallData::new().arg(self.config_file().to_string_lossy().as_bytes());
        with_file(call, "client_connect_deferred_file", &self.deferred_file())
    }

    /// The configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.0.0.join("config")
    }

    /// What the plugin wrote for the client.
    #[must_use]
    pub fn config(&self) -> String {
        self.0.read("config")
    }

    /// What is in the deferred file: `0`, `1`, `2`, or nothing.
    #[must_use]
    pub fn verdict(&self) -> String {
        self.0.read("deferred")
    }

    /// Waits for the verdict about a deferred client: whether it may connect; `None` if none comes in time.
    #[must_use]
    pub fn wait_for_verdict(&self, limit: Duration) -> Option<bool> {
        wait(limit, || match self.verdict().as_bytes().first() {
            Some(b'1') => Some(true),
            Some(b'0') => Some(false),
            _ => None,
        })
    }

    /// The deferred file.
    #[must_use]
    pub fn deferred_file(&self) -> PathBuf {
        self.0.0.join("deferred")
    }
}
