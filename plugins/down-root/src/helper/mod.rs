//! The helper: keeps root, runs the scripts the configuration names when OpenVPN asks for them, one at a time, and
//! ends with OpenVPN.

mod child_exits;
mod client_options;
pub mod environment;
mod groups;
mod output;
mod script;
mod wait_for_events;

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use lines::{processes, scripts};
use nix::poll::PollFlags;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use privsep::capabilities::{self, Capabilities};
use privsep::channel::Received;
use privsep::confine::{Confinement, Cores, Group, MEANT_FOR_OPENVPN, Output as Connected};
use privsep::kept_helper::{self, KeeperLink, News, Numbered};
use privsep::line_log::{self, LineSender};
use privsep::title::Title;
use privsep::{Channel, ChannelError, Ended, leave, signal_name};

use crate::event::Event;
use crate::permissions::Program;
use crate::protocol::{Reply, Request};
use crate::settings::{Command, Settings};
use crate::titles;
use child_exits::ChildExits;
use client_options::ClientOptions;
use environment::UpEnvironment;
use groups::OpenVpnsGroups;
use output::Output;
use script::{Script, Supplies};
use wait_for_events::FrontState;

/// Between SIGTERM and SIGKILL for a script that has run too long.
pub const TERM_TO_KILL: Duration = Duration::from_secs(5);
/// How long a script may take to be gone after SIGKILL; one that waits for a device can take for ever.
pub const KILL_TO_GONE: Duration = Duration::from_secs(3);
/// Room for an answer that OpenVPN has not read yet.
const SOCKET_BYTES: usize = 256 * 1024;

/// How long the front may take to read what an earlier helper has answered.
const ANNOUNCE: Duration = Duration::from_secs(10);

struct Helper<'a> {
    base: &'a UpEnvironment,
    time_limit: Option<Duration>,
    scripts: Vec<EventScript<'a>>,
    front: Channel<News<Reply>, Numbered<Request>>,
    generation: u32,
    /// `None`: the keeper is gone.
    keeper: Option<KeeperLink>,
    child_exits: ChildExits,
    supplies: Supplies,
    roots_group: OpenVpnsGroups,
    /// Scripts that could not be killed in time.
    left_behind: Vec<Script>,
    title: Title,
    name: String,
}

/// A script that may be run.
struct EventScript<'a> {
    event: Event,
    command: &'a Command,
    output: Output,
}

/// Why the helper ends.
enum Exit {
    /// OpenVPN has closed its end or is gone.
    FrontGone,
    /// OpenVPN has sent something that it must not, which has been logged.
    Mistrust,
    /// Something else is wrong, and has been logged.
    Failed,
}

/// What the keeper gives a new helper.
pub type NewHelper = kept_helper::NewHelper<Reply, Request>;

/// First of all, in the keeper: log lines of the keeper and of everything it starts go to the front.
pub fn prepare(settings: &Settings, lines: LineSender) {
    // Before descriptors are closed: the C library must not go on using a number that means something else then.
    ovpn_plugin::logging::in_forked_child();
    line_log::keep(lines);
    ovpn_plugin::logging::redirect(line_log::send);
    if !settings.debug {
        // Nobody would see them, and each wakes the thread that logs.
        log::set_max_level(log::LevelFilter::Info);
    }
}

/// The whole life of a helper, in a child of the keeper.
pub fn run(settings: &Settings, base: &UpEnvironment, openvpn: Pid, given: NewHelper) -> Infallible {
    let (name, command) = titles::HELPER;
    let lines = line_log::kept();
    let keep = [Some(given.front.as_fd()), Some(given.keeper.as_fd()), lines.as_ref().map(|it| it.as_fd())];
    let title = Confinement {
        title: &settings.title(name),
        command,
        group: Group::Session,
        // Nothing is ever printed there: log lines go to the front, and scripts have pipes.
        output: Connected::Null,
        keep: &keep.into_iter().flatten().collect::<Vec<_>>(),
        numbers: privsep::InheritedNumbers::Free,
        // Starting a program sets it back.
        ignore: &[Signal::SIGPIPE],
        withstand: &MEANT_FOR_OPENVPN,
        cores: Cores::Inherited,
    }
    .enter();
    drop(lines);
    let end = match Helper::new(settings, base, openvpn, given, title) {
        Ok(mut helper) => helper.serve(),
        Err(error) => {
            processes::cannot_start(error).log();
            Exit::Failed
        }
    };
    leave(match end {
        Exit::FrontGone => kept_helper::DONE,
        Exit::Mistrust => kept_helper::MISTRUST,
        Exit::Failed => kept_helper::FAILED,
    })
}

impl<'a> Helper<'a> {
    fn new(
        settings: &'a Settings,
        base: &'a UpEnvironment,
        openvpn: Pid,
        mut given: NewHelper,
        title: Title,
    ) -> io::Result<Self> {
        let (child_exits, supplies) = (ChildExits::new()?, Supplies::new()?);
        let scripts = settings.commands().map(|(event, command)| {
            Ok(EventScript { event, command, output: Output::new(command.program.name())? })
        });
        let scripts = scripts.collect::<nix::Result<Vec<_>>>()?;
        given.front.set_buffer(SOCKET_BYTES);
        give_up_rights(settings, given.memory_locked);
        given.announce(ANNOUNCE).map_err(io::Error::other)?;
        let kept_helper::NewHelper { number, front, keeper, .. } = given;
        let time_limit = settings.time_limit;
        Ok(Helper {
            base,
            time_limit,
            scripts,
            front,
            generation: number,
            keeper: Some(keeper),
            child_exits,
            supplies,
            roots_group: OpenVpnsGroups::of(openvpn),
            left_behind: Vec::new(),
            title,
            name: settings.title(titles::HELPER.0),
        })
    }

