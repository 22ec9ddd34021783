//! docs/scaling.md: two servers behind one name, one RADIUS server that both ask, and clients that move from one to the other.

use harness::needs::Need;
use harness::requires;
use std::net::Ipv4Addr;

use harness::client::Client;
use harness::log::Mark;
use harness::machine::MachineDaemon;
use harness::proc_table::wait_until;
use harness::server::READY;
use harness::{ClientConfig, Machine, PATIENCE, Server, ServerConfig};

use crate::document::Document;
use crate::radius::{SERVER, start_freeradius};
use crate::stage::{examine, machine};

const EACH: &str = "On each server";
const PASSWORD: &str = "correct horse";
const KEY: &str = "/etc/openvpn/auth-token.key";

/// A VPN server with its machine.
struct Vpn {
    server: Server,
    machine: Machine,
}

/// The machines; two VPN servers, one RADIUS server, one for clients.
struct Site {
    document: Document,
    vpn: [Vpn; 2],
    clients: Machine,
    addresses: Vec<Ipv4Addr>,
    _daemon: MachineDaemon,
    _radius: Machine,
}

impl Site {
    /// With the lines of the document; the first server's are changed.
    fn new(change: impl Fn(&Machine, String) -> String) -> Self {
        Self::changed(|number, machine, line| if number == 0 { change(machine, line) } else { line })
    }

    /// With the lines of the document, changed for each server by its number.
    fn changed(change: impl Fn(usize, &Machine, String) -> String) -> Self {
        let (document, radius, clients) = (Document::read("docs/scaling.md"), Machine::new(), Machine::new());
        let machines = [machine(), machine()];
        document.set_up(&machines[0], "Once");
        let key = std::fs::read(machines[0].path(KEY)).unwrap_or_else(|error| panic!("{KEY}: {error}"));
        machines[1].write(KEY, key, 0o600);
        let mut addresses = Vec::new();
        for machine in &machines {
            let (here, there) = machine.netns().connect(radius.netns());
            machine.run(&format!("echo '{there} radius1.example.com' >> /etc/hosts"));
            document.set_up(machine, EACH);
            let recipe = Document::recipe("radius");
            recipe.set_up_with(
                &radius,
                SERVER,
                &[("192.0.2.1", &here.to_string()), ("client vpn", &format!("client {here}"))],
            );
            addresses.push(machine.netns().connect(clients.netns()).0);
        }
        clients.run(&hosts(&addresses));
        let daemon = start_freeradius(&radius);
        let lines = document.conf(EACH, "server.conf");
        let mut number = 0;
        let vpn = machines.map(|machine| {
            let config = ServerConfig::default().dropped().on(&machine);
            let config = lines
                .iter()
                .fold(config, |config, line| config.line(&change(number, &machine, line.clone())));
            number += 1;
            let server = config.start();
            examine(&machine, server.config_file()).unwrap_or_else(|said| panic!("{said}"));
            Vpn { server, machine }
        });
        Self { document, vpn, clients, addresses, _daemon: daemon, _radius: radius }
    }

    /// A client that knows the name of both servers.
    fn client(&self) -> ClientConfig<'_> {
        self.client_with("`client.conf`:")
    }

    /// A client with the lines of the document under this title.
    fn client_with(&self, title: &str) -> ClientConfig<'_> {
        let client = self.vpn[0].server.client("alice", PASSWORD).on(&self.clients);
        let client = client.typed("").line("connect-retry-max 5");
        let lines = self.document.quoted("On each client", title);
        lines.iter().fold(client, |client, line| client.line(line))
    }

    /// Waits until this server has logged the text.
    fn seen(&self, number: usize, text: &str) {
        self.vpn[number].server.wait_for(Mark::START, text);
    }

    /// Which servers the client has turned to, in order; at least `count` of them are waited for.
    fn way_of(&self, client: &Client, count: usize) -> Vec<usize> {
        let turned = || -> Vec<usize> {
            let lines = client.log().since(Mark::START);
            let to = lines.iter().filter_map(|line| line.text.split_once("link remote: [AF_INET]"));
            to.filter_map(|(_, to)| self.addresses.iter().position(|a| to.starts_with(&a.to_string())))
                .collect()
        };
        assert!(wait_until(PATIENCE, || turned().len() >= count), "{}", client.log().text());
        turned()
    }
}

/// Names for the addresses; files are read from top to bottom, so the first server comes first.
fn hosts(addresses: &[Ipv4Addr]) -> String {
    (1..)
        .zip(addresses)
        .map(|(number, address)| {
            format!("echo '{address} vpn.example.com vpn{number}.example.com' >> /etc/hosts\n")
        })
        .collect()
}

const BY_PASSWORD: &str = "user 'alice' authenticated";
const BY_TOKEN: &str = "TLS: Username/auth-token authentication succeeded for username 'alice'";

/// A client that was connected to the first server and, when `leave` is done to that, came to the second.
fn moved(site: &Site, client: &ClientConfig<'_>, leave: impl FnOnce(&Server)) -> Client {
    let client = client.start();
    client.wait_connected();
    site.seen(0, BY_PASSWORD);
    let mark = client.log().mark();
    leave(&site.vpn[0].server);
    client.log().wait_for(mark, READY, PATIENCE);
    client
}

#[test]
fn a_server_that_is_stopped_hands_its_clients_on() {
    let site = Site::new(|_, line| line);
    let client = moved(&site, &site.client(), |server| {
        server.stop();
    });
    site.seen(1, BY_TOKEN);
    assert_eq!(site.vpn[1].server.log().count(Mark::START, BY_PASSWORD), 0, "PAM was asked");
    assert_eq!(site.way_of(&client, 2), [0, 1]);
}

