//! Bad input at the outermost border.

use super::*;
use ovpn_plugin::testing::CallData;

use crate::protocol::question::QuestionId;
use crate::protocol::reference::References;

fn read(env: &[(&str, &str)]) -> Result<(AttemptRequest, Credentials), String> {
    read_with(&[], env)
}

fn read_with(options: &[&str], env: &[(&str, &str)]) -> Result<(AttemptRequest, Credentials), String> {
    let words: Vec<&str> = options.iter().chain(&["login"]).copied().collect();
    read_words(&words, env)
}

fn read_words(words: &[&str], env: &[(&str, &str)]) -> Result<(AttemptRequest, Credentials), String> {
    let words = words.iter().map(|word| word.as_bytes());
    let config = Config::parse(words).map_err(|error| error.to_string())?;
    let settings = crate::settings::tests::settings(config);
    let call = env.iter().fold(CallData::new(), |call, (name, value)| call.env(name, value));
    let event = call.event();
    let origin = super::super::client::origin(&event, References::new().draw());
    let attempt = from_event(&settings, &event, &origin, None).map_err(|refusal| refusal.to_string())?;
    let credentials = Credentials::unseal(&attempt.credentials).map_err(|error| error.to_string())?;
    Ok((attempt, credentials))
}

#[test]
fn a_whole_login_is_read() {
    let (attempt, login) = read(&[
        ("username", "alice"),
        ("password", "SCRV1:cGFzcw==:MTIz"),
        ("common_name", "laptop"),
        ("untrusted_ip", "192.0.2.1"),
        ("untrusted_ip6", "2001:db8::1"),
    ])
    .unwrap();
    assert_eq!(attempt.username, b"alice");
    assert_eq!((login.password.expose(), login.response.unwrap().expose()), (&b"pass"[..], &b"123"[..]));
    assert_eq!(
        (&attempt.common_name[..], &attempt.origin.address[..]),
        (&b"laptop"[..], &b"2001:db8::1"[..])
    );
}

#[test]
fn pam_is_asked_about_the_name_that_the_rule_makes() {
    let env = [("username", "EXAMPLE\\Alice"), ("password", "x"), ("common_name", "alice")];
    let (attempt, _) = read_with(&["username=lower,strip-domain", "require-cn=yes"], &env).unwrap();
    assert_eq!((&attempt.username[..], &attempt.sent_as[..]), (&b"alice"[..], &b"EXAMPLE\\Alice"[..]));
    let (attempt, _) = read(&env).unwrap();
    assert_eq!((&attempt.username[..], &attempt.sent_as[..]), (&b"EXAMPLE\\Alice"[..], &b""[..]));
    let nothing = [("username", "EXAMPLE\\"), ("password", "x")];
    assert_eq!(read_with(&["username=strip-domain"], &nothing).unwrap_err(), "the username is empty");
}

#[test]
fn who_was_renamed_is_asked_about_as_before() {
    let config = Config::parse([&b"username=lower"[..], b"login"]).unwrap();
    let settings = crate::settings::tests::settings(config);
    let call = CallData::new().env("username", "root").env("password", "x");
    let event = call.event();
    let origin = super::super::client::origin(&event, References::new().draw());
    let attempt = from_event(&settings, &event, &origin, Some(b"Alice")).unwrap();
    assert_eq!((&attempt.username[..], &attempt.sent_as[..]), (&b"alice"[..], &b"Alice"[..]));
}

#[test]
fn an_answer_is_one_only_where_questions_are_asked() {
    let id = "0123456789abcdef0123456789abcdef";
    let password = format!("CRV1::{id}::123456");
    let env = [("username", "alice"), ("password", &password)];
    for asking in [&["challenge=yes", "login"][..], &["login", "code", "ASK"]] {
        let (attempt, login) = read_words(asking, &env).unwrap();
        assert_eq!(
            (attempt.credentials_kind, login.password.expose()),
            (CredentialsKind::Answer(QuestionId::parse(id.as_bytes())), &b"123456"[..])
        );
        // Nothing typed is an answer.
        let empty = format!("CRV1::{id}::");
        assert!(read_words(asking, &[("username", "alice"), ("password", &empty)]).is_ok());
    }
    let (attempt, login) = read(&env).unwrap();
    assert_eq!(
        (attempt.credentials_kind, login.password.expose()),
        (CredentialsKind::Password, password.as_bytes())
    );
}

