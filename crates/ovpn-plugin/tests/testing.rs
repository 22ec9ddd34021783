//! What `ovpn_plugin::testing` promises those who test a plugin with it.

use std::process::Command;
use std::time::Duration;

use ovpn_plugin::testing::{CallData, Connect, ConnectFiles, Login, Running, Session};
use ovpn_plugin::{
    AuthReply, AuthUserPassVerify, Challenge, ClientConfig, ClientConnect, ClientConnectDefer,
    ClientConnectDeferV2, ClientConnectReply, ClientConnectV2, ClientConnectV2Reply, ClientCrResponse,
    ClientCrResponseReply, ClientDisconnect, ClientDisconnectReply, ClientState, Decision, EventSet,
    LearnAddress, LearnAddressReply, OpenArgs, Pending, Plugin, Rejection, Result, Stop, Tasks, TlsFinal,
    TlsFinalReply,
};

const LIMIT: Duration = Duration::from_secs(20);

/// Does what the password and the username say.
struct Obedient {
    tasks: Tasks,
    unwanted: EventSet,
}

/// What is kept for a client.
#[derive(Default)]
struct Kept {
    logins: u32,
    waiting: Option<Decision>,
}

#[ovpn_plugin::plugin]
impl Plugin for Obedient {
    const NAME: &'static str = "OBEDIENT";
    const LINES_NAME_THE_CLIENT: bool = false;

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let unwanted = match args.text_args()?[..] {
            [] => EventSet::NONE,
            ["no-addresses"] => EventSet::LEARN_ADDRESS,
            _ => EventSet::LEARN_ADDRESS | EventSet::CLIENT_CONNECT_V2 | EventSet::CLIENT_CONNECT_DEFER_V2,
        };
        Ok(Self { tasks: Tasks::new(4), unwanted })
    }

    fn unwanted_events(&self) -> EventSet {
        self.unwanted
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        if let Some(answer) = event.challenge_response() {
            let right = answer.response == b"42" && answer.state_id == "id";
            return Ok(if right { AuthReply::Accept } else { AuthReply::Reject });
        }
        let mut kept = event.client::<Self>().unwrap();
        kept.logins += 1;
        Ok(match event.password().unwrap_or_default() {
            b"later" => {
                let (decision, deferral) = event.defer()?;
                self.tasks.spawn("later", move |_| decision.accept().unwrap())?;
                AuthReply::Deferred(deferral)
            }
            b"never" => {
                let (decision, deferral) = event.defer()?;
                kept.waiting = Some(decision);
                AuthReply::Deferred(deferral)
            }
            b"task panics" => {
                let (decision, deferral) = event.defer()?;
                let task = move |_: &Stop| {
                    let _dropped = decision;
                    panic!("in a task");
                };
                self.tasks.spawn("panics", task)?;
                AuthReply::Deferred(deferral)
            }
            b"crtext" => {
                let (decision, deferral) = event.defer()?;
                kept.waiting = Some(decision);
                AuthReply::Pending(Pending::text(Duration::from_secs(60), "How much?")?, deferral)
            }
            b"crv1" => {
                let challenge = Challenge::new("id", event.username().unwrap(), "How much?")?;
                AuthReply::RejectWith(Rejection::challenge(&challenge))
            }
            b"reject" => AuthReply::RejectWith(Rejection::because("as you wish")),
            b"panic" => panic!("as you wish"),
            _ => AuthReply::Accept,
        })
    }

    fn tls_final(&mut self, event: &TlsFinal<'_>) -> Result<TlsFinalReply> {
        log::info!("password at the end: {:?}", event.env().get_str("password"));
        Ok(TlsFinalReply::Accept)
    }

    fn client_crresponse(&mut self, event: &ClientCrResponse<'_>) -> Result<ClientCrResponseReply> {
        let decision = event.client::<Self>().unwrap().waiting.take().unwrap();
        if event.decoded_response().as_deref() == Some(b"42") {
            decision.accept()?;
        }
        Ok(ClientCrResponseReply::Done)
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        match event.username() {
            Some(b"late") => {
                let (decision, deferral) = event.defer()?;
                let mut config = ClientConfig::new();
                config.option("max-routes-per-client 20")?;
                self.tasks.spawn("connect", move |_| decision.accept(&config).unwrap())?;
                Ok(ClientConnectReply::Deferred(deferral))
            }
            Some(b"refused late") => {
                let (decision, deferral) = event.defer()?;
                self.tasks.spawn("connect", move |_| drop(decision))?;
                Ok(ClientConnectReply::Deferred(deferral))
            }
            Some(b"refused") => Ok(ClientConnectReply::Reject),
            Some(b"error") => Err("no backend".into()),
            Some(b"panic") => panic!("while connecting"),
            _ => Ok(ClientConnectReply::Accept),
        }
    }

    fn client_connect_defer(&mut self, _: &ClientConnectDefer<'_>) -> Result<ClientConnectReply> {
        Ok(ClientConnectReply::Accept)
    }

    fn client_connect_v2(&mut self, event: &ClientConnectV2<'_>) -> Result<ClientConnectV2Reply> {
        Ok(match event.username() {
            Some(b"twice" | b"refused twice") => ClientConnectV2Reply::AskAgain,
            Some(b"refused by list") => ClientConnectV2Reply::Reject,
            _ => ClientConnectV2Reply::Accept(ClientConfig::new()),
        })
    }

    fn client_connect_defer_v2(&mut self, event: &ClientConnectDeferV2<'_>) -> Result<ClientConnectV2Reply> {
        let mut config = ClientConfig::new();
        config.option("max-routes-per-client 7")?;
        let refused = event.username() == Some(b"refused twice");
        Ok(if refused { ClientConnectV2Reply::Reject } else { ClientConnectV2Reply::Accept(config) })
    }

    fn learn_address(&mut self, event: &LearnAddress<'_>) -> Result<LearnAddressReply> {
        log::info!("{:?} of {:?}", event.change(), event.username());
        Ok(LearnAddressReply::Accept)
    }

    fn client_disconnect(&mut self, event: &ClientDisconnect<'_>) -> Result<ClientDisconnectReply> {
        let file = event.env().get_str("client_connect_config_file");
        log::info!("gone, let in: {}, file {file:?}", event.was_let_in());
        Ok(ClientDisconnectReply::Done)
    }
}

