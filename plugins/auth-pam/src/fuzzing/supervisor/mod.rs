//! The whole supervisor, with everything around it played by the input: logins, answers, clients that leave, workers that
//! answer, lie, hang and die, a keeper that cannot fork, and the time.
//!
//! What holds whatever happens:
//! * every attempt is answered once, by a verdict that a worker gave for these very credentials if it is let in;
//! * nobody is let in by what has begun before his user was revoked;
//! * no worker is lost: the supervisor knows each that the keeper has forked until it hears of its end, and what it ran is
//!   answered;
//! * workers, questions and sessions keep their bounds, and a worker that has held one of the latter is not used again;
//! * the supervisor never waits for nothing, and never stops waiting.

mod front;
mod workers;

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use privsep::Ended;
use privsep::kept_helper::fuzzing::{KeeperEnd, Wanted};

use super::{Input, settings};
use crate::config::Config;
use crate::settings::Settings;
use crate::supervisor::fuzzing::{Driven, OtherEnds};
use front::Front;
use workers::Workers;

/// Steps of one input.
const MAX_STEPS: usize = 200;
/// Looks at the supervisor until all that is under way must be over.
const MAX_LOOKS: usize = 20_000;

/// A byte chooses the configuration; then each step is a byte and what belongs to it.
///
/// # Panics
/// If one of the rules above does not hold.
pub fn supervisor(input: &[u8]) {
    let mut input = Input(input);
    let mut scene = Scene::new(input.byte());
    for _ in 0..MAX_STEPS {
        if input.0.is_empty() {
            break;
        }
        scene.step(&mut input);
        scene.settle();
    }
    scene.come_to_rest();
}

/// The supervisor, and what is around it.
struct Scene {
    settings: &'static Settings,
    supervisor: Driven,
    now: Instant,
    front: Front,
    keeper: KeeperEnd,
    workers: Workers,
    _pipes: [OwnedFd; 2],
}

impl Scene {
    fn new(choice: u8) -> Self {
        let all = configurations();
        let settings = &all[usize::from(choice) % all.len()];
        let now = Instant::now();
        let (supervisor, ends) = Driven::new(settings, now, random());
        let OtherEnds { front, keeper, pipes } = ends;
        let (front, workers) = (Front::new(front), Workers::default());
        Scene { settings, supervisor, now, front, keeper, workers, _pipes: pipes }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 20 {
            0..3 => self.front.logs_in(input),
            3 => self.front.answers(input),
            4 => self.front.cancels(input),
            5 => self.front.opens(input),
            6 => self.front.closes(input),
            7 => self.front.wants_options(input),
            8 => self.front.says_something_else(input),
            9..11 => drop(self.keep(Some(usize::from(input.byte() % 4) + 1), false)),
            11 => drop(self.keep(Some(1), true)),
            12..15 => self.workers.works(input),
            15 => self.workers.lies(input),
            16 => {
                if let Some((worker, how)) = self.workers.dies(input) {
                    self.ended(worker, how);
                }
            }
            17 => {
                // On time, or somewhat late.
                let late = Duration::from_millis(u64::from(input.byte() % 4) * 7);
                let next = self.supervisor.next_event(self.now).unwrap_or(self.now);
                self.now = next.max(self.now) + late;
            }
            18 => self.now += Duration::from_millis(u64::from(input.byte()) * 37),
            _ => {
                let name = front::user(input.byte());
                match input.byte() % 2 {
                    0 => {
                        self.supervisor.revoke(self.now, name);
                        self.front.revoked(name);
                    }
                    _ => self.supervisor.unblock(self.now, b"192.0.2.1"),
                }
            }
        }
    }

    /// Has the supervisor do what there is to do, and looks at what came of it.
    fn settle(&mut self) {
        assert!(self.supervisor.turn(self.now), "nothing was sent that could not be trusted");
        self.workers.read_orders();
        self.front.read_replies(&self.workers);
        let next = self.supervisor.next_event(self.now);
        assert!(next.is_none_or(|next| next > self.now), "it would not wait for anything");
        let (load, limits) = (self.supervisor.load(), self.settings.scheduler_limits(1000));
        // Those that do not count yet wait as well.
        let most_questions = 2 * limits.max_suspended.max(1);
        assert!(load.running <= limits.max_workers + most_questions, "{load:?}");
        assert!(load.questions <= most_questions, "{load:?}");
        assert!(load.counted_questions <= most_questions / 2, "{load:?}");
        assert!(load.questions_of_one_client <= 2, "{load:?}");
        assert!(load.sessions <= 2 * limits.max_sessions, "{load:?}");
        let apart = most_questions + 2 * limits.max_sessions;
        assert!(load.workers <= limits.max_workers + apart, "{load:?}");
        assert!(self.workers.processes() <= self.settings.most_processes(), "{load:?}");
        // Each attempt that waits, runs or is held has no verdict yet.
        assert!(load.waiting <= self.front.unanswered() + load.held, "{load:?}");
    }

