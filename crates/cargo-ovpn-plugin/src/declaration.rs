//! The commands and their options, declared once: the command line, `--help` and the manual page's section come from here.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, ValueHint, value_parser};
use terminal::options::{WIDEST, flag, text, with};

const NEEDS: &str = "\
`run` needs the programs openvpn, openssl, ip and nsenter, and /dev/net/tun. Without root it works in a user namespace, if users \
may make these and open /dev/net/tun. What is missing is named.

Exit status of `run`:
  0  the client got in, and what came after it went well
  1  the login was rejected
  2  the command line is wrong, the crate does not build, OpenVPN does not start,
     or something that is needed is missing
  3  not decided: no answer in time, or interrupted, or OpenVPN ended
  4  not decided: the plugin asked a question, and nobody answered. While a login is
     pending, a verdict is waited for all the same
  5  the client got in, and then the server ended by itself";

/// Names of the arguments, as options are looked up in what was parsed.
pub(crate) mod id {
    pub(crate) const NAME: &str = "name";
    pub(crate) const DEFERRED: &str = "deferred";
    pub(crate) const SDK: &str = "sdk";
    pub(crate) const WORDS: &str = "words";
    pub(crate) const RELEASE: &str = "release";
    pub(crate) const FEATURES: &str = "features";
    pub(crate) const PLUGIN: &str = "plugin";
    pub(crate) const USER: &str = "user";
    pub(crate) const PASSWORD: &str = "password";
    pub(crate) const ANSWER: &str = "answer";
    pub(crate) const CRTEXT: &str = "crtext";
    pub(crate) const STATIC_CHALLENGE: &str = "static-challenge";
    pub(crate) const FOR: &str = "for";
    pub(crate) const TIMEOUT: &str = "timeout";
    pub(crate) const SERVER: &str = "server";
    pub(crate) const CLIENT: &str = "client";
    pub(crate) const OPENVPN: &str = "openvpn";
    pub(crate) const VERB: &str = "verb";
}

/// `cargo ovpn-plugin` with its commands.
pub(crate) fn command() -> Command {
    Command::new("cargo-ovpn-plugin")
        .bin_name("cargo ovpn-plugin")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Make OpenVPN plugins in Rust: start from the template, and see the plugin work in a real server",
        )
        .after_help(NEEDS)
        .max_term_width(WIDEST)
        .subcommand_required(true)
        .subcommand(new())
        .subcommand(run())
}

fn new() -> Command {
    Command::new("new")
        .about(
            "Make a crate in the directory NAME, from the template: a plugin that decides logins, with its tests. Its own \
             comments say what to change",
        )
        .override_usage("cargo ovpn-plugin new [OPTION]... NAME")
        .arg(
            Arg::new(id::NAME)
                .value_name("NAME")
                .help("name of the crate, and its directory if it is a path")
                .required(true)
                .value_parser(value_parser!(OsString))
                .value_hint(ValueHint::DirPath),
        )
        .arg(flag(id::DEFERRED, "decide logins later, in a task, so that OpenVPN does not wait for a slow backend"))
        .arg(
            text(
                id::SDK,
                "DIR",
                "where the SDK's sources are: a directory with `crates/ovpn-plugin` in it [default: \
                 /usr/share/openvpn-plugin-dev-rs, where the package openvpn-plugin-dev-rs has them]",
            )
            .value_hint(ValueHint::DirPath),
        )
}

fn run() -> Command {
    Command::new("run")
        .about(
            "Build the crate in the current directory, start a real OpenVPN server with it and a client that logs in, in network \
             namespaces of their own, and show both logs. The client stays until Ctrl-C, if it gets in. Questions of the plugin \
             are put on the terminal",
        )
        .override_usage("cargo ovpn-plugin run [OPTION]... [-- WORD...]")
        .after_help(NEEDS)
        .arg(
            Arg::new(id::WORDS)
                .value_name("WORD")
                .help("words for the plugin, as they would stand in the `plugin` line")
                .num_args(0..)
                .last(true)
                .value_parser(value_parser!(String)),
        )
        .args(of_the_build())
        .args(of_the_login())
        .args(of_openvpn())
}

fn of_the_build() -> [Arg; 3] {
    [
        flag(id::RELEASE, "build it as it is shipped").short('r'),
        with(id::FEATURES, "NAMES", value_parser!(String), "features to build it with").short('F'),
        text(id::PLUGIN, "FILE", "take this shared object, of any language, and build nothing")
            .value_hint(ValueHint::FilePath)
            .conflicts_with_all([id::RELEASE, id::FEATURES]),
    ]
}

fn of_the_login() -> [Arg; 7] {
    [
        with(
            id::USER,
            "NAME",
            value_parser!(String),
            "username; asked for on the terminal if it is not given",
        )
        .short('u'),
        with(
            id::PASSWORD,
            "TEXT",
            value_parser!(String),
            "password, which other users of the machine can see: one for tests; asked for on the terminal if it is not given",
        ),
        with(
            id::ANSWER,
            "TEXT",
            value_parser!(String),
            "answer to a question of the plugin; may be repeated, in the order of the questions",
        )
        .action(ArgAction::Append),
        flag(
            id::CRTEXT,
            "the client can ask its user while the login is pending (`crtext` in IV_SSO); without this option questions come \
             with a rejection (dynamic challenge)",
        ),
        with(
            id::STATIC_CHALLENGE,
            "TEXT",
            value_parser!(String),
            "the client asks its user for this with the password, as `static-challenge` in its configuration has it; the answer \
             is typed, or the first --answer",
        ),
        with(
            id::FOR,
            "SECONDS",
            value_parser!(u64),
            "disconnect the client so long after it got in, and end; 0 is at once [default: at Ctrl-C]",
        ),
        with(
            id::TIMEOUT,
            "SECONDS",
            value_parser!(u64).range(1..=86_400),
            "how long the login may take, 1 to 86400; the time for answers does not count",
        )
        .default_value("60"),
    ]
}

fn of_openvpn() -> [Arg; 4] {
    [
        with(
            id::SERVER,
            "LINE",
            value_parser!(String),
            "a line for the server's configuration; may be repeated",
        )
        .action(ArgAction::Append),
        with(
            id::CLIENT,
            "LINE",
            value_parser!(String),
            "a line for the client's configuration; may be repeated",
        )
        .action(ArgAction::Append),
        text(
            id::OPENVPN,
            "FILE",
            "the OpenVPN to run, of another version for example [default: the one that is installed]",
        )
        .value_hint(ValueHint::FilePath),
        with(
            id::VERB,
            "N",
            value_parser!(u8).range(0..=11),
            "`verb` of server and client; from 7 on with debug messages",
        )
        .short('v')
        .default_value("3"),
    ]
}
