//! What the person at the client reads of a refusal and of a temporary failure, or is asked.

use std::time::Duration;

use ovpn_plugin::{Challenge, ChallengeError, Rejection, Retry};

use crate::protocol::question::Question;

use crate::config::Advance;
use crate::protocol::reference::Reference;
use crate::protocol::verdict::TemporaryCause;

/// What the client gets of a refusal with a reason.
pub fn refusal(told: &[u8], reference: Reference) -> Rejection {
    Rejection::because(&format!("{} (reference {reference})", String::from_utf8_lossy(told)))
}

/// What the client gets of a temporary failure.
pub fn rejection(
    cause: TemporaryCause,
    backoff: Duration,
    advance: Advance,
    reference: Reference,
) -> Rejection {
    let text = match cause {
        TemporaryCause::Busy => "the authentication service is busy",
        TemporaryCause::NoAnswer => "the authentication service does not answer",
        TemporaryCause::Away => "the authentication service cannot be reached",
        TemporaryCause::Failures => "too many failed logins from your address",
        TemporaryCause::Crashed => "the authentication service was interrupted",
    };
    let retry = match advance {
        Advance::No => Retry::SameServer,
        Advance::Addr => Retry::NextAddress,
        Advance::Remote => Retry::NextRemote,
    };
    // Another server need not be waited for; a client that finds all of them so slows down by itself.
    let elsewhere = advance != Advance::No && cause != TemporaryCause::Failures;
    let text = format!("{text} (reference {reference})");
    Rejection::temporary(&text, if elsewhere { Duration::ZERO } else { backoff }, retry)
}

/// The question to this user, as a rejection that the client answers.
///
/// # Errors
/// If clients would misread it, which they do not as the workers write it.
pub fn challenge(question: &Question, username: &[u8]) -> Result<Rejection, ChallengeError> {
    let (id, text) = (question.id.to_string(), String::from_utf8_lossy(&question.text));
    let challenge = if question.echo {
        Challenge::new(&id, username, &text)
    } else {
        Challenge::hidden(&id, username, &text)
    };
    challenge.map(|challenge| Rejection::challenge(&challenge))
}

#[cfg(test)]
mod tests {
    use ovpn_plugin::AuthUserPassVerify;
    use ovpn_plugin::testing::LoginFiles;

    use super::*;
    use crate::protocol::question::{self, QuestionId};

    #[test]
    fn a_client_that_has_to_come_again_learns_when_and_where() {
        for (cause, advance, reason) in [
            (
                TemporaryCause::Busy,
                Advance::No,
                "TEMP[backoff 15,advance no]: the authentication service is busy",
            ),
            (
                TemporaryCause::NoAnswer,
                Advance::Addr,
                "TEMP[advance addr]: the authentication service does not answer",
            ),
            (
                TemporaryCause::Away,
                Advance::Remote,
                "TEMP[advance remote]: the authentication service cannot be reached",
            ),
            (
                TemporaryCause::Failures,
                Advance::Addr,
                "TEMP[backoff 15,advance addr]: too many failed logins from your address",
            ),
            (
                TemporaryCause::Crashed,
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

    /// For any question and any username that leaves room for a question at all.
    #[test]
    fn a_question_as_the_worker_writes_it_reaches_the_client() {
        for length in (0..800).step_by(7) {
            let username = vec![b'u'; length];
            let Some(room) = question::room(&username) else { continue };
            let text = question::text(&[vec![b'm'; 3000]], "\u{1f511} Code:\n".repeat(50).as_bytes(), room);
            let id = QuestionId::from_bytes([0xab; 16]);
            let question = Question { id, echo: true, page: false, private: false, text: text.into_bytes() };
            let reason = written(&challenge(&question, &username).unwrap(), "990");
            assert!(reason.len() > 990 && reason.len() <= 1000, "{length}: {} bytes", reason.len());
            assert!(reason.starts_with("CRV1:R,E:abababababababababababababababab:"), "{reason}");
        }
        let question = Question {
            id: QuestionId::from_bytes([1; 16]),
            echo: false,
            page: false,
            private: true,
            text: b"Code:".to_vec(),
        };
        assert_eq!(
            written(&challenge(&question, b"joe").unwrap(), "2"),
            "CRV1:R:01010101010101010101010101010101:am9l:Code:"
        );
    }

    #[test]
    fn a_reason_stands_before_the_reference() {
        let reference = Reference::from_number(0).unwrap();
        let text = refusal(b"your account has expired", reference);
        assert_eq!(written(&text, "2"), "your account has expired (reference 22222)");
        // Nothing of what a module says is taken for an order to the client.
        for told in ["CRV1:R,E:x::y", "TEMP[backoff 1]: x"] {
            let text = written(&refusal(told.as_bytes(), reference), "990");
            assert_eq!(text, format!(" {told} (reference 22222)"));
        }
    }

    fn written(rejection: &Rejection, protocol: &str) -> String {
        let files = LoginFiles::new().unwrap();
        let call = files.call().env("IV_PROTO", protocol);
        call.event::<AuthUserPassVerify<'_>>().defer().unwrap().0.reject_with(rejection).unwrap();
        files.reason()
    }
}
