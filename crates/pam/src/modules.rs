//! Whether PAM will find a module, and whether it is made for this machine. Nothing is loaded: a module is foreign code,
//! and the caller may be OpenVPN's process.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What tells a shared object of one machine from those of others: its class, byte order and machine.
const HEADER: usize = 20;

/// Debian's name for the machine, where it is not Rust's: <https://wiki.debian.org/Multiarch/Tuples>.
const MULTIARCH: &str = match std::env::consts::ARCH.as_bytes() {
    b"x86_64" => "x86_64-linux-gnu",
    b"x86" => "i386-linux-gnu",
    b"aarch64" => "aarch64-linux-gnu",
    b"arm" => "arm-linux-gnueabihf",
    b"riscv64" => "riscv64-linux-gnu",
    b"s390x" => "s390x-linux-gnu",
    b"powerpc64" => "powerpc64le-linux-gnu",
    _ => "unknown",
};

/// What is wrong with a module.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such file.
    Missing,
    /// It is no shared object, or one for another machine.
    Foreign,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Missing => "is missing",
            Fault::Foreign => "is not a shared object for this machine",
        })
    }
}

/// Where libpam looks for modules.
#[derive(Debug)]
pub struct Modules {
    directories: Vec<PathBuf>,
    own: Option<[u8; HEADER]>,
}

impl Modules {
    /// On this machine: beside the libpam that is loaded, and where distributions have them.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let usual = [
            format!("/lib/{MULTIARCH}/security"),
            format!("/usr/lib/{MULTIARCH}/security"),
            "/lib64/security".into(),
            "/usr/lib64/security".into(),
            "/lib/security".into(),
            "/usr/lib/security".into(),
        ];
        let beside = libpam().and_then(|library| Some(library.parent()?.join("security")));
        let directories = beside.into_iter().chain(usual.into_iter().map(PathBuf::from));
        Modules {
            directories: directories.filter(|directory| directory.is_dir()).collect(),
            own: header(Path::new("/proc/self/exe")).ok(),
        }
    }

    /// What is wrong with a module as a line names it; `None` also if nobody can say.
    #[must_use]
    pub fn fault(&self, module: &Path) -> Option<Fault> {
        // libpam puts a directory of its own there.
        if module.to_string_lossy().contains('$') || self.directories.is_empty() {
            return None;
        }
        let mut fault = Fault::Missing;
        for candidate in self.candidates(module) {
            match header(&candidate) {
                Ok(found) if self.fits(&found) => return None,
                Ok(_) => fault = Fault::Foreign,
                Err(error) => match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {}
                    io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => fault = Fault::Foreign,
                    _ => return None,
                },
            }
        }
        Some(fault)
    }

    /// The file of a module as a line names it, if it can be told.
    #[must_use]
    pub fn file(&self, module: &Path) -> Option<PathBuf> {
        let mut candidates = self.candidates(module).into_iter();
        candidates.find(|candidate| header(candidate).is_ok_and(|found| self.fits(&found)))
    }

    fn candidates(&self, module: &Path) -> Vec<PathBuf> {
        if module.is_absolute() {
            vec![module.to_path_buf()]
        } else {
            self.directories.iter().map(|directory| directory.join(module)).collect()
        }
    }

    fn fits(&self, found: &[u8; HEADER]) -> bool {
        self.own.is_none_or(|own| kind(&own) == kind(found))
    }
}

/// The libpam that this process has loaded.
fn libpam() -> Option<PathBuf> {
    let maps = BufReader::new(File::open("/proc/self/maps").ok()?);
    let paths =
        maps.lines().map_while(Result::ok).filter_map(|line| Some(line[line.find('/')?..].to_string()));
    paths
        .map(PathBuf::from)
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libpam.so")))
}

/// How a file begins; `InvalidInput` for something other than a file.
fn header(path: &Path) -> io::Result<[u8; HEADER]> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let mut header = [0; HEADER];
    file.read_exact(&mut header)?;
    Ok(header)
}

/// The parts of a header that must agree: magic number, class and byte order; the machine.
fn kind(header: &[u8; HEADER]) -> ([u8; 6], [u8; 2]) {
    let [a, b, c, d, e, f, .., machine, machine_high] = *header;
    ([a, b, c, d, e, f], [machine, machine_high])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modules_of_this_machine_are_found() {
        let modules = Modules::of_this_machine();
        assert!(!modules.directories.is_empty());
        assert_eq!(modules.fault(Path::new("pam_unix.so")), None);
        assert!(modules.file(Path::new("pam_unix.so")).is_some_and(|file| file.is_file()));
        assert_eq!(modules.file(Path::new("pam_nosuch.so")), None);
        assert_eq!(modules.fault(Path::new("pam_nosuch.so")), Some(Fault::Missing));
        assert_eq!(modules.fault(Path::new("/nonexistent/pam_x.so")), Some(Fault::Missing));
        assert_eq!(modules.fault(Path::new("/lib/$ISA/pam_nosuch.so")), None);
    }

    #[test]
    fn what_cannot_be_loaded_here_is_noticed() {
        let place = tempfile::tempdir().unwrap();
        let module = place.path().join("pam_x.so");
        let modules = Modules::of_this_machine();
        fs::copy("/proc/self/exe", &module).unwrap();
        assert_eq!(modules.fault(&module), None);
        let mut own = fs::read(&module).unwrap();
        // Of another class: 32 bit instead of 64, or the other way round.
        own[4] ^= 3;
        for content in [&own[..], b"", b"#!/bin/sh\nexit 0 # and so on"] {
            fs::write(&module, content).unwrap();
            assert_eq!(modules.fault(&module), Some(Fault::Foreign));
        }
        assert_eq!(modules.fault(place.path()), Some(Fault::Foreign));
    }

    #[test]
    fn without_a_directory_of_modules_nothing_is_said() {
        let modules = Modules { directories: Vec::new(), own: None };
        assert_eq!(modules.fault(Path::new("pam_nosuch.so")), None);
    }
}
