//! The helper: keeps root, runs the scripts the configuration names when OpenVPN asks for them, one at a time, and
//! ends with OpenVPN.

mod watch;

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use nix::poll::PollFlags;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Pid};
use privsep::channel::{Received, Sender};
use privsep::confine::{self, Confinement, Cores, Group, Output as Connected};
use privsep::parent::Parent;
use privsep::title::Title;
use privsep::{Channel, ChannelError, Ended, leave};

use crate::environment::AtUp;
use crate::event::Event;
use crate::output::Output;
use crate::protocol::{Answer, Ask};
use crate::script::{ClientOptions, Script, Supplies};
use crate::settings::{Command, Settings};
use crate::signals::{ChildExits, WITHSTOOD};
use watch::Front;

/// Between SIGTERM and SIGKILL for a script that has run too long.
pub const TERM_TO_KILL: Duration = Duration::from_secs(5);
/// How long a script may take to be gone after SIGKILL; one that waits for a device can take for ever.
pub const KILL_TO_GONE: Duration = Duration::from_secs(3);
/// Room for an answer that OpenVPN has not read yet.
const SOCKET_BYTES: usize = 256 * 1024;

struct Helper<'a> {
    base: &'a AtUp,
    time_limit: Option<Duration>,
    scripts: Vec<Runnable<'a>>,
    front: Channel<Answer, Ask>,
    /// OpenVPN's own process, if the kernel tells of its end.
    openvpn: Option<Parent>,
    child_exits: ChildExits,
    supplies: Supplies,
    /// Scripts that could not be killed in time.
    left_behind: Vec<Script>,
    /// The groups whose rights OpenVPN had at any of its messages so far.
    front_groups: Vec<Gid>,
    title: Title,
    name: String,
}

/// A script that may be run.
struct Runnable<'a> {
    event: Event,
    command: &'a Command,
    output: Output,
}

/// Why the helper ends.
enum End {
    /// OpenVPN has closed its end or is gone.
    FrontGone,
    /// Something is wrong, and has been logged.
    Failed,
}

/// The whole life of the helper, in the child forked by `openvpn`.
pub fn run(settings: &Settings, base: &AtUp, openvpn: Pid, front: Channel<Answer, Ask>) -> Infallible {
    // Before descriptors are closed: the C library must not go on using a number that means something else then.
    ovpn_plugin::logging::in_forked_child();
    let title = Confinement {
        title: &settings.title(),
        command: c"down-root",
        group: Group::Session,
        output: if settings.keep_output { Connected::Inherit } else { Connected::Null },
        keep: &[front.as_fd()],
        // OpenVPN's log function, which is called here too, may remember a client of the management interface.
        numbers: privsep::Numbers::Occupied,
        // Starting a program sets it back.
        ignore: &[Signal::SIGPIPE],
        withstand: &WITHSTOOD,
        cores: Cores::Inherited,
    }
    .enter();
    let end = match Helper::new(settings, base, openvpn, front, title) {
        Ok(mut helper) => helper.serve(),
        Err(error) => {
            log::error!("the helper cannot start: {error}");
            End::Failed
        }
    };
    leave(match end {
        End::FrontGone => 0,
        End::Failed => 1,
    })
}

impl<'a> Helper<'a> {
    fn new(
        settings: &'a Settings,
        base: &'a AtUp,
        openvpn: Pid,
        mut front: Channel<Answer, Ask>,
        title: Title,
    ) -> io::Result<Self> {
        let openvpn = Parent::watch(openvpn)?;
        let (child_exits, supplies) = (ChildExits::new()?, Supplies::new()?);
        let scripts = settings.commands().map(|(event, command)| {
            Ok(Runnable { event, command, output: Output::new(command.program.name())? })
        });
        let scripts = scripts.collect::<nix::Result<Vec<_>>>()?;
        front.set_buffer(SOCKET_BYTES);
        front.ask_for_senders()?;
        front.try_send(&Answer::Ready, &[]).map_err(io::Error::other)?;
        let time_limit = settings.time_limit;
        Ok(Helper {
            base,
            time_limit,
            scripts,
            front,
            openvpn,
            child_exits,
            supplies,
            left_behind: Vec::new(),
            front_groups: Vec::new(),
            title,
            name: settings.title(),
        })
    }

    fn serve(&mut self) -> End {
        confine::release_memory();
        loop {
            if let Err(end) = self.turn() {
                return end;
            }
        }
    }

