//! What the supervisor believes of a worker, and which of the dead it still counts. Nothing is forked: the test speaks for
//! the worker and for the keeper.

use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use privsep::ChannelError;
use secret::Secret;

use super::super::attempt::tests::attempt;
use super::reports::MAX_NOTES;
use super::*;
use crate::config::Config;
use crate::protocol::question::MAX_QUESTIONS;
use crate::protocol::{Credentials, StepResult, TransactionEnd, WorkerNews};
use crate::settings::tests::settings;

const PATIENCE: Duration = Duration::from_secs(20);
const ID: WorkerId = 1;

/// One worker, its end of the channel, and what the keeper hears.
struct Stage {
    workers: Workers,
    worker: Channel<Report, Order>,
    keeper: OwnedFd,
    events: Events,
}

impl Stage {
    fn new() -> Self {
        let config = Config::parse([&b"login"[..]]).unwrap();
        let settings = Settings { max_workers: 1, ..settings(config) };
        let (link, keeper) = privsep::channel::sockets().unwrap();
        let (_, parent_death_pipe) = nix::unistd::pipe().unwrap();
        let random = File::open("/dev/urandom").unwrap();
        let mut workers =
            Workers::new(&settings, 2, KeeperLink::from_socket(link), parent_death_pipe, random);
        let (channel, worker) = privsep::pair::<Order, Report>().unwrap();
        workers.last_id = ID;
        workers.insert(ID, channel, Instant::now(), WorkerState::Starting);
        Stage { workers, worker, keeper, events: Events::new().unwrap() }
    }

    /// The next thing that the keeper is to do.
    fn counts(&self) -> Option<Vec<u8>> {
        let mut packet = [0; 64];
        let length = recv(self.keeper.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT).ok()?;
        Some(packet[..length].to_vec())
    }

    /// The keeper is to kill the worker, and nothing else.
    fn is_killed(&self, with_group: bool) -> bool {
        let kill = [&[2][..], &ID.to_le_bytes(), &[u8::from(with_group)]].concat();
        self.counts() == Some(kill) && self.counts().is_none()
    }

    fn ready() -> Self {
        let mut stage = Self::new();
        stage.report(0, WorkerNews::Ready);
        assert!(matches!(stage.hear(), Ok(Some(HeardFromWorker::Ready))));
        stage
    }

    /// Gives the worker an attempt; the number of the transaction.
    fn begin(&mut self) -> u64 {
        assert!(self.workers.begin(Instant::now(), ID, attempt(7, "u", "")).is_ok());
        match self.order() {
            Order::Begin(begin) => begin.nonce,
            order => panic!("{order:?}"),
        }
    }

    fn order(&mut self) -> Order {
        self.worker.receive(Some(PATIENCE)).unwrap().unwrap().message
    }

    /// The worker has a question, and its attempt is over.
    fn asks(&mut self, nonce: u64) {
        self.report(
            nonce,
            WorkerNews::Question { echo: false, page: false, private: true, text: b"Code:".to_vec() },
        );
        assert!(matches!(self.hear(), Ok(Some(HeardFromWorker::Asked(attempt, asks)))
                if attempt.id == 7 && asks == NewQuestion { echo: false, page: false, private: true, text: b"Code:".to_vec() }));
    }

    fn resume(&mut self) -> Result<(), NotBegun> {
        let credentials = Credentials { password: Secret::copy_of(b"123456"), response: None };
        let mut attempt = attempt(7, "u", "");
        attempt.credentials = credentials.seal().ok();
        self.workers.resume(Instant::now(), ID, attempt)
    }

    fn report(&mut self, nonce: u64, news: WorkerNews) {
        self.worker.send(&Report { nonce, news }, &[], PATIENCE).unwrap();
    }

    fn hear(&mut self) -> Result<Option<HeardFromWorker>, ChannelError> {
        self.workers.hear(Instant::now(), ID)
    }

