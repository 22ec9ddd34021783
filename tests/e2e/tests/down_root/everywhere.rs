//! What holds however OpenVPN is set up: as root, dropped to nobody, in a chroot, in the background.

use harness::log::Mark;
use harness::proc_table::{wait_gone, wait_until};
use harness::{Daemon, PATIENCE, Server, ServerConfig};
use nix::sys::signal::Signal;

use crate::scripts::{
    Scripts, helper, helpers, keeper, kill_both, plugin_line, replace_helper, wait_for_the_end_of_helpers,
};

/// A way to set OpenVPN up.
struct Setup {
    name: &'static str,
    add: fn(ServerConfig<'static>) -> ServerConfig<'static>,
    has_root: bool,
}

/// In all of them a SIGUSR1 is a DOWN and an UP.
const SETUPS: [Setup; 7] = [
    Setup { name: "root", add: |config| config, has_root: true },
    Setup {
        name: "chroot, as root",
        add: |config| config.chroot().line("persist-key").line("persist-tun").line("up-restart"),
        has_root: false,
    },
    Setup { name: "nobody", add: |config| config.dropped().line("up-restart"), has_root: false },
    Setup { name: "chroot", add: |config| config.dropped().chroot().line("up-restart"), has_root: false },
    Setup { name: "daemon, as root", add: |config| config.daemon(Daemon::WithLog), has_root: true },
    Setup {
        name: "daemon",
        add: |config| config.dropped().daemon(Daemon::WithLog).line("up-restart"),
        has_root: false,
    },
    Setup {
        name: "daemon with the system log, in a chroot",
        add: |config| config.dropped().chroot().daemon(Daemon::Syslog).line("up-restart"),
        has_root: false,
    },
];

/// The scripts of one server.
struct Place(Scripts);

impl Place {
    fn new(down: &str) -> Self {
        let scripts = Scripts::with_down(down);
        scripts.add("other.sh", "echo \"uid=$(id -u) $script_type $# <$1> cn=$common_name\"");
        let push = "echo 'push \"setenv-safe GIFT from-root\"' > \"$1\"";
        scripts.add("client.sh", &format!("echo \"uid=$(id -u) $script_type $#\"; {push}"));
        Place(scripts)
    }

    /// These words with the directory of the scripts.
    fn filled(&self, words: &str) -> String {
        words.replace("@DIR@", &self.0.path("").to_string_lossy())
    }

    fn server(&self, setup: &Setup, options: &str) -> ServerConfig<'static> {
        // Seen if the test fails.
        eprintln!("--- {}", setup.name);
        (setup.add)(self.0.server(&self.filled(options)).line("setenv OWN \"a b\"").line("cd /usr"))
    }
}

/// Runs `test` with a server of each kind, with these options and this down script.
fn everywhere(options: &str, script: &str, test: impl Fn(&Setup, &Server)) {
    for setup in &SETUPS {
        let place = Place::new(script);
        test(setup, &place.server(setup, options).start());
    }
}

/// That the script said this, and how often it has by now.
fn said(server: &Server, text: &str, times: usize) {
    let count = || server.log().count(Mark::START, text);
    // What a script prints may be logged after what OpenVPN has to say of it.
    wait_until(PATIENCE, || count() >= times);
    assert_eq!(count(), times, "{text}");
}

const TELL: &str = "echo \"uid=$(id -u) $script_type signal=$signal dev=$dev own=$OWN path=$PATH cwd=$PWD in=$(readlink /proc/self/fd/0) \
     group=$(($(ps -o pgid= -p $$) - $$)) root=$(ls -di /) end\"\n\
     sed -nE 's/^(Sig(Ign|Blk)).*(.{7})$/\\1=\\3/p' /proc/self/status";

/// At restarts and at the end.
#[test]
fn the_script_is_root_with_clean_surroundings() {
    let root = std::os::unix::fs::MetadataExt::ino(&std::fs::metadata("/").expect("the root directory"));
    everywhere("", TELL, |_, server| {
        assert_eq!(helper(server).title, "down-root: helper [server]");
        let line = |signal: &str| {
            format!(
                "down.sh: uid=0 down signal={signal} dev=tun0 own=a b path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:\
                 /sbin:/bin cwd=/usr in=/dev/null group=0 root={root} / end"
            )
        };
        server.restart(Signal::SIGUSR1);
        said(server, &line("sigusr1"), 1);
        server.restart(Signal::SIGUSR1);
        said(server, &line("sigusr1"), 2);
        helper(server);
        server.stop();
        said(server, &line("sigterm"), 1);
        said(server, "SigIgn=0000000", 3);
        said(server, "SigBlk=0000000", 3);
        wait_for_the_end_of_helpers(server);
    });
}

