//! What a client gets by its user and groups, and its name: how OpenVPN is answered, and what comes of it when no worker can
//! look.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use harness::Gate;
use harness::proc_table::wait_until;
use harness::scratch::Scratch;
use ovpn_plugin_host::{AuthFiles, Call, Client, FuncResult, Verdict, sys};

use super::hostile_front::memory_in_kib;
use crate::raw::{field, origin, try_send};
use crate::stage::{PATIENCE, Stage, deferred, place, user_at};

/// A service with sessions.
const PERMIT: &str =
    "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\nsession sufficient pam_permit.so\n";

/// The plugin, and a directory that only root can change.
struct Site {
    stage: Stage,
    scratch: Scratch,
    directory: Scratch,
}

/// What became of a client that connects.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It may, at once or later, with these options.
    Accepted(FuncResult, String),
    Refused,
}

impl Site {
    /// With OpenVPN 2.N and these files.
    fn new(minor: u32, options: &[&str], files: &[(&str, &str)]) -> Self {
        let directory = Scratch::of_root();
        for name in ["group", "user"] {
            directory.directory(name, 0o755);
        }
        for (name, text) in files {
            directory.write(name, text, 0o644);
        }
        let option = format!("client-options={}", directory.path().display());
        let scratch = Scratch::new();
        scratch.write("permit", PERMIT, 0o644);
        let (place, service) = if options.contains(&"session=yes") {
            (scratch.path().to_path_buf(), "permit")
        } else {
            (place(), "border")
        };
        let options: Vec<&str> = options.iter().copied().chain([&option[..]]).collect();
        let stage = Stage::open_version(&place, service, minor, &options);
        Site { stage, scratch, directory }
    }

    fn log_in(&self, client: &Client<'_>, user: &str, password: &str) -> FuncResult {
        let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
            .env("username", user)
            .env("password", password)
            .env("untrusted_ip", "192.0.2.7")
            .env("untrusted_port", "40000");
        client.call(&call).unwrap().result
    }

    /// A client that has logged in.
    fn client(&self, user: &str, password: &str) -> Client<'_> {
        let client = self.stage.plugin.client();
        assert_eq!(self.log_in(&client, user, password), FuncResult::Success, "{}", self.stage.log());
        client
    }

    fn connect(&self, client: &Client<'_>, user: &str) -> Outcome {
        let config = self.scratch.write("config", "", 0o600);
        let verdict = self.scratch.write("verdict", "", 0o600);
        let call = call(user, &config).env("client_connect_deferred_file", verdict.as_os_str().as_bytes());
        let result = client.call(&call).unwrap().result;
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        let accepted = match result {
            FuncResult::Success => true,
            FuncResult::Deferred => {
                // Those of a whole queue may come first.
                assert!(wait_until(2 * PATIENCE, || read(&verdict) != "2"), "{}", self.stage.log());
                read(&verdict) == "1"
            }
            _ => false,
        };
        if accepted { Outcome::Accepted(result, read(&config)) } else { Outcome::Refused }
    }

    /// A client that connects as this user gets this.
    fn gives(&self, user: &str, password: &str, options: &str) {
        let outcome = self.connect(&self.client(user, password), user);
        let Outcome::Accepted(_, given) = outcome else { panic!("{}", self.stage.log()) };
        assert_eq!(given, options, "{}", self.stage.log());
    }
}

fn call(user: &str, config: &Path) -> Call {
    Call::new(sys::PLUGIN_CLIENT_CONNECT)
        .arg(config.as_os_str().as_bytes())
        .env("username", user)
        .env("trusted_ip", "192.0.2.7")
        .env("trusted_port", "40000")
        .env("ifconfig_pool_remote_ip", "10.8.0.2")
}

