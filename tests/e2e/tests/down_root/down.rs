//! The down script at the end of OpenVPN, however far that has given up root: once, as root, with its environment.

use harness::log::Mark;
use harness::proc_table::wait_gone;
use harness::{Gate, PATIENCE, Server, ServerConfig};
use nix::sys::signal::Signal;

use crate::scripts::{Scripts, helper, helpers, plugin_line};

const TELL: &str = "echo uid=$(id -u) $script_type signal=$signal dev=$dev own=$OWN daemon=$daemon";

fn ran_once(server: &Server, daemon: &str) {
    assert_eq!(helper(server).title, "down-root: helper [server]");
    server.stop();
    let line = format!("down.sh: uid=0 down signal=sigterm dev=tun0 own=a b daemon={daemon}");
    server.wait_for(Mark::START, &line);
    assert_eq!(server.log().count(Mark::START, "down.sh: uid="), 1);
    assert_eq!(helpers(server), []);
}

fn server(scripts: &Scripts) -> ServerConfig<'static> {
    scripts.server("").line("setenv OWN \"a b\"")
}

#[test]
fn as_root() {
    let scripts = Scripts::with_down(TELL);
    ran_once(&server(&scripts).start(), "0");
}

#[test]
fn dropped_to_nobody() {
    let scripts = Scripts::with_down(TELL);
    ran_once(&server(&scripts).dropped().start(), "0");
}

#[test]
fn in_a_chroot() {
    let scripts = Scripts::with_down(TELL);
    ran_once(&server(&scripts).dropped().chroot().start(), "0");
}

#[test]
fn with_arguments() {
    let scripts = Scripts::with_down("printf '<%s>' $# \"$@\"; echo");
    let command = format!("{} 'a b' c=d --x", scripts.path("down.sh").display());
    let server = ServerConfig::default().line(&plugin_line(&command)).dropped().start();
    server.stop();
    server.wait_for(Mark::START, "down.sh: <3><a b><c=d><--x>");
}

#[test]
fn with_words_that_are_not_quoted_together() {
    let scripts = Scripts::with_down("printf '<%s>' $# \"$@\"; echo");
    let line = plugin_line(&format!("timeout=5 {} a 2 --x", scripts.path("down.sh").display()));
    let server = ServerConfig::default().line(&line.replace('"', "")).dropped().start();
    server.stop();
    server.wait_for(Mark::START, "down.sh: <3><a><2><--x>");
}

#[test]
fn with_an_options_file() {
    let scripts = Scripts::with_down("printf '<%s>' $# \"$@\"; echo");
    let command = scripts.path("down.sh");
    let text = format!("# what goes on at DOWN\ntimeout=5\n{} 'a b' c=d --x\n", command.display());
    let file = scripts.path("down-root.conf");
    std::fs::write(&file, text).expect("the file");
    let words = format!("options={}", file.display());
    let server = ServerConfig::default().line(&plugin_line(&words)).dropped().start();
    server.stop();
    server.wait_for(Mark::START, "down.sh: <3><a b><c=d><--x>");
}

/// A client gives root up only after it has its addresses, and UP comes before that.
#[test]
fn in_a_client() {
    let scripts = Scripts::with_down(&format!("{TELL}; echo local=$ifconfig_local"));
    let server = ServerConfig::default().start();
    let client = server
        .client("alice", "x")
        .with_tunnel()
        .line(&plugin_line(&scripts.path("down.sh").to_string_lossy()))
        .line("setenv OWN \"a b\"")
        .line("user nobody")
        .line("group nogroup")
        .connect();
    client.disconnect();
    client.log().wait_for(
        Mark::START,
        "down.sh: uid=0 down signal=exit-with-notification dev=tun0",
        harness::PATIENCE,
    );
    client.log().wait_for(Mark::START, "down.sh: local=10.8.0.", harness::PATIENCE);
}

/// 64 KiB in many variables, all of the time of UP.
#[test]
fn with_a_large_environment() {
    let scripts = Scripts::with_down("echo last=${#BIG_319} all=$(env | grep -c ^BIG_)");
    let value = "x".repeat(200);
    let config = (0..320).fold(scripts.server("").dropped(), |config, number| {
        config.line(&format!("setenv BIG_{number} {value}"))
    });
    let server = config.start();
    server.stop();
    server.wait_for(Mark::START, "down.sh: last=200 all=320");
}

