//! What a client can tell by when it hears something, or by whether an attempt is taken: the same whatever PAM has done by
//! then. And what it can use up of what is there for all. The time is the test's own.

mod giving_way;
mod probes;
mod workers_of_others;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::time::{Duration, Instant};

use privsep::Channel;
use privsep::kept_helper::fuzzing::{KeeperEnd, Wanted};
use privsep::kept_helper::{News, Numbered};
use secret::Secret;

use crate::config::Config;
use crate::fuzzing::settings;
use crate::protocol::attempt_origin::tests::origin;
use crate::protocol::question::QuestionId;
use crate::protocol::verdict::{TemporaryCause, Verdict};
use crate::protocol::{
    AttemptRequest, Credentials, CredentialsKind, Order, Reply, Report, Request, TransactionEnd, WorkerNews,
};
use crate::supervisor::circuit_breaker::{OPENS_AFTER, PROBE};
use crate::supervisor::fuzzing::{Driven, FrontEnd, GENERATION, OtherEnds};
use crate::supervisor::questions::MAX_HELD;
use crate::supervisor::unanswered_limit::MAX_UNANSWERED;

const REFUSAL_TIME: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(5);

struct Worker {
    channel: Channel<Report, Order>,
    /// The transaction that it runs.
    runs: Option<u64>,
    /// The user whom that is about.
    username: Vec<u8>,
}

/// A supervisor with OpenVPN, keeper and workers played by the test.
struct Scene {
    supervisor: Driven,
    began: Instant,
    now: Instant,
    front: FrontEnd,
    keeper: KeeperEnd,
    workers: BTreeMap<u64, Worker>,
    last: u64,
    /// All passwords are the same.
    repeats: bool,
    /// Where the clients are.
    address: &'static str,
    verdicts: HashMap<u64, Vec<(Instant, Verdict)>>,
    _other_ends: Box<dyn std::any::Any>,
}

/// What a worker says when PAM asks.
fn question() -> WorkerNews {
    WorkerNews::Question { echo: true, page: false, private: false, text: b"Code:".to_vec() }
}

impl Scene {
    fn new(words: &[&str]) -> Self {
        let config = Config::parse(words.iter().map(|word| word.as_bytes())).unwrap();
        assert_eq!(config.refusal_time, REFUSAL_TIME, "the default");
        let (began, random) = (Instant::now(), File::open("/dev/urandom").unwrap());
        let (supervisor, OtherEnds { front, keeper, pipes }) = Driven::new(&settings(config), began, random);
        let mut scene = Scene {
            supervisor,
            began,
            now: began,
            front,
            keeper,
            workers: BTreeMap::new(),
            last: 0,
            repeats: false,
            address: "192.0.2.1",
            verdicts: HashMap::new(),
            _other_ends: Box::new(pipes),
        };
        scene.settle();
        scene
    }

    /// Nobody has anything left to do at this time.
    fn settle(&mut self) {
        for _ in 0..8 {
            assert!(self.supervisor.turn(self.now));
            while let Some(wanted) = self.keeper.wanted() {
                if let Wanted::Fork { worker, channel, .. } = wanted {
                    let mut channel = Channel::from_socket(channel);
                    channel.try_send(&Report { nonce: 0, news: WorkerNews::Ready }, &[]).unwrap();
                    self.workers.insert(worker, Worker { channel, runs: None, username: vec![] });
                    assert!(self.keeper.forked(worker, i32::try_from(worker).unwrap()));
                }
            }
            let mut left = Vec::new();
            for (id, worker) in &mut self.workers {
                match worker.channel.try_receive().map(|received| received.map(|received| received.message)) {
                    Ok(Some(Order::Begin(begin))) => {
                        (worker.runs, worker.username) = (Some(begin.nonce), begin.username);
                    }
                    Ok(Some(Order::Answer { nonce, .. })) => worker.runs = Some(nonce),
                    // A worker that is dismissed leaves.
                    Err(_) => left.push(*id),
                    _ => {}
                }
            }
            for id in left {
                self.workers.remove(&id);
                assert!(self.keeper.ended(id, privsep::Ended::Exited(0)));
            }
            while let Some(received) = self.front.try_receive().unwrap() {
                if let News::Message(Reply::Verdict { id, verdict, .. }) = received.message {
                    self.verdicts.entry(id).or_default().push((self.now, verdict));
                }
            }
        }
    }

