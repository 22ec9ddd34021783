//! The configuration beside each example, as an administrator uses it: copied to its place and started as it is, with the plugin
//! and the certificates where it names them. A real client logs in.

use harness::needs::Need;
use harness::requires;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use harness::log::Mark;
use harness::netns::NetNs;
use harness::pki::Pki;
use harness::plugin::{EXAMPLE_ALONE, example_alone, example_file};
use harness::server::{READY, Server};
use harness::{Machine, PATIENCE, ServerConfig};

use crate::examples::{NAMES, example, test_plugin};
use crate::http_auth::Service;
use crate::tutorial::root;

/// Where the configurations name plugins and certificates.
const PLUGINS: &str = "/usr/lib/openvpn/plugins";

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The one that is built alone is no part of what `make install` installs: its author puts it there.
fn installed(name: &str) -> String {
    if name == EXAMPLE_ALONE { example_file(name) } else { format!("openvpn-plugin-example-{name}.so") }
}

/// A machine with a plugin, a configuration for `side`, and certificates.
fn machine(netns: Arc<NetNs>, plugin: (&Path, &str), side: &str, (name, text): (&str, &str)) -> Machine {
    let machine = Machine::in_netns(netns);
    machine.write(&format!("{PLUGINS}/{}", plugin.1), fs::read(plugin.0).expect("the plugin"), 0o644);
    let pki = Pki::shared();
    for (file, mode) in [("ca.crt", 0o644), (&format!("{side}.crt"), 0o644), (&format!("{side}.key"), 0o600)]
    {
        let bytes = fs::read(pki.path(file)).expect("a certificate");
        machine.write(&format!("/etc/openvpn/{side}/{file}"), bytes, mode);
    }
    machine.write(&format!("/etc/openvpn/{side}/{name}.conf"), text, 0o644);
    machine
}

/// A server with a configuration; the machine is where its files are.
struct Site {
    server: Server,
    machine: Machine,
    // Until the machine has its certificates from here, and clients theirs.
    _pki: Arc<Pki>,
}

impl Site {
    /// Of an example, with these files: where, and what is in them.
    fn of(name: &str, files: &[(&str, &str)]) -> Self {
        let text = text(&format!("plugins/examples/{name}/server.conf"));
        Self::start(Arc::new(NetNs::new()), (&example(name), &installed(name)), (name, &text), files)
    }

    fn start(netns: Arc<NetNs>, plugin: (&Path, &str), config: (&str, &str), files: &[(&str, &str)]) -> Self {
        let pki = Pki::shared();
        let machine = machine(netns, plugin, "server", config);
        for (path, text) in files {
            machine.write(path, text, 0o644);
        }
        let file = PathBuf::from(format!("/etc/openvpn/server/{}.conf", config.0));
        let server = ServerConfig::default().file(&file).on(&machine).start();
        Self { server, machine, _pki: pki }
    }

    /// Whom a password lets in.
    fn takes_joe_alone(&self) {
        self.server.client("joe", "secret").without_certificate().connect();
        self.server.client("joe", "guess").without_certificate().start().wait_refused();
    }

    fn says(&self, text: &str) {
        self.server.wait_for(Mark::START, text);
    }
}

#[test]
fn simple() {
    let site = Site::of("simple", &[]);
    site.takes_joe_alone();
    site.says("SIMPLE: joe/");
}

#[test]
fn minimal() {
    let text = text("crates/ovpn-plugin/examples/minimal.conf");
    let plugin = (&*test_plugin("minimal"), "libminimal.so");
    Site::start(Arc::new(NetNs::new()), plugin, ("minimal", &text), &[]).takes_joe_alone();
}

#[test]
fn deferred_auth() {
    let site = Site::of("deferred-auth", &[]);
    site.takes_joe_alone();
    site.says("A.1: deferred: true");
    site.says("A.1: deferred: false");
}

#[test]
fn challenge() {
    requires!(Need::Openvpn(2, 6, 0), "CLIENT_CRRESPONSE is no event");
    let site = Site::of("challenge", &[]);
    let joe = |code| site.server.person("joe", "secret").without_certificate().answers(&[code]);
    joe("123456").start().connects();
    joe("123456").announcing("crtext").start().connects();
    assert_eq!(joe("654321").start().refused(), "wrong code");
}

#[test]
fn http_auth() {
    let service = Service::start();
    let authority = fs::read_to_string(service.authority()).unwrap();
    let text = text(&format!("plugins/examples/{EXAMPLE_ALONE}/server.conf"));
    let plugin = (&*example_alone(), &*installed(EXAMPLE_ALONE));
    let files = [("/etc/openvpn/login-ca.pem", &*authority)];
    Site::start(Arc::clone(service.netns()), plugin, (EXAMPLE_ALONE, &text), &files).takes_joe_alone();
}

#[test]
fn log_events() {
    let site = Site::of("log-events", &[]);
    site.server.client("joe", "x").connect();
    site.says("LOG-EVENTS: event ClientConnect,");
}

