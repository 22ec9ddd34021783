//! Lines for the system log (`syslog=`). Filters, patterns and other programs rely on their form: `packaging/fail2ban` and
//! `packaging/grok` have it too.

use std::fmt::Display;

const SAME_REFERENCE: &str = "Look at the line with the same reference in OpenVPN's log.";

log_lines::lines! {
    /// Lines for the system log.
    pub static LINES: "The system log (syslog)";

    record login(result: &'static str, client: impl Display, took: &str, reason: &str, user: &str)
        "AUTH-PAM: login {result}: {client} {took}reason='{reason}' user='{user}'",
        why "`accepted`: the client may come in. `rejected`: it may not, because of what it sent; filters count only these against \
             an address. `not decided`: nobody could check what it sent. `challenged`: it was asked a question. After `took=` \
             stands how many seconds that took, after `pam=` what PAM's modules had of them.",
        todo SAME_REFERENCE;
    record session(event: &'static str, client: impl Display, facts: &str, took: &str, reason: &str, user: &str)
        "AUTH-PAM: session {event}: {client} {facts}{took}reason='{reason}' user='{user}'",
        why "`opened` and `closed`: PAM has done so. `refused`: no session could be opened, so the client was refused. `lost`: \
             nobody could close it.",
        todo SAME_REFERENCE;
    record client(address: &str, port: u16, config: &str, reference: impl Display)
        "address={address} port={port} config={config} reference={reference}",
        why "In all lines: where the client comes from, the name of OpenVPN's configuration file, and five characters that \
             the line in OpenVPN's log has too. `-` and port 0 are what nobody knows.",
        todo "";
    record tunnel(address: impl Display) "tunnel={address} ",
        why "The address of the client in the tunnel, in lines of sessions that are opened.",
        todo "";
    record usage(received: &str, sent: &str, seconds: u64, ended: &'static str)
        "received={received} sent={sent} seconds={seconds} ended={ended} ",
        why "In lines of sessions that are closed or lost: bytes in both directions, how long the session was open, and why it \
             has ended. `-` is what nobody knows.",
        todo "";
    record as_in_the_log(line: impl Display) "AUTH-PAM: {line}",
        why "A line of OpenVPN's log that belongs here too: how many logins have no lines of their own, or that root has \
             revoked a user or unblocked a source.",
        todo "";
    record lost(count: u64) "AUTH-PAM: {count} lines about logins were lost",
        why "Nobody read /dev/log, or not fast enough. Logins do not wait for it.",
        todo "See whether journald or syslogd runs, and whether it limits lines of OpenVPN (RateLimitBurst=).";
}
