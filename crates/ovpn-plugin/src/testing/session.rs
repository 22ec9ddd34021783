//! A client of a server from its first event to its last, with what OpenVPN keeps from one to the next.

mod connect;

use std::time::Duration;

use super::variables::{TEMPORARY, new_with};
use super::{CallData, Login, LoginFiles, Outcome, Question, Running, TestClient, TestReply};
use crate::{ClientState, EventSet, Plugin, base64};

pub use connect::Connect;

/// How long a verdict is waited for unless [`Session::patience`] says otherwise: long enough for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client of a server: its variables stay from event to event as OpenVPN keeps them, and its state, if the plugin
/// has one for each client, lives as long as it does. Events the plugin does not ask for are left out, as by OpenVPN.
///
/// ```
/// # use ovpn_plugin::{AuthReply, AuthUserPassVerify, ClientConfig, ClientConnectV2, ClientConnectV2Reply};
/// # use ovpn_plugin::{OpenArgs, Plugin, Rejection, Result};
/// # struct Mine;
/// # #[ovpn_plugin::plugin]
/// # impl Plugin for Mine {
/// #     const NAME: &'static str = "MINE";
/// #     fn open(_: &OpenArgs<'_>) -> Result<Self> { Ok(Self) }
/// #     fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
/// #         let right = event.password() == Some(b"secret");
/// #         Ok(if right { AuthReply::Accept } else { AuthReply::RejectWith(Rejection::because("no")) })
/// #     }
/// #     fn client_connect_v2(&mut self, event: &ClientConnectV2<'_>) -> Result<ClientConnectV2Reply> {
/// #         let mut config = ClientConfig::new();
/// #         if event.username() == Some(b"joe") { config.option("max-routes-per-client 20")?; }
/// #         Ok(ClientConnectV2Reply::Accept(config))
/// #     }
/// # }
/// use ovpn_plugin::testing::{CallData, Connect, Login, Running, Session};
///
/// let mut plugin = Running::<Mine>::open(&CallData::new())?;
/// let mut session = Session::new(&mut plugin);
/// assert_eq!(session.log_in(&mut plugin, "joe", "guess"), Login::Rejected("no".to_owned()));
/// assert_eq!(session.log_in(&mut plugin, "joe", "secret"), Login::Accepted);
/// // The event has the username of the login.
/// assert_eq!(session.connect(&mut plugin), Connect::LetIn("max-routes-per-client 20\n".to_owned()));
/// session.leave(&mut plugin);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct Session<P> {
    variables: Vec<Vec<u8>>,
    client: TestClient,
    new_client: fn(&mut Running<P>) -> TestClient,
    login: Option<LoginFiles>,
    question: Option<Question>,
    /// Also what the client was given so far.
    connected: bool,
    patience: Duration,
}

impl<P: Plugin> Session<P> {
    /// A client at 192.0.2.7 port 40000, of a plugin without state for each client. A plugin that is
    /// [`ClientState`] needs [`Session::with_state`]: with this one the first event that looks for the state panics.
    #[must_use]
    pub fn new(plugin: &mut Running<P>) -> Self {
        Self::of(TestClient::without_state(plugin), TestClient::without_state)
    }

    fn of(client: TestClient, new_client: fn(&mut Running<P>) -> TestClient) -> Self {
        let mut session = Self {
            variables: Vec::new(),
            client,
            new_client,
            login: None,
            question: None,
            connected: false,
            patience: PATIENCE,
        };
        // A client's variables begin with those the server has.
        for (name, value) in
            [new_with(ovpn_plugin_sys::PLUGIN_UP), new_with(ovpn_plugin_sys::PLUGIN_ROUTE_UP)]
                .into_iter()
                .flatten()
        {
            session.set(name, value);
        }
        session.set("untrusted_ip", "192.0.2.7");
        session.set("untrusted_port", "40000");
        session
    }

