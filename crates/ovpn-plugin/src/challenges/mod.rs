//! A second factor: asks a client in the way it can be asked, and brings its answer back.

mod answered;
mod binding;
mod factor;
pub(crate) mod forms;
mod question_room;
mod table;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::boundary::random;
use crate::{
    AuthReply, AuthUserPassVerify, Challenge, ChallengeError, ChallengeResponse, ClientCrResponse,
    Credentials, Decision, DeferError, Pending, PendingError, Rejection, SessionState, StaticChallenge,
    lines, logging,
};

pub use answered::{Answered, QuestionKind, Verdict};
use binding::Binding;
pub use factor::SecondFactor;
use question_room::no_room;
use table::{Key, NoQuestion, Open, Table, lock, state_id};

/// The method clients announce that can be asked while their login is pending.
const PENDING: &str = "crtext";
/// Longest question in bytes that is asked so: OpenVPN's client hands at most 255 to its management interface, its own
/// words included.
const MAX_PENDING_BYTES: usize = 230;
/// Questions to clients whose password is right, and the answers to them.
///
/// A client is asked in the way it can be asked: not at all if it has sent the response to a static challenge with its
/// password (`SCRV1`); while its login is pending if it announces that (`crtext` in `IV_SSO`); else by a rejection, after
/// which it comes again (`CRV1`). The answer is one [`Answered`] in each case. Needs OpenVPN 2.6 at the server, except for
/// static challenges.
///
/// A question is open for a limited time. It is answered once, by the user and certificate that were asked, and from the
/// same source: the same IPv4 address, or the same 64 bits of an IPv6 address (see [`Challenges::from_any_source`]). Its
/// id has 128 random bits. There is a bound for all questions and one for those of a single user. Sources share the room:
/// when there is none left, the source with the most open questions loses its oldest one to a source that has fewer.
///
/// `T` is what the plugin keeps with a question, such as the code that was sent to a telephone.
///
/// ```
/// use std::time::Duration;
/// # use ovpn_plugin::*;
///
/// struct Codes {
///     challenges: Challenges,
/// }
///
/// # impl Codes { fn knows(&self, _: &Credentials) -> bool { true } }
/// impl Codes {
///     fn log_in(&self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
///         Ok(match self.challenges.login(event) {
///             Login::Begins(login) if self.knows(&login) => {
///                 self.challenges.ask(event, "Code:", ())?.reply(|answered| self.judge(answered))
///             }
///             Login::Begins(_) => AuthReply::Reject,
///             Login::Answered(answered) => self.judge(answered).into(),
///             Login::Renewed => AuthReply::Accept,
///             Login::Refused(reply) => reply,
///         })
///     }
///
///     fn answer(&self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
///         Ok(self.judge(self.challenges.response(event)?).into())
///     }
///
///     fn judge(&self, answered: Answered) -> Verdict {
///         if answered.is(b"123456") { answered.accept() } else { answered.reject() }
///     }
/// }
///
/// # let codes = Codes { challenges: Challenges::new(Duration::from_secs(60)) };
/// # let files = testing::LoginFiles::new().unwrap();
/// # let call = files.call().env("username", "joe").env("password", "secret");
/// # let reply = codes.log_in(&call.event()).unwrap();
/// # assert!(matches!(reply, AuthReply::RejectWith(_)));
/// ```
///
/// # A backend that takes its time
///
/// [`Challenges::ask`] needs the event, which is over when a pool has checked the password. [`Challenges::login_in`] checks
/// and asks in threads: see [`SecondFactor`].
///
/// # Renegotiation
///
/// Keys are renegotiated, by default every hour, and OpenVPN then asks the plugin anew for a client that has no token. Give
/// clients one, with `auth-gen-token` in the server's configuration: OpenVPN then checks the token by itself, and nobody is
/// asked twice. With `auth-gen-token ... external-auth` it asks the plugin all the same, which is [`Login::Renewed`] if the
/// token is good. Without a token a client that was asked while pending is asked again, and one that was asked by a
/// rejection is refused: it repeats its answer, which counts once.
pub struct Challenges<T = ()> {
    time: Duration,
    to_source: bool,
    while_pending: bool,
    table: Arc<Mutex<Table<T>>>,
}

