//! The transactions that wait for a person's answer: which question belongs to which worker, and which is given up when
//! there are too many. A table without processes and without a clock.
//!
//! * An answer must name the id of its question, which is good once, and come from the same user with the same common
//!   name. The address may be another one.
//! * A client that connects again is asked the same question. It ends when the last client is gone that was asked
//!   it while its attempt is pending.
//! * Each user has at most two from one source with one common name: a client that connects anew has forgotten the question
//!   before the last.
//! * If there are too many over all, the source with the most loses its oldest. So a source that collects questions pushes
//!   out its own first. The oldest is the one that has counted for longest.
//! * A question counts from when its attempt could be refused, at the earliest. If it counted at once, what gives way to it, or
//!   does not, would tell when PAM has asked. So for a moment there are more, at most twice as many.

use std::collections::HashMap;
use std::time::Instant;

use super::events::WorkerId;
use super::source::Source;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::question::QuestionId;

/// Questions of one user from one source with one common name.
const MAX_OF_ONE_CLIENT: usize = 2;
/// Attempts that were asked one question, as far as they are remembered: the last ones.
const MAX_ASKED: usize = 8;

/// One that waits.
#[derive(Debug)]
pub struct WaitingQuestion {
    /// What the answer must name.
    pub id: QuestionId,
    /// The attempts that were asked it. Of those that were asked by a dynamic challenge nothing more is heard.
    pub attempts: Vec<u64>,
    /// Where the transaction is.
    pub worker: WorkerId,
    /// The user who was asked.
    pub username: Vec<u8>,
    /// The name that the client sent, if that is another one.
    pub sent_as: Vec<u8>,
    /// Common name of the client's certificate.
    pub common_name: Vec<u8>,
    /// Where the question went.
    pub source: Source,
    /// The same for the log.
    pub origin: AttemptOrigin,
    /// It is a web page to open.
    pub page: bool,
    /// When the first attempt of the transaction came.
    pub since: Instant,
    /// When it was asked.
    pub asked: Instant,
    /// When its attempt could be refused.
    pub counts_from: Instant,
    /// It counts for the bounds.
    pub counts: bool,
    /// When it is given up.
    pub until: Instant,
}

impl WaitingQuestion {
    /// Whether both went to the same client, as far as that can be told.
    pub fn is_of_same_client(&self, other: &Self) -> bool {
        self.source == other.source
            && self.username == other.username
            && self.common_name == other.common_name
    }

    /// As they begin to count. Before that time it is as the attempts came, whenever PAM has asked.
    fn order(&self) -> (Instant, Option<u64>) {
        (self.counts_from.max(self.asked), self.attempts.first().copied())
    }
}

/// All of them, oldest first.
#[derive(Debug)]
pub struct WaitingQuestions {
    most: usize,
    waiting: Vec<WaitingQuestion>,
}

impl WaitingQuestions {
    /// None yet; at most so many.
    pub fn new(most: usize) -> Self {
        WaitingQuestions { most: most.max(1), waiting: Vec::new() }
    }

    /// How many there may be for a moment.
    pub fn most_at_once(&self) -> usize {
        self.most.saturating_mul(2)
    }

    /// One more.
    pub fn add(&mut self, one: WaitingQuestion) {
        let place = self.waiting.partition_point(|other| other.order() <= one.order());
        self.waiting.insert(place, one);
    }

    /// This attempt was asked the same question.
    pub fn asked_too(&mut self, id: &QuestionId, attempt: u64) {
        if let Some(one) = self.waiting.iter_mut().find(|one| one.id == *id) {
            if one.attempts.len() == MAX_ASKED {
                one.attempts.remove(0);
            }
            one.attempts.push(attempt);
        }
    }

    /// Whether this question still waits for its answer.
    pub fn waits(&self, id: &QuestionId) -> bool {
        self.waiting.iter().any(|one| one.id == *id)
    }

    /// Gives one up: the oldest of the source with the most.
    pub fn give_up_one(&mut self) -> Option<WaitingQuestion> {
        self.oldest_of_most(|_| true).map(|place| self.waiting.remove(place))
    }

