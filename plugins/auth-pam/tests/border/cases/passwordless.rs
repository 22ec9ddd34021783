//! Logins without a password: with a token that OpenVPN has found good, and by certificate. PAM runs its account phase
//! only. The service's lines run a program that writes down which phase it is, and in which worker.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use harness::TestModule;
use harness::proc_table::wait_until;
use harness::scratch::Scratch;
use ovpn_plugin_host::{AuthFiles, Call, Client, FuncResult, Verdict, sys};

use super::hostile_front::memory_in_kib;
use crate::raw;
use crate::stage::{PATIENCE, Stage, kill9, place};

/// Writes phase, user and worker. Waits in the account phase as long as the file `hold` is there, in the auth phase as long
/// as `guess` is.
const WITNESS: &str = r#"#!/bin/sh
if [ "$PAM_TYPE/$PAM_USER" = auth/wrong ]; then exit 1; fi
echo "$PAM_TYPE $PAM_USER $PPID" >> "$1/log"
while [ "$PAM_TYPE" = auth ] && [ -e "$1/guess" ]; do sleep 0.02; done
while [ "$PAM_TYPE" = account ] && [ -e "$1/hold" ]; do sleep 0.02; done
[ "$PAM_TYPE" != account ] || [ ! -e "$1/disabled" ]
"#;

const TOKEN: &str = "SESS_ID_AT_token";

/// The plugin, and what the program has written.
struct Site {
    stage: Stage,
    scratch: Scratch,
}

/// A call that is under way, or over.
struct Started {
    result: FuncResult,
    files: AuthFiles,
}

impl Site {
    fn new(options: &[&str]) -> Self {
        Self::with(options, "")
    }

    /// With more lines in the service.
    fn with(options: &[&str], more: &str) -> Self {
        let scratch = Scratch::new();
        let witness = scratch.write("witness", WITNESS, 0o755);
        let run = format!("required pam_exec.so quiet {} {}\n", witness.display(), scratch.path().display());
        let lines = ["auth", "account", "session"].map(|phase| format!("{phase} {run}")).concat();
        scratch.write("service", &format!("{lines}auth required pam_permit.so\n{more}"), 0o644);
        let stage = Stage::open_service(scratch.path(), "service", &[("verb", "1")], options);
        Site { stage, scratch }
    }

    fn set(&self, flag: &str) {
        self.scratch.write(flag, "", 0o644);
    }

    fn unset(&self, flag: &str) {
        fs::remove_file(self.scratch.join(flag)).unwrap_or_else(|error| panic!("{flag}: {error}"));
    }

    /// A call for this client.
    fn start(&self, client: &Client<'_>, env: &[(&str, &str)]) -> Started {
        let files = AuthFiles::new().unwrap_or_else(|error| panic!("{error}"));
        let (control, reason) = (files.control(), files.reason());
        let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
            .env("untrusted_ip", "192.0.2.7")
            .env("untrusted_port", "40000")
            .env("IV_PROTO", "990")
            .env("auth_control_file", control.as_os_str().as_bytes())
            .env("auth_failed_reason_file", reason.as_os_str().as_bytes());
        let call = env.iter().fold(call, |call, (name, value)| call.env(name, value));
        Started { result: client.call(&call).unwrap().result, files }
    }

    fn accepts(&self, client: &Client<'_>, env: &[(&str, &str)]) {
        let started = self.start(client, env);
        assert!(self.accepted(&started), "{env:?}\n{}", self.stage.log());
    }

    /// What is said of the refusal, to the client.
    fn refuses(&self, client: &Client<'_>, env: &[(&str, &str)], words: &str) -> String {
        self.stage.plugin.clear_log();
        let started = self.start(client, env);
        assert!(!self.accepted(&started), "{env:?}\n{}", self.stage.log());
        self.stage.line(words);
        started.files.reason_text().unwrap_or_default()
    }

    fn accepted(&self, started: &Started) -> bool {
        match started.result {
            FuncResult::Success => true,
            FuncResult::Error => false,
            FuncResult::Deferred => started.files.wait_for_verdict(PATIENCE) == Some(Verdict::Accepted),
            FuncResult::Other(code) => panic!("{code}"),
        }
    }

    /// What the program has written: phase and user, worker.
    fn calls(&self) -> Vec<(String, i32)> {
        let text = fs::read_to_string(self.scratch.join("log")).unwrap_or_default();
        let parts = text.lines().filter_map(|line| line.rsplit_once(' '));
        parts.map(|(what, worker)| (what.to_string(), worker.parse().unwrap_or(0))).collect()
    }

