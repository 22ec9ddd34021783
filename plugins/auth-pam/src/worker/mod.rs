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
mod process_state;
pub mod progress;
pub mod prompts;
mod session;

use std::convert::Infallible;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use lines::refusals;
use nix::sys::signal::Signal;
use pam::{LoadedModules, PamError, ReturnCode, Transaction};
use privsep::confine::{self, Confinement, Cores, Group, MEANT_FOR_OPENVPN, Output};
use privsep::life::NewWorker;
use privsep::{Channel, ChannelError, InheritedNumbers, Message, Reader, leave, orphans, parent_death_pipe};
use secret::Secret;

use answers::Answers;
use conversation::{Answering, Reports, cut};
use messages::Messages;
use process_state::ProcessState;
use prompts::Turn;

use crate::protocol::client_options_request::ClientOptionsRequest;
use crate::protocol::{
    Client, Credentials, MAX_CHECKED, NewTransaction, Order, Report, TransactionEnd, WhoseFault, WorkerNews,
};
use crate::settings::Settings;
use crate::supervisor::take_syslog_name;
use crate::titles;
use progress::Progress;

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
    let mut modules = LoadedModules::hold(&settings.config.service, settings.config.confdir.as_deref()).ok();
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
        let (end, asked) = transact(settings, &begin, credentials, &mut reports, || drop(modules.take()));
        // A child that a module has forked and that came back out of it is not this worker, and has nothing to say.
        if nix::unistd::getpid() != worker {
            leave(1);
        }
        progress::enter(worker, Progress::Outside);
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
        Ok(Order::Answer { .. } | Order::Open { .. } | Order::Check { .. } | Order::Close { .. })
        | Err(_) => leave(1),
    }
}

/// One transaction; its notes are sent as they happen. Whether it has asked a question. One that is kept for a session is the
/// last of this worker, and `keeps` is run before.
fn transact(
    settings: &Settings,
    begin: &NewTransaction,
    credentials: Secret,
    reports: &mut Reports<'_>,
    keeps: impl FnOnce(),
) -> (TransactionEnd, bool) {
    let mut end = no_end();
    let mut asked = false;
    let (code, text, kept) = match check(settings, begin, credentials, reports, &mut end, &mut asked) {
        Ok(kept) => (ReturnCode::SUCCESS, "Success".to_string(), kept),
        Err(error) => (error.code, error.text, None),
    };
    end.kept = kept.is_some();
    // A code below zero is none that PAM has: it must not be taken for success, and is not, being no zero.
    end.code = code.raw().unsigned_abs();
    end.text = cut(&text);
    if let Some(transaction) = kept {
        keeps();
        session::hold(transaction, end, settings);
    }
    (end, asked)
}

/// Of a transaction that has not begun.
fn no_end() -> TransactionEnd {
    TransactionEnd {
        code: 0,
        authenticating: true,
        text: Vec::new(),
        delay: Duration::ZERO,
        checked: Vec::new(),
        new_password: false,
        said: Vec::new(),
        fault: WhoseFault::Client,
        kept: false,
    }
}

