//! The events, one type each: what OpenVPN says about it, borrowed from the host for the time of the call.

mod address;
mod auth;
mod certificate_info;
mod clients;
mod device;
mod dns;
mod interface;
pub(crate) mod numbered;
mod peer;
mod peer_info;
mod pool_addresses;
mod routes;
mod tls;

pub(crate) use peer::ip;

use std::cell::RefMut;
use std::ffi::c_void;
use std::path::Path;
use std::ptr::NonNull;

use crate::boundary::{Client, StringArray};
use crate::{ClientState, Env, SslApi};

pub use address::Address;
pub use certificate_info::CertificateInfo;
pub use dns::DnsServer;
pub use interface::Interface;
pub use peer_info::PeerInfo;
pub use pool_addresses::PoolAddresses;
pub use routes::{Route, RouteIpv6};

/// The events, and what belongs to one of them only.
pub(crate) mod all {
    pub use super::auth::*;
    pub use super::clients::*;
    pub use super::device::*;
    pub use super::tls::*;
}

/// What every event comes with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub(crate) words: StringArray<'a>,
    pub(crate) env: Env<'a>,
    pub(crate) client: Option<Client<'a>>,
    pub(crate) certificate: Option<Certificate>,
    /// Whether a reply to it will be delivered. Not so for an event that a unit test makes by itself.
    pub(crate) is_call: bool,
}

impl<'a> Context<'a> {
    pub(crate) fn client_state<P: ClientState>(&self) -> Option<RefMut<'a, P::State>> {
        self.client?.state::<P::State>()
    }

    /// Word number `at` after the plugin's file name, as text.
    pub(crate) fn word(&self, at: usize) -> Option<&'a str> {
        std::str::from_utf8(self.words.iter().nth(at + 1)?).ok()
    }

    pub(crate) fn path(&self, name: &str) -> Option<&'a Path> {
        path(self.env.get(name)?)
    }
}

#[cfg(unix)]
pub(crate) fn path(bytes: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt;
    Some(Path::new(std::ffi::OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
pub(crate) fn path(bytes: &[u8]) -> Option<&Path> {
    std::str::from_utf8(bytes).ok().map(Path::new)
}

/// A type of event. Implemented by this crate's events only.
pub trait Event<'a> {
    /// The event of one call.
    #[doc(hidden)]
    fn new(context: Context<'a>) -> Self;
}

/// The certificate a TLS event is about, as the host's TLS library holds it, for the time of the call.
#[derive(Clone, Copy, Debug)]
pub struct Certificate {
    /// An `X509` of OpenSSL or an `mbedtls_x509_crt`, as [`OpenArgs::ssl_api`](crate::OpenArgs::ssl_api) says.
    pub pointer: NonNull<c_void>,
    /// Its place in the chain; 0 is the peer's own.
    pub depth: i32,
    pub(crate) ssl_api: Option<SslApi>,
}

impl Certificate {
    /// The library it is from; `None` if the host does not say (struct version 1).
    #[must_use]
    pub fn ssl_api(self) -> Option<SslApi> {
        self.ssl_api
    }
}

/// Defines event types with what all events offer.
macro_rules! events {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        pub struct $name<'a> {
            pub(crate) context: $crate::events::Context<'a>,
            /// The decision, if it was taken away from the call.
            #[allow(dead_code, reason = "most events cannot be deferred")]
            pub(crate) taken: $crate::deferred_verdict::TakenDecision,
        }

        impl<'a> $crate::events::Event<'a> for $name<'a> {
            fn new(context: $crate::events::Context<'a>) -> Self {
                Self { context, taken: $crate::deferred_verdict::TakenDecision::new() }
            }
        }

        impl<'a> $name<'a> {
            /// All variables of this event.
            #[must_use]
            pub fn env(&self) -> $crate::Env<'a> {
                self.context.env
            }

            /// The words of this event, without the plugin's file name.
            #[must_use]
            pub fn args(&self) -> $crate::Words<'a> {
                let mut words = self.context.words.iter();
                words.next();
                words
            }

            /// The state of the client this event is about. `None` if there is none (the event is about no client, or the
            /// construction of its state panicked), or while another borrow of it is alive: that is an error in the log.
            #[must_use]
            pub fn client<P: $crate::ClientState>(&self) -> Option<::std::cell::RefMut<'a, P::State>> {
                self.context.client_state::<P>()
            }
        }

        impl ::std::fmt::Debug for $name<'_> {
            /// Shows no contents: variables may hold a password.
            fn fmt(&self, out: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                out.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
use events;
