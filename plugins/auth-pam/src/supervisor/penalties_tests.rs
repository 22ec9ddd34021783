//! Penalties by the second, and a NAT with a guesser among its users.

use proptest::prelude::*;

use super::*;

const NAT: Source = Source::V4(1);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A source closed at `now` by ten failures of alice.
fn closed(now: Instant) -> Penalties {
    let mut penalties = Penalties::new(true);
    for fingerprint in 0..10 {
        assert_eq!(penalties.admit(now, NAT, b"alice"), None);
        refuse(&mut penalties, now, NAT, b"alice", fingerprint);
    }
    penalties
}

fn refuse(
    penalties: &mut Penalties,
    now: Instant,
    source: Source,
    username: &[u8],
    fingerprint: u64,
) -> Option<Duration> {
    let failed = penalties.failure(source, username, fingerprint);
    penalties.refused(now, failed)
}

fn backoff(penalties: &mut Penalties, now: Instant, username: &[u8]) -> Option<Duration> {
    penalties.admit(now, NAT, username).map(|refusal| refusal.backoff)
}

#[test]
fn ten_different_failures_close_a_source_for_five_seconds() {
    let now = Instant::now();
    let mut penalties = closed(now);
    assert_eq!(backoff(&mut penalties, now + seconds(1), b"alice"), Some(seconds(4)));
    assert_eq!(penalties.admit(now, Source::V4(2), b"alice"), None);
    // One goes through afterwards, and only one.
    assert_eq!(backoff(&mut penalties, now + seconds(5), b"alice"), None);
    assert_eq!(backoff(&mut penalties, now + seconds(5), b"alice"), Some(seconds(5)));
}

#[test]
fn each_failure_afterwards_doubles_the_time_up_to_ten_minutes() {
    let mut now = Instant::now();
    let mut penalties = closed(now);
    let mut length = seconds(5);
    for (fingerprint, next) in (10..).zip([10, 20, 40, 80, 160, 320, 600, 600, 600]) {
        assert_eq!(backoff(&mut penalties, now + length - ms(1), b"alice"), Some(ms(1)));
        now += length;
        assert_eq!(backoff(&mut penalties, now, b"alice"), None);
        refuse(&mut penalties, now, NAT, b"alice", fingerprint);
        length = seconds(next);
        assert_eq!(backoff(&mut penalties, now, b"alice"), Some(length));
    }
}

#[test]
fn the_same_failure_counts_once() {
    let now = Instant::now();
    let mut penalties = Penalties::new(true);
    for turn in 0..100 {
        assert_eq!(backoff(&mut penalties, now, b"alice"), None);
        refuse(&mut penalties, now, NAT, b"alice", turn % 9);
    }
    refuse(&mut penalties, now, NAT, b"alice", 9);
    // Nor does it double the time.
    for turn in 1..5 {
        assert_eq!(backoff(&mut penalties, now + seconds(5 * turn), b"alice"), None);
        refuse(&mut penalties, now + seconds(5 * turn), NAT, b"alice", 3);
        assert_eq!(backoff(&mut penalties, now + seconds(5 * turn), b"alice"), Some(seconds(5)));
    }
}

/// Each costs a process, also when the same user repeats the same password.
#[test]
fn every_crash_counts() {
    let now = Instant::now();
    let mut penalties = Penalties::new(true);
    for count in 1..=10 {
        assert_eq!(backoff(&mut penalties, now, b"eve"), None);
        assert_eq!(penalties.crashed(now, NAT, b"eve"), (count == 10).then_some(FIRST));
    }
    assert_eq!(backoff(&mut penalties, now, b"eve"), Some(FIRST));
    // The next one makes it longer, and one that is accepted ends it.
    assert_eq!(backoff(&mut penalties, now + FIRST, b"eve"), None);
    assert_eq!(penalties.crashed(now + FIRST, NAT, b"eve"), None);
    assert_eq!(backoff(&mut penalties, now + FIRST, b"eve"), Some(FIRST * 2));
    penalties.accepted(now + FIRST, NAT);
    (0..20).for_each(|_| assert_eq!(penalties.crashed(now + FIRST, NAT, b"eve"), None));
    assert_eq!(backoff(&mut penalties, now + FIRST, b"eve"), None);
}

#[test]
fn sixteen_failures_are_known_again() {
    let (mut penalties, now) = (Penalties::new(true), Instant::now());
    penalties.accepted(now, NAT);
    let later = now + MEMORY;
    for fingerprint in (0..16).chain(0..16) {
        refuse(&mut penalties, later, NAT, b"alice", fingerprint);
    }
    let log = penalties.admit(later, NAT, b"alice").unwrap().log;
    assert_eq!(log, Some(Penalty { failures: 16, length: FIRST }));
}

