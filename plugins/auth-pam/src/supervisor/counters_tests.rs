use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::attempt::tests::attempt;
use super::super::outcome::judge;
use super::super::outcome::tests::every_outcome;
use super::*;

#[test]
fn each_outcome_is_counted_once_and_under_its_own_word() {
    let mut counters = Counters::default();
    let (outcomes, attempt) = (every_outcome(), attempt(1, "alice", ""));
    let total = u64::try_from(outcomes.len()).unwrap();
    let mut took_time = 0;
    for (outcome, _) in &outcomes {
        let (verdict, _) = judge(&attempt, attempt.arrived, outcome, Duration::ZERO);
        let (kind, cause) = (VerdictKind::of(&verdict), VerdictCause::of(outcome));
        let before = counters.attempts(kind, cause);
        counters.concluded(&verdict, outcome, Duration::from_millis(3));
        assert_eq!(counters.attempts(kind, cause), before + 1);
        took_time += u64::from(!outcome.costs_nothing());
    }
    let of_cause = |cause: VerdictCause| {
        VerdictKind::ALL.iter().map(|kind| counters.attempts(*kind, cause)).sum::<u64>()
    };
    assert_eq!(VerdictCause::ALL.iter().map(|cause| of_cause(*cause)).sum::<u64>(), total);
    assert!(VerdictCause::ALL.iter().all(|cause| of_cause(*cause) > 0), "a cause that no outcome has");
    assert_eq!(counters.codes().map(|(_, count)| count).sum::<u64>(), of_cause(VerdictCause::Pam));
    assert_eq!(VerdictKind::ALL.iter().map(|kind| counters.latency(*kind).count()).sum::<u64>(), took_time);
    assert_eq!(counters.recent.len() as u64, took_time);
}

#[test]
fn labels_are_plain_and_none_stands_for_two() {
    let labels: Vec<&str> = VerdictCause::ALL
        .iter()
        .map(|cause| cause.label())
        .chain(VerdictKind::ALL.iter().map(|kind| kind.label()))
        .collect();
    assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), labels.len());
    assert!(labels.iter().all(|label| label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
}

#[test]
fn percentiles_are_of_the_last_ones() {
    let mut recent = RecentLatencies::default();
    assert_eq!(recent.percentiles([50]), None);
    recent.add(Duration::from_millis(7));
    assert_eq!(recent.percentiles([0, 50, 100]), Some([Duration::from_millis(7); 3]));
    (1..=100).for_each(|number| recent.add(Duration::from_millis(number)));
    let mut recent = RecentLatencies::default();
    (1..=100).rev().for_each(|number| recent.add(Duration::from_millis(number)));
    assert_eq!(recent.percentiles([50, 90, 99]), Some([50, 90, 99].map(Duration::from_millis)));
    (0..5000).for_each(|_| recent.add(Duration::from_secs(1 << 40)));
    let [least] = recent.percentiles([1]).unwrap();
    assert!(least > Duration::from_secs(3600) && recent.len() < 5000);
}

proptest! {
    #[test]
    fn a_histogram_counts_what_is_within_each_bound(times: Vec<u32>) {
        let mut latency = LatencyHistogram::default();
        for micros in &times {
            latency.add(Duration::from_micros(u64::from(*micros)));
        }
        prop_assert_eq!(latency.count(), times.len() as u64);
        prop_assert_eq!(latency.sum(), times.iter().map(|micros| Duration::from_micros(u64::from(*micros))).sum());
        for (bound, count) in latency.at_most() {
            let within = times.iter().filter(|micros| Duration::from_micros(u64::from(**micros)) <= bound).count();
            prop_assert_eq!(count, within as u64);
        }
    }
}
