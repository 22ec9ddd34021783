//! Who may find out whether the backend is back, and what a client can tell by that.

use super::*;

/// While the backend is away, an attempt that PAM is not asked about is no probe: otherwise nobody would find out that it is
/// back.
#[test]
fn who_finds_no_room_is_no_probe() {
    let mut scene = Scene::with_backend_away();
    scene.wait_until(REFUSAL_TIME * 4 + PROBE);
    // Answers to questions that nobody has asked.
    (0..MAX_UNANSWERED).for_each(|_| _ = scene.sends("user0", CredentialsKind::Answer(None), Duration::ZERO));
    assert!(!scene.takes("user0") && !scene.takes("user0"));
    assert!(!scene.finds_backend_away("user1"), "the next probe");
}

/// The same if PAM asks: nobody knows whether the backend is back.
#[test]
fn who_is_asked_is_no_probe() {
    let mut scene = Scene::with_backend_away();
    scene.wait_until(REFUSAL_TIME * 4 + PROBE);
    // One as a user whom PAM has accepted before, one as anybody.
    let _ = [(); 2].map(|()| scene.logs_in("user0"));
    scene.pam_asks_all();
    scene.wait_until(REFUSAL_TIME * 5 + PROBE - MOMENT);
    assert!(scene.finds_backend_away("user1"), "both turns are taken");
    scene.wait_until(REFUSAL_TIME * 5 + PROBE);
    assert!(!scene.finds_backend_away("user1"));
    scene.pam_refuses_all();
    assert!(!scene.finds_backend_away("user2"), "it is back");
}

/// The same if the client leaves before PAM is asked.
#[test]
fn who_leaves_the_queue_is_no_probe() {
    let mut scene = Scene::with_backend_away();
    scene.wait_until(REFUSAL_TIME * 4 + PROBE);
    // No more of one username run at a time.
    let _ = [(); 2].map(|()| scene.logs_in("user0"));
    scene.wait_until(REFUSAL_TIME * 4 + PROBE * 2);
    let waits = scene.logs_in("user0");
    assert!(scene.finds_backend_away("user1"), "the turn is taken");
    scene.send(Request::Cancel { id: waits });
    scene.wait_until(REFUSAL_TIME * 5 + PROBE * 2);
    assert!(!scene.finds_backend_away("user1"));
}

/// As long as nobody could be refused, whether another one is passed on does not tell when PAM has asked.
#[test]
fn the_turn_of_the_next_probe_does_not_tell_when_pam_has_asked() {
    let (start, looks) = (REFUSAL_TIME * 4 + PROBE, Duration::from_millis(300));
    for milliseconds in [30, 600] {
        let mut scene = Scene::with_backend_away();
        scene.wait_until(start);
        let _ = [(); 2].map(|()| scene.logs_in("user0"));
        let mut steps = [(Duration::from_millis(milliseconds), true), (looks, false)];
        steps.sort_unstable();
        for (time, asks) in steps {
            scene.wait_until(start + time);
            if asks {
                scene.pam_asks_all();
            } else {
                assert!(scene.finds_backend_away("user1"), "PAM asks after {milliseconds} ms");
            }
        }
        scene.wait_until(start + REFUSAL_TIME);
        assert!(!scene.finds_backend_away("user1"), "PAM has asked after {milliseconds} ms");
    }
}