    /// Goes on to this time after the beginning, from event to event.
    fn wait_until(&mut self, time: Duration) {
        let end = self.began + time;
        while let Some(next) = self.supervisor.next_event(self.now).filter(|next| *next <= end) {
            self.now = next.max(self.now);
            self.settle();
        }
        self.now = end;
        self.settle();
    }

    fn send(&mut self, message: Request) {
        self.front.try_send(&Numbered { generation: GENERATION, message }, &[]).unwrap();
        self.settle();
    }

    /// A new attempt, with a password of its own.
    fn logs_in(&mut self, username: &str) -> u64 {
        self.sends(username, CredentialsKind::Password, Duration::ZERO)
    }

    fn sends(&mut self, username: &str, credentials_kind: CredentialsKind, kept: Duration) -> u64 {
        self.sends_as(username, "", credentials_kind, kept)
    }

    /// The same of a client that sends another name than PAM is asked about.
    fn sends_as(&mut self, username: &str, sent_as: &str, kind: CredentialsKind, kept: Duration) -> u64 {
        self.last += 1;
        let number = if self.repeats { 0 } else { self.last };
        let password = Secret::copy_of(format!("password {number}").as_bytes());
        self.send(Request::Attempt(AttemptRequest {
            id: self.last,
            deferred: true,
            session: false,
            credentials_kind: kind,
            username: username.into(),
            sent_as: sent_as.into(),
            common_name: vec![],
            origin: origin(self.address, 1194),
            credentials: Credentials { password, response: None }.seal().unwrap(),
            client: vec![],
            kept,
        }));
        self.last
    }

    /// Every worker that has something to do does this.
    fn workers_say(&mut self, news: impl Fn() -> WorkerNews) {
        for worker in self.workers.values_mut() {
            let Some(nonce) = worker.runs.take() else { continue };
            let news = news();
            let ends = matches!(news, WorkerNews::End(_));
            worker.channel.try_send(&Report { nonce, news }, &[]).unwrap();
            if ends {
                worker.channel.try_send(&Report { nonce, news: WorkerNews::Ready }, &[]).unwrap();
            }
        }
        self.settle();
    }

    /// PAM asks whatever it has been given, until nothing is left.
    fn pam_asks_all(&mut self) {
        while self.workers.values().any(|worker| worker.runs.is_some()) {
            self.workers_say(question);
        }
    }

    /// PAM asks about these users only.
    fn pam_asks_about(&mut self, users: &[&str]) {
        for worker in self.workers.values_mut() {
            if !users.iter().any(|user| user.as_bytes() == worker.username) {
                continue;
            }
            if let Some(nonce) = worker.runs.take() {
                worker.channel.try_send(&Report { nonce, news: question() }, &[]).unwrap();
            }
        }
        self.settle();
    }

    fn pam_refuses_all(&mut self) {
        while self.workers.values().any(|worker| worker.runs.is_some()) {
            self.workers_say(|| {
                WorkerNews::End(TransactionEnd {
                    code: 7,
                    text: b"text".to_vec(),
                    ..TransactionEnd::not_begun()
                })
            });
        }
    }

    /// When this attempt was refused, after the beginning.
    fn refused_at(&self, id: u64) -> Option<Duration> {
        let verdicts = self.verdicts.get(&id)?;
        let refused = verdicts.iter().find(|(_, verdict)| *verdict == Verdict::Rejected)?;
        Some(refused.0 - self.began)
    }

