//! The command `cargo ovpn-plugin`, for authors: a new plugin from the template, and a real server and client that run it. See
//! `--help`.
//!
//! Apart from `ovpn-plugin`, which administrators run as root beside their servers: that one starts neither cargo nor servers, and
//! carries nothing of what tests need.

mod command_line;
mod declaration;
#[cfg(test)]
#[path = "generated_tests.rs"]
mod generated;
mod new;
mod print;
mod run;
mod template;
mod wait;

use std::io::Write;
use std::panic;
use std::process::ExitCode;

use crate::command_line::Request;

/// The command line is wrong, or what it needs is not there.
const USAGE: u8 = 2;

/// What keeps the command from doing its work.
type Failed = String;

fn main() -> ExitCode {
    let done = match command_line::parse(std::env::args_os()) {
        Ok(Request::Print(text)) => {
            std::io::stdout().write_all(text.as_bytes()).map(|()| 0).map_err(|error| error.to_string())
        }
        Ok(Request::New(wanted)) => new::new(&wanted).map(|()| 0),
        Ok(Request::Run(task)) => guarded(|| run::run(*task)),
        Err(error) => Err(error),
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(text) => {
            let _ = writeln!(std::io::stderr(), "cargo-ovpn-plugin: {text}");
            ExitCode::from(USAGE)
        }
    }
}

/// What servers and clients are made with panics with what a person can act on, and takes everything away while it unwinds.
fn guarded(work: impl FnOnce() -> Result<u8, Failed> + panic::UnwindSafe) -> Result<u8, Failed> {
    panic::set_hook(Box::new(|_| {}));
    panic::catch_unwind(work).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Err(text.unwrap_or("it panicked without a word").to_owned())
    })
}
