//! One call that defers, runs a job or a future and answers: what comes of it is the same whatever runs it.

use std::fs;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

#[cfg(feature = "tokio")]
use ovpn_plugin::AsyncTasks;
use ovpn_plugin::testing::{CallData, ConnectFiles, LoginFiles, Outcome, Running};
use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, ClientConfig, ClientConnect, ClientConnectReply, EventSet, OpenArgs,
    Plugin, Pool, Rejection, Result, Stop, Tasks,
};

const LIMIT: Duration = Duration::from_secs(20);

/// What runs it, what that is called in a panic's line, and why there is no room for one more.
const WAYS: &[(&str, &str, &str)] = &[
    ("tasks", "job", "1 tasks are running, which is the limit"),
    ("pool", "job", "the pool 'backend' is full: 1 jobs run or wait, which is the limit"),
    #[cfg(feature = "tokio")]
    ("futures", "future", "1 futures are running, which is the limit"),
];

/// Room for one, which runs, and for `queue` more, which wait; not in tasks, where all run.
enum JobsIn {
    Tasks(Tasks),
    Pool(Pool),
    #[cfg(feature = "tokio")]
    Futures(AsyncTasks),
}

struct Sample {
    jobs_in: JobsIn,
    running: SyncSender<String>,
}

thread_local! {
    /// For the plugin that this test opens next: says which job runs.
    static RUNNING: std::cell::RefCell<Option<SyncSender<String>>> = const { std::cell::RefCell::new(None) };
}

fn about_login(user: &str) -> Result<()> {
    log::info!("it runs");
    match user {
        "good" => Ok(()),
        "bad" => Err(Rejection::because("wrong code").into()),
        "panic" => panic!("told to"),
        _ => Err(io::Error::from_raw_os_error(2).into()),
    }
}

fn about_client(user: &str) -> Result<ClientConfig> {
    log::info!("it runs");
    let mut config = ClientConfig::new();
    match user {
        "good" => drop(config.push("route 10.9.0.0")?),
        "bad" => return Err(Rejection::because("not today").into()),
        "panic" => panic!("told to"),
        _ => drop(config.push("two\nlines")?),
    }
    Ok(config)
}

/// The user `long` waits until it has to stop.
fn job<T>(
    user: String,
    running: SyncSender<String>,
    decide: fn(&str) -> Result<T>,
) -> impl FnOnce(&Stop) -> Result<T> {
    move |stop| {
        let _ = running.send(user.clone());
        if user == "long" {
            stop.wait(Duration::MAX)?;
        }
        decide(&user)
    }
}

#[cfg(feature = "tokio")]
async fn future<T>(user: String, running: SyncSender<String>, decide: fn(&str) -> Result<T>) -> Result<T> {
    let _ = running.send(user.clone());
    if user == "long" {
        std::future::pending::<()>().await;
    }
    decide(&user)
}

fn name(username: Option<&[u8]>) -> String {
    String::from_utf8_lossy(username.unwrap_or_default()).into_owned()
}

#[ovpn_plugin::plugin]
impl Plugin for Sample {
    const NAME: &'static str = "SAMPLE";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [kind, queue] = args.text_args()?[..] else { return Err("wanted: KIND QUEUE".into()) };
        let jobs_in = match kind {
            "tasks" => JobsIn::Tasks(Tasks::new(1)),
            "pool" => JobsIn::Pool(Pool::new("backend", 1, queue.parse()?)),
            #[cfg(feature = "tokio")]
            "futures" => JobsIn::Futures(AsyncTasks::new(1)),
            _ => return Err("unknown".into()),
        };
        Ok(Self { jobs_in, running: RUNNING.take().ok_or("no test")? })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let (user, running) = (name(event.username()), self.running.clone());
        match &mut self.jobs_in {
            JobsIn::Tasks(tasks) => event.answer_in(tasks, job(user, running, about_login)),
            JobsIn::Pool(pool) => event.answer_in(&*pool, job(user, running, about_login)),
            #[cfg(feature = "tokio")]
            JobsIn::Futures(tasks) => event.answer_async(tasks, future(user, running, about_login)),
        }
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        let (user, running) = (name(event.username()), self.running.clone());
        match &mut self.jobs_in {
            JobsIn::Tasks(tasks) => event.answer_in(tasks, job(user, running, about_client)),
            JobsIn::Pool(pool) => event.answer_in(&*pool, job(user, running, about_client)),
            #[cfg(feature = "tokio")]
            JobsIn::Futures(tasks) => event.answer_async(tasks, future(user, running, about_client)),
        }
    }
}

