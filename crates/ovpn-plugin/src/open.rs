//! What a plugin learns when it is opened.

use std::ffi::c_int;
use std::fmt;
use std::path::Path;

use crate::boundary::{StringArray, Words};
use crate::events::numbered::{collect, number, without_gaps};
use crate::{Connection, Env, EventSet, Result, SslApi, Version};

/// The arguments of [`Plugin::open`](crate::Plugin::open).
#[derive(Clone, Copy)]
pub struct OpenArgs<'a> {
    pub(crate) words: StringArray<'a>,
    pub(crate) env: Env<'a>,
    pub(crate) offered: EventSet,
    pub(crate) struct_version: c_int,
    pub(crate) ssl_api: Option<SslApi>,
    pub(crate) openvpn_version: Option<Version<'a>>,
}

/// What is set of a connection.
#[derive(Default)]
struct ConnectionParts<'a> {
    protocol: Option<&'a str>,
    local: Option<&'a str>,
    local_port: Option<&'a str>,
    remote: Option<&'a str>,
    remote_port: Option<&'a str>,
}

impl<'a> OpenArgs<'a> {
    /// The words after the plugin's file name on the `plugin` line.
    #[must_use]
    pub fn args(&self) -> Words<'a> {
        let mut words = self.words.iter();
        words.next();
        words
    }

    /// The same words as text. With a slice pattern that is all it takes to read a `plugin` line. If each word is to be
    /// `NAME=VALUE`, use [`OpenArgs::named_args`].
    ///
    /// ```
    /// # use ovpn_plugin::{OpenArgs, Result};
    /// # fn open(args: &OpenArgs<'_>) -> Result<(String, String)> {
    /// let [username, password] = args.text_args()?[..] else {
    ///     return Err("wanted: plugin FILE USERNAME PASSWORD".into());
    /// };
    /// # Ok((username.to_owned(), password.to_owned()))
    /// # }
    /// # let call = ovpn_plugin::testing::CallData::new().arg("joe").arg("secret");
    /// # assert!(open(&call.open_args()).is_ok());
    /// ```
    ///
    /// # Errors
    /// If a word is not UTF-8; the error says which.
    pub fn text_args(&self) -> Result<Vec<&'a str>> {
        let text = |(at, word)| {
            std::str::from_utf8(word)
                .map_err(|_| format!("word {} of the plugin line is not UTF-8", at + 1).into())
        };
        self.args().enumerate().map(text).collect()
    }

    /// The plugin's file name as the `plugin` line gives it.
    #[must_use]
    pub fn file(&self) -> Option<&'a [u8]> {
        self.words.iter().next()
    }

    /// The environment at this time: `verb`, `daemon`, `daemon_log_redirect`, `config` and so on.
    #[must_use]
    pub fn env(&self) -> Env<'a> {
        self.env
    }

    /// How much OpenVPN is to log, 0 to 11 (`verb`).
    #[must_use]
    pub fn verb(&self) -> Option<u32> {
        self.env.get_number("verb")
    }

    /// Whether OpenVPN is, or will be, a daemon (`daemon`).
    #[must_use]
    pub fn is_daemon(&self) -> bool {
        self.env.get("daemon") == Some(b"1")
    }

    /// Whether OpenVPN's log goes to a file of its own (`daemon_log_redirect`).
    #[must_use]
    pub fn log_is_redirected(&self) -> bool {
        self.env.get("daemon_log_redirect") == Some(b"1")
    }

    /// OpenVPN's configuration file (`config`); `None` if all options are on its command line.
    #[must_use]
    pub fn config_file(&self) -> Option<&'a Path> {
        crate::events::path(self.env.get("config")?)
    }

    /// What tells this OpenVPN from others on the same machine: the name of its configuration file, without directory
    /// and ending (`server1` for `/etc/openvpn/server/server1.conf`). ASCII letters, digits and `.`, `_`, `-`, `@`, `+`
    /// stay, every other character is a `_`; at most 64 characters. So it can stand in any log line.
    #[must_use]
    pub fn config_name(&self) -> Option<String> {
        const MAX_CHARACTERS: usize = 64;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-@+".contains(c);
        let name = self.config_file()?.file_stem()?.to_string_lossy();
        Some(name.chars().take(MAX_CHARACTERS).map(|c| if plain(c) { c } else { '_' }).collect())
    }

    /// The connections of the configuration, numbered from 1 in variables: of a server the one it offers, of a client
    /// those it tries in turn.
    pub fn connections(&self) -> impl Iterator<Item = Connection<'a>> + use<'a> {
        let place = |name: &'a str| {
            let (what, n) = name.rsplit_once('_')?;
            Some((number(n)?, what))
        };
        let all = collect(self.env, place, |parts: &mut ConnectionParts<'a>, what, value| {
            let part = match what {
                "proto" => &mut parts.protocol,
                "local" => &mut parts.local,
                "local_port" => &mut parts.local_port,
                "remote" => &mut parts.remote,
                "remote_port" => &mut parts.remote_port,
                _ => return,
            };
            if let (None, Ok(text)) = (&part, std::str::from_utf8(value)) {
                *part = Some(text);
            }
        });
        without_gaps(all).map_while(|parts| {
            Some(Connection {
                protocol: parts.protocol?,
                local: parts.local,
                local_port: parts.local_port,
                remote: parts.remote,
                remote_port: parts.remote_port,
            })
        })
    }

    /// The events this OpenVPN has.
    #[must_use]
    pub fn offered(&self) -> EventSet {
        self.offered
    }

    /// The host's version of the argument structs: 1 since OpenVPN 2.3, 5 since 2.5.
    #[must_use]
    pub fn struct_version(&self) -> i32 {
        self.struct_version
    }

    /// The TLS library OpenVPN is built with; `None` below struct version 2.
    #[must_use]
    pub fn ssl_api(&self) -> Option<SslApi> {
        self.ssl_api
    }

    /// The version of OpenVPN; `None` below struct version 3.
    #[must_use]
    pub fn openvpn_version(&self) -> Option<Version<'a>> {
        self.openvpn_version
    }
}