    /// The places of those of this kind.
    fn places(&self, is_such: impl Fn(&WaitingQuestion) -> bool) -> impl Iterator<Item = usize> {
        self.waiting.iter().enumerate().filter(move |(_, one)| is_such(one)).map(|(place, _)| place)
    }

    /// The place of the oldest of the source with the most, of this kind.
    fn oldest_of_most(&self, is_such: impl Fn(&WaitingQuestion) -> bool) -> Option<usize> {
        let mut counts: HashMap<Source, usize> = HashMap::new();
        for place in self.places(&is_such) {
            *counts.entry(self.waiting[place].source).or_default() += 1;
        }
        let most = counts.values().max()?;
        self.places(is_such).find(|place| counts.get(&self.waiting[*place].source) == Some(most))
    }

    /// The place of the one that gives way to this one, if there are too many.
    fn gives_way_to(&self, new: &WaitingQuestion) -> Option<usize> {
        let mut of_client = self.places(|one| one.counts && one.is_of_same_client(new));
        let (oldest, beyond) = (of_client.next(), of_client.nth(MAX_OF_ONE_CLIENT - 1));
        let too_many = || self.places(|one| one.counts).count() > self.most;
        beyond.and(oldest).or_else(|| too_many().then(|| self.oldest_of_most(|one| one.counts))?)
    }

    /// The one that this answers, which waits no more.
    pub fn take(
        &mut self,
        now: Instant,
        id: &QuestionId,
        username: &[u8],
        common_name: &[u8],
    ) -> Option<WaitingQuestion> {
        // Each is looked at, so that the time does not tell where it stands.
        let named = self.waiting.iter().enumerate().filter(|(_, one)| one.id == *id).map(|(place, _)| place);
        let place = named.fold(None, |_, place| Some(place))?;
        let one = &self.waiting[place];
        let good = now < one.until && one.username == username && one.common_name == common_name;
        good.then(|| self.waiting.remove(place))
    }

    /// The one of this worker, whose process has ended.
    pub fn remove(&mut self, worker: WorkerId) -> Option<WaitingQuestion> {
        let place = self.waiting.iter().position(|one| one.worker == worker)?;
        Some(self.waiting.remove(place))
    }

    /// The one of this attempt, whose client is gone, if nobody else was asked it.
    pub fn cancel(&mut self, attempt: u64) -> Option<WaitingQuestion> {
        let place = self.waiting.iter().position(|one| one.attempts.contains(&attempt))?;
        let one = &mut self.waiting[place];
        one.attempts.retain(|other| *other != attempt);
        one.attempts.is_empty().then(|| self.waiting.remove(place))
    }

    /// Those whose time is over, and those that are too many.
    pub fn given_up(&mut self, now: Instant) -> Vec<WaitingQuestion> {
        let mut given_up = self.take_all(|one| one.until <= now);
        while let Some(new) = self.waiting.iter().position(|one| !one.counts && one.counts_from <= now) {
            self.waiting[new].counts = true;
            let place = self.gives_way_to(&self.waiting[new]);
            given_up.extend(place.map(|place| self.waiting.remove(place)));
        }
        // Even if that tells something: each is a process.
        while self.waiting.len() > self.most_at_once() {
            given_up.extend(self.give_up_one());
        }
        given_up
    }