/// The plugin, and who hears which job runs: as long as that is there, a job goes on only when it was heard of.
fn plugin(way: &str, queue: &str) -> (Running<Sample>, Receiver<String>) {
    let (running, runs) = sync_channel(0);
    RUNNING.set(Some(running));
    (Running::open(&CallData::new().arg(way).arg(queue)).unwrap(), runs)
}

fn of_client(call: CallData, user: &str) -> CallData {
    let call = call.env("username", user).env("IV_PROTO", "990");
    call.env("untrusted_ip", "192.0.2.2").env("untrusted_port", "4711")
}

fn login(plugin: &mut Running<Sample>, user: &str) -> (LoginFiles, Outcome) {
    let files = LoginFiles::new().unwrap();
    let outcome = plugin.call(EventSet::AUTH_USER_PASS_VERIFY, &of_client(files.call(), user)).outcome;
    (files, outcome)
}

fn connect(plugin: &mut Running<Sample>, user: &str) -> (ConnectFiles, Outcome) {
    let files = ConnectFiles::new().unwrap();
    let outcome = plugin.call(EventSet::CLIENT_CONNECT, &of_client(files.call(), user)).outcome;
    (files, outcome)
}

fn errors(plugin: &Running<Sample>) -> Vec<String> {
    plugin.errors().into_iter().map(|line| line.text).collect()
}

/// That it ran, and what its end made of it.
#[track_caller]
fn assert_lines(plugin: Running<Sample>, user: &str, end: Option<&str>) {
    let log = plugin.close();
    let name = format!("{user}/192.0.2.2:4711 ");
    let lines: Vec<&str> = log.iter().filter_map(|line| line.text.strip_prefix(&name)).collect();
    assert_eq!(lines.len(), log.len(), "each line names the client: {log:?}");
    let ends = |line: &&str| end.is_some_and(|end| line.starts_with(end));
    assert!(lines[0] == "it runs" && lines[1..].iter().all(ends), "{log:?}");
    assert_eq!(lines.len(), 1 + usize::from(end.is_some()), "{log:?}");
}

#[test]
fn a_login_is_answered() {
    for (way, runs_as, _) in WAYS {
        for (user, verdict, reason, line) in [
            ("good", true, "", None),
            ("bad", false, "wrong code", Some("login rejected, with the reason: wrong code")),
            ("error", false, "", Some("login rejected: No such file or directory (os error 2)")),
            ("panic", false, "", Some(&*format!("panic in the {runs_as} 'login' at "))),
        ] {
            let (mut plugin, _) = plugin(way, "0");
            let (files, outcome) = login(&mut plugin, user);
            assert_eq!(outcome, Outcome::Deferred, "{way} {user}");
            assert_eq!(files.wait_for_verdict(LIMIT), Some(verdict), "{way} {user}");
            assert_eq!(files.reason(), reason, "{way} {user}");
            assert_lines(plugin, user, line);
        }
    }
}