    fn is_accepted(&self, id: u64) -> bool {
        let verdicts = self.verdicts.get(&id).map_or(&[][..], Vec::as_slice);
        verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Accepted { .. }))
    }

    fn question_of(&self, id: u64) -> QuestionId {
        let asked = self.verdicts[&id].iter().find_map(|(_, verdict)| match verdict {
            Verdict::Asked(question) => Some(question.id),
            _ => None,
        });
        asked.unwrap()
    }

    /// Five users whom PAM has accepted have found the backend away.
    fn with_backend_away() -> Self {
        let mut scene = Scene::new(&["challenge=yes", "penalties=no", "login"]);
        for (code, time) in [(0, 2), (9, 4)] {
            for user in 0..OPENS_AFTER {
                scene.logs_in(&format!("user{user}"));
                scene.workers_say(|| WorkerNews::End(TransactionEnd { code, ..TransactionEnd::not_begun() }));
            }
            scene.wait_until(REFUSAL_TIME * time);
        }
        assert!(scene.finds_backend_away("user1"));
        scene
    }

    /// Whether an attempt of this username is refused because the backend is away.
    fn finds_backend_away(&mut self, username: &str) -> bool {
        let id = self.logs_in(username);
        let verdicts = self.verdicts.get(&id).map(Vec::as_slice);
        matches!(verdicts, Some([(_, Verdict::Temporary { cause: TemporaryCause::Away, .. })]))
    }

    /// Whether one more attempt of this username is taken.
    fn takes(&mut self, username: &str) -> bool {
        let id = self.logs_in(username);
        !self.verdicts.get(&id).is_some_and(|verdicts| {
            matches!(verdicts[..], [(_, Verdict::Temporary { cause: TemporaryCause::Busy, .. })])
        })
    }
}

/// Where everybody is asked, PAM needs longer for a name that has an account.
#[test]
fn a_question_frees_no_place_before_a_refusal_would() {
    for asks in [false, true] {
        let mut scene = Scene::new(&["challenge=yes", "login"]);
        for _ in 0..MAX_UNANSWERED {
            scene.logs_in("alice");
        }
        if asks {
            scene.wait_until(MOMENT);
            scene.pam_asks_all();
        }
        assert!(!scene.takes("alice"), "{asks}: at once");
        scene.wait_until(REFUSAL_TIME - MOMENT);
        assert!(!scene.takes("alice"), "{asks}: before refusals may come");
        scene.wait_until(REFUSAL_TIME.mul_f64(1.25) + MOMENT);
        assert_eq!(scene.takes("alice"), asks, "the others are not decided");
    }
}

/// A module may ask for a delay of more than an hour. Nobody is refused later than the time limit, so no place is taken for
/// longer either.
#[test]
fn a_question_takes_no_place_beyond_the_time_limit() {
    for asks in [false, true] {
        let mut scene = Scene::new(&["challenge=yes", "timeout=20", "login"]);
        scene.logs_in("bob");
        let delay = Duration::from_secs(4000);
        let end = || TransactionEnd { code: 7, delay, ..TransactionEnd::not_begun() };
        scene.workers_say(|| WorkerNews::End(end()));
        for _ in 0..MAX_UNANSWERED {
            scene.logs_in("alice");
        }
        if asks {
            scene.pam_asks_all();
        } else {
            scene.pam_refuses_all();
        }
        scene.wait_until(Duration::from_secs(20) - MOMENT);
        assert!(!scene.takes("alice"), "{asks}");
        scene.wait_until(Duration::from_secs(20) + MOMENT);
        assert!(scene.takes("alice"), "{asks}");
    }
}

/// By then six refusals are no secret any more: that all six take the longest time has a chance of one in fifteen thousand.
#[test]
fn an_attempt_that_was_never_run_frees_its_place_when_a_refusal_does() {
    for runs in [false, true] {
        let mut scene = Scene::new(&["max-workers=1", "penalties=no", "login"]);
        if !runs {
            scene.logs_in("bob");
        }
        let all: Vec<u64> = (0..MAX_UNANSWERED).map(|_| scene.logs_in("alice")).collect();
        if runs {
            scene.pam_refuses_all();
        }
        all.into_iter().for_each(|id| scene.send(Request::Cancel { id }));
        scene.wait_until(REFUSAL_TIME - MOMENT);
        assert!(!scene.takes("alice"), "{runs}");
        scene.wait_until(REFUSAL_TIME.mul_f64(1.2));
        assert!(scene.takes("alice"), "{runs}");
    }
}

