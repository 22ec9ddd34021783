//! OpenVPN taken over: whatever it sends instead of requests ends the supervisor, with a line, and nobody gets in.

use harness::Gate;
use ovpn_plugin_host::FuncResult;

use crate::raw::{
    block, blocks, check, client, field, flood, flood_life_line, login, origin, send, send_plain, times,
};
use crate::stage::{PATIENCE, Stage, become_nobody, deferred, user, user_at};

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
        let line = stage.line("supervisor exits");
        assert!(line.contains(words), "{what}: no '{words}' in: {line}");
        stage.line("exited with status 1) and is not restarted; restart OpenVPN");
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

pub(crate) fn packets_that_are_no_requests_end_the_supervisor() {
    let whole = check(0, b"good");
    let long = vec![b'u'; 4097];
    let mut claims_more = whole.clone();
    claims_more[12..14].copy_from_slice(&u16::MAX.to_le_bytes());
    let id = 7u64.to_le_bytes();
    let attempt = [&[1][..], &id, &[0, 0, 0]].concat();
    let named = [&attempt[..], &field(b"u"), &field(b""), &field(b"")].concat();
    let packets: Vec<(&str, Vec<u8>, &str)> = vec![
        ("30,000 bytes", vec![1; 30_000], "more bytes or descriptors"),
        ("an unknown tag", vec![99], "tag has the unknown value 99"),
        ("tag zero", vec![0; 40], "tag has the unknown value 0"),
        ("an order", [&[33][..], &id, &login(b"good")].concat(), "tag has the unknown value 33"),
        ("a verdict", [&[18][..], &id, &id].concat(), "unknown value 18"),
        ("readiness", vec![17], "tag has the unknown value 17"),
        ("a report", [&[51][..], &[0; 8], &[0; 5], &field(b"")].concat(), "tag has the unknown value 51"),
        ("only a tag", vec![1], "cut short"),
        ("a cut attempt", whole[..whole.len() - 1].to_vec(), "cut short"),
        ("an attempt and more", [&whole[..], b"\0"].concat(), "bytes after its end"),
        ("a flag of 2", check(2, b"good"), "deferred has the unknown value 2"),
        ("a long username", check(0, &long), "username is longer than 4096"),
        ("a length of 64 KiB", claims_more, "username is longer than 4096"),
        ("a NUL", check(0, b"go\0od"), "username has the unknown value 0"),
        (
            "a long address",
            [&named[..], &field(&[b'1'; 129]), &field(&block())].concat(),
            "address is longer than 128",
        ),
        (
            "a long block",
            [&named[..], &origin(b""), &field(&[0; 8_202])].concat(),
            "credentials is longer than",
        ),
        (
            "a reference of six characters",
            [&named[..], &field(b""), &[0; 2], &[0, 0, 0, 2]].concat(),
            "reference has the unknown value 33554432",
        ),
        (
            "neither password nor answer",
            [&[1][..], &id, &[0, 0, 4], &field(b"u")].concat(),
            "credentials kind has the unknown value 4",
        ),
        (
            "neither token nor certificate",
            [&[1][..], &id, &[0, 0, 3, 0, 0], &field(b"u")].concat(),
            "proof has the unknown value 0",
        ),
        (
            "an unknown login without a password",
            [&[1][..], &id, &[0, 0, 3, 3, 0], &field(b"u")].concat(),
            "proof has the unknown value 3",
        ),
        ("a flag of 2 for a session", [&[1][..], &id, &[0, 2]].concat(), "session has the unknown value 2"),
        ("a session without addresses", [&[4][..], &id, &id, &[1]].concat(), "cut short"),
        (
            "an unknown end of a session",
            [&[5][..], &id, &[0, 0, 0, 9]].concat(),
            "why has the unknown value 9",
        ),
        ("half an id", [&[1][..], &id, &[0, 0, 1, 1], &[0; 15]].concat(), "cut short"),
        (
            "a long common name",
            [&attempt[..], &field(b"u"), &field(b""), &field(&long)].concat(),
            "common name is longer than 4096",
        ),
        (
            "a long name that was sent",
            [&attempt[..], &field(b"u"), &field(&[b'u'; 513])].concat(),
            "sent as is longer than 512",
        ),
        ("options of a NUL", [&[6][..], &id, &field(b"a\0b")].concat(), "username has the unknown value 0"),
        (
            "options without addresses",
            [&[6][..], &id, &field(b"u"), &field(b""), &field(b""), &[2]].concat(),
            "ipv4 has the unknown value 2",
        ),
        ("half a cancellation", vec![2, 0], "cut short"),
        (
            "a long refusal",
            [&[3][..], &field(&[b'u'; 1025]), &field(b""), &field(b"")].concat(),
            "longer than 1024",
        ),
        ("half a refusal", [&[3][..], &field(b"u"), &field(b"")].concat(), "cut short"),
        (
            "a refusal at whose fault nobody knows",
            [&[3][..], &field(b"u"), &origin(b""), &[2], &field(b"")].concat(),
            "at fault has the unknown value 2",
        ),
    ];
    for (what, packet, words) in packets {
        ends_over(what, words, |_| send(&packet, &[]));
    }
}

