//! What rustdoc knows of a crate, as JSON. That is not stable yet, so rustdoc has to be allowed to do it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::Result;
use crate::crates::{Crate, root};

/// Names the real rustdoc to this program when cargo runs it in its place.
const REAL: &str = "PUBLIC_API_RUSTDOC";

/// Has cargo make the JSON of the crate, beside the documentation.
pub(crate) fn json(one: &Crate) -> Result<PathBuf> {
    let rustdoc = std::env::var_os("RUSTDOC").unwrap_or("rustdoc".into());
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args([
        "rustdoc",
        "--quiet",
        "--locked",
        "--lib",
        "--package",
        one.name,
        "--features",
        one.features,
    ]);
    cargo.arg("--target-dir").arg(&target).args(["--", "-Z", "unstable-options", "--output-format", "json"]);
    // Not for cargo itself: scripts that build crates look at RUSTC_BOOTSTRAP, and all would be built anew.
    cargo.env("RUSTDOC", std::env::current_exe()?).env(REAL, rustdoc).env_remove("RUSTDOCFLAGS");
    let status = cargo.current_dir(root()).status().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !status.success() {
        return Err(format!("rustdoc fails for {}", one.name).into());
    }
    Ok(target.join("doc").join(format!("{}.json", one.name.replace('-', "_"))))
}

/// If cargo runs this program in place of rustdoc: runs that, with leave for what is not stable.
pub(crate) fn instead_of_rustdoc() -> Option<ExitCode> {
    let real: OsString = std::env::var_os(REAL)?;
    let status =
        Command::new(Path::new(&real)).args(std::env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    Some(match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot run {}: {error}", Path::new(&real).display());
            ExitCode::FAILURE
        }
    })
}
