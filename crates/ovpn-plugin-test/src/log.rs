//! Lines of output with the time each arrived, and waiting for one of them.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;

/// One line of a log.
#[derive(Debug, Clone)]
pub struct Line {
    /// The text, without its line end; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// When it was read.
    pub at: Instant,
}

#[derive(Default, Debug)]
struct Shared {
    lines: Mutex<Vec<Line>>,
    followers: Mutex<Followers>,
    arrived: Condvar,
}

type Follower = Box<dyn FnMut(&Line) + Send>;

#[derive(Default)]
struct Followers(Vec<Follower>);

impl fmt::Debug for Followers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} followers", self.0.len())
    }
}

/// A growing list of lines that threads can wait on; clones show the same lines.
#[derive(Clone, Default, Debug)]
pub struct Log {
    shared: Arc<Shared>,
}

/// A place in a log: what comes after it is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(usize);

impl Mark {
    /// The beginning of every log.
    pub const START: Mark = Mark(0);
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Vec<Line>> {
        self.shared.lines.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Adds a line.
    pub fn push(&self, text: String) {
        let line = Line { text, at: Instant::now() };
        // Held over both, so that a follower sees each line once.
        let mut followers = self.followers();
        self.lock().push(line.clone());
        self.shared.arrived.notify_all();
        followers.0.iter_mut().for_each(|tell| tell(&line));
    }

    fn followers(&self) -> MutexGuard<'_, Followers> {
        self.shared.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `tell` with each line there is and each one to come, in their order, on the thread that reads them. It must not wait
    /// for lines of this log.
    pub fn follow(&self, mut tell: impl FnMut(&Line) + Send + 'static) {
        let mut followers = self.followers();
        self.since(Mark::START).iter().for_each(&mut tell);
        followers.0.push(Box::new(tell));
    }

    /// The end of the log as it is now.
    pub fn mark(&self) -> Mark {
        Mark(self.lock().len())
    }

    /// The lines after `mark`.
    pub fn since(&self, mark: Mark) -> Vec<Line> {
        self.lock().iter().skip(mark.0).cloned().collect()
    }

    /// The text of the whole log.
    pub fn text(&self) -> String {
        self.since(Mark::START).iter().map(|line| format!("{}\n", line.text)).collect()
    }

    /// How many lines after `mark` contain `pattern`.
    pub fn count(&self, mark: Mark, pattern: &str) -> usize {
        self.lock().iter().skip(mark.0).filter(|line| line.text.contains(pattern)).count()
    }

    /// The first line after `mark` for which `wanted` holds, waiting for it at most until `end`.
    pub fn wait_match(&self, mark: Mark, end: Instant, wanted: impl Fn(&str) -> bool) -> Option<Line> {
        let mut lines = self.lock();
        let mut seen = mark.0;
        loop {
            if let Some(found) = lines.iter().skip(seen).find(|line| wanted(&line.text)) {
                return Some(found.clone());
            }
            seen = lines.len().max(mark.0);
            let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            lines = match self.shared.arrived.wait_timeout(lines, left) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// As [`Log::wait_match`] for a line that contains `pattern`, for at most `limit`; panics when none comes.
    pub fn wait_for(&self, mark: Mark, pattern: &str, limit: Duration) -> Line {
        self.wait_match(mark, Instant::now() + limit, |text| text.contains(pattern))
            .unwrap_or_else(|| panic!("no line with {pattern:?} within {limit:?} in:\n{}", self.text()))
    }
}

const LAST: &[u8] = b"\0the harness stops reading\n";

/// A named pipe whose lines go to a [`Log`]; a program may open it again and again, as a file.
#[derive(Debug)]
pub struct LogPipe {
    path: PathBuf,
    log: Log,
    pause: Arc<Pause>,
    thread: Option<JoinHandle<()>>,
}

/// Keeps a reader from reading.
#[derive(Default, Debug)]
struct Pause {
    held: Mutex<()>,
    reader_waits: AtomicBool,
}

/// Nobody reads the pipe and it is full, as long as this lives.
#[derive(Debug)]
pub struct FullPipe<'a> {
    _held: MutexGuard<'a, ()>,
}

impl LogPipe {
    /// Makes the pipe at `path` and starts reading it.
    pub fn new(path: &Path) -> Self {
        nix::unistd::mkfifo(path, Mode::from_bits_truncate(0o600))
            .unwrap_or_else(|error| panic!("mkfifo {}: {error}", path.display()));
        let log = Log::default();
        // Open for writing too, so that the pipe never ends while programs come and go.
        let reader = open_both_ways(path);
        let (feed, pause) = (log.clone(), Arc::new(Pause::default()));
        let wait = Arc::clone(&pause);
        let thread = std::thread::spawn(move || read_lines(reader, &feed, &wait));
        Self { path: path.to_path_buf(), log, pause, thread: Some(thread) }
    }

    /// The lines read so far and to come.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Where a program may open the pipe.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Stops reading and fills the pipe: a process that writes to it waits.
    pub fn fill(&self) -> FullPipe<'_> {
        let held = self.pause.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut options = OpenOptions::new();
        let opened = options
            .read(true)
            .write(true)
            .custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits())
            .open(&self.path);
        let mut pipe = opened.unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        let mut junk = vec![b'-'; 4096];
        junk[4095] = b'\n';
        loop {
            // The reader takes some before it waits.
            let waited = self.pause.reader_waits.load(Ordering::Acquire);
            while pipe.write(&junk).is_ok() {}
            while pipe.write(b"\n").is_ok() {}
            if waited {
                return FullPipe { _held: held };
            }
            std::thread::yield_now();
        }
    }

