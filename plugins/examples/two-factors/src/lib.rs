//! A password and a code, checked in threads against a backend that takes its time.
//!
//! `plugin libexample_two_factors.so users=FILE [seconds=NUMBER]`: a line `NAME PASSWORD CODE` of `FILE` is a user, a line
//! `NAME PASSWORD` one without a second factor. The file stands for a database: it is read at each login, in a thread, so that
//! a slow disk keeps nobody else waiting. A real plugin stores hashes, and sends the code to the user's telephone in `check`.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ovpn_plugin::{
    Answered, AuthReply, AuthUserPassVerify, Challenges, ClientCrResponse, ClientCrResponseReply,
    Credentials, OpenArgs, Plugin, Pool, Rejection, Result, SecondFactor, Stop,
};

const QUESTION: &str = "Code:";
/// How long a question is open, unless `seconds=` says otherwise.
const SECONDS: u64 = 60;
/// Threads, and logins that may wait for one; more are rejected for now.
const THREADS: usize = 4;
const WAITING: usize = 60;

/// Knows the users.
struct Users {
    /// Open from the start: OpenVPN's `user` and `chroot` may keep the plugin from opening it later.
    file: File,
    /// Names without a code, from when the file was read last: OpenVPN's own thread does not wait for a disk.
    without_code: Mutex<HashSet<String>>,
}

impl Users {
    fn open(path: &str) -> io::Result<Self> {
        let users = File::open(path).and_then(|file| {
            let users = Self { file, without_code: Mutex::default() };
            users.read()?;
            Ok(users)
        });
        users.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", Path::new(path).display())))
    }

    fn read(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        let mut part = [0; 8192];
        // Several threads read at a time, so each keeps its own place.
        loop {
            match self.file.read_at(&mut part, bytes.len() as u64)? {
                0 => break,
                count => bytes.extend_from_slice(&part[..count]),
            }
        }
        let text =
            String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let names = text.lines().filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            words.next().filter(|_| words.count() == 1).map(str::to_owned)
        });
        *self.without_code.lock().unwrap_or_else(PoisonError::into_inner) = names.collect();
        Ok(text)
    }
}

impl SecondFactor for Users {
    /// The code.
    type Kept = String;

    /// A client learns by this that a user has no code. If it must not, leave the method out.
    fn has_second_factor(&self, username: &[u8]) -> bool {
        let without_code = self.without_code.lock().unwrap_or_else(PoisonError::into_inner);
        !std::str::from_utf8(username).is_ok_and(|name| without_code.contains(name))
    }

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
        let args = args.named_args(&["users", "seconds"])?;
        // A mistake in the name is better found now than at the first login.
        let users = Arc::new(Users::open(args.required("users")?)?);
        let seconds = args.parse("seconds")?.unwrap_or(SECONDS);
        let challenges = Challenges::new(Duration::from_secs(seconds));
        Ok(Self { challenges, users, pool: Pool::new("users", THREADS, WAITING) })
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
    use std::fs;

    use ovpn_plugin::testing::{CallData, Login, Running, Session};

    use super::*;

    fn opened(path: &Path, options: &[&str]) -> Result<Running<TwoFactors>> {
        let call = CallData::new().arg(format!("users={}", path.display()));
        Running::open(&options.iter().fold(call, |call, option| call.arg(option)))
    }

    fn with_users(test: impl Fn(&mut Running<TwoFactors>, &Path)) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("users");
        fs::write(&file, "joe secret 123456\nann quiet\n").unwrap();
        test(&mut opened(&file, &[]).unwrap(), &file);
    }

    #[test]
    fn who_has_a_code_is_asked_for_it() {
        with_users(|plugin, _| {
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
        with_users(|plugin, _| {
            for methods in ["crtext", ""] {
                let mut session = Session::new(plugin).env("IV_SSO", methods);
                assert_eq!(session.log_in(plugin, "ann", "quiet"), Login::Accepted, "{methods}");
            }
        });
    }

    #[test]
    fn changes_of_the_file_count_at_the_next_login() {
        with_users(|plugin, file| {
            fs::write(file, "joe secret\nann quiet 654321\n").unwrap();
            // Nobody has read it since: joe is asked in vain, and ann when the file has been read.
            for name in ["joe", "ann"] {
                let mut session = Session::new(plugin).env("IV_SSO", "crtext");
                let password = if name == "joe" { "secret" } else { "quiet" };
                assert!(matches!(session.log_in(plugin, name, password), Login::Asked(_)), "{name}");
                if name == "ann" {
                    assert_eq!(session.answer(plugin, "654321"), Login::Accepted);
                } else {
                    let files = session.login_files().unwrap();
                    assert_eq!(files.wait_for_verdict(Duration::from_secs(20)), Some(true));
                }
            }
        });
    }

    #[test]
    fn a_mistake_in_the_line_is_named() {
        with_users(|_, file| {
            for (option, named) in
                [("time=1", "unknown name 'time'"), ("seconds=soon", "invalid value for seconds=")]
            {
                let error = opened(file, &[option]).unwrap_err().to_string();
                assert!(error.contains(named), "{error}");
            }
        });
    }

    #[test]
    fn without_the_password_nobody_is_asked() {
        with_users(|plugin, _| {
            for name in ["joe", "ann", "nobody"] {
                let refused = Session::new(plugin).log_in(plugin, name, "guess");
                assert!(matches!(refused, Login::Rejected(_)), "{name}: {refused:?}");
            }
        });
    }

    #[test]
    fn a_file_that_is_not_there_keeps_openvpn_from_starting() {
        assert!(opened(Path::new("/nowhere/users"), &[]).is_err());
    }
}
