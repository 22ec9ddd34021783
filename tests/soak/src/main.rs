//! `make soak`: a real server with fifty clients for five minutes, or as long as is wanted. Some have the right password, some a
//! wrong one; some are asked, some have their PAM module crash or hang. Those that are let in have sessions. Now and then the
//! server gets SIGUSR1 or SIGHUP.
//!
//! The first part of the time is to get warm. Then all clients leave, and what OpenVPN and the plugin's processes hold is looked
//! at. This is done again after a part with signals of both kinds, and at the end: nothing may have grown. After SIGHUP there are
//! new processes of the plugin, which begin with what OpenVPN has by then. So the last part, the longest, is one without SIGHUP:
//! there it is the same processes that are looked at twice.
//!
//! Usage: `soak [TIME]`, such as `5m` or `1h`. In less than five minutes OpenVPN does not get warm.

mod clients;
mod held;
mod stage;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use clients::Tally;
use held::Held;
use stage::Stage;

/// Without an argument, and the shortest.
const TIME: Duration = Duration::from_secs(300);
/// Part of the time to get warm, and the part with SIGHUP after it.
const WARM: f64 = 0.15;
const HANG_UPS: f64 = 0.25;
/// Between two signals. In the parts with SIGHUP every third one is.
const SIGNALS: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    let Some(time) = argument.as_deref().map_or(Some(TIME), parse) else {
        eprintln!("usage: soak [TIME], such as 5m or 1h; at least 5m");
        return ExitCode::FAILURE;
    };
    if !nix::unistd::geteuid().is_root() {
        eprintln!("soak needs root: it starts a server in a network namespace");
        return ExitCode::FAILURE;
    }
    let stage = Stage::new();
    let mut tally = Tally::default();
    busy(&stage, time.mul_f64(WARM), &mut tally, true);
    let warm = Held::of(&stage);
    busy(&stage, time.mul_f64(HANG_UPS), &mut tally, true);
    let (before, hung_up) = (tally.logins(), Held::of(&stage));
    busy(&stage, time.mul_f64(1.0 - WARM - HANG_UPS), &mut tally, false);
    let end = Held::of(&stage);
    println!("{tally}");
    let (table, grown) = held::compare(&warm, &hung_up, &end);
    println!("{table}");
    let least = held::least_seen(&hung_up, tally.logins() - before);
    println!("{least} bytes for each login are the least that would show in the supervisor");
    let mistakes = tally.mistakes();
    mistakes.iter().for_each(|mistake| eprintln!("soak: {mistake}"));
    if !grown.is_empty() {
        eprintln!("soak: grown: {}", grown.join(", "));
    }
    if grown.is_empty() && mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// `300s`, `5m`, `1h`; a number alone means seconds.
fn parse(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(['s', 'm', 'h']);
    let unit = match text.get(digits.len()..)? {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let seconds = digits.parse::<u64>().ok()?.checked_mul(unit)?;
    Some(Duration::from_secs(seconds)).filter(|time| *time >= TIME)
}

/// Clients come and go for so long, with signals; with SIGHUP among them or not.
fn busy(stage: &Stage, time: Duration, tally: &mut Tally, hang_ups: bool) {
    let (started, clients) = (Instant::now(), clients::Clients::default());
    std::thread::scope(|scope| {
        clients.start(scope, stage);
        for number in 1.. {
            let next = SIGNALS * number;
            if next >= time {
                break;
            }
            std::thread::sleep((started + next).saturating_duration_since(Instant::now()));
            let signal = if hang_ups && number % 3 == 1 { Signal::SIGHUP } else { Signal::SIGUSR1 };
            clients.during_restart(|| stage.server.restart(signal));
            tally.signals += 1;
        }
        std::thread::sleep((started + time).saturating_duration_since(Instant::now()));
        clients.stop();
    });
    tally.add(clients);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, seconds) in
            [("900s", Some(900)), ("5m", Some(300)), ("1h", Some(3600)), ("400", Some(400))]
        {
            assert_eq!(parse(text), seconds.map(Duration::from_secs), "{text}");
        }
        for text in ["", "m", "5x", "5mm", "90s", "-5m"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
