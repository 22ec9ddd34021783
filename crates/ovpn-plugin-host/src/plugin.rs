//! A plugin to be opened, and an open one.

use std::ffi::{CString, NulError};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use ovpn_plugin_sys as sys;
use tempfile::TempDir;

use crate::ffi::{Library, OpenWith};
use crate::log::{Log, LogLine};
use crate::{FuncResult, OpenPlugin};

/// The events of OpenVPN 2.6 and 2.7, which offer the removed number 11 too.
const ALL_EVENTS: i32 = (1 << sys::PLUGIN_N) - 1;

/// Tells the plugin at open that any thread may call the log function, which OpenVPN's own does not bear. The SDK looks
/// for it; see `ovpn_plugin::logging::THREAD_SAFE_HOST`.
const LOG_IS_THREAD_SAFE: &[u8] = b"ovpn_plugin_host_log=thread-safe";

/// A plugin as a `plugin` line names it, with the host it will meet.
#[derive(Clone, Debug)]
pub struct Plugin {
    file: PathBuf,
    words: Vec<Vec<u8>>,
    env: Vec<Vec<u8>>,
    always: Vec<Vec<u8>>,
    struct_version: i32,
    offered: i32,
    ssl_api: i32,
    version: (String, u32, u32, String),
    shared: bool,
    log: Option<PathBuf>,
    dropped_lines: i32,
    log_for_one_thread: bool,
}

/// The least `verb` at which OpenVPN shows debug messages of plugins.
const DEBUG_VERB: u8 = 7;

impl Plugin {
    /// The plugin in `file`, with a host like OpenVPN 2.6: struct version 5, all events, OpenSSL.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            words: Vec::new(),
            env: Vec::new(),
            always: Vec::new(),
            struct_version: sys::PLUGINV3_STRUCTVER,
            offered: ALL_EVENTS,
            ssl_api: sys::SSLAPI_OPENSSL,
            version: ("2.6.14".to_owned(), 2, 6, ".14".to_owned()),
            shared: false,
            log: None,
            dropped_lines: 0,
            log_for_one_thread: false,
        }
    }

    /// Does not tell the plugin that any thread may call the log function: as with OpenVPN, only its calls may log.
    #[must_use]
    pub fn log_for_one_thread(mut self) -> Self {
        self.log_for_one_thread = true;
        self
    }

    /// Adds a word of the `plugin` line after the file name.
    #[must_use]
    pub fn arg(mut self, word: impl AsRef<[u8]>) -> Self {
        self.words.push(word.as_ref().to_vec());
        self
    }

    /// Adds words of the `plugin` line after the file name.
    #[must_use]
    pub fn args<W: AsRef<[u8]>>(self, words: impl IntoIterator<Item = W>) -> Self {
        words.into_iter().fold(self, Self::arg)
    }

    /// Adds a variable of the time of opening.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.env.push([name.as_bytes(), b"=", value.as_ref()].concat());
        self
    }

    /// Adds a variable as `setenv` in OpenVPN's configuration does: at open, and with each event that does not have one of
    /// the same name.
    #[must_use]
    pub fn setenv(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.always.push([name.as_bytes(), b"=", value.as_ref()].concat());
        self
    }

    /// Sets `verb`, as a configuration does: plugins find it in the environment of the time of opening, and below 7
    /// debug messages are dropped. Without it there is none, and all messages are kept.
    #[must_use]
    pub fn verb(mut self, verb: u8) -> Self {
        self.dropped_lines = if verb < DEBUG_VERB { sys::PLOG_DEBUG } else { 0 };
        self.env("verb", verb.to_string())
    }

    /// Sets the struct version of the host, usually 1 to 5. The structs passed are as short as that version's, and end
    /// at a page without access.
    #[must_use]
    pub fn struct_version(mut self, version: i32) -> Self {
        self.struct_version = version;
        self
    }

    /// Sets the mask of the events the host has.
    #[must_use]
    pub fn offered_events(mut self, mask: i32) -> Self {
        self.offered = mask;
        self
    }

    /// Sets the host's version.
    #[must_use]
    pub fn openvpn_version(mut self, major: u32, minor: u32, patch: &str) -> Self {
        self.version = (format!("{major}.{minor}{patch}"), major, minor, patch.to_owned());
        self
    }

    /// Loads the file itself instead of a private copy. Then all plugins opened from it share its global state, as
    /// two `plugin` lines with the same file do in OpenVPN, and the log of all goes to the one opened last.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Has the log written to this new file instead of a temporary one, so that it outlives the plugin and its process.
    /// Like the temporary one it takes at most 64 MiB.
    #[must_use]
    pub fn log_to(mut self, file: impl Into<PathBuf>) -> Self {
        self.log = Some(file.into());
        self
    }

    /// Loads the file, without opening the plugin, and tells what it exports.
    ///
    /// # Errors
    /// If the file cannot be loaded or lacks a required symbol.
    pub fn exports(&self) -> Result<Exports, OpenFailed> {
        let library = Library::load(&self.file).map_err(OpenFailed::Load)?;
        Ok(Exports {
            symbols: library.symbols.clone(),
            init_point: library.init_point,
            min_version: library.min_version,
            borrowed: library.borrowed.clone(),
        })
    }

    /// Loads the plugin and opens it, with the checks OpenVPN makes.
    ///
    /// # Errors
    /// If OpenVPN would refuse to start, with what the plugin logged.
    pub fn open(&self) -> Result<OpenPlugin, OpenFailed> {
        let directory = tempfile::Builder::new().prefix("ovpn-host-").tempdir()?;
        let log = Log::new(self.log.as_deref().unwrap_or(&directory.path().join("log")), self.dropped_lines)?;
        let loaded_file = self.file_to_load(&directory)?;
        let library = Library::load(&loaded_file).map_err(OpenFailed::Load)?;
        if library.min_version > sys::PLUGIN_VERSION {
            return Err(OpenFailed::NeedsNewerInterface { version: library.min_version });
        }
        let file = CString::new(self.file.as_os_str().as_bytes())?;
        let words = self.words.iter().cloned().map(CString::new);
        let argv = std::iter::once(Ok(file.clone())).chain(words).collect::<Result<Vec<_>, _>>()?;
        let log_is_thread_safe = (!self.log_for_one_thread).then(|| LOG_IS_THREAD_SAFE.to_vec());
        let envp = self.env.iter().chain(&self.always).cloned().chain(log_is_thread_safe);
        let envp = envp.map(CString::new).collect::<Result<Vec<_>, _>>()?;
        let (text, patch) = (CString::new(self.version.0.clone())?, CString::new(self.version.3.clone())?);
        let opened = library.open(&OpenWith {
            struct_version: self.struct_version,
            offered: self.offered,
            ssl_api: self.ssl_api,
            openvpn_version: (&text, self.version.1, self.version.2, &patch),
            argv: &argv,
            envp: &envp,
            log: &log.slot,
        })?;
        let Some(session) = opened.session else {
            return Err(OpenFailed::Refused { result: FuncResult::from_code(opened.code), log: log.lines() });
        };
        if opened.mask & !self.offered != 0 {
            return Err(OpenFailed::UnknownEvents { wanted: opened.mask, offered: self.offered });
        }
        Ok(OpenPlugin {
            session,
            mask: opened.mask,
            file,
            always: self.always.clone(),
            loaded_file,
            _version_texts: (text, patch),
            log,
            _directory: directory,
        })
    }

    fn file_to_load(&self, directory: &TempDir) -> Result<PathBuf, OpenFailed> {
        if self.shared {
            return Ok(self.file.clone());
        }
        let copy = directory.path().join(self.file.file_name().unwrap_or("plugin.so".as_ref()));
        fs::copy(&self.file, &copy).map_err(|e| OpenFailed::Load(format!("{}: {e}", self.file.display())))?;
        Ok(copy)
    }
}

