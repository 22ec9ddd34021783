//! How many sessions wait for PAM: the count of the table is that of its sessions, whatever becomes of them.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::protocol::session::{Assigned, CloseReason, Usage};
use crate::supervisor::attempt;
use crate::supervisor::sessions::session::AccountCheck;

/// What may happen to a session.
#[derive(Debug, Clone, Copy)]
enum Step {
    LetIn,
    Open,
    Opened,
    Close,
    Check,
    Checked,
    LateChecks,
    Cancel,
    Remove,
}

const STEPS: [Step; 9] = [
    Step::LetIn,
    Step::Open,
    Step::Opened,
    Step::Close,
    Step::Check,
    Step::Checked,
    Step::LateChecks,
    Step::Cancel,
    Step::Remove,
];

struct Run {
    table: Sessions,
    now: Instant,
}

impl Run {
    fn new(most: usize) -> Self {
        let now = Instant::now();
        Run { table: Sessions::new(Bounds { most, most_of_user: None }), now }
    }

    fn opening(&self) -> SessionStage {
        let assigned = Assigned::default();
        SessionStage::Opening { request: 7, assigned, since: self.now, until: None, gone: None }
    }

    fn closing(&self) -> SessionStage {
        SessionStage::Closing {
            usage: Usage::unknown(CloseReason::Disconnected),
            since: self.now,
            until: None,
        }
    }

    fn step(&mut self, attempt: u64, step: Step) {
        let (now, worker) = (self.now, 100 + attempt);
        let stage = match step {
            Step::Open => Some(self.opening()),
            Step::Opened => Some(SessionStage::Open { since: now }),
            Step::Close => Some(self.closing()),
            _ => None,
        };
        match step {
            Step::LetIn if self.table.in_worker(worker).is_none() => {
                let until = now + Duration::from_secs(1);
                drop(self.table.let_in(tests::session(attempt, "alice", SessionStage::LetIn { until })));
            }
            Step::LetIn => {}
            Step::Open | Step::Opened | Step::Close => {
                self.table.change(worker, |session| session.stage = stage.unwrap());
            }
            Step::Check => {
                let mut one = attempt::tests::attempt(attempt, "alice", "192.0.2.7");
                one.deadline = Some(now);
                let check = AccountCheck { attempt: Some(Box::new(one)) };
                self.table.change(worker, |session| session.check = Some(check));
            }
            Step::Checked => drop(self.table.change(worker, |session| session.check.take())),
            Step::LateChecks => drop(self.table.late_checks(now)),
            Step::Cancel => drop(self.table.cancel(attempt)),
            Step::Remove => drop(self.table.remove(worker)),
        }
        self.is_right();
    }

    /// None is forgotten, and none is counted that does not wait any more.
    fn is_right(&self) {
        let waiting = self.table.all().iter().filter(|session| session.in_pam().is_some()).count();
        assert_eq!(self.table.in_pam, waiting);
        assert_eq!(self.table.any_in_pam(), waiting > 0);
    }
}

/// Whether it waits after each of these steps of one session.
fn waits(steps: &[(Step, bool)]) {
    let mut run = Run::new(9);
    for (at, (step, waits)) in steps.iter().enumerate() {
        run.step(1, *step);
        assert_eq!(run.table.any_in_pam(), *waits, "{step:?}, step {at} of {steps:?}");
    }
}

#[test]
fn it_is_right_after_each_way_a_session_ends() {
    use Step::*;
    // Never connected: given up, late or revoked.
    waits(&[(LetIn, false), (Remove, false)]);
    waits(&[(LetIn, false), (Cancel, false), (Open, false)]);
    // Refused, or its worker has ended, while it is opened.
    waits(&[(LetIn, false), (Open, true), (Remove, false)]);
    waits(&[(LetIn, false), (Open, true), (Cancel, true), (Remove, false)]);
    // Closed, or lost when it is open or being closed. Nobody waits for its end.
    waits(&[(LetIn, false), (Open, true), (Opened, false), (Close, false), (Remove, false)]);
    waits(&[(LetIn, false), (Open, true), (Opened, false), (Remove, false)]);
    // Its account is looked at: answered, late, and with the session gone meanwhile.
    waits(&[(LetIn, false), (Opened, false), (Check, true), (Checked, false), (Remove, false)]);
    waits(&[(LetIn, false), (Opened, false), (Check, true), (LateChecks, false), (Remove, false)]);
    waits(&[(LetIn, false), (Opened, false), (Check, true), (Close, true), (Remove, false)]);
    waits(&[(LetIn, false), (Opened, false), (Check, true), (Remove, false)]);
}

/// Another one is let in, and the newest of those that wait for their client goes.
#[test]
fn it_is_right_when_one_gives_its_place() {
    let mut run = Run::new(1);
    run.step(1, Step::LetIn);
    run.step(2, Step::LetIn);
    assert_eq!(run.table.all().len(), 1);
    run.step(1, Step::Open);
    run.step(3, Step::LetIn);
    assert!(run.table.any_in_pam());
}

proptest! {
    #[test]
    fn it_is_right_whatever_happens(steps in proptest::collection::vec((0..4u64, 0..STEPS.len()), 0..60)) {
        let mut run = Run::new(3);
        for (attempt, step) in steps {
            run.step(attempt, STEPS[step]);
        }
    }
}
