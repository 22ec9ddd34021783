//! What supervisor and writer say to each other. The writer looks at nothing but the length of a text.

use nix::errno::Errno;
use privsep::directory_sandbox::Missing;
use privsep::wire::Bytes;

/// The longest text, in bytes. Its length does not depend on how many users or clients there are.
pub const MAX_TEXT: usize = 64 * 1024;

privsep::wire! {
    /// Supervisor to writer.
    #[derive(Debug, PartialEq, Eq)]
    pub enum WriterOrder {
        /// This is to be in the file. It is answered, and no other comes before that.
        1 => Write(text: Vec<u8> as Bytes<MAX_TEXT>),
        /// The server ends: the file is to go, and the writer too.
        2 => Remove,
    }
}

privsep::wire! {
    /// Writer to supervisor.
    #[derive(Debug, PartialEq, Eq)]
    pub enum WriterReport {
        /// It is up, and could not do this to itself.
        17 => Ready(missing: MissingErrors),
        /// The file has the text.
        18 => Written,
        /// Another server writes that file, so this one does not.
        19 => Another,
        /// The file is as it was before.
        20 => Failed(errno: i32),
    }
}

privsep::wire! {
    /// The error of each thing that the writer could not do to itself; zero if it could.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct MissingErrors {
        /// Other directories are in reach.
        root: i32,
        /// It is not the directory's owner.
        user: i32,
        /// Capabilities were not given up.
        capabilities: i32,
        /// There is no filter of system calls.
        filter: i32,
    }
}

privsep::message!(WriterOrder);
privsep::message!(WriterReport);

impl From<Missing> for MissingErrors {
    fn from(missing: Missing) -> Self {
        let number = |errno: Option<Errno>| errno.map_or(0, |errno| errno as i32);
        MissingErrors {
            root: number(missing.root),
            user: number(missing.user),
            capabilities: number(missing.capabilities),
            filter: number(missing.filter),
        }
    }
}

impl From<MissingErrors> for Missing {
    fn from(errors: MissingErrors) -> Self {
        let errno = |number: i32| (number != 0).then(|| Errno::from_raw(number));
        Missing {
            root: errno(errors.root),
            user: errno(errors.user),
            capabilities: errno(errors.capabilities),
            filter: errno(errors.filter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_survives_the_way() {
        let missing = Missing { root: Some(Errno::EPERM), filter: Some(Errno::EINVAL), ..Missing::default() };
        let errors = MissingErrors::from(missing);
        assert_eq!(errors, MissingErrors { root: 1, user: 0, capabilities: 0, filter: 22 });
        let again = Missing::from(errors);
        assert_eq!((again.root, again.filter), (Some(Errno::EPERM), Some(Errno::EINVAL)));
        assert!(again.user.is_none() && again.capabilities.is_none());
    }
}