    fn looked_at_itself(&mut self, nonce: u64) {
        self.report(nonce, WorkerNews::Ready);
        assert!(matches!(self.hear(), Ok(Some(HeardFromWorker::Ready))));
    }

    fn hears_an_end(&mut self) -> bool {
        matches!(self.hear(), Ok(Some(HeardFromWorker::Ended(attempt, _))) if attempt.id == 7)
    }
}

fn success() -> WorkerNews {
    WorkerNews::End(TransactionEnd {
        code: 0,
        authenticating: false,
        text: b"Success".to_vec(),
        ..TransactionEnd::not_begun()
    })
}

#[test]
fn a_worker_gets_nothing_before_it_is_ready() {
    let mut stage = Stage::new();
    assert_eq!((stage.workers.idle(), stage.workers.free()), (None, 1));
    stage.report(0, WorkerNews::Ready);
    assert!(matches!(stage.hear(), Ok(Some(HeardFromWorker::Ready))));
    assert_eq!(stage.workers.idle(), Some(ID));
    stage.begin();
    assert_eq!((stage.workers.idle(), stage.workers.free()), (None, 0));
    assert_eq!((stage.workers.alive(), stage.workers.processes()), (1, 1));
}

#[test]
fn a_report_counts_once_and_only_with_the_number_of_the_transaction() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    stage.report(nonce, WorkerNews::Note(b"a note".to_vec()));
    stage.report(nonce, success());
    stage.report(nonce, success());
    assert!(matches!(stage.hear(), Ok(Some(HeardFromWorker::Note(_, note, _))) if note == b"a note"));
    assert!(stage.hears_an_end());
    assert!(stage.hear().is_err(), "the same success twice");
    stage.looked_at_itself(nonce);
    let next = stage.begin();
    assert_ne!(next, nonce);
    for wrong in [nonce, 0, next.wrapping_add(1)] {
        stage.report(wrong, success());
        assert!(stage.hear().is_err(), "{wrong} instead of {next}");
    }
    stage.report(next, success());
    assert!(stage.hears_an_end());
}

#[test]
fn nobody_speaks_without_a_transaction() {
    for news in [success(), WorkerNews::Note(b"x".to_vec()), WorkerNews::Ready] {
        let mut stage = Stage::ready();
        stage.report(0, news);
        assert!(stage.hear().is_err());
    }
    let mut stage = Stage::new();
    stage.report(0, success());
    assert!(stage.hear().is_err());
}

#[test]
fn a_worker_that_waits_for_an_answer_counts_nowhere_and_goes_on_with_it() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    for _ in 0..2 {
        stage.asks(nonce);
        let workers = &stage.workers;
        assert_eq!((workers.processes(), workers.alive(), workers.running(), workers.free()), (0, 0, 0, 0));
        assert_eq!((workers.next_event(), workers.idle()), (None, None), "nothing is waited for");
        assert!(stage.resume().is_ok());
        assert!(matches!(stage.order(), Order::Answer { nonce: own, session: false, credentials }
            if own == nonce && Credentials::unseal(&credentials).unwrap().password.expose() == b"123456"));
        // Apart from the others still, for it takes no other attempt.
        let workers = &stage.workers;
        assert_eq!((workers.processes(), workers.alive(), workers.running(), workers.free()), (0, 0, 1, 0));
    }
    stage.report(nonce, success());
    assert!(stage.hears_an_end());
    assert_eq!(stage.workers.processes(), 1, "until it has ended");
    // It has to leave, and gets nothing any more.
    assert!(matches!(stage.worker.receive(Some(PATIENCE)), Err(ChannelError::Closed)));
    assert_eq!((stage.workers.idle(), stage.workers.free(), stage.workers.alive()), (None, 0, 0));
}

/// Each of those that have asked has a process, whether it waits or goes on.
#[test]
fn beyond_their_bound_those_that_have_asked_count_as_workers() {
    let mut stage = Stage::ready();
    stage.workers.most_asked = 0;
    let nonce = stage.begin();
    for _ in 0..2 {
        stage.asks(nonce);
        assert_eq!((stage.workers.processes(), stage.workers.running()), (1, 0));
        assert!(stage.resume().is_ok());
        assert_eq!((stage.workers.processes(), stage.workers.running()), (1, 1));
    }
}

