//! A keeper that forks workers for its helper: what the helper can have done, and what becomes of one that asks for something
//! else. The helpers here speak for themselves, byte by byte.

use std::convert::Infallible;
use std::fs::File;
use std::io::{IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg, setsockopt, sockopt};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use privsep::capabilities::{self, Capabilities};
use privsep::channel::sockets;
use privsep::confine::{self, Confinement, Cores, Group, Output};
use privsep::kept_helper::{
    HelperNews, KeeperNews, KeptHelper, NewHelper, NewWorker, OpenVpn, Plan, WorkersPlan,
};
use privsep::line_log::{self, LineReceiver, line_log};
use privsep::{Channel, InheritedNumbers, Message, Reader, WireError, Writer, leave, parent_death_pipe};

const SOON: Duration = Duration::from_secs(20);
/// The way of log lines is one for the whole process: one keeper at a time.
static ONE: Mutex<()> = Mutex::new(());

/// A message of text.
#[derive(Debug, PartialEq, Eq)]
struct Text(String);

impl Message for Text {
    const MAX_BYTES: usize = 4 + 256;
    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field("text", self.0.as_bytes(), 256)
    }
    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let text = Text(String::from_utf8_lossy(from.bytes_field("text", 256)?).into_owned());
        from.end().map(|()| text)
    }
}

type Birth = NewHelper<Text, Text>;

struct Stage {
    kept: KeptHelper<Text, Text>,
    lines: LineReceiver,
}

/// A keeper with this helper, which may have one worker.
fn start(with_workers: bool, live: impl Fn(Birth) -> Infallible) -> Stage {
    start_with(
        with_workers.then_some(WorkersPlan { live: &worker, most: 1, clerk: None, culprits: "tests" }),
        live,
    )
}

/// A keeper with this helper.
fn start_with(workers: Option<WorkersPlan<'_>>, live: impl Fn(Birth) -> Infallible) -> Stage {
    let (sender, lines) = line_log().unwrap();
    let plan = Plan {
        name: "helper",
        title: "test: keeper",
        command: c"test-keeper",
        output: Output::Null,
        cores: Cores::Never,
        openvpn: OpenVpn::Parent,
        workers,
        hold: &[],
        orderly_end: privsep::kept_helper::ORDERLY_END,
        connect: None,
        at_end: None,
        log: |line| line_log::send(line.level, line),
    };
    // In a process of its own the keeper has a way of its own.
    let kept = KeptHelper::start(&plan, SOON, move || line_log::keep(sender), live).unwrap();
    Stage { kept, lines }
}

/// Says who it is, and then waits.
fn worker(birth: NewWorker<'_>) -> Infallible {
    let mut channel = Channel::<Text, Text>::from_socket(birth.channel);
    Confinement {
        title: "test: worker",
        command: c"test-worker",
        group: Group::Own,
        output: Output::Into(birth.output),
        keep: &[channel.as_fd(), birth.parent_death_pipe],
        numbers: InheritedNumbers::Free,
        ignore: &[],
        withstand: &[],
        cores: Cores::Never,
    }
    .enter();
    let _own = parent_death_pipe::die_with_parent(birth.parent_death_pipe);
    // Not with a macro, which the test harness diverts.
    let _ = nix::unistd::write(std::io::stdout(), b"printed\n");
    let _ = channel.send(&Text(Pid::this().to_string()), &[], SOON);
    loop {
        nix::unistd::pause();
    }
}

fn fork(number: u64) -> Vec<u8> {
    [&[1][..], &number.to_le_bytes()].concat()
}

fn fork_clerk(number: u64) -> Vec<u8> {
    [&[4][..], &number.to_le_bytes()].concat()
}

fn stop(number: u64) -> Vec<u8> {
    [&[2][..], &number.to_le_bytes(), &[0]].concat()
}

fn send(to: BorrowedFd<'_>, packet: &[u8], pass: &[BorrowedFd<'_>]) {
    let numbers: Vec<i32> = pass.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let control = if pass.is_empty() { &rights[..0] } else { &rights[..] };
    let _ =
        sendmsg::<UnixAddr>(to.as_raw_fd(), &[IoSlice::new(packet)], control, MsgFlags::MSG_NOSIGNAL, None);
}

/// Until the front has gone.
fn rest(mut birth: Birth) -> Infallible {
    birth.front.wait_for_end(SOON);
    leave(0)
}

impl Stage {
    fn line(&mut self, words: &str) {
        let end = Instant::now() + SOON;
        let mut all = Vec::new();
        while Instant::now() < end {
            match self.lines.next_line() {
                Ok(Some(line)) if line.text.contains(words) => return,
                Ok(Some(line)) => all.push(line.text),
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Err(_) => break,
            }
        }
        panic!("no '{words}' in {all:#?}");
    }

