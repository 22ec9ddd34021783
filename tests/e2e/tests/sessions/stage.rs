//! A server whose PAM service has a session line that writes down its environment.

use std::fs;
use std::path::Path;

use harness::proc_table::wait_until;
use harness::process_memory::rollup_kib;
use harness::scratch::Scratch;
use harness::{PATIENCE, PamService, Server, ServerConfig};

/// Writes a line for each call. Hangs at the end of a user of that name.
const WITNESS: &str = r#"#!/bin/sh
if [ "$PAM_USER/$PAM_TYPE" = hangs/close_session ]; then sleep 60; fi
if [ "$PAM_USER/$PAM_TYPE" = refused/open_session ]; then exit 1; fi
echo "$PAM_TYPE $PAM_USER ip=$OPENVPN_TUNNEL_IP from=$PAM_RHOST received=$OPENVPN_BYTES_RECEIVED \
sent=$OPENVPN_BYTES_SENT seconds=$OPENVPN_DURATION why=$OPENVPN_CLOSE_REASON" >> "$1"
"#;

/// A client's goodbye is one packet that nobody repeats: the server notices without it, too.
pub(crate) const KEEPALIVE: &str = "keepalive 1 8";

/// A server and its service.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) server: Server,
    _service: PamService,
    scratch: Scratch,
}

/// One call of the session line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    line: String,
}

impl Call {
    /// The value of this name.
    pub(crate) fn value(&self, name: &str) -> &str {
        let values = self.line.split(' ').filter_map(|word| word.split_once('='));
        values.into_iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The value as a number; panics if it is none.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.value(name).parse().unwrap_or_else(|_| panic!("{name} is no number: {self:?}"))
    }
}

impl Stage {
    /// A server that dropped its rights.
    pub(crate) fn new(options: &str) -> Self {
        Self::with(options, ServerConfig::dropped)
    }

    /// The same with what `config` adds.
    pub(crate) fn with(
        options: &str,
        config: impl FnOnce(ServerConfig<'static>) -> ServerConfig<'static>,
    ) -> Self {
        let scratch = Scratch::new();
        let witness = scratch.write("witness", WITNESS, 0o755);
        let service = PamService::new(&format!(
            "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n\
             session required pam_exec.so {} {}\n",
            witness.display(),
            scratch.join("calls").display()
        ));
        let words = format!("session=yes {options}");
        let server = config(ServerConfig::auth_pam_with(&words, &service, "").line(KEEPALIVE)).start();
        Self { server, _service: service, scratch }
    }

    /// The calls of this kind so far.
    pub(crate) fn calls(&self, kind: &str) -> Vec<Call> {
        calls(&self.scratch.join("calls"), kind)
    }

    /// Waits until there were so many.
    pub(crate) fn wait_for(&self, kind: &str, count: usize) -> Vec<Call> {
        let there = wait_until(PATIENCE, || self.calls(kind).len() >= count);
        let calls = self.calls(kind);
        assert!(there && calls.len() == count, "{count} times {kind}: {calls:?}");
        calls
    }

    /// What supervisor and keeper have in memory of their own.
    pub(crate) fn memory_kib(&self) -> u64 {
        [self.server.supervisor(), self.server.keeper()].iter().map(|process| private_kib(process.pid)).sum()
    }

    /// As many were closed as opened; how many.
    pub(crate) fn is_balanced(&self, count: usize) {
        self.wait_for("close_session", count);
        self.wait_for("open_session", count);
    }
}

fn private_kib(pid: i32) -> u64 {
    rollup_kib(pid, "Private_Dirty:").unwrap_or_else(|| panic!("no memory of process {pid}"))
}

fn calls(path: &Path, kind: &str) -> Vec<Call> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let of_kind = text.lines().filter(|line| line.split(' ').next() == Some(kind));
    of_kind.map(|line| Call { line: line.to_string() }).collect()
}
