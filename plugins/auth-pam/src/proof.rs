//! What a client shows instead of a password. PAM runs only its account phase then: nobody is authenticated by it, and
//! nobody is asked.

use privsep::{Reader, WireError, Writer};

/// What it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// An auth-token that OpenVPN has found good for the username.
    Token,
    /// A certificate that OpenVPN has verified, with the username as its common name.
    Certificate,
}

impl Proof {
    /// What log and audit line say after the reason.
    pub fn said(self) -> &'static str {
        match self {
            Proof::Token => "; by auth-token",
            Proof::Certificate => "; by certificate",
        }
    }

    fn number(self) -> u8 {
        match self {
            Proof::Token => 1,
            Proof::Certificate => 2,
        }
    }

    /// Encodes one, or that there is none.
    pub fn write(proof: Option<Self>, to: &mut Writer) {
        to.u8(proof.map_or(0, Proof::number));
    }

    /// The other way round.
    pub fn read(from: &mut Reader<'_>) -> Result<Option<Self>, WireError> {
        let number = from.u8()?;
        let all = [None, Some(Proof::Token), Some(Proof::Certificate)];
        let found = all.into_iter().find(|proof| proof.map_or(0, Proof::number) == number);
        found.ok_or(WireError::Unknown { field: "proof", value: number.into() })
    }
}