    /// Gives the client this variable from the start, for example what it says of itself: `IV_SSO`, `IV_PLAT`.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.set(name, value);
        self
    }

    /// How long to wait for what is deferred, instead of 20 seconds.
    #[must_use]
    pub fn patience(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }

    /// Sets a variable for all later events.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.variables.retain(|entry| name_of(entry) != name.as_bytes());
        self.variables.push([name.as_bytes(), b"=", value.as_ref()].concat());
    }

    /// A variable as the next event will have it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&[u8]> {
        let entry = self.variables.iter().find(|entry| name_of(entry) == name.as_bytes())?;
        entry.get(name.len() + 1..)
    }

    /// The client, with the state the plugin keeps for it.
    #[must_use]
    pub fn client(&self) -> &TestClient {
        &self.client
    }

    /// The files of the last login.
    #[must_use]
    pub fn login_files(&self) -> Option<&LoginFiles> {
        self.login.as_ref()
    }

    /// Passes one event with the words and variables of `call`, and all variables from before that it does not have.
    ///
    /// # Panics
    /// As [`Running::call`].
    pub fn pass(&mut self, plugin: &mut Running<P>, event: EventSet, call: &CallData) -> TestReply {
        let call = self.dressed(event, call);
        plugin.call_for(&mut self.client, event, &call)
    }

    /// The same if the plugin asks for the event. Its variables stay for later ones in any case.
    fn pass_if_asked(
        &mut self,
        plugin: &mut Running<P>,
        event: EventSet,
        call: &CallData,
    ) -> Option<TestReply> {
        let call = self.dressed(event, call);
        plugin.events().contains(event).then(|| plugin.call_for(&mut self.client, event, &call))
    }

    /// The call with all variables; those that stay are kept.
    fn dressed(&mut self, event: EventSet, call: &CallData) -> CallData {
        let mut entries = call.entries.clone();
        let mut add = |entry: &[u8]| {
            if !entries.iter().any(|known| name_of(known) == name_of(entry)) {
                entries.push(entry.to_vec());
            }
        };
        self.variables.iter().for_each(|entry| add(entry));
        for number in event.numbers() {
            for (name, value) in new_with(number) {
                add(format!("{name}={value}").as_bytes());
            }
        }
        self.variables = entries.iter().filter(|entry| !is_temporary(name_of(entry))).cloned().collect();
        CallData::with(call.words.clone(), entries)
    }

    /// Passes the events of a login: certificates, username and password, the end of the negotiation. Waits for a verdict that
    /// is deferred. Once the client is connected, this is a renegotiation.
    pub fn log_in(&mut self, plugin: &mut Running<P>, username: &str, password: &str) -> Login {
        self.question = None;
        for (depth, name) in [("1", "authority"), ("0", "client")] {
            let subject = format!("CN={name}");
            let mut call = CallData::new().arg(depth).arg(&subject).env(&format!("X509_{depth}_CN"), name);
            call = call.env(&format!("tls_id_{depth}"), &subject);
            // `username-as-common-name` comes later.
            if depth == "0" && self.variable("common_name").is_none() {
                call = call.env("common_name", name);
            }
            if self.pass_if_asked(plugin, EventSet::TLS_VERIFY, &call).is_some_and(fails) {
                return Login::Rejected(String::new());
            }
        }
        let files =
            LoginFiles::new().unwrap_or_else(|error| panic!("cannot make files for a login: {error}"));
        let call = files.call().env("username", username).env("password", password);
        let reply = self.pass_if_asked(plugin, EventSet::AUTH_USER_PASS_VERIFY, &call);
        let files = self.login.insert(files);
        if reply.as_ref().is_some_and(|reply| reply.outcome == Outcome::Error) {
            return self.rejected();
        }
        let asked = files.question();
        if self.pass_if_asked(plugin, EventSet::TLS_FINAL, &CallData::new()).is_some_and(fails) {
            return Login::Rejected(String::new());
        }
        self.trust(plugin);
        match reply {
            Some(reply) if reply.outcome == Outcome::Deferred => match asked {
                Some(question) => {
                    self.question = Some(question.clone());
                    Login::Asked(question)
                }
                None => self.verdict(),
            },
            _ => Login::Accepted,
        }
    }

    /// The client's address is that of a peer now.
    fn trust(&mut self, plugin: &mut Running<P>) {
        if self.variable("trusted_port").is_some() {
            return;
        }
        let mut call = CallData::new();
        for (name, other) in [
            ("untrusted_ip6", "trusted_ip6"),
            ("untrusted_ip", "trusted_ip"),
            ("untrusted_port", "trusted_port"),
        ] {
            if let Some(value) = self.variable(name) {
                call = call.env(other, value);
            }
        }
        let text = |name| String::from_utf8_lossy(self.variable(name).unwrap_or_default()).into_owned();
        let ip6 = self.variable("untrusted_ip6").is_some();
        let (family, ip) = if ip6 { ("AF_INET6", "untrusted_ip6") } else { ("AF_INET", "untrusted_ip") };
        let call = call.arg(format!("[{family}]{} {}", text(ip), text("untrusted_port")));
        let _ = self.pass_if_asked(plugin, EventSet::IPCHANGE, &call);
    }

    /// The client's user answers what was asked last. A question that was asked by a rejection is answered by a new login, of
    /// a new client with a state of its own.
    ///
    /// # Panics
    /// If nothing was asked, or the plugin does not ask for [`EventSet::CLIENT_CRRESPONSE`] and nobody takes the answer.
    pub fn answer(&mut self, plugin: &mut Running<P>, answer: &str) -> Login {
        let question = self.question.take().unwrap_or_else(|| panic!("the client was not asked anything"));
        if let (Some(password), Some(username)) = (question.password(answer), question.username()) {
            let username = String::from_utf8_lossy(username).into_owned();
            self.come_again(plugin);
            return self.log_in(plugin, &username, &password);
        }
        let call = CallData::new().env("crresponse", base64::encode(answer.as_bytes()));
        let _ = self.pass(plugin, EventSet::CLIENT_CRRESPONSE, &call);
        self.verdict()
    }

    /// A new client with what this one says of itself.
    fn come_again(&mut self, plugin: &mut Running<P>) {
        let next = Self::of((self.new_client)(plugin), self.new_client);
        let own = |entry: &&Vec<u8>| {
            let name = name_of(entry);
            [&b"IV_"[..], b"UV_", b"untrusted_"].iter().any(|start| name.starts_with(start))
        };
        let own: Vec<Vec<u8>> = self.variables.iter().filter(own).cloned().collect();
        let patience = self.patience;
        *self = next;
        self.patience = patience;
        self.variables.retain(|entry| !own.iter().any(|other| name_of(other) == name_of(entry)));
        self.variables.extend(own);
    }

    fn verdict(&mut self) -> Login {
        match self.login.as_ref().and_then(|files| files.wait_for_verdict(self.patience)) {
            Some(true) => Login::Accepted,
            Some(false) => self.rejected(),
            None => Login::Undecided,
        }
    }

    fn rejected(&mut self) -> Login {
        let reason = self.login.as_ref().map(LoginFiles::reason).unwrap_or_default();
        match Question::in_reason(&reason) {
            Some(question) => {
                self.question = Some(question.clone());
                Login::Asked(question)
            }
            None => Login::rejected(reason),
        }
    }
}

impl<P: ClientState> Session<P> {
    /// A client at 192.0.2.7 port 40000, with the state that the plugin makes for it.
    #[must_use]
    pub fn with_state(plugin: &mut Running<P>) -> Self {
        Self::of(plugin.client(), Running::client)
    }
}

impl<P> std::fmt::Debug for Session<P> {
    /// Shows no variables: a username may be among them.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Session").field("connected", &self.connected).finish_non_exhaustive()
    }
}

fn fails(reply: TestReply) -> bool {
    reply.outcome != Outcome::Success
}

/// Whether later events of the same client do not have this variable any more.
fn is_temporary(name: &[u8]) -> bool {
    TEMPORARY.iter().any(|known| known.as_bytes() == name)
}

fn name_of(entry: &[u8]) -> &[u8] {
    entry.split(|byte| *byte == b'=').next().unwrap_or_default()
}
