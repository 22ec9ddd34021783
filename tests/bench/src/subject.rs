//! A process with one plugin in it, told what to do line by line.

use crate::loaded;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The handle on such a process; dropping it closes the plugin and waits for the end.
pub(crate) struct Subject {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Subject {
    /// Starts the process, no plugin loaded yet.
    pub(crate) fn start() -> Self {
        let own = std::env::current_exe().unwrap_or_else(|error| panic!("own path: {error}"));
        let mut child = Command::new(own)
            .arg(loaded::ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("can not start a process: {error}"));
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            panic!("no pipes to the new process")
        };
        let mut subject = Subject { child, orders: Some(orders), answers: BufReader::new(answers) };
        subject.order("ready");
        subject
    }

    /// Starts the process and opens the plugin.
    pub(crate) fn opened(plugin: &Path, service: &str) -> Self {
        let mut subject = Subject::start();
        subject.open(plugin, service);
        subject
    }

    /// Loads and opens the plugin; how long that took, in seconds.
    pub(crate) fn open(&mut self, plugin: &Path, service: &str) -> f64 {
        self.order(&format!("open\t{}\t{service}", plugin.display()))
    }

    /// Makes logins, all of which must be accepted; the median time of one, in seconds.
    pub(crate) fn logins(&mut self, count: usize, user: &str, password: &str) -> f64 {
        self.order(&format!("login\t{count}\t{user}\t{password}"))
    }

    /// Process id.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap_or_else(|_| panic!("pid out of range"))
    }

    fn order(&mut self, order: &str) -> f64 {
        let mut answer = String::new();
        let sent = self.orders.as_mut().map(|orders| writeln!(orders, "{order}"));
        if let Some(Ok(())) = sent {
            let _ = self.answers.read_line(&mut answer);
        }
        answer.trim().parse().unwrap_or_else(|_| panic!("{order:?} was answered by {answer:?}"))
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.child.wait();
    }
}
