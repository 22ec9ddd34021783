//! The commands and their options, declared once: the command line, `--help`, the manual page's section and the
//! completions of shells all come from here.

use std::ffi::OsString;
use std::net::IpAddr;

use clap::{Arg, ArgAction, Command, ValueHint, value_parser};
use terminal::options::{WIDEST, flag, text, with};

const WHAT_PLUGIN_IS: &str = "\
Write PLUGIN and the WORDs as in the `plugin` line of OpenVPN's configuration. Give the whole path: OpenVPN looks for a \
name without a slash in its own plugin directory. A single WORD with blanks is split as OpenVPN does. Put options before PLUGIN. \
If a WORD for the plugin looks like an option, write -- before PLUGIN.";

const NOTES: &str = "\
Why does bob not get in?
  ovpn-plugin login --user bob \\
      /usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so \"deferred=yes openvpn\"
What is wrong with this server?
  ovpn-plugin doctor /etc/openvpn/server/server.conf

Run the command as root: OpenVPN opens plugins as root, and much of PAM works for root only. The plugin really runs: \
for example, pam_faillock counts a rejected login. The command never takes passwords from the command line, where other \
users could see them, and never shows them.

For authors of plugins: `ovpn-plugin new` and `ovpn-plugin run` start cargo-ovpn-plugin, if it is installed; see \
`cargo-ovpn-plugin --help`.

Exit status:
  0  login accepted;  OpenVPN would start (check);  the client got in (events);
     at most notes (doctor, certify);  the server answered (status, revoke,
     unblock)
  1  login rejected;  OpenVPN would not start (check);  the client did not get
     in, or the plugin failed at another event (events);  warnings (doctor);
     with --strict also warnings (login, check, events) or notes (doctor;
     certify, of something to mend)
  2  the command line is wrong, or something that it names cannot be read;
     errors (doctor);  a failed check (certify);  no server could be asked
     (status, revoke, unblock)
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
        "Try one login, and explain why it is rejected",
        "It shows what the plugin logs, its verdict, and the reason that the client would show. If the plugin asks a question, \
         the command puts it on the terminal, and goes on with the answer.\n\n  \
         ovpn-plugin login --user bob \\\n      \
         /usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so \"deferred=yes openvpn\"",
    );
    let check = on_a_plugin(
        "check",
        "Say whether OpenVPN would start with a plugin line",
        "It opens and closes the plugin. It shows the plugin's symbols, the events it wants, and what its options mean. For \
         auth-pam it also examines the PAM service.\n\n  \
         ovpn-plugin check --strict \\\n      \
         /usr/lib/openvpn/plugins/openvpn-plugin-auth-pam.so \"deferred=yes openvpn\"",
    );
    let events = on_a_plugin(
        "events",
        "Pass a plugin all events of a server with one client, in OpenVPN's order",
        "It shows the plugin's reply to each event. The plugin really runs: for example, down-root runs its scripts as root.\n\n  \
         ovpn-plugin events \\\n      \
         /usr/lib/openvpn/plugins/openvpn-plugin-down-root.so /etc/openvpn/down.sh",
    );
    Command::new("ovpn-plugin")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Try OpenVPN plugins without OpenVPN, find mistakes in a server's set-up, and ask a running server",
        )
        .after_help(NOTES)
        .max_term_width(WIDEST)
        .subcommand_required(true)
        .subcommand(login.args(of_a_client()).args(of_questions()).args(of_all()))
        .subcommand(check.args(of_all()))
        .subcommand(events.args(of_a_client()).arg(as_client()).args(of_all()))
        .subcommand(doctor().args(of_a_set_up()))
        .mut_subcommands(|command| command.args(in_a_unit()))
        .subcommand(certify())
        .subcommand(status())
        .subcommand(revoke())
        .subcommand(unblock())
}

fn certify() -> Command {
    on_a_plugin(
        "certify",
        "Find out whether a plugin, in any language, does what OpenVPN needs",
        "For authors of plugins. It runs the plugin as root, with its real configuration, and opens it dozens of times: files \
         that the plugin writes are written, and servers that it asks are asked. Give it a configuration of its own.\n\n\
         It tries logins hundreds of times. It tries SIGHUP, chroot, daemon, odd logins and older versions \
         of OpenVPN, and looks at what calls change, keep and leave behind. It says what passes and what fails, why that \
         matters, and what to do.\n\n  \
         ovpn-plugin certify --user joe --password-file joe.txt ./libmine.so",
    )
    .args(of_a_client())
    .args(of_all())
    // Without what is for auth-pam and other commands.
    .mut_args(|arg| match arg.get_id().as_str() {
        id::USER => arg.help("username of a login that the plugin accepts [default: test, with this as its password, too]"),
        id::RESPONSE => arg.help(
            "answer to whatever the plugin asks: with the password (static challenge), while the login is pending (`crtext`), or \
             by another login (dynamic challenge); the first way in which the client gets in is used",
        ),
        id::COMMON_NAME => arg.help("common name of the client's certificate"),
        id::DEFERRED => arg.hide(true),
        id::VERB => arg.help("OpenVPN's `verb`, 0 to 11, as the plugin sees it"),
        id::TIMEOUT => arg.help("how long the plugin may take for one call, 1 to 86400; half of it for a verdict"),
        id::STRICT => arg.help(
            "exit with status 1 instead of 0 if there is a note, other than that the plugin defers or that its code stays in memory",
        ),
        _ => arg,
    })
}

