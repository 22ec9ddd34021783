//! OpenVPN's side: what it asks for, and what it was answered.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use privsep::kept_helper::{News, Numbered};
use secret::Secret;

use super::super::Input;
use super::workers::Workers;
use crate::protocol::attempt_origin::AttemptOrigin;
use crate::protocol::client_options_request::ClientOptionsRequest;
use crate::protocol::passwordless_proof::PasswordlessProof;
use crate::protocol::question::QuestionId;
use crate::protocol::reference::Reference;
use crate::protocol::session::{Assigned, CloseReason, Usage};
use crate::protocol::verdict::Verdict;
use crate::protocol::{AttemptRequest, Credentials, CredentialsKind, Reply, Request};
use crate::supervisor::fuzzing::{FrontEnd, GENERATION};

/// What a request of the front is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum About {
    /// A login with these credentials.
    Login { username: Vec<u8>, credentials: Vec<u8>, session: bool },
    /// A login of this user without a password.
    Passwordless(Vec<u8>),
    /// A session to be opened, of this attempt.
    Open(u64),
    /// Options of a client.
    Options,
}

#[derive(Debug)]
struct Asked {
    about: About,
    cancelled: bool,
    /// Its user was revoked since it, or what it answers, has begun.
    revoked: bool,
    verdicts: Vec<Verdict>,
}

/// A question, and whom it was put to.
#[derive(Debug, Clone)]
struct PutQuestion {
    id: QuestionId,
    username: Vec<u8>,
    common_name: Vec<u8>,
    revoked: bool,
}

/// OpenVPN.
pub(super) struct Front {
    channel: FrontEnd,
    last: u64,
    asked: HashMap<u64, Asked>,
    questions: Vec<PutQuestion>,
    /// Attempts that were let in and may have a session.
    let_in: Vec<u64>,
    /// How often each user was let in without a password, and how many sessions were opened.
    passwordless: HashMap<Vec<u8>, usize>,
    opened: usize,
    /// The end: every client is gone, and the supervisor knows.
    all_closed: bool,
}

/// Users, one of whom has the name of another one in capitals.
pub(super) fn user(number: u8) -> &'static [u8] {
    [&b"alice"[..], b"bob", b"carol", b"ALICE"][usize::from(number) % 4]
}

fn origin(number: u8) -> AttemptOrigin {
    let address =
        [&b"192.0.2.1"[..], b"192.0.2.2", b"2001:db8::1", b"", b"192.0.2.3"][usize::from(number) % 5];
    let reference = Reference::from_number(number.into()).expect("a small number");
    AttemptOrigin { address: address.to_vec(), port: 1194, reference }
}

impl Front {
    pub(super) fn new(channel: FrontEnd) -> Self {
        Front {
            channel,
            last: 0,
            asked: HashMap::new(),
            questions: Vec::new(),
            let_in: Vec::new(),
            passwordless: HashMap::new(),
            opened: 0,
            all_closed: false,
        }
    }

    fn send(&mut self, message: Request) {
        let numbered = Numbered { generation: GENERATION, message };
        self.channel.try_send(&numbered, &[]).expect("room for a request");
    }

    fn ask(&mut self, about: About) -> u64 {
        self.last += 1;
        self.asked.insert(self.last, Asked { about, cancelled: false, revoked: false, verdicts: Vec::new() });
        self.last
    }

    /// Sends a login; its number.
    fn check(
        &mut self,
        input: &mut Input<'_>,
        sent: CredentialsKind,
        username: &[u8],
        common_name: &[u8],
    ) -> u64 {
        let (switches, password) = (input.byte(), input.byte() % 3);
        let credentials = Credentials { password: Secret::copy_of(&[b'a' + password]), response: None };
        let credentials = credentials.seal().expect("a short password");
        let deferred = switches & 1 == 0;
        let session = switches & 2 == 0 && deferred;
        let username = username.to_vec();
        let about = match sent {
            CredentialsKind::Passwordless { .. } => About::Passwordless(username.clone()),
            CredentialsKind::Password | CredentialsKind::Answer(_) => About::Login {
                username: username.clone(),
                credentials: credentials.expose().to_vec(),
                session,
            },
        };
        let id = self.ask(about);
        self.send(Request::Attempt(AttemptRequest {
            id,
            deferred,
            session,
            credentials_kind: sent,
            username,
            sent_as: Vec::new(),
            common_name: common_name.to_vec(),
            origin: origin(switches >> 2),
            credentials,
            client: Vec::new(),
            kept: Duration::ZERO,
        }));
        id
    }