#[test]
fn what_is_printed_and_how_it_ended_is_logged() {
    everywhere("ignore-failure=yes", "echo out; printf 'e\\033[2J\\000r\\n' >&2; exit 3", |_, server| {
        server.restart(Signal::SIGUSR1);
        said(server, "DOWN-ROOT: down.sh: out", 1);
        said(server, r"DOWN-ROOT: down.sh: e\x1b[2J\x00r", 1);
        said(server, "down.sh exited with status 3", 1);
        said(server, "the down script failed; ignored (ignore-failure=yes)", 1);
    });
}

#[test]
fn a_script_that_fails_ends_openvpn() {
    everywhere("", "kill -KILL $$", |_, server| {
        server.signal(Signal::SIGUSR1);
        said(server, "down.sh was killed by SIGKILL", 1);
        assert!(wait_gone(server.pid(), harness::PATIENCE));
        wait_for_the_end_of_helpers(server);
    });
}

#[test]
fn a_script_that_never_ends_is_ended() {
    everywhere("timeout=1 ignore-failure=yes", "sleep 1000 & echo pid $!; wait", |_, server| {
        server.restart(Signal::SIGUSR1);
        said(server, "ran longer than 1 s; stopping it (see timeout)", 1);
        let line = server.wait_for(Mark::START, "down.sh: pid ").text;
        let child = line.rsplit(' ').next().and_then(|pid| pid.parse().ok()).expect("a pid");
        assert!(wait_gone(child, harness::PATIENCE), "the script's child is left");
    });
}

#[test]
fn up_runs_at_later_ups_for_which_openvpn_has_no_root() {
    everywhere("up=@DIR@/other.sh", "true", |setup, server| {
        assert_eq!(server.log().count(Mark::START, "other.sh:"), 0);
        server.restart(Signal::SIGUSR1);
        if setup.has_root {
            assert_eq!(server.log().count(Mark::START, "other.sh:"), 0);
        } else {
            said(server, "other.sh: uid=0 up 6 <tun0>", 1);
        }
    });
}

/// Over two `plugin` lines: OpenVPN refuses one of more than 254 bytes.
#[test]
fn scripts_of_other_events_are_root() {
    let options = "on=client-connect:@DIR@/client.sh on=learn-address:@DIR@/other.sh";
    let others = ["client-disconnect", "route-up", "route-pre-down"];
    for setup in &SETUPS {
        let place = Place::new("true");
        let second = others.map(|event| format!("on={event}:@DIR@/other.sh")).join(" ") + " /bin/true";
        let server = place.server(setup, options).line(&plugin_line(&place.filled(&second))).start();
        let server = &server;
        // Each with its keeper.
        assert_eq!(helpers(server).len(), 4);
        said(server, "other.sh: uid=0 route-up 0 <>", 1);
        let client = server.client("alice", "x").connect();
        client.log().wait_for(Mark::START, "setenv-safe GIFT from-root", harness::PATIENCE);
        said(server, "client.sh: uid=0 client-connect 1", 1);
        said(server, "other.sh: uid=0 learn-address 3 <add>", 1);
        client.disconnect();
        said(server, "other.sh: uid=0 client-disconnect 0 <> cn=", 1);
        server.stop();
        said(server, "other.sh: uid=0 route-pre-down 6 <tun0>", 1);
        wait_for_the_end_of_helpers(server);
    }
}

#[test]
fn openvpn_is_killed() {
    everywhere("", "echo ran", |_, server| {
        helper(server);
        server.kill9();
        wait_for_the_end_of_helpers(server);
        assert_eq!(server.log().count(Mark::START, "down.sh: ran"), 0);
    });
}

/// The keeper starts another one, with the environment of the UP event, whatever OpenVPN has become.
#[test]
fn the_helper_is_killed() {
    everywhere("", "echo ran uid=$(id -u) mtu=$tun_mtu own=$OWN", |_, server| {
        let (before, next) = (keeper(server).pid, replace_helper(server));
        assert_eq!(next.parent, before);
        server.restart(Signal::SIGUSR1);
        said(server, "down.sh: ran uid=0 mtu=1500 own=a b", 1);
        said(server, "is gone (was killed by SIGKILL); starting another one", 1);
        server.stop();
        said(server, "down.sh: ran uid=0 mtu=1500 own=a b", 2);
        wait_for_the_end_of_helpers(server);
    });
}

/// As long as OpenVPN is what it was at the start, it starts others.
#[test]
fn keeper_and_helper_are_killed() {
    everywhere("ignore-failure=yes", "echo ran", |setup, server| {
        kill_both(server);
        server.restart(Signal::SIGUSR1);
        if setup.has_root {
            said(server, "down.sh: ran", 1);
            helper(server);
        } else {
            said(server, "the down script will not be run", 1);
            wait_for_the_end_of_helpers(server);
        }
        assert!(server.is_alive());
    });
}
