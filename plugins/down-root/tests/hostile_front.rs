//! What an attacker who has taken over OpenVPN after `--user` can make the helper do: run the down script, and nothing
//! else, with nothing of his in its environment.
//!
//! Each attack is a process of its own that is OpenVPN's part: it has the plugin start its helper, becomes nobody, and
//! writes to the helper's socket itself.

use std::fs;
use std::io::{self, IoSlice};
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use case_runner::{Case, ScratchDir, Suite};
use harness::proc_table::{self, Process};
use harness::scratch::set_mode;
use nix::sys::socket::{ControlMessage, MsgFlags, recv, send, sendmsg};
use ovpn_plugin_host::{Call, FuncResult, OpenPlugin, Plugin, sys};

const LIMIT: Duration = Duration::from_secs(20);
/// Says that it ran, and everything that must not be the attacker's.
const SCRIPT: &str = "#!/bin/sh\n\
    echo \"ran: signal=$signal dev=$dev preload=$LD_PRELOAD bind=$LD_BIND_NOW path=$PATH words=$*\" >> \"${0%/*}/seen\"\n";
const PATH: &str = "path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What stands before what the helper answers.
const MESSAGE: u8 = 3;

/// The helper's messages, written by hand: tag, number, event, words, variables.
struct Frame(Vec<u8>);

const DOWN: u8 = 1;
const UP: u8 = 2;
const ROUTE_UP: u8 = 3;
const CLIENT_CONNECT: u8 = 6;
const LEARN_ADDRESS: u8 = 8;

impl Frame {
    fn new(event: u8, words: &[&[u8]], variables: &[(&[u8], &[u8])]) -> Self {
        let mut bytes = 7u64.to_le_bytes().to_vec();
        bytes.push(event);
        let count = |count: usize| u16::try_from(count).expect("small").to_le_bytes();
        bytes.extend(count(words.len()));
        let fields = variables.iter().flat_map(|(name, value)| [*name, *value]);
        for (position, field) in words.iter().copied().chain(fields).enumerate() {
            if position == words.len() {
                bytes.extend(count(variables.len()));
            }
            bytes.extend(count(field.len()));
            bytes.extend(field);
        }
        if variables.is_empty() {
            bytes.extend(count(0));
        }
        Frame(bytes)
    }
}

/// What goes with the messages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passes {
    Nothing,
    Descriptor,
    /// One that the kernel keeps back, since the helper is at its limit on open files.
    DescriptorWithoutRoom,
}

/// What is sent, whether the helper is to survive it, and what the script wrote.
struct Attack {
    name: &'static str,
    frames: Vec<Frame>,
    passes: Passes,
    /// Whether there are scripts for up, client-connect and learn-address too.
    many_scripts: bool,
    seen: Option<String>,
}

fn survives(name: &'static str, frames: Vec<Frame>, seen: String) -> Attack {
    Attack { name, frames, passes: Passes::Nothing, many_scripts: false, seen: Some(seen) }
}

fn ends_it(name: &'static str, frame: Frame) -> Attack {
    Attack { name, frames: vec![frame], passes: Passes::Nothing, many_scripts: false, seen: None }
}

fn ends_all(name: &'static str, frame: Frame) -> Attack {
    Attack { many_scripts: true, ..ends_it(name, frame) }
}

