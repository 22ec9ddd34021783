//! A second plugin decides too: nobody is in before both have agreed, whatever ours answers and when.
//!
//! OpenVPN makes one control file for all plugins of a login. It ends when two of them defer the same login.

use harness::needs::Need;
use harness::requires;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::log::Mark;
use harness::scratch::Scratch;
use harness::server::READY;
use harness::{
    Client, DeferringPlugin, Outcome, PATIENCE, PamService, Server, ServerConfig, TestModule, plugin,
};

use crate::stack::Stack;

/// Ours waits so long before it defers, with some to spare for a loaded machine; `slow` is slower.
const OPTIONS: &str = "deferred=yes grace=1000";
const SLOW: &str = "auth/slow*:sleep=2500";
/// The second plugin's time: longer than OpenVPN needs to look for a verdict.
const SECOND: Duration = Duration::from_millis(2500);

/// The answers of ours, by user name.
const USERS: [&str; 4] = ["quick-yes", "quick-no", "slow-yes", "slow-no"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    OursFirst,
    OursLast,
}

/// What the second plugin is. All of them defer and judge by the password, which is `yes` or `no`.
#[derive(Clone, Copy, Debug)]
enum Second {
    /// A plugin in C whose thread writes the verdict.
    C,
    /// A second line of the plugin under test, with a copy of its file: with the same one OpenVPN does not start.
    Ours,
    /// The example of the SDK.
    Example,
}

/// The PAM stacks and the plugin in C.
struct Scene {
    ours: Stack,
    second: PamService,
    _module: Arc<TestModule>,
    c: Arc<DeferringPlugin>,
    place: Scratch,
}

impl Scene {
    fn new() -> Self {
        let module = TestModule::shared();
        let sleep = format!("auth/sleep={}", SECOND.as_millis());
        let second = PamService::new(&module.stack(&[&sleep, "auth/password=yes"]));
        let ours = Stack::answering(&[SLOW, "auth/slow-no:deny", "auth/quick-no:deny"]);
        Self { ours, second, _module: module, c: DeferringPlugin::shared(), place: Scratch::new() }
    }

    /// The plugin under test once more, as another file.
    fn copy(&self) -> PathBuf {
        let copy = self.place.join("copy.so");
        if !copy.exists() {
            fs::copy(plugin::auth_pam(), &copy).unwrap_or_else(|error| panic!("{}: {error}", copy.display()));
        }
        copy
    }

    fn server(&self, order: Order, second: Second, user: &str) -> Server {
        let second_ms = SECOND.as_millis();
        let ours = format!("{OPTIONS} {}", self.ours.service.words());
        let add = |config: ServerConfig<'static>| match second {
            Second::C => config.plugin_file(&self.c.path(), &second_ms.to_string()),
            Second::Ours => {
                config.plugin_file(&self.copy(), &format!("deferred=yes grace=0 {}", self.second.words()))
            }
            Second::Example => {
                let file = plugin::release_example("deferred-auth");
                config.plugin_file(&file, &format!("S {second_ms} {user} yes"))
            }
        };
        let config = ServerConfig::default();
        let config = match order {
            Order::OursFirst => add(config.plugin(&ours)),
            Order::OursLast => add(config).plugin(&ours),
        };
        config.dropped().start()
    }
}

/// What came of a login.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Connected,
    /// Sooner after its start than the second plugin could have decided.
    ConnectedTooSoon,
    Refused,
    ServerEnded,
}

/// Waits until the client is connected or refused, or the server has ended.
fn wait(server: &Server, client: &Client) -> Came {
    let end = Instant::now() + PATIENCE;
    loop {
        match client.outcome(Duration::from_millis(50)) {
            Outcome::Connected(after) if after < SECOND => return Came::ConnectedTooSoon,
            Outcome::Connected(_) => return Came::Connected,
            Outcome::Refused { .. } => return Came::Refused,
            Outcome::Neither if !server.is_alive() => return Came::ServerEnded,
            Outcome::Neither => {
                assert!(Instant::now() < end, "nothing came of the login:\n{}", client.log().text());
            }
        }
    }
}

fn matrix(order: Order, second: Second) {
    let scene = Scene::new();
    let mut wrong = Vec::new();
    for user in USERS {
        let mut server = scene.server(order, second, user);
        for password in ["no", "yes"] {
            // Ours answers a quick login directly once it knows that they are quick.
            let direct = user == "quick-yes" && matches!(second, Second::C);
            if direct || !server.is_alive() {
                server = scene.server(order, second, user);
            }
            if direct {
                for _ in 0..2 {
                    server.client(user, "direct").start().wait_connected();
                }
            }
            let client = server.client(user, password).start();
            let started = Instant::now();
            let came = wait(&server, &client);
            let fine = match (user, password) {
                ("quick-yes", "yes") if direct => came == Came::Connected,
                ("quick-yes", _) if direct => came == Came::Refused,
                ("quick-yes", "yes") => came != Came::ConnectedTooSoon,
                ("slow-yes", "yes") => came != Came::ConnectedTooSoon,
                _ => matches!(came, Came::Refused | Came::ServerEnded),
            };
            if came == Came::ServerEnded {
                let log = server.log().text();
                assert!(log.contains("Exiting due to fatal error"), "{log}");
            }
            eprintln!(
                "{order:?}, {second:?}: ours {user}, second {password}: {came:?} after {:?}",
                started.elapsed()
            );
            if !fine {
                wrong.push(format!("ours {user}, second {password}: {came:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{order:?}, {second:?}: {wrong:#?}");
}

/// In the test itself, whose name is noted if it is left out.
macro_rules! both_count {
    () => {
        requires!(
            Need::Openvpn(2, 5, 6),
            "with two plugins that defer, one of them alone lets a client in (CVE-2022-0547)"
        )
    };
}

#[test]
fn ours_before_a_plugin_in_c() {
    both_count!();
    matrix(Order::OursFirst, Second::C);
}

#[test]
fn ours_after_a_plugin_in_c() {
    both_count!();
    matrix(Order::OursLast, Second::C);
}

#[test]
fn ours_before_a_second_line_of_ours() {
    both_count!();
    matrix(Order::OursFirst, Second::Ours);
}

#[test]
fn ours_after_a_second_line_of_ours() {
    both_count!();
    matrix(Order::OursLast, Second::Ours);
}

#[test]
fn ours_before_the_example() {
    both_count!();
    matrix(Order::OursFirst, Second::Example);
}

#[test]
fn ours_after_the_example() {
    both_count!();
    matrix(Order::OursLast, Second::Example);
}

/// Somebody else's verdict is in the control file when ours defers: ours refuses, though PAM would not. (An answer that
/// is not deferred has nothing to do with that file, and OpenVPN does not read it then.)
#[test]
fn a_verdict_that_is_there_already() {
    let scene = Scene::new();
    let server = scene.server(Order::OursLast, Second::C, "slow-yes");
    for _ in 0..2 {
        let mark = server.mark();
        server.client("slow-yes", "early").start().wait_refused();
        server.wait_for(mark, "another plugin");
    }
    assert!(server.is_alive() && server.log().count(Mark::START, READY) == 1);
}
