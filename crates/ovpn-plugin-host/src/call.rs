//! One event to be passed to a plugin, and what came back.

use std::ffi::{CString, NulError};
use std::fmt;
use std::io;

use ovpn_plugin_sys as sys;
use zeroize::{Zeroize, Zeroizing};

/// What a plugin's function returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FuncResult {
    /// 0
    Success,
    /// 1
    Error,
    /// 2
    Deferred,
    /// A number the interface does not know; OpenVPN takes it for an error.
    Other(i32),
}

impl FuncResult {
    pub(crate) fn from_code(code: i32) -> Self {
        match code {
            sys::PLUGIN_FUNC_SUCCESS => Self::Success,
            sys::PLUGIN_FUNC_ERROR => Self::Error,
            sys::PLUGIN_FUNC_DEFERRED => Self::Deferred,
            other => Self::Other(other),
        }
    }
}

/// An event with its words and variables.
#[derive(Clone, Default)]
pub struct Call {
    pub(crate) event: i32,
    args: Vec<Vec<u8>>,
    /// Wiped, since one of them may be a password.
    env: Vec<Zeroizing<Vec<u8>>>,
    /// With its depth, in DER.
    certificate: Option<(i32, Vec<u8>)>,
}

impl Call {
    /// An event by its number, `PLUGIN_UP` and so on.
    #[must_use]
    pub fn new(event: i32) -> Self {
        Self { event, args: Vec::new(), env: Vec::new(), certificate: None }
    }

    /// Adds a word after the plugin's file name.
    #[must_use]
    pub fn arg(mut self, word: impl AsRef<[u8]>) -> Self {
        self.args.push(word.as_ref().to_vec());
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
        self.env.push(Zeroizing::new(entry.into()));
        self
    }

    /// Passes this certificate (DER) as `current_cert`, as OpenVPN does with `TLS_VERIFY`, if there is an OpenVPN with
    /// OpenSSL on this machine.
    #[must_use]
    pub fn certificate(mut self, depth: i32, der: impl Into<Vec<u8>>) -> Self {
        self.certificate = Some((depth, der.into()));
        self
    }

    pub(crate) fn certificate_der(&self) -> Option<(i32, &[u8])> {
        self.certificate.as_ref().map(|(depth, der)| (*depth, der.as_slice()))
    }

    /// Leaves a variable out.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.env.retain(|entry| !is_entry_of(entry, name.as_bytes()));
        self
    }

    /// With the variables of another event, as far as this one has no others.
    pub(crate) fn with_env_of(mut self, other: &Self) -> Self {
        for entry in &other.env {
            let name = entry.split(|byte| *byte == b'=').next().unwrap_or_default();
            if !self.env.iter().any(|own| is_entry_of(own, name) || own[..] == *name) {
                self.env.push(entry.clone());
            }
        }
        self
    }

    /// The same words and variables with another event.
    pub(crate) fn for_event(mut self, event: i32) -> Self {
        self.event = event;
        self
    }

    /// The value of a variable.
    pub(crate) fn env_value(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self.env.iter().find(|entry| is_entry_of(entry, name.as_bytes()))?;
        entry.get(name.len() + 1..).map(<[u8]>::to_vec)
    }

    pub(crate) fn has_env(&self, name: &str) -> bool {
        self.env.iter().any(|entry| is_entry_of(entry, name.as_bytes()))
    }

    pub(crate) fn argv(&self, file: &CString) -> Result<Vec<CString>, NulError> {
        let words = self.args.iter().cloned().map(CString::new);
        std::iter::once(Ok(file.clone())).chain(words).collect()
    }

    /// With what is `always` there, as far as this call has nothing else.
    pub(crate) fn envp(&self, always: &[Vec<u8>]) -> Result<Wiped, NulError> {
        let mut strings = Wiped(Vec::with_capacity(self.env.len() + always.len()));
        let name = |entry: &[u8]| entry.split(|byte| *byte == b'=').next().map(<[u8]>::to_vec);
        let others = always.iter().filter(|other| !self.env.iter().any(|own| name(own) == name(other)));
        for entry in self.env.iter().map(|entry| entry.as_slice()).chain(others.map(Vec::as_slice)) {
            strings.0.push(CString::new(entry)?);
        }
        Ok(strings)
    }
}

/// Strings that are wiped when dropped.
pub(crate) struct Wiped(Vec<CString>);

impl std::ops::Deref for Wiped {
    type Target = [CString];

    fn deref(&self) -> &[CString] {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

fn is_entry_of(entry: &[u8], name: &[u8]) -> bool {
    entry.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"="))
}

impl fmt::Debug for Call {
    /// Shows no variables: a password may be among them.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Call").field("event", &self.event).finish_non_exhaustive()
    }
}

/// What came back from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The code.
    pub result: FuncResult,
    /// The returned list, as names and values, in order. Bytes that are not UTF-8 are replaced.
    pub returned: Vec<(String, String)>,
}

/// The call could not be made; the plugin was not called.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallFailed {
    /// A word or variable holds a NUL, which C cannot pass.
    Nul(NulError),
    /// Memory or files are missing.
    System(io::Error),
}

impl fmt::Display for CallFailed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul(error) => write!(out, "a word or variable cannot be passed: {error}"),
            Self::System(error) => write!(out, "cannot prepare the call: {error}"),
        }
    }
}

impl std::error::Error for CallFailed {}

impl From<NulError> for CallFailed {
    fn from(error: NulError) -> Self {
        Self::Nul(error)
    }
}

impl From<io::Error> for CallFailed {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}
