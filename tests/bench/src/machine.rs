//! The machine the figures come from.

use std::fmt;
use std::fs;

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
}

/// Load average of the last minute.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").to_string()
}

impl Machine {
    /// This one, now.
    pub(crate) fn this() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let openvpn = std::process::Command::new("openvpn").arg("--version").output();
        let openvpn = openvpn.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
        let words = openvpn.unwrap_or_default();
        Machine {
            processor: processor(&read("/proc/cpuinfo")).unwrap_or_else(|| "processor unknown".into()),
            processors: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_string(),
            openvpn: words.split_whitespace().nth(1).unwrap_or("unknown").to_string(),
            load: load(),
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
        let Machine { processor, processors, kernel, openvpn, load, load_at_the_end } = self;
        write!(
            out,
            "{processors} x {processor}, Linux {kernel}, OpenVPN {openvpn}, load at the start {load}"
        )?;
        load_at_the_end.iter().try_for_each(|load| write!(out, ", at the end {load}"))
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
