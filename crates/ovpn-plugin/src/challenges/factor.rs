//! A second factor with a backend that makes logins wait: password and answer are checked in threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use zeroize::Zeroizing;

use super::binding::Binding;
use super::question_room::no_room;
use super::table::{Key, Open, PendingCheck, Table, lock};
use super::{Answered, AskError, Challenges, Login, NotAsked, QuestionKind};
use crate::answer_in::{LOGIN, about_the_same, login_not_begun};
use crate::{
    AuthReply, AuthUserPassVerify, ClientCrResponse, ClientCrResponseReply, Credentials, Decision, JobRunner,
    Pending, Result, Stop,
};

/// What knows passwords and codes, and takes its time: for [`Challenges::login_in`] and [`Challenges::response_in`].
///
/// Its methods run in the threads they are given, with the client's name before their lines. Both reject with an error: a
/// [`Rejection`](crate::Rejection) tells the client its reason, any other error does not. So does a panic. Each of them is a
/// line of the log.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use ovpn_plugin::{
///     Answered, AuthReply, AuthUserPassVerify, Challenges, ClientCrResponse, ClientCrResponseReply, Credentials, OpenArgs,
///     Plugin, Pool, Rejection, Result, SecondFactor, Stop,
/// };
///
/// struct Database;
///
/// impl SecondFactor for Database {
///     /// The code that was sent to the user's telephone.
///     type Kept = Vec<u8>;
///
///     fn check(&self, login: &Credentials, _: &Stop) -> Result<Option<Vec<u8>>> {
///         if !login.password_is(b"secret") {
///             return Err(Rejection::because("wrong name or password").into());
///         }
///         Ok(Some(b"123456".to_vec()))
///     }
///
///     fn judge(&self, answered: &Answered<Vec<u8>>, _: &Stop) -> Result<()> {
///         if answered.is(answered.value()) { Ok(()) } else { Err(Rejection::because("wrong code").into()) }
///     }
/// }
///
/// struct Mine {
///     challenges: Challenges<Vec<u8>>,
///     database: Arc<Database>,
///     pool: Pool,
/// }
///
/// #[ovpn_plugin::plugin]
/// impl Plugin for Mine {
///     const NAME: &'static str = "MINE";
///
///     fn open(_: &OpenArgs<'_>) -> Result<Self> {
///         let challenges = Challenges::new(Duration::from_secs(60));
///         Ok(Self { challenges, database: Arc::new(Database), pool: Pool::new("database", 4, 60) })
///     }
///
///     fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
///         self.challenges.login_in(event, &self.pool, "Code:", &self.database)
///     }
///
///     fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
///         self.challenges.response_in(event, &self.pool, &self.database)
///     }
/// }
///
/// use ovpn_plugin::testing::{CallData, Login, Running, Session};
///
/// let mut plugin = Running::<Mine>::open(&CallData::new())?;
/// for methods in ["crtext", ""] {
///     let mut session = Session::new(&mut plugin).env("IV_SSO", methods);
///     assert!(matches!(session.log_in(&mut plugin, "joe", "secret"), Login::Asked(_)));
///     assert_eq!(session.answer(&mut plugin, "123456"), Login::Accepted);
/// }
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub trait SecondFactor: Send + Sync + 'static {
    /// What is kept with a question.
    type Kept: Send + 'static;

    /// Whether what the client types may be shown.
    const IS_SHOWN: bool = true;

    /// Whether this user has a second factor; yes for everybody unless the backend says otherwise. It decides whether a client
    /// is asked that can be asked while its login is pending: OpenVPN takes that question only before the password is
    /// checked. Nobody else is asked before [`SecondFactor::check`] has said so.
    ///
    /// This one is called in OpenVPN's own thread: answer from memory. An answer that is out of date does no harm. Who is asked
    /// in vain gets in without answering; who is not asked, and has a second factor according to `check`, is asked by a
    /// rejection.
    ///
    /// **It tells something before the password is right**: a client that names a user and is not asked learns that this user
    /// has no second factor. Say `true` for names that you do not know, so that it does not learn which names there
    /// are. If it is to learn nothing, leave this method out, or use [`Challenges::by_rejection`].
    fn has_second_factor(&self, username: &[u8]) -> bool {
        let _ = username;
        true
    }

    /// Whether the password is right. `Some` has the client asked, if it is not being asked already, and comes back with the
    /// answer. `None` lets it in: it has no second factor.
    ///
    /// # Errors
    /// Rejects.
    fn check(&self, login: &Credentials, stop: &Stop) -> Result<Option<Self::Kept>>;

    /// Whether the answer is right. The password was.
    ///
    /// # Errors
    /// Rejects.
    fn judge(&self, answered: &Answered<Self::Kept>, stop: &Stop) -> Result<()>;
}