impl ClientState for Obedient {
    type State = Kept;

    fn new_client(&mut self) -> Kept {
        Kept::default()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        log::info!("state dropped after {} logins", self.logins);
        assert!(self.logins < 9, "a state that panics when it is dropped");
    }
}

fn open() -> Running<Obedient> {
    Running::open(&CallData::new()).unwrap()
}

#[test]
fn a_panic_of_a_task_is_a_line_and_rejects() {
    let mut plugin = open();
    let mut session = Session::with_state(&mut plugin);
    assert_eq!(session.log_in(&mut plugin, "joe", "task panics"), Login::Rejected(String::new()));
    let line = plugin.wait_for_log("panic in a thread of the plugin at ", LIMIT).unwrap();
    assert!(line.text.ends_with(": in a task") && line.text.contains("testing.rs"), "{line}");
    assert_eq!(plugin.errors(), [line]);
}

#[test]
fn a_panic_in_an_event_says_where() {
    let mut plugin = open();
    let mut session = Session::with_state(&mut plugin);
    assert_eq!(session.log_in(&mut plugin, "joe", "panic"), Login::Rejected(String::new()));
    let [line] = &plugin.errors()[..] else { panic!("{:?}", plugin.log_lines()) };
    assert!(
        line.text.contains("panic in AUTH_USER_PASS_VERIFY") && line.text.contains("testing.rs"),
        "{line}"
    );
}

#[test]
fn a_session_without_the_state_that_the_plugin_has_is_a_mistake() {
    let mut plugin = open();
    let mut session = Session::new(&mut plugin);
    assert_eq!(session.log_in(&mut plugin, "joe", "please"), Login::Rejected(String::new()));
    let [line] = &plugin.errors()[..] else { panic!("{:?}", plugin.log_lines()) };
    assert!(line.text.contains("its test needs Session::with_state"), "{line}");
}