    fn phases(&self) -> Vec<String> {
        self.calls().into_iter().map(|(what, _)| what).collect()
    }

    fn wait_for_calls(&self, count: usize) {
        assert!(wait_until(PATIENCE, || self.calls().len() >= count), "{:?}", self.calls());
    }

    /// Logs a client in by password, and has it connect.
    fn connected(&self) -> Client<'_> {
        let client = self.stage.plugin.client();
        self.accepts(&client, &password("good"));
        let connect = Call::new(sys::PLUGIN_CLIENT_CONNECT)
            .arg(self.scratch.write("config", "", 0o600).as_os_str().as_bytes())
            .env("username", "good");
        assert_eq!(client.call(&connect).unwrap().result, FuncResult::Success, "{}", self.stage.log());
        client
    }
}

fn disconnect(client: &Client<'_>) {
    let reply = client.call(&Call::new(sys::PLUGIN_CLIENT_DISCONNECT));
    assert_eq!(reply.unwrap().result, FuncResult::Success);
}

fn password(user: &'static str) -> [(&'static str, &'static str); 3] {
    [("username", user), ("password", "x"), ("session_state", "Initial")]
}

fn token(user: &'static str) -> [(&'static str, &'static str); 3] {
    [("username", user), ("password", TOKEN), ("session_state", "Authenticated")]
}

/// OpenVPN has verified the certificate at this depth.
fn show_certificate(client: &Client<'_>, depth: &str) {
    let call = Call::new(sys::PLUGIN_TLS_VERIFY).arg(depth).arg("CN=root");
    assert_eq!(client.call(&call).unwrap().result, FuncResult::Success);
}

const NOTHING: [(&str, &str); 3] = [("username", ""), ("password", ""), ("common_name", "root")];

pub(crate) fn a_good_token_has_the_account_looked_at_only() {
    for deferred in ["deferred=no", "deferred=yes"] {
        let site = Site::new(&[deferred]);
        let client = site.stage.plugin.client();
        site.accepts(&client, &token("good"));
        site.stage.line("user 'good' authenticated; by auth-token (192.0.2.7:40000");
        site.accepts(&client, &password("good"));
        site.set("disabled");
        site.refuses(
            &client,
            &token("good"),
            "user 'good' failed to authenticate: System error; by auth-token",
        );
        assert_eq!(site.phases(), ["account good", "auth good", "account good", "account good"]);
    }
}

/// The client learns that it has to log in anew.
pub(crate) fn other_tokens_are_refused_without_pam() {
    let site = Site::new(&["empty-passwords=yes"]);
    let client = site.stage.plugin.client();
    for (state, user, said, told) in [
        ("Expired", "good", "user 'good': the auth-token has expired", "SESSION: the token has expired"),
        ("Invalid", "good", "the auth-token is not genuine", "SESSION: the token is not valid"),
        ("Something new", "good", "the auth-token is not genuine", "SESSION: the token is not valid"),
        ("AuthenticatedEmptyUser", "", "that sent no username", "SESSION: the token is not valid"),
        ("ExpiredEmptyUser", "", "that sent no username", "SESSION: the token is not valid"),
        ("Authenticated", "", "the username is empty", ""),
    ] {
        let env = [("username", user), ("password", TOKEN), ("session_state", state)];
        let reason = site.refuses(&client, &env, said);
        assert!(reason.starts_with(told) && reason.is_empty() == told.is_empty(), "{state}: {reason}");
        let is_failure = site.stage.log().contains("failed to authenticate");
        assert_eq!(is_failure, state != "Expired", "{}", site.stage.log());
    }
    assert!(site.calls().is_empty());
}

/// With what the modules have noted there.
pub(crate) fn in_a_session_its_worker_looks() {
    let site = Site::new(&["session=yes"]);
    let client = site.connected();
    for _ in 0..3 {
        site.accepts(&client, &token("good"));
    }
    let calls = site.calls();
    let workers: Vec<i32> = calls.iter().map(|(_, worker)| *worker).collect();
    assert_eq!(site.phases()[2..], ["open_session good", "account good", "account good", "account good"]);
    assert!(workers.iter().all(|worker| *worker == workers[0]), "{calls:?}");
    // A name that is not the session's is looked at elsewhere.
    site.accepts(&client, &token("other"));
    let (what, worker) = site.calls().pop().unwrap_or_default();
    assert!(what == "account other" && worker != workers[0], "{:?}", site.calls());
    site.set("disabled");
    site.refuses(&client, &token("good"), "failed to authenticate: System error; by auth-token");
    // The session is there until OpenVPN says that the client is gone.
    disconnect(&client);
    site.stage.line("user 'good': session closed");
    assert_eq!(site.calls().pop().map(|(_, worker)| worker), Some(workers[0]));
}