/// OpenVPN passes no reason on.
#[test]
fn a_connecting_client_is_answered() {
    for (way, runs_as, _) in WAYS {
        for (user, verdict, config, line) in [
            ("good", "1", "push \"route 10.9.0.0\"\n", None),
            ("bad", "0", "", Some("client refused: not today")),
            ("error", "0", "", Some("client refused: ")),
            ("panic", "0", "", Some(&*format!("panic in the {runs_as} 'client-connect' at "))),
        ] {
            let (mut plugin, runs) = plugin(way, "0");
            let (files, outcome) = connect(&mut plugin, user);
            assert_eq!(outcome, Outcome::Deferred, "{way} {user}");
            assert_eq!(runs.recv_timeout(LIMIT).as_deref(), Ok(user), "{way}");
            assert_eq!(files.wait_for_verdict(LIMIT), Some(verdict == "1"), "{way} {user}");
            assert_eq!(files.config(), config, "{way} {user}");
            assert_lines(plugin, user, line);
        }
    }
}

/// Nothing is in the files then, and the client is rejected for now.
#[test]
fn without_room_the_client_comes_again() {
    for (way, _, full) in WAYS {
        let (mut plugin, _) = plugin(way, "0");
        let (_first, _) = login(&mut plugin, "long");
        let (files, outcome) = login(&mut plugin, "good");
        assert_eq!((outcome, files.verdict()), (Outcome::Error, None), "{way}");
        assert_eq!(files.reason(), "TEMP[backoff 5,advance no]: the server is busy", "{way}");
        let line = format!("good/192.0.2.2:4711 refused: the job cannot be started: {full}");
        assert_eq!(errors(&plugin), [line.as_str()], "{way}");
        let (files, outcome) = connect(&mut plugin, "good");
        assert_eq!((outcome, &*files.verdict(), &*files.config()), (Outcome::Error, "", ""), "{way}");
        assert_eq!(errors(&plugin), [line.as_str(), &line], "{way}");
    }
}

#[test]
fn the_end_of_the_plugin_rejects() {
    for (way, ..) in WAYS {
        for queue in ["0", "1"] {
            let (mut plugin, runs) = plugin(way, queue);
            let (first, _) = login(&mut plugin, "long");
            assert_eq!(runs.recv_timeout(LIMIT).as_deref(), Ok("long"), "{way}");
            let waiting = (queue == "1" && *way == "pool").then(|| connect(&mut plugin, "good").0);
            drop(plugin);
            assert_eq!(first.verdict(), Some(false), "{way}");
            if let Some(waiting) = waiting {
                assert_eq!(waiting.verdict(), "0");
                assert!(runs.recv().is_err(), "it was not begun");
            }
        }
    }
}

/// What its job finds out is for nobody, and no file is made anew.
#[test]
fn a_client_that_is_gone_is_no_error() {
    for (way, ..) in WAYS {
        let (mut plugin, runs) = plugin(way, "0");
        let (files, _) = login(&mut plugin, "long");
        assert_eq!(runs.recv_timeout(LIMIT).as_deref(), Ok("long"), "{way}");
        fs::remove_file(files.control_file()).unwrap();
        let errors: Vec<_> =
            plugin.close().into_iter().filter(|line| line.level == log::Level::Error).collect();
        // The job has to stop, which is its error; a future is dropped.
        assert!(errors.iter().all(|line| line.text.contains("login rejected: ")), "{way}: {errors:?}");
        assert!(!files.control_file().exists(), "{way}");
    }
}

/// A backend that is slow does not work for those who have given up meanwhile.
#[test]
fn a_client_that_is_gone_before_its_turn_costs_nothing() {
    let (mut plugin, runs) = plugin("pool", "3");
    let (first, _) = login(&mut plugin, "good");
    let (gone, _) = login(&mut plugin, "gone");
    let (gone_too, _) = connect(&mut plugin, "gone");
    let (last, _) = login(&mut plugin, "last");
    fs::remove_file(gone.control_file()).unwrap();
    fs::remove_file(gone_too.config_file().with_file_name("deferred")).unwrap();
    for runs_next in ["good", "last"] {
        assert_eq!(runs.recv_timeout(LIMIT).as_deref(), Ok(runs_next));
    }
    assert_eq!((first.wait_for_verdict(LIMIT), last.wait_for_verdict(LIMIT)), (Some(true), Some(false)));
}