fn attacks() -> Vec<Attack> {
    let down = |variables: &[(&[u8], &[u8])]| Frame::new(DOWN, &[], variables);
    let ran = |signal: &str| format!("ran: signal={signal} dev=tun7 preload= bind= {PATH} words=\n");
    let mut short = down(&[(b"signal", b"sigterm")]);
    short.0.pop();
    let mut long = down(&[]);
    long.0.push(0);
    vec![
        // The counterproof: a well-formed message is understood.
        survives("a good message", vec![down(&[(b"signal", b"sigterm")])], ran("sigterm")),
        survives("DOWN again and again", vec![down(&[]), down(&[]), down(&[])], ran("").repeat(3)),
        Attack {
            many_scripts: true,
            ..survives(
                "a good message for another script",
                vec![Frame::new(LEARN_ADDRESS, &[b"add", b"10.8.0.2", b"joe"], &[(b"dev", b"tun8")])],
                format!("ran: signal= dev=tun8 preload= bind= {PATH} words=add 10.8.0.2 joe\n"),
            )
        },
        ends_it("LD_PRELOAD", down(&[(b"LD_PRELOAD", b"/tmp/evil.so")])),
        ends_it("PATH", down(&[(b"signal", b"sigterm"), (b"PATH", b"/tmp")])),
        ends_it("a device", down(&[(b"dev", b"eth0")])),
        ends_it("a name with another one in it", down(&[(b"signal\0LD_PRELOAD", b"x")])),
        ends_it("a value that is more than one", down(&[(b"signal", b"x\nLD_PRELOAD=/tmp/evil.so")])),
        ends_it("a value that is a command", down(&[(b"signal", b"$(reboot)")])),
        ends_it("words", Frame::new(DOWN, &[b"-c", b"reboot"], &[])),
        ends_it("an event without a script", Frame::new(UP, &[], &[])),
        ends_it("another one", Frame::new(ROUTE_UP, &[], &[])),
        ends_it("a client", Frame::new(CLIENT_CONNECT, &[], &[(b"LD_PRELOAD", b"x")])),
        ends_it("no such event", Frame::new(99, &[], &[])),
        ends_it("cut short", short),
        ends_it("a byte too many", long),
        ends_it("an unknown message", Frame(vec![200; 64])),
        ends_it("an answer", Frame(vec![17])),
        ends_it("a huge message", Frame(vec![1; 150_000])),
        ends_it("65,535 words", Frame([&[1; 9][..], &[0xff; 2]].concat())),
        Attack { passes: Passes::Descriptor, ..ends_it("a descriptor", down(&[])) },
        Attack {
            passes: Passes::DescriptorWithoutRoom,
            ..ends_it("a descriptor for which there is no room", down(&[]))
        },
        ends_all("scripts: an event without one", Frame::new(ROUTE_UP, &[], &[])),
        ends_all("scripts: LD_PRELOAD", Frame::new(CLIENT_CONNECT, &[], &[(b"LD_PRELOAD", b"/tmp/evil.so")])),
        ends_all("scripts: a path", Frame::new(UP, &[], &[(b"PATH", b"/tmp")])),
        ends_all("scripts: a file for root to write", Frame::new(CLIENT_CONNECT, &[b"/etc/passwd"], &[])),
        ends_all("scripts: the same as a variable", {
            Frame::new(CLIENT_CONNECT, &[], &[(b"client_connect_config_file", b"/etc/passwd")])
        }),
        ends_all(
            "scripts: a function",
            Frame::new(CLIENT_CONNECT, &[], &[(b"common_name", b"() { :; }; x")]),
        ),
        ends_all("scripts: a device elsewhere", Frame::new(UP, &[], &[(b"dev", b"../../etc")])),
        ends_all("scripts: an option", Frame::new(LEARN_ADDRESS, &[b"-c", b"reboot"], &[])),
        ends_all("scripts: a path as an address", {
            Frame::new(CLIENT_CONNECT, &[], &[(b"trusted_ip", b"../../../etc/cron.d/x")])
        }),
        ends_all("scripts: a path as a name", {
            Frame::new(CLIENT_CONNECT, &[], &[(b"common_name", b"../../../etc/cron.d/x")])
        }),
        ends_all("scripts: a path as a word", {
            Frame::new(LEARN_ADDRESS, &[b"add", b"../../../etc/cron.d/x", b"joe"], &[])
        }),
        ends_all("scripts: a change that is none", Frame::new(LEARN_ADDRESS, &[b"x", b"10.8.0.2"], &[])),
        ends_all("scripts: a name that is too long", {
            Frame::new(CLIENT_CONNECT, &[], &[(&[b"UV_".as_slice(), &[b'x'; 300]].concat(), b"x")])
        }),
        ends_all("scripts: an option as a value", Frame::new(UP, &[], &[(b"ifconfig_local", b"-f")])),
        ends_all(
            "scripts: too many words",
            Frame::new(LEARN_ADDRESS, &[b"add", b"10.8.0.2", b"joe", b"x"], &[]),
        ),
        ends_all("scripts: a line break", Frame::new(LEARN_ADDRESS, &[b"add\n10.8.0.3"], &[])),
        ends_all("scripts: too many variables", {
            Frame::new(CLIENT_CONNECT, &[], &vec![(&b"UV_X"[..], &b""[..]); 4097])
        }),
    ]
}

fn main() -> ExitCode {
    let attacks = attacks().into_iter().map(|attack| {
        Case::new(attack.name, move || {
            write_script();
            play(&attack);
            assert_eq!(seen(), attack.seen);
        })
    });
    let with_the_front = Case::new("an environment after the loss of privileges", || {
        write_script();
        with_the_front();
        let expected = format!("ran: signal=sigusr1 dev=tun7 preload= bind= {PATH} words=\n");
        assert_eq!(seen(), Some(expected));
    });
    Suite::new(attacks.chain([with_the_front])).scratch_dir(ScratchDir::RootOnly).run()
}