/// What a plugin's file offers to OpenVPN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exports {
    /// The symbols among those OpenVPN looks for.
    pub symbols: Vec<&'static str>,
    /// When the plugin wants to be opened, one of the `PLUGIN_INIT` numbers.
    pub init_point: i32,
    /// The version of the plugin interface it needs; 0 for any.
    pub min_version: i32,
    /// If the file uses functions of a library that it does not name, and that OpenVPN has: one of them, and the library.
    pub borrowed: Option<(String, String)>,
}

/// Why OpenVPN would not start with this plugin.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenFailed {
    /// The file cannot be loaded, or lacks a required symbol.
    Load(String),
    /// The plugin asks for a newer plugin interface.
    NeedsNewerInterface {
        /// The version it asks for.
        version: i32,
    },
    /// The plugin's open failed.
    Refused {
        /// What it returned; `Success` means that the handle was null.
        result: FuncResult,
        /// What it logged.
        log: Vec<LogLine>,
    },
    /// The plugin wants events the host does not have.
    UnknownEvents {
        /// The mask it returned.
        wanted: i32,
        /// The mask it was offered.
        offered: i32,
    },
    /// A word or variable holds a NUL, which C cannot pass.
    Nul(NulError),
    /// Memory or files are missing on our side.
    System(io::Error),
}

impl OpenFailed {
    /// What the plugin logged when it refused.
    #[must_use]
    pub fn log(&self) -> &[LogLine] {
        match self {
            Self::Refused { log, .. } => log,
            _ => &[],
        }
    }
}

impl fmt::Display for OpenFailed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(text) => write!(out, "cannot load the plugin: {text}"),
            Self::NeedsNewerInterface { version } => {
                write!(out, "the plugin needs interface version {version}")
            }
            Self::Refused { result, log } => {
                write!(out, "the plugin's open returned {result:?}")?;
                log.iter().try_for_each(|line| write!(out, "\n  {line}"))
            }
            Self::UnknownEvents { wanted, offered } => {
                write!(out, "the plugin wants unsupported events: want {wanted:#x}, have {offered:#x}")
            }
            Self::Nul(error) => write!(out, "a word or variable cannot be passed: {error}"),
            Self::System(error) => write!(out, "cannot prepare the plugin's start: {error}"),
        }
    }
}

impl std::error::Error for OpenFailed {}

impl From<NulError> for OpenFailed {
    fn from(error: NulError) -> Self {
        Self::Nul(error)
    }
}

impl From<io::Error> for OpenFailed {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}
