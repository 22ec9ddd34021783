//! Which programs are found, refused and warned about. Needs root, as the plugin does.

use super::*;
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

/// A scratch directory where only root can write; `/tmp` is open to everybody.
struct Stage {
    directory: TempDir,
}

impl Stage {
    fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("down-root-").tempdir_in("/var/lib").unwrap();
        Stage { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    fn script(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        self.mode(name, 0o755);
        path
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
}

fn find(path: &Path) -> Result<(Program, Vec<String>), ProgramError> {
    Program::find(path.as_os_str().as_bytes(), false)
}

fn refusal(path: &Path) -> String {
    find(path).unwrap_err().to_string()
}

#[test]
fn a_script_of_root_s_is_found_without_a_warning() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    let (program, warnings) = find(&script).unwrap();
    assert_eq!(program.path(), script);
    assert_eq!(warnings, [""; 0]);
    program.check_again(RootsGroup::IsTrusted).unwrap();
    assert_eq!(program.name(), "down.sh");
}

#[test]
fn what_others_may_write_to_is_refused_and_named() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    stage.mode("down.sh", 0o757);
    assert!(refusal(&script).contains(&format!("{} is writable by everybody", script.display())));
    stage.mode("down.sh", 0o755);
    stage.mode("", 0o1777);
    let text = refusal(&script);
    assert!(text.contains("is writable by everybody") && text.contains("insecure-permissions=yes"), "{text}");
}

#[test]
fn what_another_user_owns_is_refused_and_named() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    std::os::unix::fs::chown(&script, Some(65534), None).unwrap();
    assert!(refusal(&script).contains("belongs to user 65534"), "{}", refusal(&script));
    std::os::unix::fs::chown(&script, Some(0), None).unwrap();
    fs::create_dir(stage.path("inner")).unwrap();
    fs::rename(&script, stage.path("inner/down.sh")).unwrap();
    std::os::unix::fs::chown(stage.path("inner"), Some(65534), None).unwrap();
    let moved = stage.path("inner/down.sh");
    assert!(refusal(&moved).contains("belongs to user 65534"));
}

/// As in how-tos that keep the script in a home directory.
#[test]
fn the_refusal_says_which_command_mends_it() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    let shown = script.display();
    std::os::unix::fs::chown(&script, Some(1000), None).unwrap();
    let text = refusal(&script);
    assert!(text.contains(&format!("run 'chown -h root:root {shown}'")), "{text}");
    std::os::unix::fs::chown(&script, Some(0), None).unwrap();
    stage.mode("down.sh", 0o757);
    let text = refusal(&script);
    assert!(text.contains(&format!("run 'chmod o-w {shown}'")), "{text}");
    stage.mode("down.sh", 0o755);
    std::os::unix::fs::chown(stage.path(""), Some(1000), None).unwrap();
    let text = refusal(&script);
    let command =
        format!("run 'install -o root -g root -m 755 {shown} /etc/openvpn/down.sh' and name that file");
    assert!(text.contains(&command) && text.contains("insecure-permissions=yes"), "{text}");
}

#[test]
fn a_group_that_may_write_is_refused() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    for name in ["down.sh", ""] {
        stage.mode(name, 0o775);
        let (program, _) = find(&script).unwrap();
        std::os::unix::fs::chown(stage.path(name), None, Some(100)).unwrap();
        let text = refusal(&script);
        assert!(text.contains("is writable by group 100"), "{text}");
        assert!(text.contains("insecure-permissions=yes"), "{text}");
        let again = program.check_again(RootsGroup::IsTrusted);
        assert!(matches!(again, Err(ProgramError::Insecure { .. })), "'{name}': {again:?}");
        let (_, warnings) = Program::find(script.as_os_str().as_bytes(), true).unwrap();
        assert!(matches!(&warnings[..], [one] if one.contains("group 100")), "{warnings:?}");
        std::os::unix::fs::chown(stage.path(name), None, Some(0)).unwrap();
        stage.mode(name, 0o755);
    }
}

#[test]
fn root_s_group_is_warned_about_and_refused_if_openvpn_is_of_it() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    stage.mode("down.sh", 0o775);
    let (program, warnings) = find(&script).unwrap();
    assert!(matches!(&warnings[..], [one] if one.contains("group 0")), "{warnings:?}");
    program.check_again(RootsGroup::IsTrusted).unwrap();
    let refused = program.check_again(RootsGroup::IsOpenVpns).unwrap_err().to_string();
    assert!(refused.contains("group 0") && refused.contains("chmod g-w"), "{refused}");
    let (program, _) = Program::find(script.as_os_str().as_bytes(), true).unwrap();
    program.check_again(RootsGroup::IsOpenVpns).unwrap();
}

/// The list that setfacl(1) would make of `user:nobody:rwx` and the like: tag, permissions, number.
fn set_list(path: &Path, entries: &[(u16, u16, u32)]) {
    let mut list = 2u32.to_le_bytes().to_vec();
    for (tag, allowed, number) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(allowed.to_le_bytes());
        list.extend(number.to_le_bytes());
    }
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(path, "system.posix_acl_access", &list, flags).unwrap();
}