/// The renegotiation is refused in time, and the session is closed when the module has come back.
pub(crate) fn a_module_that_hangs_refuses_and_the_session_stays() {
    let site = Site::new(&["session=yes", "timeout=1"]);
    let client = site.connected();
    site.set("hold");
    site.refuses(
        &client,
        &token("good"),
        "the time limit of 1 s was reached while a PAM module was running; by auth-token",
    );
    // Meanwhile others look.
    site.unset("hold");
    site.accepts(&client, &token("good"));
    disconnect(&client);
    site.stage.line("user 'good': session closed");
}

pub(crate) fn a_module_that_never_comes_back_costs_the_session() {
    let site = Site::new(&["session=yes", "timeout=1"]);
    let client = site.connected();
    site.set("hold");
    site.refuses(&client, &token("good"), "the time limit of 1 s was reached");
    disconnect(&client);
    site.stage.line("user 'good': session lost");
}

/// To kill the worker of a session does not end the connection too.
pub(crate) fn if_the_worker_dies_another_one_looks() {
    let site = Site::new(&["session=yes", "deferred=yes", "grace=0"]);
    let client = site.connected();
    let before = site.calls().len();
    site.set("hold");
    let started = site.start(&client, &token("good"));
    site.wait_for_calls(before + 1);
    let (_, worker) = site.calls().pop().unwrap_or_default();
    site.unset("hold");
    kill9(worker);
    assert!(site.accepted(&started), "{}", site.stage.log());
    site.stage.line("session lost");
}

/// Nor is it looked at elsewhere if the client is gone, and that is said.
pub(crate) fn if_the_worker_dies_and_the_client_is_gone_nobody_looks() {
    let site = Site::new(&["session=yes", "deferred=yes", "grace=0", "max-workers=1"]);
    let client = site.connected();
    let before = site.calls().len();
    site.set("hold");
    let check = site.start(&client, &token("good"));
    site.wait_for_calls(before + 1);
    let (_, worker) = site.calls().pop().unwrap_or_default();
    site.set("guess");
    let (second, third) = (site.stage.plugin.client(), site.stage.plugin.client());
    let runs = site.start(&second, &password("second"));
    site.wait_for_calls(before + 2);
    let waits = site.start(&third, &password("third"));
    // The later one is cancelled later.
    drop(check);
    drop(waits);
    site.stage.line("user 'third': the client has disconnected; PAM was not asked");
    kill9(worker);
    site.stage.line(
        "user 'good': the client has disconnected; the check of its account is dropped (192.0.2.7:40000",
    );
    site.unset("hold");
    site.unset("guess");
    assert!(site.accepted(&runs), "{}", site.stage.log());
    let checks = site.phases().iter().filter(|phase| *phase == "account good").count();
    assert_eq!(checks, 2, "{:?}", site.calls());
}

/// The credentials are the same, but what they are good for is not.
pub(crate) fn an_empty_password_joins_no_token() {
    let site = Site::new(&["deferred=yes", "grace=0", "empty-passwords=yes"]);
    let (first, second) = (site.stage.plugin.client(), site.stage.plugin.client());
    site.set("hold");
    let by_token = site.start(&first, &token("wrong"));
    site.wait_for_calls(1);
    let by_password = site.start(&second, &[("username", "wrong"), ("password", "")]);
    let verdict = by_password.files.wait_for_verdict(PATIENCE);
    assert_eq!(verdict, Some(Verdict::Rejected), "{}", site.stage.log());
    site.unset("hold");
    assert!(site.accepted(&by_token), "{}", site.stage.log());
    assert_eq!(site.phases(), ["account wrong"]);
}

/// A guesser at the same address ends no connection.
pub(crate) fn penalties_hold_no_token_up() {
    let site = Site::new(&[]);
    let client = site.stage.plugin.client();
    for password in 0..10 {
        let password = password.to_string();
        site.refuses(&client, &[("username", "wrong"), ("password", &password)], "failed to authenticate");
    }
    site.refuses(
        &client,
        &[("username", "wrong"), ("password", "x")],
        "too many failed logins from this address",
    );
    site.accepts(&client, &token("wrong"));
}