#[test]
fn what_was_under_way_makes_nothing_longer() {
    let now = Instant::now();
    let mut penalties = closed(now);
    (10..30).for_each(|fingerprint| _ = refuse(&mut penalties, now + seconds(1), NAT, b"alice", fingerprint));
    assert_eq!(backoff(&mut penalties, now + seconds(1), b"alice"), Some(seconds(4)));
    // Nor does it after one that decided.
    assert_eq!(backoff(&mut penalties, now + seconds(5), b"alice"), None);
    (30..40).for_each(|fingerprint| _ = refuse(&mut penalties, now + seconds(5), NAT, b"alice", fingerprint));
    assert_eq!(backoff(&mut penalties, now + seconds(5), b"alice"), Some(seconds(10)));
}

#[test]
fn a_success_forgives_and_exempts_for_an_hour() {
    let now = Instant::now();
    let mut penalties = closed(now);
    penalties.accepted(now, NAT);
    for fingerprint in 100..200 {
        assert_eq!(backoff(&mut penalties, now + MEMORY - ms(1), b"alice"), None);
        refuse(&mut penalties, now + MEMORY - ms(1), NAT, b"alice", fingerprint);
    }
    for fingerprint in 200..210 {
        assert_eq!(backoff(&mut penalties, now + MEMORY, b"alice"), None);
        refuse(&mut penalties, now + MEMORY, NAT, b"alice", fingerprint);
    }
    assert_eq!(backoff(&mut penalties, now + MEMORY, b"alice"), Some(FIRST));
}

#[test]
fn failures_are_forgotten_after_an_hour() {
    let now = Instant::now();
    let mut penalties = Penalties::new(true);
    (0..9).for_each(|fingerprint| _ = refuse(&mut penalties, now, NAT, b"alice", fingerprint));
    refuse(&mut penalties, now + MEMORY, NAT, b"alice", 9);
    assert_eq!(backoff(&mut penalties, now + MEMORY, b"alice"), None);
}

#[test]
fn a_username_that_did_not_fail_has_a_door_of_its_own() {
    let now = Instant::now();
    let mut penalties = closed(now);
    assert_eq!(backoff(&mut penalties, now + ms(100), b"bob"), None);
    assert_eq!(backoff(&mut penalties, now + ms(200), b"carol"), Some(ms(900)));
    // Bob's failure does not make alice wait longer, but he now stands at her door.
    refuse(&mut penalties, now + ms(300), NAT, b"bob", 100);
    assert_eq!(backoff(&mut penalties, now + seconds(2), b"bob"), Some(seconds(3)));
    assert_eq!(backoff(&mut penalties, now + seconds(2), b"carol"), None);
    assert_eq!(backoff(&mut penalties, now + seconds(5), b"alice"), None);
    refuse(&mut penalties, now + seconds(5), NAT, b"dave", 101);
    assert_eq!(backoff(&mut penalties, now + seconds(5), b"alice"), Some(seconds(5)));
}

#[test]
fn each_penalty_is_logged_once() {
    let now = Instant::now();
    let mut penalties = closed(now);
    let log =
        |penalties: &mut Penalties, now| penalties.admit(now, NAT, b"alice").and_then(|refusal| refusal.log);
    assert_eq!(log(&mut penalties, now), Some(Penalty { failures: 10, length: seconds(5) }));
    assert_eq!(log(&mut penalties, now + seconds(4)), None);
    assert_eq!(log(&mut penalties, now + seconds(5)), None);
    assert_eq!(log(&mut penalties, now + seconds(6)), None);
    refuse(&mut penalties, now + seconds(6), NAT, b"alice", 10);
    assert_eq!(log(&mut penalties, now + seconds(7)), Some(Penalty { failures: 11, length: seconds(10) }));
    assert_eq!(log(&mut penalties, now + seconds(7)), None);
    // A guesser with ever new usernames is logged once a minute.
    let names = (80..200).flat_map(|second| (0..10).map(move |tenth| (second, tenth)));
    let lines = names.filter(|(second, tenth)| {
        let name = format!("{second} {tenth}");
        let refusal = penalties.admit(now + seconds(*second) + ms(tenth * 100), NAT, name.as_bytes());
        refusal.is_some_and(|refusal| refusal.log.is_some())
    });
    assert_eq!(lines.count(), 2);
}

#[test]
fn without_an_address_or_switched_off_there_are_no_penalties() {
    let now = Instant::now();
    for (enabled, source) in [(true, Source::Unknown), (false, NAT)] {
        let mut penalties = Penalties::new(enabled);
        (0..100).for_each(|fingerprint| _ = refuse(&mut penalties, now, source, b"alice", fingerprint));
        penalties.accepted(now, source);
        assert_eq!(penalties.admit(now, source, b"alice"), None);
        assert!(penalties.records.is_empty());
    }
}

#[test]
fn the_least_recently_seen_source_is_forgotten() {
    let now = Instant::now();
    let mut penalties = closed(now);
    for number in 0..10_000 {
        assert!(penalties.admit(now, NAT, b"alice").is_some());
        refuse(&mut penalties, now, Source::V6(number), b"alice", 1);
        penalties.accepted(now, Source::V6(number + 1_000_000));
        assert!(penalties.records.len() <= MAX_SOURCES);
        assert_eq!(penalties.seen.len(), penalties.records.len());
    }
    assert_eq!(penalties.records.len(), MAX_SOURCES);
    for number in 0..5_000 {
        refuse(&mut penalties, now, Source::V6(number), b"alice", 1);
    }
    assert_eq!(penalties.admit(now, NAT, b"alice"), None);
}

