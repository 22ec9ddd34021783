//! A password that has expired: the person chooses a new one, with pam_unix and pam_pwquality. The accounts are those of a
//! machine of the test's own, whose password file nobody else locks.

use harness::needs::Need;
use harness::requires;
use std::cell::Cell;
use std::time::Instant;

use harness::log::Mark;
use harness::question::QuestionKind;
use harness::{
    Machine, Outcome, PATIENCE, Person, PersonConfig, Server, ServerConfig, command, process_memory,
    side_by_side,
};
use nix::sys::signal::Signal;

const OLD: &str = "correct horse, long enough to leave something behind";
const NEW: &str = "battery staple, long enough to leave something behind";
const SHORT: &str = "staple";
/// What the client reads.
const REASON: &str = "your password has expired and has to be changed first (reference ";

const FIRST: &str = "You are required to change your password immediately (administrator enforced). \
    Changing password for alice. New password:";
const RETYPE: &str = "Retype new password:";
const AGAIN: &str = "Sorry, passwords do not match. Changing password for alice. New password:";
const TOO_SHORT: &str =
    "BAD PASSWORD: The password is shorter than 12 characters Changing password for alice. New password:";

const STACK: &str = "\
    auth required pam_unix.so nodelay\n\
    account required pam_unix.so\n\
    password requisite pam_pwquality.so retry=1 minlen=12 dictcheck=0\n\
    password required pam_unix.so use_authtok sha512\n";

struct Site {
    machine: Machine,
    server: Server,
}

impl Site {
    /// alice has to change her password; bob need not.
    fn new(options: &str, config: fn(ServerConfig<'static>) -> ServerConfig<'static>) -> Self {
        let machine = Machine::new();
        machine.write("/etc/pam.d/openvpn", STACK, 0o644);
        let hash = command::run("openssl", &["passwd", "-6", OLD]);
        let hash = String::from_utf8_lossy(&hash.stdout).trim().to_string();
        // Not by useradd: other tests may have locked the files that this machine has begun with.
        for (name, uid, changed) in [("alice", 4001, 0), ("bob", 4002, 20000)] {
            machine.run(&format!(
                "echo '{name}:x:{uid}:65534::/:/usr/sbin/nologin' >> /etc/passwd; \
                 echo '{name}:{hash}:{changed}:0:99999:7:::' >> /etc/shadow"
            ));
        }
        let words = format!("{options} openvpn");
        let server = config(ServerConfig::auth_pam_words(&words)).on(&machine).start();
        Self { machine, server }
    }

    /// Alice's line of the password file.
    fn line(&self) -> String {
        let output = self.machine.run("grep ^alice: /etc/shadow");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn alice(&self, answers: &[&str]) -> Person {
        // She could be asked in another way, in which OpenVPN logs what she answers.
        self.server.person("alice", OLD).announcing("crtext").answers(answers).start()
    }

    /// The old password is none any more, and the new one is.
    fn is_changed(&self) {
        self.server.client("alice", OLD).start().wait_refused();
        self.server.client("alice", NEW).start().wait_connected();
    }

    /// Everything is as it was.
    fn is_not_changed(&self, line: &str) {
        assert_eq!(self.line(), line);
        let alice = self.alice(&[]);
        assert_eq!(alice.question(0).text, FIRST);
    }
}

fn asked(person: &Person) -> Vec<String> {
    let questions = person.asked();
    assert!(questions.iter().all(|one| one.kind == QuestionKind::Dynamic && !one.shown && one.wants_answer));
    questions.into_iter().map(|one| one.text).collect()
}

/// Connected again and again, in both modes, without rights and in a chroot.
#[test]
fn is_changed_and_lets_in_everywhere() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let configs: [fn(ServerConfig<'static>) -> ServerConfig<'static>; 3] = [
        ServerConfig::dropped,
        |config| config.dropped().deferred(),
        |config| config.dropped().deferred().chroot(),
    ];
    for config in configs {
        let site = Site::new("change-expired=yes", config);
        // Whose password has not expired is not asked anything.
        site.server.client("bob", OLD).start().wait_connected();
        let mark = site.server.mark();
        let alice = site.alice(&[NEW, NEW]);
        alice.connects();
        assert_eq!(asked(&alice), [FIRST, RETYPE]);
        site.server.wait_for(mark, "user 'alice': the password had expired, and was changed");
        assert_eq!(
            site.server.log().count(mark, "failed to authenticate"),
            0,
            "{}",
            site.server.log().text()
        );
        site.is_changed();
    }
}

/// What the modules have against it stands before the next question.
#[test]
fn what_is_no_good_is_asked_again() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |deferred| {
        let site = Site::new("change-expired=yes", if deferred { ServerConfig::deferred } else { |it| it });
        let alice = site.alice(&[SHORT, NEW, OLD, NEW, NEW]);
        alice.connects();
        assert_eq!(asked(&alice), [FIRST, TOO_SHORT, RETYPE, AGAIN, RETYPE]);
        site.is_changed();
    });
}

