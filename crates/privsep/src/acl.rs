//! Who but the owner may write to a file according to its POSIX access control list (acl(5)).
//!
//! With such a list the group bits of the mode are its mask, so that they say neither that the group may write nor that
//! nobody else may.

use std::path::Path;

use crate::os;

/// Who may write besides the owner and everybody. The mode tells about those two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writers {
    /// The group the file belongs to.
    pub group: bool,
    /// Users or groups that the list names.
    pub named: bool,
}

const VERSION: u32 = 2;
const USER: u16 = 0x02;
const GROUP_OBJ: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const WRITE: u16 = 2;

/// What the list of a file grants; `None`: there is none, and the mode says everything.
///
/// Errors: those of lgetxattr(2).
pub fn writers(path: &Path) -> nix::Result<Option<Writers>> {
    Ok(os::attribute(path, c"system.posix_acl_access")?.map(|list| parse(&list)))
}

/// Reads the kernel's form: a version, then entries of a tag, permissions and a user or group, all little-endian. A list
/// that is not understood grants everything.
pub(crate) fn parse(list: &[u8]) -> Writers {
    let all = Writers { group: true, named: true };
    let Some((version, entries)) = list.split_first_chunk() else { return all };
    if u32::from_le_bytes(*version) != VERSION || entries.len() % 8 != 0 {
        return all;
    }
    let (mut mask, mut granted) = (true, Writers { group: false, named: false });
    for entry in entries.chunks_exact(8) {
        let &[tag_low, tag_high, allowed_low, allowed_high, ..] = entry else { return all };
        let writes = u16::from_le_bytes([allowed_low, allowed_high]) & WRITE != 0;
        match u16::from_le_bytes([tag_low, tag_high]) {
            USER | GROUP => granted.named |= writes,
            GROUP_OBJ => granted.group |= writes,
            MASK => mask = writes,
            _ => {}
        }
    }
    Writers { group: granted.group && mask, named: granted.named && mask }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: u16 = 0x01;
    const OTHER: u16 = 0x20;

    fn list(entries: &[(u16, u16)]) -> Vec<u8> {
        let mut bytes = VERSION.to_le_bytes().to_vec();
        for (tag, allowed) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(allowed.to_le_bytes());
            bytes.extend(65534u32.to_le_bytes());
        }
        bytes
    }

    fn granted(entries: &[(u16, u16)]) -> (bool, bool) {
        let writers = parse(&list(entries));
        (writers.group, writers.named)
    }

    #[test]
    fn named_users_and_groups_and_the_group_are_told_apart() {
        let plain = [(OWNER, 7), (GROUP_OBJ, 5), (OTHER, 5)];
        assert_eq!(granted(&plain), (false, false));
        assert_eq!(granted(&[(OWNER, 7), (USER, 7), (GROUP_OBJ, 5), (MASK, 7), (OTHER, 5)]), (false, true));
        assert_eq!(granted(&[(OWNER, 7), (GROUP_OBJ, 7), (GROUP, 2), (MASK, 7), (OTHER, 5)]), (true, true));
        assert_eq!(granted(&[(OWNER, 7), (USER, 4), (GROUP_OBJ, 7), (MASK, 7), (OTHER, 5)]), (true, false));
    }

    #[test]
    fn the_mask_takes_away() {
        assert_eq!(granted(&[(OWNER, 7), (USER, 7), (GROUP_OBJ, 7), (MASK, 5), (OTHER, 5)]), (false, false));
    }

    #[test]
    fn what_is_not_understood_grants_everything() {
        let all = Writers { group: true, named: true };
        let mut other = list(&[(OWNER, 7)]);
        assert_ne!(parse(&other), all);
        other[0] = 3;
        assert_eq!(parse(&other), all);
        assert_eq!(parse(b""), all);
        assert_eq!(parse(&list(&[(OWNER, 7)])[..9]), all);
    }

    #[test]
    fn a_file_without_a_list_has_none() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(writers(file.path()), Ok(None));
        assert_eq!(writers(Path::new("/nonexistent")), Err(nix::Error::ENOENT));
    }
}