fn script() -> PathBuf {
    case_runner::directory().join("down.sh")
}

fn write_script() {
    fs::write(script(), SCRIPT).expect("the script");
    set_mode(&script(), 0o755);
}

/// What the script has written.
fn seen() -> Option<String> {
    fs::read_to_string(script().with_file_name("seen")).ok()
}

/// Starts the helper, becomes nobody, and attacks it.
fn play(attack: &Attack) {
    let (plugin, socket) = start(attack.many_scripts);
    if attack.passes == Passes::DescriptorWithoutRoom {
        harness::open_files::leave(helper(), 0, "no such file");
    }
    become_nobody();
    let mut alive = true;
    for frame in &attack.frames {
        let frame = Frame([&1u32.to_le_bytes(), &frame.0[..]].concat());
        if attack.passes != Passes::Nothing {
            let control = [ControlMessage::ScmRights(&[0])];
            sendmsg::<()>(socket, &[IoSlice::new(&frame.0)], &control, MsgFlags::empty(), None)
                .expect("sendmsg");
        } else {
            send(socket, &frame.0, MsgFlags::MSG_NOSIGNAL).expect("send");
        }
        // An answer, or that the helper is lost.
        let mut answer = [0; 64];
        alive = recv(socket, &mut answer, MsgFlags::empty()).is_ok_and(|_| answer[0] == MESSAGE);
        if !alive {
            let ended = recv(socket, &mut answer, MsgFlags::empty());
            assert_eq!(ended, Ok(0), "after what it must not send there is no helper any more");
        }
    }
    let said = || plugin.log_lines().iter().any(|line| line.text.contains("protocol error from OpenVPN"));
    // A thread writes what the helper says.
    let said = if alive { said() } else { proc_table::wait_until(LIMIT, said) };
    assert_eq!(alive, attack.seen.is_some(), "log: {:?}", plugin.log_lines());
    assert_ne!(said, alive, "log: {:?}", plugin.log_lines());
}

fn become_nobody() {
    nix::unistd::setresuid(65534.into(), 65534.into(), 65534.into()).expect("setresuid");
}

/// Has the plugin start its helper, and finds the socket to it.
fn start(many_scripts: bool) -> (OpenPlugin, RawFd) {
    let own = std::env::current_exe().expect("own path");
    // Cargo builds the plugin beside its tests.
    let built = own.with_file_name("libopenvpn_plugin_down_root.so");
    let script = script().to_string_lossy().into_owned();
    let options =
        ["up=", "on=client-connect:", "on=learn-address:"].map(|option| format!("{option}{script}"));
    let options = options.iter().filter(|_| many_scripts);
    let plugin = Plugin::new(built).args(options).arg(&script).open();
    let plugin = plugin.unwrap_or_else(|error| panic!("{error}"));
    let before = sockets().expect("/proc");
    let up = Call::new(sys::PLUGIN_UP).env("dev", "tun7");
    assert_eq!(plugin.call(&up).expect("a call").result, FuncResult::Success);
    let mut new = sockets().expect("/proc");
    new.retain(|number| !before.contains(number));
    // The others are for lines of the log and to the keeper, and were made before it.
    (plugin, new.into_iter().max().expect("the socket to the helper"))
}

fn helper() -> i32 {
    let all = proc_table::all();
    let child = |parent: i32, name: &str| {
        let wanted = |process: &&Process| process.parent == parent && process.name == name;
        all.iter().find(wanted).expect(name).pid
    };
    child(child(nix::unistd::Pid::this().as_raw(), "down-root-keep"), "down-root")
}

fn sockets() -> io::Result<Vec<RawFd>> {
    let entries = fs::read_dir("/proc/self/fd")?.flatten();
    let is_socket =
        |path: &Path| fs::read_link(path).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
    Ok(entries
        .filter(|entry| is_socket(&entry.path()))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect())
}

/// The attack that uses the front's own functions, without root: UP and DOWN with an environment of the attacker's.
fn with_the_front() {
    let (plugin, _socket) = start(false);
    become_nobody();
    let forged = |event: i32| {
        Call::new(event)
            .arg("eth0")
            .env("dev", "eth0")
            .env("LD_PRELOAD", "/tmp/evil.so")
            .env("LD_BIND_NOW", "1")
            .env("PATH", "/tmp")
            .env("signal", "sigusr1")
    };
    for event in [sys::PLUGIN_UP, sys::PLUGIN_DOWN] {
        let reply = plugin.call(&forged(event)).expect("a call");
        assert_eq!(reply.result, FuncResult::Success, "event {event}, log: {:?}", plugin.log_lines());
    }
}
