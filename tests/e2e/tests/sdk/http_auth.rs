//! Logins that an HTTPS service judges, under a real server: in a chroot, as a daemon, across restarts, and at the end.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use harness::child_process::ChildProcess;
use harness::command::run;
use harness::log::{LogPipe, Mark};
use harness::needs::Need;
use harness::netns::NetNs;
use harness::plugin::{EXAMPLE_ALONE, example_alone};
use harness::scratch::Scratch;
use harness::{Daemon, Outcome, PATIENCE, ServerConfig, requires};
use nix::sys::signal::Signal;

use crate::tutorial::{blocks, root};

/// The address in the README.
const PORT: &str = "8443";

/// Takes `secret` for a password, and never answers the user `slow`.
const SERVICE: &str = r#"
import http.server, ssl, sys, time, urllib.parse
class Login(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        print("asked for", form["username"], flush=True)
        if form["username"] == "slow":
            time.sleep(3600)
        self.send_response(204 if form["password"] == "secret" else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Login)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True)
print("listens", flush=True)
server.serve_forever()
"#;

/// The service in a network namespace; ends on drop.
pub(crate) struct Service {
    running: ChildProcess,
    pipe: LogPipe,
    scratch: Scratch,
    netns: Arc<NetNs>,
}

impl Service {
    pub(crate) fn start() -> Self {
        let (scratch, netns) = (Scratch::of_root(), Arc::new(NetNs::new()));
        let [key, certificate] = ["key.pem", "cert.pem"].map(|name| scratch.join(name).display().to_string());
        // Without OpenSSL's own configuration, whose extensions an older one adds to these.
        let config = scratch
            .write("req.cnf", "[req]\ndistinguished_name = name\n[name]\n", 0o644)
            .display()
            .to_string();
        let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=service \
                     -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE -keyout";
        let mut words: Vec<&str> = words.split_whitespace().collect();
        words.extend([&*key, "-out", &*certificate, "-config", &*config]);
        run("openssl", &words);
        let pipe = LogPipe::new(&scratch.join("log"));
        let mut python = netns.command("python3");
        let running = ChildProcess::spawn(python.args(["-c", SERVICE, PORT, &certificate, &key]), &pipe);
        pipe.log().wait_for(Mark::START, "listens", PATIENCE);
        Self { running, pipe, scratch, netns }
    }

    /// What its certificate is good for.
    pub(crate) fn authority(&self) -> PathBuf {
        self.scratch.join("cert.pem")
    }

    /// Its network.
    pub(crate) fn netns(&self) -> &Arc<NetNs> {
        &self.netns
    }

    /// A server whose line is that of the README.
    fn server(&self) -> ServerConfig<'static> {
        let readme = root().join("plugins/examples").join(EXAMPLE_ALONE).join("README.md");
        let text = fs::read_to_string(readme).unwrap();
        let line = blocks(&text, "text")[0];
        assert!(line.contains(&format!("https://127.0.0.1:{PORT}/")), "{line}");
        let place = |line: String, from: &str, to: PathBuf| {
            assert!(line.contains(from), "no {from} in {line}");
            line.replace(from, to.to_str().unwrap())
        };
        let installed = "/usr/lib/openvpn/plugins/libexample_http_auth.so";
        let line = place(line.to_owned(), installed, example_alone());
        let line = place(line, "/etc/openvpn/login-ca.pem", self.authority());
        ServerConfig::default().line(&line).in_netns(&self.netns)
    }
}

#[test]
fn the_service_decides_in_a_chroot_as_nobody() {
    requires!(Need::Openvpn(2, 6, 0), "no reason of a rejection reaches the client");
    let service = Service::start();
    let server = service.server().dropped().chroot().start();
    server.client("joe", "secret").connect();
    let refused = server.client("joe", "wrong").outcome();
    let reason = "wrong name or password";
    assert!(matches!(&refused, Outcome::Refused { reason: said, .. } if said == reason), "{refused:?}");

    service.running.signal(Signal::SIGKILL);
    service.running.wait(PATIENCE);
    let client = server.client("joe", "secret").start();
    server.wait_for(Mark::START, "user 'joe': the service cannot be asked: ");
    client.log().wait_for(Mark::START, "the login service does not answer", PATIENCE);
    assert!(server.is_alive());
}

/// The threads are started after the fork of `daemon`, and anew after SIGHUP has closed and opened the plugin.
#[test]
fn as_a_daemon_across_restarts() {
    let service = Service::start();
    let server = service.server().daemon(Daemon::WithLog).start();
    server.client("joe", "secret").connect();
    for signal in [Signal::SIGUSR1, Signal::SIGHUP, Signal::SIGHUP] {
        server.restart(signal);
        server.client("joe", "secret").connect();
    }
    assert_eq!(server.log().count(Mark::START, "PLUGIN_CLOSE: "), 2);
    assert_eq!(server.log().count(Mark::START, "do not run any more"), 0);
}

#[test]
fn the_end_does_not_wait_for_the_service() {
    let service = Service::start();
    let server = service.server().start();
    let _client = server.client("slow", "x").start();
    service.pipe.log().wait_for(Mark::START, "asked for slow", PATIENCE);
    server.stop();
    assert_eq!(server.log().count(Mark::START, "left alone"), 0);
}