#[test]
fn each_plugin_of_a_test_keeps_its_lines() {
    let first = open();
    let second = open();
    log::info!("to both");
    drop(first);
    assert!(second.logged("to both"));
}

#[test]
fn variables_stay_from_event_to_event_but_secrets() {
    let mut plugin = open();
    let mut session = Session::with_state(&mut plugin).env("IV_PLAT", "win");
    assert_eq!(session.log_in(&mut plugin, "joe", "x"), Login::Accepted);
    assert!(plugin.logged("password at the end: None"));
    assert_eq!(session.variable("username"), Some(&b"joe"[..]));
    assert_eq!(session.variable("IV_PLAT"), Some(&b"win"[..]));
    assert_eq!(session.variable("trusted_ip"), Some(&b"192.0.2.7"[..]));
    assert_eq!(session.connect(&mut plugin), Connect::LetIn(String::new()));
    assert!(
        plugin.logged("Some(Add { common_name: [99, 108, 105, 101, 110, 116] }) of Some([106, 111, 101])")
    );
    let _ = session.log_in(&mut plugin, "joe", "x");
    assert_eq!(session.client().state::<Obedient>().unwrap().logins, 2);
    session.leave(&mut plugin);
    let lines: Vec<_> = plugin.close().into_iter().map(|line| line.text).collect();
    let [.., gone, dropped, forgotten] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(gone, "gone, let in: true, file None");
    assert_eq!(dropped, "state dropped after 2 logins");
    assert_eq!(forgotten, "Some(Delete) of None");
}

#[test]
fn verdicts_that_come_later_are_waited_for() {
    let mut plugin = open();
    let mut session = Session::with_state(&mut plugin).patience(Duration::from_millis(20));
    assert_eq!(session.log_in(&mut plugin, "joe", "never"), Login::Undecided);
    let mut session = session.patience(LIMIT);
    assert_eq!(session.log_in(&mut plugin, "joe", "later"), Login::Accepted);
    assert_eq!(session.log_in(&mut plugin, "late", "x"), Login::Accepted);
    let config = "max-routes-per-client 20\n".to_owned();
    assert_eq!(session.connect(&mut plugin), Connect::LetIn(config));
    let mut session = Session::with_state(&mut plugin);
    assert_eq!(session.log_in(&mut plugin, "twice", "x"), Login::Accepted);
    let config = "max-routes-per-client 7\n".to_owned();
    assert_eq!(session.connect(&mut plugin), Connect::LetIn(config));
}

/// As OpenVPN 2.6 and 2.7 do it: the end of a client that was refused comes, and the plugin can tell.
#[test]
fn a_refused_client_was_not_let_in() {
    for (username, connect) in [
        ("joe", Connect::LetIn(String::new())),
        ("late", Connect::LetIn("max-routes-per-client 20\n".to_owned())),
        ("twice", Connect::LetIn("max-routes-per-client 7\n".to_owned())),
        ("refused", Connect::Refused),
        ("refused late", Connect::Refused),
        ("refused by list", Connect::Refused),
        ("refused twice", Connect::Refused),
        ("error", Connect::Refused),
        ("panic", Connect::Refused),
    ] {
        let by_list = ["twice", "refused by list", "refused twice"].contains(&username);
        for words in [&[][..], &["no-addresses"], &["files-only"]] {
            if by_list && words == ["files-only"] {
                continue;
            }
            let call = words.iter().fold(CallData::new(), |call, word| call.arg(word));
            let mut plugin = Running::<Obedient>::open(&call).unwrap();
            let mut session = Session::with_state(&mut plugin);
            assert_eq!(session.log_in(&mut plugin, username, "x"), Login::Accepted);
            assert_eq!(session.connect(&mut plugin), connect, "{username}");
            session.leave(&mut plugin);
            let lines = plugin.close();
            let gone: Vec<_> = lines.iter().filter(|line| line.text.starts_with("gone, let in: ")).collect();
            let expected = format!("gone, let in: {}, file None", connect != Connect::Refused);
            assert!(matches!(gone[..], [line] if line.text == expected), "{username} {words:?}: {lines:?}");
        }
    }
}