    fn hears(&mut self) -> HelperNews<Text> {
        self.kept.receive(Some(SOON)).unwrap().expect("news")
    }

    fn hears_text(&mut self) -> String {
        match self.hears() {
            HelperNews::Message(Text(text)) => text,
            HelperNews::Lost => panic!("the helper is lost"),
        }
    }
}

/// The first helper does this; the keeper kills it and says these words, and the next one serves.
fn is_killed(with_workers: bool, words: &str, act: impl Fn(BorrowedFd<'_>, [BorrowedFd<'_>; 2])) {
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut stage = start(with_workers, |mut birth| {
        let _ = birth.announce(SOON);
        if birth.number == 1 {
            let (Ok(file), Ok((socket, _other))) = (File::open("/dev/null"), sockets()) else { leave(9) };
            act(birth.keeper.as_fd(), [file.as_fd(), socket.as_fd()]);
        } else {
            let text = privsep::kept_helper::News::Message(Text("served".into()));
            let _ = birth.front.send(&text, &[], SOON);
        }
        rest(birth)
    });
    assert!(matches!(stage.hears(), HelperNews::Lost), "{words}");
    stage.line(words);
    stage.line("is gone (was killed by SIGKILL); starting another one");
    assert_eq!(stage.hears_text(), "served");
    assert!(stage.kept.stop(SOON));
}

#[test]
fn a_helper_that_asks_for_something_else_is_killed() {
    is_killed(true, ": malformed message: ", |to, _| send(to, &[99], &[]));
    is_killed(true, ": malformed message: ", |to, [_, socket]| send(to, &fork(1)[..5], &[socket]));
    is_killed(true, ": more bytes or descriptors than any message has; killing it", |to, _| {
        send(to, &[1; 200], &[])
    });
    is_killed(true, ": no channel for a worker; killing it", |to, _| send(to, &fork(1), &[]));
    is_killed(true, ": a descriptor that is no channel; killing it", |to, [file, _]| {
        send(to, &fork(1), &[file])
    });
    is_killed(true, ": a descriptor too many; killing it", |to, [_, socket]| {
        send(to, &fork(1), &[socket, socket])
    });
    is_killed(true, ": the number of a worker that there was already; killing it", |to, [_, socket]| {
        send(to, &fork(7), &[socket]);
        send(to, &fork(7), &[socket]);
    });
    is_killed(true, ": the number of a worker that there was already; killing it", |to, [_, socket]| {
        send(to, &fork(0), &[socket])
    });
    // The number of a process is none of a worker.
    let own = u64::from(std::process::id());
    is_killed(true, ": an unknown worker; killing it", |to, _| send(to, &stop(own), &[]));
    is_killed(true, ": a descriptor too many; killing it", |to, [_, socket]| send(to, &stop(1), &[socket]));
    is_killed(true, ": a connection there is none for; killing it", |to, _| send(to, &[3], &[]));
    // It has workers, but nothing that writes for it.
    is_killed(true, ": a process there is none of; killing it", |to, [_, socket]| {
        send(to, &fork_clerk(1), &[socket])
    });
    for packet in [fork(1), fork_clerk(1), stop(1)] {
        is_killed(false, ": it has no workers; killing it", |to, _| send(to, &packet, &[]));
    }
}

/// To close a descriptor of somebody else's can mean to wait for him: with a file of FUSE for the process that serves
/// it, with a connection for its peer. So the keeper closes none, also not of a message that it does not understand.
#[test]
fn a_descriptor_that_is_slow_to_close_holds_up_nobody() {
    for (count, packet, words) in [
        (1, vec![99], ": malformed message: "),
        (1, vec![1; 200], ": more bytes or descriptors than any message has; killing it"),
        (6, fork(1), ": more bytes or descriptors than any message has; killing it"),
        (1, fork(1), ": a descriptor that is no channel; killing it"),
    ] {
        is_killed(true, words, |to, _| {
            let Ok(listener) = TcpListener::bind("127.0.0.1:0") else { leave(9) };
            let slow: Vec<OwnedFd> = (0..count).map(|_| lingering(&listener)).collect();
            // The keeper is to have the last ones, so they are closed here while they are on their way.
            let keeper = nix::unistd::getppid();
            let _ = kill(keeper, Signal::SIGSTOP);
            send(to, &packet, &slow.iter().map(AsFd::as_fd).collect::<Vec<_>>());
            drop(slow);
            let _ = kill(keeper, Signal::SIGCONT);
        });
    }
}