/// The client's configuration is a file as well.
#[test]
fn log_events_of_a_client() {
    let text = text("plugins/examples/log-events/client.conf");
    let (server, netns) = (ServerConfig::default().start(), Arc::new(NetNs::new()));
    let (address, _) = server.netns().connect(&netns);
    let plugin = (&*example("log-events"), &*installed("log-events"));
    let machine = machine(netns, plugin, "client", ("log-events", &text));
    machine.write("/etc/hosts", format!("{address} vpn.example.com\n"), 0o644);
    let client = machine.start("openvpn", &["--config", "/etc/openvpn/client/log-events.conf"]);
    for line in ["LOG-EVENTS: event Up", READY] {
        client.log().wait_for(Mark::START, line, PATIENCE);
    }
}

#[test]
fn client_connect() {
    let site = Site::of("client-connect", &[]);
    let client = site.server.client("joe", "x").connect();
    client.log().wait_for(Mark::START, "route 10.9.0.0 255.255.0.0,dhcp-option DNS 10.8.0.1", PATIENCE);
}

#[test]
fn base64() {
    let site = Site::of("base64", &[]);
    site.server.client("joe", "x").connect();
    site.says("subject 'CN=client' is Q049Y2xpZW50 in base64");
}

#[test]
fn per_client_state() {
    let site = Site::of("per-client-state", &[]);
    site.server.client("joe", "x").connect();
    site.says("login 1 of this client");
}

/// The example of the file in a README.
fn file_of_readme(name: &str) -> String {
    let text = text(&format!("plugins/examples/{name}/README.md"));
    // The first one is the plugin's line.
    let block = text.split("\n```\n").nth(2).unwrap_or_else(|| panic!("{name}: no file"));
    format!("{block}\n")
}

#[test]
fn policy() {
    requires!(Need::Openvpn(2, 6, 0), "the client's name is not told at TLS_VERIFY");
    // The certificate's name is another one.
    let file = file_of_readme("policy").replace("joe ", "client ");
    let site = Site::of("policy", &[("/etc/openvpn/policy", &file)]);
    let client = site.server.client("joe", "x").connect();
    let _other = site.server.client("joe", "x").with_certificate_of("other").start();
    site.says("'other' is not in the policy");
    client.disconnect();
}

#[test]
fn accounting() {
    let site = Site::of("accounting", &[]);
    site.server.client("joe", "x").connect().disconnect();
    site.server.stop();
    let lines = fs::read_to_string(site.machine.path("/var/log/openvpn/accounts")).unwrap();
    let parts: Vec<Vec<&str>> = lines.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(
        parts.iter().map(|parts| &parts[1..3]).collect::<Vec<_>>(),
        [["connect", "client"], ["disconnect", "client"]]
    );
}

#[test]
fn reload() {
    let site = Site::of("reload", &[("/etc/openvpn/settings", &file_of_readme("reload"))]);
    let client = site.server.client("joe", "x").connect();
    client.log().wait_for(Mark::START, "route 10.9.0.0 255.255.0.0,dhcp-option DNS 10.8.0.1", PATIENCE);
}

#[test]
fn two_factors() {
    requires!(Need::Openvpn(2, 6, 0), "CLIENT_CRRESPONSE is no event");
    let site = Site::of("two-factors", &[("/etc/openvpn/users", &file_of_readme("two-factors"))]);
    let joe = |code| site.server.person("joe", "secret").without_certificate().answers(&[code]);
    joe("123456").start().connects();
    joe("123456").announcing("crtext").start().connects();
    assert_eq!(joe("654321").start().refused(), "wrong code");
    site.server.client("ann", "quiet").without_certificate().connect();
    // Asked nothing, she need not answer.
    site.server.person("ann", "quiet").without_certificate().announcing("crtext").start().connects();
    site.server.client("joe", "guess").without_certificate().start().wait_refused();
}

/// None is forgotten, and a README tells the lines that the configuration has.
#[test]
fn each_example_has_one_and_its_readme_has_its_line() {
    let own = text("tests/e2e/tests/sdk/whole_configurations.rs");
    let table = text("plugins/examples/README.md");
    for name in NAMES.into_iter().chain([EXAMPLE_ALONE]) {
        assert!(table.contains(&format!("| [{name}]({name}/README.md) |")), "{name} is not in the table");
        let test = format!("#[test]\nfn {}() {{\n", name.replace('-', "_"));
        assert!(own.contains(&test), "no test starts {name}");
        let config = text(&format!("plugins/examples/{name}/server.conf"));
        let line = config.lines().find(|line| line.starts_with("plugin ")).expect("a plugin line");
        let file = line.split(' ').nth(1);
        assert_eq!(file, Some(&*format!("{PLUGINS}/{}", installed(name))));
        let readme = text(&format!("plugins/examples/{name}/README.md"));
        assert!(readme.contains(&format!("\n{line}\n")), "{name}/README.md has no line: {line}");
        assert!(
            readme.contains("[`server.conf`](server.conf)"),
            "{name}/README.md does not name its server.conf"
        );
    }
}
