//! What the person at the client reads of a temporary failure.

use std::time::Duration;

use ovpn_plugin::{Rejection, Retry};

use crate::reference::Reference;
use crate::verdict::{Advance, Cause};

/// What the client gets.
pub fn rejection(cause: Cause, backoff: Duration, advance: Advance, reference: Reference) -> Rejection {
    let text = match cause {
        Cause::Busy => "the authentication service is busy",
        Cause::NoAnswer => "the authentication service does not answer",
        Cause::Away => "the authentication service cannot be reached",
        Cause::Failures => "too many failed logins from your address",
        Cause::Crashed => "the authentication service was interrupted",
    };
    let retry = match advance {
        Advance::No => Retry::SameServer,
        Advance::Addr => Retry::NextAddress,
        Advance::Remote => Retry::NextRemote,
    };
    // Another server need not be waited for; a client that finds all of them so slows down by itself.
    let elsewhere = advance != Advance::No && cause != Cause::Failures;
    let text = format!("{text} (reference {reference})");
    Rejection::temporary(&text, if elsewhere { Duration::ZERO } else { backoff }, retry)
}

#[cfg(test)]
mod tests {
    use ovpn_plugin::AuthUserPassVerify;
    use ovpn_plugin::testing::LoginFiles;

    use super::*;

    #[test]
    fn a_client_that_has_to_come_again_learns_when_and_where() {
        for (cause, advance, reason) in [
            (Cause::Busy, Advance::No, "TEMP[backoff 15,advance no]: the authentication service is busy"),
            (
                Cause::NoAnswer,
                Advance::Addr,
                "TEMP[advance addr]: the authentication service does not answer",
            ),
            (
                Cause::Away,
                Advance::Remote,
                "TEMP[advance remote]: the authentication service cannot be reached",
            ),
            (
                Cause::Failures,
                Advance::Addr,
                "TEMP[backoff 15,advance addr]: too many failed logins from your address",
            ),
            (
                Cause::Crashed,
                Advance::No,
                "TEMP[backoff 15,advance no]: the authentication service was interrupted",
            ),
        ] {
            let text = rejection(cause, Duration::from_secs(15), advance, Reference::from_number(0).unwrap());
            let reason = format!("{reason} (reference 22222)");
            assert_eq!(written(&text, "990"), reason);
            // Clients before 2.6 give up, and learn the reason.
            assert_eq!(written(&text, "2"), reason.split_once("]: ").map_or("", |(_, text)| text));
        }
    }

    fn written(rejection: &Rejection, protocol: &str) -> String {
        let files = LoginFiles::new().unwrap();
        let call = files.call().env("IV_PROTO", protocol);
        call.event::<AuthUserPassVerify<'_>>().defer().unwrap().reject_with(rejection).unwrap();
        files.reason()
    }
}
