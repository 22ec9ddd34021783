//! `new`: a crate from the template.

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use crate::Failed;
use crate::command_line::Wanted;
use crate::template::{DEFERRED, FILES, Names};

/// Where the package openvpn-plugin-dev-rs has the SDK.
const INSTALLED: &str = "/usr/share/openvpn-plugin-dev-rs";

/// Makes the crate and says how to go on.
pub(crate) fn new(wanted: &Wanted) -> Result<(), Failed> {
    let package = wanted.directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    valid(package)?;
    let crates = crates(wanted.sdk.as_deref())?;
    let names = Names::of(package, &in_toml(&crates)?);
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error| format!("{path}: {error}")
    };
    // Not into a directory that is there: nothing of anybody's is overwritten.
    fs::create_dir(&wanted.directory).map_err(failed(&wanted.directory))?;
    for file in FILES {
        let file = if wanted.deferred && file.name == DEFERRED.name { DEFERRED } else { file };
        let path = wanted.directory.join(file.name);
        let parent = path.parent().unwrap_or(&wanted.directory);
        fs::create_dir_all(parent).map_err(failed(parent))?;
        fs::write(&path, names.in_text(file.text)).map_err(failed(&path))?;
    }
    let ignore = wanted.directory.join(".gitignore");
    fs::write(&ignore, "/target\n").map_err(failed(&ignore))?;
    let _ = write!(
        stdout(),
        "made {0}. Next:\n\n    cd {0}\n    cargo test\n    cargo ovpn-plugin run --user joe --password please -- please\n",
        wanted.directory.display()
    );
    Ok(())
}

/// What cargo takes for a package, and Rust for a type.
fn valid(name: &str) -> Result<(), Failed> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
    if begins && name.bytes().all(good) {
        return Ok(());
    }
    Err(format!("{name:?} is no name for a crate: use small letters, digits and hyphens, the first a letter"))
}

/// The directory with the SDK's crates.
fn crates(given: Option<&Path>) -> Result<PathBuf, Failed> {
    let sdk = given.unwrap_or(Path::new(INSTALLED)).join("crates");
    let there = sdk.join("ovpn-plugin/Cargo.toml").is_file();
    match (there, given) {
        (true, _) => sdk.canonicalize().map_err(|error| format!("{}: {error}", sdk.display())),
        (false, Some(_)) => {
            Err(format!("there is no ovpn-plugin in {}: --sdk names the SDK's sources", sdk.display()))
        }
        (false, None) => Err(format!(
            "the SDK is not in {INSTALLED}: install the package openvpn-plugin-dev-rs, or name its sources with --sdk"
        )),
    }
}

fn in_toml(path: &Path) -> Result<String, Failed> {
    let text = path.to_str().filter(|text| !text.contains(['"', '\\']) && !text.contains(char::is_control));
    text.map(str::to_owned).ok_or_else(|| format!("{}: Cargo.toml cannot name such a path", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_crates() {
        for good in ["users", "ldap-users", "a2_b"] {
            assert_eq!(valid(good), Ok(()));
        }
        for bad in ["", "2a", "Users", "a b", "a/b", "..", "-a", "\u{e4}"] {
            assert!(valid(bad).is_err(), "{bad}");
        }
    }
}
