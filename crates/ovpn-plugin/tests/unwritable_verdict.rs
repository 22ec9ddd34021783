//! A verdict that cannot be written: one line in the log, in each way to decide.
#![cfg(target_os = "linux")]

use std::sync::Barrier;
use std::time::Duration;

#[cfg(feature = "tokio")]
use ovpn_plugin::AsyncTasks;
use ovpn_plugin::testing::{CallData, LoginFiles, Outcome, Running};
use ovpn_plugin::{
    Asked, AuthReply, AuthUserPassVerify, Challenges, ClientCrResponse, ClientCrResponseReply, EventSet,
    OpenArgs, Plugin, Pool, Result, base64,
};

const LIMIT: Duration = Duration::from_secs(20);

struct Sample {
    way: String,
    pool: Pool,
    #[cfg(feature = "tokio")]
    tasks: AsyncTasks,
    challenges: Challenges,
}

/// A verdict is given when OpenVPN has been answered that it comes later.
static ANSWERED: Barrier = Barrier::new(2);

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        Ok(Self {
            way: args.text_args()?.concat(),
            pool: Pool::new("backend", 1, 0),
            #[cfg(feature = "tokio")]
            tasks: AsyncTasks::new(1),
            challenges: Challenges::new(LIMIT),
        })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        match self.way.as_str() {
            "job" => event.answer_in(&self.pool, |_| -> Result<()> {
                ANSWERED.wait();
                Ok(())
            }),
            #[cfg(feature = "tokio")]
            "future" => event.answer_async(&self.tasks, async {
                ANSWERED.wait();
                Ok(())
            }),
            _ => {
                self.challenges.login(event);
                match self.challenges.ask(event, "Code:", ())? {
                    Asked::Reply(reply) => Ok(reply),
                    Asked::Answered(_) => Err("nothing was asked".into()),
                }
            }
        }
    }

    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        Ok(self.challenges.response(event)?.accept().into())
    }
}

/// The line of this way to decide. What is written to the control file is fine; that it cannot be cut to the verdict is not.
fn line(way: &str) -> String {
    let files = LoginFiles::new().unwrap();
    let mut plugin = Running::<Sample>::open(&CallData::new().arg(way)).unwrap();
    let call = CallData::new()
        .env("username", "joe")
        .env("password", "secret")
        .env("IV_SSO", "crtext")
        .env("auth_pending_file", files.pending_file().to_str().unwrap())
        .env("auth_control_file", "/dev/null");
    assert_eq!(plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call).outcome, Outcome::Deferred, "{way}");
    if way == "question" {
        let call = call.env("crresponse", base64::encode(b"123456"));
        assert_eq!(plugin.call(EventSet::CLIENT_CRRESPONSE, &call).outcome, Outcome::Error);
    } else {
        ANSWERED.wait();
    }
    let line = plugin.wait_for_log("verdict", LIMIT).expect("a line").text;
    let log = plugin.close();
    assert_eq!(log.len(), 1, "{log:?}");
    line
}

#[test]
fn it_is_one_line() {
    for way in [
        "job",
        #[cfg(feature = "tokio")]
        "future",
        "question",
    ] {
        assert_eq!(line(way), "joe cannot tell OpenVPN the verdict: Invalid argument (os error 22)", "{way}");
    }
}
