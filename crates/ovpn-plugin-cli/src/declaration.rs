//! The commands and their options, declared once: the command line, `--help`, the manual page's section and the
//! completions of shells all come from here.

use std::ffi::OsString;
use std::net::IpAddr;

use clap::{Arg, ArgAction, Command, ValueHint, value_parser};
use terminal::options::{WIDEST, flag, text, with};

const WHAT_PLUGIN_IS: &str = "\
PLUGIN and the WORDs are those of the `plugin` line in OpenVPN's configuration. A PLUGIN that begins with neither / nor . is \
looked for in OpenVPN's own plugin directory; a single WORD with blanks in it is split as OpenVPN does it. Options stand \
before PLUGIN; write -- before it if the plugin is to get words that look like them.";

const NOTES: &str = "\
Passwords are never taken from the command line, where other users could see them, and never shown. Run the command as root: \
OpenVPN opens plugins as root, and much of PAM works for root only. What the plugin does, it does really: a rejected login \
counts for pam_faillock, for example.

For authors of plugins: `ovpn-plugin new` and `ovpn-plugin run` start cargo-ovpn-plugin, if it is installed; see \
`cargo-ovpn-plugin --help`.

Exit status:
  0  login: accepted;  check: OpenVPN would start;  events: the client got in;
     doctor, certify: nothing but notes;  status, revoke, unblock: the server has
     answered
  1  login: rejected;  check: OpenVPN would not start;  events: it did not get
     in, or the plugin failed at another event;  with --strict also: a warning;
     doctor: warnings;  with --strict also: a note;  certify with --strict: a note
  2  the command line is wrong, or what it names cannot be read;
     doctor: errors;  certify: a check fails;  status, revoke, unblock: no server
     could be asked
  3  not decided: the plugin took too long, crashed, or could not be opened
  4  not decided: the plugin asked a question, and nobody answered (login)";

/// Names of the arguments, as options are looked up in what was parsed.
pub(crate) mod id {
    pub(crate) const LINE: &str = "line";
    pub(crate) const USER: &str = "user";
    pub(crate) const PASSWORD_FILE: &str = "password-file";
    pub(crate) const RESPONSE: &str = "response";
    pub(crate) const COMMON_NAME: &str = "common-name";
    pub(crate) const ADDRESS: &str = "address";
    pub(crate) const DEFERRED: &str = "deferred";
    pub(crate) const ANSWER: &str = "answer";
    pub(crate) const ANSWERS: &str = "answers";
    pub(crate) const CRTEXT: &str = "crtext";
    pub(crate) const CLIENT: &str = "client";
    pub(crate) const ENV: &str = "env";
    pub(crate) const VERB: &str = "verb";
    pub(crate) const TIMEOUT: &str = "timeout";
    pub(crate) const STRICT: &str = "strict";
    pub(crate) const JSON: &str = "json";
    pub(crate) const UNIT: &str = "unit";
    pub(crate) const ENTERED: &str = "entered";
    pub(crate) const CONFIG: &str = "config";
    pub(crate) const CD: &str = "cd";
    pub(crate) const OPENVPN: &str = "openvpn";
    pub(crate) const WATCH: &str = "watch";
    pub(crate) const SOCKET: &str = "socket";
    pub(crate) const WHOM: &str = "whom";
}

/// `ovpn-plugin` with its commands.
pub(crate) fn command() -> Command {
    let login = on_a_plugin(
        "login",
        "Try one login: show what the plugin logs, its answer and what the client would be told; if the login is rejected, \
         explain what is likely wrong and what to do. If the plugin asks something, the question is put on the terminal, and \
         the login goes on with the answer",
    );
    let check = on_a_plugin(
        "check",
        "Open and close the plugin: show what it exports, which events it wants, and whether OpenVPN would start; look at the \
         PAM service that auth-pam would use",
    );
    let events = on_a_plugin(
        "events",
        "Pass all events of a server with one client, in OpenVPN's order, and show each answer. The plugin does what it \
         always does: down-root runs its scripts, for example",
    );
    Command::new("ovpn-plugin")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Try OpenVPN plugins without OpenVPN, tell what is wrong with a server's set-up, and ask a server that runs",
        )
        .after_help(NOTES)
        .max_term_width(WIDEST)
        .subcommand_required(true)
        .subcommand(login.args(of_a_client()).args(of_questions()).args(of_all()))
        .subcommand(check.args(of_all()))
        .subcommand(events.args(of_a_client()).arg(as_client()).args(of_all()))
        .subcommand(doctor().args(of_a_set_up()))
        .mut_subcommands(|command| command.args(in_a_unit()))
        .subcommand(certify().args(of_a_client()).args(of_all()))
        .subcommand(status())
        .subcommand(revoke())
        .subcommand(unblock())
}

