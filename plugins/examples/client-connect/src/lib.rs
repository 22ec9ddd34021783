//! Gives connecting clients options, in each of the ways OpenVPN has.
//!
//! `plugin libexample_client_connect.so MODE [OPTION]...`: each `OPTION` is pushed to every client, such as
//! `"route 10.9.0.0 255.255.0.0"`. `MODE` is `file` or `list` (how OpenVPN takes the options), `later-file` or
//! `later-list` (the same when OpenVPN asks again, half a second later), or `thread` (a thread decides).

use std::time::{Duration, Instant};

use ovpn_plugin::{
    ClientConfig, ClientConnect, ClientConnectDefer, ClientConnectDeferV2, ClientConnectReply,
    ClientConnectV2, ClientConnectV2Reply, ClientState, EventSet, OpenArgs, Plugin, Result, Tasks,
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

#[ovpn_plugin::plugin]
impl Plugin for ClientConnects {
    const NAME: &'static str = "CLIENT-CONNECT";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
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
            config.push(option)?;
        }
        Ok(Self { mode, config, tasks: Tasks::new(100) })
    }

    fn unwanted_events(&self) -> EventSet {
        let wanted = match self.mode {
            Mode::File | Mode::Thread => EventSet::CLIENT_CONNECT,
            Mode::List => EventSet::CLIENT_CONNECT_V2,
            Mode::LaterFile => EventSet::CLIENT_CONNECT | EventSet::CLIENT_CONNECT_DEFER,
            Mode::LaterList => EventSet::CLIENT_CONNECT_V2 | EventSet::CLIENT_CONNECT_DEFER_V2,
        };
        EventSet::ALL.without(wanted)
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        match self.mode {
            Mode::LaterFile => {
                remember(event.client::<Self>().as_deref_mut());
                Ok(ClientConnectReply::AskAgain)
            }
            Mode::Thread => self.decide_in_a_thread(event),
            _ => {
                event.write_config(&self.config)?;
                Ok(ClientConnectReply::Accept)
            }
        }
    }

    fn client_connect_defer(&mut self, event: &ClientConnectDefer<'_>) -> Result<ClientConnectReply> {
        if !is_over(event.client::<Self>().as_deref()) {
            return Ok(ClientConnectReply::AskAgain);
        }
        event.write_config(&self.config)?;
        Ok(ClientConnectReply::Accept)
    }

    fn client_connect_v2(&mut self, event: &ClientConnectV2<'_>) -> Result<ClientConnectV2Reply> {
        if self.mode == Mode::LaterList {
            remember(event.client::<Self>().as_deref_mut());
            return Ok(ClientConnectV2Reply::AskAgain);
        }
        Ok(ClientConnectV2Reply::Accept(self.config.clone()))
    }

    fn client_connect_defer_v2(&mut self, event: &ClientConnectDeferV2<'_>) -> Result<ClientConnectV2Reply> {
        Ok(if is_over(event.client::<Self>().as_deref()) {
            ClientConnectV2Reply::Accept(self.config.clone())
        } else {
            ClientConnectV2Reply::AskAgain
        })
    }
}

impl ClientConnects {
    fn decide_in_a_thread(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        let config = self.config.clone();
        event.answer_in(&mut self.tasks, move |stop| -> Result<ClientConfig> {
            stop.wait(DELAY)?;
            Ok(config)
        })
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

ovpn_plugin::export!(ClientConnects);

#[cfg(test)]
mod tests {
    use ovpn_plugin::EventSet;
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
