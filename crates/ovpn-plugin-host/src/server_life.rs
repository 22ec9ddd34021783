//! The events of a whole life, in the order in which OpenVPN passes them, to the plugin's wishes.
//!
//! A server with one client: the server's own client state is made; `UP`, `ROUTE_UP`; then the client's state, and for
//! it `TLS_VERIFY` (the authority's certificate, then its own), `AUTH_USER_PASS_VERIFY`, `TLS_FINAL`, `IPCHANGE`,
//! `CLIENT_CRRESPONSE` if the client is asked, the verdict of a deferred login, `CLIENT_CONNECT` and, as long as that
//! is deferred, `CLIENT_CONNECT_DEFER`, the same for `CLIENT_CONNECT_V2`, `LEARN_ADDRESS` add; for each renegotiation
//! `TLS_VERIFY`, `AUTH_USER_PASS_VERIFY`, `TLS_FINAL`; `CLIENT_DISCONNECT`, and the client's state is dropped. At the end
//! `LEARN_ADDRESS` delete, `ROUTE_PREDOWN`, `DOWN`, and the server's state is dropped.
//!
//! A client: `TLS_VERIFY` twice, `TLS_FINAL`, `IPCHANGE`, `UP`, `ROUTE_UP`; then `ROUTE_PREDOWN`, `DOWN`.
//!
//! This is what OpenVPN 2.6 and 2.7 do, held against a real server by a test. A client that is refused before
//! `CLIENT_CONNECT` gets no further events. One that is refused from there on has its `CLIENT_DISCONNECT` all the same, at
//! once; one that leaves before it is decided about has none. A server or client whose `UP` fails ends.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use ovpn_plugin_sys as sys;

use crate::certificate;
use crate::life_variables::Environment;
use crate::{Call, CallFailed, Client, FuncResult, Login, OpenPlugin, Reply, Verdict};

/// One event that was passed, and what came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The event's number.
    pub event: i32,
    /// What came back.
    pub reply: Reply,
}

/// How a life went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The events that were passed, in order.
    pub steps: Vec<Step>,
    /// Whether the client got in, or as a client: got to its server.
    pub connected: bool,
}

impl Life {
    /// The numbers of the events, in order.
    #[must_use]
    pub fn events(&self) -> Vec<i32> {
        self.steps.iter().map(|step| step.event).collect()
    }
}

const DEVICE: [&str; 6] = ["tun0", "1500", "0", "10.8.0.1", "255.255.255.0", "init"];

/// The client, or whom a client connects to.
struct Peer {
    address: Vec<u8>,
    is_ipv6: bool,
    name: Vec<u8>,
}

impl Peer {
    /// The client of this login.
    fn of(login: &Login) -> Self {
        let ipv6 = login.value("untrusted_ip6");
        let address = ipv6.clone().or_else(|| login.value("untrusted_ip"));
        Self {
            is_ipv6: ipv6.is_some(),
            address: address.unwrap_or_else(|| b"192.0.2.7".to_vec()),
            name: login.value("common_name").unwrap_or_else(|| b"client".to_vec()),
        }
    }

    fn name(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// The variables of its address, once it is trusted or before.
    fn place(&self, call: Call, prefix: &str) -> Call {
        let family = if self.is_ipv6 { "6" } else { "" };
        call.env(&format!("{prefix}_ip{family}"), &self.address).env(&format!("{prefix}_port"), "40000")
    }

    fn ip_change(&self, port: u16) -> Call {
        let family = if self.is_ipv6 { "AF_INET6" } else { "AF_INET" };
        let address = String::from_utf8_lossy(&self.address);
        let call = Call::new(sys::PLUGIN_IPCHANGE).arg(format!("[{family}]{address} {port}"));
        self.place(call, "trusted")
    }

    /// An event of a client that is connected.
    fn named(&self, event: i32) -> Call {
        self.place(Call::new(event).env("common_name", &self.name), "trusted")
    }
}

impl OpenPlugin {
    /// Passes the life of a server with one client, which logs in with `login`. Waits up to `patience` for anything
    /// that is deferred.
    ///
    /// # Errors
    /// If a call cannot be made.
    pub fn server_life(&self, login: &Login, patience: Duration) -> Result<Life, CallFailed> {
        self.server_life_seen(login, patience, &mut |_| ())
    }

    /// As [`OpenPlugin::server_life`], and tells `see` of each event as soon as it was passed.
    ///
    /// # Errors
    /// If a call cannot be made.
    pub fn server_life_seen(
        &self,
        login: &Login,
        patience: Duration,
        see: &mut dyn FnMut(&Step),
    ) -> Result<Life, CallFailed> {
        let server = self.client();
        let (life, environment, peer) = (Life::default(), Environment::default(), &Peer::of(login));
        let again = None;
        let mut run = Run { plugin: self, client: &server, peer, life, environment, patience, see, again };
        if run.device(sys::PLUGIN_UP)? {
            run.pass(Call::new(sys::PLUGIN_ROUTE_UP))?;
            // OpenVPN forgets a client's address some time after the client's state.
            if run.life_of_a_client(login)? {
                run.pass_bare(&Call::new(sys::PLUGIN_LEARN_ADDRESS).arg("delete").arg("10.8.0.2"))?;
            }
            run.device(sys::PLUGIN_ROUTE_PREDOWN)?;
        }
        run.device(sys::PLUGIN_DOWN)?;
        Ok(run.life)
    }