/// After two quick ones OpenVPN is answered at once; with sessions after two quick ones of both.
pub(crate) fn a_client_is_deferred_until_they_are_there() {
    for options in [&["grace=10000"][..], &["grace=10000", "session=yes"]] {
        let site =
            Site::new(6, options, &[("default", "echo {TUNNEL_IP}"), ("user/good", "echo {USERNAME}")]);
        for round in 0..4 {
            // Clients within a millisecond are a burst, for which OpenVPN does not wait.
            std::thread::sleep(Duration::from_millis(2));
            let client = site.client("good", "x");
            let result = if round < 2 { FuncResult::Deferred } else { FuncResult::Success };
            let expected = Outcome::Accepted(result, "echo 10.8.0.2\necho good\n".into());
            assert_eq!(site.connect(&client, "good"), expected, "{round}\n{}", site.stage.log());
        }
    }
}

/// OpenVPN before 2.5 cannot wait.
pub(crate) fn without_a_deferred_file_openvpn_stands_still() {
    let site = Site::new(4, &[], &[("default", "echo {USERNAME}")]);
    assert!(
        site.stage.log().contains("OpenVPN before 2.5 stands still while a client's options are collected")
    );
    let client = site.client("good", "x");
    let config = site.scratch.write("config", "", 0o600);
    assert_eq!(client.call(&call("good", &config)).unwrap().result, FuncResult::Success);
    assert_eq!(fs::read_to_string(config).unwrap(), "echo good\n");
}

/// The queue is full; afterwards everybody is served again.
pub(crate) fn without_a_worker_the_client_is_refused() {
    let site = Site::new(6, &["max-workers=1", "max-pending=0"], &[("default", "echo")]);
    let client = site.client("good", "x");
    let gate = Gate::new();
    let busy = site.stage.start(&deferred(user_at("gate-good", &gate)));
    gate.arrival();
    assert_eq!(site.connect(&client, "good"), Outcome::Refused, "{}", site.stage.log());
    let line = site.stage.line("user 'good' is refused: cannot collect its options: ");
    assert!(line.contains("too many logins are waiting (see max-pending)"), "{line}");
    gate.open();
    drop(busy);
    drop(client);
    let works = || site.log_in(&site.stage.plugin.client(), "good", "x") == FuncResult::Success;
    assert!(wait_until(PATIENCE, works), "{}", site.stage.log());
    site.gives("good", "x", "echo\n");
}

/// The client is refused, and the next one is not.
pub(crate) fn without_a_supervisor_the_client_is_refused() {
    let site = Site::new(6, &[], &[("default", "echo")]);
    let client = site.client("good", "x");
    let dead = site.stage.supervisor();
    crate::stage::kill9(dead);
    site.stage.next_supervisor(dead);
    let first = site.connect(&client, "good");
    // The loss is noticed then at the latest.
    assert!(first == Outcome::Refused || matches!(first, Outcome::Accepted(..)), "{first:?}");
    drop(client);
    let works = || site.log_in(&site.stage.plugin.client(), "good", "x") == FuncResult::Success;
    assert!(wait_until(PATIENCE, works), "{}", site.stage.log());
    site.gives("good", "x", "echo\n");
}

/// What a module has made of the name counts, and OpenVPN gets it. When it asks again it has the new name, and PAM is asked
/// about the old one.
pub(crate) fn the_name_that_pam_has_let_in_is_the_clients() {
    let mapping = ["allow-user-mapping=yes", "override-username=yes"];
    let files = [("default", "echo {USERNAME}"), ("group/root", "echo group"), ("user/root", "echo user")];
    for deferred in ["deferred=no", "deferred=yes"] {
        let site = Site::new(7, &[&mapping[..], &[deferred]].concat(), &files);
        let client = site.client("rename", "root");
        let given = site.connect(&client, "rename");
        let Outcome::Accepted(_, given) = given else { panic!("{}", site.stage.log()) };
        assert_eq!(given, "override-username root\necho root\necho group\necho user\n");
        // No user of that name is good: the module would refuse it.
        site.stage.plugin.clear_log();
        for name in ["root", "rename"] {
            assert_eq!(site.log_in(&client, name, "root"), FuncResult::Success, "{}", site.stage.log());
        }
        // Another client of that name is what it says.
        let other = site.stage.plugin.client();
        assert_ne!(site.log_in(&other, "root", "root"), FuncResult::Success);
    }
    // What OpenVPN cannot do is not asked of it; whose options they are stays.
    let site = Site::new(6, &mapping, &files);
    site.gives("rename", "root", "echo root\necho group\necho user\n");
    assert!(site.stage.log().contains("override-username has no effect"));
}