    /// With a password, a certificate or a token.
    pub(super) fn logs_in(&mut self, input: &mut Input<'_>) {
        let (who, how) = (input.byte(), input.byte());
        let common_name = [&b""[..], b"laptop"][usize::from(who >> 4) % 2];
        let session = self.let_in.get(usize::from(how >> 4)).copied();
        let sent = match how % 8 {
            6 => CredentialsKind::Passwordless { proof: PasswordlessProof::Token, session },
            7 => CredentialsKind::Passwordless { proof: PasswordlessProof::Certificate, session },
            _ => CredentialsKind::Password,
        };
        self.check(input, sent, user(who), common_name);
    }

    /// To a question, as who was asked or as somebody else.
    pub(super) fn answers(&mut self, input: &mut Input<'_>) {
        let (which, who) = (usize::from(input.byte()), input.byte());
        let Some(put) = self.questions.iter().rev().nth(which % 4).cloned() else {
            self.check(input, CredentialsKind::Answer(None), user(who), b"");
            return;
        };
        let username = if who % 8 == 7 { user(who >> 3).to_vec() } else { put.username };
        let answer = CredentialsKind::Answer(Some(put.id));
        let id = self.check(input, answer, &username, &put.common_name);
        if let Some(asked) = self.asked.get_mut(&id) {
            asked.revoked = put.revoked;
        }
    }

    /// Root has revoked a user: nothing that has begun before lets one of this name in, in capitals or not.
    pub(super) fn revoked(&mut self, name: &[u8]) {
        for asked in self.asked.values_mut() {
            asked.revoked |= match &asked.about {
                About::Login { username, .. } | About::Passwordless(username) => {
                    username.eq_ignore_ascii_case(name)
                }
                About::Open(_) | About::Options => false,
            };
        }
        self.questions.iter_mut().for_each(|put| put.revoked |= put.username.eq_ignore_ascii_case(name));
    }

    pub(super) fn cancels(&mut self, input: &mut Input<'_>) {
        let id = self.last.saturating_sub(u64::from(input.byte() % 8));
        if let Some(asked) = self.asked.get_mut(&id) {
            asked.cancelled = true;
        }
        self.send(Request::Cancel { id });
    }

    fn of_let_in(&self, input: &mut Input<'_>) -> u64 {
        let which = usize::from(input.byte() % 8);
        self.let_in.iter().rev().nth(which).copied().unwrap_or(which as u64)
    }

    pub(super) fn opens(&mut self, input: &mut Input<'_>) {
        let attempt = self.of_let_in(input);
        let id = self.ask(About::Open(attempt));
        self.send(Request::Open { id, attempt, assigned: assigned() });
    }

    pub(super) fn closes(&mut self, input: &mut Input<'_>) {
        let attempt = self.of_let_in(input);
        self.close(attempt);
    }

    fn close(&mut self, attempt: u64) {
        let why = CloseReason::Disconnected;
        let usage = Usage { received_bytes: Some(1), sent_bytes: None, seconds: Some(2), why };
        self.send(Request::Close { attempt, usage });
    }