#[test]
fn a_worker_that_waits_for_an_answer_has_nothing_to_say() {
    for news in [
        success(),
        WorkerNews::Note(b"x".to_vec()),
        WorkerNews::Ready,
        WorkerNews::Question { echo: true, page: false, private: false, text: vec![] },
    ] {
        let mut stage = Stage::ready();
        let nonce = stage.begin();
        stage.asks(nonce);
        stage.report(nonce, news);
        assert!(stage.resume().is_err());
        assert!(stage.is_killed(false));
    }
}

#[test]
fn questions_are_bounded() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    for _ in 0..MAX_QUESTIONS {
        stage.asks(nonce);
        assert!(stage.resume().is_ok());
    }
    stage.report(nonce, WorkerNews::Question { echo: false, page: false, private: false, text: vec![] });
    assert!(matches!(stage.hear(), Err(ChannelError::TooMuch)));
}

#[test]
fn a_question_that_is_given_up_is_an_end_of_the_channel_and_no_signal() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    stage.asks(nonce);
    stage.workers.kill_all(Instant::now());
    assert!(matches!(stage.worker.receive(Some(PATIENCE)), Err(ChannelError::Closed)));
    assert_eq!(stage.counts(), None, "it is killed");
    assert_eq!(stage.workers.processes(), 1, "nobody waits for its end");
    // One that runs is, also if it was answered.
    for answered in [false, true] {
        let mut stage = Stage::ready();
        let nonce = stage.begin();
        if answered {
            stage.asks(nonce);
            assert!(stage.resume().is_ok());
        }
        stage.workers.kill_all(Instant::now());
        assert!(stage.is_killed(false), "{answered}");
        assert!(!stage.workers.is_empty(), "nobody waits for its end");
    }
}

#[test]
fn notes_are_bounded() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    for _ in 0..MAX_NOTES {
        stage.report(nonce, WorkerNews::Note(b"x".to_vec()));
        assert!(matches!(stage.hear(), Ok(Some(HeardFromWorker::Note(..)))));
    }
    stage.report(nonce, WorkerNews::Note(b"x".to_vec()));
    assert!(matches!(stage.hear(), Err(ChannelError::TooMuch)));
}

#[test]
fn after_rubbish_nothing_counts_that_a_worker_has_sent_besides() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    stage.report(nonce.wrapping_add(1), success());
    stage.report(nonce, success());
    let error = stage.hear().err().unwrap();
    stage.workers.hung_up(Instant::now(), &stage.events, ID, &error);
    assert!(matches!(stage.hear(), Ok(None)), "the honest-looking success behind it was taken");
    assert!(!stage.worker.wait_for_end(Duration::ZERO), "it could leave as if nothing had happened");
    assert!(stage.is_killed(false));
    let gone = stage.workers.remove(ID).unwrap();
    assert_eq!(
        (gone.attempt.map(|attempt| attempt.id), gone.why, gone.ready),
        (Some(7), EndReason::Distrusted, true)
    );
}

#[test]
fn an_attempt_that_cannot_begin_comes_back_whole() {
    let mut stage = Stage::ready();
    stage.report(9, success());
    let back = stage.workers.begin(Instant::now(), ID, attempt(7, "u", "")).unwrap_err();
    let NotBegun::WorkerGone(back) = back else { panic!("{back:?}") };
    assert!(back.credentials.is_some());
    assert_eq!((stage.workers.idle(), stage.workers.alive(), stage.workers.processes()), (None, 0, 1));
    assert!(stage.is_killed(false));
}

