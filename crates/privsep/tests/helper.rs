//! A real forked helper: what it receives, what it keeps open, how it ends.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use privsep::confine::{Confinement, Cores, Group, Output};
use privsep::parent_death_pipe::{self, ParentDeathPipe};
use privsep::{
    Channel, ChannelError, Helper, InheritedNumbers, Message, Reader, WireError, Writer, fork_child, leave,
    pair,
};

const SOON: Duration = Duration::from_secs(20);

/// A message of bytes, as simple as can be.
#[derive(Debug, PartialEq, Eq)]
struct Text(Vec<u8>);

impl Message for Text {
    const MAX_BYTES: usize = 4 + 4096;
    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field("text", &self.0, 4096)
    }
    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        let text = Text(from.bytes_field("text", 4096)?.to_vec());
        from.end().map(|()| text)
    }
}

/// A message with another bound: what `Text` sends may be too much for it.
#[derive(Debug)]
struct Short;

impl Message for Short {
    const MAX_BYTES: usize = 8;
    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.bytes_field("short", b"", 4)
    }
    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        from.bytes_field("short", 4)?;
        from.end().map(|()| Short)
    }
}

type Ours = Channel<Text, Text>;

fn text(text: &str) -> Text {
    Text(text.as_bytes().to_vec())
}

fn confinement<'a>(keep: &'a [std::os::fd::BorrowedFd<'a>]) -> Confinement<'a> {
    Confinement {
        title: "test: helper",
        command: c"test-helper",
        group: Group::Session,
        output: Output::Inherit,
        keep,
        numbers: InheritedNumbers::Occupied,
        ignore: &[],
        withstand: &[],
        cores: Cores::Never,
    }
}

fn answer(channel: &mut Ours, words: &str) {
    let _ = channel.send(&text(words), &[], SOON);
}

#[test]
fn messages_and_descriptors_cross_in_both_directions_and_stop_reaps() {
    let mut helper: Helper<Text, Text> = Helper::start(|mut channel| {
        confinement(&[channel.as_fd()]).enter();
        while let Ok(Some(received)) = channel.receive(Some(SOON)) {
            for descriptor in received.descriptors {
                let _ = File::from(descriptor).write_all(b"from the helper");
            }
            let _ = channel.send(&received.message, &[], SOON);
        }
        leave(0)
    })
    .unwrap();
    let mut file = tempfile::tempfile().unwrap();
    helper.channel.send(&text("one"), &[file.as_fd()], SOON).unwrap();
    assert_eq!(helper.channel.receive(Some(SOON)).unwrap().unwrap().message, text("one"));
    let mut written = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut written).unwrap();
    assert_eq!(written, "from the helper");
    let pid = helper.pid();
    assert!(helper.stop(SOON));
    assert_eq!(kill(pid, None), Err(nix::Error::ESRCH), "neither running nor a zombie");
}

#[test]
fn a_helper_that_does_not_leave_is_killed_and_reaped() {
    let helper: Helper<Text, Text> = Helper::start(|channel| {
        confinement(&[channel.as_fd()]).enter();
        loop {
            nix::unistd::pause();
        }
    })
    .unwrap();
    let pid = helper.pid();
    assert!(helper.stop(Duration::from_millis(50)));
    assert_eq!(kill(pid, None), Err(nix::Error::ESRCH));
}

#[test]
fn a_killed_helper_is_end_of_file() {
    let mut helper: Helper<Text, Text> = Helper::start(|mut channel| {
        answer(&mut channel, "up");
        loop {
            nix::unistd::pause();
        }
    })
    .unwrap();
    helper.channel.receive(Some(SOON)).unwrap().unwrap();
    kill(helper.pid(), Signal::SIGKILL).unwrap();
    assert!(matches!(helper.channel.receive(Some(SOON)), Err(ChannelError::Closed)));
    assert!(matches!(helper.channel.send(&text("x"), &[], SOON), Err(ChannelError::Closed)));
    assert!(helper.stop(SOON));
}

/// A channel that is given up is never tried again, so one error is not enough for that.
#[test]
fn who_is_still_there_is_not_taken_for_gone() {
    let (mut one, other) = pair::<Text, Text>().unwrap();
    // The kernel's error is the same as if the other side were gone.
    one.finish();
    let sent = one.send(&text("x"), &[], SOON);
    assert!(matches!(sent, Err(ChannelError::System(nix::Error::EPIPE))), "{sent:?}");
    drop(other);
    let sent = one.send(&text("x"), &[], SOON);
    assert!(matches!(sent, Err(ChannelError::Closed)), "{sent:?}");
}

