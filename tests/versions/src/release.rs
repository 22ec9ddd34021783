//! Which releases of Debian, and which test programs.

/// A release.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// As debootstrap knows it.
    pub(crate) name: &'static str,
    /// As people call it.
    pub(crate) title: &'static str,
}

/// The oldest first: there everything is built.
pub(crate) const RELEASES: [Release; 4] = [
    Release { name: "bullseye", title: "Debian 11" },
    Release { name: "bookworm", title: "Debian 12" },
    Release { name: "trixie", title: "Debian 13" },
    Release { name: "sid", title: "Debian unstable" },
];

/// The main test programs that start servers, by package.
pub(crate) const SUITES: [(&str, &[&str]); 2] = [
    (
        "e2e",
        &[
            "openvpn",
            "questions",
            "sessions",
            "client_options",
            "renegotiation",
            "recipes",
            "down_root",
            "sdk",
            "privileges",
            "status",
            "metrics",
        ],
    ),
    ("compatibility", &["compatibility", "down_root"]),
];
