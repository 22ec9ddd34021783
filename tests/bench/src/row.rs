//! What is measured, and how a row comes about: both plugins in turn, one figure from all rounds.

use crate::bench::{Bench, Side};
use crate::stats::{median, worst};

/// Unit of the figures of a row.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Seconds,
    Bytes,
    Count,
}

/// What our figure should be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// At most this part of the C plugin's figure.
    Ratio(f64),
    /// At most this, in the unit of the row.
    Value(f64),
    /// Shown for comparison only.
    None,
}

/// How the rounds become one figure.
#[derive(Clone, Copy)]
pub(crate) enum Aggregate {
    Median,
    Worst,
}

/// One figure of a group.
#[derive(Clone, Copy)]
pub(crate) struct Figure {
    /// Empty if it is the only one.
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    pub(crate) aggregate: Aggregate,
    pub(crate) target: Target,
    /// Whether it is in the chart; it is always in the table.
    pub(crate) charted: bool,
}

impl Figure {
    /// The median of the rounds, without a target.
    pub(crate) const fn new(name: &'static str, unit: Unit) -> Self {
        Figure { name, unit, aggregate: Aggregate::Median, target: Target::None, charted: false }
    }

    /// In the chart too, as every figure with a target is.
    pub(crate) const fn charted(mut self) -> Self {
        self.charted = true;
        self
    }

    /// The worst of the rounds instead.
    pub(crate) const fn worst(mut self) -> Self {
        self.aggregate = Aggregate::Worst;
        self
    }

    /// At most this part of the C plugin's figure.
    pub(crate) const fn ratio(mut self, most: f64) -> Self {
        self.target = Target::Ratio(most);
        self.charted = true;
        self
    }

    /// At most this, in the unit of the figure.
    pub(crate) const fn at_most(mut self, most: f64) -> Self {
        self.target = Target::Value(most);
        self.charted = true;
        self
    }
}

/// Takes the figures of a group once each time it is called; not a number: cannot be had on this machine.
pub(crate) type Probe<'a> = Box<dyn FnMut() -> Vec<f64> + 'a>;

/// Figures that one measurement gives together.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) figures: Vec<Figure>,
    pub(crate) rounds: usize,
    /// Only measured when asked for by name.
    pub(crate) long: bool,
    /// Makes one plugin ready to be measured.
    pub(crate) start: fn(&Bench, Side) -> Probe<'_>,
}

impl Group {
    /// One that every run measures.
    pub(crate) fn new(
        name: &'static str,
        rounds: usize,
        figures: &[Figure],
        start: fn(&Bench, Side) -> Probe<'_>,
    ) -> Self {
        Group { name, figures: figures.to_vec(), rounds, long: false, start }
    }

    /// Whether it is to be measured with this filter.
    pub(crate) fn wanted(&self, filter: &str) -> bool {
        if filter.is_empty() { !self.long } else { self.name.contains(filter) }
    }

    /// Measures both plugins in turn.
    pub(crate) fn measure(&self, bench: &Bench) -> Vec<Row> {
        let mut rounds = Vec::new();
        {
            let mut c = (self.start)(bench, Side::C);
            let mut ours = (self.start)(bench, Side::Ours);
            for round in 0..self.rounds {
                eprintln!("{}: round {} of {}", self.name, round + 1, self.rounds);
                rounds.push((c(), ours()));
            }
        }
        let of = |figures: &Vec<f64>, index: usize| figures.get(index).copied().unwrap_or(f64::NAN);
        let row = |(index, figure): (usize, &Figure)| Row {
            group: self.name,
            figure: *figure,
            c: rounds.iter().map(|(c, _)| of(c, index)).collect(),
            ours: rounds.iter().map(|(_, ours)| of(ours, index)).collect(),
        };
        self.figures.iter().enumerate().map(row).collect()
    }
}

/// A figure that was measured: one value a round and plugin.
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) figure: Figure,
    pub(crate) c: Vec<f64>,
    pub(crate) ours: Vec<f64>,
}

impl Row {
    /// Group and figure.
    pub(crate) fn name(&self) -> String {
        [self.group, self.figure.name].join(if self.figure.name.is_empty() { "" } else { ": " })
    }

    /// The C plugin's figure.
    pub(crate) fn c(&self) -> Option<f64> {
        self.over_rounds(&self.c)
    }

    /// Our figure.
    pub(crate) fn ours(&self) -> Option<f64> {
        self.over_rounds(&self.ours)
    }

    fn over_rounds(&self, values: &[f64]) -> Option<f64> {
        let all = !values.is_empty() && values.iter().all(|value| value.is_finite());
        all.then(|| match self.figure.aggregate {
            Aggregate::Median => median(values),
            Aggregate::Worst => worst(values),
        })
    }

    /// Our figure as part of the C plugin's: the median of the rounds' ratios, or for a worst case the ratio of the
    /// worst.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let (c, ours) = (self.c()?, self.ours()?);
        match self.figure.aggregate {
            Aggregate::Worst => (c > 0.0).then(|| ours / c),
            Aggregate::Median => {
                let pairs = self.c.iter().zip(&self.ours).filter(|(c, _)| **c > 0.0);
                let ratios: Vec<f64> = pairs.map(|(c, ours)| ours / c).collect();
                (!ratios.is_empty()).then(|| median(&ratios))
            }
        }
    }

    /// Whether the target is met, if there is one that can be outcome.
    pub(crate) fn met(&self) -> Option<bool> {
        match self.figure.target {
            Target::Ratio(most) => self.ratio().map(|ratio| ratio <= most),
            Target::Value(most) => self.ours().map(|ours| ours <= most),
            Target::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(figure: Figure, c: &[f64], ours: &[f64]) -> Row {
        Row { group: "a", figure, c: c.to_vec(), ours: ours.to_vec() }
    }

    #[test]
    fn rounds_are_compared_in_pairs() {
        let figure = Figure::new("", Unit::Seconds).ratio(0.5);
        // The third round met a busy machine on both sides, the second on one.
        let row = row(figure, &[10.0, 10.0, 40.0], &[4.0, 9.0, 16.0]);
        assert_eq!((row.ratio(), row.met()), (Some(0.4), Some(true)));
        assert_eq!((row.c(), row.ours()), (Some(10.0), Some(9.0)));
    }

    #[test]
    fn worst_cases_are_those_of_all_rounds() {
        let row = row(Figure::new("", Unit::Seconds).worst().at_most(6.0), &[10.0, 20.0], &[5.0, 7.0]);
        assert_eq!((row.ratio(), row.met(), row.ours()), (Some(0.35), Some(false), Some(7.0)));
    }

    #[test]
    fn what_cannot_be_measured_or_divided_by_has_no_ratio() {
        let figure = Figure::new("", Unit::Count).at_most(0.0);
        let zero = row(figure.worst(), &[0.0], &[0.0]);
        assert_eq!((zero.ratio(), zero.met()), (None, Some(true)));
        let missing = row(figure, &[f64::NAN], &[f64::NAN]);
        assert_eq!((missing.ours(), missing.met()), (None, None));
    }
}
