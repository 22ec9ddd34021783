//! What was decided about an attempt.

use std::time::Duration;

use crate::question::Question;

/// What was decided about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The client may come in.
    Accepted {
        /// Time from the arrival of the attempt.
        took: Duration,
    },
    /// It may not.
    Rejected,
    /// It may not now, through no fault of its own; it should try again.
    Temporary {
        /// Why.
        cause: Cause,
        /// When to try again, whole seconds.
        backoff: Duration,
    },
    /// It may not yet: the client is to come again with the answer to this.
    Asked(Box<Question>),
}

/// Why an attempt fails for now. None depends on what the client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A limit of our own is reached.
    Busy,
    /// PAM did not answer within the time limit.
    NoAnswer,
    /// The backend is away for everybody.
    Away,
    /// Too many failures from the same source.
    Failures,
    /// A signal has ended the worker.
    Crashed,
}

impl Cause {
    const ALL: [Self; 5] = [Self::Busy, Self::NoAnswer, Self::Away, Self::Failures, Self::Crashed];

    /// The number that crosses the border.
    pub fn number(self) -> u8 {
        match self {
            Cause::Busy => 1,
            Cause::NoAnswer => 2,
            Cause::Away => 3,
            Cause::Failures => 4,
            Cause::Crashed => 5,
        }
    }

    /// The other way round.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.number() == number)
    }
}

/// Who is to blame for a failure of PAM's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The client, as far as is known.
    Client,
    /// The plugin line or the PAM service: what the client sent was not judged, or was right.
    Configuration,
    /// One of both: a module may have refused what the client sent, before the configuration failed another one.
    Unclear,
}

impl Blame {
    const ALL: [Self; 3] = [Self::Client, Self::Configuration, Self::Unclear];

    /// The number that crosses the border.
    pub fn number(self) -> u8 {
        match self {
            Blame::Client => 0,
            Blame::Configuration => 1,
            Blame::Unclear => 2,
        }
    }

    /// The other way round.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|blame| blame.number() == number)
    }
}

/// Where a client that has to try again does so, if it knows several servers. The words are those of OpenVPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// At the same address.
    No,
    /// At the next address of the same `remote`.
    Addr,
    /// At the next `remote`.
    Remote,
}

impl Advance {
    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "no" => Advance::No,
            "addr" => Advance::Addr,
            "remote" => Advance::Remote,
            _ => return None,
        })
    }
}