/// A connection with bytes on their way that nobody reads, for which closing waits.
fn lingering(listener: &TcpListener) -> OwnedFd {
    let connected =
        listener.local_addr().and_then(|address| Ok((TcpStream::connect(address)?, listener.accept()?)));
    let Ok((mut near, far)) = connected else { leave(9) };
    std::mem::forget(far);
    let _ = near.set_nonblocking(true);
    while near.write(&[0; 65536]).is_ok() {}
    let _ = near.set_nonblocking(false);
    let linger = libc::linger { l_onoff: 1, l_linger: 600 };
    if setsockopt(&near, sockopt::Linger, &linger).is_err() {
        leave(9);
    }
    near.into()
}

/// What a worker is to its helper: a number, a channel, something that prints.
#[test]
fn workers_are_forked_counted_killed_and_die_with_their_helper() {
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut stage = start(true, |mut birth| {
        let _ = birth.announce(SOON);
        let result = if birth.number == 1 { try_workers(&mut birth) } else { Ok("next".into()) };
        let text = result.unwrap_or_else(|error| format!("failed: {error}"));
        let _ = birth.front.send(&privsep::kept_helper::News::Message(Text(text)), &[], SOON);
        rest(birth)
    });
    let text = stage.hears_text();
    let numbers: Vec<i32> = text.split(' ').map(|number| number.parse().expect(&text)).collect();
    let [killed, living, helper] = numbers[..] else { panic!("{text}") };
    let is_there = |pid: i32| kill(Pid::from_raw(pid), None).is_ok();
    assert_eq!((is_there(killed), is_there(living)), (false, true));
    kill(Pid::from_raw(helper), Signal::SIGKILL).unwrap();
    assert!(matches!(stage.hears(), HelperNews::Lost));
    assert_eq!(stage.hears_text(), "next");
    assert!(!is_there(living), "a worker outlives its helper");
    assert!(stage.kept.stop(SOON));
}

/// Two workers one after the other, since there may be one only; their processes, and this one.
fn try_workers(birth: &mut Birth) -> Result<String, String> {
    let (first, channel) = new_worker(birth, 1)?;
    let (_refused, other) = sockets().map_err(|errno| errno.to_string())?;
    birth.keeper.fork(2, other);
    match news(birth) {
        KeeperNews::ForkFailed(2, nix::Error::EAGAIN) => {}
        other => return Err(format!("a second one: {other:?}")),
    }
    birth.keeper.kill(1, false);
    match news(birth) {
        KeeperNews::WorkerEnded(1, privsep::Ended::Killed(libc::SIGKILL)) => {}
        other => return Err(format!("the end of the first: {other:?}")),
    }
    // It may have crossed the news.
    birth.keeper.kill(1, true);
    drop(channel);
    let (second, channel) = new_worker(birth, 3)?;
    std::mem::forget(channel);
    let mut printed = [0; 8];
    let output = birth.for_workers.as_ref().ok_or("no output")?.output.try_clone();
    let read = output.and_then(|output| File::from(output).read_exact(&mut printed));
    if read.is_err() || printed != *b"printed\n" {
        return Err(format!("printed: {read:?} {printed:?}"));
    }
    Ok(format!("{first} {second} {}", Pid::this()))
}

/// A helper that was taken over has one clerk, however often it asks, and may go on asking for workers.
#[test]
fn there_is_one_clerk_at_a_time_beside_the_workers() {
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let plan = WorkersPlan { live: &worker, most: 9, clerk: Some(&worker), culprits: "tests" };
    let mut stage = start_with(Some(plan), |mut birth| {
        let _ = birth.announce(SOON);
        let text = try_clerks(&mut birth).unwrap_or_else(|error| format!("failed: {error}"));
        let _ = birth.front.send(&privsep::kept_helper::News::Message(Text(text)), &[], SOON);
        rest(birth)
    });
    assert_eq!(stage.hears_text(), "one");
    assert!(stage.kept.stop(SOON));
}

fn try_clerks(birth: &mut Birth) -> Result<String, String> {
    let mut held = Vec::new();
    let mut ask = |birth: &mut Birth, number| {
        let (ours, theirs) = sockets().map_err(|errno| errno.to_string())?;
        held.push(ours);
        birth.keeper.fork_clerk(number, theirs);
        Ok::<_, String>(news(birth))
    };
    let first = ask(birth, 1)?;
    let second = ask(birth, 2)?;
    let (_, _channel) = new_worker(birth, 3)?;
    birth.keeper.kill(1, false);
    let end = news(birth);
    match (first, second, end, ask(birth, 4)?) {
        (
            KeeperNews::Forked(1, _),
            KeeperNews::ForkFailed(2, nix::Error::EAGAIN),
            KeeperNews::WorkerEnded(1, _),
            KeeperNews::Forked(4, _),
        ) => Ok("one".into()),
        other => Err(format!("{other:?}")),
    }
}

