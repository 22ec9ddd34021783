//! Username and password: from the terminal, a file or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;

use terminal::MOST_BYTES;
pub(crate) use terminal::{NoAnswer, Secret, Terminal};
use zeroize::Zeroizing;

/// Reads the password, or what else it is, from a file or, for `-`, from standard input: all of it but one newline at the end.
pub(crate) fn from_file(path: &Path, what: &str) -> Result<Secret, String> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { format!("{path:?}") };
    let open = || if path == Path::new("-") { standard_input() } else { File::open(path) };
    let read = open().and_then(|mut file| read_all(&mut file));
    let mut secret = read.map_err(|error| format!("cannot read the {what} from {name}: {error}"))?;
    if secret.len() > MOST_BYTES {
        return Err(format!("cannot read the {what} from {name}: more than {MOST_BYTES} bytes"));
    }
    if secret.ends_with(b"\n") {
        secret.pop();
    }
    if secret.ends_with(b"\r") {
        secret.pop();
    }
    Ok(secret)
}

/// Without the buffer of the standard library, which is not wiped.
fn standard_input() -> io::Result<File> {
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Into one buffer that never moves, for a move would leave a copy behind.
fn read_all(from: &mut dyn Read) -> io::Result<Secret> {
    let mut secret = Zeroizing::new(vec![0; MOST_BYTES + 3]);
    let mut used = 0;
    while let Some(room) = secret.get_mut(used..).filter(|room| !room.is_empty()) {
        match from.read(room) {
            Ok(0) => break,
            Ok(count) => used += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    secret.truncate(used);
    Ok(secret)
}
