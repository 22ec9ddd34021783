//! A plugin for the tests of the SDK: does what the words of its `plugin` line and the names of its users say.

mod fork;

use std::fmt;
use std::io;
use std::time::Duration;

use log::Level;
use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientConfig, ClientConnect, ClientConnectReply, ClientConnectV2,
    ClientConnectV2Reply, ClientCrResponse, ClientCrResponseReply, ClientDisconnect, ClientDisconnectReply,
    ClientState, Deferral, Down, DownReply, EventSet, InitPoint, LearnAddress, LearnAddressReply, OpenArgs,
    Plugin, Rejection, Result, Retry, TlsVerify, TlsVerifyReply, log_errno,
};

struct Probe {
    words: Vec<String>,
    offered: EventSet,
    clients: u32,
    was_busy: bool,
    next_client_panics: bool,
}

impl Probe {
    fn has_word(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }
}

impl Probe {
    /// Rejects the first login for the time being, and lets the next one in.
    fn busy_once(&mut self, event: &AuthUserPassVerify<'_>, deferred: bool) -> AuthReply {
        if std::mem::replace(&mut self.was_busy, true) {
            return AuthReply::Accept;
        }
        let busy = Rejection::temporary("come again", Duration::from_secs(2), Retry::SameServer);
        if !deferred {
            return AuthReply::RejectWith(busy);
        }
        match event.defer().map(|(decision, deferral)| (decision.reject_with(&busy), deferral)) {
            Ok((Ok(()), deferral)) => AuthReply::Deferred(deferral),
            _ => AuthReply::Reject,
        }
    }
}

#[ovpn_plugin::plugin]
impl Plugin for Probe {
    const NAME: &'static str = "PROBE";
    const LINES_NAME_THE_CLIENT: bool = false;

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let words: Vec<String> = args.text_args()?.into_iter().map(str::to_owned).collect();
        let probe =
            Self { words, offered: args.offered(), clients: 0, was_busy: false, next_client_panics: false };
        log::info!(
            "opened: words {:?}, structs {}, ssl {:?}, version {:?}, offered {}, verb {:?}",
            probe.words,
            args.struct_version(),
            args.ssl_api(),
            args.openvpn_version(),
            args.offered(),
            args.env().get_str("verb"),
        );
        if probe.has_word("open-error") {
            return Err("told to fail,\nin two lines".into());
        }
        if probe.has_word("open-panic") {
            panic!("told to panic at open");
        }
        Ok(probe)
    }

    fn unwanted_events(&self) -> EventSet {
        if self.has_word("only-logins") {
            return EventSet::ALL.without(EventSet::AUTH_USER_PASS_VERIFY);
        }
        if self.has_word("needs-crresponse") {
            return EventSet::NONE;
        }
        // Taken where there is one, which is what `#[optional]` is for.
        EventSet::CLIENT_CRRESPONSE.without(self.offered)
    }

    #[optional]
    fn down(&mut self, event: &Down<'_>) -> Result<DownReply> {
        Ok(match event.signal() {
            Some("sigterm") => DownReply::Done,
            Some("panic") => panic!("told to panic at down"),
            _ => DownReply::Fail,
        })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        Ok(match event.env().get_str("username").unwrap_or_default() {
            "accept" => AuthReply::Accept,
            "defer" => AuthReply::Deferred(Deferral::by_hand()),
            "error" => return Err("told to fail,\nin two lines".into()),
            "panic-str" => panic!("a literal\nof two lines"),
            "panic-string" => panic!("{} {}", "a formatted", "text"),
            "panic-any" => std::panic::panic_any(5),
            "panic-in-log" => {
                log::info!("{}", PanicsWhenShown);
                AuthReply::Accept
            }
            "panic-in-drop" => {
                let _bomb = Bomb;
                AuthReply::Accept
            }
            "panic-twice" => {
                let _bomb = Bomb;
                panic!("the first one");
            }
            "panic-in-thread" => {
                let joined = std::thread::spawn(|| panic!("in a thread")).join();
                if joined.is_err() { AuthReply::Accept } else { AuthReply::Reject }
            }
            "client-panic-next" => {
                self.next_client_panics = true;
                AuthReply::Accept
            }
            "count" => match event.client::<Self>() {
                Some(mut client) => {
                    client.logins += 1;
                    log::info!("login {} of client {}", client.logins, client.number);
                    AuthReply::Accept
                }
                None => AuthReply::Reject,
            },
            "log" => log_all_kinds(),
            "taken" => accept_twice(event),
            "written" => accept_and_write(event),
            "busy" => self.busy_once(event, false),
            "busy-later" => self.busy_once(event, true),
            "fork" => fork::log_in_a_child(),
            "fork-panic" => fork::panic_in_a_child(),
            "fork-redirect" => fork::redirect_a_child(),
            "fork-secret" => fork::look_for_the_password(event, false),
            "fork-given" => fork::look_for_the_password(event, true),
            "leave-child" => fork::leave_a_child(true),
            "leave-unsettled-child" => fork::leave_a_child(false),
            _ => AuthReply::Reject,
        })
    }

    fn client_crresponse(&mut self, _: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        Ok(ClientCrResponseReply::Done)
    }

    #[optional]
    fn tls_verify(&mut self, event: &TlsVerify<'_>) -> Result<TlsVerifyReply> {
        Ok(if event.depth() == Some(0) { TlsVerifyReply::Accept } else { TlsVerifyReply::Reject })
    }

    #[optional]
    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        let mut config = ClientConfig::new();
        config.option("iroute 10.1.0.0 255.255.0.0")?;
        event.write_config(&config)?;
        Ok(ClientConnectReply::Accept)
    }

    #[optional]
    fn client_connect_v2(&mut self, event: &ClientConnectV2<'_>) -> Result<ClientConnectV2Reply> {
        Ok(match event.common_name() {
            Some(b"plain") => ClientConnectV2Reply::Accept(ClientConfig::new()),
            Some(b"later") => ClientConnectV2Reply::AskAgain,
            Some(b"config") => {
                let mut config = ClientConfig::new();
                config.push("route 10.0.0.0")?;
                config.option("iroute 10.2.0.0")?;
                ClientConnectV2Reply::Accept(config)
            }
            _ => ClientConnectV2Reply::Reject,
        })
    }

    #[optional]
    fn client_disconnect(&mut self, event: &ClientDisconnect<'_>) -> Result<ClientDisconnectReply> {
        event.bytes_sent().ok_or("no counter")?;
        Ok(ClientDisconnectReply::Done)
    }

    #[optional]
    fn learn_address(&mut self, event: &LearnAddress<'_>) -> Result<LearnAddressReply> {
        Ok(if event.address() == Some("10.8.0.6") {
            LearnAddressReply::Accept
        } else {
            LearnAddressReply::Reject
        })
    }

    fn abort(&mut self) {
        log::warn!("aborted");
        if self.has_word("abort-panic") {
            panic!("told to panic at abort");
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        log::info!("dropped");
        if self.has_word("drop-panic") {
            panic!("told to panic when dropped");
        }
    }
}

