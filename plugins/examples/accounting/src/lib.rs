//! Writes down which client was there, how long, and with how much traffic: a line for each that comes and that goes.
//!
//! `plugin libexample_accounting.so FILE`: lines are appended to `FILE`, their parts divided by tabs: seconds since
//! 1970, `connect` or `disconnect`, common name, username, address of the client, its address in the tunnel, and of one
//! that goes the bytes received from it, the bytes sent to it, and the seconds it was there. What is not known is `-`.
//!
//! The file is opened as root, before OpenVPN goes into a `chroot`. It may be renamed while the server runs; see `book`.

mod book;

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::Path;
use std::time::SystemTime;

use ovpn_plugin::{
    ClientConnect, ClientConnectReply, ClientDisconnect, ClientDisconnectReply, OpenArgs, Plugin,
    PoolAddresses, Result, escape,
};

use book::Book;

struct Accounting {
    book: Book,
}

/// A client, as one line has it.
struct Client<'a> {
    common_name: Option<&'a [u8]>,
    username: Option<&'a [u8]>,
    address: Option<SocketAddr>,
    pool: PoolAddresses<'a>,
}

#[ovpn_plugin::plugin]
impl Plugin for Accounting {
    const NAME: &'static str = "ACCOUNTING";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [file] = args.text_args()?[..] else { return Err("wanted: plugin FILE FILE".into()) };
        let book = Book::open(Path::new(file)).map_err(|error| format!("{file}: {error}"))?;
        Ok(Self { book })
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        let client = Client {
            common_name: event.common_name(),
            username: event.username(),
            address: event.trusted_address(),
            pool: event.pool(),
        };
        self.put("connect", &client, [None; 3]);
        Ok(ClientConnectReply::Accept)
    }

    fn client_disconnect(&mut self, event: &ClientDisconnect<'_>) -> Result<ClientDisconnectReply> {
        let client = Client {
            common_name: event.common_name(),
            username: event.username(),
            address: event.trusted_address(),
            pool: event.pool(),
        };
        let seconds = event.duration().map(|time| time.as_secs());
        self.put("disconnect", &client, [event.bytes_received(), event.bytes_sent(), seconds]);
        Ok(ClientDisconnectReply::Done)
    }
}

impl Accounting {
    /// Nobody is kept out because of a full disk: then the log has the line.
    fn put(&mut self, what: &str, client: &Client<'_>, figures: [Option<u64>; 3]) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let [received, sent, seconds] = figures.map(or_dash);
        let line = format!(
            "{}\t{what}\t{}\t{}\t{}\t{}\t{received}\t{sent}\t{seconds}",
            now.as_secs(),
            or_dash(client.common_name.map(escape)),
            or_dash(client.username.map(escape)),
            or_dash(client.address),
            or_dash(client.pool.address()),
        );
        if let Err(error) = self.book.put(&line) {
            log::error!("{}: {error}; lost: {line}", self.book.name());
        }
    }
}

fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

ovpn_plugin::export!(Accounting);

#[cfg(test)]
mod tests {
    use std::fs;

    use ovpn_plugin::EventSet;
    use ovpn_plugin::testing::{CallData, ConnectFiles, Outcome, Running};

    use super::*;

    fn plugin(file: &Path) -> Running<Accounting> {
        Running::open(&CallData::new().arg(file.to_str().unwrap())).unwrap()
    }

    fn client(call: CallData, name: &str) -> CallData {
        call.env("common_name", name)
            .env("trusted_ip", "192.0.2.7")
            .env("trusted_port", "4711")
            .env("ifconfig_pool_remote_ip", "10.8.0.6")
    }

    fn disconnect(plugin: &mut Running<Accounting>, name: &str) -> Outcome {
        let call = client(CallData::new(), name)
            .env("username", "joe")
            .env("bytes_received", "5000000000")
            .env("bytes_sent", "7")
            .env("time_duration", "90");
        plugin.call(EventSet::CLIENT_DISCONNECT, &call).outcome
    }

    /// The lines without their times.
    fn lines(file: &Path) -> Vec<String> {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
        let rest =
            |line: &str| line.split_once('\t').map(|(time, rest)| (time.parse::<u64>(), rest.to_owned()));
        text.lines().filter_map(rest).map(|(time, rest)| (time.unwrap(), rest).1).collect()
    }

    const GONE: &str = "disconnect\tjoe-1\tjoe\t192.0.2.7:4711\t10.8.0.6\t5000000000\t7\t90";

    #[test]
    fn a_line_for_each_that_comes_and_goes() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("accounts");
        let mut plugin = plugin(&file);
        let files = ConnectFiles::new().unwrap();
        let call = client(files.call(), "joe\t\\1\n");
        assert_eq!(plugin.call(EventSet::CLIENT_CONNECT, &call).outcome, Outcome::Success);
        assert_eq!(disconnect(&mut plugin, "joe-1"), Outcome::Success);
        let came = r"connect_joe\t\\1\n_-_192.0.2.7:4711_10.8.0.6_-_-_-".replace('_', "\t");
        assert_eq!(lines(&file), [&came, GONE]);
    }

    /// As logrotate does: the file gets another name, and perhaps there is a new one.
    #[test]
    fn a_renamed_file_is_not_written_to_any_more() {
        let directory = tempfile::tempdir().unwrap();
        let (file, old) = (directory.path().join("accounts"), directory.path().join("accounts.1"));
        let mut plugin = plugin(&file);
        disconnect(&mut plugin, "joe-1");
        fs::rename(&file, &old).unwrap();
        disconnect(&mut plugin, "joe-1");
        fs::rename(&file, directory.path().join("accounts.2")).unwrap();
        fs::write(&file, "").unwrap();
        disconnect(&mut plugin, "joe-1");
        for name in ["accounts", "accounts.1", "accounts.2"] {
            assert_eq!(lines(&directory.path().join(name)), [GONE], "{name}");
        }
        // And one that was copied and emptied goes on at its beginning.
        fs::write(&file, "").unwrap();
        disconnect(&mut plugin, "joe-1");
        assert_eq!(lines(&file), [GONE]);
    }

    #[test]
    fn without_a_new_file_the_old_one_takes_it() {
        let directory = tempfile::tempdir().unwrap();
        let (file, old) = (directory.path().join("accounts"), directory.path().join("accounts.1"));
        let mut plugin = plugin(&file);
        fs::rename(&file, &old).unwrap();
        fs::create_dir(&file).unwrap();
        disconnect(&mut plugin, "joe-1");
        disconnect(&mut plugin, "joe-1");
        assert_eq!(lines(&old), [GONE, GONE]);
        let warned = plugin.log_lines().iter().filter(|line| line.text.contains("has another name")).count();
        assert_eq!(warned, 1, "{:?}", plugin.log_lines());
        fs::remove_dir(&file).unwrap();
        disconnect(&mut plugin, "joe-1");
        assert_eq!(lines(&file), [GONE]);
    }

    #[test]
    fn what_is_no_file_is_refused_at_the_start() {
        for file in ["/", "/dev/null", "/nonexistent/accounts"] {
            assert!(Running::<Accounting>::open(&CallData::new().arg(file)).is_err(), "{file}");
        }
    }

    #[test]
    fn a_full_disk_keeps_nobody_out() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("accounts");
        let mut book = Book::open(&file).unwrap();
        book.fill();
        assert!(book.put("lost").is_err());
        book.has_room(&file);
        book.put("one").unwrap();
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            "\none\n",
            "whatever was written of the lost one, it ends"
        );
    }
}
