//! A process that hosts one plugin, as the benchmark sees it: orders go in line by line, figures come back.

use crate::burst::{Burst, Origin};
use crate::plugin_host;
use harness::pids_cgroup::PidsCgroup;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The handle on such a process; dropping it closes the plugin and waits for the end.
pub(crate) struct PluginProcess {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl PluginProcess {
    /// Starts the process, no plugin loaded yet.
    pub(crate) fn start() -> Self {
        let own = std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"));
        let mut child = Command::new(own)
            .arg(plugin_host::ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("can not start a process: {error}"));
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            panic!("no pipes to the new process")
        };
        let mut process = PluginProcess { child, orders: Some(orders), answers: BufReader::new(answers) };
        process.order::<1>("ready");
        process
    }

    /// Starts the process and opens the plugin with these words.
    pub(crate) fn opened(plugin: &Path, words: &str) -> Self {
        let mut process = PluginProcess::start();
        process.open(plugin, words);
        process
    }

    /// Puts the process, and what it will start, into a cgroup.
    pub(crate) fn enter(&self, cgroup: &PidsCgroup) {
        let file = cgroup.procs_file();
        std::fs::write(&file, self.pid().to_string())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    /// Loads and opens the plugin with these words; how long that took, in seconds.
    pub(crate) fn open(&mut self, plugin: &Path, words: &str) -> f64 {
        let [took] = self.order(&format!("open\t{}\t{words}", plugin.display()));
        took
    }

    /// Makes logins, all of which must be accepted; the median time of one, in seconds.
    pub(crate) fn logins(&mut self, count: usize, user: &str, password: &str) -> f64 {
        let [median] = self.order(&format!("login\t{count}\t{user}\t{password}"));
        median
    }

    /// Makes deferred logins all at once, of users whose names begin with `user`; all must be accepted.
    pub(crate) fn burst(&mut self, count: usize, user: &str, password: &str) -> Burst {
        let burst = self.burst_from(Origin::Everywhere, count, user, password);
        assert!(burst.refused == 0.0, "{} of {count} logins were refused", burst.refused);
        burst
    }

    /// Makes deferred logins all at once, of users whose names begin with `user`.
    pub(crate) fn burst_from(&mut self, from: Origin, count: usize, user: &str, password: &str) -> Burst {
        let order = format!("burst\t{count}\t{user}\t{password}\t{}", from.word());
        let [mean, percentile_99, worst, drain, refused] = self.order(&order);
        Burst { mean, percentile_99, worst, drain, refused }
    }

    /// Makes logins that lead to a question, and answers it: the median times of the two calls, in seconds.
    pub(crate) fn questions(&mut self, count: usize, user: &str, password: &str, deferred: bool) -> [f64; 2] {
        let mode = if deferred { "deferred" } else { "direct" };
        self.order(&format!("question\t{count}\t{user}\t{password}\t{mode}"))
    }

    /// Makes logins that lead to a question, and answers none.
    pub(crate) fn open_questions(&mut self, count: usize, user: &str, password: &str) {
        self.order::<1>(&format!("open-questions\t{count}\t{user}\t{password}"));
    }

    /// Lets clients in one after the other, with a session or without: the median times until one is in, and of what opens
    /// its session, in seconds.
    pub(crate) fn clients(&mut self, count: usize, user: &str, password: &str, session: bool) -> [f64; 2] {
        let which = if session { "session" } else { "none" };
        self.order(&format!("clients\t{count}\t{user}\t{password}\t{which}"))
    }

    /// The median time of PAM's session by itself, in seconds.
    pub(crate) fn sessions_alone(&mut self, count: usize, service: &str, user: &str, password: &str) -> f64 {
        let [median] = self.order(&format!("sessions-alone\t{count}\t{service}\t{user}\t{password}"));
        median
    }

    /// Passes UP, which must succeed; how long that took, in seconds.
    pub(crate) fn up(&mut self) -> f64 {
        let [took] = self.order("up");
        took
    }

    /// Passes DOWN, which must succeed each time; the median time of one, in seconds.
    pub(crate) fn downs(&mut self, count: usize) -> f64 {
        let [median] = self.order(&format!("down\t{count}"));
        median
    }

    /// Process id.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap_or_else(|_| panic!("pid out of range"))
    }

    fn order<const FIGURES: usize>(&mut self, order: &str) -> [f64; FIGURES] {
        let mut answer = String::new();
        let sent = self.orders.as_mut().map(|orders| writeln!(orders, "{order}"));
        if let Some(Ok(())) = sent {
            let _ = self.answers.read_line(&mut answer);
        }
        let figures: Vec<f64> = answer.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        figures.try_into().unwrap_or_else(|_| panic!("{order:?} was answered by {answer:?}"))
    }
}

impl Drop for PluginProcess {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.child.wait();
    }
}