/// Two transactions of one username run at a time. Anybody can try passwords for it, and from anywhere.
pub(crate) fn guesses_of_the_same_username_hold_no_token_up() {
    let site = Site::new(&["deferred=yes", "grace=0"]);
    site.set("guess");
    let clients: Vec<Client<'_>> = (0..3).map(|_| site.stage.plugin.client()).collect();
    let guess = |client, password| {
        let env = [("username", "good"), ("password", password), ("untrusted_ip", "198.51.100.9")];
        site.start(client, &env)
    };
    let _guesses = [guess(&clients[0], "1"), guess(&clients[1], "2")];
    site.wait_for_calls(2);
    site.accepts(&clients[2], &token("good"));
    site.unset("guess");
}

/// What waits of a source is put off when that is closed, but for tokens.
pub(crate) fn a_token_that_waits_is_not_put_off() {
    let site = Site::new(&["deferred=yes", "grace=0", "max-workers=1"]);
    site.set("guess");
    let (first, second) = (site.stage.plugin.client(), site.stage.plugin.client());
    let _busy = site.start(&first, &password("good"));
    site.wait_for_calls(1);
    let by_token = site.start(&second, &token("other"));
    for number in 0..10 {
        let user = format!("user {number}");
        let env = [("username", &user[..]), ("password", TOKEN), ("session_state", "Invalid")];
        site.refuses(&site.stage.plugin.client(), &env, "the auth-token is not genuine");
    }
    let last = site.stage.plugin.client();
    site.refuses(&last, &password("user 0"), "too many failed logins from this address");
    site.unset("guess");
    assert!(site.accepted(&by_token), "{}", site.stage.log());
}

/// Where many wait at one address, those go first who were let in before.
pub(crate) fn tokens_go_before_passwords_of_the_same_source() {
    let site = Site::new(&["deferred=yes", "grace=0", "max-workers=1"]);
    site.set("guess");
    let clients: Vec<Client<'_>> = (0..5).map(|_| site.stage.plugin.client()).collect();
    let mut started = vec![site.start(&clients[0], &password("first"))];
    site.wait_for_calls(1);
    started.push(site.start(&clients[1], &password("second")));
    started.push(site.start(&clients[2], &password("third")));
    started.push(site.start(&clients[3], &token("fourth")));
    started.push(site.start(&clients[4], &token("fifth")));
    site.unset("guess");
    assert!(started.iter().all(|started| site.accepted(started)), "{}", site.stage.log());
    let phases = site.phases();
    let begun: Vec<&str> =
        phases.iter().map(String::as_str).filter(|phase| *phase != "account first").collect();
    let tokens_first = ["auth first", "account fourth", "account fifth", "auth second"];
    assert_eq!(begun[..4], tokens_first, "{phases:?}");
}

/// Each username once: after a restart everybody has one.
pub(crate) fn forged_tokens_slow_their_source_down() {
    let forged = |site: &Site, user: &str| {
        let env = [("username", user), ("password", TOKEN), ("session_state", "Invalid")];
        let client = site.stage.plugin.client();
        site.refuses(&client, &env, "the auth-token is not genuine");
    };
    let site = Site::new(&[]);
    (0..20).for_each(|_| forged(&site, "user 0"));
    let client = site.stage.plugin.client();
    site.refuses(&client, &password("wrong"), "System error");
    (1..10).for_each(|number| forged(&site, &format!("user {number}")));
    site.refuses(&client, &password("wrong"), "too many failed logins from this address");
}

/// Nobody is there who could answer.
pub(crate) fn a_prompt_of_an_account_line_gets_no_answer() {
    let module = TestModule::shared();
    let asks = format!("account required {} [account/ask=Code:]\n", module.path().display());
    let site = Site::with(&["challenge=yes"], &asks);
    let client = site.stage.plugin.client();
    site.refuses(&client, &token("good"), "no answer to the prompt 'Code:' of an account check");
}