#[test]
fn the_killed_and_the_dismissed_count_until_they_have_ended() {
    let ends: [fn(&mut Workers); 2] =
        [|workers| drop(workers.kill(Instant::now(), ID)), |workers| workers.dismiss(Instant::now(), ID)];
    for end in ends {
        let mut stage = Stage::ready();
        end(&mut stage.workers);
        assert_eq!((stage.workers.alive(), stage.workers.processes()), (0, 1));
        let gone = stage.workers.remove(ID).unwrap();
        assert!(gone.attempt.is_none() && gone.why == EndReason::Told && gone.ready);
        assert_eq!(stage.workers.processes(), 0);
    }
}

#[test]
fn a_worker_that_leaves_or_is_old_gets_nothing_more() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    stage.report(nonce, success());
    stage.report(nonce, WorkerNews::Changed(b"its timers".to_vec()));
    assert!(stage.hears_an_end());
    assert!(matches!(stage.hear(), Ok(Some(HeardFromWorker::Changed(_, what))) if what == b"its timers"));
    assert_eq!((stage.workers.idle(), stage.workers.alive()), (None, 0));
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    stage.workers.table.get_mut(&ID).unwrap().served = MAX_SERVED - 1;
    stage.report(nonce, success());
    assert!(stage.hears_an_end());
    assert_eq!((stage.workers.idle(), stage.workers.alive()), (None, 0));
}

#[test]
fn the_last_idle_worker_stays_until_it_is_old() {
    let mut stage = Stage::ready();
    let now = Instant::now();
    stage.workers.retire(now + IDLE_TIME * 2);
    assert_eq!(stage.workers.idle(), Some(ID));
    stage.workers.retire(now + MAX_AGE * 2);
    assert_eq!((stage.workers.idle(), stage.workers.processes()), (None, 1));
}

#[test]
fn a_worker_gets_nothing_while_it_looks_at_itself() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    stage.report(nonce, success());
    assert!(stage.hears_an_end());
    assert_eq!((stage.workers.idle(), stage.workers.free(), stage.workers.running()), (None, 1, 0));
    stage.report(nonce.wrapping_add(1), WorkerNews::Ready);
    assert!(stage.hear().is_err(), "the number of another transaction");
    let now = Instant::now();
    assert_eq!(stage.workers.late(now + MAX_NOT_READY), [ID]);
    stage.looked_at_itself(nonce);
    assert_eq!((stage.workers.idle(), stage.workers.free()), (Some(ID), 1));
    stage.report(nonce, WorkerNews::Changed(vec![]));
    assert!(stage.hear().is_err(), "it was idle already");
}

/// One that a module has stopped takes for ever.
#[test]
fn a_worker_that_looks_at_itself_for_long_is_not_waited_for() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    stage.report(nonce, success());
    assert!(stage.hears_an_end());
    let event = stage.workers.next_event().unwrap();
    stage.workers.note_slow(event - Duration::from_millis(1));
    assert_eq!((stage.workers.free(), stage.workers.next_event()), (1, Some(event)));
    stage.workers.note_slow(event);
    assert_eq!((stage.workers.free(), stage.workers.processes()), (0, 1));
    // The same event does not come again.
    assert!(stage.workers.next_event().is_some_and(|next| next > event));
    stage.looked_at_itself(nonce);
    assert_eq!((stage.workers.idle(), stage.workers.free()), (Some(ID), 1));
}

/// It would count as free, and nobody would start another one.
#[test]
fn a_worker_that_hangs_while_it_starts_is_late() {
    let mut stage = Stage::new();
    let now = Instant::now();
    assert_eq!(stage.workers.late(now), []);
    assert!(stage.workers.next_event().is_some_and(|event| event <= now + MAX_NOT_READY));
    assert_eq!(stage.workers.late(now + MAX_NOT_READY), [ID]);
    assert!(stage.workers.kill(now, ID).is_none());
    assert_eq!((stage.workers.free(), stage.workers.processes()), (0, 1));
    assert_eq!(Stage::ready().workers.late(now + MAX_NOT_READY), []);
}

