//! Values of options that are one word of a few, or a time that may be none.

use std::time::Duration;

/// `timeout=SECONDS`: how long an attempt may take.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// Nobody has said.
    #[default]
    Default,
    /// So long; `None` for 0: no limit.
    Given(Option<Duration>),
}

/// `reasons=none|safe|all`: what a client learns of a refusal by PAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reasons {
    /// Nothing.
    None,
    /// What the account phase has refused it for: then the password was right.
    Safe,
    /// That, and what PAM modules have said in any phase.
    All,
}

impl Reasons {
    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "none" => Reasons::None,
            "safe" => Reasons::Safe,
            "all" => Reasons::All,
            _ => return None,
        })
    }
}

/// `require-cn=no|yes|nocase`: whether the common name of the client's certificate must be the username.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum RequireCn {
    /// It need not.
    #[default]
    No,
    /// Byte for byte.
    Same,
    /// But for the case of the letters a to z.
    SameButForCase,
}

impl RequireCn {
    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "no" => RequireCn::No,
            "yes" => RequireCn::Same,
            "nocase" => RequireCn::SameButForCase,
            _ => return None,
        })
    }

    /// Whether this common name will do for this username.
    pub fn admits(self, common_name: &[u8], username: &[u8]) -> bool {
        match self {
            RequireCn::No => true,
            RequireCn::Same => common_name == username,
            RequireCn::SameButForCase => common_name.eq_ignore_ascii_case(username),
        }
    }
}

/// `advance=no|addr|remote`: where a client that has to try again does so, if it knows several servers. The words are those
/// of OpenVPN.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// At the same address.
    #[default]
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
