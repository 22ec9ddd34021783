//! Any sequence of events, with the scheduler and a model side by side.

use super::*;

/// The rules, written down as slowly as possible.
struct Model {
    max_workers: usize,
    max_pending: usize,
    /// Sources that have something waiting, in the order of the round.
    round: Vec<Source>,
    queues: HashMap<Source, Vec<Attempt>>,
    running: Vec<Attempt>,
}

impl Model {
    fn of_source(&self, source: Source) -> usize {
        self.running.iter().filter(|attempt| attempt.source == source).count()
    }

    fn source_share(&self) -> usize {
        (self.max_workers - self.max_workers.div_ceil(4)).max(1)
    }

    fn may_start(&self, attempt: &Attempt) -> bool {
        let same = self.running.iter().filter(|running| running.username == attempt.username).count();
        same < 2
            && (attempt.source == Source::Unknown || self.of_source(attempt.source) < self.source_share())
    }

    fn submit(&mut self, attempt: Attempt, free: usize) -> Option<Attempt> {
        let source = attempt.source;
        if !self.round.contains(&source) {
            self.round.push(source);
        }
        self.queues.entry(source).or_default().push(attempt);
        if self.waiting() - free.min(self.runnable()) <= self.max_pending {
            return None;
        }
        let length = |source: &Source| self.queues[source].len() + self.of_source(*source);
        let most = self.round.iter().map(length).max()?;
        let all = self.round.iter().filter(|source| length(source) == most);
        let longest = if length(&source) == most { source } else { *all.max()? };
        let id = self.queues[&longest].last()?.id;
        self.take(id)
    }

    fn take(&mut self, id: u64) -> Option<Attempt> {
        let source =
            *self.round.iter().find(|source| self.queues[source].iter().any(|attempt| attempt.id == id))?;
        let queue = self.queues.get_mut(&source)?;
        let place = queue.iter().position(|attempt| attempt.id == id)?;
        let attempt = queue.remove(place);
        if queue.is_empty() {
            self.round.retain(|other| *other != source);
        }
        Some(attempt)
    }

    fn next(&mut self) -> Option<Attempt> {
        let first = |source: &Source| self.queues[source].iter().find(|attempt| self.may_start(attempt));
        let id = self.round.iter().find_map(first)?.id;
        let attempt = self.take(id)?;
        if self.round.contains(&attempt.source) {
            self.round.retain(|source| *source != attempt.source);
            self.round.push(attempt.source);
        }
        self.running.push(attempt.clone());
        Some(attempt)
    }

    fn give_back(&mut self, attempt: Attempt) {
        self.round.retain(|source| *source != attempt.source);
        self.round.insert(0, attempt.source);
        self.queues.entry(attempt.source).or_default().insert(0, attempt);
    }

    fn waiting(&self) -> usize {
        self.queues.values().map(Vec::len).sum()
    }

    /// How many could start as far as shares go, and as far as usernames go: the lesser.
    fn runnable(&self) -> usize {
        let waiting: Vec<&Attempt> = self.queues.values().flatten().collect();
        let room = |name: &str| 2 - self.running.iter().filter(|attempt| attempt.username == name).count();
        let ready = |attempts: &mut dyn Iterator<Item = &&Attempt>| {
            let mut of_user: HashMap<&str, usize> = HashMap::new();
            attempts.for_each(|attempt| *of_user.entry(&attempt.username).or_default() += 1);
            of_user.iter().map(|(name, count)| room(name).min(*count)).sum::<usize>()
        };
        let of_source = |source: &Source| {
            let count = ready(&mut waiting.iter().filter(|attempt| attempt.source == *source));
            if *source == Source::Unknown {
                count
            } else {
                count.min(self.source_share() - self.of_source(*source))
            }
        };
        self.round.iter().map(of_source).sum::<usize>().min(ready(&mut waiting.iter()))
    }

    /// How many next() would give.
    fn would_start(&self) -> usize {
        let mut copy = Model {
            round: self.round.clone(),
            queues: self.queues.clone(),
            running: self.running.clone(),
            ..*self
        };
        std::iter::from_fn(|| copy.next()).count()
    }
}

#[derive(Debug, Clone)]
enum Event {
    Submit { source: u8, user: u8, seconds: Option<u8>, free: usize },
    Next,
    Finish(prop::sample::Index),
    GiveBack(prop::sample::Index),
    Cancel(prop::sample::Index),
    Time(u8),
}