#[test]
fn a_panic_in_the_helper_ends_it_and_nothing_else() {
    let mut helper: Helper<Text, Text> = Helper::start(|_channel| panic!("on purpose")).unwrap();
    assert!(matches!(helper.channel.receive(Some(SOON)), Err(ChannelError::Closed)));
    assert!(helper.stop(SOON));
}

#[test]
fn what_the_parent_had_open_is_closed_and_what_is_named_stays() {
    let secret = tempfile::tempfile().unwrap();
    let kept = tempfile::tempfile().unwrap();
    let link = |file: &File| {
        std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap().display().to_string()
    };
    let (secret_link, kept_link) = (link(&secret), link(&kept));
    let mut helper: Helper<Text, Text> = Helper::start(|mut channel| {
        confinement(&[channel.as_fd(), kept.as_fd()]).enter();
        let open: Vec<String> = std::fs::read_dir("/proc/self/fd")
            .map(|entries| {
                entries
                    .flatten()
                    .filter_map(|entry| Some(std::fs::read_link(entry.path()).ok()?.display().to_string()))
                    .collect()
            })
            .unwrap_or_default();
        let open = open.join(" ");
        let null = std::fs::read_link("/proc/self/fd/0").unwrap_or_default();
        let status = std::fs::read_to_string("/proc/self/cmdline").unwrap_or_default();
        let comm = std::fs::read_to_string("/proc/self/comm").unwrap_or_default();
        answer(
            &mut channel,
            &format!("{open}|{}|{status}|{comm}|{:?}", null.display(), nix::sys::prctl::get_dumpable()),
        );
        leave(0)
    })
    .unwrap();
    let answer = String::from_utf8(helper.channel.receive(Some(SOON)).unwrap().unwrap().message.0).unwrap();
    let mut parts = answer.split('|');
    let open = parts.next().unwrap();
    assert!(open.contains(&kept_link) && !open.contains(&secret_link), "{open}");
    assert_eq!(open.matches("socket:").count(), 1, "only the channel: {open}");
    assert_eq!(parts.next(), Some("/dev/null"));
    assert!(parts.next().unwrap().starts_with("test: helper"));
    assert_eq!(parts.next(), Some("test-helper\n"));
    assert_eq!(parts.next(), Some("Ok(false)"));
    assert!(helper.stop(SOON));
}

#[test]
fn too_long_and_too_many_is_an_error_and_leaks_nothing() {
    // Another type at the other end, as a hostile process would have it.
    let (mut one, other) = pair::<Text, Text>().unwrap();
    let mut other = with_type::<Short>(other);
    one.try_send(&text("0123456789"), &[]).unwrap();
    assert!(matches!(other.try_receive(), Err(ChannelError::TooMuch)));
    let files: Vec<File> = (0..12).map(|_| tempfile::tempfile().unwrap()).collect();
    let many: Vec<_> = files.iter().map(AsFd::as_fd).collect();
    one.try_send(&text(""), &many).unwrap();
    assert!(matches!(other.try_receive(), Err(ChannelError::TooMuch)));
    one.try_send(&text("longer"), &[]).unwrap();
    assert!(other.try_receive().is_err());
    drop(one);
    // A process that another test has just forked may have a copy until it has settled.
    assert!(matches!(other.receive(Some(Duration::from_secs(20))), Err(ChannelError::Closed)));
}

fn with_type<In: Message>(channel: Ours) -> Channel<Text, In> {
    let socket: OwnedFd = channel.as_fd().try_clone_to_owned().unwrap();
    Channel::from_socket(socket)
}

