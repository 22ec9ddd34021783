//! OpenVPN's temporary directory: without the files it makes there every login fails. It makes them with the rights and
//! inside the chroot it has given itself by then.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use log_lines::UnloggedLine;
use nix::sys::statvfs::{FsFlags, Statvfs, statvfs};
use nix::unistd::{Group, User, getegid, geteuid, getgroups};
use privsep::acl;

use crate::{OpenvpnConfig, lines};

/// The least room for the files of some logins, in bytes.
const LEAST_BYTES: u64 = 64 * 1024;
/// And how many of them.
const LEAST_FILES: u64 = 16;
const SEARCH: u32 = 1;
const WRITE: u32 = 2;

/// What is wrong with the directory, as one line. `directory`: OpenVPN's working directory.
#[must_use]
pub fn warning(config: &OpenvpnConfig, directory: &Path) -> Option<UnloggedLine> {
    Place::of(config, directory).fault(&Rights::of(config)?)
}

/// Where the directory is.
struct Place {
    /// The name that OpenVPN will use.
    inside: PathBuf,
    /// The same before it enters its chroot.
    path: PathBuf,
    /// The root directory OpenVPN will have.
    root: PathBuf,
}

impl Place {
    fn of(config: &OpenvpnConfig, directory: &Path) -> Self {
        let of_environment = || std::env::var_os("TMPDIR").map(PathBuf::from);
        let given = config.tmp_dir.clone().or_else(of_environment);
        let inside = given.unwrap_or_else(|| "/tmp".into());
        match &config.chroot {
            Some(root) => {
                let path = root.join(inside.strip_prefix("/").unwrap_or(&inside));
                Place { inside, path, root: root.clone() }
            }
            None => Place { path: directory.join(&inside), inside, root: "/".into() },
        }
    }

    fn fault(&self, rights: &Rights) -> Option<UnloggedLine> {
        let (shown, path) = (self.inside.display(), self.path.display());
        let status = match fs::metadata(&self.path) {
            Ok(status) if status.is_dir() => status,
            _ if self.root != Path::new("/") => {
                return Some(lines::not_in_chroot(shown, path).unlogged());
            }
            _ => {
                return Some(lines::no_directory(shown).unlogged());
            }
        };
        if self.is_barred(&status, rights) {
            return Some(lines::barred(shown, &rights.name, path).unlogged());
        }
        let system = statvfs(&self.path).ok()?;
        if system.flags().contains(FsFlags::ST_RDONLY) {
            return Some(lines::read_only(shown).unlogged());
        }
        is_full(&system, rights.uid == 0).then(|| lines::full(shown).unlogged())
    }

    /// Whether the user may not write there, or not get there. Where an access control list decides, nobody can say.
    fn is_barred(&self, status: &Metadata, rights: &Rights) -> bool {
        if rights.uid == 0 {
            return false;
        }
        let (Ok(path), Ok(root)) = (fs::canonicalize(&self.path), fs::canonicalize(&self.root)) else {
            return false;
        };
        let above = path.ancestors().skip(1).take_while(|above| above.starts_with(&root));
        let mut above = above.filter_map(|above| Some((above, fs::metadata(above).ok()?)));
        above.any(|(above, status)| rights.deny(above, &status, SEARCH))
            || rights.deny(&path, status, SEARCH | WRITE)
    }
}

/// Whether there is hardly any room left. Numbers are shorter on some machines.
#[allow(clippy::useless_conversion)]
fn is_full(system: &Statvfs, for_root: bool) -> bool {
    let blocks = if for_root { system.blocks_free() } else { system.blocks_available() };
    let bytes = u64::from(blocks).saturating_mul(u64::from(system.fragment_size()));
    // Some file systems count no files.
    let files = (system.files() > 0).then(|| u64::from(system.files_available()));
    bytes < LEAST_BYTES || files.is_some_and(|files| files < LEAST_FILES)
}

/// Who OpenVPN will be.
struct Rights {
    name: String,
    uid: u32,
    groups: Vec<u32>,
}

impl Rights {
    /// `None` if the user or the group is unknown; OpenVPN itself will say so.
    fn of(config: &OpenvpnConfig) -> Option<Self> {
        let user = match &config.user {
            Some(name) => Some(User::from_name(name).ok()??),
            None => None,
        };
        let groups = match &config.group {
            Some(name) => vec![Group::from_name(name).ok()??.gid.as_raw()],
            None => {
                let others = getgroups().unwrap_or_default();
                others.into_iter().chain([getegid()]).map(nix::unistd::Gid::as_raw).collect()
            }
        };
        let uid = user.as_ref().map_or(geteuid(), |user| user.uid).as_raw();
        let name = user.map_or_else(|| uid.to_string(), |user| user.name);
        Some(Rights { name, uid, groups })
    }

    /// Whether the mode of a file denies this.
    fn deny(&self, path: &Path, status: &Metadata, wanted: u32) -> bool {
        if !matches!(acl::writers(path), Ok(None)) {
            return false;
        }
        let shift = if status.uid() == self.uid {
            6
        } else if self.groups.contains(&status.gid()) {
            3
        } else {
            0
        };
        (status.permissions().mode() >> shift) & wanted != wanted
    }
}

#[cfg(test)]
#[path = "tmp_dir_tests.rs"]
mod tests;
