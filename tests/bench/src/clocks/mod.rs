//! Whether a clock tells who has an account: how long refusals take that should look alike, and whether their ranks
//! show an order.
//!
//! `bench clocks [SAMPLES]`. Two clocks: that of a client, which ends with the verdict of a deferred login, and that of
//! everybody else, who feel how long the call keeps OpenVPN from its packets. Kinds of refusal take turns at random, so
//! that whatever else the machine does meets all of them.

mod rank_test;
mod sample;

use std::process::ExitCode;

use harness::scratch;
use harness::{Account, EtcPamService};

use crate::machine::Machine;
use crate::report::amount;
use crate::row::Unit;
use crate::stats::{percentile, spread_of};
use sample::Clock;

/// First argument that asks for this instead of the rows.
pub(crate) const ARGUMENT: &str = "clocks";

/// Of each kind, unless the command line says another number.
const SAMPLES: usize = 200;
/// An order is seen below this probability of chance, after Bonferroni.
const SIGNIFICANT: f64 = 0.001;
const PASSWORD: &str = "Analytical Engine 1";
const STACK: &str = "auth required pam_unix.so shadow nodelay\naccount required pam_unix.so\n";

/// A kind of refusal.
pub(crate) struct Kind {
    name: &'static str,
    pub(crate) user: String,
    pub(crate) password: &'static str,
}

/// Samples of one clock, in the order of the kinds.
type Samples = Vec<Vec<f64>>;

/// Measures, prints, and fails if an order is seen.
pub(crate) fn main(samples: Option<&String>) -> ExitCode {
    let count = match samples.map_or(Ok(SAMPLES), |text| text.parse()) {
        Ok(count) if count > 1 => count,
        _ => {
            eprintln!("usage: bench {ARGUMENT} [SAMPLES]");
            return ExitCode::FAILURE;
        }
    };
    let mut machine = Machine::this();
    let (good, locked, expired) =
        (Account::new(PASSWORD), Account::locked(PASSWORD), Account::expired(PASSWORD));
    let service = EtcPamService::new(STACK);
    let kind = |name, user: &str, password| Kind { name, user: user.to_string(), password };
    let kinds = [
        kind("wrong password", good.name(), "guess"),
        kind("unknown user", &scratch::unique_name(), "guess"),
        kind("locked account", locked.name(), PASSWORD),
        kind("expired account, right password", expired.name(), PASSWORD),
        kind("expired account, wrong password", expired.name(), "guess"),
    ];
    let clocks = [Clock::Verdict, Clock::Call];
    let measured = clocks.map(|clock| sample::take(clock, &kinds, count, service.name(), &good));
    machine.ended();
    println!("{machine}\npam_unix nodelay, {count} samples of each kind\n");
    let comparisons = clocks.len() * kinds.len() * (kinds.len() - 1) / 2;
    let mut seen = 0;
    for (clock, samples) in clocks.iter().zip(&measured) {
        match samples {
            Ok(samples) => seen += print(*clock, &kinds, samples, comparisons),
            Err(error) => {
                eprintln!("{}: {error}", clock.title());
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{seen} of {comparisons} comparisons show an order (p < {SIGNIFICANT} after Bonferroni)");
    if seen == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints one clock's samples and comparisons; how many of these show an order.
fn print(clock: Clock, kinds: &[Kind], samples: &Samples, comparisons: usize) -> usize {
    let shown = |seconds: f64| amount(seconds, Unit::Seconds);
    println!("{}\n  {:<34}{:>11}{:>11}{:>11}{:>9}", clock.title(), "", "p10", "median", "p90", "spread");
    for (kind, values) in kinds.iter().zip(samples) {
        let [low, middle, high] = [10, 50, 90].map(|percent| shown(percentile(values, percent)));
        println!("  {:<34}{low:>11}{middle:>11}{high:>11}{:>9}", kind.name, spread_of(values));
    }
    let mut seen = 0;
    for (index, (one, values)) in kinds.iter().zip(samples).enumerate() {
        for (other, others) in kinds.iter().zip(samples).skip(index + 1) {
            let p = (rank_test::two_sided(values, others) * lossy(comparisons)).min(1.0);
            let order = p < SIGNIFICANT;
            seen += usize::from(order);
            let verdict = if order { "AN ORDER" } else { "no order" };
            println!("  {verdict}  p = {p:<8.2e}  {} | {}", one.name, other.name);
        }
    }
    println!();
    seen
}

#[allow(clippy::cast_precision_loss)]
fn lossy(count: usize) -> f64 {
    count as f64
}
