//! The jails beside the filter of fail2ban: fail2ban takes each, with the filter, and the filter reads what it then gets.

use std::path::{Path, PathBuf};

use harness::command;
use harness::scratch::Scratch;

const FILTER: &str = "openvpn-auth-pam.conf";
/// Each with what fail2ban makes of it.
const JAILS: [(&str, [&str; 2]); 2] = [
    ("jail-auth-log.conf", ["['add', 'openvpn-auth-pam', 'auto']", "'addlogpath', '/"]),
    (
        "jail-journal.conf",
        ["['add', 'openvpn-auth-pam', 'systemd']", "'addjournalmatch', 'SYSLOG_IDENTIFIER=openvpn'"],
    ),
];

fn ours(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/fail2ban").join(name)
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}

/// A directory as /etc/fail2ban, with our filter and no jail.
fn set_up(scratch: &Scratch) -> PathBuf {
    let place = scratch.join("fail2ban");
    command::run("cp", &["-r", "/etc/fail2ban", &place.display().to_string()]);
    let jails = place.join("jail.d");
    std::fs::remove_dir_all(&jails).expect("jails of Debian's");
    std::fs::create_dir(&jails).expect("a directory");
    copy(&ours(FILTER), &place.join("filter.d").join(FILTER));
    place
}

#[test]
fn fail2ban_takes_both_jails() {
    let scratch = Scratch::new();
    let place = set_up(&scratch);
    let log = scratch.write("auth.log", "", 0o600).display().to_string();
    for (name, wanted) in JAILS {
        let text = std::fs::read_to_string(ours(name)).expect("the jail").replace("/var/log/auth.log", &log);
        std::fs::write(place.join("jail.d").join(FILTER), text).expect("a jail");
        let output = command::run("fail2ban-client", &["-c", &place.display().to_string(), "-d"]);
        let commands = String::from_utf8_lossy(&output.stdout);
        for part in wanted {
            assert!(commands.contains(part), "{name}: {part}: {commands}");
        }
        // By iptables, or by nftables since Debian 13.
        let blocks_port = ["--dports 1194", r"$(echo \'1194\'"].iter().any(|part| commands.contains(part));
        assert!(commands.contains("AUTH-PAM: login rejected") && blocks_port, "{commands}");
    }
}

/// As fail2ban reads it from the journal: without the time, with the machine and the name of the program.
#[test]
fn the_filter_reads_the_line_of_the_journal() {
    let scratch = Scratch::new();
    let place = set_up(&scratch);
    let audit = "AUTH-PAM: login rejected: address=192.0.2.7 port=40000 config=server1 reference=345YZ \
                 took=2.140 pam=2.132 reason='Authentication failure' user='bob'";
    let filter = format!("{}[logtype=journal]", place.join("filter.d").join(FILTER).display());
    for (line, matched) in [
        (format!("vpn openvpn[4711]: {audit}"), 1),
        (format!("vpn openvpn[4711]: {}", audit.replace("rejected", "not decided")), 0),
    ] {
        let output = command::run("fail2ban-regex", &[&line, &filter]);
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(
            report.contains(&format!("Lines: 1 lines, 0 ignored, {matched} matched")),
            "{line}: {report}"
        );
    }
}
