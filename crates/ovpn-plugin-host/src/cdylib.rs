//! Builds the plugin of the package whose test is running: `cargo test` builds no `cdylib`.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Builds the plugin of the package whose test this is, and gives the file: as long as that is compiled in the profile of
/// the test, with its target directory and target. Further words go to `cargo build`, for example `--features`.
///
/// In a file below `tests`. The crate that the macro is named by is among the `dev-dependencies`: `ovpn-plugin-host`
/// here, or `ovpn-plugin-test`, which has the same macro as `ovpn_plugin_test::cdylib!`.
///
/// ```no_run
/// use ovpn_plugin_host::{Login, Plugin, cdylib};
///
/// # fn test() -> Result<(), Box<dyn std::error::Error>> {
/// let plugin = Plugin::new(cdylib!()).arg("please").open()?;
/// assert!(plugin.login(&Login::new("joe", "please"), std::time::Duration::from_secs(20))?.accepted());
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// If it cannot be built, with what cargo said, or the package's library is no `cdylib`.
#[macro_export]
macro_rules! cdylib {
    ($($word:expr),* $(,)?) => {{
        static FILE: ::std::sync::OnceLock<::std::path::PathBuf> = ::std::sync::OnceLock::new();
        FILE.get_or_init(|| {
            $crate::build_cdylib(env!("CARGO_MANIFEST_DIR"), &[$($word),*])
                .unwrap_or_else(|error| panic!("{error}"))
        })
        .clone()
    }};
}

/// Why there is no file.
#[derive(Debug)]
#[non_exhaustive]
pub enum CdylibError {
    /// Cargo cannot be started.
    Start(io::Error),
    /// Cargo failed; what it said is on standard error.
    Build {
        /// What it was asked.
        words: String,
    },
    /// The package has no library that OpenVPN could load.
    NoCdylib {
        /// Its directory.
        package: PathBuf,
    },
}

impl fmt::Display for CdylibError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => write!(out, "cannot run cargo: {error}"),
            Self::Build { words } => write!(out, "`cargo {words}` failed; its errors are above"),
            Self::NoCdylib { package } => write!(
                out,
                "{}: the package has no library of type cdylib, which OpenVPN loads; in Cargo.toml: [lib] \
                 crate-type = [\"cdylib\"]",
                package.display()
            ),
        }
    }
}

impl std::error::Error for CdylibError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start(error) => Some(error),
            Self::Build { .. } | Self::NoCdylib { .. } => None,
        }
    }
}

/// Builds the `cdylib` of the package in a directory as the calling test is built, and gives the file. `more` goes to
/// `cargo build`. A test of its own package says [`cdylib!`](crate::cdylib!).
///
/// # Errors
/// If it cannot be built, or there is none.
pub fn build_cdylib(package: impl AsRef<Path>, more: &[&str]) -> Result<PathBuf, CdylibError> {
    let package = package.as_ref();
    let manifest = package.join("Cargo.toml");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--lib", "--message-format=json-render-diagnostics", "--manifest-path"]);
    cargo.arg(&manifest).args(place_words()).args(more).current_dir(package);
    let words: Vec<_> = cargo.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let output = cargo.stderr(Stdio::inherit()).output().map_err(CdylibError::Start)?;
    if !output.status.success() {
        return Err(CdylibError::Build { words: words.join(" ") });
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let manifest = manifest.canonicalize().unwrap_or(manifest);
    messages
        .lines()
        .find_map(|message| file_in(message, &manifest))
        .ok_or_else(|| CdylibError::NoCdylib { package: package.to_owned() })
}

/// The same place and profile as the running test has: `TARGET_DIRECTORY/[TARGET/]PROFILE/deps/test-HASH`.
fn place_words() -> Vec<String> {
    let own = env::current_exe().unwrap_or_default();
    let Some(profile) = own.ancestors().find(|path| path.file_name() == Some(OsStr::new("deps"))) else {
        return Vec::new();
    };
    let place = profile.parent().unwrap_or(profile);
    words_of(place, |path| path.join("CACHEDIR.TAG").exists())
}

/// `is_top`: whether this is a target directory, which cargo marks.
fn words_of(place: &Path, is_top: impl Fn(&Path) -> bool) -> Vec<String> {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let (Some(profile), Some(above)) = (name(place), place.parent()) else { return Vec::new() };
    let mut words = vec!["--profile".to_owned(), if profile == "debug" { "dev".to_owned() } else { profile }];
    // Built for another target, the directory of the profile is one level deeper.
    let triple = above.parent().filter(|top| !is_top(above) && is_top(top)).and_then(|_| name(above));
    let top = if triple.is_some() { above.parent().unwrap_or(above) } else { above };
    words.extend(triple.into_iter().flat_map(|triple| ["--target".to_owned(), triple]));
    words.extend(["--target-dir".to_owned(), top.to_string_lossy().into_owned()]);
    words
}

/// The shared object in one of cargo's messages, if it is that of the library of this package, whose path leads over no
/// link: cargo keeps those that it was given.
fn file_in(message: &str, manifest: &Path) -> Option<PathBuf> {
    if after(message, "reason").and_then(text)?.0 != "compiler-artifact" {
        return None;
    }
    let named = PathBuf::from(after(message, "manifest_path").and_then(text)?.0);
    if named.canonicalize().unwrap_or(named) != manifest {
        return None;
    }
    let mut rest = after(message, "filenames")?.strip_prefix('[')?;
    while let Some((file, more)) = text(rest) {
        if file.ends_with(env::consts::DLL_SUFFIX) {
            return Some(file.into());
        }
        rest = more.strip_prefix(',')?;
    }
    None
}

/// What stands behind the name of a field; cargo writes no blanks between name and value.
fn after<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.split_once(&format!("\"{name}\":")).map(|(_, value)| value)
}

