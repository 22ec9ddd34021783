//! Gives connecting clients options, in each of the ways OpenVPN has.
//!
//! `plugin libexample_client_connect.so MODE [OPTION]...`: each `OPTION` is pushed to every client, such as
//! `"route 10.9.0.0 255.255.0.0"`. `MODE` is `file` or `list` (how OpenVPN takes the options), `later-file` or
//! `later-list` (the same when OpenVPN asks again, half a second later), or `thread` (a thread decides).

use std::time::{Duration, Instant};

use ovpn_plugin::{
    ClientConfig, ClientConnect, ClientConnectDefer, ClientConnectDeferV2, ClientConnectReply,
    ClientConnectV2, ClientConnectV2Reply, ClientState, EventSet, OpenArgs, OpenError, Plugin, Tasks,
};

const DELAY: Duration = Duration::from_millis(500);

struct ClientConnects {
    mode: Mode,
    config: ClientConfig,
    tasks: Tasks,
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    File,
    List,
    LaterFile,
    LaterList,
    Thread,
}

impl Plugin for ClientConnects {
    const NAME: &'static str = "CLIENT-CONNECT";

    fn open(args: &OpenArgs<'_>) -> Result<Self, OpenError> {
        let mut words = args.text_args()?.into_iter();
        let mode = match words.next().unwrap_or_default() {
            "file" => Mode::File,
            "list" => Mode::List,
            "later-file" => Mode::LaterFile,
            "later-list" => Mode::LaterList,
            "thread" => Mode::Thread,
            other => return Err(format!("the mode '{other}' is unknown").into()),
        };
        let mut config = ClientConfig::new();
        for option in words {
            config.push(option).map_err(OpenError::from_error)?;
        }
        Ok(Self { mode, config, tasks: Tasks::new(100) })
    }

    fn events(&self) -> EventSet {
        match self.mode {
            Mode::File | Mode::Thread => EventSet::CLIENT_CONNECT,
            Mode::List => EventSet::CLIENT_CONNECT_V2,
            Mode::LaterFile => EventSet::CLIENT_CONNECT | EventSet::CLIENT_CONNECT_DEFER,
            Mode::LaterList => EventSet::CLIENT_CONNECT_V2 | EventSet::CLIENT_CONNECT_DEFER_V2,
        }
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> ClientConnectReply {
        match self.mode {
            Mode::LaterFile => {
                remember(event.client::<Self>().as_deref_mut());
                ClientConnectReply::Deferred
            }
            Mode::Thread => self.decide_in_a_thread(event),
            _ => written(event.write_config(&self.config)),
        }
    }

    fn client_connect_defer(&mut self, event: &ClientConnectDefer<'_>) -> ClientConnectReply {
        if is_over(event.client::<Self>().as_deref()) {
            written(event.write_config(&self.config))
        } else {
            ClientConnectReply::Deferred
        }
    }

    fn client_connect_v2(&mut self, event: &ClientConnectV2<'_>) -> ClientConnectV2Reply {
        if self.mode == Mode::LaterList {
            remember(event.client::<Self>().as_deref_mut());
            return ClientConnectV2Reply::Deferred;
        }
        ClientConnectV2Reply::Accept(self.config.clone())
    }

    fn client_connect_defer_v2(&mut self, event: &ClientConnectDeferV2<'_>) -> ClientConnectV2Reply {
        if is_over(event.client::<Self>().as_deref()) {
            ClientConnectV2Reply::Accept(self.config.clone())
        } else {
            ClientConnectV2Reply::Deferred
        }
    }
}

impl ClientConnects {
    fn decide_in_a_thread(&mut self, event: &ClientConnect<'_>) -> ClientConnectReply {
        let config = self.config.clone();
        let started = event.defer().map_err(|error| error.to_string()).and_then(|decision| {
            let task = self.tasks.spawn("client-connect", move |stop| {
                // Dropping the decision, as here when the plugin is closed, refuses the client.
                if stop.wait(DELAY).is_ok() && decision.accept(&config).is_err() {
                    log::error!("the client's options cannot be written");
                }
            });
            task.map_err(|error| error.to_string())
        });
        match started {
            Ok(()) => ClientConnectReply::Deferred,
            Err(error) => {
                log::error!("{error}");
                ClientConnectReply::Reject
            }
        }
    }
}

/// When a client may come in.
impl ClientState for ClientConnects {
    type State = Option<Instant>;

    fn new_client(&mut self) -> Option<Instant> {
        None
    }
}

fn remember(client: Option<&mut Option<Instant>>) {
    if let Some(client) = client {
        *client = Some(Instant::now() + DELAY);
    }
}

fn is_over(client: Option<&Option<Instant>>) -> bool {
    client.is_some_and(|client| client.is_some_and(|end| Instant::now() >= end))
}

fn written(result: std::io::Result<()>) -> ClientConnectReply {
    match result {
        Ok(()) => ClientConnectReply::Accept,
        Err(error) => {
            log::error!("the client's options cannot be written: {error}");
            ClientConnectReply::Reject
        }
    }
}

ovpn_plugin::export!(ClientConnects, client_state);

#[cfg(test)]
mod tests {
    use ovpn_plugin::testing::{CallData, ConnectFiles, Outcome, Running};

    use super::*;

    const PUSHED: &str = "push \"route 10.9.0.0\"\n";

    fn plugin(mode: &str) -> Running<ClientConnects> {
        Running::open(&CallData::new().arg(mode).arg("route 10.9.0.0")).unwrap()
    }

    #[test]
    fn by_file_and_by_list() {
        let files = ConnectFiles::new().unwrap();
        assert_eq!(plugin("file").call(EventSet::CLIENT_CONNECT, &files.call()).outcome, Outcome::Success);
        assert_eq!(files.config(), PUSHED);
        let reply = plugin("list").call(EventSet::CLIENT_CONNECT_V2, &CallData::new());
        assert_eq!((reply.outcome, reply.config.as_deref()), (Outcome::Success, Some(PUSHED)));
    }

    #[test]
    fn asked_again() {
        let mut plugin = plugin("later-list");
        let (mut client, call) = (plugin.client(), CallData::new());
        let first = plugin.call_for(&mut client, EventSet::CLIENT_CONNECT_V2, &call);
        let started = Instant::now();
        assert_eq!(first.outcome, Outcome::Deferred);
        let reply = loop {
            let reply = plugin.call_for(&mut client, EventSet::CLIENT_CONNECT_DEFER_V2, &call);
            if reply.outcome != Outcome::Deferred || started.elapsed() > Duration::from_secs(20) {
                break reply;
            }
            std::thread::yield_now();
        };
        assert_eq!((reply.outcome, reply.config.as_deref()), (Outcome::Success, Some(PUSHED)));
    }

    #[test]
    fn closing_refuses_what_is_undecided() {
        let files = ConnectFiles::new().unwrap();
        let mut plugin = plugin("thread");
        assert_eq!(plugin.call(EventSet::CLIENT_CONNECT, &files.call()).outcome, Outcome::Deferred);
        assert_eq!(files.verdict(), "2");
        drop(plugin);
        assert_eq!(files.verdict(), "0");
    }
}
