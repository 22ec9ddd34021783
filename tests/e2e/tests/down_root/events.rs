//! `on=`: scripts as root at other events, with OpenVPN's words and harmless variables.

use harness::log::Mark;
use harness::proc_table::Process;
use harness::{PATIENCE, ServerConfig};
use nix::sys::signal::Signal;

use crate::scripts::{Scripts, helper, plugin_line};

/// A server, dropped to nobody, with a script for this event.
fn server(scripts: &Scripts, event: &str, text: &str) -> ServerConfig<'static> {
    let script = scripts.add("event.sh", text);
    scripts.server(&format!("on={event}:{}", script.display())).dropped()
}

/// Options the script writes reach the client, though it writes them as root and the file is nobody's.
#[test]
fn client_connect_gives_the_client_options() {
    let scripts = Scripts::with_down("true");
    let text = "echo \"uid=$(id -u) cn=$common_name type=$script_type words=$# ip=$trusted_ip\"\n\
                test \"$1\" = \"$client_connect_config_file\" || exit 1\n\
                echo 'push \"setenv-safe GIFT from-root\"' > \"$1\"; echo 'ifconfig-push 10.8.0.77 255.255.255.0' >> \"$1\"";
    for config in
        [server(&scripts, "client-connect", text), server(&scripts, "client-connect", text).chroot()]
    {
        let server = config.start();
        let client = server.client("alice", "x").connect();
        server.wait_for(Mark::START, "event.sh: uid=0 cn=");
        server.wait_for(Mark::START, "type=client-connect words=1 ip=127.0.0.1");
        client.log().wait_for(Mark::START, "setenv-safe GIFT from-root", PATIENCE);
        client.log().wait_for(Mark::START, "ifconfig 10.8.0.77", PATIENCE);
    }
}

#[test]
fn client_connect_refuses() {
    let scripts = Scripts::with_down("true");
    // Not even a failure that is ignored elsewhere lets a client in.
    let script = scripts.add("event.sh", "exit 1");
    let options = format!("ignore-failure=yes on=client-connect:{}", script.display());
    let server = scripts.server(&options).dropped().start();
    let client = server.client("alice", "x").start();
    client.wait_refused();
    server.wait_for(Mark::START, "event.sh exited with status 1");
    assert!(server.is_alive());
}

#[test]
fn client_connect_with_too_many_options() {
    let scripts = Scripts::with_down("true");
    let text = "yes 'push \"echo x\"' | head -c 70000 > \"$1\"";
    let server = server(&scripts, "client-connect", text).start();
    server.client("alice", "x").start().wait_refused();
    // Either may be first: the script that ends, or the helper that looks at the size.
    let end = std::time::Instant::now() + harness::PATIENCE;
    let said = server.log().wait_match(Mark::START, end, |line| {
        line.contains("more than 64 KiB of options") || line.contains("wrote too many options for a client")
    });
    assert!(said.is_some(), "{}", server.log().text());
}

#[test]
fn client_disconnect_knows_how_much_was_sent() {
    let scripts = Scripts::with_down("true");
    let text = "echo \"uid=$(id -u) type=$script_type sent=$bytes_sent time=$time_duration\"";
    let server = server(&scripts, "client-disconnect", text).start();
    server.client("alice", "x").connect().disconnect();
    let line = server.wait_for(Mark::START, "event.sh: uid=0 type=client-disconnect sent=").text;
    assert!(!line.contains("sent= ") && !line.ends_with("time="), "{line}");
}

#[test]
fn learn_address_gets_its_words() {
    let scripts = Scripts::with_down("true");
    let server = server(&scripts, "learn-address", "echo \"$# $1 $2 $3\"").start();
    let client = server.client("alice", "x").connect();
    server.wait_for(Mark::START, "event.sh: 3 add 10.8.0.2 ");
    drop(client);
    server.stop();
    server.wait_for(Mark::START, "event.sh: 2 delete 10.8.0.2");
}

#[test]
fn routes() {
    let scripts = Scripts::with_down("true");
    let script = scripts.add("event.sh", "echo \"uid=$(id -u) type=$script_type net=$route_network_1\"");
    let path = script.display();
    let server = scripts
        .server(&format!("on=route-up:{path} on=route-pre-down:{path}"))
        .line("route 10.99.0.0 255.255.0.0")
        .dropped()
        .start();
    server.wait_for(Mark::START, "event.sh: uid=0 type=route-up net=10.99.0.0");
    server.stop();
    server.wait_for(Mark::START, "event.sh: uid=0 type=route-pre-down net=10.99.0.0");
}

#[test]
fn hundreds_of_routes() {
    let scripts = Scripts::with_down("true");
    let text = "echo routes=$(env | grep -c ^route_network_),$(env | grep -c ^route_netmask_)";
    let config = server(&scripts, "route-up", text).line("route-noexec");
    let server = (0..400).fold(config, |config, number| {
        config.line(&format!("route 10.{}.{}.0 255.255.255.0", 50 + number / 250, number % 250))
    });
    let server = server.start();
    server.wait_for(Mark::START, "event.sh: routes=400,400");
}

/// In a client it comes before UP: the helper is there by then, and is there still when the client, now nobody, connects
/// again.
#[test]
fn ipchange_before_up() {
    let scripts = Scripts::with_down("echo down as $(id -u), local=$ifconfig_local");
    let script = scripts.add("event.sh", "echo \"uid=$(id -u) $# $1 type=$script_type\"");
    let words = format!("on=ipchange:{} {}", script.display(), scripts.path("down.sh").display());
    let server = scripts.with_fixed_address(ServerConfig::default()).start();
    let config = ["user nobody", "group nogroup", "persist-key", "persist-tun", "connect-retry 0"]
        .iter()
        .fold(server.client("alice", "x").with_tunnel(), |config, line| config.line(line));
    let client = config.line(&plugin_line(&words)).connect();
    let ran = || client.log().count(Mark::START, "event.sh: uid=0 1 [AF_INET]");
    assert_eq!(ran(), 1);
    let user = Process::look(client.pid()).and_then(|process| process.user());
    assert_eq!(user, Some(65534), "it has given up root");
    client.restart(Signal::SIGUSR1);
    assert_eq!(ran(), 2, "{}", client.log().text());
    client.disconnect();
    client.log().wait_for(Mark::START, "down.sh: down as 0, local=10.8.0.77", PATIENCE);
}

/// What a client says of itself has a harmless name, and is only a value.
#[test]
fn what_a_client_says_is_only_a_value() {
    let scripts = Scripts::with_down("true");
    let text = "echo \"uv=$UV_LD_PRELOAD preload=$LD_PRELOAD password=$password.\"";
    let server = server(&scripts, "client-connect", text).line("setenv password hunter2").start();
    let _client = server
        .client("alice", "x")
        .line("push-peer-info")
        .line("setenv UV_LD_PRELOAD /tmp/evil.so")
        .connect();
    server.wait_for(Mark::START, "event.sh: uv=/tmp/evil.so preload= password=.");
    helper(&server);
}
