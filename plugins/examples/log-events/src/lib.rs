//! Logs every event with its words and variables, and accepts everything: for looking at what OpenVPN does, not for
//! a server that protects something.
//!
//! `plugin libexample_log_events.so [defer] [refuse] [client]`: with `defer`, connecting clients are let in when they are
//! asked about the second time, so that those events are seen too. `refuse` refuses them instead, at the first time or
//! with `defer` at the second: to see which events come all the same. `client` is for an OpenVPN client: it leaves logins
//! out, for a plugin that judges them makes a client demand a password of its server. Passwords and answers to challenges
//! are not shown.

use ovpn_plugin::{
    AddressChange, AuthReply, AuthUserPassVerify, ClientConfig, ClientConnect, ClientConnectDefer,
    ClientConnectDeferV2, ClientConnectReply, ClientConnectV2, ClientConnectV2Reply, ClientCrResponse,
    ClientCrResponseReply, ClientDisconnect, ClientDisconnectReply, Down, DownReply, Env, EventSet, IpChange,
    IpChangeReply, LearnAddress, LearnAddressReply, OpenArgs, Plugin, Result, RoutePredown,
    RoutePredownReply, RouteUp, RouteUpReply, TlsFinal, TlsFinalReply, TlsVerify, TlsVerifyReply, Up,
    UpReply, Words, escape,
};

struct LogEvents {
    defer: bool,
    refuse: bool,
    client: bool,
    /// Events seen since the plugin was opened, restarts by SIGUSR1 included.
    seen: u64,
}

fn log_event(name: &str, words: Words<'_>, env: Env<'_>) {
    let words: Vec<String> = words.map(|word| escape(word).to_string()).collect();
    log::info!("event {name}, words {words:?}");
    for (name, value) in &env {
        let secret = matches!(name, b"password" | b"crresponse" | b"exported_keying_material");
        let value = if secret { b"[redacted]" } else { value };
        log::debug!("  {}={}", escape(name), escape(value));
    }
}

fn log_certificate(event: &TlsVerify<'_>) {
    if let Some(certificate) = event.certificate() {
        log::info!("certificate at depth {}, library {:?}", certificate.depth, certificate.ssl_api());
    }
    #[cfg(feature = "certificate")]
    if let Some(x509) = event.x509() {
        let parts: Vec<String> =
            x509.subject_name().entries().map(|part| escape(part.data().as_slice()).to_string()).collect();
        log::info!("certificate of {parts:?}");
    }
}

impl LogEvents {
    fn seen(&mut self, name: &str, words: Words<'_>, env: Env<'_>) {
        self.seen += 1;
        log_event(name, words, env);
    }
}