pub(crate) fn a_packet_without_a_generation_ends_the_supervisor() {
    for packet in [&[1u8][..], &[1, 0, 0], &[1, 0, 0, 0]] {
        ends_over("a number that is none", "cut short", |_| send_plain(packet, &[]));
    }
}

/// Whatever comes over the life line, and however much: it has no meaning, and only its end is one.
pub(crate) fn the_keeper_reads_nothing() {
    for daemon in ["0", "1"] {
        let stage = Stage::open_with(&[("verb", "1"), ("daemon", daemon)], &[]);
        stage.works();
        let (keeper, supervisor) = (stage.keeper(), stage.supervisor());
        become_nobody_in_a_child(|| {
            let file = tempfile::tempfile().unwrap();
            flood_life_line(&times(&file, 3));
        });
        stage.works();
        assert_eq!((stage.keeper(), stage.supervisor()), (keeper, supervisor), "{}", stage.log());
        stage.plugin.close();
        assert!(harness::proc_table::wait_gone(keeper, PATIENCE), "the keeper goes on");
    }
}

/// Runs this as nobody, as OpenVPN taken over can, and waits for its end.
fn become_nobody_in_a_child(body: impl FnOnce()) {
    let child = privsep::fork_child(|| {
        become_nobody();
        body();
        privsep::leave(0)
    });
    let child = child.unwrap_or_else(|errno| panic!("fork: {errno}"));
    assert_eq!(nix::sys::wait::waitpid(child, None), Ok(nix::sys::wait::WaitStatus::Exited(child, 0)));
}

/// No descriptor crosses the border, whatever it is of and whatever it comes with.
pub(crate) fn any_descriptor_ends_the_supervisor() {
    let file = tempfile::tempfile().unwrap();
    let cancel = [&[2][..], &7u64.to_le_bytes()].concat();
    for (packet, count) in [(&check(1, b"good"), 1), (&check(1, b"good"), 2), (&cancel, 1)] {
        let pass = times(&file, count);
        ends_over("descriptors", "it passed a descriptor", |_| send(packet, &pass));
    }
    for count in [5, 100] {
        let pass = times(&file, count);
        ends_over("descriptors", "more bytes or descriptors", |_| send(&check(1, b"good"), &pass));
    }
    assert_eq!(file.metadata().unwrap().len(), 0, "something was written all the same");
}

/// The supervisor passes the block on as it is; the worker opens it.
pub(crate) fn malformed_credentials_cost_the_attempt_only() {
    let stage = Stage::open(&[]);
    stage.works();
    let supervisor = stage.supervisor();
    let whole = block();
    let send_blocks = |credentials: &[u8], client: &[u8]| {
        stage.plugin.clear_log();
        let blocks = blocks(credentials, client);
        let names = [field(b"good"), field(b""), field(b"")].concat();
        let attempt = [&[1][..], &999u64.to_le_bytes(), &[0, 0, 0], &names, &origin(b""), &blocks];
        send(&attempt.concat(), &[]);
    };
    for bad in [&b""[..], &[0xff; 12], &whole[..whole.len() - 1], &[&whole[..], b"\0"].concat()] {
        send_blocks(bad, &client());
        stage.line("user 'good' failed to authenticate: malformed credentials");
    }
    for bad in [&b""[..], &[0xff; 16], &[&client()[..], b"\0"].concat()] {
        send_blocks(&whole, bad);
        stage.line("user 'good' failed to authenticate: malformed client");
    }
    stage.works();
    assert_eq!(stage.supervisor(), supervisor);
}

/// Verdicts that nobody reads do not fill root's memory: no more requests are taken until they are read.
pub(crate) fn a_front_that_reads_no_verdicts_is_not_heard_either() {
    const MANY: u64 = 1_000_000;
    let gate = Gate::new();
    let stage = Stage::open(&["max-workers=1", "max-pending=0", "grace=0"]);
    let busy = stage.start(&deferred(user_at("gate-good", &gate)));
    gate.arrival();
    // The receiver reads them only until it has noticed that this client is gone.
    drop(busy);
    let supervisor = stage.supervisor();
    let taken = flood(b"good", MANY);
    assert!(taken < MANY, "it takes whatever comes");
    let kib = memory_in_kib(supervisor);
    assert!(kib < 32 * 1024, "{kib} KiB after {taken} requests");
    gate.open();
    // What it took before is decided first.
    let works = || stage.login(&user("good")).accepted();
    assert!(harness::proc_table::wait_until(PATIENCE, works), "{}", stage.log());
    assert_eq!(stage.supervisor(), supervisor);
}

