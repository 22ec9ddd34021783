//! Questions that end because of others, or because their time is over: the same whenever PAM has asked.

use super::*;

impl Scene {
    /// PAM asks about the last attempt only: the youngest worker has it.
    fn pam_asks_about_the_last(&mut self) {
        let worker = self.workers.values_mut().next_back().unwrap();
        let nonce = worker.runs.take().unwrap();
        worker.channel.try_send(&Report { nonce, news: question() }, &[]).unwrap();
        self.settle();
    }
}

/// With the third question there is one too many, unless the second one is answered before the third attempt could be
/// refused.
#[test]
fn an_answer_does_not_tell_whether_pam_has_asked_about_another_attempt() {
    let (start, answered) = (REFUSAL_TIME * 2, Duration::from_millis(100));
    for (users, most) in [(["alice"; 3], "max-suspended=64"), (["alice", "bob", "carol"], "max-suspended=2")]
    {
        for milliseconds in [30, 150, 1200] {
            let mut scene = Scene::new(&["challenge=yes", most, "login"]);
            let [first, second] = [users[0], users[1]].map(|user| {
                let attempt = scene.logs_in(user);
                scene.pam_asks_all();
                attempt
            });
            let question = scene.question_of(second);
            scene.wait_until(start);
            let third = scene.logs_in(users[2]);
            let mut steps = [(Duration::from_millis(milliseconds), true), (answered, false)];
            steps.sort_unstable();
            for (time, asks) in steps {
                scene.wait_until(start + time);
                if asks {
                    scene.pam_asks_about_the_last();
                } else {
                    scene.sends(users[1], CredentialsKind::Answer(Some(question)), Duration::ZERO);
                }
            }
            scene.wait_until(REFUSAL_TIME * 4);
            let _ = scene.question_of(third);
            assert_eq!(scene.refused_at(first), None, "{users:?}: PAM asks after {milliseconds} ms");
        }
    }
}

/// Where a client is asked before PAM asks, nothing else tells that time.
#[test]
fn a_question_that_gives_way_does_not_tell_when_pam_has_asked() {
    for (delay, least) in [(Duration::ZERO, 1000), (Duration::from_secs(3), 3000)] {
        for milliseconds in [30, 300, 900, least - 100] {
            let mut scene = Scene::new(&["challenge=Your code:", "login"]);
            scene.logs_in("bob");
            let end = || TransactionEnd { code: 7, delay, ..TransactionEnd::not_begun() };
            scene.workers_say(|| WorkerNews::End(end()));
            let first = scene.logs_in("alice");
            scene.pam_asks_all();
            scene.logs_in("alice");
            scene.pam_asks_all();
            let start = REFUSAL_TIME * 5;
            scene.wait_until(start);
            scene.logs_in("alice");
            scene.wait_until(start + Duration::from_millis(milliseconds));
            scene.pam_asks_all();
            scene.wait_until(start * 2);
            let expected = start + Duration::from_millis(least);
            assert_eq!(scene.refused_at(first), Some(expected), "PAM asks after {milliseconds} ms");
        }
    }
}

/// PAM may ask long after a refusal could have come: then others have asked meanwhile, and their questions are older.
#[test]
fn a_question_that_is_asked_late_is_not_the_oldest() {
    let mut scene = Scene::new(&["challenge=yes", "max-suspended=4", "max-workers=8", "login"]);
    let late = scene.logs_in("alice");
    scene.wait_until(MOMENT);
    let users = ["bob", "carol", "dave", "erin"];
    let others = users.map(|user| scene.logs_in(user));
    // Workers are started.
    scene.wait_until(REFUSAL_TIME / 2);
    scene.pam_asks_about(&users);
    scene.wait_until(REFUSAL_TIME * 5);
    scene.pam_asks_all();
    scene.wait_until(REFUSAL_TIME * 5 + MOMENT);
    let _ = scene.question_of(late);
    assert_eq!(scene.refused_at(late), None);
    assert_eq!(scene.refused_at(others[0]), Some(REFUSAL_TIME * 5), "the first of the others gives way");
}

/// A client that waits with its question, and does not answer, is refused then.
#[test]
fn the_end_of_a_question_does_not_tell_when_pam_has_asked() {
    let ends = [30, 900].map(|milliseconds| {
        let mut scene = Scene::new(&["challenge=Your code:", "challenge-timeout=60", "login"]);
        let attempt = scene.logs_in("alice");
        scene.wait_until(Duration::from_millis(milliseconds));
        scene.pam_asks_all();
        scene.wait_until(Duration::from_secs(70));
        scene.refused_at(attempt).unwrap()
    });
    assert_eq!(ends[0], ends[1], "PAM asks after 30 ms, after 900 ms");
}

/// Also if the question ends in the turn of the supervisor in which PAM asks.
#[test]
fn nobody_is_refused_before_being_asked() {
    let late = REFUSAL_TIME * 2;
    let expect_order = |scene: &Scene, attempt: u64| {
        let order = &scene.verdicts[&attempt];
        assert!(matches!(order[..], [(_, Verdict::Asked(_)), (_, Verdict::Rejected)]), "{order:?}");
    };
    // There are too many that count, and then too many of all. At last, a worker asks at its end.
    for (count, time) in [(2, late), (3, Duration::ZERO)] {
        let mut scene = Scene::new(&["challenge=yes", "max-suspended=1", "login"]);
        let users = ["alice", "bob", "carol"].into_iter().take(count);
        let attempts: Vec<u64> = users.map(|user| scene.logs_in(user)).collect();
        scene.wait_until(time);
        scene.pam_asks_all();
        scene.wait_until(late);
        expect_order(&scene, attempts[0]);
    }
    let mut scene = Scene::new(&["challenge=yes", "login"]);
    let attempt = scene.logs_in("alice");
    let (id, worker) = scene.workers.iter_mut().find(|(_, worker)| worker.runs.is_some()).unwrap();
    let (id, nonce) = (*id, worker.runs.unwrap());
    worker.channel.try_send(&Report { nonce, news: question() }, &[]).unwrap();
    scene.workers.remove(&id);
    assert!(scene.keeper.ended(id, privsep::Ended::Killed(11)));
    scene.settle();
    expect_order(&scene, attempt);
}