/// What PAM says, and the transaction if it is kept; how far it came, and how long a failure must stay unknown, is noted in `end`.
fn check<'a>(
    settings: &'a Settings,
    begin: &'a NewTransaction,
    sealed: Secret,
    reports: &'a mut Reports<'_>,
    end: &mut TransactionEnd,
    has_asked: &mut bool,
) -> Result<Option<Transaction<Answering<'a>>>, PamError> {
    let config = &settings.config;
    let broken = |text: String| PamError { code: ReturnCode::SYSTEM_ERR, text };
    let credentials = Credentials::unseal(&sealed)
        .map_err(|error| broken(refusals::malformed_credentials(error).to_string()))?;
    drop(sealed);
    // The front sees to that, but not where a client sends again an answer by which it has chosen a password.
    if credentials.password.is_empty() && !config.empty_passwords && begin.passwordless.is_none() {
        let text = refusals::empty_password().to_string();
        return Err(PamError { code: ReturnCode::AUTH_ERR, text });
    }
    let client = Client::decode(Reader::new(&begin.client))
        .map_err(|error| broken(refusals::malformed_client(error).to_string()))?;
    let in_c = |bytes: &[u8]| CString::new(bytes).map_err(|_| broken(refusals::nul_byte().to_string()));
    let address = in_c(&begin.address)?;
    let user = match begin.passwordless {
        Some(_) => Some(account::user(&config.prompts, &begin.username, &begin.common_name)?),
        None => Some(in_c(&begin.username)?).filter(|_| config.prompts.name_user_at_start()),
    };
    // Nobody asks for it, so that it counts as asked for.
    let names = user
        .iter()
        .filter(|_| begin.passwordless.is_some())
        .map(|user| Secret::copy_of(user.to_bytes()))
        .collect();
    let conversation = Answering {
        prompts: &config.prompts,
        challenge: config.challenge,
        can_ask: settings.can_ask,
        open_urls: config.open_urls,
        username: &begin.username,
        common_name: &begin.common_name,
        credentials,
        turn: Turn::default(),
        debug: settings.debug,
        reports: Reports { channel: reports.channel, ..*reports },
        notes: 0,
        said: Messages::default(),
        typed: Vec::new(),
        complaint: None,
        names,
        answers: Answers::default(),
        messages: Vec::new(),
        choosing: None,
        questions: 0,
        page: None,
        given_up: false,
        nobody_in: begin.passwordless.map(|_| account::PHASE),
    };
    let worker = reports.worker;
    progress::enter(worker, Progress::Start);
    let mut transaction =
        Transaction::start(&config.service, user.as_deref(), config.confdir.as_deref(), conversation)?;
    transaction.allow_empty_passwords(config.empty_passwords);
    // The supervisor waits instead, and this process is free for the next attempt.
    let _ = transaction.note_delays();
    let rhost = if address.is_empty() { Ok(()) } else { transaction.set_rhost(&address) };
    let told = rhost.and_then(|()| pam_environment::set(&mut transaction, &begin.common_name, &client));
    progress::enter(
        worker,
        if begin.passwordless.is_some() { Progress::Account } else { Progress::Authentication },
    );
    let mut result = told.and_then(|()| match begin.passwordless {
        Some(passwordless) => account::check(&mut transaction, config, passwordless, end),
        None => transaction.authenticate().and_then(|()| {
            end.authenticating = false;
            progress::enter(worker, Progress::Account);
            expired::acct_mgmt(&mut transaction, settings, end)
        }),
    });
    end.delay = transaction.delay();
    let panicked = transaction.panicked();
    let checked = transaction.user().map(|user| user.to_bytes().to_vec());
    let conversation = transaction.conversation();
    *has_asked = conversation.questions > 0;
    end.new_password =
        result.is_ok() && conversation.choosing.take().is_some_and(|choosing| choosing.last_is_new());
    let asked = checked.as_deref().is_some_and(|checked| conversation.was_asked_for(checked));
    match &result {
        Ok(()) if !asked && !config.allow_user_mapping => {
            result = Err(other_user(end, &conversation.answers, checked.as_deref()));
        }
        Err(error) if end.fault == WhoseFault::Client => {
            end.fault = conversation.answers.whose_fault(error.code)
        }
        _ => {}
    }
    end.checked = checked.filter(|checked| *checked != begin.username).unwrap_or_default();
    end.checked.truncate(MAX_CHECKED);
    if panicked {
        conversation.note(|| lines::attempts::internal_error().to_string());
        result = result.and(Err(PamError { code: ReturnCode::CONV_ERR, text: "Conversation error".into() }));
    }
    if result.is_err() {
        end.said = std::mem::take(&mut conversation.said).into_line();
    }
    if result.is_ok() && conversation.reports.session {
        return Ok(Some(transaction));
    }
    progress::enter(worker, Progress::End);
    drop(transaction);
    result.map(|()| None)
}

/// PAM has succeeded, but not for the user that the client is let in as.
fn other_user(end: &mut TransactionEnd, answers: &Answers, checked: Option<&[u8]>) -> PamError {
    // No refusal of the account phase.
    end.authenticating = true;
    end.fault = answers.whose_fault_for_user(checked);
    let text =
        if checked.is_some() { refusals::other_user().to_string() } else { refusals::no_user().to_string() };
    PamError { code: ReturnCode::PERM_DENIED, text }
}