/// Another one, which this plugin did not hear of, has refused the client.
#[test]
fn a_client_that_something_else_refused_was_not_let_in() {
    let mut plugin = open();
    let call = |plugin: &mut Running<Obedient>, session: &mut Session<Obedient>, event| {
        let _ = session.pass(plugin, event, &CallData::new());
    };
    let mut before_it = Session::with_state(&mut plugin);
    call(&mut plugin, &mut before_it, EventSet::CLIENT_DISCONNECT);
    let mut after_it = Session::with_state(&mut plugin);
    let _ = after_it.log_in(&mut plugin, "joe", "x");
    call(&mut plugin, &mut after_it, EventSet::CLIENT_CONNECT);
    call(&mut plugin, &mut after_it, EventSet::CLIENT_CONNECT_V2);
    call(&mut plugin, &mut after_it, EventSet::CLIENT_DISCONNECT);
    let said: Vec<_> = plugin.log_lines().into_iter().filter(|line| line.text.contains("let in")).collect();
    assert_eq!(said.len(), 2);
    assert!(said.iter().all(|line| line.text.contains("let in: false")), "{said:?}");
}

/// The same calls, whichever way the client is asked.
#[test]
fn questions_are_answered_in_both_ways() {
    for (password, by_event) in [("crtext", true), ("crv1", false)] {
        for (answer, login) in [("42", Login::Accepted), ("43", Login::Rejected(String::new()))] {
            let mut plugin = open();
            let mut session = Session::with_state(&mut plugin).env("IV_SSO", "crtext");
            let asked = session.log_in(&mut plugin, "joe", password);
            let Login::Asked(question) = asked else { panic!("{asked:?}") };
            assert_eq!((question.text(), question.method().is_some()), ("How much?", by_event));
            assert_eq!(session.login_files().unwrap().question(), Some(question));
            assert_eq!(session.answer(&mut plugin, answer), login);
            assert_eq!(session.variable("IV_SSO"), Some(&b"crtext"[..]));
        }
    }
}

#[test]
fn a_state_that_panics_when_it_is_dropped_is_a_line() {
    let mut plugin = open();
    let mut client = plugin.client();
    client.state_mut::<Obedient>().unwrap().logins = 9;
    drop(client);
    assert!(plugin.errors()[0].text.contains("panic in client destructor"), "{:?}", plugin.log_lines());
}

#[test]
fn the_verdict_about_a_client_is_waited_for() {
    let files = ConnectFiles::new().unwrap();
    let (decision, _deferral) = files.call().event::<ClientConnect<'_>>().defer().unwrap();
    assert_eq!(files.wait_for_verdict(Duration::ZERO), None);
    let thread = std::thread::spawn(move || decision.accept(&ClientConfig::new()));
    assert_eq!(files.wait_for_verdict(LIMIT), Some(true));
    thread.join().unwrap().unwrap();
    let files = ConnectFiles::new().unwrap();
    files.call().event::<ClientConnect<'_>>().defer().unwrap().0.reject().unwrap();
    assert_eq!(files.wait_for_verdict(LIMIT), Some(false));
}

#[test]
#[ignore = "fails on purpose, for the test below"]
fn fails_on_purpose() {
    let mut plugin = open();
    let mut session = Session::with_state(&mut plugin);
    assert_eq!(session.log_in(&mut plugin, "joe", "x"), Login::Undecided);
}

#[test]
fn the_log_is_shown_when_a_test_fails() {
    let own = std::env::current_exe().unwrap();
    let output = Command::new(own).args(["--ignored", "--exact", "fails_on_purpose"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success());
    assert!(
        text.contains("the plugin's log, ") && text.contains("INFO: password at the end: None"),
        "{text}"
    );
}
