//! What a client shows instead of a password. PAM runs only its account phase then: nobody is authenticated by it, and
//! nobody is asked.

privsep::wire! {
    /// What it shows.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Passwordless {
        /// An auth-token that OpenVPN has found good for the username.
        1 => Token,
        /// A certificate that OpenVPN has verified, with the username as its common name.
        2 => Certificate,
    }
}

impl Passwordless {
    /// What log and audit line say after the reason.
    pub fn said(self) -> &'static str {
        match self {
            Passwordless::Token => "; by auth-token",
            Passwordless::Certificate => "; by certificate",
        }
    }
}
