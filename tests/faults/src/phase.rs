//! Where OpenVPN's thread is: what it does outside of the plugin is the host's, and does not fail.
//!
//! The process that plays says so by a call that means nothing.

use nix::unistd::Pid;

use crate::registers::signed;

/// Where OpenVPN's thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Not in the plugin.
    Between,
    Open,
    Login,
    Connect,
    Leave,
    Close,
}

const PHASES: [Phase; 6] =
    [Phase::Between, Phase::Open, Phase::Login, Phase::Connect, Phase::Leave, Phase::Close];
/// No process has such a number.
const FIRST_MARK: i32 = 0x7000_0000;
/// Nor these: somebody is decided who must not be let in; no more.
const REFUSING: [(i32, bool); 2] = [(0x7000_0100, true), (0x7000_0101, false)];

impl Phase {
    /// What a call says, if it is such a mark.
    pub(crate) fn marked(number: i64, argument: u64) -> Option<Self> {
        let place = signed(argument).checked_sub(FIRST_MARK.into())?;
        PHASES.get(usize::try_from(place).ok()?).copied().filter(|_| number == libc::SYS_getpgid)
    }

    fn mark(self) {
        let place =
            PHASES.iter().position(|phase| *phase == self).and_then(|place| i32::try_from(place).ok());
        say(FIRST_MARK + place.unwrap_or(0));
    }

    /// Does something in this phase.
    pub(crate) fn during<R>(self, body: impl FnOnce() -> R) -> R {
        self.mark();
        let result = body();
        Phase::Between.mark();
        result
    }
}

fn say(mark: i32) {
    let _ = nix::unistd::getpgid(Some(Pid::from_raw(mark)));
}

/// Has somebody decided who must not be let in.
pub(crate) fn while_refusing<R>(body: impl FnOnce() -> R) -> R {
    let [(begins, _), (ends, _)] = REFUSING;
    say(begins);
    let result = body();
    say(ends);
    result
}

/// Whether from this call on somebody is decided who must not be let in, if it says anything about that.
pub(crate) fn refusing(number: i64, argument: u64) -> Option<bool> {
    let said = REFUSING.iter().find(|(mark, _)| i64::from(*mark) == signed(argument));
    said.filter(|_| number == libc::SYS_getpgid).map(|(_, refusing)| *refusing)
}
