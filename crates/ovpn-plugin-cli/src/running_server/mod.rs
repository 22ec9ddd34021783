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

/// What is asked of whom.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) asked: Asked,
    /// A socket, or OpenVPN's configuration; without it the server that runs.
    pub(crate) path: Option<PathBuf>,
    pub(crate) json: bool,
}

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Status {
        /// Again and again.
        watch: bool,
    },
    Revoke(Vec<u8>),
    Unblock(Vec<u8>),
}

impl Asked {
    /// As the server reads it.
    fn line(&self) -> Vec<u8> {
        match self {
            Asked::Status { .. } => b"status".to_vec(),
            Asked::Revoke(name) => [b"revoke ", &name[..]].concat(),
            Asked::Unblock(source) => [b"unblock ", &source[..]].concat(),
        }
    }
}

/// Asks, and prints the answer; the exit status.
pub(crate) fn run(question: &Question) -> Result<u8, String> {
    let socket = find_socket::socket(question.path.as_deref())?;
    if question.asked == (Asked::Status { watch: true }) {
        return watch::run(&socket, question.json);
    }
    let answer = ask(&socket, &question.asked)?;
    let mut show = Show::new(0, question.json);
    match &question.asked {
        Asked::Status { .. } if question.json => json::status(&answer)?,
        Asked::Status { .. } => text::status(&answer)?.iter().for_each(|(what, text)| show.line(what, text)),
        Asked::Revoke(name) => {
            let (name, done) = (String::from_utf8_lossy(name), text::Revoked::read(&answer)?);
            if question.json { json::revoked(&name, &done) } else { done.print(&mut show, &name) }
        }
        Asked::Unblock(_) => {
            let done = text::Unblocked::read(&answer)?;
            if question.json { json::unblocked(&done) } else { show.line("done", &done.text()) }
        }
    }
    Ok(0)
}

fn ask(socket: &Path, asked: &Asked) -> Result<Answer, String> {
    let about = |why: String| format!("{}: {}", socket.display(), printable(&why));
    ask::ask(socket, &asked.line()).and_then(|text| Answer::read(&text)).map_err(about)
}
