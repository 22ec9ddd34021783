//! What is played: a server's life with logins of all kinds, through the plugin, as OpenVPN makes its calls.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harness::proc_table::{self, wait_until};
use ovpn_plugin_host::{
    AuthFiles, Call, Client, DynamicChallenge, FuncResult, OpenFailed, OpenPlugin, Plugin, Verdict, sys,
};

use crate::phase::{Phase, while_refusing};

/// How long a verdict may take: longer than the time limit of an attempt, and what is added to that.
const PATIENCE: Duration = Duration::from_secs(12);
/// How long it may take until logins work again.
const RECOVERY: Duration = Duration::from_secs(12);
/// The answer to the question that user `ask` is asked.
const ANSWER: &str = "123456";
/// Arguments of the PAM module.
pub(crate) const MODULE: [&str; 6] = [
    "auth/hang:hang",
    "auth/crash:crash",
    "auth/bad:deny",
    "auth/password=word",
    "auth/ask:ask=Code:",
    "auth/ask:expect=123456",
];

/// The files of a run.
pub(crate) struct Files(pub(crate) PathBuf);

impl Files {
    pub(crate) fn report(&self) -> PathBuf {
        self.0.join("report")
    }
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("host.log")
    }
    /// Where OpenVPN logs to: the plugin's other threads write there.
    pub(crate) fn output(&self) -> PathBuf {
        self.0.join("output")
    }
    pub(crate) fn pam(&self) -> PathBuf {
        self.0.join("pam")
    }
    fn status(&self) -> PathBuf {
        self.0.join("status")
    }
    fn figures(&self) -> PathBuf {
        self.0.join("figures/f.prom")
    }
}

/// The life of the process that plays. It begins when something can be read from its standard input.
pub(crate) fn main(directory: &Path, loses_supervisor: bool) {
    let files = Files(directory.to_owned());
    let _ = std::io::stdin().read(&mut [0]);
    let mut report = Report::new(&files);
    let plugin = plugin(&files);
    let opened = Phase::Open.during(|| plugin.open());
    match opened {
        Ok(open) => {
            report.say("open", "done", "");
            Stage { plugin: open, files: &files, report: &mut report }.play(loses_supervisor);
        }
        Err(error @ OpenFailed::Refused { .. }) => report.say("open", "failed", &error.to_string()),
        // It is the host that could not.
        Err(error) => report.say("open", "not called", &error.to_string()),
    }
    report.say("end", "", "");
}

fn plugin(files: &Files) -> Plugin {
    let words = format!(
        "session=yes challenge=yes timeout=1 refusal-time=0 penalties=no status={} metrics={} pam-confdir={} login",
        files.status().display(),
        files.figures().display(),
        files.pam().display()
    );
    Plugin::new(harness::plugin::auth_pam())
        .shared()
        .args(words.split_whitespace())
        .env("verb", "3")
        .log_for_one_thread()
        .log_to(files.log())
}

/// What the process that plays has to say, line by line.
struct Report(File);

impl Report {
    fn new(files: &Files) -> Self {
        Self(File::create(files.report()).unwrap_or_else(|error| panic!("{error}")))
    }

    fn say(&mut self, step: &str, result: &str, more: &str) {
        let line = format!("{step}\t{result}\t{}\n", more.replace(['\n', '\t'], " "));
        let _ = self.0.write_all(line.as_bytes());
    }
}

struct Stage<'a> {
    plugin: OpenPlugin,
    files: &'a Files,
    report: &'a mut Report,
}