#[ovpn_plugin::plugin]
impl Plugin for LogEvents {
    const NAME: &'static str = "LOG-EVENTS";
    const LINES_NAME_THE_CLIENT: bool = false;

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let (version, structs) = (args.openvpn_version().map(|version| version.text), args.struct_version());
        log::info!("opened by {version:?}, structs {structs}, ssl {:?}", args.ssl_api());
        log::info!("offered {}", args.offered());
        log_event("open", args.args(), args.env());
        let has = |wanted: &str| args.args().any(|word| word == wanted.as_bytes());
        Ok(Self { defer: has("defer"), refuse: has("refuse"), client: has("client"), seen: 0 })
    }

    fn unwanted_events(&self) -> EventSet {
        if self.client { EventSet::AUTH_USER_PASS_VERIFY } else { EventSet::NONE }
    }

    #[optional]
    fn up(&mut self, event: &Up<'_>) -> Result<UpReply> {
        self.seen("Up", event.args(), event.env());
        Ok(UpReply::Done)
    }

    #[optional]
    fn down(&mut self, event: &Down<'_>) -> Result<DownReply> {
        self.seen("Down", event.args(), event.env());
        Ok(DownReply::Done)
    }

    #[optional]
    fn route_up(&mut self, event: &RouteUp<'_>) -> Result<RouteUpReply> {
        self.seen("RouteUp", event.args(), event.env());
        Ok(RouteUpReply::Done)
    }

    #[optional]
    fn route_predown(&mut self, event: &RoutePredown<'_>) -> Result<RoutePredownReply> {
        self.seen("RoutePredown", event.args(), event.env());
        Ok(RoutePredownReply::Done)
    }

    #[optional]
    fn ipchange(&mut self, event: &IpChange<'_>) -> Result<IpChangeReply> {
        self.seen("IpChange", event.args(), event.env());
        Ok(IpChangeReply::Done)
    }

    #[optional]
    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        self.seen("AuthUserPassVerify", event.args(), event.env());
        Ok(AuthReply::Accept)
    }

    #[optional]
    fn tls_final(&mut self, event: &TlsFinal<'_>) -> Result<TlsFinalReply> {
        self.seen("TlsFinal", event.args(), event.env());
        Ok(TlsFinalReply::Accept)
    }

    #[optional]
    fn client_connect_defer(&mut self, event: &ClientConnectDefer<'_>) -> Result<ClientConnectReply> {
        self.seen("ClientConnectDefer", event.args(), event.env());
        Ok(self.decide())
    }

    #[optional]
    fn client_disconnect(&mut self, event: &ClientDisconnect<'_>) -> Result<ClientDisconnectReply> {
        self.seen("ClientDisconnect", event.args(), event.env());
        log::info!("was let in: {}", event.was_let_in());
        Ok(ClientDisconnectReply::Done)
    }

    #[optional]
    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        self.seen("ClientCrResponse", event.args(), event.env());
        Ok(ClientCrResponseReply::Done)
    }

    #[optional]
    fn tls_verify(&mut self, event: &TlsVerify<'_>) -> Result<TlsVerifyReply> {
        self.seen("TlsVerify", event.args(), event.env());
        log_certificate(event);
        Ok(TlsVerifyReply::Accept)
    }

    #[optional]
    fn learn_address(&mut self, event: &LearnAddress<'_>) -> Result<LearnAddressReply> {
        self.seen("LearnAddress", event.args(), event.env());
        match (event.change(), event.parsed_address()) {
            (Some(AddressChange::Add { .. }), Some(address)) => log::info!("added: {address:?}"),
            (Some(AddressChange::Update { .. }), Some(address)) => log::info!("updated: {address:?}"),
            (Some(AddressChange::Delete), Some(address)) => log::info!("deleted: {address:?}"),
            _ => log::error!("unknown to the SDK: {:?}", event.address()),
        }
        Ok(LearnAddressReply::Accept)
    }

    #[optional]
    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        self.seen("ClientConnect", event.args(), event.env());
        Ok(if self.defer { ClientConnectReply::AskAgain } else { self.decide() })
    }

    #[optional]
    fn client_connect_v2(&mut self, event: &ClientConnectV2<'_>) -> Result<ClientConnectV2Reply> {
        self.seen("ClientConnectV2", event.args(), event.env());
        Ok(if self.defer {
            ClientConnectV2Reply::AskAgain
        } else {
            ClientConnectV2Reply::Accept(ClientConfig::new())
        })
    }

    #[optional]
    fn client_connect_defer_v2(&mut self, event: &ClientConnectDeferV2<'_>) -> Result<ClientConnectV2Reply> {
        self.seen("ClientConnectDeferV2", event.args(), event.env());
        Ok(ClientConnectV2Reply::Accept(ClientConfig::new()))
    }

    fn abort(&mut self) {
        log::warn!("OpenVPN dies after {} events", self.seen);
    }
}

impl LogEvents {
    fn decide(&self) -> ClientConnectReply {
        if self.refuse { ClientConnectReply::Reject } else { ClientConnectReply::Accept }
    }
}

impl Drop for LogEvents {
    fn drop(&mut self) {
        log::info!("closed after {} events", self.seen);
    }
}

ovpn_plugin::export!(LogEvents);

#[cfg(test)]
mod tests {
    use ovpn_plugin::testing::{CallData, Outcome, Running};

    use super::*;

    #[test]
    fn shows_the_event_and_no_password() {
        let mut plugin = Running::<LogEvents>::open(&CallData::new()).unwrap();
        let call = CallData::new().env("username", "joe\n").env("password", "hunter2");
        let reply = plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &call);
        assert_eq!(reply.outcome, Outcome::Success);
        assert!(plugin.logged("event AuthUserPassVerify"));
        assert!(plugin.logged(r"username=joe\n"));
        assert!(plugin.logged("password=[redacted]"));
        assert!(!plugin.logged("hunter2"));
    }

    #[test]
    fn counts_until_the_end() {
        let mut plugin = Running::<LogEvents>::open(&CallData::new()).unwrap();
        for event in [EventSet::UP, EventSet::TLS_VERIFY, EventSet::CLIENT_CONNECT] {
            assert_eq!(plugin.call(event, &CallData::new()).outcome, Outcome::Success);
        }
        plugin.abort();
        assert!(plugin.logged("OpenVPN dies after 3 events"));
        assert_eq!(plugin.close().last().unwrap().text, "closed after 3 events");
    }

    #[test]
    fn defers_clients_once() {
        let mut plugin = Running::<LogEvents>::open(&CallData::new().arg("defer")).unwrap();
        let mut outcome = |event| plugin.call(event, &CallData::new()).outcome;
        assert_eq!(outcome(EventSet::CLIENT_CONNECT), Outcome::Deferred);
        assert_eq!(outcome(EventSet::CLIENT_CONNECT_DEFER), Outcome::Success);
        assert_eq!(outcome(EventSet::CLIENT_CONNECT_V2), Outcome::Deferred);
        assert_eq!(outcome(EventSet::CLIENT_CONNECT_DEFER_V2), Outcome::Success);
    }
}
