//! The short forms of a deferral: one call that defers, has a job run, logs its error and answers.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::deferred_verdict::TakenDecision;
use crate::error::WithCauses;
use crate::log_subject::OwnedSubject;
use crate::panic_guard::guard_in_thread;
use crate::{
    AuthReply, AuthUserPassVerify, ClientConfig, ClientConnect, ClientConnectReply, ConnectDecision,
    Decision, JobRunner, Rejection, Result, Retry, Stop, lines, logging,
};

type AnyError = Box<dyn Error + Send + Sync>;

/// The rejection of a client that cannot be served now, and when it may come again.
const BUSY: (&str, Duration) = ("the server is busy", Duration::from_secs(5));

/// What jobs and futures are called in the log.
pub(crate) const LOGIN: &str = "login";
pub(crate) const CLIENT: &str = "client-connect";
pub(crate) const GONE: &str = "the client is gone";

impl AuthUserPassVerify<'_> {
    /// Has this login decided by a job in another thread: defers it, runs the job, and answers with what comes of it.
    ///
    /// The job lets the client in with `Ok(())`. An error that is a [`Rejection`] rejects it with its reason, any other one
    /// without; both are logged. So do a panic, and the end of the plugin. If there is no room for the job, the client has
    /// to come again. If the client is gone when there is room, the job is left out. Lines that the job logs begin with the
    /// client's name.
    ///
    /// Passwords and other values of the event are copied for the job; they are gone when the call is over.
    ///
    /// ```
    /// use ovpn_plugin::{AuthReply, AuthUserPassVerify, Rejection, Result, Tasks};
    ///
    /// # fn groups_of(user: &[u8]) -> Result<Vec<String>> { Ok(vec!["vpn".to_owned()]) }
    /// fn later(event: &AuthUserPassVerify<'_>, tasks: &mut Tasks) -> Result<AuthReply> {
    ///     let user = event.username().ok_or("no username")?.to_vec();
    ///     event.answer_in(tasks, move |_stop| -> Result<()> {
    ///         if groups_of(&user)?.iter().any(|group| group == "vpn") {
    ///             return Ok(());
    ///         }
    ///         Err(Rejection::because("not for you").into())
    ///     })
    /// }
    /// # use ovpn_plugin::testing::LoginFiles;
    /// # let files = LoginFiles::new()?;
    /// # let call = files.call().env("username", "joe");
    /// # let mut tasks = Tasks::new(1);
    /// # let _reply = later(&call.event(), &mut tasks)?;
    /// # drop(tasks);
    /// # assert_eq!(files.verdict(), Some(true));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    /// As [`AuthUserPassVerify::defer`].
    pub fn answer_in<E: Into<AnyError>>(
        &self,
        runner: impl JobRunner,
        job: impl FnOnce(&Stop) -> Result<(), E> + Send + 'static,
    ) -> Result<AuthReply> {
        let (decision, deferral) = self.defer()?;
        let job =
            about_the_same(LOGIN, decision, Decision::is_wanted, |decision, stop| decision.answer(job(stop)));
        Ok(match runner.run(LOGIN, job) {
            Ok(()) => AuthReply::Deferred(deferral),
            Err(error) => login_not_begun(&self.taken, &error),
        })
    }
}

impl ClientConnect<'_> {
    /// Has it decided by a job in another thread whether this client may connect, and with which configuration: the same as
    /// [`AuthUserPassVerify::answer_in`]. An error is logged and refuses the client.
    ///
    /// ```
    /// # use ovpn_plugin::{ClientConfig, ClientConnect, ClientConnectReply, Result, Tasks};
    /// fn later(event: &ClientConnect<'_>, tasks: &mut Tasks) -> Result<ClientConnectReply> {
    ///     event.answer_in(tasks, |_stop| -> Result<ClientConfig> {
    ///         let mut config = ClientConfig::new();
    ///         config.push("route 10.9.0.0 255.255.0.0")?;
    ///         Ok(config)
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`ClientConnect::defer`].
    pub fn answer_in<E: Into<AnyError>>(
        &self,
        runner: impl JobRunner,
        job: impl FnOnce(&Stop) -> Result<ClientConfig, E> + Send + 'static,
    ) -> Result<ClientConnectReply> {
        let (decision, deferral) = self.defer()?;
        let wanted = ConnectDecision::is_wanted;
        let job = about_the_same(CLIENT, decision, wanted, |decision, stop| decision.answer(job(stop)));
        Ok(match runner.run(CLIENT, job) {
            Ok(()) => ClientConnectReply::Deferred(deferral),
            Err(error) => client_not_begun(&self.taken, &error),
        })
    }
}