#[test]
fn a_leashed_child_dies_with_its_parent_even_after_changing_its_user() {
    // helper (parent of the parent_death_pipe) -> child that would sleep for ever
    let mut helper: Helper<Text, Text> = Helper::start(|mut channel| {
        let Ok(parent_death_pipe) = ParentDeathPipe::new() else { leave(1) };
        let Ok((mut to_child, to_parent)) = pair::<Text, Text>() else { leave(1) };
        let child = fork_child(|| {
            let mut to_parent = to_parent;
            confinement(&[to_parent.as_fd(), parent_death_pipe.read_end()]).enter();
            let _own = parent_death_pipe::die_with_parent(parent_death_pipe.read_end());
            // What a PAM module may do; it makes the kernel forget PR_SET_PDEATHSIG.
            let nobody = nix::unistd::Uid::from_raw(65534);
            let _ = nix::unistd::seteuid(nobody);
            answer(&mut to_parent, "tied");
            loop {
                nix::unistd::pause();
            }
        });
        let _ = to_child.receive(Some(SOON));
        answer(&mut channel, &child.map(|pid| pid.to_string()).unwrap_or_default());
        loop {
            nix::unistd::pause();
        }
    })
    .unwrap();
    let answer = String::from_utf8(helper.channel.receive(Some(SOON)).unwrap().unwrap().message.0).unwrap();
    let child = nix::unistd::Pid::from_raw(answer.parse().unwrap());
    assert_eq!(kill(child, None), Ok(()));
    kill(helper.pid(), Signal::SIGKILL).unwrap();
    assert!(helper.stop(SOON));
    let gone = wait_until(|| ended(child));
    if !gone {
        let _ = kill(child, Signal::SIGKILL);
    }
    assert!(gone, "the child outlived its parent");
}

/// Gone, or a zombie that nobody has reaped yet.
fn ended(pid: nix::unistd::Pid) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X'])),
        Err(_) => true,
    }
}

/// There is no event for the end of somebody else's child that works on every kernel: look again until it is over.
fn wait_until(done: impl Fn() -> bool) -> bool {
    let end = std::time::Instant::now() + SOON;
    while std::time::Instant::now() < end {
        if done() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

#[test]
fn a_number_the_parent_remembers_stays_harmless() {
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let number = socket.as_raw_fd();
    let mut helper: Helper<Text, Text> = Helper::start(|mut channel| {
        confinement(&[channel.as_fd()]).enter();
        let link = std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap_or_default();
        answer(&mut channel, &link.display().to_string());
        leave(0)
    })
    .unwrap();
    let link = helper.channel.receive(Some(SOON)).unwrap().unwrap().message;
    assert_eq!(link, text("/dev/null"));
    assert!(helper.stop(SOON));
}

#[test]
fn the_time_to_wait_is_that_of_each_call() {
    let (mut one, mut other): (Ours, Ours) = pair().unwrap();
    let brief = Duration::from_millis(20);
    for _ in 0..2 {
        let started = std::time::Instant::now();
        assert!(one.receive(Some(brief)).unwrap().is_none());
        assert!(started.elapsed() >= brief, "it gave up too early");
    }
    assert!(one.receive(Some(Duration::ZERO)).unwrap().is_none());
    // Without a limit, and with a longer one, the earlier short ones do not count any more.
    for (patience, words) in [(None, "first"), (Some(SOON), "second")] {
        let (go, gone) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let other = &mut other;
            scope.spawn(move || {
                gone.recv().unwrap();
                // Longer than the short limit: the receiver must still be waiting.
                assert!(!other.wait_for_end(brief * 3));
                other.send(&text(words), &[], SOON).unwrap();
            });
            go.send(()).unwrap();
            assert_eq!(one.receive(patience).unwrap().unwrap().message, text(words));
        });
    }
}

/// Where the command line was short, as that of `openvpn server.conf` is, the title is whole all the same.
#[test]
fn a_title_may_be_longer_than_the_command_line_was_and_may_change() {
    let own = std::fs::read("/proc/self/cmdline").unwrap();
    let long = format!("test: {}", "x".repeat(220));
    assert!(own.len() < long.len(), "the command line of this test is long: {}", own.len());
    let mut helper: Helper<Text, Text> = Helper::start(|mut channel: Ours| {
        let title = confinement(&[channel.as_fd()]).enter();
        while let Ok(Some(received)) = channel.receive(Some(SOON)) {
            title.show(&[&String::from_utf8_lossy(&received.message.0)]);
            answer(&mut channel, "done");
        }
        leave(0)
    })
    .unwrap();
    let shown = |helper: &Helper<Text, Text>| {
        let title = std::fs::read(format!("/proc/{}/cmdline", helper.pid())).unwrap();
        String::from_utf8_lossy(&title).trim_end_matches('\0').to_string()
    };
    for title in [&long, "test: short", &long] {
        helper.channel.send(&text(title), &[], SOON).unwrap();
        helper.channel.receive(Some(SOON)).unwrap().unwrap();
        assert_eq!(shown(&helper), title);
    }
    assert!(helper.stop(SOON));
}
