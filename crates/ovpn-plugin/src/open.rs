//! What a plugin learns when it is opened, and how it refuses.

use std::ffi::{CStr, c_int, c_uint};
use std::fmt;

use ovpn_plugin_sys as sys;

use crate::boundary::{Array, Words};
use crate::{Env, EventSet};

/// The arguments of [`Plugin::open`](crate::Plugin::open).
#[derive(Clone, Copy)]
pub struct OpenArgs<'a> {
    pub(crate) words: Array<'a>,
    pub(crate) env: Env<'a>,
    pub(crate) offered: EventSet,
    pub(crate) struct_version: c_int,
    pub(crate) ssl_api: Option<SslApi>,
    pub(crate) openvpn_version: Option<Version<'a>>,
}

impl<'a> OpenArgs<'a> {
    /// The words after the plugin's file name on the `plugin` line.
    #[must_use]
    pub fn args(&self) -> Words<'a> {
        let mut words = self.words.iter();
        words.next();
        words
    }

    /// The plugin's file name as the `plugin` line gives it.
    #[must_use]
    pub fn file(&self) -> Option<&'a CStr> {
        self.words.iter().next()
    }

    /// The environment at this time: `verb`, `daemon`, `daemon_log_redirect`, `config` and so on.
    #[must_use]
    pub fn env(&self) -> Env<'a> {
        self.env
    }

    /// The events this OpenVPN has.
    #[must_use]
    pub fn offered(&self) -> EventSet {
        self.offered
    }

    /// The host's version of the argument structs: 1 since OpenVPN 2.3, 5 since 2.5.
    #[must_use]
    pub fn struct_version(&self) -> i32 {
        self.struct_version
    }

    /// The TLS library OpenVPN is built with; `None` below struct version 2.
    #[must_use]
    pub fn ssl_api(&self) -> Option<SslApi> {
        self.ssl_api
    }

    /// The version of OpenVPN; `None` below struct version 3.
    #[must_use]
    pub fn openvpn_version(&self) -> Option<Version<'a>> {
        self.openvpn_version
    }
}

impl fmt::Debug for OpenArgs<'_> {
    /// Shows neither arguments nor environment: they may hold secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OpenArgs")
            .field("offered", &self.offered)
            .field("struct_version", &self.struct_version)
            .field("ssl_api", &self.ssl_api)
            .field("openvpn_version", &self.openvpn_version)
            .finish_non_exhaustive()
    }
}

/// A version of OpenVPN, for example major 2, minor 6, patch `.14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Version<'a> {
    /// The whole version as text; empty if the host left it out or it is not UTF-8.
    pub text: &'a str,
    /// The major number.
    pub major: c_uint,
    /// The minor number.
    pub minor: c_uint,
    /// The rest, with its dot or suffix; empty if the host left it out or it is not UTF-8.
    pub patch: &'a str,
}

/// A TLS library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SslApi {
    /// Built without TLS.
    None,
    /// OpenSSL: certificates are `X509`.
    OpenSsl,
    /// mbed TLS: certificates are `mbedtls_x509_crt`.
    MbedTls,
    /// A number newer than this crate.
    Other(i32),
}

impl SslApi {
    pub(crate) fn from_number(number: c_int) -> Self {
        match number {
            sys::SSLAPI_NONE => Self::None,
            sys::SSLAPI_OPENSSL => Self::OpenSsl,
            sys::SSLAPI_MBEDTLS => Self::MbedTls,
            other => Self::Other(other),
        }
    }
}

/// When OpenVPN opens the plugin; given to [`export!`](crate::export).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitPoint {
    /// Before the configuration file is parsed.
    PreConfigParse,
    /// Before OpenVPN becomes a daemon, still with all privileges: the default.
    PreDaemon,
    /// After OpenVPN became a daemon, still with all privileges.
    PostDaemon,
    /// After OpenVPN gave up its privileges.
    PostUidChange,
}

impl InitPoint {
    /// OpenVPN's number for it.
    #[must_use]
    pub const fn number(self) -> c_int {
        match self {
            Self::PreConfigParse => sys::PLUGIN_INIT_PRE_CONFIG_PARSE,
            Self::PreDaemon => sys::PLUGIN_INIT_PRE_DAEMON,
            Self::PostDaemon => sys::PLUGIN_INIT_POST_DAEMON,
            Self::PostUidChange => sys::PLUGIN_INIT_POST_UID_CHANGE,
        }
    }
}

/// Why a plugin cannot be opened. OpenVPN logs it as an error, one line, and refuses to start.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The plugin's own words; made with `into()` or `?` from text, or with [`OpenError::from_error`].
    Message(String),
    /// The plugin cannot do without these events, and this OpenVPN does not have them.
    MissingEvents(EventSet),
}

impl OpenError {
    /// Takes the text of any error.
    pub fn from_error(error: impl fmt::Display) -> Self {
        Self::Message(error.to_string())
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(text) => out.write_str(text),
            Self::MissingEvents(events) => {
                write!(out, "this OpenVPN is too old for the plugin: it lacks the events {events}")
            }
        }
    }
}

impl std::error::Error for OpenError {}

impl From<String> for OpenError {
    fn from(text: String) -> Self {
        Self::Message(text)
    }
}

impl From<&str> for OpenError {
    fn from(text: &str) -> Self {
        Self::Message(text.to_owned())
    }
}