pub(crate) fn a_name_that_openvpn_cannot_take_refuses_the_client() {
    let site = Site::new(7, &["allow-user-mapping=yes", "override-username=yes"], &[]);
    site.gives("rename", "a b\"c\\d", "override-username \"a b\\\"c\\\\d\"\n");
    for name in ["a\nb", &"x".repeat(300)] {
        let client = site.client("rename", name);
        assert_eq!(site.connect(&client, "rename"), Outcome::Refused, "{}", site.stage.log());
        site.stage.line("user 'rename' is refused: OpenVPN cannot use the name from PAM: ");
    }
}

/// Over two connections from one address: OpenVPN has let in the first name, and its variables have the second one.
pub(crate) fn only_a_name_that_pam_has_let_in_counts() {
    let site = Site::new(6, &["grace=0"], &[("user/good", "echo good"), ("user/deny", "echo deny")]);
    let client = site.client("good", "x");
    // Refused by PAM, and without it.
    for password in ["x", ""] {
        assert_ne!(site.log_in(&client, "deny", password), FuncResult::Success, "{}", site.stage.log());
    }
    let Outcome::Accepted(_, given) = site.connect(&client, "deny") else { panic!("{}", site.stage.log()) };
    assert_eq!(given, "echo good\n");
    // Nobody was let in.
    let client = site.stage.plugin.client();
    assert_ne!(site.log_in(&client, "deny", ""), FuncResult::Success);
    assert_eq!(site.connect(&client, "deny"), Outcome::Refused, "{}", site.stage.log());
    site.stage.line("user 'deny' is refused: PAM has accepted no login of this client");
}

/// PAM knows both, but OpenVPN may have refused either of them: for example because another plugin has refused it.
pub(crate) fn several_names_refuse_the_client() {
    let site = Site::new(6, &["grace=0"], &[("user/good", "echo good"), ("user/chatter", "echo chatter")]);
    for names in [
        &["good", "chatter"][..],
        &["chatter", "good"],
        &["good", "chatter", "chatter", "chatter", "chatter"],
    ] {
        let client = site.stage.plugin.client();
        for name in names {
            assert_eq!(site.log_in(&client, name, "x"), FuncResult::Success, "{}", site.stage.log());
        }
        site.stage.plugin.clear_log();
        assert_eq!(site.connect(&client, "good"), Outcome::Refused, "{names:?}");
        site.stage.line("user 'good' is refused: it has logged in with several names on one connection");
    }
    // The same name again, as after a restart of the client.
    let client = site.stage.plugin.client();
    for _ in 0..6 {
        assert_eq!(site.log_in(&client, "good", "x"), FuncResult::Success, "{}", site.stage.log());
    }
    let Outcome::Accepted(_, given) = site.connect(&client, "good") else { panic!("{}", site.stage.log()) };
    assert_eq!(given, "echo good\n");
}

/// OpenVPN has the new name in its tokens, and PAM would be asked about what the rule makes of that.
pub(crate) fn a_name_that_the_rule_would_change_again_is_not_openvpns() {
    let options = ["username=strip-realm", "override-username=yes", "allow-user-mapping=yes"];
    let site = Site::new(7, &options, &[("default", "echo {USERNAME}")]);
    site.gives("rename@here", "root", "override-username root\necho root\n");
    site.gives("rename@here", "root@there", "echo root@there\n");
    site.stage.line("user 'rename@here' keeps its name in OpenVPN: ");
}

/// Also where PAM was not asked.
pub(crate) fn the_rule_for_names_holds_for_tokens_too() {
    let site = Site::new(6, &["username=lower,strip-realm"], &[("user/good", "echo good")]);
    site.gives("GOOD@example.com", "x", "echo good\n");
    let client = site.stage.plugin.client();
    let Outcome::Accepted(_, given) = site.connect(&client, "GOOD@example.com") else { panic!() };
    assert_eq!(given, "echo good\n");
    assert!(site.directory.path().exists());
}

