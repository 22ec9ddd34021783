//! Reads an options file, if nobody but root could change it or what its path leads to.

use std::ffi::OsStr;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use privsep::path_permissions::{Problem, RootsGroup, Sticky, Walk, WalkError};

use crate::lines;

/// The longest file, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// A relative path would name another file once OpenVPN has changed its directory.
    Relative(PathBuf),
    /// It is missing, or cannot be reached or read.
    Unreadable(String),
    /// A directory, device, socket or pipe.
    NotAFile(PathBuf),
    /// Others than root could change it.
    Insecure {
        /// The file.
        path: PathBuf,
        /// How.
        problem: Problem,
    },
    /// It is too long.
    TooLong(PathBuf),
    /// It holds a NUL byte.
    Nul(PathBuf),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Relative(path) => lines::relative(path.display()).fmt(f),
            FileError::Unreadable(why) => lines::unreadable(why).fmt(f),
            FileError::NotAFile(path) => lines::not_a_file(path.display()).fmt(f),
            FileError::Insecure { path, problem } => {
                lines::not_read(path.display(), problem, &problem.remedy()).fmt(f)
            }
            FileError::TooLong(path) => lines::too_long(path.display(), MAX_BYTES).fmt(f),
            FileError::Nul(path) => lines::nul_byte(path.display()).fmt(f),
        }
    }
}

impl std::error::Error for FileError {}

/// A file of options.
#[derive(Debug)]
pub struct OptionsFile {
    /// Its content.
    pub content: Vec<u8>,
    /// How members of root's group could change it.
    pub by_roots_group: Vec<Problem>,
}

/// Reads the file.
///
/// # Errors
/// If it is missing, is no file, is too long, or could be changed by others than root and members of its group.
pub fn read(path: &[u8]) -> Result<OptionsFile, FileError> {
    let path = Path::new(OsStr::from_bytes(path));
    if !path.is_absolute() {
        return Err(FileError::Relative(path.to_path_buf()));
    }
    let walk = Walk::along(path, Sticky::Refused).map_err(unreachable)?;
    let tolerable = |problem: &&Problem| problem.is_tolerable(RootsGroup::IsTrusted);
    if let Some(problem) = walk.problems.iter().find(|problem| !tolerable(problem)) {
        return Err(FileError::Insecure { path: walk.path, problem: problem.clone() });
    }
    if !walk.status.is_file() {
        return Err(FileError::NotAFile(walk.path));
    }
    let content = content(&walk.path).map_err(|error| unreadable(&walk.path, &error))?;
    if content.len() > MAX_BYTES {
        return Err(FileError::TooLong(walk.path));
    }
    if content.contains(&0) {
        return Err(FileError::Nul(walk.path));
    }
    Ok(OptionsFile { content, by_roots_group: walk.problems })
}

fn unreachable(error: WalkError) -> FileError {
    match error {
        WalkError::Unreachable { path, error } => unreadable(&path, &error),
        WalkError::Loop(_) => FileError::Unreadable(error.to_string()),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> FileError {
    let hint = match error.kind() {
        // After SIGHUP, if OpenVPN has given up root.
        io::ErrorKind::PermissionDenied => "; OpenVPN is not root: restart it",
        _ => "",
    };
    FileError::Unreadable(format!("{}: {error}{hint}", path.display()))
}

/// At most one byte more than a file may have.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    let mut content = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    /// A place where only root can write; `/tmp` is open to everybody.
    fn stage() -> tempfile::TempDir {
        tempfile::Builder::new().prefix("options-").tempdir_in("/var/lib").unwrap()
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn refusal(path: &Path) -> String {
        read(path.as_os_str().as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_file_of_root_s_is_read() {
        let stage = stage();
        let file = stage.path().join("auth-pam.conf");
        fs::write(&file, b"timeout=5\n\xff").unwrap();
        mode(&file, 0o600);
        let read_file = read(file.as_os_str().as_bytes()).unwrap();
        assert_eq!(read_file.content, b"timeout=5\n\xff");
        assert_eq!(read_file.by_roots_group, []);
        symlink(&file, stage.path().join("link")).unwrap();
        assert!(read(stage.path().join("link").as_os_str().as_bytes()).is_ok());
        // Root let in who is of root's group, and is reminded of it.
        mode(&file, 0o660);
        let by_group = Problem::WritableByGroup { path: file.clone(), gid: 0 };
        assert_eq!(read(file.as_os_str().as_bytes()).unwrap().by_roots_group, [by_group]);
    }

    #[test]
    fn what_others_could_change_is_refused_and_the_remedy_named() {
        let stage = stage();
        let file = stage.path().join("auth-pam.conf");
        fs::write(&file, b"timeout=5\n").unwrap();
        for bits in [0o602, 0o666] {
            mode(&file, bits);
            let text = refusal(&file);
            let command = format!("run 'chmod o-w {}'", file.display());
            assert!(text.contains("is writable by everybody") && text.ends_with(&command), "{text}");
        }
        mode(&file, 0o660);
        chown(&file, None, Some(100)).unwrap();
        assert!(refusal(&file).contains("by group 100; run 'chmod g-w"), "{}", refusal(&file));
        mode(&file, 0o600);
        chown(&file, Some(1000), None).unwrap();
        assert!(refusal(&file).contains("belongs to user 1000, not to root; run 'chown -h root:root"));
        chown(&file, Some(0), Some(0)).unwrap();
        mode(stage.path(), 0o1777);
        assert!(refusal(&file).contains("is writable by everybody"), "{}", refusal(&file));
    }

    #[test]
    fn openvpn_without_root_is_told_to_be_restarted() {
        let denied = unreadable(Path::new("/x"), &io::ErrorKind::PermissionDenied.into()).to_string();
        assert!(denied.contains("/x: permission denied; OpenVPN is not root: restart it"), "{denied}");
    }

    #[test]
    fn what_is_no_file_of_options_is_refused() {
        let stage = stage();
        let file = stage.path().join("auth-pam.conf");
        assert!(refusal(&file).contains("No such file"), "{}", refusal(&file));
        assert!(refusal(stage.path()).contains("is not a regular file"));
        assert!(refusal(Path::new("auth-pam.conf")).contains("'auth-pam.conf' is not an absolute path"));
        assert!(refusal(Path::new("")).contains("not an absolute path"));
        fs::write(&file, vec![b'#'; MAX_BYTES + 1]).unwrap();
        assert!(refusal(&file).contains("more than 65536 bytes"), "{}", refusal(&file));
        fs::write(&file, b"a\0b").unwrap();
        assert!(refusal(&file).contains("NUL"));
    }
}
