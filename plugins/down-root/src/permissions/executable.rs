//! Whether the kernel can execute a file, and with which interpreter: what would fail at DOWN shall show at the start.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::{FsFlags, statvfs};

use super::problem::ProgramError;

/// What the kernel reads of a file to learn how to execute it, in bytes.
const HEAD: usize = 256;

/// The interpreter that the first line of a script names; `None` for a program that needs none.
pub fn interpreter(path: &Path) -> Result<Option<PathBuf>, ProgramError> {
    if is_noexec(path) {
        return Err(ProgramError::NoExec(path.to_path_buf()));
    }
    let head = match head(path) {
        Ok(head) => head,
        // May be executed, but not read: then nobody can say more.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(None),
        Err(error) => return Err(ProgramError::Unreachable { path: path.to_path_buf(), error }),
    };
    match named_in(&head) {
        Head::Binary => Ok(None),
        Head::Script(name) => {
            let directory = std::env::current_dir()
                .map_err(|error| ProgramError::Unreachable { path: path.to_path_buf(), error })?;
            Ok(Some(directory.join(OsStr::from_bytes(name))))
        }
        Head::Neither => Err(ProgramError::NoProgram(path.to_path_buf())),
    }
}

fn is_noexec(path: &Path) -> bool {
    statvfs(path).is_ok_and(|system| system.flags().contains(FsFlags::ST_NOEXEC))
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let mut head = vec![0; HEAD];
    let mut used = 0;
    while let Some(room) = head.get_mut(used..).filter(|room| !room.is_empty()) {
        match file.read(room) {
            Ok(0) => break,
            Ok(count) => used += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    head.truncate(used);
    Ok(head)
}

/// How a file begins.
#[derive(Debug, PartialEq, Eq)]
enum Head<'a> {
    /// ELF.
    Binary,
    /// `#!` and this interpreter.
    Script(&'a [u8]),
    /// Something the kernel does not execute.
    Neither,
}

fn named_in(head: &[u8]) -> Head<'_> {
    if head.starts_with(b"\x7fELF") {
        return Head::Binary;
    }
    let Some(rest) = head.strip_prefix(b"#!") else { return Head::Neither };
    let blanks = rest.iter().take_while(|byte| b" \t".contains(byte)).count();
    let name = rest.get(blanks..).unwrap_or_default();
    match name.iter().position(|byte| b" \t\n\0".contains(byte)) {
        Some(0) => Head::Neither,
        Some(end) => name.get(..end).map_or(Head::Neither, Head::Script),
        None if name.is_empty() => Head::Neither,
        // The kernel reads no more, and does not execute what may be the beginning of a longer name.
        None if head.len() >= HEAD => Head::Neither,
        None => Head::Script(name),
    }
}

/// The interpreter that the beginning of a script names.
#[cfg(any(test, feature = "fuzzing"))]
pub fn interpreter_in(head: &[u8]) -> Option<&[u8]> {
    match named_in(head) {
        Head::Script(name) => Some(name),
        Head::Binary | Head::Neither => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_told_apart() {
        assert_eq!(named_in(b"\x7fELF\x02\x01"), Head::Binary);
        assert_eq!(named_in(b"#!/bin/sh\necho"), Head::Script(b"/bin/sh"));
        assert_eq!(named_in(b"#! \t/usr/bin/env -S sh -e\n"), Head::Script(b"/usr/bin/env"));
        // Made with an editor of Windows: the kernel looks for a name that ends in a carriage return.
        assert_eq!(named_in(b"#!/bin/sh\r\necho"), Head::Script(b"/bin/sh\r"));
        for none in [
            &b""[..],
            b"echo",
            b"#!",
            b"#! \n/bin/sh",
            b"#!\0/bin/sh\n",
            b"# !/bin/sh",
            b"\xef\xbb\xbf#!/bin/sh\n",
        ] {
            assert_eq!(named_in(none), Head::Neither, "{none:?}");
        }
        assert_eq!(named_in(b"#!/bin/sh"), Head::Script(b"/bin/sh"));
        assert_eq!(named_in(b"#!/bin/sh\0x"), Head::Script(b"/bin/sh"));
    }

    /// What is taken for a script can be executed, and what is not cannot.
    #[test]
    fn the_kernel_sees_beginnings_the_same_way() {
        let directory = tempfile::tempdir().unwrap();
        let slashes = |count: usize| format!("#!{}bin/true\n", "/".repeat(count)).into_bytes();
        for text in [
            b"#!/bin/true".to_vec(),
            b"#! \t/bin/true\0 x".to_vec(),
            b"#!\0/bin/true\n".to_vec(),
            b"#! \n/bin/true".to_vec(),
            [b"#!/bin/true ", &[b'a'; 400][..]].concat(),
            [b"#!", &[b' '; 300][..], b"/bin/true\n"].concat(),
            slashes(245),
            slashes(246),
            slashes(300),
        ] {
            let script = directory.path().join("script");
            std::fs::write(&script, &text).unwrap();
            std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            let known = matches!(named_in(&head(&script).unwrap()), Head::Script(_));
            let shown = String::from_utf8_lossy(&text);
            // Another test may hold the file open for writing, in a process it has just forked.
            let ran = loop {
                match std::process::Command::new(&script).status() {
                    Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {}
                    done => break done.is_ok_and(|status| status.success()),
                }
            };
            assert_eq!(known, ran, "{shown}");
            std::fs::remove_file(&script).unwrap();
        }
    }

    /// In a thread with a view of the file systems of its own.
    #[test]
    fn file_systems_without_programs_are_known() {
        use nix::mount::{MsFlags, mount};
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("down.sh");
        let examined = std::thread::spawn(move || {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS).unwrap();
            let (none, private) = (None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE);
            mount(none, "/", none, private, none).unwrap();
            let here = script.parent().unwrap();
            mount(Some("tmpfs"), here, Some("tmpfs"), MsFlags::MS_NOEXEC, none).unwrap();
            std::fs::copy("/bin/sh", &script).unwrap();
            let refused = interpreter(&script);
            mount(none, here, none, MsFlags::MS_REMOUNT, none).unwrap();
            (refused, interpreter(&script), script)
        });
        let (refused, found, script) = examined.join().unwrap();
        assert!(matches!(refused, Err(ProgramError::NoExec(path)) if path == script));
        assert!(matches!(found, Ok(None)));
    }
}
