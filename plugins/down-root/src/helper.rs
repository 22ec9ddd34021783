//! The helper: keeps root, runs the scripts the configuration names when OpenVPN asks for them, one at a time, and
//! ends with OpenVPN.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use privsep::confine::{self, Confinement, Group, Output as Connected};
use privsep::{Channel, ChannelError, Ended, leave};

use crate::environment::AtUp;
use crate::event::Event;
use crate::output::Output;
use crate::protocol::{Answer, Ask};
use crate::script::{ClientOptions, Script};
use crate::settings::{Command, Settings};
use crate::signals::Signals;

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
    signals: Signals,
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

/// The whole life of the helper, in the forked child.
pub fn run(settings: &Settings, base: &AtUp, front: Channel<Answer, Ask>) -> Infallible {
    // Before descriptors are closed: the C library must not go on using a number that means something else then.
    ovpn_plugin::logging::in_forked_child();
    Confinement {
        title: "down-root: helper",
        command: c"down-root",
        group: Group::Session,
        output: if settings.keep_output { Connected::Inherit } else { Connected::Null },
        keep: &[front.as_fd()],
        // OpenVPN's log function, which is called here too, may remember a client of the management interface.
        numbers: privsep::Numbers::Occupied,
        // Starting a program sets it back.
        ignore: &[Signal::SIGPIPE],
    }
    .enter();
    let end = match Helper::new(settings, base, front) {
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
    fn new(settings: &'a Settings, base: &'a AtUp, mut front: Channel<Answer, Ask>) -> io::Result<Self> {
        let signals = Signals::block()?;
        let scripts = settings.commands().map(|(event, command)| {
            Ok(Runnable { event, command, output: Output::new(command.program.name())? })
        });
        let scripts = scripts.collect::<nix::Result<Vec<_>>>()?;
        front.set_buffer(SOCKET_BYTES);
        front.try_send(&Answer::Ready, &[]).map_err(io::Error::other)?;
        Ok(Helper { base, time_limit: settings.time_limit, scripts, front, signals })
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
        if !received.descriptors.is_empty() {
            return Err(mistrust("a descriptor"));
        }
        let id = received.message.id;
        let (succeeded, client_options) = match self.run(received.message)? {
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

    /// Waits for something to happen and takes care of what is printed; the rest is for the caller to find out.
    fn wait(&mut self, from_front: PollFlags, until: Option<Instant>) -> Result<Front, End> {
        let timeout = until.map_or(PollTimeout::NONE, |until| {
            // Rounded up: a wait that rounds to zero would spin.
            let left = until.saturating_duration_since(Instant::now());
            PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
        });
        let ends = [(self.front.as_fd(), from_front), (self.signals.as_fd(), PollFlags::POLLIN)];
        let outputs = self.scripts.iter().map(|script| (script.output.as_fd(), PollFlags::POLLIN));
        let mut polled: Vec<PollFd<'_>> = ends
            .into_iter()
            .chain(outputs)
            .map(|(descriptor, flags)| PollFd::new(descriptor, flags))
            .collect();
        match poll(&mut polled, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => {
                log::error!("the helper cannot wait for events: {}", errno.desc());
                return Err(End::Failed);
            }
        }
        let happened: Vec<PollFlags> =
            polled.iter().map(|end| end.revents().unwrap_or(PollFlags::empty())).collect();
        let printed = happened.iter().skip(2).map(|flags| flags.contains(PollFlags::POLLIN));
        for (script, printed) in self.scripts.iter_mut().zip(printed) {
            if printed {
                script.output.read();
            }
        }
        self.signals.clear();
        let gone = happened.first().is_some_and(|flags| flags.contains(PollFlags::POLLHUP));
        Ok(if gone { Front::Gone } else { Front::There })
    }

    /// Runs the script of an event to its end. What it wrote for a client if it succeeded, else `None`, and the log
    /// says why.
    fn run(&mut self, ask: Ask) -> Result<Option<Vec<u8>>, End> {
        let Some(which) = self.scripts.iter().position(|script| script.event == ask.event) else {
            return Err(mistrust(&format!("the event {}", ask.event.name())));
        };
        let Some(Runnable { command, output, .. }) = self.scripts.get(which) else { return Ok(None) };
        let (command, program) = (*command, &command.program);
        if let Err(error) = program.check_again() {
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
        let started = output
            .write_end()
            .and_then(|output| self.signals.unblocked(|| Script::start(command, args, env, output)));
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

    /// Waits until a script has ended, or makes it end. `None`: it did not end by itself, or could not be ended.
    fn watch(&mut self, script: Script, command: &Command) -> Result<Option<Ended>, End> {
        let program = &command.program;
        let mut until = self.time_limit.map(|limit| Instant::now() + limit);
        let mut sent = None;
        while !script.has_ended() {
            if until.is_some_and(|until| Instant::now() >= until) {
                let next = match sent {
                    None => (Signal::SIGTERM, TERM_TO_KILL),
                    Some(Signal::SIGTERM) => (Signal::SIGKILL, KILL_TO_GONE),
                    Some(_) => {
                        log::error!("{program} cannot be killed; it is left behind");
                        return Ok(None);
                    }
                };
                if sent.is_none() {
                    let seconds = self.time_limit.unwrap_or_default().as_secs();
                    log::error!("{program} has run longer than {seconds} s and is ended (see timeout)");
                }
                script.signal(next.0);
                (sent, until) = (Some(next.0), Some(Instant::now() + next.1));
            }
            if matches!(self.wait(PollFlags::empty(), until)?, Front::Gone) {
                log::error!("OpenVPN is gone while {program} is running, which is killed");
                script.signal(Signal::SIGKILL);
                let _ = script.reap();
                return Err(End::FrontGone);
            }
        }
        if sent.is_some() {
            // What it has started may have outlived its SIGTERM.
            script.signal(Signal::SIGKILL);
        }
        match (script.reap(), sent) {
            (Ok(how), None) => Ok(Some(how)),
            (Ok(how), Some(_)) => {
                log::error!("{program} {how}");
                Ok(None)
            }
            (Err(error), _) => {
                log::error!("{program}: how it ended cannot be found out: {error}");
                Ok(None)
            }
        }
    }
}

/// Whether OpenVPN is there.
enum Front {
    There,
    Gone,
}

fn mistrust(what: &str) -> End {
    log::error!("the helper ends, OpenVPN sent something that it must not: {what}");
    End::Failed
}
