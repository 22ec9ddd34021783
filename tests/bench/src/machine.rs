//! The machine the figures come from.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

/// How long the machine is watched for pauses of its own.
const WATCHED: Duration = Duration::from_secs(5);

/// What matters for comparing figures of two machines.
pub(crate) struct Machine {
    processor: String,
    processors: usize,
    kernel: String,
    openvpn: String,
    /// Load average of the last minute when the run began.
    load: String,
    /// The same when it ended.
    load_at_the_end: Option<String>,
    /// How long a thread that does nothing but look at the clock stood still at most. That much of any longest time is
    /// the machine's: a virtual one is stopped by its host.
    pause: Duration,
}

/// The kernel's version as far as it matters: the rest is a distribution's or the machine's own.
fn first_two_numbers(release: &str) -> String {
    release.trim().split('.').take(2).collect::<Vec<_>>().join(".")
}

/// Load average of the last minute.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").to_string()
}

/// The longest pause of any of as many threads as there are processors.
fn longest_pause(threads: usize) -> Duration {
    let watch = || {
        let (begin, mut last, mut longest) = (Instant::now(), Instant::now(), Duration::ZERO);
        while begin.elapsed() < WATCHED {
            let now = Instant::now();
            longest = longest.max(now - last);
            last = now;
        }
        longest
    };
    let threads: Vec<_> = (0..threads).map(|_| std::thread::spawn(watch)).collect();
    threads.into_iter().filter_map(|thread| thread.join().ok()).max().unwrap_or_default()
}

impl Machine {
    /// This one, now.
    pub(crate) fn this() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let openvpn = std::process::Command::new("openvpn").arg("--version").output();
        let openvpn = openvpn.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
        let words = openvpn.unwrap_or_default();
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Machine {
            // Before it is watched, which is load too.
            load: load(),
            pause: longest_pause(processors),
            processor: processor(&read("/proc/cpuinfo")).unwrap_or_else(|| "processor unknown".into()),
            processors,
            kernel: first_two_numbers(&read("/proc/sys/kernel/osrelease")),
            openvpn: words.split_whitespace().nth(1).unwrap_or("unknown").to_string(),
            load_at_the_end: None,
        }
    }

    /// Notes that the run has ended.
    pub(crate) fn ended(&mut self) {
        self.load_at_the_end = Some(load());
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { processor, processors, kernel, openvpn, load, load_at_the_end, pause } = self;
        write!(
            out,
            "{processors} x {processor}, Linux {kernel}, OpenVPN {openvpn}, load at the start {load}"
        )?;
        load_at_the_end.iter().try_for_each(|load| write!(out, ", at the end {load}"))?;
        write!(out, ", longest pause of the machine {:.1} ms", pause.as_secs_f64() * 1e3)
    }
}

fn processor(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_processor() {
        let text = "processor\t: 0\nmodel name\t: Some  CPU @ 2 GHz\nmodel name\t: other\n";
        assert_eq!(processor(text).as_deref(), Some("Some CPU @ 2 GHz"));
        assert_eq!(processor(""), None);
    }
}
