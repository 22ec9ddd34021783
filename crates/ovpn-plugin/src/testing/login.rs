//! How a login went, with what OpenVPN's client makes of the reason.

use std::time::Duration;

use super::Question;
use crate::Retry;

/// How a login went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Login {
    /// The client may go on.
    Accepted,
    /// The client is rejected, with this reason; empty if there is none.
    Rejected(String),
    /// The client is rejected for now and comes again by itself
    /// ([`Rejection::temporary`](crate::Rejection::temporary)). Only a client that understands this gets it: give the session
    /// the variable `IV_PROTO` with bit 8 set, such as 990, which is that of OpenVPN 2.6.
    RejectedForNow {
        /// What its user sees.
        reason: String,
        /// How long it waits; `None` if it goes to another address or server at once.
        backoff: Option<Duration>,
        /// Where it goes.
        retry: Retry,
    },
    /// The client's user is asked. [`Session::answer`](super::Session::answer) goes on from there.
    Asked(Question),
    /// It was deferred, and no verdict came in time.
    Undecided,
}

impl Login {
    /// A rejection with this reason, which is not a question.
    pub(super) fn rejected(reason: String) -> Self {
        temporary(&reason).unwrap_or(Self::Rejected(reason))
    }
}

/// `TEMP[backoff SECONDS,advance no|addr|remote]: TEXT`, as clients read it.
fn temporary(text: &str) -> Option<Login> {
    let (flags, reason) = text.strip_prefix("TEMP[")?.split_once("]: ")?;
    let (mut backoff, mut retry) = (None, Retry::NextAddress);
    for flag in flags.split(',') {
        match flag.split_once(' ')? {
            ("backoff", seconds) => backoff = Some(Duration::from_secs(seconds.parse().ok()?)),
            ("advance", "no") => retry = Retry::SameServer,
            ("advance", "addr") => retry = Retry::NextAddress,
            ("advance", "remote") => retry = Retry::NextRemote,
            _ => return None,
        }
    }
    Some(Login::RejectedForNow { reason: reason.to_owned(), backoff, retry })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rejection;

    #[test]
    fn what_the_sdk_writes_is_understood() {
        let wait = Duration::from_secs(30);
        for (backoff, retry) in
            [(wait, Retry::SameServer), (wait, Retry::NextRemote), (Duration::ZERO, Retry::NextAddress)]
        {
            let text = Rejection::temporary("busy: later", backoff, retry).text(true).to_owned();
            let backoff = Some(backoff).filter(|backoff| !backoff.is_zero());
            assert_eq!(
                Login::rejected(text),
                Login::RejectedForNow { reason: "busy: later".into(), backoff, retry }
            );
        }
        for plain in ["", "no", " TEMP[backoff 1]: no", "TEMP[backoff x]: no", "TEMP[]: no"] {
            assert_eq!(Login::rejected(plain.to_owned()), Login::Rejected(plain.to_owned()));
        }
    }
}
