//! What each source has waiting and running, and from that whose turn it is and who has the most. All of it is kept in
//! one place that changes one source at a time, so that no view of it can differ from the others.

use std::collections::{BTreeSet, HashMap};

use crate::supervisor::source::Source;

/// Place in the round.
type Turn = i64;

/// The numbers of one source.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Attempts that wait.
    pub waiting: usize,
    /// Those among them that their username does not hold up.
    pub ready: usize,
    /// Attempts that run.
    pub running: usize,
    /// Place in the round, kept while the source cannot start anything: it then has waited for longest.
    turn: Option<Turn>,
}

/// All sources that have something waiting or running.
#[derive(Debug)]
pub struct Sources {
    source_share: usize,
    tallies: HashMap<Source, Tally>,
    /// Those that can start an attempt, by turn.
    round: BTreeSet<(Turn, Source)>,
    /// Those that have something waiting, by length.
    lengths: BTreeSet<(usize, Source)>,
    startable: usize,
    first_turn: Turn,
    last_turn: Turn,
}

impl Sources {
    /// `source_share`: how many attempts of one source may run.
    pub fn new(source_share: usize) -> Self {
        Sources {
            source_share,
            tallies: HashMap::new(),
            round: BTreeSet::new(),
            lengths: BTreeSet::new(),
            startable: 0,
            first_turn: 0,
            last_turn: 0,
        }
    }

    /// Whose turn it is.
    pub fn next(&self) -> Option<Source> {
        self.round.first().map(|(_, source)| *source)
    }

    /// The source with the most attempts, those that run included, among those that have something waiting.
    /// `favourite` if no other one has more.
    pub fn longest(&self, favourite: Source) -> Option<Source> {
        let (length, source) = *self.lengths.last()?;
        let same = self.lengths.contains(&(length, favourite));
        Some(if same { favourite } else { source })
    }

    /// Those that have something waiting, with how much, and how much of them runs; the longest first.
    pub fn waiting(&self) -> Vec<(Source, usize, usize)> {
        let waiting = self.lengths.iter().rev().filter_map(|(_, source)| {
            let tally = self.tallies.get(source)?;
            Some((*source, tally.waiting, tally.running))
        });
        waiting.collect()
    }

    /// How many attempts could start, as far as shares go.
    pub fn startable(&self) -> usize {
        self.startable
    }

    /// An attempt starts: the source goes to the end of the round.
    pub fn started(&mut self, source: Source) {
        self.change(source, |tally| {
            tally.running += 1;
            tally.turn = None;
        });
    }

    /// An attempt waits again because it could not start: the source comes first in the round.
    pub fn given_back(&mut self, source: Source) {
        self.first_turn -= 1;
        let first = self.first_turn;
        self.change(source, |tally| {
            tally.waiting += 1;
            tally.turn = Some(first);
        });
    }

    /// Changes the numbers of a source.
    pub fn change(&mut self, source: Source, change: impl FnOnce(&mut Tally)) {
        let mut tally = self.tallies.remove(&source).unwrap_or_default();
        self.lengths.remove(&(tally.waiting + tally.running, source));
        self.startable -= self.startable_of(source, &tally);
        if let Some(turn) = tally.turn {
            self.round.remove(&(turn, source));
        }
        change(&mut tally);
        if tally.waiting == 0 {
            tally.turn = None;
            if tally.running > 0 {
                self.tallies.insert(source, tally);
            }
            return;
        }
        let turn = *tally.turn.get_or_insert_with(|| {
            self.last_turn += 1;
            self.last_turn
        });
        self.lengths.insert((tally.waiting + tally.running, source));
        let startable = self.startable_of(source, &tally);
        self.startable += startable;
        if startable > 0 {
            self.round.insert((turn, source));
        }
        self.tallies.insert(source, tally);
    }

    fn startable_of(&self, source: Source, tally: &Tally) -> usize {
        match source {
            // A host that gives no address would lock itself out.
            Source::Unknown => tally.ready,
            _ => tally.ready.min(self.source_share.saturating_sub(tally.running)),
        }
    }
}
