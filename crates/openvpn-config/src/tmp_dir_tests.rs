//! Directories in which OpenVPN can make its files, and others.

use std::os::unix::fs::chown;

use super::*;

const NOBODY: u32 = 65534;

struct Stage {
    place: tempfile::TempDir,
    config: OpenvpnConfig,
}

impl Stage {
    /// A directory `tmp` with this mode, for a server that goes on as nobody.
    fn new(mode: u32) -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let tmp = place.path().join("tmp");
        fs::create_dir(&tmp).unwrap();
        fs::set_permissions(&tmp, fs::Permissions::from_mode(mode)).unwrap();
        let user = Some("nobody".into());
        let config = OpenvpnConfig { user, tmp_dir: Some(tmp), ..OpenvpnConfig::default() };
        Stage { place, config }
    }

    fn tmp(&self) -> PathBuf {
        self.place.path().join("tmp")
    }

    fn said(&self) -> Option<String> {
        warning(&self.config, Path::new("/")).map(|line| line.text)
    }
}

#[test]
fn a_directory_for_everybody_or_of_the_user_is_fine() {
    assert_eq!(Stage::new(0o1777).said(), None);
    let stage = Stage::new(0o700);
    chown(stage.tmp(), Some(NOBODY), None).unwrap();
    assert_eq!(stage.said(), None);
    // The group stays root's if none is set.
    assert_eq!(Stage::new(0o770).said(), None);
    let mut stage = Stage::new(0o770);
    stage.config.group = Some("nogroup".into());
    assert!(stage.said().is_some());
    chown(stage.tmp(), None, Some(NOBODY)).unwrap();
    assert_eq!(stage.said(), None);
}

#[test]
fn one_that_the_user_may_not_write_to_is_named_with_the_remedy() {
    let stage = Stage::new(0o755);
    let tmp = stage.tmp();
    let text = stage.said().unwrap();
    assert!(
        text.starts_with(&format!("tmp-dir {}: user nobody may not create files", tmp.display())),
        "{text}"
    );
    assert!(text.contains(&format!("run 'chown nobody {}'", tmp.display())), "{text}");
}

#[test]
fn one_that_the_user_cannot_reach_is_none() {
    let stage = Stage::new(0o1777);
    fs::set_permissions(stage.place.path(), fs::Permissions::from_mode(0o750)).unwrap();
    assert_eq!(stage.said(), None);
    fs::set_permissions(stage.place.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(stage.said().is_some());
}

#[test]
fn root_may_write_anywhere() {
    let mut stage = Stage::new(0o700);
    stage.config.user = None;
    assert_eq!(stage.said(), None);
}

#[test]
fn of_an_unknown_user_nothing_is_said() {
    let mut stage = Stage::new(0o700);
    stage.config.user = Some("no such user".into());
    assert_eq!(stage.said(), None);
}

#[test]
fn in_a_chroot_the_directory_is_below_it() {
    let mut stage = Stage::new(0o1777);
    stage.config.chroot = Some(stage.place.path().to_path_buf());
    let text = stage.said().unwrap();
    let wanted = format!("create {}{}", stage.place.path().display(), stage.tmp().display());
    assert!(text.contains("no such directory inside the chroot") && text.ends_with(&wanted), "{text}");
    stage.config.tmp_dir = Some("/tmp".into());
    assert_eq!(stage.said(), None);
    // What is above the chroot does not matter any more.
    fs::set_permissions(stage.place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    stage.config.tmp_dir = Some("tmp".into());
    assert_eq!(stage.said(), None);
}

#[test]
fn a_missing_directory_is_noticed() {
    let stage = Stage::new(0o1777);
    fs::remove_dir(stage.tmp()).unwrap();
    assert!(stage.said().unwrap().contains("is not a directory"));
}
