//! What is in a file is what OpenVPN would have read in one of its own.

use harness::log::Mark;
use harness::needs::Need;
use harness::requires;
use harness::{Client, command};

use crate::stage::{DIRECTORY, Stage};

/// Each pushes something else, in another way of writing.
const LINES: &str = r#"push "echo 1 plain"
  push	"echo 2 blanks"   	
push 'echo 3 "quotes"'
push "echo 4 \"quotes\""
push "echo 5 back\\\\slash"
push 'echo 6 back\\slash'
push "echo 7 'a b'"
push echo\ 8\ \"a\ b\"
--push "echo 9 dashes"
push "echo 10 # no ; comment"
push "echo 11" # push "echo x"
push "echo 12" ; push "echo x"
"push" echo\ 13
'push' 'echo 14 it"s'
\ push "echo 15"
push "echo 16" #
push "echo 17 $HOME $(id) `id` %s %n"
push "echo 18 <push>"
push "echo 19 [[INLINE]]"
push echo\ 20#;
# push "echo x"
; push "echo x"
 # push "echo x"
push "echo 21 müller"
"#;

fn text() -> String {
    let long = "x".repeat(254 - r#"push "echo 22 ""#.len());
    format!("\u{feff}{LINES}push \"echo 22 {long}\"\r\n\u{b}push\u{c}\"echo 23\"\r\npush \"echo 24\"")
}

/// What a client was pushed, over all messages, but what is its own.
fn pushed(client: &Client) -> Vec<String> {
    let lines = client.log().since(Mark::START);
    let replies = lines.iter().filter_map(|line| line.text.split_once("'PUSH_REPLY,"));
    let options = replies.flat_map(|(_, reply)| reply.split([',', '\'']).map(String::from));
    options.filter(|option| option.starts_with("echo")).collect()
}

#[test]
fn each_way_of_writing_is_read_as_openvpn_reads_it() {
    let (text, nothing) = (text(), "");
    let ours = Stage::new("", &[("default", &text)]);
    let own = Stage::with("", &[("default", nothing), ("ccd/DEFAULT", &text)], |config| {
        config.line(&format!("client-config-dir {DIRECTORY}/ccd")).dropped()
    });
    let [ours, own] = [&ours, &own].map(|stage| pushed(&stage.server.client("alice", "x").connect()));
    assert!(own.len() >= 24, "{own:?}");
    assert_eq!(ours, own);
}

/// The N of the OpenVPN 2.N that is here.
fn minor() -> u32 {
    // Some have an exit status for it.
    let output = command::try_run("openvpn", &["--version"]).stdout;
    let text = String::from_utf8_lossy(&output);
    let number = text.strip_prefix("OpenVPN 2.").and_then(|rest| rest.split(['.', '_']).next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no version: {text}"))
}

/// `disable`, `push-reset` and `override-username` are tried elsewhere.
#[test]
fn openvpn_takes_each_option_from_the_table() {
    requires!(Need::Openvpn(2, 6, 0), "auth-token-user is no option of a client's own file");
    let options = [
        (
            4,
            "auth-token abc\necho a 'b c'\nifconfig-push 10.8.0.9 255.255.255.0\nping-timer-rem\npush 'echo x'\n",
        ),
        (4, "ifconfig-ipv6-push fd00::9/64 fd00::1\niroute 10.1.0.0 255.255.0.0\niroute-ipv6 fd01::/64\n"),
        (
            4,
            "inactive 1000 0\nmax-routes-per-client 20\nncp-ciphers AES-256-GCM\nparameter a b\npush-remove y\n",
        ),
        (4, "ping 10\nping-exit 100\nping-restart 100\n"),
        (
            5,
            "auth-token-user YWxpY2U=\nbind-dev lo\ncipher AES-256-GCM\ndata-ciphers AES-256-GCM\nvlan-pvid 7\n",
        ),
        (5, "data-ciphers-fallback AES-256-CBC\n"),
        (6, "session-timeout 1000\n"),
    ];
    let known = options.into_iter().filter(|(since, _)| *since <= minor());
    let stage = Stage::new("", &[("default", &known.map(|(_, lines)| lines).collect::<String>())]);
    let mark = stage.server.mark();
    let _client = stage.server.client("alice", "x").start();
    stage.server.wait_for(mark, "OPTIONS IMPORT: reading client specific options");
    stage.server.wait_for(mark, "SENT CONTROL");
    let lines = stage.server.log().since(mark);
    let complains = |text: &str| {
        ["Options error", "Unrecognized", "cannot be used"].iter().any(|word| text.contains(word))
    };
    assert!(!lines.iter().any(|line| complains(&line.text)), "{}", stage.server.log().text());
}
