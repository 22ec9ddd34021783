//! A machine with accounts, groups and files for clients, and a server on it.

use harness::log::Mark;
use harness::server::FailedStart;
use harness::{Client, Machine, Server, ServerConfig, plugin};

/// Where the files are.
pub(crate) const DIRECTORY: &str = "/etc/openvpn/clients";

/// Everybody may come in with any password.
const SERVICE: &str = "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n\
                       session sufficient pam_permit.so\n";

/// Groups and who is in them.
const GROUPS: &str = "for group in staff2 admin2 empty2; do groupadd $group; done
    for user in alice bob; do useradd $user; done
    usermod --append --groups staff2,admin2 alice";

/// A server on a machine.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) machine: Machine,
}

/// A machine with these files.
pub(crate) fn machine(files: &[(&str, &str)]) -> Machine {
    let machine = Machine::new();
    machine.run(GROUPS);
    machine.write("/etc/pam.d/openvpn-clients", SERVICE, 0o644);
    machine.run(&format!("mkdir -p -m 755 {DIRECTORY}/group {DIRECTORY}/user"));
    for (name, text) in files {
        machine.write(&format!("{DIRECTORY}/{name}"), text, 0o644);
    }
    machine
}

fn config(options: &str) -> ServerConfig<'static> {
    ServerConfig::default()
        .plugin_file(&plugin::auth_pam(), &format!("client-options={DIRECTORY} {options} openvpn-clients"))
        .line("keepalive 1 8")
}

impl Stage {
    /// A server that dropped its rights, with these files.
    pub(crate) fn new(options: &str, files: &[(&str, &str)]) -> Self {
        Self::with(options, files, ServerConfig::dropped)
    }

    /// The same with what `change` adds.
    pub(crate) fn with(
        options: &str,
        files: &[(&str, &str)],
        change: impl FnOnce(ServerConfig<'static>) -> ServerConfig<'static>,
    ) -> Self {
        Self::on(machine(files), options, change)
    }

    /// On a machine that was prepared.
    pub(crate) fn on(
        machine: Machine,
        options: &str,
        change: impl FnOnce(ServerConfig<'static>) -> ServerConfig<'static>,
    ) -> Self {
        let server = change(config(options)).on(&machine).start();
        Self { server, machine }
    }

    /// Changes a file, as an administrator may while the server runs.
    pub(crate) fn write(&self, name: &str, text: &str) {
        self.machine.write(&format!("{DIRECTORY}/{name}"), text, 0o644);
    }

    /// The networks that a client of this user gets routes to, by their second number.
    pub(crate) fn routes(&self, user: &str) -> Vec<String> {
        routes(&self.server.client(user, "x").connect(), Mark::START)
    }

    /// A client of this user is refused, with a line that holds `words`.
    pub(crate) fn refuses(&self, user: &str, words: &str) {
        let mark = self.server.mark();
        self.server.client(user, "x").start().wait_refused();
        self.server.wait_for(mark, words);
    }
}

/// A server that cannot start.
pub(crate) fn fails(machine: &Machine, options: &str) -> FailedStart {
    config(options).dropped().on(machine).start_expecting_failure()
}

/// The routes of a client that has connected since then.
pub(crate) fn routes(client: &Client, mark: Mark) -> Vec<String> {
    let lines = client.log().since(mark);
    let reply = lines.iter().map(|line| &line.text).find(|text| text.contains("'PUSH_REPLY"));
    let reply = reply.unwrap_or_else(|| panic!("nothing was pushed:\n{}", client.log().text()));
    let networks = reply.split(',').filter_map(|option| option.strip_prefix("route 10."));
    let second = networks.filter_map(|network| network.split('.').next());
    // Those of the server itself are in 10.8.
    second.filter(|second| *second != "8").map(String::from).collect()
}

/// A route that tells its file.
pub(crate) fn route(second: u8) -> String {
    format!("push \"route 10.{second}.0.0 255.255.0.0\"\n")
}