    /// All of this kind.
    pub fn take_all(&mut self, is_such: impl FnMut(&WaitingQuestion) -> bool) -> Vec<WaitingQuestion> {
        let (such, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(is_such);
        self.waiting = waiting;
        such
    }

    /// All of them.
    pub fn all(&self) -> &[WaitingQuestion] {
        &self.waiting
    }

    /// When there is something to do for [`WaitingQuestions::given_up`].
    pub fn next_event(&self) -> Option<Instant> {
        self.waiting.iter().map(|one| if one.counts { one.until } else { one.counts_from }).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::protocol::attempt_origin::tests::origin;

    const SOON: Duration = Duration::from_secs(120);

    fn id(number: u64) -> QuestionId {
        let [low, high] = [number, !number].map(u64::to_le_bytes);
        QuestionId::from_bytes([low, high].concat().try_into().unwrap())
    }

    fn one(now: Instant, worker: WorkerId, username: &str, source: u32) -> WaitingQuestion {
        WaitingQuestion {
            id: id(worker),
            attempts: vec![100 + worker],
            worker,
            username: username.into(),
            sent_as: vec![],
            common_name: b"laptop".to_vec(),
            source: Source::V4(source),
            origin: origin("192.0.2.7", 1194),
            page: false,
            since: now,
            asked: now,
            counts_from: now,
            counts: false,
            until: now + SOON,
        }
    }

    /// Adds one that counts at once; those that have given way for it.
    fn add(table: &mut WaitingQuestions, one: WaitingQuestion) -> Vec<WaitingQuestion> {
        let now = one.asked;
        table.add(one);
        table.given_up(now)
    }

    fn workers(given_up: &[WaitingQuestion]) -> Vec<WorkerId> {
        given_up.iter().map(|one| one.worker).collect()
    }

    #[test]
    fn an_answer_is_good_once_and_only_from_who_was_asked() {
        let now = Instant::now();
        let mut table = WaitingQuestions::new(8);
        for worker in 1..=3 {
            assert!(add(&mut table, one(now, worker, &format!("user{worker}"), 1)).is_empty());
        }
        for (id, username, common_name) in [
            (id(9), "user2", "laptop"),
            (id(1), "user2", "laptop"),
            (id(2), "user", "laptop"),
            (id(2), "user2", ""),
            (id(2), "user2", "Laptop"),
        ] {
            assert!(
                table.take(now, &id, username.as_bytes(), common_name.as_bytes()).is_none(),
                "{username}"
            );
        }
        let taken = table.take(now, &id(2), b"user2", b"laptop");
        assert_eq!(taken.map(|one| one.worker), Some(2));
        assert!(table.take(now, &id(2), b"user2", b"laptop").is_none(), "a second time");
    }

    #[test]
    fn a_late_answer_is_none() {
        let now = Instant::now();
        let mut table = WaitingQuestions::new(8);
        add(&mut table, one(now, 1, "alice", 1));
        add(&mut table, one(now + SOON / 2, 2, "bob", 1));
        assert_eq!(table.next_event(), Some(now + SOON));
        assert!(table.take(now + SOON, &id(1), b"alice", b"laptop").is_none());
        assert!(table.given_up(now + SOON - Duration::from_nanos(1)).is_empty());
        assert_eq!(workers(&table.given_up(now + SOON)), [1]);
        assert!(table.take(now + SOON, &id(2), b"bob", b"laptop").is_some());
        assert_eq!(table.next_event(), None);
    }

    #[test]
    fn of_one_user_and_source_the_oldest_of_three_is_given_up() {
        let now = Instant::now();
        let mut table = WaitingQuestions::new(8);
        for (worker, username, source) in [(1, "alice", 1), (2, "alice", 1), (3, "bob", 1), (4, "alice", 2)] {
            assert!(add(&mut table, one(now, worker, username, source)).is_empty());
        }
        assert_eq!(workers(&add(&mut table, one(now, 5, "alice", 1))), [1]);
        assert_eq!(workers(&add(&mut table, one(now, 6, "alice", 1))), [2]);
    }

    /// With another certificate it is another client, which cannot answer this one's.
    #[test]
    fn another_client_pushes_out_no_question_of_the_same_user() {
        let now = Instant::now();
        let mut table = WaitingQuestions::new(8);
        add(&mut table, one(now, 1, "alice", 1));
        for worker in 2..=5 {
            let others = WaitingQuestion { common_name: b"another".to_vec(), ..one(now, worker, "alice", 1) };
            assert!(add(&mut table, others).iter().all(|given_up| given_up.common_name == b"another"));
        }
        assert!(table.take(now, &id(1), b"alice", b"laptop").is_some());
    }

    #[test]
    fn a_source_that_collects_questions_pushes_out_its_own() {
        let now = Instant::now();
        let mut table = WaitingQuestions::new(4);
        add(&mut table, one(now, 1, "alice", 1));
        for worker in 2..=4 {
            assert!(add(&mut table, one(now, worker, &format!("made up {worker}"), 2)).is_empty());
        }
        for worker in 5..100 {
            assert_eq!(
                workers(&add(&mut table, one(now, worker, &format!("made up {worker}"), 2))),
                [worker - 3]
            );
        }
        assert!(table.take(now, &id(1), b"alice", b"laptop").is_some());
        // Where each has one, the oldest goes.
        let mut table = WaitingQuestions::new(2);
        let given_up: Vec<Vec<WorkerId>> = (1..=3)
            .map(|number| workers(&add(&mut table, one(now, number, "u", u32::try_from(number).unwrap()))))
            .collect();
        assert_eq!(given_up, [vec![], vec![], vec![1]]);
    }

    #[test]
    fn what_gives_way_can_be_answered_until_the_next_one_counts() {
        let (now, then) = (Instant::now(), Instant::now() + SOON / 2);
        let mut table = WaitingQuestions::new(8);
        for worker in 1..=4 {
            assert!(
                add(&mut table, WaitingQuestion { counts_from: then, ..one(now, worker, "alice", 1) })
                    .is_empty()
            );
        }
        assert_eq!(table.next_event(), Some(then));
        // What is answered before that has never counted.
        assert!(table.take(now, &id(3), b"alice", b"laptop").is_some());
        assert_eq!(workers(&table.given_up(then)), [1]);
        assert!(table.take(then, &id(1), b"alice", b"laptop").is_none());
        assert_eq!(workers(table.all()), [2, 4]);
        assert_eq!(table.next_event(), Some(now + SOON));
    }

    /// Also if PAM asks about a later attempt first.
    #[test]
    fn the_oldest_is_that_of_the_oldest_attempt() {
        let now = Instant::now();
        let first = now + SOON / 8;
        for order in [[1, 2, 3, 4], [4, 2, 3, 1]] {
            let mut table = WaitingQuestions::new(8);
            for (asked, worker) in (0..).zip(order) {
                let counts_from = if worker > 2 { now + SOON / 4 } else { first };
                let asked = now + Duration::from_millis(asked);
                table.add(WaitingQuestion { asked, counts_from, ..one(now, worker, "alice", 1) });
            }
            assert!(table.given_up(first).is_empty());
            assert_eq!(workers(&table.given_up(now + SOON / 4)), [1, 2], "{order:?}");
        }
    }

    /// Even if that tells something: each is a process.
    #[test]
    fn there_are_never_more_than_twice_as_many() {
        let (now, then) = (Instant::now(), Instant::now() + SOON / 2);
        let mut table = WaitingQuestions::new(3);
        let mut add_one = |worker| {
            let one = one(now, worker, &format!("made up {worker}"), 1);
            workers(&add(&mut table, WaitingQuestion { counts_from: then, ..one }))
        };
        let given_up: Vec<Vec<WorkerId>> = (1..=8).map(&mut add_one).collect();
        assert_eq!(given_up, [vec![], vec![], vec![], vec![], vec![], vec![], vec![1], vec![2]]);
        // A worker is needed for something else.
        assert_eq!(table.give_up_one().map(|one| one.worker), Some(3));
        assert_eq!(workers(&table.given_up(then)), [4, 5]);
        assert_eq!(workers(table.all()), [6, 7, 8]);
    }

    #[test]
    fn a_worker_that_has_ended_waits_no_more() {
        let now = Instant::now();
        let mut table = WaitingQuestions::new(0);
        add(&mut table, one(now, 1, "alice", 1));
        assert!(table.remove(2).is_none());
        assert!(table.remove(1).is_some() && table.remove(1).is_none());
        assert!(table.give_up_one().is_none());
        add(&mut table, one(now, 1, "alice", 1));
        assert!(table.cancel(1).is_none());
        assert!(table.cancel(101).is_some() && table.cancel(101).is_none());
    }

    #[test]
    fn a_question_ends_with_the_last_who_was_asked() {
        let now = Instant::now();
        let mut table = WaitingQuestions::new(8);
        add(&mut table, one(now, 1, "alice", 1));
        table.asked_too(&id(1), 7);
        table.asked_too(&id(9), 8);
        assert!(table.cancel(101).is_none() && table.cancel(8).is_none() && table.waits(&id(1)));
        assert!(table.cancel(7).is_some() && !table.waits(&id(1)));
        // Only the last ones are remembered.
        add(&mut table, one(now, 1, "alice", 1));
        (0..1000).for_each(|attempt| table.asked_too(&id(1), attempt));
        assert_eq!(table.waiting[0].attempts, (992..1000).collect::<Vec<_>>());
    }
}
