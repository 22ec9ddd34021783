//! Stopping a helper that this process may not signal, as OpenVPN that has become nobody may not: it must not wait for
//! ever for what does not come.
//!
//! Each case is a process of one thread, for it forks a helper and changes its user.

use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use case_runner::{Case, Suite};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Uid};
use privsep::confine::{Confinement, Group, Output};
use privsep::{Helper, Message, Reader, WireError, Writer, leave};

const PATIENCE: Duration = Duration::from_millis(300);

/// A message of nothing.
struct Empty;

impl Message for Empty {
    const MAX_BYTES: usize = 1;
    fn encode(&self, to: &mut Writer) -> Result<(), WireError> {
        to.u8(0);
        Ok(())
    }
    fn decode(mut from: Reader<'_>) -> Result<Self, WireError> {
        from.u8()?;
        from.end().map(|()| Empty)
    }
}

/// A helper that leaves when its channel ends, if it is let.
fn helper() -> Helper<Empty, Empty> {
    let started = Helper::start(|mut channel| {
        Confinement {
            title: "test: helper",
            command: c"test-helper",
            group: Group::Session,
            output: Output::Inherit,
            keep: &[channel.as_fd()],
            numbers: privsep::InheritedNumbers::Free,
            ignore: &[],
            withstand: &[],
            cores: privsep::confine::Cores::Never,
        }
        .enter();
        while let Ok(Some(_)) = channel.receive(None) {}
        leave(0)
    });
    started.unwrap_or_else(|error| panic!("helper: {error}"))
}

fn become_nobody() {
    nix::unistd::setgid(Gid::from_raw(65534)).unwrap_or_else(|errno| panic!("setgid: {errno}"));
    nix::unistd::setuid(Uid::from_raw(65534)).unwrap_or_else(|errno| panic!("setuid: {errno}"));
}

/// `stop` answers, and this. One that waits for ever is ended by the limit of its case.
fn stops(helper: Helper<Empty, Empty>, expected: bool) {
    assert_eq!(helper.stop(PATIENCE), expected);
}

fn stopped(helper: &Helper<Empty, Empty>) {
    kill(helper.pid(), Signal::SIGSTOP).unwrap_or_else(|errno| panic!("SIGSTOP: {errno}"));
}

fn main() -> ExitCode {
    let cases = [
        Case::new("a stopped helper of somebody else is given up", || {
            let helper = helper();
            // This process may not kill it any more.
            case_runner::may_stay(helper.pid().as_raw());
            stopped(&helper);
            become_nobody();
            stops(helper, false);
        }),
        Case::new("a stopped helper of one's own is killed", || {
            let helper = helper();
            stopped(&helper);
            stops(helper, true);
        }),
        Case::new("a helper of somebody else leaves by itself", || {
            let helper = helper();
            become_nobody();
            stops(helper, true);
        }),
    ];
    Suite::new(cases.map(|case| case.limit(Duration::from_secs(30)))).run()
}
