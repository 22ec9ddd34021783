//! What pam_duo of libduo 1.11 asks Duo's service, answered here: which factors a user has, and whether one of them is
//! right. HTTPS is left to `openssl s_server`, the answers are BSON.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use harness::proc_table::wait_until;
use harness::{Machine, PATIENCE};

/// Accepts `push1` and this passcode, from everybody.
pub(super) const PASSCODE: &str = "123456";
/// The host name, which the machine finds at its own address.
pub(super) const HOST: &str = "api-0a1b2c3d.duosecurity.com";
/// Where the machine has the authority that pam_duo is to trust.
pub(super) const AUTHORITY: &str = "/etc/duo-test.crt";

const KEY: &str = "/etc/duo-test.key";

/// The service; ends on drop.
#[derive(Debug)]
pub(super) struct DuoService {
    child: Child,
    asked: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl DuoService {
    /// Starts it on the machine.
    pub(super) fn start(machine: &Machine) -> Self {
        machine.run(&format!(
            "echo '127.0.0.1 {HOST}' >> /etc/hosts
             openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={HOST} \
                 -addext subjectAltName=DNS:{HOST} -keyout {KEY} -out {AUTHORITY}"
        ));
        let words = ["s_server", "-quiet", "-accept", "443", "-cert", AUTHORITY, "-key", KEY];
        let mut child = machine
            .command("openssl")
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("openssl s_server: {error}"));
        let (requests, answers) = (child.stdout.take(), child.stdin.take());
        let (Some(requests), Some(answers)) = (requests, answers) else { panic!("no pipes") };
        let listens =
            || machine.try_run("grep -q ':01BB .* 0A ' /proc/net/tcp /proc/net/tcp6").status.success();
        assert!(wait_until(PATIENCE, listens), "openssl s_server does not listen");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let thread = {
            let asked = Arc::clone(&asked);
            std::thread::spawn(move || serve(BufReader::new(requests), answers, &asked))
        };
        Self { child, asked, thread: Some(thread) }
    }

    /// What pam_duo asked since the last time: paths with their parameters.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for DuoService {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let (Ok(_), Some(thread)) = (ended, self.thread.take()) {
            // It has met the end of the pipe.
            drop(thread.join());
        }
    }
}

/// Answers one request after the other.
fn serve(mut requests: BufReader<ChildStdout>, mut answers: ChildStdin, asked: &Mutex<Vec<String>>) {
    let mut right = false;
    while let Some((path, parameters)) = request(&mut requests) {
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{path}?{parameters}"));
        let has =
            |name: &str, value: &str| parameters.split('&').any(|part| part == format!("{name}={value}"));
        let response = match path.as_str() {
            "/rest/v1/preauth.bson" => preauth(&parameters),
            "/rest/v1/auth.bson" => {
                right = has("auto", "push1") || has("auto", PASSCODE);
                text("txid", "1")
            }
            _ if right => [text("status", "Success. Logging you in..."), text("result", "allow")].concat(),
            _ => [text("status", "Incorrect passcode."), text("result", "deny")].concat(),
        };
        let body = document(&[text("stat", "OK"), object("response", &response)].concat());
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let sent = answers.write_all(&[head.as_bytes(), &body].concat()).and_then(|()| answers.flush());
        if sent.is_err() {
            return;
        }
    }
}

fn preauth(parameters: &str) -> Vec<u8> {
    if parameters.contains("user=stranger") {
        let status = text(
            "status",
            "Access denied. The username you have entered cannot authenticate with Duo Security.",
        );
        return [text("result", "deny"), status].concat();
    }
    let prompt = "Duo two-factor login for alice\n\nEnter a passcode or select one of the following options:\n\n \
                  1. Duo Push to XXX-XXX-1234\n\nPasscode or option (1-1): ";
    let factors = [text("default", "push1"), text("1", "push1"), text("push", "push1")].concat();
    [text("result", "auth"), text("prompt", prompt), object("factors", &factors)].concat()
}

/// Path and parameters of the next request; nothing at the end.
fn request(requests: &mut impl BufRead) -> Option<(String, String)> {
    let mut line = String::new();
    if requests.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let target = line.split(' ').nth(1)?.to_string();
    let mut length = 0;
    loop {
        let mut header = String::new();
        if requests.read_line(&mut header).ok()? == 0 {
            return None;
        }
        match header.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    requests.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    Some(match target.split_once('?') {
        Some((path, query)) => (path.to_string(), query.to_string()),
        None => (target, body),
    })
}

/// A BSON document with these elements.
fn document(elements: &[u8]) -> Vec<u8> {
    let length = size(elements.len() + 5);
    [&length[..], elements, b"\0"].concat()
}

fn object(name: &str, elements: &[u8]) -> Vec<u8> {
    [&b"\x03"[..], name.as_bytes(), b"\0", &document(elements)].concat()
}

fn text(name: &str, value: &str) -> Vec<u8> {
    [&b"\x02"[..], name.as_bytes(), b"\0", &size(value.len() + 1), value.as_bytes(), b"\0"].concat()
}

fn size(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).unwrap_or_else(|_| panic!("{bytes} bytes")).to_le_bytes()
}