#[test]
fn what_may_be_missing_is_empty() {
    let (attempt, login) = read(&[("username", "a"), ("password", "b")]).unwrap();
    assert!(login.response.is_none() && attempt.common_name.is_empty() && attempt.origin.address.is_empty());
}

#[test]
fn an_empty_password_is_refused_unless_it_is_allowed() {
    for password in ["", "[[BLANK]]", "SCRV1::MTIz", "SCRV1:W1tCTEFOS11d:MTIz"] {
        let env = [("username", "a"), ("password", password)];
        assert_eq!(read(&env).unwrap_err(), "the password is empty (see empty-passwords)", "{password}");
        let (_, login) = read_with(&["empty-passwords=yes"], &env).unwrap();
        assert!(login.password.is_empty(), "{password}");
    }
    assert!(read(&[("username", "a"), ("password", "[[BLANK]] ")]).is_ok());
}

#[test]
fn absent_and_empty_credentials_are_refused() {
    assert_eq!(read(&[("password", "x")]).unwrap_err(), "OpenVPN passed no username");
    assert_eq!(read(&[("username", "x")]).unwrap_err(), "OpenVPN passed no password");
    assert_eq!(read(&[("username", ""), ("password", "x")]).unwrap_err(), "the username is empty");
}

/// OpenVPN says what the token is worth; what is left of it is nothing.
#[test]
fn a_token_is_no_password() {
    let with = |state: &str, username: &str| {
        let token = "SESS_ID_ATx";
        let env = [
            ("username", username),
            ("password", token),
            ("session_state", state),
            ("common_name", "laptop"),
        ];
        read_with(&["empty-passwords=yes", "challenge=yes"], &env)
    };
    let (attempt, login) = with("Authenticated", "alice").unwrap();
    assert_eq!(
        attempt.credentials_kind,
        CredentialsKind::Passwordless { proof: PasswordlessProof::Token, session: None }
    );
    assert!(login.password.is_empty() && attempt.username == b"alice");
    let (attempt, login) = with("Initial", "alice").unwrap();
    assert_eq!(
        (attempt.credentials_kind, login.password.expose()),
        (CredentialsKind::Password, &b"SESS_ID_ATx"[..])
    );
    for (state, username, told) in [
        ("Authenticated", "", "the username is empty"),
        ("Expired", "alice", "the auth-token has expired; the client must log in again"),
        ("Invalid", "alice", "the auth-token is not genuine (made with another key, or before a restart?)"),
        (
            "Something new",
            "alice",
            "the auth-token is not genuine (made with another key, or before a restart?)",
        ),
        ("AuthenticatedEmptyUser", "", "the auth-token belongs to a client that sent no username"),
        ("ExpiredEmptyUser", "", "the auth-token belongs to a client that sent no username"),
    ] {
        assert_eq!(with(state, username).map(drop), Err(told.to_string()), "{state}");
    }
}

/// `certificate-login` is for clients that have sent nothing, and have shown a certificate in this negotiation.
#[test]
fn without_a_certificate_nobody_logs_in_by_one() {
    let with = |state: &str, username: &str, password: &str| {
        let env = [
            ("username", username),
            ("password", password),
            ("session_state", state),
            ("common_name", "alice"),
        ];
        read_with(&["certificate-login=vpn"], &env).map(drop).unwrap_err()
    };
    let none = "the client sent no certificate with a common name (see certificate-login)";
    assert_eq!((with("Initial", "", ""), with("Authenticated", "", "token")), (none.into(), none.into()));
    assert_eq!(with("Initial", "", "x"), "the username is empty");
    assert_eq!(with("Initial", "alice", ""), "the password is empty (see empty-passwords)");
    let expired = "the auth-token has expired; the client must log in again";
    assert_eq!(with("Expired", "", "token"), expired);
}

