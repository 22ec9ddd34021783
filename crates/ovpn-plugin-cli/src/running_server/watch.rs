//! The status again and again, until somebody interrupts it. On a terminal the lines are drawn over the ones before.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write, stdout};
use std::os::fd::AsFd;
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Action, ask, json, text};
use crate::style::{Emphasis, Style};
use terminal::{Signals, is_dumb};

/// Milliseconds between two looks.
const INTERVAL: u16 = 2000;
/// To the first line, and everything below it away; at the end of each line the rest of that.
const TOP: &str = "\x1b[H";
const CLEAR_BELOW: &str = "\x1b[J";
const CLEAR_LINE: &str = "\x1b[K";

/// Watches until a signal comes. A server that is started again is asked again.
pub(crate) fn run(socket: &Path, json: bool) -> Result<u8, String> {
    let signals = Signals::block().map_err(|error| format!("cannot hold signals back: {error}"))?;
    let draws = !json && stdout().is_terminal() && !is_dumb();
    // The first answer must come, so that a wrong path is no endless wait.
    let mut answer = Ok(ask(socket, &Action::Status { watch: true })?);
    loop {
        match answer {
            Ok(answer) if json => json::status(&answer)?,
            Ok(answer) => draw(&text::status(&answer)?, draws),
            Err(why) if json => return Err(why),
            Err(why) => draw(&[("failed", why)], draws),
        }
        let mut polled = [PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut polled, PollTimeout::from(INTERVAL));
        if signals.came().is_some() {
            return Ok(0);
        }
        answer = ask(socket, &Action::Status { watch: true });
    }
}

fn draw(lines: &[(&'static str, String)], draws: bool) {
    let style = Style::of_output();
    let mut screen = String::new();
    let lines =
        lines.iter().map(|(what, text)| style.line(what, &crate::show::printable(text), Emphasis::Plain));
    let folded: Vec<String> =
        lines.flat_map(|line| line.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    if !draws {
        let _ = writeln!(screen, "{}\n", folded.join("\n"));
    } else {
        let rows = terminal_size::terminal_size_of(stdout()).map_or(usize::MAX, |(_, rows)| rows.0.into());
        screen += TOP;
        for line in folded.iter().take(rows.saturating_sub(1)) {
            let _ = writeln!(screen, "{line}{CLEAR_LINE}");
        }
        screen += CLEAR_BELOW;
    }
    let mut out = stdout().lock();
    let _ = out.write_all(screen.as_bytes()).and_then(|()| out.flush());
}