#[test]
fn clients_of_a_server_that_died_go_to_the_next() {
    let site = Site::new(|_, line| line.replace("keepalive 10 60", "keepalive 1 3"));
    let soon = site.client().line("connect-timeout 3");
    let client = moved(&site, &soon, |server| server.kill9());
    site.seen(1, BY_TOKEN);
    assert_eq!(site.way_of(&client, 3), [0, 0, 1]);
}

#[test]
fn a_token_of_another_key_costs_a_login() {
    let site = Site::new(|machine, line| {
        machine.run("openvpn --genkey auth-token /etc/openvpn/own.key");
        line.replace(KEY, "/etc/openvpn/own.key")
    });
    let client = moved(&site, &site.client(), |server| {
        server.stop();
    });
    site.seen(1, "TLS: Username/auth-token authentication failed for username 'alice'");
    site.seen(1, BY_PASSWORD);
    assert_eq!(site.way_of(&client, 3), [0, 1, 1]);
}

/// Keeps the only worker busy for user `slow`; nobody may wait for it.
fn one_at_a_time(machine: &Machine, line: &str) -> String {
    machine.write("/etc/openvpn/wait", "#!/bin/sh\n[ \"$PAM_USER\" != slow ] || exec sleep 60\n", 0o755);
    machine.run("grep -q wait /etc/pam.d/openvpn || sed -i '1i auth optional pam_exec.so /etc/openvpn/wait' /etc/pam.d/openvpn");
    line.replace("deferred=yes", "deferred=yes max-workers=1 max-pending=0")
}

/// A client that fills the first server.
fn fill(site: &Site) -> Client {
    let slow = site.vpn[0].server.client("slow", PASSWORD).start();
    slow.log().wait_for(Mark::START, "Peer Connection Initiated", PATIENCE);
    slow
}

#[test]
fn a_full_server_sends_to_the_next_address() {
    requires!(Need::Openvpn(2, 6, 0), "no temporary failure reaches the client");
    let site = Site::new(|machine, line| one_at_a_time(machine, &line));
    let _slow = fill(&site);
    let client = site.client().start();
    client.log().wait_for(Mark::START, READY, PATIENCE);
    site.seen(1, BY_PASSWORD);
    assert_eq!(site.way_of(&client, 2), [0, 1]);
    const SAID: &str = "When a server leaves, dies, or is full";
    for (title, log) in [("OpenVPN's log", site.vpn[0].server.log()), ("The client's log", client.log())] {
        for line in site.document.quoted(SAID, title) {
            log.wait_for(Mark::START, &line, PATIENCE);
        }
    }
    // The other way of the clients is tried below.
    site.document.quoted("On each client", TWO_REMOTES);
    site.document.all_tried();
}

const TWO_REMOTES: &str = "`client.conf` with two lines:";

#[test]
fn a_full_server_sends_to_the_next_remote() {
    requires!(Need::Openvpn(2, 6, 0), "no temporary failure reaches the client");
    let site =
        Site::new(|machine, line| one_at_a_time(machine, &line).replace("advance=addr", "advance=remote"));
    let _slow = fill(&site);
    let client = site.client_with(TWO_REMOTES).start();
    client.log().wait_for(Mark::START, READY, PATIENCE);
    client.log().wait_for(Mark::START, "AUTH_FAILED,TEMP[advance remote]: ", PATIENCE);
    site.seen(1, BY_PASSWORD);
    assert_eq!(site.way_of(&client, 2), [0, 1]);
}

#[test]
fn by_default_a_client_stays_with_a_full_server() {
    requires!(Need::Openvpn(2, 6, 0), "no temporary failure reaches the client");
    let site = Site::new(|machine, line| one_at_a_time(machine, &line).replace("advance=addr ", ""));
    let _slow = fill(&site);
    let client = site.client_with(TWO_REMOTES).start();
    client.log().wait_for(Mark::START, "AUTH_FAILED,TEMP[backoff 15,advance no]: ", PATIENCE);
    client.log().wait_for(Mark::START, "Restart pause, 15 second(s)", PATIENCE);
    assert_eq!(site.way_of(&client, 2), [0, 0]);
}

/// As many different users as it takes until a server knows that this is so for everybody. They have logged in before,
/// here with a service that asks nobody.
fn nobody_can_be_checked(vpn: &Vpn) {
    let round = |word: &str| {
        for number in 1..=5 {
            let client = vpn.server.client(&format!("user{number}"), PASSWORD).start();
            client.log().wait_for(Mark::START, word, PATIENCE);
        }
    };
    vpn.machine.run("sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/openvpn");
    round(READY);
    vpn.machine.run("sed -i 1d /etc/pam.d/openvpn");
    round("AUTH_FAILED");
}

#[test]
fn without_its_accounts_every_server_sends_on() {
    requires!(Need::Openvpn(2, 6, 0), "no temporary failure reaches the client");
    let away = "sed -i 's/ radius1/ radius2/' /etc/hosts";
    let site = Site::changed(|_, machine, line| {
        machine.run(away);
        line
    });
    site.vpn.iter().for_each(nobody_can_be_checked);
    let client = site.client().start();
    assert_eq!(site.way_of(&client, 3)[..3], [0, 1, 0]);
    for vpn in &site.vpn {
        vpn.machine.run("sed -i 's/ radius2/ radius1/' /etc/hosts");
    }
    client.log().wait_for(Mark::START, READY, PATIENCE);
}