/// A cancelled attempt keeps its place among those alike for a while, but there can be any number of them.
pub(crate) fn attempts_that_are_cancelled_fill_no_memory() {
    const MANY: u64 = 4000;
    let gate = Gate::new();
    let stage = Stage::open(&["max-workers=1", "grace=0", "refusal-time=30000"]);
    let busy = stage.start(&deferred(user_at("gate-good", &gate)));
    gate.arrival();
    let supervisor = stage.supervisor();
    let before = memory_in_kib(supervisor);
    for id in 1000..1000 + MANY {
        let mut username = vec![b'u'; 4096];
        username[..8].copy_from_slice(format!("{id:08}").as_bytes());
        let attempt = [&[1][..], &id.to_le_bytes(), &[0], &login(&username)].concat();
        send_when_there_is_room(&attempt);
        send_when_there_is_room(&[&[2][..], &id.to_le_bytes()].concat());
    }
    let kib = memory_in_kib(supervisor);
    // Their names alone would be 16 MiB.
    assert!(kib < before + 8 * 1024, "{kib} KiB after {MANY} attempts, {before} KiB before");
    gate.open();
    assert!(busy.finish(PATIENCE).accepted(), "{}", stage.log());
    assert_eq!(stage.supervisor(), supervisor);
}

fn send_when_there_is_room(packet: &[u8]) {
    let sent = || crate::raw::try_send(packet).is_ok();
    assert!(harness::proc_table::wait_until(PATIENCE, sent), "the supervisor takes nothing");
}

pub(super) fn memory_in_kib(process: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    memory.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The packets above are refused for what is wrong with them: the same without it is an attempt.
/// A client that was not let in has none, and to close one that is not open does nothing.
pub(crate) fn sessions_of_nobody_are_not_opened() {
    for options in [&["session=yes"][..], &[]] {
        let stage = Stage::open(options);
        for attempt in [0u64, 1, 7, u64::MAX] {
            let (id, attempt) = (999u64.to_le_bytes(), attempt.to_le_bytes());
            send(&[&[4][..], &id, &attempt, &[0, 0]].concat(), &[]);
            send(&[&[5][..], &attempt, &[0, 0, 0, 1]].concat(), &[]);
            send(&[&[2][..], &attempt].concat(), &[]);
        }
        stage.works();
        stage.line("a client is refused: its login is over");
        assert!(!stage.log().contains("session opened"), "{}", stage.log());
    }
}

pub(crate) fn an_honest_raw_attempt_is_served() {
    let stage = Stage::open(&[]);
    stage.works();
    stage.plugin.clear_log();
    // Nobody waits for it.
    send(&check(1, b"good"), &[]);
    let line = stage.line("user 'good' authenticated (192.0.2.9:7, took ");
    assert!(line.ends_with(" s, reference 345YZ)") && line.contains(" s, PAM "), "{line}");
    stage.works();
}

/// However many attempts the front names that cost nothing, most of them only count.
pub(crate) fn a_flood_of_attempts_that_cost_nothing_is_counted_only() {
    const MANY: u64 = 8_000;
    const BURST: usize = 5_000;
    let gate = Gate::new();
    let stage = Stage::open(&["max-workers=1", "max-pending=0", "grace=0"]);
    let busy = stage.start(&deferred(user_at("gate-good", &gate)));
    gate.arrival();
    let start = std::time::Instant::now();
    assert_eq!(flood(b"good", MANY), MANY);
    let told = stage.line("logins were not logged one by one: too many were refused without asking PAM");
    let most = BURST + 1 + usize::try_from(start.elapsed().as_millis() / 20).unwrap();
    let full = "user 'good' failed to authenticate: too many logins ";
    let lines = stage.log().matches(full).count();
    assert!(lines <= most, "{lines} lines, at most {most}");
    let log = stage.log();
    let count = |words: &str| -> usize {
        let counts = log
            .lines()
            .filter_map(|line| line.split_once(words)?.0.rsplit(' ').next()?.parse::<usize>().ok());
        counts.sum::<usize>()
    };
    let (suppressed, lost) =
        (count(" logins were not logged one by one"), count(" lines of the log were lost"));
    let all = lines + suppressed + lost;
    assert!(
        suppressed > 0 && all >= usize::try_from(MANY).unwrap(),
        "{lines} lines, {lost} lost, and: {told}"
    );
    gate.open();
    assert!(busy.finish(PATIENCE).accepted(), "{}", stage.log());
    // PAM decided this one, so it has its line.
    stage.line("user 'gate-good' authenticated");
}
