//! What one source can use up while it answers the questions it has collected.

use super::*;

const OTHERS: [&str; 3] = ["198.51.100.7", "198.51.100.8", "198.51.100.9"];

impl Scene {
    fn running(&self) -> usize {
        self.workers.values().filter(|worker| worker.runs.is_some()).count()
    }

    /// As many questions as may wait for a moment, half of them old.
    fn collects_questions(&mut self, half: usize) -> Vec<(String, u64)> {
        let mut asked = Vec::new();
        for user in 0..2 * half {
            if user == half {
                self.wait_until(REFUSAL_TIME * 2);
            }
            let name = format!("made up {user}");
            let attempt = self.logs_in(&name);
            self.pam_asks_all();
            asked.push((name, attempt));
        }
        asked
    }

    fn answers(&mut self, asked: &[(String, u64)]) {
        for (name, attempt) in asked {
            let question = self.question_of(*attempt);
            self.sends(name, CredentialsKind::Answer(Some(question)), Duration::ZERO);
        }
    }

    fn others_log_in(&mut self) -> [u64; 3] {
        OTHERS.map(|address| {
            self.address = address;
            self.logs_in(address)
        })
    }
}

/// However many questions one source answers at once, others find workers, and may be asked as well.
#[test]
fn the_answers_of_one_source_leave_the_workers_to_the_others() {
    let words = ["challenge=yes", "max-suspended=4", "max-workers=6", "penalties=no", "login"];
    let mut scene = Scene::new(&words);
    let asked = scene.collects_questions(4);
    scene.answers(&asked);
    assert_eq!(scene.running(), 8);
    let others = scene.others_log_in();
    scene.wait_until(REFUSAL_TIME * 4);
    assert_eq!(scene.running(), 8 + 3, "the others run");
    // PAM is slow with the answers.
    scene.pam_asks_about(&OTHERS);
    scene.wait_until(REFUSAL_TIME * 8);
    for attempt in others {
        let _ = scene.question_of(attempt);
        assert_eq!(scene.refused_at(attempt), None);
    }
}

/// Each transaction that has asked has a process: those beyond twice `max-suspended` are among `max-workers`, whether they
/// wait or have been answered.
#[test]
fn answered_and_waiting_questions_together_have_a_bound() {
    let (suspended, workers) = (2, 3);
    let words = ["challenge=yes", "max-suspended=2", "max-workers=3", "penalties=no", "login"];
    let mut scene = Scene::new(&words);
    let asked = scene.collects_questions(suspended);
    scene.answers(&asked);
    let mut most = 0;
    for round in 0..4 {
        scene.others_log_in();
        scene.wait_until(REFUSAL_TIME * (4 + round));
        most = most.max(scene.workers.len());
        scene.pam_asks_about(&OTHERS);
        most = most.max(scene.workers.len());
        assert!(most <= workers + 2 * suspended, "{most}");
    }
    assert_eq!(most, workers + 2 * suspended, "as many as may be");
    assert!(scene.running() >= asked.len(), "the answers still run");
    // When the answers are through, everybody finds a worker again.
    scene.pam_refuses_all();
    scene.wait_until(REFUSAL_TIME * 12);
    let others = scene.others_log_in();
    scene.wait_until(REFUSAL_TIME * 13);
    scene.pam_asks_about(&OTHERS);
    others.into_iter().for_each(|attempt| _ = scene.question_of(attempt));
}
