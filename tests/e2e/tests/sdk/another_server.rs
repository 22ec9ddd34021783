//! A dynamic challenge where one name has several servers: the question is known to the server that asked it.

use harness::needs::Need;
use harness::requires;
use std::net::Ipv4Addr;

use harness::log::Mark;
use harness::server::READY;
use harness::{ClientConfig, Machine, Outcome, PATIENCE, Server};

use crate::examples::server_with;

const WORDS: &str = "joe secret 123456";
const NAME: &str = "remote vpn.example.com 1194";

/// Two servers and a machine for clients, which knows both under one name.
struct Site {
    servers: [Server; 2],
    clients: Machine,
    addresses: [Ipv4Addr; 2],
}

impl Site {
    fn new() -> Self {
        let (servers, clients) = ([(); 2].map(|()| server_with("challenge", WORDS).start()), Machine::new());
        let addresses = servers.each_ref().map(|server| server.netns().connect(clients.netns()).0);
        for address in addresses {
            clients.run(&format!("echo '{address} vpn.example.com' >> /etc/hosts"));
        }
        Self { servers, clients, addresses }
    }

    /// A client with this `remote` line; the user answers questions with the code.
    fn client(&self, remote: &str, password: &str) -> ClientConfig<'_> {
        let client = self.servers[0].client("joe", password).on(&self.clients).line(remote);
        client.typed("123456").line("auth-user-pass").line("auth-retry interact").line("connect-retry-max 3")
    }
}

#[test]
fn the_client_comes_back_to_the_server_that_asked() {
    requires!(Need::Openvpn(2, 6, 0), "CLIENT_CRRESPONSE is no event");
    let site = Site::new();
    let client = site.client(NAME, "secret").start();
    client.log().wait_for(Mark::START, READY, PATIENCE);
    assert_eq!(client.log().count(Mark::START, "AUTH_FAILED,CRV1:R,E:"), 1);
    let [first, second] = site.addresses;
    let to =
        |address: Ipv4Addr| client.log().count(Mark::START, &format!("link remote: [AF_INET]{address}:"));
    assert_eq!((to(first), to(second)), (2, 0), "{}", client.log().text());
}

#[test]
fn another_server_does_not_know_the_question() {
    requires!(Need::Openvpn(2, 6, 0), "CLIENT_CRRESPONSE is no event");
    let site = Site::new();
    // Nobody is there to answer: the client ends with the question.
    let asked = site.servers[0].client("joe", "secret").start().outcome(PATIENCE);
    let Outcome::Refused { reason, .. } = &asked else { panic!("{asked:?}") };
    let id = reason.strip_prefix("CRV1:R,E:").and_then(|rest| rest.split(':').next());
    let answer = format!("CRV1::{}::123456", id.unwrap_or_else(|| panic!("no question: {reason}")));
    let at = |server: &Server| server.client("joe", &answer).start().outcome(PATIENCE);
    let elsewhere = at(&site.servers[1]);
    assert!(matches!(elsewhere, Outcome::Refused { .. }), "{elsewhere:?}");
    // The answer itself was good.
    let there = at(&site.servers[0]);
    assert!(matches!(there, Outcome::Connected(_)), "{there:?}");
}
