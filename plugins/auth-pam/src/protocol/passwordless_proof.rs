//! What a client shows instead of a password. PAM runs only its account phase then: nobody is authenticated by it, and
//! nobody is asked.

privsep::wire! {
    /// What it shows.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum PasswordlessProof {
        /// An auth-token that OpenVPN has found good for the username.
        1 => Token,
        /// A certificate that OpenVPN has verified, with the username as its common name.
        2 => Certificate,
    }
}

impl PasswordlessProof {
    /// What log and audit line say after the reason.
    pub fn for_log(self) -> &'static str {
        match self {
            PasswordlessProof::Token => "; by auth-token",
            PasswordlessProof::Certificate => "; by certificate",
        }
    }
}
