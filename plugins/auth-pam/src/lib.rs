//! OpenVPN plugin `auth-pam`: username and password through PAM.
//!
//! ```text
//! OpenVPN (front, unprivileged after --user)  --  supervisor (no PAM, no rights)  --  workers (root, one transaction each)
//!                                                 keeper (root, forks both)
//! ```
//!
//! Used from the server's configuration as `plugin FILE [OPTION=VALUE]... SERVICE [NAME VALUE]...`.

// Nothing but the plugin's symbols leaves this crate: `pub` in a module means "for the other modules".
#![allow(unreachable_pub)]

mod client_options;
mod config;
mod front;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod limits;
mod metrics;
mod protocol;
mod quoted;
mod settings;
mod startup;
mod supervisor;
mod titles;
mod worker;

use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientConnect, ClientConnectReply, ClientCrResponse,
    ClientCrResponseReply, ClientDisconnect, ClientDisconnectReply, ClientState, EventSet, OpenArgs, Plugin,
    Result, TlsVerify, TlsVerifyReply,
};

use crate::config::Config;
use crate::front::{Front, PerClientState};
use crate::settings::Settings;
use crate::startup::{Deferring, Startup};

/// OpenVPN's `verb` from which on the plugin says more (as the C plugin).
const DEBUG_VERB: u32 = 4;

/// How many words OpenVPN passes of a `plugin` line, written singly or quoted together; the rest it drops without a
/// word (MAX_PARMS, measured with 2.6.14).
const OPENVPN_MAX_WORDS: [usize; 2] = [14, 16];

/// The plugin.
pub struct AuthPam {
    front: Front,
    // Dropped last: another line may defer once the front is gone.
    _deferring: Option<Deferring>,
}

#[ovpn_plugin::plugin]
impl Plugin for AuthPam {
    const NAME: &'static str = "AUTH-PAM";
    // Log watchers know the lines as they are, and they name the client where there is one.
    const LINES_NAME_THE_CLIENT: bool = false;

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        if OPENVPN_MAX_WORDS.contains(&args.args().count()) {
            let [single, quoted] = OPENVPN_MAX_WORDS;
            lines::startup::line_is_full(single, quoted).log();
        }
        let config = Config::parse(args.args())?;
        let startup = Startup::check(args, &config)?;
        let env = args.env();
        let set = |name| env.get(name).is_some_and(|value| value.starts_with(b"1"));
        let settings = Settings {
            config_name: args.config_name(),
            daemon: set("daemon"),
            can_ask: config.asks() && startup.can_ask,
            debug: env.get_number::<u32>("verb").is_some_and(|verb| verb >= DEBUG_VERB),
            time_limits: startup.time_limits,
            max_workers: limits::default_max_workers(),
            max_suspended: limits::default_max_suspended(config.max_workers),
            max_sessions: limits::default_max_sessions(config.max_workers),
            time_to_connect: startup.time_to_connect,
            replaces: startup.replaces,
            dco: startup.dco,
            openvpn_minor: startup.openvpn_minor,
            renegotiation: startup.renegotiation,
            override_username: startup.override_username,
            config,
        };
        let service = settings.config.service.to_string_lossy().into_owned();
        if settings.debug && startup.deferring.is_some() {
            let limit = settings.time_limits.of(true).map(|limit| limit.as_secs());
            let limit = limit.map_or("for ever".into(), |seconds| format!("{seconds} s"));
            lines::startup::deferred_may_take(&limit).log();
        }
        let by_default = settings.config.session && settings.config.max_sessions.is_none();
        if let Some(few) = limits::few_sessions(settings.max_sessions).filter(|_| by_default) {
            few.log();
        }
        let front = Front::open(settings, startup.deferring.is_some())?;
        lines::startup::initialized(&service).log();
        Ok(AuthPam { front, _deferring: startup.deferring })
    }

    fn unwanted_events(&self) -> EventSet {
        let unless = |wanted: bool, event| if wanted { EventSet::NONE } else { event };
        unless(self.front.minds_connects(), EventSet::CLIENT_CONNECT)
            | unless(self.front.opens_sessions(), EventSet::CLIENT_DISCONNECT)
            | unless(self.front.takes_certificates(), EventSet::TLS_VERIFY)
            // OpenVPN before 2.6 does not know this one.
            | unless(self.front.can_ask(), EventSet::CLIENT_CRRESPONSE)
    }

    fn start(&mut self) -> Result<()> {
        self.front.introduce();
        self.front.start_threads();
        Ok(())
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        Ok(self.front.verify(event))
    }

    fn tls_verify(&mut self, event: &TlsVerify<'_>) -> Result<TlsVerifyReply> {
        Ok(self.front.saw_certificate(event))
    }

    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        let asked = event.client::<Self>().and_then(|mut client| client.asked.take());
        let answered = asked.is_some_and(|id| self.front.answered(event, id));
        Ok(if answered { ClientCrResponseReply::Done } else { ClientCrResponseReply::Fail })
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        Ok(self.front.client_connect(event))
    }

    fn client_disconnect(&mut self, event: &ClientDisconnect<'_>) -> Result<ClientDisconnectReply> {
        Ok(self.front.client_disconnect(event))
    }

    fn abort(&mut self) {
        self.front.abort();
    }
}

impl ClientState for AuthPam {
    type State = PerClientState;

    fn new_client(&mut self) -> PerClientState {
        PerClientState::default()
    }
}

ovpn_plugin::export!(AuthPam);