/// Options that nobody reads do not fill root's memory: with so much unread, no more are put together.
pub(crate) fn options_that_nobody_reads_fill_no_memory() {
    let long = "echo ".to_string() + &"x".repeat(200) + "\n";
    let site = Site::new(6, &["max-workers=2", "grace=0"], &[("default", &long.repeat(300))]);
    let client = site.client("good", "x");
    let supervisor = site.stage.supervisor();
    let before = memory_in_kib(supervisor);
    for number in 0..500u64 {
        let user = format!("user-{number}");
        let names = [field(user.as_bytes()), field(b""), field(b""), vec![0, 0]].concat();
        let address = format!("192.0.{}.{}", number / 250, number % 250);
        let packet =
            [&[6][..], &(10_000 + number).to_le_bytes(), &names, &origin(address.as_bytes())].concat();
        assert!(wait_until(PATIENCE, || try_send(&packet).is_ok()), "{}", site.stage.log());
    }
    // All of them would be 30 MiB.
    let grows = || memory_in_kib(supervisor) > before + 22 * 1024;
    assert!(!wait_until(Duration::from_secs(5), grows), "{} KiB", memory_in_kib(supervisor));
    // What was asked for is still given once it is read.
    let Outcome::Accepted(_, given) = site.connect(&client, "good") else { panic!("{}", site.stage.log()) };
    assert_eq!(given.lines().count(), 300);
    assert_eq!(site.stage.supervisor(), supervisor);
}

/// A client that logs in by certificate gets the options of its common name, under no other name, whichever client came
/// before. It is not renamed, for it has no name that it could send again.
pub(crate) fn a_certificate_gets_the_options_of_its_common_name() {
    let files = [
        ("default", "echo {USERNAME} {COMMONNAME}"),
        ("group/root", "echo group"),
        ("user/root", "echo root"),
        ("user/good", "echo good"),
        ("user/daemon", "echo daemon"),
    ];
    for deferred in ["deferred=no", "deferred=yes"] {
        let options = ["session=yes", "certificate-login=root", "override-username=yes", "grace=0", deferred];
        let site = Site::new(7, &options, &files);
        let client = site.stage.plugin.client();
        let by_certificate = |common_name: &str| {
            let call = Call::new(sys::PLUGIN_TLS_VERIFY).arg("0").arg("CN");
            assert_eq!(client.call(&call).unwrap().result, FuncResult::Success);
            let files = AuthFiles::new().unwrap_or_else(|error| panic!("{error}"));
            let call = Call::new(sys::PLUGIN_AUTH_USER_PASS_VERIFY)
                .env("username", "")
                .env("password", "")
                .env("common_name", common_name)
                .env("untrusted_ip", "192.0.2.7")
                .env("auth_control_file", files.control().as_os_str().as_bytes());
            match client.call(&call).unwrap().result {
                FuncResult::Deferred => files.wait_for_verdict(PATIENCE) == Some(Verdict::Accepted),
                result => result == FuncResult::Success,
            }
        };
        assert!(by_certificate("root"), "{}", site.stage.log());
        // That of somebody who is no member, over another connection from the same address: it takes nothing from the first.
        // While it is undecided, nobody knows which of them OpenVPN will let in.
        if deferred == "deferred=no" {
            assert!(!by_certificate("daemon"), "{}", site.stage.log());
        }
        let config = site.scratch.write("config", "", 0o600);
        let call = call("", &config).env("common_name", "root");
        let verdict = site.scratch.write("verdict", "", 0o600);
        let call = call.env("client_connect_deferred_file", verdict.as_os_str().as_bytes());
        if client.call(&call).unwrap().result == FuncResult::Deferred {
            let decided = || fs::read(&verdict).unwrap_or_default() == b"1";
            assert!(wait_until(PATIENCE, decided), "{}", site.stage.log());
        }
        let given = fs::read_to_string(config).unwrap();
        assert_eq!(given, "echo root root\necho group\necho root\n", "{}", site.stage.log());
        site.stage.line("user 'root': session opened");
    }
}
