//! A plugin for the tests of the SDK: one thread and one place in the queue, for logins and for connecting clients.
//!
//! `plugin FILE GATE`: a login whose name begins with `wait` holds the thread until the file GATE exists, also when it has
//! to stop; one whose name begins with `panic` panics, and one whose name begins with `bad` is rejected. When a
//! client connects whose name begins with `gift`, the thread gives it an option; `gift-panic` panics, and `gift-none` is
//! refused.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientConfig, ClientConnect, ClientConnectReply, OpenArgs, Plugin, Pool,
    Rejection, Result,
};

struct Pooled {
    backend: Pool,
    gate: PathBuf,
}

fn decide(name: &[u8], gate: &Path) -> Result<()> {
    log::info!("asks");
    assert!(!name.starts_with(b"panic"), "told to");
    while name.starts_with(b"wait") && !gate.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    if name.starts_with(b"bad") { Err(Rejection::because("wrong code").into()) } else { Ok(()) }
}

fn configure(name: &[u8]) -> Result<ClientConfig> {
    assert_ne!(name, b"gift-panic", "told to");
    if name == b"gift-none" {
        return Err("not today".into());
    }
    let mut config = ClientConfig::new();
    config.push("setenv-safe GIFT by-pool")?;
    Ok(config)
}

#[ovpn_plugin::plugin]
impl Plugin for Pooled {
    const NAME: &'static str = "POOLED";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [gate] = args.text_args()?[..] else { return Err("wanted: plugin FILE GATE".into()) };
        Ok(Self { backend: Pool::new("backend", 1, 1), gate: gate.into() })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let (login, gate) = (event.credentials()?, self.gate.clone());
        event.answer_in(&self.backend, move |_| decide(login.username(), &gate))
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        let name = event.username().unwrap_or_default().to_vec();
        if !name.starts_with(b"gift") {
            return Ok(ClientConnectReply::Accept);
        }
        event.answer_in(&self.backend, move |_| configure(&name))
    }
}

ovpn_plugin::export!(Pooled);
