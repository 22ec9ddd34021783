//! Takes the samples: refusals of all kinds, in random turns.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use harness::Account;
use ovpn_plugin_host::{Login, LoginOutcome, OpenFailed, OpenPlugin, Plugin};

use super::{Kind, Samples};
use crate::bench::our_plugin;

/// How long a verdict may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two logins where those before are still pending: longer than PAM needs for one.
const PAUSE: Duration = Duration::from_millis(75);

/// What is measured.
#[derive(Clone, Copy)]
pub(super) enum Clock {
    /// The time until the verdict of a deferred login.
    Verdict,
    /// The time the call takes, where the plugin would wait for a login.
    Call,
}

impl Clock {
    pub(super) fn title(self) -> &'static str {
        match self {
            Clock::Verdict => "time until a deferred login is refused, as its client sees it",
            Clock::Call => "time the call blocks OpenVPN, as everybody else sees it",
        }
    }
}

/// So many refusals of each kind; seconds.
pub(super) fn take(
    clock: Clock,
    kinds: &[Kind],
    count: usize,
    service: &str,
    good: &Account,
) -> Result<Samples, String> {
    let plugin = match clock {
        Clock::Verdict => open(&[service]),
        // So that nothing is pending when the next one comes, which would be one more reason not to wait.
        Clock::Call => open(&["refusal-time=0", service]).or_else(|_| open(&[service])),
    };
    let plugin = plugin.map_err(|error| error.to_string())?;
    let mut samples = vec![Vec::new(); kinds.len()];
    match clock {
        Clock::Verdict => verdicts(&plugin, kinds, count, &mut samples)?,
        Clock::Call => calls(&plugin, kinds, count, good, &mut samples)?,
    }
    Ok(samples)
}

fn open(words: &[&str]) -> Result<OpenPlugin, OpenFailed> {
    Plugin::new(our_plugin()).args(words).verb(1).open()
}

/// Of a new address each time: what is known of an address is not what is measured.
fn login(user: &str, password: &str, number: usize) -> Login {
    let address = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
    Login::new(user, password)
        .env("untrusted_ip", address)
        .env("IV_PROTO", "990")
        .env("deferred_auth_pam", "1")
}

/// Refused for good: the client reads that the account has expired.
fn refused(outcome: &LoginOutcome) -> Result<(), String> {
    let answered = outcome.verdict.is_some() || outcome.result != ovpn_plugin_host::FuncResult::Deferred;
    let temporary = outcome.reason.as_ref().is_some_and(|reason| reason.starts_with("TEMP"));
    if answered && !temporary && !outcome.accepted() {
        Ok(())
    } else {
        Err(format!("not a plain refusal: {outcome}"))
    }
}

/// Many are pending at the same time, each waited for by a thread; the plugin is open by now.
fn verdicts(plugin: &OpenPlugin, kinds: &[Kind], count: usize, samples: &mut Samples) -> Result<(), String> {
    let mut waiting: Vec<(usize, JoinHandle<LoginOutcome>)> = Vec::new();
    let mut next = Instant::now();
    for (number, kind) in turns(kinds.len(), count).enumerate() {
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        next = Instant::now() + PAUSE;
        let login = login(&kinds[kind].user, kinds[kind].password, number);
        let running = plugin.start_login(&login).map_err(|error| error.to_string())?;
        waiting.push((kind, std::thread::spawn(move || running.finish(PATIENCE))));
    }
    for (kind, thread) in waiting {
        let outcome = thread.join().map_err(|_| "a thread has failed")?;
        refused(&outcome)?;
        samples[kind].push(outcome.took.as_secs_f64());
    }
    Ok(())
}

/// One after the other, each after a login that is accepted within the grace.
fn calls(
    plugin: &OpenPlugin,
    kinds: &[Kind],
    count: usize,
    good: &Account,
    samples: &mut Samples,
) -> Result<(), String> {
    let attempt = |user: &str, password: &str, number| {
        plugin.login(&login(user, password, number), PATIENCE).map_err(|error| error.to_string())
    };
    for (number, kind) in turns(kinds.len(), count).enumerate() {
        for before in 0..2 {
            let accepted = attempt(good.name(), good.password(), 3 * number + before)?;
            if !accepted.accepted() {
                return Err(format!("the right password: {accepted}"));
            }
        }
        let outcome = attempt(&kinds[kind].user, kinds[kind].password, 3 * number + 2)?;
        refused(&outcome)?;
        samples[kind].push(outcome.blocked.as_secs_f64());
    }
    Ok(())
}

/// Each kind once, in random order, and that so many times.
fn turns(kinds: usize, count: usize) -> impl Iterator<Item = usize> {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut random = move |below: usize| {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    (0..count).flat_map(move |_| {
        let mut order: Vec<usize> = (0..kinds).collect();
        for last in (1..kinds).rev() {
            order.swap(last, random(last + 1));
        }
        order
    })
}

#[cfg(test)]
mod tests {
    use super::turns;

    #[test]
    fn every_kind_has_its_turns() {
        let all: Vec<usize> = turns(4, 50).collect();
        assert!((0..4).all(|kind| all.iter().filter(|turn| **turn == kind).count() == 50));
        assert!(all.chunks(4).any(|order| order != &all[..4]), "always the same order");
    }
}
