//! `ovpn-plugin status`, `revoke` and `unblock`: asks a running server of auth-pam with `status=PATH`, over its socket.
//!
//! * [`find_socket`] finds the socket;
//! * [`ask`] asks, and reads the answer with bounds: who has taken over a supervisor can say anything;
//! * [`answer`] takes that apart, [`text`] and [`json`] show it.

mod answer;
mod ask;
mod find_socket;
mod json;
mod text;
mod watch;

use std::path::{Path, PathBuf};

use crate::show::{Show, printable};
use answer::Answer;

/// What a running server is asked, and which.
#[derive(Debug)]
pub(crate) struct ServerRequest {
    pub(crate) action: Action,
    /// A socket, or OpenVPN's configuration; without it the server that runs.
    pub(crate) path: Option<PathBuf>,
    pub(crate) json: bool,
}

/// What it is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Status {
        /// Again and again.
        watch: bool,
    },
    Revoke(Vec<u8>),
    Unblock(Vec<u8>),
}

impl Action {
    /// As the server reads it.
    fn line(&self) -> Vec<u8> {
        match self {
            Action::Status { .. } => b"status".to_vec(),
            Action::Revoke(name) => [b"revoke ", &name[..]].concat(),
            Action::Unblock(source) => [b"unblock ", &source[..]].concat(),
        }
    }
}

/// Asks, and prints the answer; the exit status.
pub(crate) fn run(request: &ServerRequest) -> Result<u8, String> {
    let socket = find_socket::socket(request.path.as_deref())?;
    if request.action == (Action::Status { watch: true }) {
        return watch::run(&socket, request.json);
    }
    let answer = ask(&socket, &request.action)?;
    let mut show = Show::new(0, request.json);
    match &request.action {
        Action::Status { .. } if request.json => json::status(&answer)?,
        Action::Status { .. } => text::status(&answer)?.iter().for_each(|(what, text)| show.line(what, text)),
        Action::Revoke(name) => {
            let (name, done) = (String::from_utf8_lossy(name), text::Revoked::read(&answer)?);
            if request.json { json::revoked(&name, &done) } else { done.print(&mut show, &name) }
        }
        Action::Unblock(_) => {
            let done = text::Unblocked::read(&answer)?;
            if request.json { json::unblocked(&done) } else { show.line("done", &done.text()) }
        }
    }
    Ok(0)
}

fn ask(socket: &Path, action: &Action) -> Result<Answer, String> {
    let about = |why: String| format!("{}: {}", socket.display(), printable(&why));
    ask::ask(socket, &action.line()).and_then(|text| Answer::read(&text)).map_err(about)
}
