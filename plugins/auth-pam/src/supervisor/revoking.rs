//! What root takes back at the socket of `status=`: what a user has so far, and what a source is refused for.
//!
//! A plugin cannot disconnect anybody. What is revoked is refused when the client needs this plugin the next time: that is
//! known by the front, which keeps it for as long as OpenVPN runs. What waits here ends at once.

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use log_lines::UnloggedLine;

use super::Supervisor;
use super::attempt::Attempt;
use super::outcome::Outcome;
use super::sessions::session::{Session, SessionStage};
use super::source::{Prefixes, Source};
use crate::protocol::{Reply, monotonic};
use crate::quoted::shown;

/// Revoked names that are remembered for transactions which are under way. When there are more, the oldest is revoked for
/// everybody, as in the front: then all that have begun before it log in anew, and none is forgotten.
const MOST: usize = 4096;

/// Which names were revoked when, for the transactions that began before.
#[derive(Debug, Default)]
pub struct RecentlyRevoked {
    /// The oldest first.
    names: Vec<(Vec<u8>, Instant)>,
    everybody: Option<Instant>,
}

impl RecentlyRevoked {
    /// All that came before under this name is worth nothing.
    fn add(&mut self, now: Instant, name: &[u8]) {
        self.names.retain(|(other, _)| !is_same(other, name));
        if self.names.len() == MOST {
            let (_, at) = self.names.remove(0);
            self.everybody = self.everybody.max(Some(at));
        }
        self.names.push((name.to_vec(), now));
    }

    /// Whether the transaction of this attempt began before one of its names was revoked. `checked`: whom PAM has let in.
    pub fn covers(&self, attempt: &Attempt, checked: &[u8]) -> bool {
        self.everybody.is_some_and(|at| attempt.since <= at)
            || self.names.iter().any(|(name, at)| {
                attempt.since <= *at && is_any([&attempt.username, &attempt.sent_as, checked], name)
            })
    }
}

/// Names that differ only in case are the same: to many modules they are, and to refuse one too many means to ask it again.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    !one.is_empty() && one.eq_ignore_ascii_case(other)
}

fn is_any(names: [&[u8]; 3], name: &[u8]) -> bool {
    names.iter().any(|one| is_same(one, name))
}

impl Supervisor {
    /// Refuses what this user has so far; says what was ended at once.
    pub(super) fn revoke(&mut self, now: Instant, name: &[u8]) -> String {
        let asked = self.waiting_questions.take_all(|one| is_any([&one.username, &one.sent_as, &[]], name));
        let questions = asked.len();
        for one in asked {
            self.give_up(now, &one, &lines::questions::its_user_was_revoked().to_string());
        }
        let of_user = |one: &&Session| is_any([&one.username, &one.sent_as, &one.checked], name);
        let sessions: Vec<_> = self.sessions.all().iter().filter(of_user).collect();
        let open = sessions.iter().filter(|one| one.is_open()).count();
        let let_in: Vec<_> = sessions
            .iter()
            .filter(|one| matches!(one.stage, SessionStage::LetIn { .. }))
            .map(|one| one.worker)
            .collect();
        let not_connected = let_in.len();
        for worker in let_in {
            self.workers.dismiss(now, worker);
            if let Some(session) = self.sessions.remove(worker) {
                self.tell_of_client(&session.whose(), &lines::sessions::revoked().to_string());
            }
        }
        self.revoked.add(now, name);
        self.repeated.revoked();
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        self.tell_front(Reply::Revoked { name: name.to_vec(), at, monotonic: monotonic() });
        self.say(&lines::status::revoked(&shown(name)).unlogged());
        let renegotiation = self.settings.renegotiation;
        let seconds = renegotiation.seconds.map_or_else(|| "-".into(), |seconds| seconds.to_string());
        let own_tokens = if renegotiation.own_tokens { "yes" } else { "no" };
        format!(
            "questions {questions}\nnot_connected {not_connected}\nsessions {open}\nrenegotiation {seconds}\n\
             own_tokens {own_tokens}\n"
        )
    }

    /// Forgives a source; says whether it was closed, and for how many failures.
    ///
    /// # Errors
    /// It is no address or network, or not one that is a source here.
    pub(super) fn unblock(&mut self, now: Instant, source: &[u8]) -> Result<String, String> {
        let prefixes = self.settings.config.prefixes;
        let source = parse(source, prefixes)?;
        let forgiven = self.penalties.forgive(now, source);
        let shown = source.display(prefixes);
        self.say(&lines::status::unblocked(&shown).unlogged());
        let (failures, closed) = forgiven.unwrap_or((0, false));
        let closed = if closed { "yes" } else { "no" };
        Ok(format!("source {shown}\nfailures {failures}\nclosed {closed}\n"))
    }

    /// Says it in both logs.
    fn say(&mut self, text: &UnloggedLine) {
        text.log();
        if let Some(audit) = &mut self.audit {
            audit.write_text(&lines::system_log::as_in_the_log(&text).to_string(), false);
        }
    }

    /// What PAM has let in is refused if it was revoked meanwhile.
    pub(super) fn unless_revoked(&self, attempt: &Attempt, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Pam(end, _) if end.code == 0 && self.revoked.covers(attempt, &end.checked) => {
                Outcome::Revoked
            }
            other => other,
        }
    }
}

/// A source, as an address or as the network it is shown as.
fn parse(text: &[u8], prefixes: Prefixes) -> Result<Source, String> {
    let wrong = || format!("'{}' is no address and no network", shown(text));
    let text = std::str::from_utf8(text).map_err(|_| wrong())?;
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().map_err(|_| wrong())?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let own = if address.to_canonical().is_ipv4() { prefixes.ipv4 } else { prefixes.ipv6 };
    match length {
        Some(length) if length != own => {
            Err(format!("a source of this server has the prefix /{own}, see ipv4-prefix and ipv6-prefix"))
        }
        _ => Ok(Source::of(address.to_string().as_bytes(), prefixes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervisor::attempt::tests::attempt;

    #[test]
    fn of_too_many_none_is_forgotten() {
        let (mut revoked, now) = (RecentlyRevoked::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        let began_at = |seconds| Attempt { since: at(seconds), ..attempt(1, "alice", "192.0.2.1") };
        revoked.add(at(10), b"mapped");
        for number in 1..MOST {
            revoked.add(at(20), format!("user{number}").as_bytes());
        }
        assert!(!revoked.covers(&began_at(0), b"other"));
        revoked.add(at(30), b"one too many");
        assert_eq!(revoked.names.len(), MOST);
        // The name that only PAM checks, for instance while a question waits. And so anybody else who was there before.
        for checked in [b"mapped", &b"other"[..]] {
            assert!(revoked.covers(&began_at(0), checked));
            assert!(!revoked.covers(&began_at(15), checked));
        }
        assert!(revoked.covers(&began_at(15), b"user1") && revoked.covers(&began_at(25), b"One too many"));
    }
}