/// The text that JSON begins with, and what follows it. Of what JSON escapes, paths have quotation marks and backslashes.
fn text(json: &str) -> Option<(String, &str)> {
    let json = json.strip_prefix('"')?;
    let (mut text, mut chars) = (String::new(), json.char_indices());
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((text, json.get(at + 1..)?)),
            '\\' => text.push(chars.next()?.1),
            char => text.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///p#0.1.0","manifest_path":"/p/Cargo.toml","target":{"kind":["cdylib"],"crate_types":["cdylib"],"name":"p"},"filenames":["/t/debug/libp.d","/t/debug/libp.so"],"executable":null,"fresh":true}"#;

    #[test]
    fn the_shared_object_of_this_package_is_found() {
        let found = file_in(MESSAGE, Path::new("/p/Cargo.toml"));
        assert_eq!(found.as_deref(), Some(Path::new("/t/debug/libp.so")));
        assert_eq!(file_in(MESSAGE, Path::new("/q/Cargo.toml")), None);
        let plain = MESSAGE.replace("libp.so", "libp.rlib");
        assert_eq!(file_in(&plain, Path::new("/p/Cargo.toml")), None);
    }

    #[test]
    fn odd_names_of_directories_are_read() {
        let message = MESSAGE.replace("/p/", r#"/a \"b]\\/"#).replace("/t/", r#"/t]\",\"/"#);
        let found = file_in(&message, Path::new(r#"/a "b]\/Cargo.toml"#));
        assert_eq!(found.as_deref(), Some(Path::new(r#"/t]","/debug/libp.so"#)));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_the_same_package() {
        let place = tempfile::tempdir().unwrap();
        let (package, link) = (place.path().join("p"), place.path().join("link"));
        std::fs::create_dir(&package).unwrap();
        std::fs::write(package.join("Cargo.toml"), "").unwrap();
        std::os::unix::fs::symlink(&package, &link).unwrap();
        let message = MESSAGE.replace("/p/", &format!("{}/", link.display()));
        let manifest = package.join("Cargo.toml").canonicalize().unwrap();
        assert!(file_in(&message, &manifest).is_some());
    }

    #[test]
    fn the_place_of_the_test_is_taken() {
        let is_top = |path: &Path| path == Path::new("/w/target");
        let words = |place: &str| words_of(Path::new(place), is_top).join(" ");
        assert_eq!(words("/w/target/debug"), "--profile dev --target-dir /w/target");
        assert_eq!(words("/w/target/release"), "--profile release --target-dir /w/target");
        assert_eq!(
            words("/w/target/aarch64-unknown-linux-gnu/fast"),
            "--profile fast --target aarch64-unknown-linux-gnu --target-dir /w/target"
        );
    }
}
