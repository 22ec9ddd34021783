//! Where the configuration of a service comes from. libpam quietly uses the stack of `other` for a service nobody
//! configured; with this an application can say so when it starts.

use std::error::Error;
use std::ffi::{CStr, OsString};
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

const DIRECTORIES: [&str; 2] = ["/etc/pam.d", "/usr/lib/pam.d"];
const SINGLE_FILE: &str = "/etc/pam.conf";
const FALLBACK: &[u8] = b"other";

/// A service name that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceNameError {
    /// Nothing but an empty string.
    Empty,
    /// It holds a `/`: libpam would read a file outside its configuration directories.
    Slash,
}

impl fmt::Display for ServiceNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ServiceNameError::Empty => "the PAM service name is empty",
            ServiceNameError::Slash => {
                "the PAM service name contains a '/'; it must be the bare name of a file in the PAM directory"
            }
        })
    }
}

impl Error for ServiceNameError {}

/// Where libpam looks for a service, as it is on disk now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFile {
    found: Option<PathBuf>,
    other: Option<PathBuf>,
    searched: Vec<PathBuf>,
}

impl ServiceFile {
    /// The file the service is configured in, if there is one.
    pub fn found(&self) -> Option<&Path> {
        self.found.as_deref()
    }

    /// Whether the service is configured at all.
    pub fn exists(&self) -> bool {
        self.found.is_some()
    }

    /// The file of the service `other`, which takes the logins of a service that is not configured. Without it such a
    /// transaction fails.
    pub fn other(&self) -> Option<&Path> {
        self.other.as_deref()
    }

    /// The files looked at, in libpam's order; never empty. The first is where an admin would put the service.
    pub fn searched(&self) -> &[PathBuf] {
        &self.searched
    }
}

/// Finds out where libpam would read the configuration of `service` from: `confdir` when given, else `/etc/pam.d`
/// and `/usr/lib/pam.d`, or `/etc/pam.conf` on systems with neither directory. libpam looks for the name in lower
/// case.
///
/// # Errors
/// [`ServiceNameError`] for an empty name or one with a `/`.
pub fn service_file(service: &CStr, confdir: Option<&CStr>) -> Result<ServiceFile, ServiceNameError> {
    check_service_name(service)?;
    let places = match confdir {
        Some(confdir) => {
            Places { directories: vec![path_of(confdir.to_bytes())], single_file: SINGLE_FILE.into() }
        }
        None => Places {
            directories: DIRECTORIES.iter().map(PathBuf::from).collect(),
            single_file: SINGLE_FILE.into(),
        },
    };
    Ok(places.look_up(&service.to_bytes().to_ascii_lowercase(), confdir.is_some()))
}

/// Where libpam looks for the files that services include, in this order.
pub(crate) fn search_path(confdir: Option<&CStr>) -> Vec<PathBuf> {
    match confdir {
        Some(confdir) => vec![path_of(confdir.to_bytes())],
        None => DIRECTORIES.iter().map(PathBuf::from).collect(),
    }
}

/// Whether this is the file that holds all services.
pub(crate) fn is_single_file(path: &Path) -> bool {
    path == Path::new(SINGLE_FILE)
}

pub(crate) fn check_service_name(service: &CStr) -> Result<(), ServiceNameError> {
    match service.to_bytes() {
        [] => Err(ServiceNameError::Empty),
        name if name.contains(&b'/') => Err(ServiceNameError::Slash),
        _ => Ok(()),
    }
}

struct Places {
    directories: Vec<PathBuf>,
    single_file: PathBuf,
}

impl Places {
    fn look_up(&self, service: &[u8], private: bool) -> ServiceFile {
        if !private && !self.directories.iter().any(|directory| directory.is_dir()) {
            return ServiceFile {
                found: self.in_single_file(service),
                other: self.in_single_file(FALLBACK),
                searched: vec![self.single_file.clone()],
            };
        }
        let searched: Vec<PathBuf> =
            self.directories.iter().map(|directory| directory.join(path_of(service))).collect();
        let found = searched.iter().find(|file| file.is_file()).cloned();
        let mut others = self.directories.iter().map(|directory| directory.join(path_of(FALLBACK)));
        ServiceFile { found, other: others.find(|file| file.is_file()), searched }
    }

    /// In the single file, each line starts with the service it is for.
    fn in_single_file(&self, service: &[u8]) -> Option<PathBuf> {
        let content = fs::read(&self.single_file).ok()?;
        content
            .split(|&byte| byte == b'\n')
            .filter_map(|line| line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()))
            .any(|word| word.eq_ignore_ascii_case(service))
            .then(|| self.single_file.clone())
    }
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;

    fn c(path: &Path) -> CString {
        CString::new(path.as_os_str().as_bytes()).expect("no NUL in a path")
    }

    #[test]
    fn bad_names_are_refused() {
        assert_eq!(service_file(c"", None), Err(ServiceNameError::Empty));
        assert_eq!(service_file(c"../login", None), Err(ServiceNameError::Slash));
        assert_eq!(service_file(c"/etc/passwd", None), Err(ServiceNameError::Slash));
    }

    #[test]
    fn confdir_is_the_only_place_when_given_and_the_name_is_lowered() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let file = service_file(c"Login", Some(&c(dir.path()))).expect("a good name");
        assert!(!file.exists());
        assert_eq!(file.other(), None);
        assert_eq!(file.searched(), [dir.path().join("login")]);

        fs::write(dir.path().join("login"), "").expect("written");
        fs::write(dir.path().join("other"), "").expect("written");
        let file = service_file(c"Login", Some(&c(dir.path()))).expect("a good name");
        assert_eq!(file.found(), Some(&*dir.path().join("login")));
        assert_eq!(file.other(), Some(&*dir.path().join("other")));
    }

    #[test]
    fn a_directory_of_the_name_is_no_service() {
        let dir = tempfile::tempdir().expect("temporary directory");
        fs::create_dir(dir.path().join("login")).expect("made");
        assert!(!service_file(c"login", Some(&c(dir.path()))).expect("a good name").exists());
        assert!(!service_file(c"..", Some(&c(dir.path()))).expect("a good name").exists());
    }

    #[test]
    fn directories_come_in_order_and_hide_the_single_file() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let directories = vec![dir.path().join("etc"), dir.path().join("lib")];
        let single_file = dir.path().join("pam.conf");
        fs::write(&single_file, "# words\n\tVPN auth required pam_deny.so\n").expect("written");
        let places = Places { directories: directories.clone(), single_file: single_file.clone() };
        assert_eq!(places.look_up(b"vpn", false).found(), Some(&*single_file));
        assert_eq!(places.look_up(b"words", false).found(), None);
        assert_eq!(places.look_up(b"vpn", false).other(), None);

        fs::create_dir(&directories[1]).expect("made");
        assert_eq!(places.look_up(b"vpn", false).found(), None);
        fs::write(directories[1].join("vpn"), "").expect("written");
        assert_eq!(places.look_up(b"vpn", false).found(), Some(&*directories[1].join("vpn")));
        fs::create_dir(&directories[0]).expect("made");
        fs::write(directories[0].join("vpn"), "").expect("written");
        let file = places.look_up(b"vpn", false);
        assert_eq!(file.found(), Some(&*directories[0].join("vpn")));
        assert_eq!(file.searched(), [directories[0].join("vpn"), directories[1].join("vpn")]);
    }
}
