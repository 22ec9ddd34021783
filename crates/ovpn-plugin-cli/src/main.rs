//! The command `ovpn-plugin`: opens a plugin as OpenVPN does and explains what comes of it. See `--help`.

mod answers;
mod author_commands;
mod causes;
mod certify;
mod command_line;
mod commands;
mod doctor;
mod explain_result;
#[cfg(test)]
#[path = "generated_tests.rs"]
mod generated;
mod known_options;
mod leftover_processes;
mod locate;
mod login;
mod pam_service;
mod password;
mod plugin_line;
mod plugin_process;
mod plugin_run;
mod redaction;
mod running_server;
mod show;
mod style;
mod warnings;

use std::io::Write;
use std::net::IpAddr;
use std::process::ExitCode;

use nix::sys::prctl;
use ovpn_plugin_host::{Login, Plugin, base64};
use terminal::Signals;
use zeroize::Zeroizing;

use crate::answers::Answers;
use crate::causes::Cause;
use crate::command_line::{Command, Request, Task};
use crate::explain_result::Explainer;
use crate::known_options::KnownOptions;
use crate::password::{NoAnswer, Secret, Terminal};
use crate::plugin_line::MOST_WORDS;
use crate::plugin_run::PluginRun;
use crate::show::{Show, printable};

const USAGE: u8 = 2;
const INTERRUPTED: u8 = 3;

/// What a client of OpenVPN 2.6 announces: for instance bit 8 of IV_PROTO, that it understands temporary failures.
const CLIENT: [(&str, &str); 4] =
    [("IV_VER", "2.6.14"), ("IV_PLAT", "linux"), ("IV_PROTO", "990"), ("IV_SSO", "openurl,webauth")];
/// The same of one that can ask its user while the login is pending.
const WITH_CRTEXT: &str = "openurl,webauth,crtext";

/// Why nothing was done.
enum Stop {
    Usage(String),
    Interrupted,
}

impl From<String> for Stop {
    fn from(words: String) -> Self {
        Self::Usage(words)
    }
}

fn main() -> ExitCode {
    let mut is_there = false;
    let done = match command_line::parse(std::env::args_os().skip(1)) {
        Ok(Request::Print(text)) => print(&text.to_string()),
        Ok(Request::Run(command, task)) => {
            is_there = task.entered;
            run(command, task)
        }
        Ok(Request::Certify(task)) => certify::run(task),
        Ok(Request::Doctor(options)) => {
            is_there = options.entered;
            doctor::run(&options).map_err(Stop::Usage)
        }
        Ok(Request::Develop(words)) => Err(Stop::Usage(author_commands::become_it(&words))),
        Ok(Request::AskServer(question)) => running_server::run(&question).map_err(Stop::Usage),
        Err(error) => Err(Stop::Usage(format!("{error}; see ovpn-plugin --help"))),
    };
    let status = match done {
        Ok(status) => status,
        Err(Stop::Interrupted) => INTERRUPTED,
        Err(Stop::Usage(words)) => {
            let _ = writeln!(std::io::stderr(), "ovpn-plugin: {}", printable(&words));
            USAGE
        }
    };
    ExitCode::from(if is_there { doctor::from_there(status) } else { status })
}

fn print(text: &str) -> Result<u8, Stop> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(0)
}