/// What an attempt to log in is.
#[derive(Debug)]
pub enum Login<T = ()> {
    /// It begins: username and password are to be checked, and then [`Challenges::ask`].
    Begins(Credentials),
    /// The client answers a question. Its password was right when it was asked.
    Answered(Answered<T>),
    /// The client has logged in before and has a token that OpenVPN has found good (`auth-gen-token ... external-auth`).
    /// Nobody is asked: accept, perhaps after a look at the account.
    Renewed,
    /// There is nothing to check. Why is in the log.
    Refused(AuthReply),
}

/// What came of asking.
#[derive(Debug)]
#[must_use]
pub enum Asked<T = ()> {
    /// The client is asked by this reply.
    Reply(AuthReply),
    /// The client has answered already, to a static challenge.
    Answered(Answered<T>),
}

impl<T> Asked<T> {
    /// The reply to the login; `judge` sees an answer that is there already.
    pub fn reply(self, judge: impl FnOnce(Answered<T>) -> Verdict) -> AuthReply {
        match self {
            Self::Reply(reply) => reply,
            Self::Answered(answered) => judge(answered).into(),
        }
    }
}

/// Why a client cannot be asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum AskError {
    /// OpenVPN names no file for the question: questions need OpenVPN 2.6.
    TooOld,
    /// Clients would misread the question.
    Question(ChallengeError),
    /// The question cannot be sent while the login is pending.
    Pending(PendingError),
    /// The login cannot be deferred.
    Defer(DeferError),
    /// The system has no random bytes for an id.
    Random(io::Error),
}

impl fmt::Display for AskError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooOld => out.write_str("cannot ask the client: questions need OpenVPN 2.6"),
            Self::Question(error) => write!(out, "cannot ask the client: {error}"),
            Self::Pending(error) => write!(out, "cannot ask the client: {error}"),
            Self::Defer(error) => write!(out, "cannot ask the client: {error}"),
            Self::Random(error) => write!(out, "cannot ask the client: no random bytes: {error}"),
        }
    }
}

impl std::error::Error for AskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooOld => None,
            Self::Question(error) => Some(error),
            Self::Pending(error) => Some(error),
            Self::Defer(error) => Some(error),
            Self::Random(error) => Some(error),
        }
    }
}

/// An answer that belongs to no open question of this client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotAsked {
    /// The client was not asked, has answered already, or its time is over.
    NoQuestion,
    /// The answer is not base64, in which clients send it. The login is rejected.
    Malformed,
}

impl fmt::Display for NotAsked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoQuestion => "the answer belongs to no open question of this client",
            Self::Malformed => "the answer is not base64",
        })
    }
}

impl std::error::Error for NotAsked {}

impl<T> Challenges<T> {
    /// The most questions that are open at a time, unless [`Challenges::most`] says otherwise.
    pub const MOST: usize = 1000;

    /// Questions that are open for `time`: whole seconds, at least one and at most an hour. OpenVPN itself gives up a
    /// pending login after the smaller of `hand-window` and half of `reneg-sec`, 60 seconds by default; a question that is
    /// asked meanwhile (`crtext`) extends that to `time`.
    #[must_use]
    pub fn new(time: Duration) -> Self {
        let time = time.clamp(Duration::from_secs(1), Duration::from_secs(3600));
        Self {
            time,
            to_source: true,
            while_pending: true,
            table: Arc::new(Mutex::new(Table::new(Self::MOST))),
        }
    }

    /// At most `most` questions are open at a time, and of one user at most eight: a ninth one makes the oldest of this user
    /// void. If there is no room, and no other source has more of it, the client that was to be asked gets a temporary
    /// failure.
    #[must_use]
    pub fn most(mut self, most: usize) -> Self {
        self.table = Arc::new(Mutex::new(Table::new(most)));
        self
    }

    /// Takes answers from any source. A telephone may change from one network to another while its user types; then its
    /// answer by a new login comes from another address.
    #[must_use]
    pub fn from_any_source(mut self) -> Self {
        self.to_source = false;
        self
    }

    /// Asks by a rejection also those clients that can be asked while their login is pending. Then
    /// [`Challenges::login_in`] asks nobody before the password was right.
    #[must_use]
    pub fn by_rejection(mut self) -> Self {
        self.while_pending = false;
        self
    }

    /// What this attempt to log in is. An answer to a question is taken: it counts once.
    pub fn login(&self, event: &AuthUserPassVerify<'_>) -> Login<T> {
        self.login_at(event, Instant::now())
    }

