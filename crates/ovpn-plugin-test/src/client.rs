//! A real OpenVPN client: the cheap kind without a device, or with a tunnel in a namespace of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::PATIENCE;
use crate::child_process::ChildProcess;
use crate::log::{Log, LogPipe, Mark};
use crate::management::Management;
use crate::netns::NetNs;
use crate::pinger::Pinger;
use crate::pki::Pki;
use crate::proc_table::{Process, wait_until};
use crate::quoting::path;
use crate::scratch::Scratch;
use crate::server::{DISABLE_DCO, READY, Server};

/// Somewhere else than beside its server where a client or a server runs: other files, another network.
pub trait Place {
    /// The words that, before a program's own, run it there.
    fn wrapper(&self) -> Vec<String>;
    /// Its network.
    fn netns(&self) -> &Arc<NetNs>;
}

const AUTH_FAILED: &str = "Received control message: AUTH_FAILED";
const ENDED: &str = "[ended: ";

/// What became of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Connected, so long after the client was started.
    Connected(Duration),
    /// Refused, so long after the client was started.
    Refused {
        /// Since the start of the client.
        after: Duration,
        /// What the server sent as the reason; empty if nothing.
        reason: String,
    },
    /// The client ended, or said nothing of either kind in time.
    Neither,
}

/// A client to be started.
#[derive(Debug)]
pub struct ClientConfig<'a> {
    server: &'a Server,
    user: String,
    password: String,
    certificate: Option<String>,
    address: Option<String>,
    tunnel: bool,
    port: Option<u16>,
    typed: Option<Typed>,
    sends_login: bool,
    elsewhere: Option<(Vec<String>, Arc<NetNs>)>,
    openvpn: PathBuf,
    lines: Vec<String>,
}

/// A login that somebody types instead of a file.
#[derive(Debug)]
struct Typed {
    /// Typed when the client asks for a response.
    response: String,
    /// Lines that make the client ask; none where the test adds its own.
    lines: Vec<String>,
}

/// A running client; on drop it is stopped.
#[derive(Debug)]
pub struct Client {
    running: ChildProcess,
    tunnel: Option<NetNs>,
    pipe: LogPipe,
    _management: Option<Management>,
    _scratch: Scratch,
    _server_netns: Arc<NetNs>,
    _pki: Arc<Pki>,
}

impl<'a> ClientConfig<'a> {
    pub(crate) fn new(server: &'a Server, user: &str, password: &str) -> Self {
        let (user, password) = (user.to_string(), password.to_string());
        Self {
            server,
            user,
            password,
            certificate: Some("client".to_string()),
            address: None,
            tunnel: false,
            port: None,
            typed: None,
            sends_login: true,
            elsewhere: None,
            openvpn: server.openvpn().to_path_buf(),
            lines: Vec::new(),
        }
    }

    /// Without a certificate of its own.
    #[must_use]
    pub fn without_certificate(mut self) -> Self {
        self.certificate = None;
        self
    }

    /// Sends neither name nor password, unless the test adds a line for that.
    #[must_use]
    pub fn without_login(mut self) -> Self {
        self.sends_login = false;
        self
    }

    /// With the certificate of this name in [`Pki`].
    #[must_use]
    pub fn with_certificate_of(mut self, name: &str) -> Self {
        self.certificate = Some(name.to_string());
        self
    }

    /// From this address instead of 127.0.0.1.
    #[must_use]
    pub fn from_address(mut self, address: &str) -> Self {
        self.address = Some(address.to_string());
        self
    }

    /// From this port: one that is used again would be taken for the client that was there before.
    #[must_use]
    pub fn from_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// With a real tunnel, in a network namespace of the client's own.
    #[must_use]
    pub fn with_tunnel(mut self) -> Self {
        self.tunnel = true;
        self
    }

    /// With a static challenge: `prompt` is answered with `response`.
    #[must_use]
    pub fn static_challenge(mut self, prompt: &str, response: &str) -> Self {
        let lines = vec!["auth-user-pass".to_string(), format!("static-challenge \"{prompt}\" 1")];
        self.typed = Some(Typed { response: response.to_string(), lines });
        self
    }

    /// The lines that make the client ask for a login (`auth-user-pass`, `static-challenge` ...) are added by the
    /// test; where the client asks for a response, this is typed.
    #[must_use]
    pub fn typed(mut self, response: &str) -> Self {
        self.typed = Some(Typed { response: response.to_string(), lines: Vec::new() });
        self
    }