#[test]
fn who_finds_none_in_five_tries_is_refused() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let site = Site::new("change-expired=yes", ServerConfig::deferred);
    let line = site.line();
    let alice = site.alice(&[SHORT; 6]);
    assert!(alice.refused().starts_with(REASON));
    assert_eq!(asked(&alice).len(), 5);
    let refused = site.server.wait_for(
        Mark::START,
        "user 'alice' failed to authenticate: Authentication token is no longer valid; new one required \
         (password expired, and it was not changed: ",
    );
    let said = "BAD PASSWORD: The password is shorter";
    assert!(refused.text.contains("; PAM says: ") && refused.text.contains(said), "{refused:?}");
    site.is_not_changed(&line);
}

/// Before the first answer, and between the two.
#[test]
fn who_leaves_keeps_the_old_one() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |deferred| {
        for answers in [&[][..], &[NEW]] {
            let config = if deferred { ServerConfig::deferred } else { |it| it };
            let site = Site::new("change-expired=yes challenge-timeout=4", config);
            let line = site.line();
            let mark = site.server.mark();
            let alice = site.alice(answers);
            alice.question(answers.len());
            drop(alice);
            site.server.wait_for(mark, "the question is given up: no answer came within 4 s");
            site.is_not_changed(&line);
        }
    });
}

#[test]
fn without_the_option_the_log_says_what_to_do() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    for options in ["", "challenge=yes"] {
        let site = Site::new(options, ServerConfig::deferred);
        let alice = site.alice(&[NEW, NEW]);
        assert!(alice.refused().starts_with(REASON));
        assert_eq!(asked(&alice).len(), 0);
        site.server.wait_for(
            Mark::START,
            "user 'alice' failed to authenticate: Authentication token is no longer valid; new one required \
             (password expired; with change-expired=yes the user can choose a new one)",
        );
    }
}

/// A wrong password is no reason to ask for another one.
#[test]
fn who_does_not_know_the_old_one_is_asked_nothing() {
    let site = Site::new("change-expired=yes", ServerConfig::deferred);
    let mallory = site.server.person("alice", NEW).answers(&[NEW, NEW]).start();
    mallory.refused();
    assert_eq!(mallory.asked(), []);
}

/// Waits for the nth time since then that the client's log has this.
fn nth(person: &Person, mark: Mark, text: &str, count: usize) {
    let seen = Cell::new(0);
    let wanted = |line: &str| {
        seen.set(seen.get() + usize::from(line.contains(text)));
        seen.get() == count
    };
    let log = person.client().log();
    let found = log.wait_match(mark, Instant::now() + PATIENCE, wanted);
    assert!(found.is_some(), "not {count} times {text}:\n{}", log.text());
}

/// Who has chosen a new password and is connected with it, and the end of the client's log then.
fn connected(config: PersonConfig<'_>) -> (Person, Mark) {
    let alice = config.answers(&[NEW, NEW]).start();
    alice.connects();
    let mark = alice.client().log().mark();
    (alice, mark)
}

/// Not shorter: while keys are renegotiated OpenVPN looks for a deferred verdict only when packets come, and then ever less
/// often.
const RENEG: &str = "reneg-sec 7";
const ALIVE: &str = "keepalive 1 60";
const AT_ONCE: &str = "change-expired=yes refusal-time=0";

/// The keys are renegotiated, which nobody feels.
fn stays(alice: &Person, mark: Mark) {
    // The second one begins, so the first one is through.
    nth(alice, mark, "TLS: soft reset", 2);
    let log = alice.client().log();
    assert_eq!(log.count(mark, "AUTH_FAILED") + log.count(mark, COMPLETED), 0, "{}", log.text());
}

const COMPLETED: &str = "Initialization Sequence Completed";