    fn serve(&mut self) -> Exit {
        loop {
            if let Err(end) = self.turn() {
                return end;
            }
        }
    }

    fn turn(&mut self) -> Result<(), Exit> {
        if matches!(self.wait(PollFlags::POLLIN, None)?, FrontState::Gone) {
            // What it may have asked for before, it cannot wait for any more.
            return Err(Exit::FrontGone);
        }
        let received = match self.front.try_receive() {
            Ok(None) => return Ok(()),
            Ok(Some(received)) => received,
            Err(ChannelError::Closed) => return Err(Exit::FrontGone),
            Err(error) => return Err(mistrust(&error.to_string())),
        };
        let Received { message, descriptors, descriptors_missing } = received;
        if !descriptors.is_empty() || descriptors_missing {
            return Err(mistrust("it passed a descriptor"));
        }
        let Numbered { generation, message } = message;
        if generation != self.generation {
            // Asked of an earlier helper, with which the front has given it up.
            return Ok(());
        }
        let id = message.id;
        self.title.show(&[&self.name, &format!(": running {}", message.event.name())]);
        let done = self.run(message);
        self.title.show(&[&self.name]);
        let (succeeded, client_options) = match done? {
            Some(client_options) => (true, client_options),
            None => (false, Vec::new()),
        };
        let answer = Reply::Done { id, succeeded, client_options };
        match self.front.try_send(&News::Message(answer), &[]) {
            // A full socket means that nobody has waited for the last answers either.
            Ok(()) | Err(ChannelError::System(_)) => Ok(()),
            Err(_) => Err(Exit::FrontGone),
        }
    }

    /// Runs the script of an event to its end. What it wrote for a client if it succeeded, else `None`, and the log
    /// says why.
    fn run(&mut self, request: Request) -> Result<Option<Vec<u8>>, Exit> {
        let Some(which) = self.scripts.iter().position(|script| script.event == request.event) else {
            return Err(mistrust(&format!("no script for the event {}", request.event.name())));
        };
        let Some(EventScript { command, output, .. }) = self.scripts.get_mut(which) else { return Ok(None) };
        let (command, program) = (*command, &command.program);
        if let Err(error) = program.check_again(self.roots_group.now()) {
            scripts::not_run(request.event.name(), error).log();
            return Ok(None);
        }
        let mut options = match (request.event == Event::ClientConnect).then(ClientOptions::new).transpose() {
            Ok(options) => options,
            Err(errno) => {
                scripts::no_file_for_options(program, errno.desc()).log();
                return Ok(None);
            }
        };
        let file = options.as_ref().map(ClientOptions::path);
        let env = self.base.for_script(request.event, request.variables, file);
        let args = request.args.into_iter().map(OsString::from_vec).chain(file.map(OsString::from));
        scripts::running(program, request.event.name()).log();
        let supplies = &self.supplies;
        let start = |output| Script::start(supplies, command, args, env, output);
        let started = output.write_end().and_then(|output| self.child_exits.unblocked(|| start(output)));
        let script = match started {
            Ok(script) => script,
            Err(error) => {
                scripts::cannot_run(program, error).log();
                return Ok(None);
            }
        };
        let how = self.watch(script, command, options.as_mut())?;
        if let Some(script) = self.scripts.get_mut(which) {
            script.output.finish();
        }
        match how {
            Some(Ended::Exited(0)) => scripts::succeeded(program).log(),
            Some(how) => {
                log_failure(program, how);
                return Ok(None);
            }
            None => return Ok(None),
        }
        match options.map(ClientOptions::read).transpose() {
            Ok(written) => Ok(Some(written.unwrap_or_default())),
            Err(error) => {
                scripts::options_unusable(program, error).log();
                Ok(None)
            }
        }
    }
}

/// Scripts get root's rights back when they are started. What the helper does itself needs few of them. Nothing can be given up
/// for good, since scripts inherit that: no filter of system calls, no `no_new_privs`.
fn give_up_rights(settings: &Settings, memory_locked: bool) {
    // Scripts may have become other users; in a container, root's processes may be limited in number.
    let mut keep = Capabilities::KILL.and(Capabilities::SYS_RESOURCE);
    if settings.insecure_permissions {
        keep = keep.and(Capabilities::DAC);
    }
    if memory_locked {
        keep = keep.and(Capabilities::IPC_LOCK);
    }
    if let Err(errno) = capabilities::give_up_until_exec(keep) {
        processes::keeps_capabilities(errno.desc()).log();
    }
}

fn mistrust(what: &str) -> Exit {
    processes::mistrust(what).log();
    Exit::Mistrust
}

fn log_failure(program: &Program, how: Ended) {
    match how {
        Ended::Exited(status) => scripts::exited(program, status).log(),
        Ended::Killed(signal) => scripts::killed(program, signal_name(signal)).log(),
    }
}
