//! Where the metrics go, judged when the plugin is opened, and what the writer gets to write there.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, SFlag, fstat};
use privsep::path_permissions::{Problem, Sticky, Walk, WalkError};

/// What node_exporter reads ends so.
const ENDING: &str = ".prom";
/// The longest name, so that the names made from it fit.
const MAX_NAME: usize = 128;

/// `metrics=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsFile {
    directory: PathBuf,
    server: String,
}

/// What the keeper holds for the writer: the directory, and a file by whose lock others see that this server writes.
#[derive(Debug)]
pub struct OpenDirectory {
    directory: OwnedFd,
    lock: OwnedFd,
}

impl MetricsFile {
    /// What a value must be.
    pub const FORM: &'static str = "must be a path from / on, to a file whose name ends in .prom and has only letters, digits and ._@+- before that";

    /// By its path. Nothing is looked at. A path from the working directory on would be another one after SIGHUP: a daemon
    /// works in `/`.
    pub fn parse(text: &str) -> Option<Self> {
        let path = Path::new(text);
        if !path.is_absolute() {
            return None;
        }
        let name = path.file_name().and_then(OsStr::to_str)?;
        let server = name.strip_suffix(ENDING).filter(|_| !text.ends_with('/'))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte);
        let good = !server.is_empty() && !server.starts_with('.') && server.bytes().all(plain);
        (good && name.len() <= MAX_NAME).then(|| MetricsFile {
            directory: path.parent().unwrap_or(Path::new("/")).into(),
            server: server.into(),
        })
    }

    /// What tells this server's metrics from those of others: the name of the file without its ending. Only one file of a
    /// directory can have it.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The whole path, for the log.
    pub fn path(&self) -> PathBuf {
        self.directory.join(self.name())
    }

    fn name(&self) -> String {
        format!("{}{ENDING}", self.server)
    }

    /// The name of the file, one for a file that is not complete yet, and one for the lock. No collector reads the last two.
    pub fn names(&self) -> [CString; 3] {
        let name = self.name();
        // There is no NUL among the letters that a name may have.
        [name.clone(), format!(".{name}.new"), format!(".{name}.lock")]
            .map(|name| CString::new(name).unwrap_or_default())
    }

    /// Opens what the writer needs.
    ///
    /// # Errors
    /// Why no metrics can be written.
    pub fn open(&self) -> Result<OpenDirectory, String> {
        let shown = self.directory.display();
        let walk = Walk::along(&self.directory, Sticky::Allowed).map_err(|error| match error {
            WalkError::Unreachable { path, error } => format!("{}: {error}", path.display()),
            WalkError::Loop(path) => format!("{}: too many links", path.display()),
        })?;
        // Its owner and its group may do as they like there: the writer makes files with names of its own only, as the owner.
        if let Some(Problem::WritableByOthers(path)) =
            walk.problems.iter().find(|problem| matches!(problem, Problem::WritableByOthers(_)))
        {
            return Err(lines::metrics::directory_of_everybody(path.display()).to_string());
        }
        let system = |errno: Errno| format!("{shown}: {}", errno.desc());
        let directory = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let directory = open(&self.directory, directory, Mode::empty()).map_err(system)?;
        let [_, _, lock] = self.names();
        // A process that can open it can hold its lock.
        let flags =
            OFlag::O_RDONLY | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let file = openat(&directory, &*lock, flags, Mode::S_IRUSR | Mode::S_IWUSR);
        let wrong = |errno: Errno| format!("{shown}/{}: {}", lock.to_string_lossy(), errno.desc());
        let file = file.map_err(wrong)?;
        let kind = SFlag::from_bits_truncate(fstat(&file).map_err(wrong)?.st_mode) & SFlag::S_IFMT;
        if kind != SFlag::S_IFREG {
            let lock = self.directory.join(OsStr::from_bytes(lock.to_bytes()));
            return Err(lines::metrics::lock_is_no_file(lock.display()).to_string());
        }
        let above = privsep::above_standard;
        Ok(OpenDirectory { directory: above(directory).map_err(system)?, lock: above(file).map_err(system)? })
    }
}

impl OpenDirectory {
    /// The directory.
    pub fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// The file to lock.
    pub fn lock(&self) -> BorrowedFd<'_> {
        self.lock.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn the_name_tells_the_server() {
        for (text, server) in [
            ("/var/lib/x/server1.prom", Some("server1")),
            ("/a/openvpn-office@berlin_2.prom", Some("openvpn-office@berlin_2")),
            ("/a/a.b.prom", Some("a.b")),
            ("/a/.prom", None),
            ("/a/.b.prom", None),
            ("/a/server1.txt", None),
            ("/a/server1.prom/", None),
            ("/a/ser ver.prom", None),
            ("/a/ser\"ver.prom", None),
            ("/a/..", None),
            ("/", None),
            ("server1.prom", None),
            ("./server1.prom", None),
            ("", None),
        ] {
            assert_eq!(MetricsFile::parse(text).as_ref().map(MetricsFile::server), server, "{text}");
        }
        assert_eq!(MetricsFile::parse(&format!("/a/{}.prom", "x".repeat(MAX_NAME))), None);
    }

    fn place(directory: &Path) -> MetricsFile {
        MetricsFile::parse(directory.join("server1.prom").to_str().unwrap()).unwrap()
    }

    #[test]
    fn a_directory_of_somebody_elses_will_do_but_none_of_everybodys() {
        let scratch = tempfile::tempdir().unwrap();
        for (mode, good) in [(0o755, true), (0o775, true), (0o700, true), (0o757, false), (0o1777, false)] {
            std::fs::set_permissions(scratch.path(), PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(place(scratch.path()).open().is_ok(), good, "{mode:o}");
        }
        assert!(place(&scratch.path().join("missing")).open().unwrap_err().contains("missing: No such file"));
    }

    #[test]
    fn nothing_planted_is_taken_for_the_lock() {
        let scratch = tempfile::tempdir().unwrap();
        let lock = scratch.path().join(".server1.prom.lock");
        symlink("/etc/hostname", &lock).unwrap();
        assert!(place(scratch.path()).open().is_err());
        std::fs::remove_file(&lock).unwrap();
        nix::unistd::mkfifo(&lock, Mode::S_IRUSR).unwrap();
        assert!(place(scratch.path()).open().unwrap_err().ends_with("is not a regular file"));
        std::fs::remove_file(&lock).unwrap();
        place(scratch.path()).open().unwrap();
        assert_eq!(std::fs::metadata(&lock).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