    fn login_at(&self, event: &AuthUserPassVerify<'_>, now: Instant) -> Login<T> {
        let has_name = event.username().is_some_and(|name| !name.is_empty());
        match event.session_state() {
            None | Some(SessionState::Initial) => {}
            Some(SessionState::Authenticated) if has_name => return Login::Renewed,
            // The word before the colon makes clients drop their token and log in anew.
            Some(SessionState::Expired) => {
                return refused(&"its token has expired", "SESSION: the token has expired");
            }
            Some(_) => return refused(&"its token is not valid", "SESSION: the token is not valid"),
        }
        match ChallengeResponse::parse(event.password().unwrap_or_default()) {
            Ok(Some(response)) => self.answer(event, response, now),
            Ok(None) => match event.credentials() {
                Ok(credentials) => Login::Begins(credentials),
                Err(error) => refused(&error, ""),
            },
            Err(error) => refused(&format_args!("malformed answer (CRV1): {error}"), ""),
        }
    }

    fn answer(
        &self,
        event: &AuthUserPassVerify<'_>,
        response: ChallengeResponse<'_>,
        now: Instant,
    ) -> Login<T> {
        let theirs = Binding::of(event, self.to_source);
        let found = match Key::of_state_id(response.state_id) {
            Some(key) => self.table().take(&key, now, |binding| binding.is_answered_by(&theirs)),
            None => Err(NoQuestion::Unknown),
        };
        let Open { value, binding, round, decision, .. } = match found {
            Ok(open) => open,
            Err(why) => {
                let why = match why {
                    NoQuestion::Unknown => "no question with this id is open",
                    NoQuestion::Another => {
                        "the question was put to another user or certificate, or to another address"
                    }
                };
                // The same words for each: the client need not learn what of it was right.
                return refused(&why, "the question is not open any more, please log in again");
            }
        };
        let answer = Zeroizing::new(response.response.to_vec());
        Login::Answered(Answered {
            value,
            answer,
            binding,
            round,
            question_kind: QuestionKind::Dynamic,
            decision,
        })
    }

    /// Asks the client whose password is right; what it types may be shown. `value` comes back with the answer.
    ///
    /// If too many questions are open, the reply is a temporary failure, and the log says so.
    ///
    /// # Errors
    /// If the client cannot be asked; reject it.
    pub fn ask(
        &self,
        event: &AuthUserPassVerify<'_>,
        question: &str,
        value: T,
    ) -> Result<Asked<T>, AskError> {
        self.ask_at(event, question, true, value, Instant::now())
    }

    /// The same for an answer that is not to be shown while it is typed.
    ///
    /// # Errors
    /// As [`Challenges::ask`].
    pub fn ask_hidden(
        &self,
        event: &AuthUserPassVerify<'_>,
        question: &str,
        value: T,
    ) -> Result<Asked<T>, AskError> {
        self.ask_at(event, question, false, value, Instant::now())
    }

    fn ask_at(
        &self,
        event: &AuthUserPassVerify<'_>,
        question: &str,
        is_shown: bool,
        value: T,
        now: Instant,
    ) -> Result<Asked<T>, AskError> {
        let binding = Binding::of(event, self.to_source);
        if let Ok(Some(mut both)) = StaticChallenge::parse(event.password().unwrap_or_default()) {
            let answer = Zeroizing::new(std::mem::take(&mut both.response));
            let answered = Answered {
                value,
                answer,
                binding,
                round: 1,
                question_kind: QuestionKind::Static,
                decision: None,
            };
            return Ok(Asked::Answered(answered));
        }
        if !self.make_room(&binding, now) {
            return Ok(Asked::Reply(AuthReply::RejectWith(no_room())));
        }
        let open = Open { value, binding, round: 1, until: now + self.time, decision: None };
        let control = self.pending_control(event, question);
        if let Some(control) = control.filter(|_| event.can_defer().is_ok()) {
            let make = if is_shown { Pending::text } else { Pending::hidden };
            let pending = make(self.time, question).map_err(AskError::Pending)?;
            match self.defer(event, &open.binding) {
                Ok((decision, deferral)) => {
                    let key = Key::ControlFile(control.to_owned());
                    self.insert(key, Open { decision: Some(decision), ..open });
                    return Ok(Asked::Reply(AuthReply::Pending(pending, deferral)));
                }
                // A question by a rejection holds no files.
                Err(DeferError::TooManyFiles { .. }) if event.auth_failed_reason_file().is_some() => {}
                Err(error) => return Err(AskError::Defer(error)),
            }
        }
        event.auth_failed_reason_file().ok_or(AskError::TooOld)?;
        let username = event.username().unwrap_or_default();
        let rejection = self.question(open, username, question, is_shown)?;
        Ok(Asked::Reply(AuthReply::RejectWith(rejection)))
    }

