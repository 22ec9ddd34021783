//! The end of the runtime: bounded, with the names of what does not end, and with the code kept for what runs on.

use std::fmt::Write;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::future_table::FutureTable;
use super::runtime::StartedRuntime;
use crate::boundary::Library;
use crate::{lines, logging};

/// How often what does not end is named.
const NAME_EVERY: Duration = Duration::from_secs(2);
/// Threads get so long to end, even if futures have used up the limit.
const LEAST: Duration = Duration::from_millis(100);
/// More names than this are only counted.
const MAX_NAMES: usize = 5;

/// Rejects what is undecided, and waits at most for `limit` until all threads have ended. If some have not, the
/// plugin's code stays in memory.
pub(super) fn end(started: StartedRuntime, limit: Duration) {
    let StartedRuntime { runtime, table, .. } = started;
    table.stop_all();
    let library = Library::acquire();
    if Handle::try_current().is_ok() {
        logging::say(lines::future_holds_itself());
        runtime.shutdown_background();
        if let Some(library) = library {
            library.keep();
        }
        return;
    }
    let begun = Instant::now();
    wait_for_futures(&table, library.is_some().then_some(limit));
    let Some(library) = library else {
        return drop(runtime);
    };
    let (rest, begun) = (limit.saturating_sub(begun.elapsed()).max(LEAST), Instant::now());
    runtime.shutdown_timeout(rest);
    // The runtime does not say whether it was in time; if it was, all its threads were joined.
    if begun.elapsed() >= rest || table.threads() > 0 {
        logging::say(lines::futures_left_alone(unended(&table), limit.as_secs()));
        library.keep();
    }
}

fn wait_for_futures(table: &FutureTable, limit: Option<Duration>) {
    let begun = Instant::now();
    loop {
        let left = limit.map_or(Duration::MAX, |limit| limit.saturating_sub(begun.elapsed()));
        if table.wait_until_none(left.min(NAME_EVERY)) || left.is_zero() {
            return;
        }
        if left > NAME_EVERY {
            logging::say(lines::futures_do_not_end(unended(table)));
        }
    }
}

/// What has not ended, in words.
fn unended(table: &FutureTable) -> String {
    let names: Vec<String> = table.running().iter().map(ToString::to_string).collect();
    if names.is_empty() {
        return format!("calls that block, in {} threads of AsyncTasks, have not ended", table.threads());
    }
    let mut text = names.iter().take(MAX_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    if let Some(more) = names.len().checked_sub(MAX_NAMES).filter(|more| *more > 0) {
        let _ = write!(text, " and {more} more");
    }
    let verb = if names.len() == 1 { "has" } else { "have" };
    format!("{text} {verb} not ended")
}
