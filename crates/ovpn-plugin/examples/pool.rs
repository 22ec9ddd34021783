//! A plugin for the tests of the SDK: one thread and one place in the queue for logins.
//!
//! `plugin FILE GATE`: a login whose name begins with `wait` holds the thread until the file GATE exists, whoever tells it
//! to stop; one whose name begins with `panic` panics.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, Credentials, Decision, OpenArgs, Plugin, Pool, Rejection, Result, Retry,
    Stop, Tasks,
};

struct Pooled {
    backend: Pool<Job>,
}

struct Job {
    login: Credentials,
    decision: Decision,
}

fn decide(job: Job, gate: &Path) {
    let name = job.login.username();
    assert!(!name.starts_with(b"panic"), "told to");
    while name.starts_with(b"wait") && !gate.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    if let Err(error) = job.decision.accept() {
        log::error!("OpenVPN cannot be told: {error}");
    }
}

#[ovpn_plugin::plugin]
impl Plugin for Pooled {
    const NAME: &'static str = "POOLED";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [gate] = args.text_args()?[..] else { return Err("wanted: plugin FILE GATE".into()) };
        let gate = PathBuf::from(gate);
        Ok(Self { backend: Tasks::pool("backend", 1, 1, move |job, _: &Stop| decide(job, &gate)) })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let login = event.credentials()?;
        let (decision, deferral) = event.defer()?;
        if let Err(refused) = self.backend.submit(Job { login, decision }) {
            log::warn!("{refused}");
            let busy = Rejection::temporary("busy", Duration::from_secs(1), Retry::SameServer);
            refused.into_job().decision.reject_with(&busy)?;
        }
        Ok(AuthReply::Deferred(deferral))
    }
}

ovpn_plugin::export!(Pooled);
