//! What the supervisor believes of a worker, and which of the dead it still counts. The workers are no forked ones: the
//! test speaks for them.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::time::Duration;

use secret::Secret;

use super::*;
use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(20);

/// A crew of one worker, its end of the channel, and the process that is killed for it.
struct Scene {
    crew: Crew,
    events: Events,
    worker: Channel<Report, Job>,
    process: Child,
}

impl Scene {
    fn new() -> Self {
        let settings = Settings {
            config: Config::parse([&b"login"[..]]).unwrap(),
            daemon: false,
            log_redirected: false,
            debug: false,
            max_workers: 1,
        };
        let events = Events::new().unwrap();
        let mut crew = Crew::new(&settings, &events, (1024, 1024)).unwrap();
        let (channel, worker) = privsep::pair::<Job, Report>().unwrap();
        let process = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let pid = Pid::from_raw(process.id().try_into().unwrap());
        crew.workers.insert(1, Worker { pid, channel, nonce: 0, notes: Vec::new(), mistrusted: false });
        Scene { crew, events, worker, process }
    }

    /// Gives the worker a login; its number.
    fn give(&mut self) -> u64 {
        let empty = || Secret::copy_of(b"");
        let login = Login {
            username: b"u".to_vec(),
            password: empty(),
            response: empty(),
            common_name: Vec::new(),
            address: Vec::new(),
        };
        assert!(self.crew.give(1, login).is_ok());
        self.worker.receive(Some(PATIENCE)).unwrap().unwrap().message.nonce
    }

    fn report(&mut self, nonce: u64, news: News) {
        self.worker.send(&Report { nonce, news }, &[], PATIENCE).unwrap();
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn success() -> News {
    News::Done { code: 0, words: b"Success".to_vec(), leaving: false }
}

#[test]
fn a_report_counts_once_and_only_with_the_number_of_the_login() {
    let mut scene = Scene::new();
    let nonce = scene.give();
    assert_ne!(nonce, 0);
    scene.report(nonce, News::Note(b"a note".to_vec()));
    scene.report(nonce, success());
    scene.report(nonce, success());
    let done = scene.crew.next_report(1).unwrap().unwrap();
    assert_eq!((done.code, done.notes), (0, vec![b"a note".to_vec()]));
    assert!(scene.crew.next_report(1).is_err(), "the same success twice");
    let next = scene.give();
    assert_ne!(next, nonce);
    for wrong in [nonce, 0, next.wrapping_add(1)] {
        scene.report(wrong, success());
        assert!(scene.crew.next_report(1).is_err(), "{wrong} instead of {next}");
    }
    scene.report(next, success());
    assert!(scene.crew.next_report(1).unwrap().is_some());
}

#[test]
fn zero_is_no_number_while_there_is_no_login() {
    let mut scene = Scene::new();
    scene.report(0, success());
    assert!(scene.crew.next_report(1).is_err());
}

#[test]
fn notes_are_bounded() {
    let mut scene = Scene::new();
    let nonce = scene.give();
    for _ in 0..MAX_NOTES {
        scene.report(nonce, News::Note(b"x".to_vec()));
        assert!(matches!(scene.crew.next_report(1), Ok(None)));
    }
    scene.report(nonce, News::Note(b"x".to_vec()));
    assert!(matches!(scene.crew.next_report(1), Err(ChannelError::TooMuch)));
    assert_eq!(scene.crew.forget(1).len(), MAX_NOTES);
}

#[test]
fn after_rubbish_nothing_counts_that_a_worker_has_sent_besides() {
    let mut scene = Scene::new();
    let nonce = scene.give();
    scene.report(nonce.wrapping_add(1), success());
    scene.report(nonce, success());
    let error = scene.crew.next_report(1).err().unwrap();
    scene.crew.hung_up(1, &scene.events, &error);
    assert!(scene.crew.next_report(1).is_err(), "the honest-looking success behind it was taken");
    assert!(!scene.process.wait().unwrap().success(), "not killed");
}

#[test]
fn the_last_words_of_a_worker_that_is_gone_count() {
    let mut scene = Scene::new();
    let nonce = scene.give();
    scene.report(nonce, success());
    scene.crew.hung_up(1, &scene.events, &ChannelError::Closed);
    assert!(scene.crew.next_report(1).unwrap().is_some());
}

#[test]
fn the_killed_and_the_dismissed_count_until_they_are_reaped() {
    for end in [|crew: &mut Crew| drop(crew.kill(1)), |crew: &mut Crew| crew.dismiss(1)] {
        let mut scene = Scene::new();
        let pid = scene.crew.workers[&1].pid;
        end(&mut scene.crew);
        assert_eq!((scene.crew.len(), scene.crew.lingering()), (0, 1));
        assert_eq!(scene.crew.reaped(pid), None);
        assert_eq!(scene.crew.lingering(), 0);
    }
}
