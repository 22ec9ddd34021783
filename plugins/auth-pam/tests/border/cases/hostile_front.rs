//! OpenVPN taken over: whatever it sends instead of logins ends the supervisor, with a line, and nobody gets in.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use ovpn_plugin_host::{FuncResult, Verdict};

use crate::raw::{check, credentials, field, send, times};
use crate::stage::{PATIENCE, Stage, become_nobody, deferred, user};

/// Has a supervisor attacked, which must end with a line that holds `words` and let nobody in any more. In a child,
/// for then OpenVPN is nobody and may not start another one.
fn ends_over(what: &str, words: &str, attack: impl FnOnce(&Stage)) {
    let child = privsep::fork_child(|| {
        let stage = Stage::open(&["grace=0"]);
        stage.works();
        let supervisor = stage.supervisor();
        become_nobody();
        attack(&stage);
        stage.supervisor_ends(supervisor);
        let line = stage.line("supervisor ends");
        assert!(line.contains(words), "{what}: no '{words}' in: {line}");
        for login in [user("good"), deferred(user("good"))] {
            let outcome = stage.refuses(&login, "the supervisor is gone");
            assert_eq!(outcome.result, FuncResult::Error);
        }
        drop(stage);
        privsep::leave(0)
    });
    let child = child.unwrap_or_else(|errno| panic!("fork: {errno}"));
    loop {
        match privsep::reap_any() {
            privsep::Reaped::Child(pid, how) if pid == child => {
                return assert_eq!(how, privsep::Ended::Exited(0), "{what}");
            }
            privsep::Reaped::Child(..) => {}
            _ => drop(harness::proc_table::wait_gone(child.as_raw(), PATIENCE)),
        }
    }
}

pub(crate) fn packets_that_are_no_logins_end_the_supervisor() {
    let whole = check([0, 0, 0, 0], b"good");
    let long = vec![b'u'; 4097];
    let mut claims_more = whole.clone();
    claims_more[13..17].copy_from_slice(&u32::MAX.to_le_bytes());
    let packets: Vec<(&str, Vec<u8>, &str)> = vec![
        ("20,000 bytes", vec![1; 20_000], "more bytes or descriptors"),
        ("an unknown tag", vec![99], "tag has the unknown value 99"),
        ("tag zero", vec![0; 40], "tag has the unknown value 0"),
        (
            "a job",
            [&[33][..], &7u64.to_le_bytes(), &credentials(b"good")].concat(),
            "tag has the unknown value 33",
        ),
        (
            "an answer",
            [&[18][..], &7u64.to_le_bytes(), &[1], &1u64.to_le_bytes()].concat(),
            "unknown value 18",
        ),
        ("readiness", vec![17], "tag has the unknown value 17"),
        ("a report", [&[50][..], &[0; 8], &[0; 4], &field(b"")].concat(), "tag has the unknown value 50"),
        ("only a tag", vec![1], "cut short"),
        ("a cut login", whole[..whole.len() - 1].to_vec(), "cut short"),
        ("a login and more", [&whole[..], b"\0"].concat(), "bytes after its end"),
        ("a flag of 2", check([2, 0, 0, 0], b"good"), "control has the unknown value 2"),
        ("a trial of 2", check([0, 0, 0, 2], b"good"), "trial has the unknown value 2"),
        ("a long username", check([0, 0, 0, 0], &long), "username is longer than 4096"),
        ("a length of 4 GiB", claims_more, "username is longer than 4096"),
        ("a NUL", check([0, 0, 0, 0], b"go\0od"), "username has the unknown value 0"),
        (
            "a long refusal",
            [&[2][..], &field(&[b'u'; 1025]), &field(b""), &field(b"")].concat(),
            "longer than 1024",
        ),
        ("half a refusal", [&[2][..], &field(b"u"), &field(b"")].concat(), "cut short"),
    ];
    for (what, packet, words) in packets {
        ends_over(what, words, |_| send(&packet, &[]));
    }
}

pub(crate) fn descriptors_that_must_not_be_written_to_end_the_supervisor() {
    let plain = tempfile::tempfile().unwrap();
    let named = tempfile::NamedTempFile::new().unwrap();
    let (_read_end, pipe) = nix::unistd::pipe().unwrap();
    let (socket, _peer) = UnixStream::pair().unwrap();
    let writing = |path: &str| {
        OpenOptions::new().write(true).open(path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let read_only = File::open(named.path()).unwrap();
    let directory = File::open("/").unwrap();
    let (device, special) = (writing("/dev/null"), writing("/proc/self/oom_score_adj"));
    let descriptors = [
        ("a pipe", pipe.as_fd(), "not a regular file"),
        ("a socket", socket.as_fd(), "not a regular file"),
        ("a directory", directory.as_fd(), "not a regular file"),
        ("a device", device.as_fd(), "not a regular file"),
        ("a file of proc", special.as_fd(), "not known as plain storage"),
        ("a read-only file", read_only.as_fd(), "not open for writing"),
    ];
    for (what, bad, words) in descriptors {
        ends_over(what, words, |_| send(&check([1, 0, 0, 0], b"good"), &[bad]));
        let as_reason = [plain.as_fd(), bad];
        ends_over(what, words, |_| send(&check([1, 1, 0, 0], b"good"), &as_reason));
    }
    assert_eq!(plain.metadata().unwrap().len(), 0, "a verdict was written all the same");
}

pub(crate) fn too_many_or_too_few_descriptors_end_the_supervisor() {
    let file = tempfile::tempfile().unwrap();
    for ([control, reason], count) in
        [([0, 0], 1), ([1, 0], 0), ([1, 0], 2), ([1, 1], 1), ([1, 1], 3), ([1, 1], 4)]
    {
        let pass = times(&file, count);
        ends_over("descriptors", "not as many descriptors as announced", |_| {
            send(&check([control, reason, 0, 0], b"good"), &pass)
        });
    }
    for count in [5, 100] {
        let pass = times(&file, count);
        ends_over("descriptors", "more bytes or descriptors", |_| send(&check([1, 1, 0, 0], b"good"), &pass));
    }
    let refusal = [&[2][..], &field(b"u"), &field(b""), &field(b"")].concat();
    let pass = times(&file, 1);
    ends_over("descriptors", "descriptors where there are none", |_| send(&refusal, &pass));
}

/// The packets above are refused for what is wrong with them: the same without it is a login.
pub(crate) fn an_honest_raw_login_is_served() {
    let stage = Stage::open(&[]);
    let files = ovpn_plugin_host::AuthFiles::new().unwrap();
    let control = OpenOptions::new().write(true).open(files.control()).unwrap();
    // Nobody waits for it, though it is said to be on trial.
    send(&check([1, 0, 0, 1], b"good"), &[control.as_fd()]);
    assert_eq!(files.wait_for_verdict(PATIENCE), Some(Verdict::Accepted), "{}", stage.log());
    stage.works();
}