    /// The keeper does the next things it is asked for; false if there were none.
    fn keep(&mut self, most: Option<usize>, fails: bool) -> bool {
        let mut did_something = false;
        let mut left = most.unwrap_or(usize::MAX);
        while left > 0 {
            let Some(wanted) = self.keeper.wanted() else { break };
            (did_something, left) = (true, left - 1);
            match wanted {
                Wanted::Fork { worker, .. } if fails => {
                    assert!(self.keeper.fork_failed(worker, nix::errno::Errno::EAGAIN as i32));
                    self.workers.not_forked();
                }
                Wanted::Fork { worker, channel, clerk } => {
                    assert!(!clerk, "nobody has asked for metrics");
                    assert!(self.keeper.forked(worker, i32::try_from(worker).unwrap_or(1)));
                    self.workers.forked(worker, channel);
                }
                Wanted::Kill { worker, .. } => {
                    if self.workers.killed(worker) {
                        self.ended(worker, Ended::Killed(libc::SIGKILL));
                    }
                }
                Wanted::Connect => panic!("there is no system log"),
            }
        }
        did_something
    }

    fn ended(&mut self, worker: u64, how: Ended) {
        assert!(self.keeper.ended(worker, how));
    }

    /// Everybody does from now on what is wanted, so that nothing stays under way.
    fn come_to_rest(&mut self) {
        for _ in 0..MAX_LOOKS {
            self.settle();
            let kept = self.keep(None, false);
            let leaving = self.workers.work_honestly();
            let worked = !leaving.is_empty();
            for (worker, how) in leaving {
                self.ended(worker, how);
            }
            if kept || worked || self.workers.have_worked() || self.front.closes_all() {
                continue;
            }
            let load = self.supervisor.load();
            // The supervisor's last worker stays.
            let under_way = self.front.unanswered() + load.held + load.sessions + load.questions;
            if under_way == 0 && load.workers <= 1 {
                assert_eq!((load.waiting, load.running), (0, 0), "{load:?}");
                assert_eq!(self.workers.processes(), load.workers, "a worker is lost");
                return;
            }
            let next = self.supervisor.next_event(self.now);
            let next =
                next.unwrap_or_else(|| panic!("it waits for nothing: {load:?}, {}", self.front.shown()));
            self.now = next.max(self.now);
        }
        panic!("no end: {:?}, {}", self.supervisor.load(), self.front.shown());
    }
}

/// Plugin lines, each with bounds that are soon reached.
fn configurations() -> &'static [Settings] {
    static ALL: OnceLock<Vec<Settings>> = OnceLock::new();
    ALL.get_or_init(|| {
        let lines: [&[&str]; 4] = [
            &[
                "max-workers=2",
                "max-pending=3",
                "challenge=yes",
                "max-suspended=2",
                "session=yes",
                "max-sessions=2",
                "client-options=/",
                "login",
            ],
            &[
                "max-workers=4",
                "max-pending=2",
                "challenge=yes",
                "open-urls=yes",
                "penalties=no",
                "refusal-time=0",
                "login",
            ],
            &[
                "max-workers=1",
                "max-pending=1",
                "session=yes",
                "max-sessions=3",
                "max-sessions-per-user=1",
                "reasons=all",
                "challenge=yes",
                "change-expired=yes",
                "login",
            ],
            &["max-workers=3", "max-pending=8", "timeout=5", "refusal-time=3000", "login"],
        ];
        let made = lines.map(|line| Config::parse(line.iter().map(|word| word.as_bytes())).map(settings));
        made.into_iter().map(|made| made.expect("the lines are right")).collect()
    })
}

/// Numbers that are the same each time, so that an input does the same each time.
fn random() -> File {
    static FILE: OnceLock<File> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("auth-pam-fuzz-{}", std::process::id()));
        let mut file = File::create_new(&path).expect("a file for random numbers");
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut numbers = Vec::new();
        while numbers.len() < 1 << 17 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            numbers.extend(state.to_ne_bytes());
        }
        file.write_all(&numbers).expect("room for random numbers");
        let opened = File::open(&path).expect("the file that was made");
        std::fs::remove_file(&path).expect("the file that was made");
        opened
    });
    // Opened anew, so that it is read from its beginning.
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd())).expect("an open file of our own")
}