fn run(command: Command, mut task: Box<Task>) -> Result<u8, Stop> {
    if let Some(unit) = &task.unit {
        if let Err(status) = doctor::enter_unit(unit, task.entered)? {
            return Ok(status);
        }
    }
    let located = locate::locate(&task.plugin);
    let file = located.file;
    let passed = plugin_line::as_openvpn(std::mem::take(&mut task.words))
        .map_err(|error| format!("the plugin's words: {error}"))?;
    let signals = Signals::block().map_err(|error| format!("cannot block signals: {error}"))?;
    // A crash, of the plugin too, leaves no password on disk.
    prctl::set_dumpable(false).map_err(|error| error.to_string())?;
    let mut show = Show::new(task.verb, task.json);
    let (user, mut password) = match command {
        Command::Check => Default::default(),
        Command::Login | Command::Events => credentials(command, &mut task, &signals)?,
    };
    let mut answers = Answers::new(std::mem::take(&mut task.answers), task.answers_file.as_deref())?;
    if let Some(note) = &located.note {
        show.line("note", note);
    }
    let dropped = (passed.dropped > 0).then(|| {
        Cause::new(
            format!("OpenVPN drops the last {} words of this plugin line. {MOST_WORDS}", passed.dropped),
            plugin_line::TOO_MANY.todo,
        )
    });
    if let Some(note) = doctor::note_on_c_plugin(&task.plugin, &file, &passed.words) {
        show.line("note", &note);
    }
    if let Some(what) = task.unit.is_none().then(|| doctor::in_a_home(&file, &passed.words)).flatten() {
        let text = format!(
            "{what} is in a home directory, which the server's unit may hide; --unit NAME shows what the server sees"
        );
        show.line("note", &text);
    }
    if show::as_openvpn_reads(&mut password) {
        show.line("note", "the password has control characters; each becomes `_`, as in OpenVPN");
    }
    let mut secrets = vec![&password];
    secrets.extend(&task.response);
    for secret in secrets.into_iter().filter(|secret| **secret != user) {
        show.hide(secret);
    }
    let login = login(&task, &user, password);
    let mut plugin = Plugin::new(&file).args(&passed.words).shared();
    for (name, value) in variables(&task) {
        plugin = plugin.setenv(&name, value);
    }
    let plugin_run = PluginRun { plugin, file, limit: task.timeout };
    let seen = plugin_process::watch(&mut show, &mut answers, &signals, task.timeout, |reporter, log| {
        let plugin_run = PluginRun {
            plugin: plugin_run.plugin.clone().log_to(log),
            file: plugin_run.file.clone(),
            ..plugin_run
        };
        match command {
            Command::Login => plugin_run.login(reporter, &login),
            Command::Check => plugin_run.check(reporter),
            Command::Events => plugin_run.events(reporter, &login, task.client),
        }
    });
    let seen = seen.map_err(|error| format!("cannot run the plugin in a process of its own: {error}"))?;
    let file_name =
        plugin_run.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let known_options = KnownOptions::of(&plugin_run.file);
    if command == Command::Check {
        for meaning in known_options.meanings(&passed.words) {
            show.line("option", &meaning);
        }
    }
    let explainer = Explainer {
        known_options,
        command,
        file_name: &file_name,
        words: &passed.words,
        user: &user,
        limit: task.timeout,
        strict: task.strict,
        warnings: dropped.into_iter().collect(),
    };
    let unused = answers.left();
    if unused > 0 && matches!(seen.end, plugin_process::End::Outcome(_)) {
        show.line(
            "note",
            &format!("the plugin asked fewer questions: the last {unused} of the answers were not used"),
        );
    }
    Ok(explainer.explain(&mut show, &seen, answers.missing.as_deref()))
}

/// Username and password, asked for where they are not given.
fn credentials(command: Command, task: &mut Task, signals: &Signals) -> Result<(Secret, Secret), Stop> {
    let user = task.user.take().map(Zeroizing::new);
    let file = task.password_file.as_deref();
    let mut password = file.map(|file| password::from_file(file, "password")).transpose()?;
    if command == Command::Events && user.is_none() {
        let nobody = || Zeroizing::new(b"test".to_vec());
        return Ok((nobody(), password.unwrap_or_else(nobody)));
    }
    let ask = |prompt, echo, instead| {
        let answer =
            Terminal::open().map_err(NoAnswer::from).and_then(|mut it| it.ask(prompt, echo, signals));
        answer.map_err(|why| match why {
            NoAnswer::Interrupted(_) => Stop::Interrupted,
            NoAnswer::Failed(error) => {
                Stop::Usage(format!("cannot ask without a terminal ({error}); {instead}"))
            }
        })
    };
    let mut user = match user {
        Some(user) => user,
        None => ask("Username: ", true, "use --user")?,
    };
    if password.is_none() {
        password = Some(ask("Password: ", false, "use --password-file")?);
    }
    show::as_openvpn_reads(&mut user);
    Ok((user, password.unwrap_or_default()))
}

fn login(task: &Task, user: &[u8], password: Secret) -> Login {
    let password = match &task.response {
        Some(response) => {
            let (first, second) =
                (Zeroizing::new(base64::encode(&password)), Zeroizing::new(base64::encode(response)));
            Zeroizing::new(["SCRV1:", &first, ":", &second].concat().into_bytes())
        }
        None => password,
    };
    let mut login = Login::new(user, &*password);
    match task.address {
        Some(IpAddr::V6(address)) => {
            login = login.without_env("untrusted_ip").env("untrusted_ip6", address.to_string());
        }
        Some(IpAddr::V4(address)) => login = login.env("untrusted_ip", address.to_string()),
        None => {}
    }
    if let Some(name) = &task.common_name {
        login = login.env("common_name", name);
    }
    for (name, value) in CLIENT {
        if !task.env.iter().any(|(given, _)| given == name) {
            login = login.env(name, value);
        }
    }
    if task.crtext {
        login = login.env("IV_SSO", WITH_CRTEXT);
    }
    login
}

/// What OpenVPN itself and `setenv` put into the environment of every call.
fn variables(task: &Task) -> Vec<(String, Vec<u8>)> {
    let own = [("daemon", "0"), ("daemon_log_redirect", "0"), ("verb", &task.verb.to_string())];
    let own = own.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let deferred = task.deferred.then(|| ("deferred_auth_pam".to_owned(), b"1".to_vec()));
    own.into_iter().chain(deferred).chain(task.env.iter().cloned()).collect()
}