    /// At the end every client leaves; false if they have done so.
    pub(super) fn closes_all(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.all_closed, true);
        if first {
            for attempt in self.let_in.clone() {
                self.close(attempt);
            }
        }
        first
    }

    pub(super) fn wants_options(&mut self, input: &mut Input<'_>) {
        let (who, from) = (input.byte(), input.byte());
        let username = user(who).to_vec();
        let wanted = ClientOptionsRequest {
            username,
            common_name: Vec::new(),
            address: b"192.0.2.1".to_vec(),
            assigned: assigned(),
        };
        let id = self.ask(About::Options);
        self.send(Request::Options { id, wanted, origin: origin(from) });
    }

    /// That it has refused somebody by itself, or something for a supervisor that is gone.
    pub(super) fn says_something_else(&mut self, input: &mut Input<'_>) {
        let (what, who) = (input.byte(), input.byte());
        if what % 4 == 0 {
            let message = Request::Cancel { id: self.last };
            let numbered = Numbered { generation: GENERATION + 1, message };
            return self.channel.try_send(&numbered, &[]).expect("room for a request");
        }
        self.send(Request::Refused {
            username: user(who).to_vec(),
            origin: origin(what),
            at_fault: what % 4 == 1,
            reason: b"no".to_vec(),
            took: Duration::from_millis(1),
            counts: what % 4 == 2,
        });
    }

    /// Every answer belongs to something that was asked, and comes once.
    pub(super) fn read_replies(&mut self, workers: &Workers) {
        while let Some(received) = self.channel.try_receive().expect("the supervisor's messages") {
            let News::Message(reply) = received.message else { panic!("it has been up all the time") };
            match reply {
                Reply::Verdict { id, verdict, .. } => self.answered(id, verdict, workers),
                Reply::Options { id, .. } => {
                    let about = self.asked.get(&id).map(|asked| &asked.about);
                    assert_eq!(about, Some(&About::Options), "options for {id}");
                }
                Reply::Named { id, .. } => assert!(self.asked.contains_key(&id), "a name for {id}"),
                Reply::Revoked { .. } => {}
            }
        }
    }

    fn answered(&mut self, id: u64, verdict: Verdict, workers: &Workers) {
        let opened = matches!(self.asked.get(&id).map(|asked| &asked.about), Some(About::Open(_)));
        let asked = self.asked.get_mut(&id).unwrap_or_else(|| panic!("nobody has asked for {id}"));
        asked.verdicts.push(verdict.clone());
        // A question that nobody can answer any more is taken back by a refusal.
        let taken_back = matches!(asked.verdicts[..], [Verdict::Asked(_), Verdict::Rejected]);
        assert!(asked.verdicts.len() == 1 || taken_back, "{id} is answered by {:?}", asked.verdicts);
        let accepted = matches!(verdict, Verdict::Accepted { .. });
        assert!(!(accepted && asked.revoked), "{id} is let in although its user was revoked");
        match (&asked.about, verdict) {
            (About::Login { username, credentials, session }, Verdict::Accepted { .. }) => {
                assert!(workers.let_in(username, credentials), "nobody has let {id} in");
                if *session {
                    self.let_in.push(id);
                }
            }
            (About::Login { username, .. }, Verdict::Asked(question)) => {
                let common_names: [&[u8]; 2] = [b"", b"laptop"];
                let put = common_names.map(|name| PutQuestion {
                    id: question.id,
                    username: username.clone(),
                    common_name: name.to_vec(),
                    revoked: asked.revoked,
                });
                self.questions.extend(put);
            }
            (About::Passwordless(username), Verdict::Accepted { .. }) => {
                let times = self.passwordless.entry(username.clone()).or_default();
                *times += 1;
                assert!(*times <= workers.let_in_without_password(username), "nobody has let {id} in");
                self.let_in.push(id);
            }
            (About::Open(_), Verdict::Accepted { .. }) => {
                self.opened += 1;
                assert!(self.opened <= workers.opened(), "nobody has opened the session of {id}");
            }
            (_, Verdict::Asked(_)) => panic!("{id} is no login with a password"),
            _ => {}
        }
        assert!(!opened || asked_once(&self.asked, id));
    }

    /// How many have no answer whose clients are there.
    pub(super) fn unanswered(&self) -> usize {
        self.asked.values().filter(|asked| asked.verdicts.is_empty() && !asked.cancelled).count()
    }

    pub(super) fn shown(&self) -> String {
        let open = |(_, asked): &(&u64, &Asked)| asked.verdicts.is_empty() && !asked.cancelled;
        format!("{:?}", self.asked.iter().filter(open).collect::<Vec<_>>())
    }
}

fn asked_once(asked: &HashMap<u64, Asked>, id: u64) -> bool {
    asked.get(&id).is_some_and(|asked| asked.verdicts.len() == 1)
}

fn assigned() -> Assigned {
    Assigned { ipv4: Some(Ipv4Addr::new(10, 8, 0, 2)), ipv6: None }
}
