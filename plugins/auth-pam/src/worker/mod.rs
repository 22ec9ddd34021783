//! A worker: a process that runs PAM transactions, one at a time, and knows of nothing else. It holds no descriptor of
//! OpenVPN's, so a module that closes or writes to descriptors spoils only its own worker.

mod account;
mod answers;
mod client_options;
mod conversation;
mod expired;
mod groups;
mod messages;
mod orders;
mod pam_environment;
pub mod pam_progress;
mod process_state;
pub mod prompts;
mod reports;
mod session;
mod transaction;

use std::convert::Infallible;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::sys::signal::Signal;
use pam::LoadedModules;
use privsep::confine::{self, Confinement, Cores, Group, MEANT_FOR_OPENVPN, Output};
use privsep::kept_helper::NewWorker;
use privsep::{Channel, ChannelError, InheritedNumbers, leave, orphans, parent_death_pipe};
use secret::Secret;

use process_state::ProcessState;
use reports::Reports;

use crate::protocol::client_options_request::ClientOptionsRequest;
use crate::protocol::{NewTransaction, Order, Report, WorkerNews};
use crate::settings::Settings;
use crate::supervisor::take_syslog_name;
use crate::titles;
use pam_progress::PamProgress;

/// Modules that talk to servers get an error instead of SIGPIPE.
const IGNORED: &[Signal] = &[Signal::SIGPIPE];
/// How long the supervisor may take to pick up that a worker has started.
const PATIENCE: Duration = Duration::from_secs(10);
/// Workers leave the processor to OpenVPN, whose clients wait for their packets.
const NICE: i32 = 5;

/// The whole life of a worker, in a child of the keeper. Modules print into the output that the keeper gives it.
pub fn live(settings: &Settings, new_worker: NewWorker<'_>) -> Infallible {
    let NewWorker { channel, output, parent_death_pipe } = new_worker;
    let channel = Channel::<Report, Order>::from_socket(channel);
    // First: many may start at once.
    confine::lower_priority(NICE);
    // Modules log to the system log: not through an inherited connection, whose number is about to be free.
    ovpn_plugin::logging::in_forked_child();
    ovpn_plugin::logging::redirect(print_line);
    let (name, command) = titles::WORKER;
    Confinement {
        title: &settings.title(name),
        command,
        group: Group::Own,
        output: Output::Into(output),
        keep: &[channel.as_fd(), parent_death_pipe],
        numbers: InheritedNumbers::Free,
        ignore: IGNORED,
        withstand: &MEANT_FOR_OPENVPN,
        cores: Cores::Never,
    }
    .enter();
    take_syslog_name();
    // What a module's programs leave running stays with this worker: it is seen after the transaction, and ended with it.
    let _ = orphans::adopt();
    serve(settings, channel, parent_death_pipe)
}

/// Lines of the plugin itself, of a panic for instance, go where modules print: the supervisor logs that.
fn print_line(_level: log::Level, line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Serves until the supervisor closes the channel.
fn serve(
    settings: &Settings,
    mut channel: Channel<Report, Order>,
    parent_death_pipe: BorrowedFd<'_>,
) -> Infallible {
    let _own = parent_death_pipe::die_with_parent(parent_death_pipe);
    // One handle more than needed keeps the modules mapped: without it every transaction would load them anew. When it
    // cannot be had (no such service yet, say), the transactions tell.
    let mut loaded_modules =
        LoadedModules::load(&settings.config.service, settings.config.confdir.as_deref()).ok();
    let worker = nix::unistd::getpid();
    // Loading modules may have logged something, too.
    set_back();
    let mut clean = ProcessState::now();
    if channel.send(&Report { nonce: 0, news: WorkerNews::Ready }, &[], PATIENCE).is_err() {
        leave(1);
    }
    loop {
        let mut begin = match next_transaction(&mut channel) {
            NextTransaction::Begin(begin) => begin,
            NextTransaction::CollectOptions(nonce, wanted) => {
                let mut reports = Reports { channel: &mut channel, nonce, worker, session: false };
                if !client_options::report(settings, &wanted, &mut reports) {
                    leave(1);
                }
                look_at_itself(&mut clean, &mut reports);
                continue;
            }
        };
        let credentials = std::mem::replace(&mut begin.credentials, Secret::copy_of(b""));
        let mut reports =
            Reports { channel: &mut channel, nonce: begin.nonce, worker, session: begin.session };
        // A transaction that is kept for a session keeps its modules mapped by itself.
        let (end, asked) = transaction::transact(settings, &begin, credentials, &mut reports, || {
            drop(loaded_modules.take())
        });
        // A child that a module has forked and that came back out of it is not this worker, and has nothing to say.
        if nix::unistd::getpid() != worker {
            leave(1);
        }
        pam_progress::enter(worker, PamProgress::Outside);
        // What a module has printed is logged with the login, not when enough of it has come together.
        confine::flush_output();
        if !reports.send(WorkerNews::End(end)) {
            leave(1);
        }
        // It has held somebody's login for long, and two of their attempts: the next one gets a new process.
        if asked {
            leave(0);
        }
        drop(begin);
        look_at_itself(&mut clean, &mut reports);
    }
}

/// What a module has changed must not meet the next transaction: that gets a new process. Nobody waits for the comparison,
/// and the supervisor hands out nothing before it is done.
fn look_at_itself(clean: &mut ProcessState, reports: &mut Reports<'_>) {
    set_back();
    let change = clean.change();
    if !reports.send(change.map_or(WorkerNews::Ready, |what| WorkerNews::Changed(what.into()))) {
        leave(1);
    }
    if change.is_some() {
        leave(0);
    }
}

/// Sets back what ordinary modules change in passing.
fn set_back() {
    // The library keeps its connection once a module has logged something, and modules that open and close it themselves
    // leave it under the process's own name.
    nix::syslog::closelog();
    take_syslog_name();
    let _ = nix::sys::prctl::set_name(titles::WORKER.1);
    parent_death_pipe::renew();
}

/// What a worker is to do.
enum NextTransaction {
    /// A login.
    Begin(NewTransaction),
    /// The options of a client, in a transaction with this number.
    CollectOptions(u64, ClientOptionsRequest),
}

fn next_transaction(channel: &mut Channel<Report, Order>) -> NextTransaction {
    match orders::receive(channel) {
        Ok(Order::Begin(begin)) => NextTransaction::Begin(begin),
        Ok(Order::CollectOptions { nonce, wanted }) => NextTransaction::CollectOptions(nonce, wanted),
        Err(ChannelError::Closed) => leave(0),
        // An answer, too, to which there is no question.
        Ok(Order::Answer { .. } | Order::Open { .. } | Order::CheckAccount { .. } | Order::Close { .. })
        | Err(_) => leave(1),
    }
}