    /// Runs the client in this place, with its files and network, against the `remote` lines the test adds.
    #[must_use]
    pub fn on(mut self, place: &impl Place) -> Self {
        self.elsewhere = Some((place.wrapper(), Arc::clone(place.netns())));
        self
    }

    /// Runs this OpenVPN instead of the server's.
    #[must_use]
    pub fn openvpn(mut self, file: impl Into<PathBuf>) -> Self {
        self.openvpn = file.into();
        self
    }

    /// Adds a line to the client's configuration.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_string());
        self
    }

    /// Starts the client without waiting for anything.
    pub fn start(&self) -> Client {
        let scratch = Scratch::new();
        let pipe = LogPipe::new(&scratch.join("log"));
        let tunnel = self.tunnel.then(NetNs::new);
        let address = tunnel.as_ref().map_or_else(
            || "127.0.0.1".to_string(),
            |namespace| self.server.netns().connect(namespace).0.to_string(),
        );
        let path = scratch.write("client.conf", &self.text(&scratch, &address), 0o600);
        let (mut words, elsewhere) = self.elsewhere.clone().unzip();
        let elsewhere = elsewhere.as_deref();
        let namespace = elsewhere.or(tunnel.as_ref()).unwrap_or(self.server.netns());
        let words = words.get_or_insert_default();
        words.push(self.openvpn.to_string_lossy().into_owned());
        let mut command = namespace.command(&words.remove(0));
        let running = ChildProcess::spawn(command.args(words).arg("--config").arg(path), &pipe);
        let management = self.typed.as_ref().map(|typed| {
            wait_listening(pipe.log());
            Management::answering(&scratch.join("management"), &self.user, &self.password, &typed.response)
        });
        Client {
            running,
            tunnel,
            pipe,
            _management: management,
            _scratch: scratch,
            _server_netns: Arc::clone(self.server.netns()),
            _pki: Arc::clone(self.server.pki()),
        }
    }

    /// Starts the client and waits until it is connected; panics if it is not.
    pub fn connect(&self) -> Client {
        let client = self.start();
        client.wait_connected();
        client
    }

    /// Starts the client, waits for the outcome of the login and ends the client.
    pub fn outcome(&self) -> Outcome {
        self.start().outcome(PATIENCE)
    }

    fn text(&self, scratch: &Scratch, address: &str) -> String {
        let pki = self.server.pki();
        let mut lines = vec![
            "client".to_string(),
            match (self.port, &self.address) {
                (None, None) => "nobind".to_string(),
                (port, _) => format!("lport {}", port.unwrap_or_default()),
            },
            DISABLE_DCO.to_string(),
            "remote-cert-tls server".to_string(),
            format!("ca {}", path(&pki.path("ca.crt"))),
            "auth-retry none".to_string(),
            "connect-retry-max 1".to_string(),
            "connect-timeout 20".to_string(),
            "resolv-retry 0".to_string(),
            "explicit-exit-notify 1".to_string(),
            "verb 3".to_string(),
        ];
        if !self.lines.iter().any(|line| line.starts_with("remote ")) {
            lines.push(format!("remote {address} 1194 udp4"));
        }
        if let Some(name) = &self.certificate {
            lines.push(format!("cert {}", path(&pki.path(&format!("{name}.crt")))));
            lines.push(format!("key {}", path(&pki.path(&format!("{name}.key")))));
        }
        lines.extend(self.address.iter().map(|address| format!("local {address}")));
        lines.push(if self.tunnel { "dev tun" } else { "dev null" }.to_string());
        if !self.tunnel {
            lines.extend(["ifconfig-noexec", "route-noexec"].map(String::from));
        }
        match &self.typed {
            None if !self.sends_login => {}
            None => {
                let file = scratch.write("login", &format!("{}\n{}\n", self.user, self.password), 0o600);
                lines.push(format!("auth-user-pass {}", path(&file)));
            }
            Some(typed) => {
                lines.extend(typed.lines.iter().cloned());
                lines.push(format!("management {} unix", path(&scratch.join("management"))));
                lines.push("management-query-passwords".to_string());
            }
        }
        lines.extend(self.lines.iter().cloned());
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

impl Client {
    /// The client's log.
    pub fn log(&self) -> &Log {
        self.pipe.log()
    }

    /// Waits until the management interface is there; panics with the log if the client ends before.
    pub(crate) fn wait_listening(&self) {
        wait_listening(self.log());
    }

    /// Waits for the outcome of the login, at most `limit`.
    pub fn outcome(&self, limit: Duration) -> Outcome {
        self.outcome_where(limit, |_| true)
    }

    /// The same where only these lines count.
    pub(crate) fn outcome_where(&self, limit: Duration, counts: impl Fn(&str) -> bool) -> Outcome {
        let started = self.running.started;
        let said = self.log().wait_match(Mark::START, Instant::now() + limit, |text| {
            counts(text) && [READY, AUTH_FAILED, ENDED].iter().any(|pattern| text.contains(pattern))
        });
        match said {
            Some(line) if line.text.contains(READY) => Outcome::Connected(line.at - started),
            Some(line) => match line.text.split_once(AUTH_FAILED) {
                Some((_, reason)) => Outcome::Refused {
                    after: line.at - started,
                    reason: reason.trim_start_matches(',').to_string(),
                },
                None => Outcome::Neither,
            },
            None => Outcome::Neither,
        }
    }

    /// Waits until the client is connected and returns how long that took; panics if it is not.
    pub fn wait_connected(&self) -> Duration {
        match self.outcome(PATIENCE) {
            Outcome::Connected(after) => after,
            other => panic!("the client should have connected ({other:?}):\n{}", self.log().text()),
        }
    }

    /// Waits until the login is refused and returns how long that took; panics if it is not.
    pub fn wait_refused(&self) -> Duration {
        match self.outcome(PATIENCE) {
            Outcome::Refused { after, .. } => after,
            other => panic!("the client should have been refused ({other:?}):\n{}", self.log().text()),
        }
    }

    /// The namespace at the client's end of the tunnel.
    pub fn tunnel(&self) -> &NetNs {
        self.tunnel.as_ref().unwrap_or_else(|| panic!("this client has no tunnel"))
    }

    /// Pings the server through the tunnel.
    pub fn ping(&self) -> Pinger {
        Pinger::start(self.tunnel(), crate::server::TUNNEL_ADDRESS)
    }

    /// The bytes that the client itself has counted on its way to the server, and from it.
    pub fn link_bytes(&self) -> (u64, u64) {
        let mark = self.log().mark();
        self.running.signal(Signal::SIGUSR2);
        let counted = |name: &str| {
            let text = self.log().wait_for(mark, name, PATIENCE).text;
            let number = text.rsplit(',').next().and_then(|number| number.trim().parse().ok());
            number.unwrap_or_else(|| panic!("no number: {text}"))
        };
        let bytes = (counted("TCP/UDP write bytes,"), counted("TCP/UDP read bytes,"));
        // A signal that comes before OpenVPN is done with this one would be forgotten.
        self.log().wait_match(mark, Instant::now() + PATIENCE, |text| text.ends_with(" END"));
        let waits = || Process::look(self.pid()).is_some_and(|process| process.state == 'S');
        assert!(wait_until(PATIENCE, waits), "{}", self.log().text());
        bytes
    }

    /// Process id of OpenVPN.
    pub fn pid(&self) -> i32 {
        self.running.pid()
    }

    /// Sends a signal to OpenVPN.
    pub fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// Sends SIGHUP or SIGUSR1 and waits until the client is connected again; panics with its log if it does not come.
    pub fn restart(&self, signal: Signal) {
        let mark = self.log().mark();
        self.running.signal(signal);
        let said = self
            .log()
            .wait_match(mark, Instant::now() + PATIENCE, |text| text.contains(READY) || text.contains(ENDED));
        assert!(
            said.is_some_and(|line| line.text.contains(READY)),
            "the client does not come back after {signal}:\n{}",
            self.log().text()
        );
    }

    /// Says goodbye to the server and waits for the end.
    pub fn disconnect(&self) {
        self.running.signal(Signal::SIGTERM);
        assert!(self.running.wait(PATIENCE).is_some(), "the client does not end:\n{}", self.log().text());
    }
}

fn wait_listening(log: &Log) {
    const LISTENING: &str = "MANAGEMENT: unix domain socket listening";
    let end = Instant::now() + PATIENCE;
    let said = log.wait_match(Mark::START, end, |text| text.contains(LISTENING) || text.contains(ENDED));
    assert!(
        said.is_some_and(|line| line.text.contains(LISTENING)),
        "the client does not start:\n{}",
        log.text()
    );
}

impl Drop for Client {
    fn drop(&mut self) {
        // SIGTERM would make it say goodbye for a second.
        self.running.signal(Signal::SIGKILL);
        if std::thread::panicking() {
            eprintln!("--- log of a client ---\n{}", self.log().text());
        }
    }
}