/// What a server pushes is in the environment of UP; root's script must not run it.
#[test]
fn in_a_client_whose_server_pushes_something_evil() {
    let scripts =
        Scripts::with_down("echo evil=$OPENVPN_EVIL. good=$OPENVPN_GOOD. option=$foreign_option_1.");
    let server = scripts.with_fixed_address(ServerConfig::default());
    let server = server
        .line("push \"setenv-safe EVIL '() { echo x; }'\"")
        .line("push \"setenv-safe GOOD a\"")
        .line("push \"dhcp-option DNS 10.8.0.1\"")
        .start();
    let client = server.client("alice", "x").with_tunnel().line("user nobody").line("group nogroup");
    let client = client.line(&plugin_line(&scripts.path("down.sh").to_string_lossy())).connect();
    client.disconnect();
    for text in ["invalid value for OPENVPN_EVIL", "down.sh: evil=. good=a. option=dhcp-option DNS 10.8.0.1."]
    {
        client.log().wait_for(Mark::START, text, harness::PATIENCE);
    }
}

/// More than what UP's environment may hold of it. What was set up is undone all the same.
#[test]
fn in_a_client_whose_server_pushes_without_end() {
    let scripts = Scripts::with_down("echo local=$ifconfig_local pushed=$(env | grep -c ^OPENVPN_P_)");
    let value = "x".repeat(200);
    let server = (0..400)
        .fold(scripts.with_fixed_address(ServerConfig::default()), |config, number| {
            config.line(&format!("push \"setenv-safe P_{number:03} {value}\""))
        })
        .start();
    let client = server.client("alice", "x").with_tunnel();
    let client = client.line(&plugin_line(&scripts.path("down.sh").to_string_lossy())).connect();
    client.disconnect();
    client.log().wait_for(Mark::START, "down.sh: local=10.8.0.77 pushed=2", harness::PATIENCE);
    assert_eq!(client.log().count(Mark::START, "too many variables from the other side"), 1);
}

/// Fewer files than the number that what a script inherits has where that is possible.
#[test]
fn with_openvpn_s_umask_and_limits() {
    let scripts = Scripts::with_down("echo umask=$(umask) files=$(ulimit -Sn),$(ulimit -Hn)");
    let server = scripts
        .server("")
        .through(&["sh", "-c", "umask 0027; ulimit -Sn 200; ulimit -Hn 250; exec \"$@\"", "sh"])
        .dropped()
        .start();
    server.stop();
    server.wait_for(Mark::START, "down.sh: umask=0027 files=200,250");
}

/// No signal is ignored or blocked, standard input is empty, and the working directory is OpenVPN's.
#[test]
fn with_clean_surroundings() {
    let scripts = Scripts::with_down(
        "echo in=$(readlink /proc/self/fd/0) cwd=$PWD group=$(ps -o pgid= -p $$ | tr -d ' ') pid=$$\n\
         sed -nE 's/^(Sig(Ign|Blk)).*(.{7})$/\\1=\\3/p' /proc/self/status\n\
         echo descriptors=$(ls /proc/self/fd | wc -l)",
    );
    let server = scripts.server("").line("cd /usr").dropped().start();
    server.stop();
    let line = server.wait_for(Mark::START, "in=/dev/null cwd=/usr").text;
    let word =
        |name: &str| line.split_whitespace().find_map(|word| word.strip_prefix(name)).map(str::to_string);
    assert_eq!(word("group="), word("pid="), "{line}");
    server.wait_for(Mark::START, "SigIgn=0000000");
    server.wait_for(Mark::START, "SigBlk=0000000");
    // Three, the one that ties it to the helper, and the directory that ls itself has open.
    server.wait_for(Mark::START, "descriptors=5");
}

/// `ps` says which server's helper it is, and what it does.
#[test]
fn the_title_says_which_script_runs() {
    let gate = Gate::new();
    let [tell, wait] =
        [gate.tell(), gate.wait()].map(|word| word.split_once('=').expect("a path").1.to_string());
    let scripts = Scripts::with_down(&format!("echo at $$ > {tell}; head -c 1 < {wait} > /dev/null"));
    let server = scripts.server("").dropped().named("server1").start();
    assert_eq!(helper(&server).title, "down-root: helper [server1]");
    server.signal(Signal::SIGTERM);
    gate.arrival();
    assert_eq!(helper(&server).title, "down-root: helper [server1]: running down");
    gate.open();
    assert!(wait_gone(server.pid(), PATIENCE), "{}", server.log().text());
}
