//! A steady ping through a tunnel, and what it says about a stalled server.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::PATIENCE;
use crate::child_process::ChildProcess;
use crate::log::{Log, LogPipe, Mark};
use crate::netns::NetNs;
use crate::scratch::Scratch;

/// Time between two pings.
const INTERVAL: Duration = Duration::from_millis(20);

/// A ping that runs until it is finished; on drop it is stopped.
#[derive(Debug)]
pub struct Pinger {
    running: ChildProcess,
    pipe: LogPipe,
    _scratch: Scratch,
}

/// What became of the packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingReport {
    /// Answers that came.
    pub received: usize,
    /// Sequence numbers that stayed without an answer although a later one was answered.
    pub lost: Vec<u32>,
    /// The longest round trip.
    pub slowest: Duration,
}

impl Pinger {
    pub(crate) fn start(namespace: &NetNs, address: &str) -> Self {
        let scratch = Scratch::new();
        let pipe = LogPipe::new(&scratch.join("log"));
        let interval = format!("{:.3}", INTERVAL.as_secs_f64());
        let mut command = namespace.command("ping");
        command.args(["-n", "-O", "-i", &interval, "-W", "30", address]);
        let pinger = Self { running: ChildProcess::spawn(&mut command, &pipe), pipe, _scratch: scratch };
        pinger.wait_answers(3);
        pinger
    }

    fn log(&self) -> &Log {
        self.pipe.log()
    }

    /// Waits until `count` packets sent after this call were answered; panics if they are not.
    pub fn wait_answers(&self, count: u32) {
        let newest = answers(self.log()).iter().map(|(sequence, _)| *sequence).max().unwrap_or(0);
        let wanted = newest + count;
        let end = Instant::now() + PATIENCE;
        let came = self.log().wait_match(Mark::START, end, |text| {
            answer(text).is_some_and(|(sequence, _)| sequence >= wanted)
        });
        assert!(came.is_some(), "the server does not answer pings:\n{}", self.log().text());
    }

    /// Waits for some more answers, stops and reports.
    pub fn finish(self) -> PingReport {
        self.wait_answers(10);
        self.running.signal(Signal::SIGINT);
        self.running.wait(PATIENCE);
        let mut came = answers(self.log());
        came.sort_unstable();
        let newest = came.last().map_or(0, |(sequence, _)| *sequence);
        let lost =
            (1..=newest).filter(|wanted| !came.iter().any(|(sequence, _)| sequence == wanted)).collect();
        let slowest = came.iter().map(|(_, time)| *time).max().unwrap_or_default();
        PingReport { received: came.len(), lost, slowest }
    }
}

fn answers(log: &Log) -> Vec<(u32, Duration)> {
    log.since(Mark::START).iter().filter_map(|line| answer(&line.text)).collect()
}

/// Sequence number and round trip of a line like `64 bytes from 10.8.0.1: icmp_seq=7 ttl=64 time=0.412 ms`.
fn answer(line: &str) -> Option<(u32, Duration)> {
    let field = |name: &str| line.split_once(name)?.1.split_whitespace().next();
    let milliseconds: f64 = field(" time=")?.parse().ok()?;
    Some((field(" icmp_seq=")?.parse().ok()?, Duration::try_from_secs_f64(milliseconds / 1000.0).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_count() {
        let line = "64 bytes from 10.8.0.1: icmp_seq=7 ttl=64 time=0.5 ms";
        assert_eq!(answer(line), Some((7, Duration::from_micros(500))));
        for other in
            ["no answer yet for icmp_seq=7", "From 10.8.0.2 icmp_seq=7 Destination Host Unreachable", ""]
        {
            assert_eq!(answer(other), None, "{other}");
        }
    }
}