fn certify() -> Command {
    on_a_plugin(
        "certify",
        "Try what OpenVPN asks of a plugin, in any language: SIGHUP, chroot, daemon, odd logins, older versions; what calls \
         change, keep and leave behind. Tell what it passes and fails, why that matters and what to do. For those who write \
         plugins: logins are tried hundreds of times",
    )
}

fn doctor() -> Command {
    Command::new("doctor")
        .about(
            "Read a server's configuration as OpenVPN does, and what it names: plugins, PAM services and modules, scripts, the \
             unit. Tell what is wrong, where, why, and what to write instead. Without CONFIG and --unit: all of \
             /etc/openvpn/server and /etc/openvpn",
        )
        .override_usage("ovpn-plugin doctor [OPTION]... [CONFIG]")
}

fn status() -> Command {
    of_a_server(
        "status",
        "Ask a running server with `status=PATH` in its auth-pam line how it stands: attempts, times, what waits, the workers \
         and whom they serve, questions, sessions, penalties",
        "ovpn-plugin status [OPTION]... [PATH]",
    )
    .arg(flag(id::WATCH, "ask every two seconds, until interrupted; on a terminal the lines are drawn anew").short('w'))
}

fn revoke() -> Command {
    of_a_server(
        "revoke",
        "Have a running server refuse what a user has so far: connections and tokens when they need PAM the next time, \
         questions at once. The user can log in anew; lock the account first if that is not wanted",
        "ovpn-plugin revoke [OPTION]... NAME [PATH]",
    )
    .arg(whom("NAME", "the user, as the client sends it or as PAM is asked; capitals make no difference"))
}

fn unblock() -> Command {
    of_a_server(
        "unblock",
        "Have a running server forgive the failed logins of an address, for which it refuses more (`penalties`)",
        "ovpn-plugin unblock [OPTION]... SOURCE [PATH]",
    )
    .arg(whom("SOURCE", "an address, or a network as `status` shows it"))
}

fn of_a_server(name: &'static str, about: &'static str, usage: &'static str) -> Command {
    Command::new(name)
        .about(about)
        .override_usage(usage)
        .arg(flag(id::JSON, "print one JSON object a line instead of text; docs/json.md has the schema"))
        .arg(
            Arg::new(id::SOCKET)
                .value_name("PATH")
                .help(
                    "the server's socket, or its configuration [default: the only server that runs with one, as \
                     /etc/openvpn/server and /etc/openvpn have it]",
                )
                .index(if name == "status" { 1 } else { 2 })
                .value_parser(value_parser!(OsString))
                .value_hint(ValueHint::FilePath),
        )
}

fn whom(value: &'static str, help: &'static str) -> Arg {
    Arg::new(id::WHOM)
        .value_name(value)
        .help(help)
        .required(true)
        .index(1)
        .value_parser(value_parser!(OsString))
}

fn on_a_plugin(name: &'static str, about: &'static str) -> Command {
    Command::new(name)
        .about(about)
        .override_usage(format!("ovpn-plugin {name} [OPTION]... PLUGIN [WORD]..."))
        .after_help(WHAT_PLUGIN_IS)
        .arg(
            // One for both, so that everything behind the plugin's file is the plugin's, also what looks like an option.
            Arg::new(id::LINE)
                .value_names(["PLUGIN", "WORD"])
                .help("the plugin's file and its words, as in the `plugin` line")
                .required(true)
                .num_args(1..)
                .trailing_var_arg(true)
                .value_parser(value_parser!(OsString))
                .value_hint(ValueHint::FilePath),
        )
}

