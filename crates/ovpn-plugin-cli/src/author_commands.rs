//! `new` and `run` are for authors of plugins, and another program has them. This one runs as root beside servers: it starts
//! neither cargo nor servers, and carries nothing that only tests need.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// The commands.
pub(crate) const COMMANDS: [&str; 2] = ["new", "run"];
const PROGRAM: &str = "cargo-ovpn-plugin";

/// Becomes the other program; returns why it could not.
pub(crate) fn become_it(words: &[OsString]) -> String {
    let error = Command::new(program()).args(words).exec();
    let command = words.first().map(|word| word.to_string_lossy()).unwrap_or_default();
    if error.kind() == std::io::ErrorKind::NotFound {
        return format!(
            "`{command}` is for authors of plugins, and needs {PROGRAM}, which is not installed. In the sources of this project, run: cargo install --path \
             crates/{PROGRAM}. With the package openvpn-plugin-dev-rs, run: cargo install --target-dir ~/.cache/{PROGRAM} \
             --path /usr/share/openvpn-plugin-dev-rs/crates/{PROGRAM}"
        );
    }
    format!("cannot run {PROGRAM}: {error}")
}

/// The one beside this program, if there is one; otherwise the shell's.
fn program() -> PathBuf {
    let own = std::env::current_exe().ok();
    let beside = own.and_then(|own| Some(own.parent()?.join(PROGRAM)));
    beside.filter(|file| file.is_file()).unwrap_or_else(|| PROGRAM.into())
}
