//! A RADIUS server of the test's own that asks back and keeps accounts: FreeRADIUS with a policy of a few lines.

use crate::PATIENCE;
use crate::child_process::ChildProcess;
use crate::log::{Log, LogPipe, Mark};
use crate::netns::NetNs;
use crate::proc_table::wait_until;
use crate::scratch::Scratch;

/// What the server shares with its clients.
pub const SECRET: &str = "of-this-test-only";

/// What the server wants after the password.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// What it asks.
    pub question: &'a str,
    /// What it takes for an answer.
    pub answer: &'a str,
    /// Whether what is typed may be seen.
    pub shown: bool,
}

/// The server, at 127.0.0.1 of a network namespace; ends on drop.
#[derive(Debug)]
pub struct Radius {
    running: ChildProcess,
    pipe: LogPipe,
    scratch: Scratch,
}

impl Radius {
    /// A server that takes this password from everybody, and then asks these questions one after the other.
    pub fn asking(netns: &NetNs, password: &str, rounds: &[Round<'_>]) -> Self {
        // The module looks 127.0.0.1 up with AI_ADDRCONFIG. That fails where there is no other address: when OpenVPN has
        // taken that of its tunnel away.
        let other = netns.command("ip").args(["address", "replace", "192.0.2.1/32", "dev", "lo"]).status();
        assert!(other.is_ok_and(|status| status.success()), "no second address");
        let scratch = Scratch::of_root();
        let pipe = LogPipe::new(&scratch.join("log"));
        scratch.write("radiusd.conf", &configuration(&scratch, password, rounds), 0o600);
        scratch.write("pam.conf", &format!("127.0.0.1 {SECRET} 5\n"), 0o600);
        let directory = scratch.path().to_string_lossy().into_owned();
        let mut command = netns.command("freeradius");
        let running = ChildProcess::spawn(
            command.args(["-f", "-l", "stdout", "-d", &directory, "-n", "radiusd"]),
            &pipe,
        );
        pipe.log().wait_for(Mark::START, "Ready to process requests", PATIENCE);
        Self { running, pipe, scratch }
    }

    /// The line of a service that asks this server for the authentication.
    pub fn auth_line(&self) -> String {
        let conf = self.scratch.join("pam.conf");
        format!("auth required pam_radius_auth.so conf={} prompt_attribute\n", conf.display())
    }

    /// The line of a service that has this server account for sessions.
    pub fn session_line(&self) -> String {
        let conf = self.scratch.join("pam.conf");
        format!("session required pam_radius_auth.so conf={}\n", conf.display())
    }

    /// Waits for so many lines of the accounts; panics if there are more, or they do not come.
    pub fn accounted(&self, count: usize) -> Vec<String> {
        let lines = || -> Vec<String> {
            let text = std::fs::read_to_string(self.scratch.join("accounts")).unwrap_or_default();
            text.lines().map(String::from).collect()
        };
        let there = wait_until(PATIENCE, || lines().len() >= count);
        let lines = lines();
        assert!(there && lines.len() == count, "not {count}: {lines:?}\n{}", self.log().text());
        lines
    }

    /// Ends the server; what it was made with stays.
    pub fn stop(&self) {
        self.running.signal(nix::sys::signal::Signal::SIGKILL);
        self.running.wait(PATIENCE);
    }

    /// What the server says.
    pub fn log(&self) -> &Log {
        self.pipe.log()
    }
}

impl Drop for Radius {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- output of FreeRADIUS ---\n{}", self.log().text());
        }
    }
}

/// The server remembers in its session state which question it has asked, by its number.
fn configuration(scratch: &Scratch, password: &str, rounds: &[Round<'_>]) -> String {
    let directory = scratch.path().display().to_string();
    let mut policy = String::new();
    let mut when = "if (!&session-state:Tmp-Integer-0)".to_string();
    let mut expected = password;
    for (number, round) in (1..).zip(rounds) {
        policy += &when_sent(&when, expected, &challenge(number, round));
        when = format!("elsif (&session-state:Tmp-Integer-0 == {number})");
        expected = round.answer;
    }
    policy += &when_sent(&when, expected, "ok\n");
    let modules: String =
        ["ok", "reject", "handled"].map(|code| format!("always {code} {{\nrcode = {code}\n}}\n")).concat();
    format!(
        "libdir = /usr/lib/freeradius
        raddbdir = {directory}
        run_dir = {directory}
        logdir = {directory}
        log {{
            destination = stdout
            auth = yes
        }}
        security {{
            reject_delay = 0
        }}
        client test {{
            ipaddr = 127.0.0.1
            secret = {SECRET}
        }}
        modules {{
            {modules}
            linelog accounts {{
                filename = {directory}/accounts
                format = \"%{{Acct-Status-Type}} user=%{{User-Name}} session=%{{Acct-Session-Id}} seconds=%{{Acct-Session-Time}} octets=%{{Acct-Input-Octets}}/%{{Acct-Output-Octets}}\"
            }}
        }}
        server default {{
            listen {{
                type = auth
                ipaddr = 127.0.0.1
                port = 1812
            }}
            listen {{
                type = acct
                ipaddr = 127.0.0.1
                port = 1813
            }}
            accounting {{
                accounts
            }}
            authorize {{
                update control {{
                    Auth-Type := Questions
                }}
            }}
            authenticate {{
                Auth-Type Questions {{
                    {policy}
                    else {{
                        reject
                    }}
                }}
            }}
        }}
        "
    )
}

/// Does something if the client has sent what is expected, and rejects it otherwise.
fn when_sent(when: &str, expected: &str, then: &str) -> String {
    format!(
        "{when} {{
            if (&User-Password != \"{expected}\") {{
                reject
            }}
            {then}
        }}
        "
    )
}

/// Asks the question with this number.
fn challenge(number: u32, round: &Round<'_>) -> String {
    let prompt = if round.shown { "Echo" } else { "No-Echo" };
    format!(
        "update session-state {{
            Tmp-Integer-0 := {number}
        }}
        update reply {{
            Reply-Message := \"{}\"
            Prompt := {prompt}
        }}
        update control {{
            Response-Packet-Type := Access-Challenge
        }}
        handled
        ",
        round.question
    )
}