/// How the client of a login is asked.
enum Route<T> {
    /// It has answered already.
    Answered(Zeroizing<Vec<u8>>),
    /// It is asked while its password is checked.
    Pending(Checking<T>),
    /// It will be rejected with the question.
    Rejection(String),
    /// It cannot be asked.
    None,
}

/// A check of a login that is being asked; as long as this lives, its answer is kept.
struct Checking<T> {
    table: Arc<Mutex<Table<T>>>,
    key: PathBuf,
}

impl<T> Drop for Checking<T> {
    fn drop(&mut self) {
        let answer = lock(&self.table).checks.remove(&self.key);
        drop(answer);
    }
}

/// One check.
struct Job<F: SecondFactor> {
    challenges: Challenges<F::Kept>,
    factor: Arc<F>,
    login: Credentials,
    binding: Binding,
    route: Route<F::Kept>,
    asked: Instant,
}

impl<T: Send + 'static> Challenges<T> {
    /// Has a whole login with two factors decided in other threads: the password of one that begins, and the answer of one
    /// that was asked by a rejection. A client whose token is good ([`Login::Renewed`]) is accepted.
    ///
    /// Clients that can be asked while their login is pending are asked at once, unless the user has no second factor
    /// ([`SecondFactor::has_second_factor`]): OpenVPN takes such a question only with the reply to this event. Their
    /// password is checked meanwhile. If it is wrong, or there is no second factor, the login
    /// is decided without their answer. The others are asked when the password was right;
    /// [`Challenges::by_rejection`] has everybody asked so. With a static challenge the answer is there, and both are
    /// judged one after the other.
    ///
    /// A login counts as an open question once its password was right, not before: nobody with a wrong password
    /// takes the room of others. Checks have the bound of their threads. If there is no room there, the client is
    /// rejected for now.
    ///
    /// A login that waits holds two of the files that OpenVPN may have open. If there are no more, questions that nobody
    /// can answer any more give way, and then the oldest one of the source with the most.
    ///
    /// Give the answers of [`ClientCrResponse`] to [`Challenges::response_in`].
    ///
    /// # Errors
    /// If the login cannot be deferred, or the question cannot be sent while the login is pending.
    pub fn login_in<F: SecondFactor<Kept = T>>(
        &self,
        event: &AuthUserPassVerify<'_>,
        runner: impl JobRunner,
        question: &str,
        factor: &Arc<F>,
    ) -> Result<AuthReply> {
        let factor = Arc::clone(factor);
        match self.login(event) {
            Login::Begins(login) => self.check_in(event, runner, question, factor, login),
            Login::Answered(answered) => {
                let deferred = self.defer(event, &answered.binding)?;
                Ok(answered.judge_in(runner, event, deferred, move |it, stop| factor.judge(it, stop)))
            }
            Login::Renewed => Ok(AuthReply::Accept),
            Login::Refused(reply) => Ok(reply),
        }
    }

    /// Has the answer that this event brings judged in another thread, to a question of [`Challenges::login_in`]. If the
    /// password is still being checked, the answer waits for that. If there is no room for it, the client is
    /// rejected for now.
    ///
    /// # Errors
    /// As [`Challenges::response`].
    pub fn response_in<F: SecondFactor<Kept = T>>(
        &self,
        event: &ClientCrResponse<'_>,
        runner: impl JobRunner,
        factor: &Arc<F>,
    ) -> Result<ClientCrResponseReply> {
        if self.is_early(event, Instant::now())? {
            return Ok(ClientCrResponseReply::Done);
        }
        let factor = Arc::clone(factor);
        let answered = self.response(event)?;
        Ok(answered.respond_in(runner, move |answered, stop| factor.judge(answered, stop)))
    }

    /// Keeps an answer whose password is still being checked; whether it is one.
    fn is_early(&self, event: &ClientCrResponse<'_>, now: Instant) -> Result<bool, NotAsked> {
        let Some(control) = event.auth_control_file() else { return Ok(false) };
        let mut table = self.table();
        let Some(check) = table.checks.get_mut(control) else { return Ok(false) };
        let is_theirs = check.username == event.username().unwrap_or_default() && now < check.until;
        if !is_theirs || check.answer.is_some() {
            return Err(NotAsked::NoQuestion);
        }
        let answer = event.decoded_response().ok_or(NotAsked::Malformed)?;
        check.answer = Some(Zeroizing::new(answer));
        Ok(true)
    }

    fn check_in<F: SecondFactor<Kept = T>>(
        &self,
        event: &AuthUserPassVerify<'_>,
        runner: impl JobRunner,
        question: &str,
        factor: Arc<F>,
        mut login: Credentials,
    ) -> Result<AuthReply> {
        let asked = Instant::now();
        let binding = Binding::of(event, self.to_source);
        let mut pending = None;
        let route = if let Some(answer) = login.take_response() {
            Route::Answered(answer)
        } else if let Some(control) =
            self.pending_control(event, question).filter(|_| factor.has_second_factor(login.username()))
        {
            let make = if F::IS_SHOWN { Pending::text } else { Pending::hidden };
            pending = Some(make(self.time, question).map_err(AskError::Pending)?);
            let check =
                PendingCheck { username: binding.username.clone(), until: asked + self.time, answer: None };
            let checking = Checking { table: Arc::clone(&self.table), key: control.to_owned() };
            let before = self.table().checks.insert(control.to_owned(), check);
            drop(before);
            Route::Pending(checking)
        } else if event.auth_failed_reason_file().is_some() {
            Route::Rejection(question.to_owned())
        } else {
            Route::None
        };
        let (decision, deferral) = self.defer(event, &binding)?;
        let job = Job { challenges: self.clone_handle(), factor, login, binding, route, asked };
        let job =
            about_the_same(LOGIN, decision, Decision::is_wanted, |decision, stop| job.run(decision, stop));
        Ok(match (runner.run(LOGIN, job), pending) {
            (Ok(()), Some(pending)) => AuthReply::Pending(pending, deferral),
            (Ok(()), None) => AuthReply::Deferred(deferral),
            (Err(error), _) => login_not_begun(&event.taken, &error),
        })
    }
}