pub(crate) fn with_pairs_the_user_is_whom_they_name() {
    let scratch_site = |pairs: &[&str]| {
        let scratch = Scratch::new();
        let witness = scratch.write("witness", WITNESS, 0o755);
        let line = format!(
            "account required pam_exec.so quiet {} {}\n",
            witness.display(),
            scratch.path().display()
        );
        scratch.write("service", &format!("auth required pam_permit.so\n{line}"), 0o644);
        let stage = Stage::open_pairs(scratch.path(), "service", &[], pairs);
        Site { stage, scratch }
    };
    let site = scratch_site(&["login", "{COMMONNAME}.vpn", "password", "PASSWORD"]);
    let client = site.stage.plugin.client();
    let env = [&token("good")[..], &[("common_name", "laptop")]].concat();
    site.accepts(&client, &env);
    assert_eq!(site.phases(), ["account laptop.vpn"]);
    let site = scratch_site(&["password", "PASSWORD"]);
    let client = site.stage.plugin.client();
    site.refuses(&client, &env, "no pair answers the prompt 'login'");
}

/// By its common name, if its account is in the group, and only if it was shown in this negotiation.
pub(crate) fn a_certificate_lets_members_in() {
    for deferred in ["deferred=no", "deferred=yes"] {
        let site = Site::new(&[deferred, "certificate-login=root"]);
        let client = site.stage.plugin.client();
        let not_shown = "the client sent no certificate with a common name";
        site.refuses(&client, &NOTHING, not_shown);
        show_certificate(&client, "1");
        site.refuses(&client, &NOTHING, not_shown);
        show_certificate(&client, "0");
        site.accepts(&client, &NOTHING);
        site.stage.line("user 'root' authenticated; by certificate");
        // The one before does not count again, whatever was sent with it.
        site.refuses(&client, &NOTHING, not_shown);
        show_certificate(&client, "0");
        site.accepts(&client, &password("good"));
        site.refuses(&client, &NOTHING, not_shown);
        for name in ["daemon", "no such account"] {
            show_certificate(&client, "0");
            let env = [("username", ""), ("password", ""), ("common_name", name)];
            site.refuses(
                &client,
                &env,
                &format!("user '{name}' failed to authenticate: the user is not a member of the group"),
            );
        }
        show_certificate(&client, "0");
        site.refuses(&client, &[("username", ""), ("password", ""), ("common_name", "")], not_shown);
        // Who sends a name needs its password.
        show_certificate(&client, "0");
        let named = [("username", "root"), ("password", ""), ("common_name", "root")];
        site.refuses(&client, &named, "the password is empty");
        show_certificate(&client, "0");
        let with_password = [("username", ""), ("password", "x"), ("common_name", "root")];
        site.refuses(&client, &with_password, "the username is empty");
        // A token of such a client is worth no more than the certificate.
        let by_token = [
            ("username", ""),
            ("password", TOKEN),
            ("common_name", "root"),
            ("session_state", "Authenticated"),
        ];
        site.refuses(&client, &by_token, not_shown);
        show_certificate(&client, "0");
        site.accepts(&client, &by_token);
        assert_eq!(site.phases(), ["account root", "auth good", "account good", "account root"]);
    }
}

/// Whom an account line puts in the user's place has to be a member as well.
pub(crate) fn who_is_renamed_by_an_account_line_is_a_member_too() {
    let place = place();
    let options = ["certificate-login=root", "allow-user-mapping=yes"];
    let stage = Stage::open_pairs(&place, "border", &options, &["login", "root"]);
    let site = Site { stage, scratch: Scratch::new() };
    let client = site.stage.plugin.client();
    for (name, renamed) in [("laptop", false), ("renamed", true)] {
        show_certificate(&client, "0");
        let env = [("username", ""), ("password", ""), ("common_name", name)];
        if renamed {
            site.refuses(&client, &env, "the user is not a member of the group");
        } else {
            site.accepts(&client, &env);
        }
    }
}

/// What is stripped of a name that comes with a password says whose certificate it is.
pub(crate) fn nothing_is_stripped_of_a_certificates_name() {
    let site = Site::new(&["certificate-login=root", "username=lower,strip-domain,strip-realm"]);
    let client = site.stage.plugin.client();
    for name in ["root@elsewhere.example", "ELSEWHERE\\root"] {
        show_certificate(&client, "0");
        let env = [("username", ""), ("password", ""), ("common_name", name)];
        site.refuses(&client, &env, "the user is not a member of the group");
    }
    assert!(site.calls().is_empty());
    show_certificate(&client, "0");
    site.accepts(&client, &[("username", ""), ("password", ""), ("common_name", "Root")]);
    assert_eq!(site.phases(), ["account root"]);
}