#[test]
fn one_that_does_not_leave_is_killed() {
    let mut stage = Stage::ready();
    let now = Instant::now();
    stage.workers.dismiss(now, ID);
    assert_eq!(stage.workers.next_event(), Some(now + GRACE));
    assert!(stage.counts().is_none());
    stage.workers.kill_late(now + GRACE);
    assert!(stage.is_killed(true));
    assert_eq!(stage.workers.next_event(), None);
}

/// The keeper may be slow, and its answer says how the fork went.
#[test]
fn a_fork_is_asked_for_and_counts_at_once() {
    let mut stage = Stage::ready();
    stage.workers.fork(Instant::now(), &stage.events).unwrap();
    let next = ID + 1;
    assert_eq!((stage.workers.free(), stage.workers.processes(), stage.workers.pid(next)), (2, 2, 0));
    assert_eq!(stage.counts(), Some([&[1][..], &next.to_le_bytes()].concat()));
    stage.workers.forked(next, Pid::from_raw(77));
    assert_eq!(stage.workers.pid(next), 77);
}

/// A descriptor that is no socket answers with an error that is neither an end nor a message.
#[test]
fn an_error_of_the_system_costs_one_attempt_and_its_worker() {
    let mut stage = Stage::ready();
    let (no_socket, _other_end) = nix::unistd::pipe().unwrap();
    stage.workers.table.get_mut(&ID).unwrap().channel = Some(Channel::from_socket(no_socket));
    assert!(matches!(stage.hear(), Err(ChannelError::System(Errno::ENOTSOCK))));
    let back = stage.workers.begin(Instant::now(), ID, attempt(7, "u", "")).unwrap_err();
    let NotBegun::Shortage(back, Errno::ENOTSOCK) = back else { panic!("{back:?}") };
    assert!(back.credentials.is_some());
    assert_eq!((stage.workers.idle(), stage.workers.alive()), (None, 0));
    assert!(stage.is_killed(false));
}

fn kept(code: u32) -> WorkerNews {
    let WorkerNews::End(end) = success() else { panic!("no end") };
    WorkerNews::End(TransactionEnd { code, kept: true, ..end })
}

#[test]
fn one_in_a_session_counts_by_itself_and_obeys_orders() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    stage.report(nonce, kept(0));
    assert!(
        matches!(stage.hear(), Ok(Some(HeardFromWorker::Kept(attempt, end))) if attempt.id == 7 && end.code == 0)
    );
    let workers = &stage.workers;
    assert_eq!((workers.processes(), workers.alive(), workers.free(), workers.running()), (0, 0, 0, 0));
    assert_eq!(workers.next_event(), None);
    let assigned = crate::protocol::session::Assigned::default();
    let reference = crate::protocol::attempt_origin::tests::origin("", 0).reference;
    stage.workers.order(Instant::now(), ID, |nonce| Order::Open { nonce, assigned, reference }).unwrap();
    assert!(matches!(stage.order(), Order::Open { nonce: own, .. } if own == nonce));
    let done = || StepResult { code: 0, text: b"Success".to_vec() };
    stage.report(nonce, WorkerNews::Opened(done()));
    assert!(matches!(stage.hear(), Ok(Some(HeardFromWorker::Opened(_)))));
    stage.report(nonce, WorkerNews::Note(b"x".to_vec()));
    assert!(matches!(stage.hear(), Ok(Some(HeardFromWorker::SessionNote(_)))));
    stage.report(nonce, WorkerNews::Closed(done()));
    assert!(matches!(stage.hear(), Ok(Some(HeardFromWorker::Closed(_)))));
    // Nothing but that.
    stage.report(nonce, success());
    assert!(stage.hear().is_err());
}

#[test]
fn who_is_refused_has_no_session() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    stage.report(nonce, kept(7));
    assert!(stage.hear().is_err());
}

#[test]
fn a_session_of_another_number_is_none() {
    let mut stage = Stage::ready();
    let nonce = stage.begin();
    stage.report(nonce, kept(0));
    assert!(stage.hear().is_ok());
    stage.report(nonce + 1, WorkerNews::Closed(StepResult { code: 0, text: vec![] }));
    assert!(stage.hear().is_err());
}
