//! Whose offer is listed.

use std::path::{Path, PathBuf};

pub(crate) struct Crate {
    pub(crate) name: &'static str,
    /// All that it has.
    pub(crate) features: &'static str,
}

/// Those that plugins and their tests depend on.
pub(crate) const CRATES: &[Crate] = &[
    Crate { name: "ovpn-plugin-sys", features: "" },
    Crate { name: "ovpn-plugin", features: "openssl,tokio" },
    Crate { name: "ovpn-plugin-host", features: "" },
    Crate { name: "ovpn-plugin-test", features: "" },
];

impl Crate {
    /// Its listing.
    pub(crate) fn file(&self) -> PathBuf {
        root().join("crates").join(self.name).join("public-api.txt")
    }
}

/// The directory of the project.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