impl<F: SecondFactor> Job<F> {
    fn run(self, decision: Decision, stop: &Stop) {
        let Self { challenges, factor, login, binding, route, asked } = self;
        let value = match factor.check(&login, stop) {
            Ok(Some(value)) => value,
            Ok(None) => return decision.answer::<crate::Rejection>(Ok(())),
            Err(error) => return decision.answer(Err(error)),
        };
        drop(login);
        let open = Open { value, binding, round: 1, until: asked + challenges.time, decision: None };
        let (open, question_kind, answer) = match route {
            Route::Answered(answer) => {
                (Open { decision: Some(decision), ..open }, QuestionKind::Static, answer)
            }
            Route::Pending(checking) => {
                let open = Open { decision: Some(decision), ..open };
                let Some((open, answer)) = challenges.checked(&checking, open) else { return };
                (open, QuestionKind::Pending, answer)
            }
            Route::Rejection(question) => {
                // It was asked only now.
                let now = Instant::now();
                let open = Open { until: now + challenges.time, ..open };
                return challenges.ask_by_rejection(open, decision, &question, F::IS_SHOWN, now);
            }
            Route::None => return decision.answer(Err(AskError::TooOld)),
        };
        let Open { value, binding, round, decision, .. } = open;
        let answered = Answered { value, answer, binding, round, question_kind, decision };
        let result = factor.judge(&answered, stop);
        answered.settle(result);
    }
}

impl<T> Challenges<T> {
    fn ask_by_rejection(
        &self,
        open: Open<T>,
        decision: Decision,
        question: &str,
        is_shown: bool,
        now: Instant,
    ) {
        if !self.make_room(&open.binding, now) {
            return decision.reject_in_silence(&no_room());
        }
        let username = open.binding.username.clone();
        match self.question(open, &username, question, is_shown) {
            Ok(rejection) => decision.answer(Err(rejection)),
            Err(error) => decision.answer(Err(error)),
        }
    }

    /// The password was right: an answer that is there already is given out, or the question is open from now on.
    fn checked(&self, checking: &Checking<T>, mut open: Open<T>) -> Option<(Open<T>, Zeroizing<Vec<u8>>)> {
        if let Some(answer) = self.table().take_early(&checking.key) {
            return Some((open, answer));
        }
        if !self.make_room(&open.binding, Instant::now()) {
            if let Some(decision) = open.decision.take() {
                decision.reject_in_silence(&no_room());
            }
            return None;
        }
        let mut table = self.table();
        // It may have come meanwhile.
        if let Some(answer) = table.take_early(&checking.key) {
            return Some((open, answer));
        }
        table.checks.remove(&checking.key);
        let before = table.insert(Key::ControlFile(checking.key.clone()), open);
        drop(table);
        drop(before);
        None
    }

    /// The same challenges, for a thread.
    fn clone_handle(&self) -> Self {
        Self { table: Arc::clone(&self.table), ..*self }
    }
}