/// An hour later, here a few seconds: the client sends its last answer again, which is the new password.
#[test]
fn keys_are_renegotiated_with_the_new_one() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |deferred| {
        let config: fn(ServerConfig<'static>) -> ServerConfig<'static> =
            if deferred { |config| config.deferred().line(ALIVE) } else { |config| config.line(ALIVE) };
        let site = Site::new(AT_ONCE, config);
        let (alice, mark) = connected(site.server.person("alice", OLD).line(RENEG));
        stays(&alice, mark);
        // PAM is asked each time.
        if !deferred {
            site.machine.run("sed -i 's/^alice:/alice:!/' /etc/shadow");
            nth(&alice, mark, "AUTH_FAILED", 1);
        }
    });
}

#[test]
fn keys_are_renegotiated_with_a_token() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let site =
        Site::new("change-expired=yes", |config| config.deferred().line(ALIVE).line("auth-gen-token 3600"));
    let (alice, mark) = connected(site.server.person("alice", OLD).line(RENEG));
    stays(&alice, mark);
}

/// A client that loses its connection sends the last answer, too.
#[test]
fn a_client_that_connects_anew_gets_in() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let site = Site::new("change-expired=yes", ServerConfig::deferred);
    let (alice, mark) = connected(site.server.person("alice", OLD));
    alice.client().restart(Signal::SIGUSR1);
    nth(&alice, mark, COMPLETED, 1);
    assert_eq!(alice.client().log().count(mark, "AUTH_FAILED"), 0);
}

/// Nobody knows any more what the last answer was: the person at the client types the new password.
#[test]
fn after_the_loss_of_the_supervisor_the_person_logs_in_again() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    // Not deferred: OpenVPN may look for that verdict only after the client's next attempt at new keys.
    let site = Site::new(AT_ONCE, |config| config.line(ALIVE));
    let (alice, mark) = connected(site.server.person("alice", OLD).line(RENEG));
    site.server.replace_supervisor();
    alice.give_password(NEW);
    nth(&alice, mark, "AUTH_FAILED", 1);
    nth(&alice, mark, COMPLETED, 1);
    assert_eq!(asked(&alice).len(), 2);
}

/// An answer that was used is the new password, and nothing else: it lets nobody in as somebody else.
#[test]
fn the_last_answer_counts_for_its_user_only() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    let site = Site::new("change-expired=yes", ServerConfig::deferred);
    let alice = site.alice(&[NEW, NEW]);
    alice.connects();
    let ids: Vec<String> = alice.asked().into_iter().map(|one| one.id).collect();
    let last = format!("CRV1::{}::{NEW}", ids[1]);
    assert!(matches!(site.server.client("alice", &last).outcome(), Outcome::Connected(_)));
    for (user, password) in [
        ("alice", format!("CRV1::{}::{OLD}", ids[1])),
        ("alice", format!("CRV1::{}::{NEW}", ids[0])),
        ("bob", last),
        ("bob", format!("CRV1::{}::{OLD}", ids[1])),
    ] {
        site.server.client(user, &password).start().wait_refused();
    }
}

#[test]
fn no_log_and_no_memory_keeps_a_password() {
    requires!(Need::Openvpn(2, 6, 0), "clients cannot be asked");
    side_by_side([false, true], |deferred| {
        let config: fn(ServerConfig<'static>) -> ServerConfig<'static> = if deferred {
            |config| config.dropped().deferred().line("verb 11")
        } else {
            |config| config.line("verb 11")
        };
        let site = Site::new("change-expired=yes syslog=authpriv", config);
        site.alice(&[SHORT, NEW, NEW]).connects();
        let helpers = site.server.helpers();
        assert!(helpers.len() >= 2, "{helpers:?}");
        // The beginning of what is freed is written over by any allocator.
        for end in [&OLD[20..], &NEW[20..]] {
            let has = |pid: &i32| !process_memory::holds(*pid, end.as_bytes()).is_empty();
            let holders: Vec<i32> = helpers.iter().map(|helper| helper.pid).filter(has).collect();
            assert_eq!(holders, [0; 0], "{end}");
        }
        site.server.stop();
        let log = site.server.log().text() + &site.machine.syslog().text();
        assert!(log.contains("prompt 'New password: ' (Hidden input) is asked"), "{log}");
        for secret in [OLD, NEW, "= staple"] {
            let found: Vec<&str> = log.lines().filter(|line| line.contains(secret)).collect();
            assert!(found.is_empty(), "{found:#?}");
        }
    });
}