#[test]
fn an_access_control_list_that_lets_others_write_is_refused() {
    const NONE: u32 = u32::MAX;
    let stage = Stage::new();
    let script = stage.script("down.sh");
    let list =
        |user, mask| [(1, 7, NONE), (2, user, 65534), (4, 5, NONE), (0x10, mask, NONE), (0x20, 5, NONE)];
    set_list(&script, &list(7, 7));
    assert!(refusal(&script).contains("other users or groups (POSIX ACL)"), "{}", refusal(&script));
    assert!(Program::find(script.as_os_str().as_bytes(), true).is_ok());
    // With a list the group bits say nothing of the group.
    for (user, mask) in [(5, 7), (7, 5)] {
        set_list(&script, &list(user, mask));
        assert_eq!(find(&script).unwrap().1, [""; 0], "{user} {mask}");
    }
    set_list(&stage.path(""), &list(7, 7));
    assert!(refusal(&script).contains("POSIX ACL"), "{}", refusal(&script));
}

#[test]
fn what_the_kernel_does_not_execute_is_refused() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    for (text, said) in [
        ("echo no interpreter\n", "neither a script, with #!"),
        ("", "neither a script, with #!"),
        ("#!/nonexistent/sh\n", "/nonexistent: No such file"),
        ("#!/bin/sh\r\n", "/sh\r: No such file"),
        ("#!/etc/passwd\n", "/etc/passwd is not executable"),
    ] {
        fs::write(&script, text).unwrap();
        let refused = refusal(&script);
        assert!(refused.contains(said), "{text:?}: {refused}");
    }
    symlink(&script, stage.path("again")).unwrap();
    fs::write(&script, format!("#!{}\n", stage.path("again").display())).unwrap();
    assert!(matches!(find(&script), Err(ProgramError::Loop(_))));
}

#[test]
fn the_interpreter_is_judged_too() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    fs::copy("/bin/sh", stage.path("sh")).unwrap();
    fs::write(&script, format!("#!{}\n", stage.path("sh").display())).unwrap();
    let (program, _) = find(&script).unwrap();
    stage.mode("sh", 0o757);
    assert!(refusal(&script).contains("sh is writable by everybody"), "{}", refusal(&script));
    assert!(matches!(program.check_again(RootsGroup::IsTrusted), Err(ProgramError::Insecure { .. })));
}

#[test]
fn insecure_permissions_can_be_asked_for() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    stage.mode("down.sh", 0o777);
    let (program, warnings) = Program::find(script.as_os_str().as_bytes(), true).unwrap();
    assert!(matches!(&warnings[..], [one] if one.contains("by everybody")), "{warnings:?}");
    program.check_again(RootsGroup::IsTrusted).unwrap();
}

#[test]
fn links_are_followed_once_and_the_directory_they_stand_in_counts() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    let other = stage.script("other.sh");
    fs::create_dir(stage.path("links")).unwrap();
    let link = stage.path("links/link.sh");
    symlink("../down.sh", &link).unwrap();
    let (program, _) = find(&link).unwrap();
    assert_eq!((program.path(), program.given()), (script.as_path(), link.as_os_str()));
    // It leads elsewhere now, which changes nothing.
    fs::remove_file(&link).unwrap();
    symlink(&other, &link).unwrap();
    program.check_again(RootsGroup::IsTrusted).unwrap();
    assert_eq!(find(&link).unwrap().0.path(), other);
    stage.mode("links", 0o777);
    assert!(refusal(&link).contains("links is writable by everybody"));
    program.check_again(RootsGroup::IsTrusted).unwrap();
}

#[test]
fn what_happens_to_a_program_later_is_noticed() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    let other = stage.script("other.sh");
    let (program, _) = find(&script).unwrap();
    stage.mode("down.sh", 0o757);
    assert!(matches!(program.check_again(RootsGroup::IsTrusted), Err(ProgramError::Insecure { .. })));
    stage.mode("down.sh", 0o644);
    assert!(matches!(program.check_again(RootsGroup::IsTrusted), Err(ProgramError::NotExecutable(_))));
    fs::remove_file(&script).unwrap();
    assert!(program.check_again(RootsGroup::IsTrusted).unwrap_err().to_string().contains("No such file"));
    symlink(&other, &script).unwrap();
    assert!(matches!(program.check_again(RootsGroup::IsTrusted), Err(ProgramError::Moved(_))));
}

#[test]
fn what_is_no_program_is_refused() {
    let stage = Stage::new();
    let script = stage.script("down.sh");
    assert!(matches!(find(&stage.path("missing")), Err(ProgramError::Unreachable { .. })));
    assert!(matches!(find(&stage.path("")), Err(ProgramError::NotAFile(_))));
    assert!(matches!(find(&script.join("..")), Err(ProgramError::NotAFile(_))));
    assert!(matches!(
        find(Path::new("/dev/null")),
        Err(ProgramError::NotAFile(_) | ProgramError::Insecure { .. })
    ));
    symlink("loop", stage.path("loop")).unwrap();
    assert!(matches!(find(&stage.path("loop")), Err(ProgramError::Loop(_))));
    stage.mode("down.sh", 0o644);
    assert!(refusal(&script).contains("not executable"));
}

#[test]
fn a_relative_path_is_taken_from_the_working_directory_with_a_warning() {
    let here = std::env::current_dir().unwrap();
    let Err(ProgramError::Unreachable { path, .. }) = Program::find(b"no/such.sh", true) else {
        panic!("found")
    };
    assert_eq!(path, here.join("no"));
    let up = "../".repeat(here.components().count());
    let stage = Stage::new();
    let script = stage.script("down.sh");
    let relative = format!("{up}{}", script.strip_prefix("/").unwrap().display());
    let (program, warnings) = Program::find(relative.as_bytes(), true).unwrap();
    assert_eq!(program.path(), script);
    assert!(warnings.iter().any(|warning| warning.contains("relative path")), "{warnings:?}");
}