fn new_worker(birth: &mut Birth, number: u64) -> Result<(Pid, OwnedFd), String> {
    let (ours, theirs) = sockets().map_err(|errno| errno.to_string())?;
    birth.keeper.fork(number, theirs);
    let process = match news(birth) {
        KeeperNews::Forked(of, process) if of == number => process,
        other => return Err(format!("worker {number}: {other:?}")),
    };
    let mut channel = Channel::<Text, Text>::from_socket(ours);
    match channel.receive(Some(SOON)) {
        Ok(Some(received)) if received.message.0 == process.to_string() => {}
        _ => return Err(format!("worker {number} does not speak")),
    }
    Ok((process, channel.into_socket()))
}

/// A helper that was taken over asks for workers and their ends as fast as it can, whether it reads the answers or not, and
/// does not leave. There are never more than it may have, the keeper's memory does not grow, and all ends with OpenVPN.
#[test]
fn a_helper_that_floods_its_keeper_gets_no_more_than_it_may_have() {
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for reads in [true, false] {
        let mut stage = start(true, move |mut birth| {
            let _ = birth.announce(SOON);
            let mut number = 1;
            loop {
                let Ok((_ours, theirs)) = sockets() else { continue };
                if try_send(birth.keeper.as_fd(), &fork(number), &[theirs.as_fd()]) {
                    // A number that was never asked for would be its end.
                    let kill = [&stop(number)[..9], &[1]].concat();
                    try_send(birth.keeper.as_fd(), &kill, &[]);
                    number += 1;
                }
                while reads && !matches!(birth.keeper.read(), KeeperNews::Nothing | KeeperNews::Gone) {}
            }
        });
        let keeper = stage.kept.keeper();
        let children = || {
            let list = std::fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children"));
            list.unwrap_or_default().split_whitespace().map(str::to_string).collect::<Vec<_>>()
        };
        let memory = || {
            let status = std::fs::read_to_string(format!("/proc/{keeper}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:").map(str::to_string));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default()
        };
        let (before, end) = (memory(), Instant::now() + Duration::from_secs(2));
        while Instant::now() < end {
            // The helper, its worker, and those that are dead and not reaped yet.
            let all = children();
            let living = all.iter().filter(|pid| {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                !stat.is_empty() && !stat.contains(") Z ")
            });
            assert!(living.count() <= 2, "{all:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
        let after = memory();
        assert!(after < before + 4096, "{before} KiB, then {after} KiB");
        let last = children();
        assert!(stage.lines.next_line().unwrap().is_none(), "the helper was killed, or something was left");
        assert!(stage.kept.stop(SOON));
        for pid in last {
            assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "process {pid} goes on");
        }
    }
}

/// Sends if there is room.
fn try_send(to: BorrowedFd<'_>, packet: &[u8], pass: &[BorrowedFd<'_>]) -> bool {
    let numbers: Vec<i32> = pass.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let control = if pass.is_empty() { &rights[..0] } else { &rights[..] };
    let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    sendmsg::<UnixAddr>(to.as_raw_fd(), &[IoSlice::new(packet)], control, flags, None).is_ok()
}

fn news(birth: &mut Birth) -> KeeperNews {
    let end = Instant::now() + SOON;
    loop {
        match birth.keeper.read() {
            KeeperNews::Nothing if Instant::now() < end => std::thread::sleep(Duration::from_millis(1)),
            news => return news,
        }
    }
}

/// One line says so, and what to do. The keeper runs all the same.
#[test]
fn memory_that_cannot_be_locked_is_a_warning() {
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let child = privsep::fork_child(|| {
        // As OpenVPN with `mlock`, under a limit that is enough for it and not for what it forks.
        let locked = confine::lock_memory().is_ok() && confine::memory_is_locked();
        let limited = setrlimit(Resource::RLIMIT_MEMLOCK, 1 << 20, 1 << 20).is_ok();
        let reduced = capabilities::give_up_until_exec(Capabilities::KILL).is_ok();
        if !locked || !limited || !reduced {
            leave(3);
        }
        let mut stage = start(false, |mut birth| {
            let _ = birth.announce(SOON);
            let text = Text(birth.memory_locked.to_string());
            let _ = birth.front.send(&privsep::kept_helper::News::Message(text), &[], SOON);
            rest(birth)
        });
        let helpers = stage.hears_text();
        stage.line("mlock: cannot lock the memory of the plugin's processes: ");
        leave(i32::from(helpers != "false"))
    });
    let how = waitpid(child.unwrap(), None);
    assert!(matches!(how, Ok(WaitStatus::Exited(_, 0))), "{how:?}");
}
