//! Lists what the crates for plugin authors offer, one item a line, in `public-api.txt` beside each: so that a change
//! of it is seen in review.
//!
//! `public-api-listing check` compares and names each difference, `write` writes the listings.

mod crates;
mod listing;
mod rustdoc;
mod toolchain;

use std::fs;
use std::process::ExitCode;

use crates::{CRATES, Crate, root};
use listing::{Difference, compare};

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    if let Some(code) = rustdoc::instead_of_rustdoc() {
        return code;
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let all_is_well = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check"] => check(),
        ["write"] => write().map(|()| true),
        _ => Err("usage: public-api-listing check|write".into()),
    };
    match all_is_well {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("public-api-listing: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all listings are right.
fn check() -> Result<bool> {
    if let Err(other) = toolchain::is_known()? {
        // What is listed is the same with each Rust, but not its form.
        eprintln!("not compared: {other}");
        return Ok(std::env::var_os("CI").is_none());
    }
    let mut right = true;
    for one in CRATES {
        let (difference, _) = look(one)?;
        if difference.is_none() {
            continue;
        }
        right = false;
        eprintln!("{} has changed what it offers:", one.name);
        eprint!("{difference}");
    }
    if !right {
        eprintln!(
            "If that is meant, run `make generate`, and say in CHANGELOG.md what authors have to change."
        );
    }
    Ok(right)
}

fn write() -> Result<()> {
    toolchain::is_known()??;
    let mut gone = false;
    for one in CRATES {
        let (difference, text) = look(one)?;
        if !difference.is_none() {
            fs::write(one.file(), text)?;
            eprint!("{}:\n{difference}", one.file().display());
            gone |= !difference.gone.is_empty();
        }
    }
    let changelog = root().join("CHANGELOG.md");
    if gone {
        eprintln!("What is gone or changed breaks plugins: say so in {}.", changelog.display());
    }
    Ok(())
}

/// How the crate differs from its listing, and the listing that would be right.
fn look(one: &Crate) -> Result<(Difference, String)> {
    let text = listing::of(&rustdoc::json(one)?)?;
    let known = fs::read_to_string(one.file()).unwrap_or_default();
    Ok((compare(&known, &text), text))
}
