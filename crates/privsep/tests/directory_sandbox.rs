//! A process that makes files in one directory: what it can still do, and what it cannot.
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use privsep::directory_sandbox::{enter, lock, make, remove, rename};
use privsep::{fork_child, leave};

/// How a process ends that has this directory and does this; it exits with zero if the answer is yes.
fn end_of(directory: &Path, act: impl FnOnce() -> bool) -> WaitStatus {
    let directory = File::open(directory).unwrap();
    let child = fork_child(|| {
        let missing = enter(directory.as_fd());
        let all = missing.is_ok_and(|missing| {
            let found = [missing.root, missing.user, missing.capabilities, missing.filter];
            found.iter().all(Option::is_none)
        });
        if !all {
            leave(7);
        }
        leave(i32::from(!act()))
    });
    waitpid(child.unwrap(), None).unwrap()
}

fn is_good(end: WaitStatus) -> bool {
    matches!(end, WaitStatus::Exited(_, 0))
}

#[test]
fn it_makes_and_renames_and_removes_files_there() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("old"), "old").unwrap();
    let end = end_of(place.path(), || {
        let text = "x".repeat(100_000);
        let made = make(c"new").is_ok_and(|file| File::from(file).write_all(text.as_bytes()).is_ok());
        made && rename(c"new", c"old").is_ok()
            && make(c"gone").is_ok()
            && remove(c"gone").is_ok()
            && remove(c"gone").is_ok()
            && make(c"old").is_err_and(|errno| errno == Errno::EEXIST)
    });
    assert!(is_good(end), "{end:?}");
    assert_eq!(fs::read_to_string(place.path().join("old")).unwrap().len(), 100_000);
    assert_eq!(fs::metadata(place.path().join("old")).unwrap().permissions().mode() & 0o7777, 0o644);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn it_reads_nothing_and_reaches_no_other_directory() {
    let place = tempfile::tempdir().unwrap();
    let (inside, outside) = (place.path().join("inside"), place.path().join("outside"));
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("file"), "text").unwrap();
    fs::write(&outside, "text").unwrap();
    let refused = |error: std::io::Error| error.raw_os_error() == Some(libc::EACCES);
    for path in ["file", "/file", ".", "/etc/passwd"] {
        let end = end_of(&inside, || File::open(path).is_err_and(refused));
        assert!(is_good(end), "{path}: {end:?}");
    }
    let end = end_of(&inside, || fs::write("file", "other").is_err_and(refused));
    assert!(is_good(end), "{end:?}");
    let end = end_of(&inside, || {
        let missing = |done: nix::Result<()>| done == Err(Errno::ENOENT);
        missing(rename(c"../outside", c"here"))
            && missing(rename(c"/etc/hostname", c"here"))
            // Up from there is there.
            && make(c"../up").is_ok()
            && make(c"/tmp/up").is_err_and(|errno| errno == Errno::ENOENT)
    });
    assert!(is_good(end), "{end:?}");
    assert!(outside.exists() && inside.join("up").exists() && !place.path().join("up").exists());
    assert_eq!(fs::read_to_string(inside.join("file")).unwrap(), "text");
}

#[test]
fn nothing_else_is_possible() {
    let place = tempfile::tempdir().unwrap();
    let killed = |what: &str, act: fn() -> bool| {
        let end = end_of(place.path(), act);
        assert!(matches!(end, WaitStatus::Signaled(_, Signal::SIGSYS, _)), "{what}: {end:?}");
    };
    killed("fork", || fork_child(|| leave(0)).is_ok());
    killed("socket", || std::net::UdpSocket::bind("127.0.0.1:0").is_ok());
    killed("directory", || fs::create_dir("directory").is_ok());
    killed("link", || std::os::unix::fs::symlink("/", "link").is_ok());
    killed("chmod", || fs::set_permissions(".", fs::Permissions::from_mode(0o777)).is_ok());
    killed("chroot", || nix::unistd::chroot("..").is_ok());
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn it_is_the_owner_and_no_more() {
    let place = tempfile::tempdir().unwrap();
    chown(place.path(), Some(64_012), Some(64_013)).unwrap();
    let others = place.path().join("others");
    fs::create_dir(&others).unwrap();
    let end = end_of(place.path(), || {
        make(c"file").is_ok() && make(c"others/file").is_err_and(|errno| errno == Errno::EACCES)
    });
    assert!(is_good(end), "{end:?}");
    let file = fs::metadata(place.path().join("file")).unwrap();
    assert_eq!((file.uid(), file.gid()), (64_012, 64_013));
}

#[test]
fn a_lock_is_had_by_one_server() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("lock");
    let (first, second) = (File::create(&path).unwrap(), File::open(&path).unwrap());
    lock(first.as_fd()).unwrap();
    // By all who share it.
    let end = end_of(place.path(), || lock(first.as_fd()).is_ok());
    assert!(is_good(end), "{end:?}");
    let taken = || lock(second.as_fd()) == Err(Errno::EWOULDBLOCK);
    let end = end_of(place.path(), taken);
    assert!(is_good(end), "{end:?}");
    drop(first);
    // Processes of other tests may have been born with it.
    let end = Instant::now() + Duration::from_secs(20);
    while lock(second.as_fd()).is_err() {
        assert!(Instant::now() < end, "nobody holds it any more");
        std::thread::sleep(Duration::from_millis(1));
    }
}
