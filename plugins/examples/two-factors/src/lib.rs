//! A password and a code, checked in threads against a backend that takes its time.
//!
//! `plugin libexample_two_factors.so FILE`: a line `NAME PASSWORD CODE` of `FILE` is a user, a line `NAME PASSWORD` one
//! without a second factor. The file stands for a database: it is read at each login, in a thread, so that a slow disk
//! keeps nobody else waiting. A real plugin stores hashes, and sends the code to the user's telephone in `check`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use ovpn_plugin::{
    Answered, AuthReply, AuthUserPassVerify, Challenges, ClientCrResponse, ClientCrResponseReply,
    Credentials, OpenArgs, Plugin, Pool, Rejection, Result, SecondFactor, Stop,
};

const QUESTION: &str = "Code:";
const TIME_FOR_ANSWER: Duration = Duration::from_secs(60);
/// Threads, and logins that may wait for one; whoever comes then is told to come again.
const THREADS: usize = 4;
const WAITING: usize = 60;

/// Knows the users.
struct Users {
    file: PathBuf,
}

impl Users {
    fn read(&self) -> io::Result<String> {
        fs::read_to_string(&self.file)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.file.display())))
    }
}

impl SecondFactor for Users {
    /// The code.
    type Kept = String;

    fn check(&self, login: &Credentials, _: &Stop) -> Result<Option<String>> {
        let text = self.read()?;
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            if words.next().is_some_and(|name| name.as_bytes() == login.username())
                && words.next().is_some_and(|password| login.password_is(password.as_bytes()))
            {
                return Ok(words.next().map(str::to_owned));
            }
        }
        Err(Rejection::because("wrong name or password").into())
    }

    fn judge(&self, answered: &Answered<String>, _: &Stop) -> Result<()> {
        if answered.is(answered.value().as_bytes()) {
            return Ok(());
        }
        Err(Rejection::because("wrong code").into())
    }
}

struct TwoFactors {
    challenges: Challenges<String>,
    users: Arc<Users>,
    pool: Pool,
}

#[ovpn_plugin::plugin]
impl Plugin for TwoFactors {
    const NAME: &'static str = "TWO-FACTORS";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [file] = args.text_args()?[..] else { return Err("wanted: plugin FILE USERS".into()) };
        let users = Users { file: file.into() };
        // A mistake in the name is better found now than at the first login.
        users.read()?;
        let challenges = Challenges::new(TIME_FOR_ANSWER);
        Ok(Self { challenges, users: Arc::new(users), pool: Pool::new("users", THREADS, WAITING) })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        self.challenges.login_in(event, &self.pool, QUESTION, &self.users)
    }

    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        self.challenges.response_in(event, &self.pool, &self.users)
    }
}

ovpn_plugin::export!(TwoFactors);

#[cfg(test)]
mod tests {
    use ovpn_plugin::testing::{CallData, Login, Running, Session};

    use super::*;

    fn with_users(test: impl Fn(&mut Running<TwoFactors>)) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("users");
        fs::write(&file, "joe secret 123456\nann quiet\n").unwrap();
        test(&mut Running::open(&CallData::new().arg(file.to_str().unwrap())).unwrap());
    }

    #[test]
    fn who_has_a_code_is_asked_for_it() {
        with_users(|plugin| {
            for methods in ["crtext", ""] {
                for (code, accepted) in [("123456", true), ("654321", false)] {
                    let mut session = Session::new(plugin).env("IV_SSO", methods);
                    let asked = session.log_in(plugin, "joe", "secret");
                    assert!(matches!(asked, Login::Asked(_)), "{methods}: {asked:?}");
                    let answered = session.answer(plugin, code);
                    assert_eq!(answered == Login::Accepted, accepted, "{methods}: {answered:?}");
                }
            }
        });
    }

    #[test]
    fn who_has_none_gets_in_with_the_password() {
        with_users(|plugin| {
            assert_eq!(Session::new(plugin).log_in(plugin, "ann", "quiet"), Login::Accepted);
        });
    }

    #[test]
    fn without_the_password_nobody_is_asked() {
        with_users(|plugin| {
            for name in ["joe", "ann", "nobody"] {
                let refused = Session::new(plugin).log_in(plugin, name, "guess");
                assert!(matches!(refused, Login::Rejected(_)), "{name}: {refused:?}");
            }
        });
    }

    #[test]
    fn a_file_that_is_not_there_keeps_openvpn_from_starting() {
        let opened = Running::<TwoFactors>::open(&CallData::new().arg("/nowhere/users"));
        assert!(opened.is_err());
    }
}
