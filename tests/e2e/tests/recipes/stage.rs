//! A machine on which a recipe was followed, with a server that has its lines, and the cases of the recipe on it.

use std::fs;
use std::path::Path;
use std::time::Instant;

use harness::client::Client;
use harness::log::{Log, Mark};
use harness::{
    ClientConfig, Machine, PATIENCE, Person, PersonConfig, Server, ServerConfig, plugin, start_log,
};

use crate::document::{Document, matches};

/// Where recipes say the plugin is.
const PLUGIN: &str = "/usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so";
/// The client's address in what recipes quote, and here.
const ADDRESSES: [&str; 2] = ["192.0.2.7", "127.0.0.1"];

/// Nothing quoted is something else here.
const NOTHING: [&str; 2] = ["\0", ""];

/// A machine with the plugin installed.
pub(crate) fn machine() -> Machine {
    let machine = Machine::new();
    install_plugin(&machine);
    machine
}

/// Puts the plugin where recipes say it is.
pub(crate) fn install_plugin(machine: &Machine) {
    let built = plugin::auth_pam();
    let bytes = fs::read(&built).unwrap_or_else(|error| panic!("{}: {error}", built.display()));
    machine.write(PLUGIN, bytes, 0o644);
}

/// What `ovpn-plugin doctor` has to say of a configuration, if anything.
pub(crate) fn examine(machine: &Machine, config: &Path) -> Result<(), String> {
    let command = plugin::built("ovpn-plugin").display().to_string();
    let output = machine.command(&command).arg("doctor").arg(config).output().expect("the command runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() && said.contains(": nothing found") { Ok(()) } else { Err(said) }
}

/// A server with the lines of one section of a recipe.
pub(crate) struct Stage<'a> {
    document: &'a Document,
    section: &'a str,
    /// The machine it runs on.
    pub(crate) machine: &'a Machine,
    /// The server.
    pub(crate) server: Server,
}

impl<'a> Stage<'a> {
    /// Starts the server.
    pub(crate) fn start(document: &'a Document, section: &'a str, machine: &'a Machine) -> Self {
        let stage = Self::start_with(document, section, machine, |lines| lines);
        assert_eq!(start_log::warnings(&stage.server), [""; 0]);
        stage.is_healthy();
        stage
    }

    /// The doctor has nothing to say of what a document tells to write.
    fn is_healthy(&self) {
        let config = self.server.config_file();
        examine(self.machine, config).unwrap_or_else(|said| panic!("'{}': {said}", self.section));
    }

    /// The same with the lines of the recipe changed.
    pub(crate) fn start_with(
        document: &'a Document,
        section: &'a str,
        machine: &'a Machine,
        change: impl FnOnce(Vec<String>) -> Vec<String>,
    ) -> Self {
        let lines = change(document.conf(section, "server.conf"));
        Self::start_config(document, section, machine, ServerConfig::default(), &lines)
    }

    /// The same with a server on which two clients never have the same common name.
    pub(crate) fn start_one_per_name(document: &'a Document, section: &'a str, machine: &'a Machine) -> Self {
        let config = ServerConfig::default().without_line("duplicate-cn");
        Self::start_config(document, section, machine, config, &document.conf(section, "server.conf"))
    }

    fn start_config(
        document: &'a Document,
        section: &'a str,
        machine: &'a Machine,
        config: ServerConfig<'static>,
        lines: &[String],
    ) -> Self {
        let config = lines.iter().fold(config.dropped(), |config, line| config.line(line));
        Self { document, section, machine, server: config.on(machine).start() }
    }

