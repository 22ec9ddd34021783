//! The OpenVPN program of this machine: its version, and the directory in which it looks for plugins.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::setup::Openvpn;

/// Where it may be if `PATH` does not lead there.
const USUAL: [&str; 3] = ["/usr/sbin/openvpn", "/usr/local/sbin/openvpn", "/usr/bin/openvpn"];
/// The longest program that is looked into, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// What can be known of the program.
pub(crate) fn of_program(program: Option<&Path>) -> Openvpn {
    // A unit may start a program of the administrator's instead, which must not be run: it would start the server.
    let programs = program.map(Path::to_path_buf).into_iter().chain(installed());
    let mut known = programs.filter_map(|program| Some((plugin_directory(&program)?, program)));
    let Some((directory, program)) = known.next() else { return Openvpn::default() };
    Openvpn { version: version(&program), plugin_directory: Some(directory) }
}

/// The one that is installed.
pub(crate) fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|directory| directory.join("openvpn"));
    in_path.chain(USUAL.map(PathBuf::from)).find(|file| file.is_file())
}

fn version(program: &Path) -> Option<(u32, u32, u32)> {
    // Its exit status is 1 up to 2.5.
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// `OpenVPN 2.6.14 x86_64-pc-linux-gnu ...`; of `2.7_rc2` the third number is 0.
fn parse(text: &str) -> Option<(u32, u32, u32)> {
    let word = text.strip_prefix("OpenVPN ")?.split_whitespace().next()?;
    let mut numbers =
        word.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or_default());
    Some((
        numbers.next()?,
        numbers.next()?,
        numbers.next().filter(|_| !word.contains('_')).unwrap_or_default(),
    ))
}

/// The directory that is built into the program: it shows it nowhere, but it holds the text.
pub(crate) fn plugin_directory(program: &Path) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    if !program.metadata().ok()?.is_file() {
        return None;
    }
    File::open(program).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    let texts =
        bytes.split(|byte| *byte == 0).filter(|text| text.starts_with(b"/") && text.ends_with(b"/plugins"));
    texts.filter_map(|text| std::str::from_utf8(text).ok()).map(PathBuf::from).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse("OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)]\n"), Some((2, 6, 14)));
        assert_eq!(parse("OpenVPN 2.7_rc2 x86_64\n"), Some((2, 7, 0)));
        assert_eq!(parse("OpenVPN 2.7.6 x86_64\n"), Some((2, 7, 6)));
        assert_eq!(parse("something else"), None);
    }

    #[test]
    fn the_program_of_this_machine_tells_where_it_looks() {
        let program = installed().expect("openvpn is installed");
        let directory = plugin_directory(&program).expect("a directory");
        assert!(directory.ends_with("openvpn/plugins"), "{}", directory.display());
        assert!(of_program(None).version.is_some());
    }
}