/// Options of commands with a client that logs in.
fn of_a_client() -> [Arg; 6] {
    [
        text(id::USER, "NAME", "username; `login` asks for it on the terminal if it is not given").short('u'),
        text(
            id::PASSWORD_FILE,
            "FILE",
            "read the password from FILE, or from standard input if FILE is `-`: all of it but one newline at the end; without \
             this option it is asked for on the terminal",
        )
        .short('p')
        .value_hint(ValueHint::FilePath),
        text(
            id::RESPONSE,
            "TEXT",
            "response to a static challenge (`static-challenge` in the client's configuration), for example a one-time code",
        )
        .short('r'),
        text(id::COMMON_NAME, "NAME", "common name of the client's certificate [default: none; `events`: client]")
            .short('c'),
        with(id::ADDRESS, "IP", value_parser!(IpAddr), "address of the client, IPv4 or IPv6")
            .short('a')
            .default_value("192.0.2.7"),
        flag(id::DEFERRED, "allow auth-pam to defer, as `setenv deferred_auth_pam 1` does").short('d'),
    ]
}

/// Options for plugins that ask.
fn of_questions() -> [Arg; 3] {
    [
        text(id::ANSWER, "TEXT", "answer to a question of the plugin; may be repeated, in the order of the questions")
            .action(ArgAction::Append),
        text(
            id::ANSWERS,
            "FILE",
            "the same, one a line, from FILE, or from standard input if FILE is `-`; they come after those of --answer",
        )
        .value_hint(ValueHint::FilePath),
        flag(
            id::CRTEXT,
            "the client can ask its user while the login is pending (`crtext` in IV_SSO); without this option questions come \
             with a rejection (dynamic challenge)",
        ),
    ]
}

fn as_client() -> Arg {
    flag(id::CLIENT, "the events of a client instead of those of a server")
}

/// What the doctor is told.
fn of_a_set_up() -> [Arg; 5] {
    [
        Arg::new(id::CONFIG)
            .value_name("CONFIG")
            .help("OpenVPN's configuration")
            .value_parser(value_parser!(OsString))
            .value_hint(ValueHint::FilePath),
        text(
            id::CD,
            "DIR",
            "where OpenVPN is started [default: the directory of CONFIG, as the units have it]",
        )
        .value_hint(ValueHint::DirPath),
        text(id::OPENVPN, "FILE", "the OpenVPN that reads CONFIG [default: the one that is installed]")
            .value_hint(ValueHint::FilePath),
        strict(),
        json(),
    ]
}

fn strict() -> Arg {
    flag(
        id::STRICT,
        "warnings count, for `doctor` and `certify` notes: if there is one, the exit status is 1 instead of 0",
    )
}

fn json() -> Arg {
    flag(id::JSON, "print one JSON object a line instead of text; docs/json.md has the schema")
}

/// The world in which a command looks.
fn in_a_unit() -> [Arg; 2] {
    [
        with(
            id::UNIT,
            "NAME",
            value_parser!(String),
            "in the world of this systemd unit: the files that it hides are not seen. If its server runs, with the mounts of \
             that, otherwise through systemd-run. For `doctor`, the unit also names CONFIG",
        ),
        // What the command says to itself.
        flag(id::ENTERED, "this process is in the unit's world already").hide(true),
    ]
}

/// Options of all commands on a plugin.
fn of_all() -> [Arg; 5] {
    [
        text(id::ENV, "NAME=VALUE", "a variable for the plugin, as `setenv NAME VALUE` does; may be repeated")
            .short('e')
            .action(ArgAction::Append),
        with(
            id::VERB,
            "N",
            value_parser!(u8).range(0..=11),
            "OpenVPN's `verb`, 0 to 11; from 4 on auth-pam shows which prompt was answered, from 7 on debug messages are shown",
        )
        .short('v')
        .default_value("4"),
        with(
            id::TIMEOUT,
            "SECONDS",
            value_parser!(u64).range(1..=86_400),
            "how long the plugin may take, 1 to 86400; the time for answers does not count",
        )
        .short('t')
        .default_value("90"),
        strict(),
        json(),
    ]
}

#[cfg(test)]
#[path = "declaration_tests.rs"]
mod tests;