    /// Passes the life of a client.
    ///
    /// # Errors
    /// If a call cannot be made.
    pub fn client_life(&self) -> Result<Life, CallFailed> {
        self.client_life_seen(&mut |_| ())
    }

    /// As [`OpenPlugin::client_life`], and tells `see` of each event as soon as it was passed.
    ///
    /// # Errors
    /// If a call cannot be made.
    pub fn client_life_seen(&self, see: &mut dyn FnMut(&Step)) -> Result<Life, CallFailed> {
        let own = self.client();
        let (life, environment) = (Life::default(), Environment::default());
        let peer = &Peer::of(&Login::without_credentials());
        let patience = Duration::ZERO;
        let again = None;
        let mut run = Run { plugin: self, client: &own, peer, life, environment, patience, see, again };
        if run.certificates()? && run.pass(Call::new(sys::PLUGIN_TLS_FINAL))? {
            run.pass(peer.ip_change(1194))?;
            if run.device(sys::PLUGIN_UP)? {
                run.life.connected = true;
                run.pass(Call::new(sys::PLUGIN_ROUTE_UP))?;
                run.device(sys::PLUGIN_ROUTE_PREDOWN)?;
            }
            run.device(sys::PLUGIN_DOWN)?;
        }
        Ok(run.life)
    }
}

/// How far a client came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// It was refused before its configuration was asked for, or left while that was undecided.
    Nothing,
    /// It was refused by an answer about its configuration.
    Configuration,
    /// It was let in; whether an address was learned.
    Tunnel { learned: bool },
}

/// What was decided about a client that connects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decided {
    LetIn,
    Refused,
    Not,
}

struct Run<'a> {
    plugin: &'a OpenPlugin,
    client: &'a Client<'a>,
    peer: &'a Peer,
    life: Life,
    environment: Environment,
    patience: Duration,
    see: &'a mut dyn FnMut(&Step),
    /// With which the client comes again, as it was rejected with a question.
    again: Option<Login>,
}