/// Users who log in now and then behind one address with a guesser who does so ten times a second; PAM takes 300 ms.
/// How often a user was refused, and when the first one was let in.
fn nat(
    users_from: Duration,
    guesser_from: Duration,
    guess: impl Fn(u64) -> String,
) -> (usize, Option<Duration>) {
    let (mut penalties, begin) = (Penalties::new(true), Instant::now());
    let mut under_way: VecDeque<(Duration, String, Option<u64>)> = VecDeque::new();
    let (mut harmed, mut first) = (0, None);
    let mut random = 1u64;
    // Each of the 200 users comes every ten minutes; one that is refused comes again two seconds and a bit later.
    let mut due: Vec<Duration> = (0..200).map(|user| users_from + ms(user * 3_000)).collect();
    for tenth in 0..2 * 36_000 {
        let (time, now) = (ms(tenth * 100), begin + ms(tenth * 100));
        while under_way.front().is_some_and(|(end, ..)| *end <= time) {
            let Some((_, name, guess)) = under_way.pop_front() else { break };
            match guess {
                Some(fingerprint) => _ = refuse(&mut penalties, now, NAT, name.as_bytes(), fingerprint),
                None => penalties.accepted(now, NAT),
            }
        }
        let guesses = (time >= guesser_from).then(|| (guess(tenth), Some(tenth)));
        let logins: Vec<_> = due.iter_mut().enumerate().filter(|(_, due)| **due <= time).collect();
        let mut attempts: Vec<(String, Option<u64>)> = Vec::from_iter(guesses);
        for (user, due) in logins {
            let name = format!("user {user}");
            let refused = penalties.admit(now, NAT, name.as_bytes()).is_some();
            if refused {
                harmed += 1;
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *due = time + ms(2_000 + (random >> 33) % 1_000);
            } else {
                *due = time + seconds(600);
                first = first.or(Some(time));
                attempts.push((name, None));
            }
        }
        for (name, guess) in attempts {
            if guess.is_none() || penalties.admit(now, NAT, name.as_bytes()).is_none() {
                under_way.push_back((time + ms(300), name, guess));
            }
        }
    }
    (harmed, first)
}

#[test]
fn a_guesser_among_two_hundred_users_harms_none_of_them() {
    let harmed = nat(seconds(0), seconds(1), |_| "admin".to_string());
    assert_eq!(harmed, (0, Some(seconds(0))));
    let harmed = nat(seconds(0), seconds(1), |tenth| format!("guess {tenth}"));
    assert_eq!(harmed, (0, Some(seconds(0))));
}

#[test]
fn a_guesser_who_came_first_delays_the_first_user_only_if_he_takes_new_usernames() {
    let harmed = nat(seconds(300), seconds(0), |tenth| format!("admin {}", tenth % 8));
    assert_eq!(harmed, (0, Some(seconds(300))));
    let (harmed, first) = nat(seconds(300), seconds(0), |tenth| format!("guess {tenth}"));
    let waited = first.unwrap() - seconds(300);
    assert!(harmed > 0 && harmed < 40 && waited < seconds(60), "{harmed} {waited:?}");
}

proptest! {
    #[test]
    fn a_penalty_has_an_end_and_the_tables_agree(
        events in prop::collection::vec((0u8..3, 0u32..3, 0u8..4, 0u64..40, 0u64..2000), 0..300),
    ) {
        let (mut penalties, mut now) = (Penalties::new(true), Instant::now());
        for (event, source, username, fingerprint, after) in events {
            let source = if source == 0 { Source::Unknown } else { Source::V4(source) };
            now += ms(after * after);
            match event {
                0 => {
                    if let Some(refusal) = penalties.admit(now, source, &[username]) {
                        prop_assert!(source != Source::Unknown);
                        prop_assert!(refusal.backoff > Duration::ZERO && refusal.backoff <= LONGEST);
                        let then = now + refusal.backoff;
                        prop_assert_eq!(penalties.admit(then, source, &[username]), None);
                    }
                }
                1 => _ = refuse(&mut penalties, now, source, &[username], fingerprint),
                _ if fingerprint == 0 => {
                    penalties.accepted(now, source);
                    prop_assert_eq!(penalties.admit(now, source, &[username]), None);
                }
                _ => {}
            }
            prop_assert_eq!(penalties.seen.len(), penalties.records.len());
            for (place, source) in &penalties.seen {
                prop_assert_eq!(penalties.records[source].0, *place);
            }
        }
    }
}

#[test]
fn the_failure_that_closes_a_source_says_so_once() {
    let (mut penalties, now) = (Penalties::new(true), Instant::now());
    let closed: Vec<Option<Duration>> =
        (0..12).map(|fingerprint| refuse(&mut penalties, now, NAT, b"alice", fingerprint)).collect();
    assert_eq!(closed.iter().flatten().collect::<Vec<_>>(), [&FIRST]);
    assert_eq!(closed[FREE_FAILURES as usize - 1], Some(FIRST));
}