fn doctor() -> Command {
    Command::new("doctor")
        .about("Find mistakes in a server's configuration and in what it names")
        .override_usage("ovpn-plugin doctor [OPTION]... [CONFIG]")
        .after_help(
            "It reads the configuration as OpenVPN does, and looks at plugins, PAM services and modules, scripts, and the unit. \
             Each finding says what is wrong, where, why, and what to write instead. It changes nothing. Without CONFIG and \
             --unit it reads all of /etc/openvpn/server and /etc/openvpn.\n\n  \
             ovpn-plugin doctor /etc/openvpn/server/server.conf\n  \
             ovpn-plugin doctor --unit openvpn-server@server",
        )
}

fn status() -> Command {
    of_a_server(
        "status",
        "Show what a running server does, and which addresses it blocks",
        "ovpn-plugin status [OPTION]... [PATH]",
        "It shows attempts and their times, logins that wait, workers and the users that they serve, open questions, sessions, and \
         blocked addresses (penalties). `ovpn-plugin unblock` unblocks an address. Users that pam_faillock has locked are not \
         shown: `faillock` lists them.",
    )
    .arg(flag(id::WATCH, "ask every two seconds until interrupted; on a terminal, each answer replaces the one before").short('w'))
}

fn revoke() -> Command {
    of_a_server(
        "revoke",
        "Make a running server refuse a user's connections and tokens",
        "ovpn-plugin revoke [OPTION]... NAME [PATH]",
        "Open questions end at once. The server refuses connections and tokens when the client authenticates again. The user can \
         then log in anew. To prevent that, lock the account first.",
    )
    .arg(whom("NAME", "the username that the client sends or that PAM checks; capitals make no difference"))
}

fn unblock() -> Command {
    of_a_server(
        "unblock",
        "Unblock an address at a running server after too many failed logins",
        "ovpn-plugin unblock [OPTION]... SOURCE [PATH]",
        "After many failed logins the server blocks an address for a while (`penalties`). This command ends that, and clears the \
         failures. `ovpn-plugin status` shows which addresses are blocked.",
    )
    .arg(whom("SOURCE", "an address, or a network as `status` shows it"))
}

fn of_a_server(name: &'static str, about: &'static str, usage: &'static str, more: &str) -> Command {
    Command::new(name)
        .about(about)
        .after_help(format!("{more}\n\nThe server needs `status=PATH` in its auth-pam line. Only root may ask."))
        .override_usage(usage)
        .arg(flag(id::JSON, "print one JSON object a line instead of text; docs/json.md has the schema"))
        .arg(
            Arg::new(id::SOCKET)
                .value_name("PATH")
                .help(
                    "the server's socket, or its configuration [default: the running one in /etc/openvpn/server or /etc/openvpn]",
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

fn on_a_plugin(name: &'static str, about: &'static str, more: &str) -> Command {
    Command::new(name)
        .about(about)
        .override_usage(format!("ovpn-plugin {name} [OPTION]... PLUGIN [WORD]..."))
        .after_help(format!("{more}\n\n{WHAT_PLUGIN_IS}"))
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
        text(id::USER, "NAME", "username; without this option `login` asks for it on the terminal").short('u'),
        text(
            id::PASSWORD_FILE,
            "FILE",
            "read the password from FILE, or from standard input if FILE is `-`; one newline at the end is ignored; without this \
             option the command asks on the terminal",
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
            "read answers from FILE, one a line, or from standard input if FILE is `-`; they come after those of --answer",
        )
        .value_hint(ValueHint::FilePath),
        flag(
            id::CRTEXT,
            "log in like a client that shows questions while the login is pending (`crtext` in IV_SSO); without this option, \
             questions come with a rejection (dynamic challenge)",
        ),
    ]
}

fn as_client() -> Arg {
    flag(id::CLIENT, "pass the events of a client instead of those of a server")
}

/// What the doctor examines.
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
            "the directory in which OpenVPN starts [default: that of CONFIG, as in the units]",
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
        "exit with status 1 instead of 0 if there is a warning; for `doctor` and `certify`, if there is a note",
    )
}

fn json() -> Arg {
    flag(id::JSON, "print one JSON object a line instead of text; docs/json.md has the schema")
}

/// The sandbox from which a command looks.
fn in_a_unit() -> [Arg; 2] {
    [
        with(
            id::UNIT,
            "NAME",
            value_parser!(String),
            "see only the files that this systemd unit shows its server. If the server runs, the command enters its mounts, \
             otherwise it starts through systemd-run. For `doctor`, the unit also names CONFIG",
        ),
        // What the command says to itself.
        flag(id::ENTERED, "this process is in the unit's sandbox already").hide(true),
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
#[path = "commands_tests.rs"]
mod tests;