/// Each client has two questions: the third one ends the first. When, tells when PAM has asked.
#[test]
fn a_question_gives_way_when_the_next_one_could_be_a_refusal() {
    let mut scene = Scene::new(&["challenge=yes", "login"]);
    let first = scene.logs_in("alice");
    scene.pam_asks_all();
    scene.logs_in("alice");
    scene.pam_asks_all();
    scene.wait_until(REFUSAL_TIME);
    scene.logs_in("alice");
    scene.wait_until(REFUSAL_TIME + MOMENT);
    scene.pam_asks_all();
    scene.wait_until(REFUSAL_TIME * 2 - MOMENT);
    assert_eq!(scene.refused_at(first), None);
    scene.wait_until(REFUSAL_TIME * 2);
    assert_eq!(scene.refused_at(first), Some(REFUSAL_TIME * 2));
}

/// A client that was asked before PAM asks has answered at the beginning; PAM asks later, and refuses.
#[test]
fn a_refusal_has_its_time_from_the_answer_of_the_client() {
    for later in [MOMENT, REFUSAL_TIME / 2, REFUSAL_TIME - MOMENT] {
        let mut scene = Scene::new(&["challenge=yes", "login"]);
        let asked = scene.logs_in("alice");
        scene.wait_until(later);
        scene.pam_asks_all();
        let question = scene.question_of(asked);
        let answer = scene.sends("alice", CredentialsKind::Answer(Some(question)), later);
        scene.pam_refuses_all();
        scene.wait_until(REFUSAL_TIME * 3);
        let refused = scene.refused_at(answer).unwrap();
        assert!((REFUSAL_TIME..=REFUSAL_TIME.mul_f64(1.25)).contains(&refused), "{later:?}: {refused:?}");
    }
}

/// As long as the third attempt could not be refused, the first question can be answered, as if PAM had not asked yet: how
/// the client hears of its answer tells nothing, also where it has used up its places.
#[test]
fn a_question_that_gives_way_can_be_answered_as_before() {
    for (asks, others) in [(false, 0), (true, 0), (false, MAX_UNANSWERED - 1), (true, MAX_UNANSWERED - 1)] {
        let mut scene = Scene::new(&["challenge=yes", "max-suspended=64", "login"]);
        let first = scene.logs_in("alice");
        scene.pam_asks_all();
        scene.logs_in("alice");
        scene.pam_asks_all();
        let question = scene.question_of(first);
        scene.wait_until(REFUSAL_TIME * 2);
        (0..=others).for_each(|_| _ = scene.logs_in("alice"));
        if asks {
            scene.pam_asks_all();
        }
        let answered = REFUSAL_TIME * 2 + REFUSAL_TIME / 2;
        scene.wait_until(answered);
        let answer = scene.sends("alice", CredentialsKind::Answer(Some(question)), Duration::ZERO);
        scene.pam_asks_all();
        scene.wait_until(REFUSAL_TIME * 4);
        assert_ne!(scene.question_of(answer), question, "{asks} {others}: PAM goes on");
        assert_eq!(scene.refused_at(first), None, "{asks} {others}");
    }
}

/// Only so many answers to questions that nobody has asked wait for their time. Refusals by PAM do not count for that.
#[test]
fn whether_an_answer_is_taken_does_not_tell_whether_pam_has_refused() {
    for refuses in [false, true] {
        let mut scene = Scene::new(&["challenge=yes", "login"]);
        scene.logs_in("alice");
        if refuses {
            scene.pam_refuses_all();
        }
        let mut answer = |number| {
            let username = format!("user{}", number / MAX_UNANSWERED);
            let id = scene.sends(&username, CredentialsKind::Answer(None), Duration::ZERO);
            !scene.verdicts.contains_key(&id)
        };
        assert!((0..MAX_HELD).all(&mut answer), "{refuses}");
        assert!(!answer(MAX_HELD), "{refuses}: one more");
        scene.wait_until(REFUSAL_TIME * 2);
        let id = scene.sends("bob", CredentialsKind::Answer(None), Duration::ZERO);
        assert!(!scene.verdicts.contains_key(&id), "{refuses}: all have had their time");
    }
}