impl Stage<'_> {
    fn play(self, loses_supervisor: bool) {
        let Stage { plugin, files, report } = self;
        let mut say = |step: &str, outcome: &Outcome| report.say(step, outcome.word, &outcome.more);
        let clients: Vec<Client<'_>> = (0..4).map(|_| plugin.client()).collect();
        // It takes longest, so it begins first.
        let hanging = begin(&clients[0], "hang", "word", true);
        let login = |client: usize, user: &str, password: &str, deferred: bool| {
            begin(&clients[client], user, password, deferred).end()
        };
        let never = |client: usize, user: &str, password: &str, deferred: bool| {
            while_refusing(|| login(client, user, password, deferred))
        };
        say("login good", &login(1, "good", "word", true));
        say("connect good", &connect(&plugin, &clients[1]));
        say("login bad", &never(2, "bad", "word", true));
        say("login wrong", &never(2, "good", "wrong", true));
        say("login crash", &never(2, "crash", "word", true));
        let asked = login(3, "ask", "word", true);
        let challenge = DynamicChallenge::in_reason(&asked.more);
        say("question", &asked);
        if let Some(challenge) = challenge {
            let answer =
                |text: &str| String::from_utf8_lossy(&challenge.password(text.as_bytes())).into_owned();
            say("answer wrong name", &never(2, "eve", &answer(ANSWER), true));
            say("answer", &login(3, "ask", &answer(ANSWER), true));
        }
        say("status", &status(files));
        say("login hang", &while_refusing(|| hanging.end()));
        say("direct good", &login(2, "good", "word", false));
        say("direct bad", &never(2, "bad", "word", false));
        if loses_supervisor {
            kill_supervisor();
        }
        Phase::Leave.during(|| clients[1].call(&named(sys::PLUGIN_CLIENT_DISCONNECT, "good"))).ok();
        // Each as long as it does not work.
        let end = Instant::now() + RECOVERY;
        loop {
            let outcome = login(2, "good", "word", true);
            say("again good", &outcome);
            if outcome.word == "accepted" || Instant::now() > end {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        say("again bad", &never(2, "bad", "word", true));
        Phase::Leave.during(|| drop(clients));
        let started = Instant::now();
        let closed = Phase::Close.during(|| plugin.close());
        let took = started.elapsed();
        report.say("close", &took.as_millis().to_string(), if closed.unloaded { "unloaded" } else { "" });
    }
}

/// How a step went.
struct Outcome {
    word: &'static str,
    more: String,
}

/// A login whose call has returned.
struct Begun {
    files: Option<AuthFiles>,
    result: Result<FuncResult, String>,
}

fn begin(client: &Client<'_>, user: &str, password: &str, deferred: bool) -> Begun {
    let files = AuthFiles::new().ok();
    let mut call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
        .env("username", user)
        .env("password", password)
        .env("common_name", user)
        .env("untrusted_ip", "192.0.2.7")
        .env("untrusted_port", "40000")
        .env("IV_PROTO", "990");
    if let Some(files) = &files {
        call = call
            .env("auth_control_file", files.control().as_os_str().as_bytes())
            .env("auth_failed_reason_file", files.reason().as_os_str().as_bytes())
            .env("auth_pending_file", files.pending().as_os_str().as_bytes());
    }
    if deferred {
        call = call.env("deferred_auth_pam", "1");
    }
    let result = Phase::Login.during(|| client.call(&call));
    Begun { files, result: result.map(|reply| reply.result).map_err(|error| error.to_string()) }
}

impl Begun {
    fn end(self) -> Outcome {
        let reason = || self.files.as_ref().and_then(AuthFiles::reason_text).unwrap_or_default();
        let word = match &self.result {
            Ok(FuncResult::Success) => "accepted",
            Ok(FuncResult::Error | FuncResult::Other(_)) => "refused",
            Ok(FuncResult::Deferred) => {
                match self.files.as_ref().and_then(|files| files.wait_for_verdict(PATIENCE)) {
                    Some(Verdict::Accepted) => "accepted",
                    Some(Verdict::Rejected | Verdict::Unreadable(_)) => "refused",
                    None => "unanswered",
                }
            }
            Err(error) => return Outcome { word: "not called", more: error.clone() },
        };
        let more = reason();
        Outcome { word: if word == "refused" && more.starts_with("CRV1:") { "asked" } else { word }, more }
    }
}

fn named(event: i32, name: &str) -> Call {
    Call::new(event)
        .env("username", name)
        .env("common_name", name)
        .env("trusted_ip", "192.0.2.7")
        .env("trusted_port", "40000")
        .env("ifconfig_pool_remote_ip", "10.8.0.2")
}

/// As OpenVPN 2.5 and later: a file says how it went if that takes longer.
fn connect(plugin: &OpenPlugin, client: &Client<'_>) -> Outcome {
    let directory = std::env::temp_dir();
    let (config, verdict) = (directory.join("config"), directory.join("deferred"));
    for file in [&config, &verdict] {
        let _ = File::create(file);
    }
    let call = |event| {
        named(event, "good")
            .arg(config.as_os_str().as_bytes())
            .env("client_connect_config_file", config.as_os_str().as_bytes())
            .env("client_connect_deferred_file", verdict.as_os_str().as_bytes())
    };
    let end = Instant::now() + PATIENCE;
    let mut event = sys::PLUGIN_CLIENT_CONNECT;
    loop {
        let result = if event == sys::PLUGIN_CLIENT_CONNECT || plugin.wants(event) {
            Phase::Connect.during(|| client.call(&call(event))).map(|reply| reply.result)
        } else {
            Ok(FuncResult::Deferred)
        };
        let said = fs::read(&verdict).ok().and_then(|bytes| bytes.first().copied());
        let word = match (result, said) {
            (Err(error), _) => return Outcome { word: "not called", more: error.to_string() },
            (Ok(FuncResult::Error | FuncResult::Other(_)), _) | (_, Some(b'0')) => "refused",
            (_, Some(b'1')) => "accepted",
            (Ok(FuncResult::Success), None) => "accepted",
            _ if Instant::now() > end => "unanswered",
            _ => {
                event = sys::PLUGIN_CLIENT_CONNECT_DEFER;
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
        };
        return Outcome { word, more: String::new() };
    }
}

/// Asks at the socket of `status=`. Nobody's login depends on the answer.
fn status(files: &Files) -> Outcome {
    let ask = || -> std::io::Result<String> {
        let mut socket = UnixStream::connect(files.status())?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.write_all(b"status\n")?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
    };
    match ask() {
        Ok(answer) if answer.ends_with("end\n") => Outcome { word: "answered", more: String::new() },
        Ok(answer) => Outcome { word: "cut", more: answer },
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            Outcome { word: "unanswered", more: String::new() }
        }
        Err(error) => Outcome { word: "none", more: error.to_string() },
    }
}

/// As if the kernel had needed its memory. Waits until the next one is there.
fn kill_supervisor() {
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let supervisor = || {
        let all = proc_table::all();
        let keeper = all.iter().find(|process| process.parent == own && !process.is_zombie())?.pid;
        all.iter()
            .find(|process| process.parent == keeper && process.name == "auth-pam-super")
            .map(|it| it.pid)
    };
    let Some(first) = supervisor() else { return };
    proc_table::kill9(first);
    wait_until(RECOVERY, || supervisor().is_some_and(|next| next != first));
}
