//! The OpenVPN of this machine, as far as plugins depend on it: the shared objects it is linked with.

use std::path::{Path, PathBuf};

use crate::elf;

/// Where it may be if `PATH` does not lead there.
const USUAL: [&str; 3] = ["/usr/sbin/openvpn", "/usr/local/sbin/openvpn", "/usr/bin/openvpn"];

/// The names of the shared objects that OpenVPN is linked with. Their symbols are there for each plugin that it loads,
/// also for one that names none of them itself. Empty if there is no OpenVPN on this machine.
#[must_use]
pub fn libraries_of_openvpn() -> Vec<String> {
    program().map(|program| elf::needed(&program)).unwrap_or_default()
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join("openvpn"));
    in_path.chain(USUAL.map(PathBuf::from)).find(|file| Path::is_file(file))
}