pub(crate) fn without_the_group_nobody_is_let_in() {
    let site = Site::new(&["certificate-login=no-such-group"]);
    let client = site.stage.plugin.client();
    show_certificate(&client, "0");
    site.refuses(&client, &NOTHING, "there is no group 'no-such-group' (see certificate-login)");
    let site = Site::new(&[]);
    let client = site.stage.plugin.client();
    site.refuses(&client, &NOTHING, "the username is empty");
    assert!(!site.stage.plugin.wants(sys::PLUGIN_TLS_VERIFY));
    assert!(site.calls().is_empty());
}

/// Somebody who has taken the front over sends one all the same.
pub(crate) fn a_certificate_is_taken_only_where_that_is_wanted() {
    let site = Site::new(&["session=yes"]);
    site.stage.works_as("good");
    let attempt = |id: u64, shown: u8, name: &[u8]| {
        // To be kept for a session; of no connection.
        let names = [&[1, 3, shown, 0][..], &raw::field(name), &raw::field(b""), &raw::field(name)].concat();
        let rest = [raw::origin(b"192.0.2.9"), raw::blocks(&raw::block(), &raw::client())].concat();
        raw::send(&[&[1][..], &id.to_le_bytes(), &[1], &names, &rest].concat(), &[]);
    };
    attempt(999, 2, b"root");
    site.stage.line("user 'root' failed to authenticate: logins by certificate are not enabled");
    // Nor is a token kept for a session.
    attempt(1000, 1, b"good");
    site.stage.line("user 'good' authenticated; by auth-token");
    raw::send(&[&[4][..], &1001u64.to_le_bytes(), &1000u64.to_le_bytes(), &[0, 0]].concat(), &[]);
    site.stage.line("a client is refused: its login is over");
}

/// A certificate has a session, a token none.
pub(crate) fn a_session_is_opened_for_a_certificate_only() {
    let site = Site::new(&["session=yes", "certificate-login=root"]);
    let connect = |client: &Client<'_>| {
        let call = Call::new(sys::PLUGIN_CLIENT_CONNECT)
            .arg(site.scratch.write("config", "", 0o600).as_os_str().as_bytes());
        assert_eq!(client.call(&call).unwrap().result, FuncResult::Success, "{}", site.stage.log());
    };
    let client = site.stage.plugin.client();
    show_certificate(&client, "0");
    site.accepts(&client, &NOTHING);
    connect(&client);
    site.stage.line("user 'root': session opened");
    show_certificate(&client, "0");
    site.accepts(&client, &NOTHING);
    disconnect(&client);
    site.stage.line("user 'root': session closed");
    assert_eq!(site.phases(), ["account root", "open_session root", "account root", "close_session root"]);
    let workers: Vec<i32> = site.calls().into_iter().map(|(_, worker)| worker).collect();
    assert!(workers.iter().all(|worker| *worker == workers[0]), "{:?}", site.calls());
    let client = site.stage.plugin.client();
    site.accepts(&client, &token("good"));
    connect(&client);
    site.stage.line("connects without a login through PAM");
}

/// A session's transaction has the service's lines as they were when it began. So it does not see those that were added.
pub(crate) fn a_session_is_looked_at_with_the_lines_of_its_login() {
    let site = Site::new(&["session=yes"]);
    let client = site.connected();
    let service = fs::read_to_string(site.scratch.join("service")).unwrap_or_default();
    site.scratch.write("service", &format!("account required pam_deny.so\n{service}"), 0o644);
    site.accepts(&client, &token("good"));
    // Without a session it is looked at with those of now.
    site.refuses(&site.stage.plugin.client(), &token("good"), "failed to authenticate");
}

/// Keys are renegotiated for months.
pub(crate) fn renegotiations_fill_no_memory() {
    let site = Site::new(&["session=yes"]);
    let client = site.connected();
    let (_, worker) = site.calls().pop().unwrap_or_default();
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let processes = [own, site.stage.supervisor(), worker];
    let renegotiate = |times: usize| {
        for _ in 0..times {
            site.accepts(&client, &token("good"));
            site.stage.plugin.clear_log();
        }
        processes.map(memory_in_kib)
    };
    let before = renegotiate(200);
    let after = renegotiate(500);
    // The host of these tests itself takes some: 0.2 KiB for each.
    for (before, after) in before.into_iter().zip(after) {
        assert!(after < before + 256, "{before} KiB, then {after} KiB");
    }
}
