//! For unit tests of plugins: events made from plain data, OpenVPN's files, and a plugin running inside the test.
//!
//! - [`CallData`] is the words and variables of one call, and an event of any type by itself.
//! - [`Running`] is an open plugin, with its log.
//! - [`Session`] is a client of it from login to leave: its variables and its state stay from event to event, deferred
//!   verdicts are waited for, and questions are answered.
//! - [`LoginFiles`] and [`ConnectFiles`] are OpenVPN's files for a login and for a connecting client, for tests that pass
//!   single events.
//!
//! This is the plugin's code, not its file. A test below `tests` can load the file as OpenVPN does, with the crate
//! `ovpn-plugin-host`; its macro `cdylib!()` builds it, since `cargo test` does not.
//!
//! ```
//! use ovpn_plugin::AuthUserPassVerify;
//! use ovpn_plugin::testing::CallData;
//!
//! let call = CallData::new().env("username", "joe").env("password", "secret");
//! let event: AuthUserPassVerify<'_> = call.event();
//! assert_eq!(event.username(), Some(&b"joe"[..]));
//! ```

pub(crate) mod client;
mod files;
mod log_catcher;
mod login;
mod panics;
mod question;
mod running;
mod session;
mod variables;

use ovpn_plugin_sys as sys;

use crate::boundary::{Client, OwnedStringArray};
use crate::events::{Context, Event};
use crate::{Env, EventSet, OpenArgs, SslApi, Version};

pub use client::TestClient;
pub use files::{ConnectFiles, LoginFiles};
pub use log_catcher::TestLine;
pub(crate) use log_catcher::{caught, current_test, join_test};
pub use login::Login;
pub use question::Question;
pub use running::{Outcome, Running, TestReply};
pub use session::{Connect, Session};
#[doc(hidden)]
pub use variables::{TEMPORARY, new_with};

/// The words and variables of one call. A NUL ends a word, as in C.
pub struct CallData {
    words: Vec<Vec<u8>>,
    entries: Vec<Vec<u8>>,
    arrays: Arrays,
    offered: EventSet,
    version: Option<(String, u32, u32)>,
}

struct Arrays {
    words: OwnedStringArray,
    entries: OwnedStringArray,
}

impl Default for CallData {
    fn default() -> Self {
        Self::new()
    }
}

impl CallData {
    /// A call with the file name `plugin.so` as its only word and no variables.
    #[must_use]
    pub fn new() -> Self {
        Self::with(vec![b"plugin.so".to_vec()], Vec::new())
    }

    fn with(words: Vec<Vec<u8>>, entries: Vec<Vec<u8>>) -> Self {
        let arrays =
            Arrays { words: OwnedStringArray::cut(&words), entries: OwnedStringArray::cut(&entries) };
        Self { words, entries, arrays, offered: EventSet::ALL, version: None }
    }

    /// Adds a word after the file name.
    #[must_use]
    pub fn arg(mut self, word: impl AsRef<[u8]>) -> Self {
        self.words.push(word.as_ref().to_vec());
        self.arrays.words = OwnedStringArray::cut(&self.words);
        self
    }

    /// Adds a variable.
    #[must_use]
    pub fn env(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.env_entry([name.as_bytes(), b"=", value.as_ref()].concat())
    }

    /// Adds an entry of the environment as it is, also one without `=`.
    #[must_use]
    pub fn env_entry(mut self, entry: impl Into<Vec<u8>>) -> Self {
        self.entries.push(entry.into());
        self.arrays.entries = OwnedStringArray::cut(&self.entries);
        self
    }

    /// At open: the events the host has, instead of all.
    #[must_use]
    pub fn offered_events(mut self, events: EventSet) -> Self {
        self.offered = events;
        self
    }

    /// At open: a host of this version of OpenVPN with struct version 5, instead of one of struct version 1, which does
    /// not say.
    #[must_use]
    pub fn openvpn_version(mut self, major: u32, minor: u32) -> Self {
        self.version = Some((format!("{major}.{minor}.0"), major, minor));
        self
    }

    /// The variables.
    #[must_use]
    pub fn environment(&self) -> Env<'_> {
        Env::new(self.arrays.entries.array())
    }

    /// An event of any type with these words and variables.
    ///
    /// No reply to it will be delivered, so a decision taken from it counts at once. [`Running::call`] delivers replies
    /// as OpenVPN gets them: there, a decision takes effect with the reply that defers.
    ///
    /// ```
    /// use ovpn_plugin::AuthUserPassVerify;
    /// use ovpn_plugin::testing::LoginFiles;
    ///
    /// let files = LoginFiles::new()?;
    /// let (decision, _deferral) = files.call().event::<AuthUserPassVerify<'_>>().defer()?;
    /// decision.accept()?;
    /// assert_eq!(files.verdict(), Some(true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn event<'a, E: Event<'a>>(&'a self) -> E {
        E::new(self.context(None, false))
    }

    fn context<'a>(&'a self, client: Option<Client<'a>>, is_call: bool) -> Context<'a> {
        let (words, env) = (self.arrays.words.array(), self.environment());
        Context { words, env, client, certificate: None, is_call }
    }

    /// Arguments for [`Plugin::open`](crate::Plugin::open).
    #[must_use]
    pub fn open_args(&self) -> OpenArgs<'_> {
        OpenArgs {
            words: self.arrays.words.array(),
            env: self.environment(),
            offered: self.offered,
            struct_version: if self.version.is_some() { sys::PLUGINV3_STRUCTVER } else { 1 },
            ssl_api: self.version.as_ref().map(|_| SslApi::OpenSsl),
            openvpn_version: self.version.as_ref().map(|(text, major, minor)| Version {
                text,
                major: *major,
                minor: *minor,
                patch: ".0",
            }),
        }
    }
}

impl std::fmt::Debug for CallData {
    /// Shows no contents: a password may be among them.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("CallData").finish_non_exhaustive()
    }
}