/// Its answer would come after that.
#[test]
fn what_pam_asks_after_its_user_was_revoked_is_no_question() {
    let mut scene = Scene::new(&["challenge=yes", "login"]);
    let before = scene.logs_in("alice");
    scene.wait_until(MOMENT);
    scene.supervisor.revoke(scene.now, b"alice");
    scene.pam_asks_all();
    scene.wait_until(MOMENT * 2);
    let after = scene.logs_in("alice");
    // Another worker is started.
    scene.wait_until(REFUSAL_TIME * 2);
    scene.pam_asks_all();
    assert!(scene.refused_at(before).is_some(), "{:?}", scene.verdicts);
    let _ = scene.question_of(after);
}

/// `username=strip-realm`: root may name what the client sends.
#[test]
fn a_question_ends_when_the_name_is_revoked_that_the_client_has_sent() {
    let mut scene = Scene::new(&["challenge=yes", "username=strip-realm", "login"]);
    let asked = scene.sends_as("alice", "alice@corp", CredentialsKind::Password, Duration::ZERO);
    scene.pam_asks_all();
    scene.wait_until(REFUSAL_TIME);
    scene.supervisor.revoke(scene.now, b"Alice@corp");
    scene.wait_until(REFUSAL_TIME + MOMENT);
    assert!(scene.refused_at(asked).is_some(), "{:?}", scene.verdicts);
}

/// `allow-user-mapping=yes`: root may name whom PAM checks, which is known when PAM has accepted the answer. Another name is
/// revoked afterwards, which changes nothing.
#[test]
fn an_answer_is_refused_if_the_name_was_revoked_that_pam_checks() {
    for (revoked, accepted) in [("bob", false), ("carol", true)] {
        let mut scene = Scene::new(&["challenge=yes", "allow-user-mapping=yes", "login"]);
        let asked = scene.logs_in("alice");
        scene.pam_asks_all();
        scene.wait_until(REFUSAL_TIME);
        scene.supervisor.revoke(scene.now, revoked.as_bytes());
        scene.wait_until(REFUSAL_TIME * 2);
        scene.supervisor.revoke(scene.now, b"dave");
        let mut answer = asked;
        for round in 3..=4 {
            let question = scene.question_of(answer);
            answer = scene.sends("alice", CredentialsKind::Answer(Some(question)), Duration::ZERO);
            if round == 3 {
                scene.pam_asks_all();
            }
            scene.wait_until(REFUSAL_TIME * round);
        }
        scene.workers_say(|| {
            let checked = b"bob".to_vec();
            WorkerNews::End(TransactionEnd { code: 0, checked, ..TransactionEnd::not_begun() })
        });
        scene.wait_until(REFUSAL_TIME * 6);
        assert_eq!(scene.is_accepted(answer), accepted, "{revoked}: {:?}", scene.verdicts);
        assert_eq!(scene.refused_at(answer).is_none(), accepted, "{revoked}");
    }
}

/// Otherwise it would be refused with the one that it joins.
#[test]
fn a_login_after_its_user_was_revoked_joins_none_from_before() {
    let mut scene = Scene::new(&["challenge=yes", "login"]);
    scene.repeats = true;
    let before = [(); 2].map(|()| scene.logs_in("alice"));
    scene.wait_until(MOMENT);
    scene.supervisor.revoke(scene.now, b"alice");
    scene.wait_until(MOMENT * 2);
    let after = [(); 2].map(|()| scene.logs_in("alice"));
    scene.wait_until(REFUSAL_TIME);
    scene.workers_say(|| WorkerNews::End(TransactionEnd { code: 0, ..TransactionEnd::not_begun() }));
    scene.wait_until(REFUSAL_TIME * 3);
    for (ids, accepted) in [(before, false), (after, true)] {
        assert!(ids.iter().all(|id| scene.is_accepted(*id) == accepted), "{:?}", scene.verdicts);
        assert!(ids.iter().all(|id| scene.refused_at(*id).is_none() == accepted), "{:?}", scene.verdicts);
    }
}