impl Run<'_> {
    /// Passes an event if the plugin wants it; whether OpenVPN would go on.
    fn pass(&mut self, call: Call) -> Result<bool, CallFailed> {
        Ok(matches!(self.result(call)?, None | Some(FuncResult::Success)))
    }

    fn result(&mut self, call: Call) -> Result<Option<FuncResult>, CallFailed> {
        // Also what comes with an event that the plugin does not want stays for later ones.
        let call = self.environment.dress(call);
        self.pass_bare(&call)
    }

    /// With no other variables than its own.
    fn pass_bare(&mut self, call: &Call) -> Result<Option<FuncResult>, CallFailed> {
        if !self.plugin.wants(call.event) {
            return Ok(None);
        }
        let reply = self.client.call(call)?;
        let result = reply.result;
        self.step(call.event, reply);
        Ok(Some(result))
    }

    fn step(&mut self, event: i32, reply: Reply) {
        let step = Step { event, reply };
        (self.see)(&step);
        self.life.steps.push(step);
    }

    fn device(&mut self, event: i32) -> Result<bool, CallFailed> {
        self.pass(DEVICE.iter().fold(Call::new(event), Call::arg))
    }

    fn certificates(&mut self) -> Result<bool, CallFailed> {
        for (depth, name) in [("1", "authority"), ("0", self.peer.name().as_str())] {
            let subject = format!("CN={name}");
            let call = Call::new(sys::PLUGIN_TLS_VERIFY).arg(depth).arg(&subject);
            let call = call.env(&format!("X509_{depth}_CN"), name).env(&format!("tls_id_{depth}"), subject);
            let digest = "00:11:22:33";
            let call = call
                .env(&format!("tls_digest_{depth}"), digest)
                .env(&format!("tls_digest_sha256_{depth}"), digest);
            let call =
                call.env(&format!("tls_serial_{depth}"), "17").env(&format!("tls_serial_hex_{depth}"), "11");
            let call = self.peer.place(call, "untrusted");
            let call = if depth == "0" { call.env("common_name", name) } else { call };
            let call = call.certificate(i32::from(depth == "1"), certificate::der(name, "authority"));
            if !self.pass(call)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether an address was learned.
    fn life_of_a_client(&mut self, login: &Login) -> Result<bool, CallFailed> {
        let client = self.plugin.client();
        let (life, environment) = (std::mem::take(&mut self.life), self.environment.clone());
        let (plugin, peer, patience, see) = (self.plugin, self.peer, self.patience, &mut *self.see);
        let again = None;
        let mut run = Run { plugin, client: &client, peer, life, environment, patience, see, again };
        let reached = run.connect(login)?;
        run.life.connected = matches!(reached, Reached::Tunnel { .. });
        if run.life.connected {
            run.renegotiate(login)?;
        }
        if reached != Reached::Nothing {
            run.pass(peer.named(sys::PLUGIN_CLIENT_DISCONNECT))?;
        }
        let again = run.again.take();
        self.life = run.life;
        if let Some(again) = again {
            drop(client);
            return self.life_of_a_client(&again);
        }
        Ok(reached == Reached::Tunnel { learned: true })
    }

    fn connect(&mut self, login: &Login) -> Result<Reached, CallFailed> {
        if !self.certificates()? || !self.log_in(login, true)? {
            return Ok(Reached::Nothing);
        }
        for decide in [Self::connect_by_file, Self::connect_by_list] {
            match decide(self)? {
                Decided::LetIn => {}
                Decided::Refused => return Ok(Reached::Configuration),
                Decided::Not => return Ok(Reached::Nothing),
            }
        }
        let learn = Call::new(sys::PLUGIN_LEARN_ADDRESS).arg("add").arg("10.8.0.2").arg(&self.peer.name);
        let learned = self.pass(learn)?;
        Ok(Reached::Tunnel { learned })
    }

    fn log_in(&mut self, login: &Login, first: bool) -> Result<bool, CallFailed> {
        let mut waiting = None;
        if self.plugin.wants(sys::PLUGIN_AUTH_USER_PASS_VERIFY) {
            let running = login.start(|call| self.client.call(&self.environment.dress(call.clone())))?;
            let reply = Reply { result: running.result, returned: Vec::new() };
            self.step(sys::PLUGIN_AUTH_USER_PASS_VERIFY, reply);
            match running.result {
                FuncResult::Success => {}
                FuncResult::Deferred => waiting = Some(running),
                FuncResult::Error | FuncResult::Other(_) => {
                    self.again = login.again(running.files.reason_text().as_deref());
                    return Ok(false);
                }
            }
        } else {
            self.environment.dress(Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY));
        }
        if !self.pass(Call::new(sys::PLUGIN_TLS_FINAL))? {
            return Ok(false);
        }
        if first {
            self.pass(self.peer.ip_change(40000))?;
        }
        let Some(running) = waiting else { return Ok(true) };
        if let Some(answer) = running.answer(login) {
            self.pass(answer)?;
        }
        let outcome = running.finish(self.patience);
        let accepted = outcome.verdict == Some(Verdict::Accepted);
        if !accepted {
            self.again = login.again(outcome.reason.as_deref());
        }
        Ok(accepted)
    }

    /// As often as the login says, or until the client is refused.
    fn renegotiate(&mut self, login: &Login) -> Result<(), CallFailed> {
        for _ in 0..login.renegotiations {
            if !self.certificates()? || !self.log_in(login, false)? {
                break;
            }
        }
        Ok(())
    }

    /// The file says more than the reply: `0` refuses, `2` waits.
    fn connect_by_file(&mut self) -> Result<Decided, CallFailed> {
        let directory = tempfile::Builder::new().prefix("ovpn-connect-").tempdir()?;
        let (config, verdict) = (directory.path().join("config"), directory.path().join("deferred"));
        fs::File::create_new(&config)?;
        fs::File::create_new(&verdict)?;
        let call = |event| {
            self.peer
                .named(event)
                .arg(config.as_os_str().as_bytes())
                .env("client_connect_config_file", config.as_os_str().as_bytes())
                .env("client_connect_deferred_file", verdict.as_os_str().as_bytes())
        };
        let mut result = self.result(call(sys::PLUGIN_CLIENT_CONNECT))?;
        let end = Instant::now() + self.patience;
        loop {
            let said = fs::read(&verdict)?.first().copied();
            let waits = result == Some(FuncResult::Deferred) || said == Some(b'2');
            if matches!(result, Some(FuncResult::Error | FuncResult::Other(_))) || said == Some(b'0') {
                return Ok(Decided::Refused);
            }
            if !waits {
                return Ok(Decided::LetIn);
            }
            if Instant::now() >= end {
                return Ok(Decided::Not);
            }
            std::thread::sleep(POLL);
            result = self.result(call(sys::PLUGIN_CLIENT_CONNECT_DEFER))?;
        }
    }

    fn connect_by_list(&mut self) -> Result<Decided, CallFailed> {
        let mut result = self.result(self.peer.named(sys::PLUGIN_CLIENT_CONNECT_V2))?;
        let end = Instant::now() + self.patience;
        while result == Some(FuncResult::Deferred) {
            if !self.plugin.wants(sys::PLUGIN_CLIENT_CONNECT_DEFER_V2) {
                return Ok(Decided::Refused);
            }
            if Instant::now() >= end {
                return Ok(Decided::Not);
            }
            std::thread::sleep(POLL);
            result = self.result(self.peer.named(sys::PLUGIN_CLIENT_CONNECT_DEFER_V2))?;
        }
        let let_in = matches!(result, None | Some(FuncResult::Success));
        Ok(if let_in { Decided::LetIn } else { Decided::Refused })
    }
}

/// How often a deferred client is asked about; OpenVPN does it with the client's requests.
const POLL: Duration = Duration::from_millis(5);