    /// A handle for writing, for use as a child's standard output.
    pub fn writer(&self) -> File {
        open_both_ways(&self.path)
    }
}

fn open_both_ways(path: &Path) -> File {
    let opened = OpenOptions::new().read(true).write(true).open(path);
    opened.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_lines(reader: File, log: &Log, pause: &Pause) {
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).is_ok_and(|length| length > 0) && bytes != LAST {
        log.push(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_string());
        bytes.clear();
        pause.reader_waits.store(true, Ordering::Release);
        let held = pause.held.lock();
        pause.reader_waits.store(false, Ordering::Release);
        drop(held);
    }
}

impl Drop for LogPipe {
    fn drop(&mut self) {
        // A leading line end: a program may have been killed in the middle of a line.
        let told = OpenOptions::new().write(true).open(&self.path).and_then(|mut pipe| {
            pipe.write_all(b"\n")?;
            pipe.write_all(LAST)
        });
        if let (Ok(()), Some(thread)) = (told, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn lines_of_several_writers_arrive_and_marks_separate_them() {
        let scratch = Scratch::new();
        let pipe = LogPipe::new(&scratch.join("log"));
        writeln!(pipe.writer(), "one").expect("write");
        let log = pipe.log().clone();
        log.wait_for(Mark::START, "one", Duration::from_secs(10));
        let mark = log.mark();
        writeln!(pipe.writer(), "two").expect("write");
        log.wait_for(mark, "two", Duration::from_secs(10));
        assert_eq!(log.count(mark, "one"), 0);
        assert_eq!(log.count(Mark::START, "one"), 1);
        let soon = Instant::now() + Duration::from_millis(1);
        assert!(log.wait_match(mark, soon, |text| text.contains("one")).is_none());
        let (said, heard) = std::sync::mpsc::channel();
        log.follow(move |line| said.send(line.text.clone()).expect("somebody hears"));
        writeln!(pipe.writer(), "three").expect("write");
        log.wait_for(mark, "three", Duration::from_secs(10));
        drop(pipe);
        assert_eq!(heard.try_iter().take(3).collect::<Vec<_>>(), ["one", "two", "three"]);
    }
}
