//! With which Rust the listings are made. Others have another form of rustdoc's JSON, and other paths in the standard library.

use std::process::Command;

use crate::Result;

/// For another one: this, the version of `public-api` in Cargo.toml that reads its JSON, and `make generate`.
const RUST: &str = "1.95";

/// Why the listings cannot be made with the Rust that is here, if so.
pub(crate) fn is_known() -> Result<Result<(), String>> {
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let output = Command::new(rustc)
        .arg("--version")
        .output()
        .map_err(|error| format!("cannot run rustc: {error}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let is_it = version.strip_prefix("rustc ").is_some_and(|rest| rest.starts_with(&format!("{RUST}.")));
    Ok(if is_it {
        Ok(())
    } else {
        Err(format!("the listings are made with Rust {RUST}, and this is {version}"))
    })
}