fn event() -> impl Strategy<Value = Event> {
    let submit = (0u8..5, 0u8..6, proptest::option::of(0u8..60), 0usize..4)
        .prop_map(|(source, user, seconds, free)| Event::Submit { source, user, seconds, free });
    prop_oneof![
        6 => submit,
        4 => Just(Event::Next),
        3 => any::<prop::sample::Index>().prop_map(Event::Finish),
        1 => any::<prop::sample::Index>().prop_map(Event::GiveBack),
        1 => any::<prop::sample::Index>().prop_map(Event::Cancel),
        1 => (0u8..20).prop_map(Event::Time),
    ]
}

fn source(number: u8) -> Source {
    match number {
        0 => Source::Unknown,
        1 => Source::V6(7),
        number => Source::V4(number.into()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn the_scheduler_does_what_the_rules_say(
        max_workers in 1usize..9,
        max_pending in 0usize..12,
        events in prop::collection::vec(event(), 0..200),
    ) {
        let mut scheduler = scheduler(max_workers, max_pending);
        let mut model =
            Model { max_workers, max_pending, round: Vec::new(), queues: HashMap::new(), running: Vec::new() };
        let begin = Instant::now();
        let (mut now, mut last, mut given_back) = (begin, 0, 0);
        for event in events {
            match event {
                Event::Submit { source: number, user, seconds, free } => {
                    last += 1;
                    let deadline = seconds.map(|seconds| now + Duration::from_secs(seconds.into()));
                    let attempt = Attempt { deadline, ..attempt(last, source(number), &user.to_string()) };
                    let refused = scheduler.submit(attempt.clone(), free);
                    prop_assert_eq!(refused, model.submit(attempt, free));
                    prop_assert!(scheduler.waiting() <= max_pending + 3 + given_back);
                }
                Event::Next => {
                    let (started, expected) = (scheduler.next(), model.next());
                    prop_assert_eq!(&started, &expected);
                    given_back = given_back.min(scheduler.waiting());
                }
                Event::Finish(index) if !model.running.is_empty() => {
                    let attempt = model.running.remove(index.index(model.running.len()));
                    scheduler.finished(attempt.source, attempt.username.as_bytes());
                }
                Event::GiveBack(index) if !model.running.is_empty() => {
                    let attempt = model.running.remove(index.index(model.running.len()));
                    scheduler.give_back(attempt.clone());
                    model.give_back(attempt);
                    given_back += 1;
                }
                Event::Cancel(index) if last > 0 => {
                    let id = index.index(usize::try_from(last).unwrap()) as u64 + 1;
                    prop_assert_eq!(scheduler.cancel(id), model.take(id));
                }
                Event::Time(seconds) => {
                    now += Duration::from_secs(seconds.into());
                    let late = |attempt: &&Attempt| attempt.deadline.is_some_and(|deadline| deadline <= now);
                    let mut expected: Vec<u64> =
                        model.queues.values().flatten().filter(late).map(|attempt| attempt.id).collect();
                    let mut expired: Vec<u64> = scheduler.expired(now).iter().map(Schedulable::id).collect();
                    expected.iter().for_each(|id| drop(model.take(*id)));
                    expected.sort_unstable();
                    expired.sort_unstable();
                    prop_assert_eq!(expired, expected);
                }
                _ => {}
            }
            let deadlines = model.queues.values().flatten().filter_map(|attempt| attempt.deadline);
            prop_assert_eq!(scheduler.next_deadline(), deadlines.min());
            prop_assert_eq!(scheduler.waiting(), model.waiting());
            prop_assert!(scheduler.runnable() >= model.would_start());
            prop_assert_eq!(scheduler.runnable(), model.runnable());
            prop_assert_eq!(scheduler.runnable() == 0, model.would_start() == 0);
        }
        let mut left: Vec<u64> = scheduler.drain().iter().map(Schedulable::id).collect();
        let mut expected: Vec<u64> = model.queues.values().flatten().map(|attempt| attempt.id).collect();
        left.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(left, expected);
    }

    #[test]
    fn each_of_k_busy_sources_has_a_turn_within_k_calls(
        k in 1u32..40,
        extra in prop::collection::vec(0u32..40, 0..200),
    ) {
        let mut scheduler = scheduler(1000, 1000);
        let busy = (0..3).flat_map(|_| 0..k).chain(extra.iter().map(|source| source % k));
        fill(&mut scheduler, busy.zip(1..).map(|(source, id)| lone(id, Source::V4(source))));
        for _ in 0..3 {
            let mut seen: Vec<Source> = (0..k).map(|_| scheduler.next().unwrap().source).collect();
            seen.sort_unstable();
            seen.dedup();
            prop_assert_eq!(seen.len(), k as usize);
        }
    }
}