#[test]
fn the_common_name_must_be_the_username_if_that_is_required() {
    let with = |require: &str, name: &str| {
        let env = [("username", "alice"), ("password", "x"), ("common_name", name)];
        read_with(&[&format!("require-cn={require}")], &env).map(drop)
    };
    for (require, name) in
        [("no", "bob"), ("no", ""), ("yes", "alice"), ("nocase", "ALice"), ("nocase", "alice")]
    {
        assert_eq!(with(require, name), Ok(()), "{require} {name}");
    }
    for (require, name) in
        [("yes", "Alice"), ("yes", "alice "), ("yes", "al"), ("nocase", "bob"), ("nocase", "alicea")]
    {
        let told = format!(
            "the common name '{name}' of the client's certificate is not the username (see require-cn)"
        );
        assert_eq!(with(require, name), Err(told), "{require} {name}");
    }
    let told = "the client has no certificate with a common name (see require-cn)";
    assert_eq!(with("yes", ""), Err(told.into()));
    let none = read_with(&["require-cn=nocase"], &[("username", "alice"), ("password", "x")]);
    assert_eq!(none.map(drop), Err(told.into()));
    let quote = with("yes", "x' authenticated").unwrap_err();
    assert!(quote.contains("'x\\' authenticated'"), "{quote}");
}

#[test]
fn credentials_are_taken_up_to_4096_bytes_and_refused_beyond() {
    let (longest, too_long) = ("x".repeat(4096), "x".repeat(4097));
    assert!(read(&[("username", &longest), ("password", &longest), ("common_name", &longest)]).is_ok());
    for name in ["username", "password", "common_name"] {
        let mut env = vec![("username", "u"), ("password", "p")];
        env.retain(|(other, _)| *other != name);
        env.push((name, &too_long));
        let words = read(&env).unwrap_err();
        assert!(words.contains("4097 bytes") && words.contains(&name.replace('_', " ")), "{words}");
    }
}

#[test]
fn static_challenge_rubbish_is_refused_without_repeating_it() {
    let words = read(&[("username", "u"), ("password", "SCRV1:hunter2")]).unwrap_err();
    assert!(words.contains("SCRV1") && !words.contains("hunter2"), "{words}");
}

/// Every variant, with whether it is the client's fault. The match does not compile without one.
pub fn every_refusal() -> Vec<(Refusal, bool)> {
    let after = |last: Option<&Refusal>| match last {
        None => Some((Refusal::Absent("password"), true)),
        Some(Refusal::Absent(_)) => Some((Refusal::EmptyUsername, true)),
        Some(Refusal::EmptyUsername) => Some((Refusal::CommonName("laptop".into()), true)),
        Some(Refusal::CommonName(_)) => Some((Refusal::EmptyPassword, true)),
        Some(Refusal::EmptyPassword) => Some((Refusal::TokenExpired, false)),
        Some(Refusal::TokenExpired) => Some((Refusal::Revoked { by_token: true }, false)),
        Some(Refusal::Revoked { .. }) => Some((Refusal::TokenForged, true)),
        Some(Refusal::TokenForged) => Some((Refusal::TokenOfNobody, true)),
        Some(Refusal::TokenOfNobody) => Some((Refusal::NoCertificate, true)),
        Some(Refusal::NoCertificate) => Some((Refusal::TooLong("password", 5000), true)),
        Some(Refusal::TooLong(..)) => Some((Refusal::Challenge(AnswerError::SecondColon), true)),
        Some(Refusal::Challenge(_)) => Some((Refusal::Question("OpenVPN is too old".into()), false)),
        Some(Refusal::Question(_)) => Some((Refusal::ControlFile(DeferError::Taken), false)),
        Some(Refusal::ControlFile(_)) => Some((Refusal::Supervisor("it cannot be started".into()), false)),
        Some(Refusal::Supervisor(_)) => Some((Refusal::Unanswered, false)),
        Some(Refusal::Unanswered) => None,
    };
    let mut all: Vec<(Refusal, bool)> = Vec::new();
    while let Some(next) = after(all.last().map(|(refusal, _)| refusal)) {
        all.push(next);
    }
    all
}