    fn turn(&mut self) -> Result<(), End> {
        if matches!(self.wait(PollFlags::POLLIN, None)?, Front::Gone) {
            // What it may have asked for before, it cannot wait for any more.
            return Err(End::FrontGone);
        }
        let received = match self.front.try_receive() {
            Ok(None) => return Ok(()),
            Ok(Some(received)) => received,
            Err(ChannelError::Closed) => return Err(End::FrontGone),
            Err(error) => return Err(mistrust(&error.to_string())),
        };
        let Received { message, descriptors, descriptors_missing, sender } = received;
        if !descriptors.is_empty() || descriptors_missing {
            return Err(mistrust("a descriptor"));
        }
        for group in groups_of(sender) {
            // One of several it may choose for each message.
            if !self.front_groups.contains(&group) {
                self.front_groups.push(group);
            }
        }
        let id = message.id;
        self.title.show(&[&self.name, &format!(": running {}", message.event.name())]);
        let done = self.run(message);
        self.title.show(&[&self.name]);
        let (succeeded, client_options) = match done? {
            Some(client_options) => (true, client_options),
            None => (false, Vec::new()),
        };
        let answer = Answer::Done { id, succeeded, client_options };
        match self.front.try_send(&answer, &[]) {
            // A full socket means that nobody has waited for the last answers either.
            Ok(()) | Err(ChannelError::System(_)) => Ok(()),
            Err(_) => Err(End::FrontGone),
        }
    }

    /// Runs the script of an event to its end. What it wrote for a client if it succeeded, else `None`, and the log
    /// says why.
    fn run(&mut self, ask: Ask) -> Result<Option<Vec<u8>>, End> {
        let Some(which) = self.scripts.iter().position(|script| script.event == ask.event) else {
            return Err(mistrust(&format!("the event {}", ask.event.name())));
        };
        let Some(Runnable { command, output, .. }) = self.scripts.get_mut(which) else { return Ok(None) };
        let (command, program) = (*command, &command.program);
        if let Err(error) = program.check_again(&self.front_groups) {
            log::error!("the {} script is not run: {error}", ask.event.name());
            return Ok(None);
        }
        let options = match (ask.event == Event::ClientConnect).then(ClientOptions::new).transpose() {
            Ok(options) => options,
            Err(errno) => {
                log::error!("{program} cannot be run: no file for the client's options: {}", errno.desc());
                return Ok(None);
            }
        };
        let file = options.as_ref().map(ClientOptions::path);
        let env = self.base.for_script(ask.event, ask.variables, file);
        let args = ask.args.into_iter().map(OsString::from_vec).chain(file.map(OsString::from));
        log::debug!("running {program} at {}", ask.event.name());
        let supplies = &self.supplies;
        let start = |output| Script::start(supplies, command, args, env, output);
        let started = output.write_end().and_then(|output| self.child_exits.unblocked(|| start(output)));
        let script = match started {
            Ok(script) => script,
            Err(error) => {
                log::error!("{program} cannot be run: {error}");
                return Ok(None);
            }
        };
        let how = self.watch(script, command)?;
        if let Some(script) = self.scripts.get_mut(which) {
            script.output.finish();
        }
        match how {
            Some(Ended::Exited(0)) => log::debug!("{program} exited with status 0"),
            Some(how) => {
                log::error!("{program} {how}");
                return Ok(None);
            }
            None => return Ok(None),
        }
        match options.map(ClientOptions::read).transpose() {
            Ok(written) => Ok(Some(written.unwrap_or_default())),
            Err(error) => {
                log::error!("{program}: what it wrote cannot be used: {error}");
                Ok(None)
            }
        }
    }
}

/// The groups whose rights the sender of a message has, as far as the kernel says. Without a sender: all of this process,
/// which had them from OpenVPN.
fn groups_of(sender: Option<Sender>) -> Vec<Gid> {
    match sender {
        // It may write wherever it likes.
        Some(Sender { user, .. }) if user.is_root() => Vec::new(),
        // It has changed its group, and with it all others.
        Some(Sender { group, .. }) if group != nix::unistd::getgid() => vec![group],
        _ => {
            let mut groups = nix::unistd::getgroups().unwrap_or_default();
            groups.push(nix::unistd::getgid());
            groups
        }
    }
}

fn mistrust(what: &str) -> End {
    log::error!("the helper ends, OpenVPN sent something that it must not: {what}");
    End::Failed
}