struct Client {
    number: u32,
    logins: u32,
}

impl ClientState for Probe {
    type State = Client;

    fn new_client(&mut self) -> Client {
        if std::mem::take(&mut self.next_client_panics) {
            panic!("told to panic at a new client");
        }
        self.clients += 1;
        Client { number: self.clients, logins: 0 }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        log::info!("client {} ends", self.number);
        if self.logins == 13 {
            panic!("thirteen logins");
        }
    }
}

/// Decides a login that was deferred, and then replies directly.
fn accept_twice(event: &AuthUserPassVerify<'_>) -> AuthReply {
    match event.defer().map(|(decision, _)| decision.accept()) {
        Ok(Ok(())) => AuthReply::Accept,
        _ => AuthReply::Reject,
    }
}

/// As a plugin without the SDK may: leaves a verdict behind without deferring.
fn accept_and_write(event: &AuthUserPassVerify<'_>) -> AuthReply {
    match event.auth_control_file().map(|path| std::fs::write(path, "1")) {
        Some(Ok(())) => AuthReply::Accept,
        _ => AuthReply::Reject,
    }
}

fn log_all_kinds() -> AuthReply {
    log::error!("an error");
    log::warn!("a warning");
    log::info!("a notice");
    log::debug!("a debug line");
    log::trace!("a trace line");
    log::info!("two\nlines, a NUL\0, a bell\x07, %s%n%d, a \\ and \u{202e}text");
    log::info!("{}", "x".repeat(5000));
    log_errno(Level::Warn, &io::Error::from_raw_os_error(13), format_args!("cannot read /x"));
    log_errno(Level::Warn, &io::Error::other("own words"), format_args!("cannot read /y"));
    AuthReply::Accept
}

struct PanicsWhenShown;

impl fmt::Display for PanicsWhenShown {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("while being shown");
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("while being dropped");
    }
}

ovpn_plugin::export!(Probe, min_version, init_point = InitPoint::PostDaemon);