    /// A client with the lines of the recipe; its user types this password.
    pub(crate) fn client(&self, user: &str, password: &str) -> ClientConfig<'_> {
        self.client_with_code(user, password, "")
    }

    /// The same with a one-time code, typed if the client asks for one.
    pub(crate) fn client_with_code(&self, user: &str, password: &str, code: &str) -> ClientConfig<'_> {
        let lines = self.document.conf(self.section, "client.conf");
        let client = self.server.client(user, password).typed(code);
        lines.iter().fold(client, |client, line| client.line(line))
    }

    /// The same with a person who is asked questions.
    pub(crate) fn person(&self, user: &str, password: &str) -> PersonConfig<'_> {
        let lines = self.document.conf(self.section, "client.conf");
        let person = self.server.person(user, password);
        lines.iter().fold(person, |person, line| person.line(line))
    }

    /// Lets a case of the recipe happen to a person.
    pub(crate) fn case_of_person(&self, name: &str, happen: impl FnOnce(&Self) -> Person) {
        let marks = (self.server.mark(), self.machine.syslog().mark());
        self.look(name, marks, NOTHING, Some(happen(self).client()));
    }

    /// A line in OpenVPN's log, as a recipe quotes it.
    pub(crate) fn sees(&self, line: &str) {
        wait_for(self.server.log(), Mark::START, line);
    }

    /// Lets a case of the recipe happen and looks for what the recipe says is logged then.
    pub(crate) fn case(&self, name: &str, happen: impl FnOnce(&Self) -> Client) {
        let marks = (self.server.mark(), self.machine.syslog().mark());
        self.look(name, marks, NOTHING, Some(&happen(self)));
    }

    /// The same where the client is not what the recipe looks at; gives back what has come of it.
    pub(crate) fn seen<T>(&self, name: &str, happen: impl FnOnce(&Self) -> T) -> T {
        let marks = (self.server.mark(), self.machine.syslog().mark());
        let result = happen(self);
        self.look(name, marks, NOTHING, None);
        result
    }

    /// The same where something quoted (the first of the pair) is something else here.
    pub(crate) fn case_where(&self, name: &str, other: [&str; 2], happen: impl FnOnce(&Self) -> Client) {
        let marks = (self.server.mark(), self.machine.syslog().mark());
        self.look(name, marks, other, Some(&happen(self)));
    }

    /// The same where the start of the server belongs to the case.
    pub(crate) fn case_from_start(&self, name: &str, happen: impl FnOnce(&Self) -> Client) {
        self.look(name, (Mark::START, Mark::START), NOTHING, Some(&happen(self)));
    }

    fn look(
        &self,
        name: &str,
        (server, system): (Mark, Mark),
        [theirs, here]: [&str; 2],
        client: Option<&Client>,
    ) {
        for block in self.document.case(name) {
            let (log, mark) = match block.title.as_str() {
                title if title.starts_with("OpenVPN's log") => (self.server.log(), server),
                title if title.starts_with("The system log") => (self.machine.syslog(), system),
                title if title.starts_with("The client's log") => {
                    (client.map(Client::log).unwrap_or_else(|| panic!("{name}: no client")), Mark::START)
                }
                title => panic!("'{title}' is no log"),
            };
            block.lines.iter().for_each(|line| wait_for(log, mark, &line.replace(theirs, here)));
        }
    }

    /// A login that is accepted.
    pub(crate) fn accepted(&self, name: &str, user: &str, password: &str, code: &str) {
        self.case(name, |stage| {
            let client = stage.client_with_code(user, password, code).start();
            client.wait_connected();
            client
        });
    }

    /// A login that is refused.
    pub(crate) fn refused(&self, name: &str, user: &str, password: &str, code: &str) {
        self.case(name, |stage| {
            let client = stage.client_with_code(user, password, code).start();
            client.wait_refused();
            client
        });
    }
}

fn wait_for(log: &Log, mark: Mark, quoted: &str) {
    let [theirs, here] = ADDRESSES;
    let quoted = quoted.replace(theirs, here);
    let found = log.wait_match(mark, Instant::now() + PATIENCE, |line| matches(line, &quoted));
    assert!(found.is_some(), "no line like\n{quoted}\nin:\n{}", log.text());
}
