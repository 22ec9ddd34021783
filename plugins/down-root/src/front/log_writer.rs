//! The helper's log lines on their way into OpenVPN's log. A thread writes them, so that neither the helper nor the answer
//! to OpenVPN waits for the reader of the log.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ovpn_plugin::Tasks;
use privsep::cgroup;
use privsep::line_log::{LineSender, line_log};
use privsep::line_writer::LineWriter;

use crate::event::Event;

/// How long OpenVPN waits until the lines of a script are in the log; once only for a reader that is stuck.
const PATIENCE: Duration = Duration::from_millis(500);
/// In a control group for fewer tasks there is no thread: its place may be a script's. What is printed between events
/// is then logged at the next one.
const FEW_TASKS: u64 = 16;
/// Is there if SELinux is.
const SELINUX: &str = "/sys/fs/selinux/enforce";

/// The way of the lines.
pub(super) struct HelperLines {
    writer: Arc<LineWriter>,
    tasks: Tasks,
    /// The thread runs.
    runs: bool,
    warned: bool,
    /// There is room for a thread.
    room: bool,
}

impl HelperLines {
    /// Without a thread: OpenVPN may yet fork to become a daemon.
    pub(super) fn new() -> nix::Result<Self> {
        let writer = Arc::new(LineWriter::new()?);
        let room = cgroup::smallest("pids", "pids.max").is_none_or(|most| most >= FEW_TASKS);
        Ok(HelperLines { writer, tasks: Tasks::new(1), runs: false, warned: false, room })
    }

    /// A helper's end.
    pub(super) fn for_helper(&self) -> nix::Result<LineSender> {
        let (sender, receiver) = line_log()?;
        self.writer.add(receiver)?;
        Ok(sender)
    }

    /// What the helper has said so far is in the log afterwards, if the log takes it. Starts the thread.
    pub(super) fn settle(&mut self, event: Event) {
        if !self.runs && self.room && may_start(event) {
            let writer = Arc::clone(&self.writer);
            match self.tasks.spawn("log", move |_| writer.run()) {
                Ok(()) => self.runs = true,
                Err(error) if !std::mem::replace(&mut self.warned, true) => {
                    lines::processes::no_thread(error).log();
                }
                Err(_) => {}
            }
        }
        if self.runs {
            self.writer.catch_up(PATIENCE);
        } else {
            self.write_all();
        }
    }

    /// The helper has ended, and nothing more will come.
    pub(super) fn end(&mut self) {
        self.writer.stop();
        // Waits for the thread.
        self.tasks = Tasks::new(0);
        self.write_all();
    }

    fn write_all(&self) {
        while self.writer.write_batch() {}
    }
}

/// With `setcon` OpenVPN changes its SELinux context when it is up, which a process with threads must not do.
fn may_start(event: Event) -> bool {
    let starting = matches!(event, Event::Up | Event::RouteUp | Event::IpChange);
    !starting || !Path::new(SELINUX).exists()
}
