//! Lines for the system log (`syslog=`). Filters, patterns and other programs rely on their form: `packaging/fail2ban` and
//! `packaging/grok` have it too.

use std::fmt::Display;

const SAME_REFERENCE: &str = "Find the line with the same reference in OpenVPN's log.";

log_lines::lines! {
    /// Lines for the system log.
    pub static LINES: "The system log (syslog)";

    record login(result: &'static str, client: impl Display, took: &str, reason: &str, user: &str)
        "AUTH-PAM: login {result}: {client} {took}reason='{reason}' user='{user}'",
        why "`accepted`: the client is let in. `rejected`: the client is refused because of what it sent; filters count only \
             these against an address. `not decided`: what the client sent could not be checked. `challenged`: the client was \
             asked a question. `took=` is the whole time in seconds, `pam=` the part that PAM's modules took.",
        todo SAME_REFERENCE;
    record session(event: &'static str, client: impl Display, facts: &str, took: &str, reason: &str, user: &str)
        "AUTH-PAM: session {event}: {client} {facts}{took}reason='{reason}' user='{user}'",
        why "`opened` and `closed`: PAM did so. `refused`: PAM could not open a session, so the client was refused. `lost`: the \
             session could not be closed.",
        todo SAME_REFERENCE;
    record client(address: &str, port: u16, config: &str, reference: impl Display)
        "address={address} port={port} config={config} reference={reference}",
        why "In all lines: the client's address, the name of OpenVPN's configuration file, and five characters that the line in \
             OpenVPN's log has too. `-` and port 0 mean unknown.",
        todo "";
    record tunnel(address: impl Display) "tunnel={address} ",
        why "The address of the client in the tunnel, in lines about opened sessions.",
        todo "";
    record usage(received: &str, sent: &str, seconds: u64, ended: &'static str)
        "received={received} sent={sent} seconds={seconds} ended={ended} ",
        why "In lines about closed or lost sessions: bytes in both directions, how long the session was open, and why it ended. \
             `-` means unknown.",
        todo "";
    record as_in_the_log(line: impl Display) "AUTH-PAM: {line}",
        why "A line of OpenVPN's log that is repeated here: how many logins were not logged one by one, or that root revoked a \
             user or unblocked a source.",
        todo "";
    record lost(count: u64) "AUTH-PAM: {count} lines about logins were lost",
        why "Nothing read /dev/log, or not fast enough. Logins do not wait for it.",
        todo "Check that journald or syslogd runs, and whether it limits OpenVPN's lines (RateLimitBurst=).";
}