    /// The control file of a login that can be asked while it is pending.
    fn pending_control<'a>(&self, event: &AuthUserPassVerify<'a>, question: &str) -> Option<&'a Path> {
        let fits =
            self.while_pending && question.len() <= MAX_PENDING_BYTES && event.client_supports(PENDING);
        event.auth_control_file().filter(|_| fits && event.auth_pending_file().is_some())
    }

    /// Asks once more, by a rejection, whichever way the client was asked before. `value` comes back with the answer.
    /// [`Answered::round`] says how often that was done.
    ///
    /// # Errors
    /// If clients would misread the question, or there are no random bytes for its id. The login is rejected.
    pub fn ask_again(&self, answered: Answered<T>, question: &str, value: T) -> Result<Verdict, AskError> {
        self.ask_again_at(answered, question, true, value, Instant::now())
    }

    /// The same for an answer that is not to be shown while it is typed.
    ///
    /// # Errors
    /// As [`Challenges::ask_again`].
    pub fn ask_again_hidden(
        &self,
        answered: Answered<T>,
        question: &str,
        value: T,
    ) -> Result<Verdict, AskError> {
        self.ask_again_at(answered, question, false, value, Instant::now())
    }

    fn ask_again_at(
        &self,
        answered: Answered<T>,
        question: &str,
        is_shown: bool,
        value: T,
        now: Instant,
    ) -> Result<Verdict, AskError> {
        let (binding, round) = (answered.binding.clone(), answered.round.saturating_add(1));
        if !self.make_room(&binding, now) {
            return Ok(answered.reject_with(no_room()));
        }
        let username = binding.username.clone();
        let open = Open { value, binding, round, until: now + self.time, decision: None };
        match self.question(open, &username, question, is_shown) {
            Ok(rejection) => Ok(answered.reject_with(rejection)),
            Err(error) => {
                answered.give_up();
                Err(error)
            }
        }
    }

    /// The question as a rejection, which the client answers by another login.
    fn question(
        &self,
        open: Open<T>,
        username: &[u8],
        question: &str,
        is_shown: bool,
    ) -> Result<Rejection, AskError> {
        let id = random().map_err(AskError::Random)?;
        let make = if is_shown { Challenge::new } else { Challenge::hidden };
        let challenge = make(&state_id(&id), username, question).map_err(AskError::Question)?;
        self.insert(Key::Id(id), open);
        Ok(Rejection::challenge(&challenge))
    }

    /// The answer that this event brings, to a question that was asked while the login was pending.
    ///
    /// # Errors
    /// If there is no such question. A client can send an answer at any time.
    pub fn response(&self, event: &ClientCrResponse<'_>) -> Result<Answered<T>, NotAsked> {
        self.response_at(event, Instant::now())
    }

    fn response_at(&self, event: &ClientCrResponse<'_>, now: Instant) -> Result<Answered<T>, NotAsked> {
        let control = event.auth_control_file().ok_or(NotAsked::NoQuestion)?;
        // OpenVPN knows the client by its keys. Its address may have changed, and its common name has if the server has
        // `username-as-common-name`.
        let username = event.username().unwrap_or_default();
        let key = Key::ControlFile(control.to_owned());
        let found = self.table().take(&key, now, |binding| binding.username == username);
        let Open { value, binding, round, decision, .. } = found.map_err(|_| NotAsked::NoQuestion)?;
        let Some(answer) = event.decoded_response().map(Zeroizing::new) else {
            decision.into_iter().for_each(Decision::give_up);
            return Err(NotAsked::Malformed);
        };
        Ok(Answered { value, answer, binding, round, question_kind: QuestionKind::Pending, decision })
    }

    /// How many questions are open, those included whose time is over and whose place nobody has needed yet.
    #[must_use]
    pub fn open(&self) -> usize {
        self.table().len()
    }

    fn table(&self) -> MutexGuard<'_, Table<T>> {
        lock(&self.table)
    }
}

/// Shows no question: what is kept with one may be a secret.
impl<T> fmt::Debug for Challenges<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Challenges")
            .field("time", &self.time)
            .field("open", &self.open())
            .finish_non_exhaustive()
    }
}

fn refused<T>(why: &dyn fmt::Display, told: &str) -> Login<T> {
    logging::say(lines::answer_refused(why));
    let reason = (!told.is_empty()).then(|| Rejection::because(told));
    Login::Refused(reason.map_or(AuthReply::Reject, AuthReply::RejectWith))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