impl Decision {
    /// Lets the client in, or rejects it: with an error that is a [`Rejection`] and its reason, with any other one without.
    /// Reason or error are logged. It is logged, too, if OpenVPN cannot be told.
    pub fn answer<E: Into<AnyError>>(self, result: Result<(), E>) {
        let told = match result.map_err(|error| error.into().downcast::<Rejection>()) {
            Ok(()) => self.accept(),
            Err(Ok(rejection)) => {
                log_rejection(&rejection);
                self.reject_with(&rejection)
            }
            Err(Err(error)) => {
                logging::say(lines::job_rejects(WithCauses(&*error)));
                self.reject()
            }
        };
        log_untold(told);
    }

    /// Rejects with a reason whose line stands in the log already.
    pub(crate) fn reject_in_silence(self, rejection: &Rejection) {
        log_untold(self.reject_with(rejection));
    }
}

/// The line of a rejection that a plugin gave as an error. A question is none.
pub(crate) fn log_rejection(rejection: &Rejection) {
    if !rejection.is_question() {
        logging::say(lines::login_rejected(rejection));
    }
}

impl ConnectDecision {
    /// Lets the client in with this configuration, or refuses it, and the error is logged. It is logged, too, if OpenVPN
    /// cannot be told.
    pub fn answer<E: Into<AnyError>>(self, result: Result<ClientConfig, E>) {
        let told = match result.map_err(Into::into) {
            Ok(config) => self.accept(&config),
            Err(error) => {
                logging::say(lines::job_refuses(WithCauses(&*error)));
                self.reject()
            }
        };
        log_untold(told);
    }
}

fn log_untold(told: io::Result<()>) {
    if let Err(error) = told {
        logging::say(lines::verdict_untold(error));
    }
}

/// The reply to a login whose job or future could not be started.
pub(crate) fn login_not_begun(taken: &TakenDecision, error: &io::Error) -> AuthReply {
    give_up(taken, error);
    AuthReply::RejectWith(busy())
}

/// The reason where there is no room for a job.
pub(crate) fn busy() -> Rejection {
    let (text, backoff) = BUSY;
    Rejection::temporary(text, backoff, Retry::SameServer)
}

/// The same for a connecting client, which OpenVPN tells no reason.
pub(crate) fn client_not_begun(taken: &TakenDecision, error: &io::Error) -> ClientConnectReply {
    give_up(taken, error);
    ClientConnectReply::Reject
}

fn give_up(taken: &TakenDecision, error: &io::Error) {
    taken.give_up();
    logging::say(lines::job_not_started(error));
}

/// The job, whose lines are about whom this call is about, a panic's too. It is left out if the client is gone by then.
pub(crate) fn about_the_same<D: Send + 'static>(
    name: &'static str,
    decision: D,
    is_wanted: impl FnOnce(&D) -> bool + Send + 'static,
    job: impl FnOnce(D, &Stop) + Send + 'static,
) -> impl FnOnce(&Stop) + Send + 'static {
    let subject = OwnedSubject::of_this_thread();
    move |stop| {
        subject.during(|| {
            guard_in_thread(&format!("the job '{name}'"), || {
                if is_wanted(&decision) {
                    job(decision, stop);
                } else {
                    log::debug!("the job '{name}' is left out: {GONE}");
                }
            })
        });
    }
}