impl fmt::Debug for OpenArgs<'_> {
    /// Shows neither arguments nor environment: they may hold secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OpenArgs")
            .field("offered", &self.offered)
            .field("struct_version", &self.struct_version)
            .field("ssl_api", &self.ssl_api)
            .field("openvpn_version", &self.openvpn_version)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CallData;

    #[test]
    fn words_are_text_or_an_error_that_says_which() {
        let call = CallData::new().arg("joe").arg("ü");
        assert_eq!(call.open_args().text_args().unwrap(), ["joe", "ü"]);
        assert_eq!(call.open_args().file(), Some(&b"plugin.so"[..]));
        let call = call.arg(b"\xff");
        let error = call.open_args().text_args().unwrap_err();
        assert_eq!(error.to_string(), "word 3 of the plugin line is not UTF-8");
    }

    #[test]
    fn reads_the_time_of_opening() {
        let call = CallData::new()
            .env("verb", "4")
            .env("daemon", "1")
            .env("daemon_log_redirect", "0")
            .env("config", "/etc/openvpn/server.conf")
            .env("proto_1", "udp")
            .env("remote_1", "vpn.example")
            .env("remote_port_1", "1194")
            .env("proto_2", "tcp-client")
            .env("local_2", "192.0.2.1")
            .env("local_port_2", "openvpn");
        let args = call.open_args();
        assert_eq!((args.verb(), args.is_daemon(), args.log_is_redirected()), (Some(4), true, false));
        assert_eq!(args.config_file(), Some(Path::new("/etc/openvpn/server.conf")));
        assert_eq!(args.config_name().as_deref(), Some("server"));
        let connections: Vec<Connection<'_>> = args.connections().collect();
        assert_eq!(connections.len(), 2);
        assert_eq!((connections[0].protocol, connections[0].remote), ("udp", Some("vpn.example")));
        assert_eq!((connections[0].remote_port, connections[0].local), (Some("1194"), None));
        assert_eq!((connections[1].local, connections[1].local_port), (Some("192.0.2.1"), Some("openvpn")));
    }

    #[test]
    fn the_name_of_the_configuration_can_stand_in_a_log_line() {
        let name = |config: &str| CallData::new().env("config", config).open_args().config_name();
        assert_eq!(name("server1.conf").as_deref(), Some("server1"));
        assert_eq!(name("/etc/openvpn/server/a-b@c_2.tcp.conf").as_deref(), Some("a-b@c_2.tcp"));
        assert_eq!(name("it's a \\\n]: \u{fc}.conf").as_deref(), Some("it_s_a_______"));
        assert_eq!(name(&"x".repeat(200)), Some("x".repeat(64)));
        assert_eq!(name("/"), None);
        assert_eq!(CallData::new().open_args().config_name(), None);
    }
}
