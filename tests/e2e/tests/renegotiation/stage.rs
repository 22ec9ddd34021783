//! A machine with the accounts alice and bob, the first one a member of the group vpn, and a server on it whose service
//! writes down which phases are run.

use harness::proc_table::wait_until;
use harness::{Machine, PATIENCE, Server, ServerConfig};

pub(crate) const PASSWORD: &str = "correct horse";

const WITNESS: &str = "#!/bin/sh\necho \"$PAM_TYPE $PAM_USER $PAM_RHOST\" >> /var/lib/witness\n";

const SERVICE: &str = "\
auth required pam_exec.so quiet /etc/openvpn/witness
auth required pam_unix.so nodelay
account required pam_unix.so
account required pam_succeed_if.so quiet user ingroup vpn
account required pam_exec.so quiet /etc/openvpn/witness
session required pam_exec.so quiet /etc/openvpn/witness
";

/// A machine, and a server on it.
pub(crate) struct Site {
    // Goes first.
    pub(crate) server: Server,
    pub(crate) machine: Machine,
}

impl Site {
    /// With these options before the service, and what `config` adds.
    pub(crate) fn new(
        options: &str,
        config: impl FnOnce(ServerConfig<'static>) -> ServerConfig<'static>,
    ) -> Self {
        let machine = Machine::new();
        machine.write("/etc/openvpn/witness", WITNESS, 0o755);
        machine.write("/etc/pam.d/openvpn", SERVICE, 0o644);
        machine.run("groupadd vpn");
        for name in ["alice", "bob"] {
            machine.run(&format!(
                "useradd --shell /usr/sbin/nologin {name}; echo '{name}:{PASSWORD}' | chpasswd"
            ));
        }
        machine.run("gpasswd --add alice vpn");
        let lines = ServerConfig::auth_pam_words(&format!("{options} openvpn")).line("keepalive 1 8");
        let server = config(lines).on(&machine).start();
        Self { server, machine }
    }

    /// How often the service has run this phase for alice.
    pub(crate) fn count(&self, phase: &str) -> usize {
        let text = std::fs::read_to_string(self.machine.path("/var/lib/witness")).unwrap_or_default();
        let begin = format!("{phase} alice ");
        text.lines().filter(|line| line.starts_with(&begin)).count()
    }

    /// Waits until it was so often.
    pub(crate) fn wait_for(&self, phase: &str, count: usize) {
        let there = wait_until(PATIENCE, || self.count(phase) >= count);
        assert!(there && self.count(phase) == count, "{phase}: {} times", self.count(phase));
    }
}
