//! In which order a plugin writes to the files of a login.

use std::path::Path;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use ovpn_plugin_host::AuthFiles;

/// What the kernel reports: also what O_TRUNC does to an empty file, and a file that takes the place of another.
const CHANGES: AddWatchFlags =
    AddWatchFlags::IN_MODIFY.union(AddWatchFlags::IN_MOVED_TO).union(AddWatchFlags::IN_CREATE);

/// A file of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoginFile {
    Control,
    Reason,
    Pending,
}

/// The writes to the files of one login. The kernel keeps their order, however late somebody looks.
pub(super) struct FileWrites {
    inotify: Inotify,
    names: [(std::ffi::OsString, LoginFile); 3],
    so_far: Vec<LoginFile>,
}

impl FileWrites {
    /// From now on.
    pub(super) fn watch(files: &AuthFiles) -> nix::Result<Self> {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_owned();
        let (control, reason, pending) = (files.control(), files.reason(), files.pending());
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        inotify.add_watch(control.parent().unwrap_or(&control), CHANGES)?;
        let names = [
            (name(&control), LoginFile::Control),
            (name(&reason), LoginFile::Reason),
            (name(&pending), LoginFile::Pending),
        ];
        Ok(Self { inotify, names, so_far: Vec::new() })
    }

    /// All until now.
    pub(super) fn so_far(&mut self) -> &[LoginFile] {
        while let Ok(events) = self.inotify.read_events() {
            for event in events {
                let file = self.names.iter().find(|(name, _)| event.name.as_ref() == Some(name));
                self.so_far.extend(file.map(|(_, file)| *file));
            }
        }
        &self.so_far
    }

    /// Whether a reason was written after the last verdict.
    pub(super) fn reason_after_verdict(&mut self) -> bool {
        let writes = self.so_far();
        let last = |of| writes.iter().rposition(|write| *write == of);
        last(LoginFile::Control).is_some_and(|verdict| last(LoginFile::Reason) > Some(verdict))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn writes_keep_their_order() {
        let files = AuthFiles::new().unwrap();
        let mut written = FileWrites::watch(&files).unwrap();
        assert_eq!(written.so_far(), []);
        fs::write(files.reason(), "no").unwrap();
        fs::write(files.control(), "0").unwrap();
        assert!(!written.reason_after_verdict(), "{:?}", written.so_far);
        fs::write(files.reason(), "late").unwrap();
        assert!(written.reason_after_verdict(), "{:?}", written.so_far);
        assert!(!written.so_far().contains(&LoginFile::Pending));
    }
}
