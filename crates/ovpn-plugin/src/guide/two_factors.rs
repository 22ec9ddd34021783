//! A code or a web page beside the password: who can be asked what, and when.
//!
//! | way | what happens | server | client |
//! |---|---|---|---|
//! | static challenge (`SCRV1`) | the user types the code with the password; nothing is asked | any | `static-challenge "Code" 1` in its configuration |
//! | dynamic challenge (`CRV1`) | the login is rejected with a question; the client comes again with the answer | 2.6 | `auth-retry interact`, for `openvpn` itself |
//! | question while the login is pending (`crtext`) | the login waits for the answer | 2.6 | announces `crtext` in `IV_SSO` |
//! | web page while the login is pending (`webauth`) | the client opens the page; nothing is typed | 2.6 | announces `webauth` in `IV_SSO` |
//!
//! No way works with every client. `openvpn` on a terminal cannot be asked while its login is pending:
//! it shows a line and asks nothing. `docs/second-factors.md` of this project has a table of clients.
//!
//! # Codes
//!
//! [`Challenges`](crate::Challenges) is for the first three ways. It asks each client as it can be asked,
//! and gives one [`Answered`](crate::Answered) for all. Its documentation has the whole code; so has the
//! example `challenge`. The steps:
//!
//! 1. [`Challenges::login`](crate::Challenges::login) says what an attempt is: it begins, it answers a
//!    question, it renews keys, or there is nothing to check.
//! 2. If it begins, check the password. Only then ask: a question tells that the password was right.
//! 3. [`Challenges::ask`](crate::Challenges::ask) makes the reply. If the code came with the password, the
//!    answer is there at once.
//! 4. An answer comes with the next [`AuthUserPassVerify`](crate::AuthUserPassVerify), or with
//!    [`ClientCrResponse`](crate::ClientCrResponse). Take both events, and judge it in one function.
//!
//! An answer counts once, in time, and from the user and the certificate that were asked. A dynamic
//! challenge is also bound to the client's source, its IPv4 address or IPv6 /64. A telephone may change its
//! network while its user types: allow that with
//! [`from_any_source`](crate::Challenges::from_any_source).
//!
//! # A backend that takes its time
//!
//! When a job in a pool knows that the password is right, the event is over, and the client cannot be asked
//! any more. Implement [`SecondFactor`](crate::SecondFactor) for the backend, and reply with
//! [`Challenges::login_in`](crate::Challenges::login_in) and
//! [`Challenges::response_in`](crate::Challenges::response_in): password and answer are checked in the pool.
//! A client that announces `crtext` is then asked before its password is known to be right, since OpenVPN
//! takes that question only with the reply to the login. Until the password is known to be right, the question
//! does not count against the room for questions.
//!
//! If some users have no second factor, implement
//! [`has_second_factor`](crate::SecondFactor::has_second_factor), so that they are not asked. That reveals
//! something: if a client names a user and is not asked, it learns without a password that this user has no
//! second factor. Return `true` for unknown names, so that a client does not learn which names exist. To reveal
//! nothing, ask only after the right password: [`by_rejection`](crate::Challenges::by_rejection).
//!
//! If only answers are slow to check, [`Answered::answer_in`](crate::Answered::answer_in) and
//! [`Answered::respond_in`](crate::Answered::respond_in) are enough.
//!
//! # How long a question may be open
//!
//! OpenVPN gives up a pending login after the smaller of `hand-window` and half of `reneg-sec`, which is
//! a minute by default. A `crtext` question extends that to the time given to
//! [`Challenges::new`](crate::Challenges::new), if it is longer: the client says so in its log. Other pending
//! logins are not extended. If nobody answers, the client is refused when the time is over. A dynamic challenge does not
//! wait in OpenVPN.
//!
//! # Renegotiation
//!
//! By default keys are renegotiated every hour, and the client sends its password again. A code counts
//! once, so the client would be asked again, or refused. With `auth-gen-token` in the server's
//! configuration OpenVPN gives the client a token and checks it by itself.
//!
//! With `auth-gen-token ... external-auth` OpenVPN still asks the plugin. See
//! [`Login::Renewed`](crate::Login::Renewed), or
//! [`session_state`](crate::AuthUserPassVerify::session_state) if you do not use [`Challenges`](crate::Challenges).
//! Unless the state is `Initial`, the password is the token: do not check it as a password. Reject a token that is
//! expired or invalid. With `external-auth` use OpenVPN 2.6.21, 2.7.5 or later: a malformed token crashed servers
//! before.
//!
//! # A web page
//!
//! Make a [`Pending`](crate::Pending) yourself, defer, and decide when the page says so. The client sends no
//! answer, so the [`Decision`](crate::Decision) goes to whatever hears from the page.
//!
//! ```
//! use std::sync::mpsc::Sender;
//! use std::time::Duration;
//!
//! use ovpn_plugin::{AuthReply, AuthUserPassVerify, Decision, Pending, Rejection, Result};
//!
//! fn ask_in_browser(event: &AuthUserPassVerify<'_>, waiting: &Sender<Decision>) -> Result<AuthReply> {
//!     if !event.client_supports("webauth") {
//!         return Ok(AuthReply::RejectWith(Rejection::because("this client cannot open a web page")));
//!     }
//!     let page = Pending::web(Duration::from_secs(60), "https://login.example.org/?state=a7")?;
//!     let (decision, deferral) = event.defer()?;
//!     waiting.send(decision)?;
//!     Ok(AuthReply::Pending(page, deferral))
//! }
//! # let call = ovpn_plugin::testing::CallData::new().env("username", "joe");
//! # let (waiting, _) = std::sync::mpsc::channel();
//! # assert!(matches!(ask_in_browser(&call.event(), &waiting), Ok(AuthReply::RejectWith(_))));
//! ```
//!
//! The part after `state=` must be new and random for each login: anybody who knows it can answer. Older
//! clients announce `openurl` instead: [`Pending::url`](crate::Pending::url).
//!
//! # Passwords that are none
//!
//! [`Credentials`](crate::Credentials) take a static challenge apart. They give no password for a client
//! with `auth-user-pass username-only` (2.7), which sends `[[BLANK]]`, and none for an empty one. With
//! `static-challenge ... concat` (2.7) the client sends password and code as one text: take it apart
//! yourself.
//!
//! # Tests
//!
//! [`testing::Session`](crate::testing::Session) asks and answers without OpenVPN. In `ovpn-plugin-test` a
//! person at a real client is asked both ways: `announcing("crtext")` makes the difference. With
//! `cargo ovpn-plugin run` it is the option `--crtext`.
