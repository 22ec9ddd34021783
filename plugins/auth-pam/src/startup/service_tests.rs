//! What is said of a service, and when OpenVPN is not to start with it.

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

use super::*;

const GOOD: &str = "auth required pam_unix.so\naccount required pam_unix.so\n";

struct Stage {
    place: tempfile::TempDir,
}

impl Stage {
    /// A directory in /tmp, where nobody can replace what belongs to root.
    fn new(files: &[(&str, &str)]) -> Self {
        let stage = Stage { place: tempfile::tempdir().unwrap() };
        for (name, text) in files {
            fs::write(stage.path(name), text).unwrap();
            stage.mode(name, 0o644);
        }
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn findings(&self) -> Result<Findings, String> {
        let confdir = CString::new(self.place.path().as_os_str().as_bytes()).unwrap();
        check_phases(c"vpn", Some(&confdir), &[Phase::Auth, Phase::Account])
    }

    /// The warnings, where nothing is writable by a group.
    fn check(&self) -> Result<Vec<UnloggedLine>, String> {
        let Findings { warnings, by_roots_group, .. } = self.findings()?;
        assert_eq!(by_roots_group, [""; 0]);
        Ok(warnings)
    }

    fn check_with_passwords(&self) -> Result<Vec<UnloggedLine>, String> {
        let confdir = CString::new(self.place.path().as_os_str().as_bytes()).unwrap();
        let options = [b"change-expired=yes".to_vec(), [b"pam-confdir=", confdir.as_bytes()].concat()];
        let words = options.iter().map(|word| &word[..]).chain([&b"vpn"[..]]);
        check(&Config::parse(words).unwrap()).map(|findings| findings.warnings)
    }
}

#[test]
fn password_lines_are_missed_only_where_passwords_are_chosen() {
    let stage = Stage::new(&[("vpn", GOOD)]);
    assert_eq!(stage.check(), Ok(vec![]));
    let warnings = stage.check_with_passwords().unwrap();
    assert!(
        matches!(&warnings[..], [one] if one.contains("it has no password lines, and there is no 'other'")),
        "{warnings:?}"
    );
    let lines = [GOOD, "password required pam_unix.so\n"].concat();
    assert_eq!(Stage::new(&[("vpn", &lines)]).check_with_passwords(), Ok(vec![]));
    let lines = [GOOD, "password required pam_missing_as_it_is.so\n"].concat();
    let stage = Stage::new(&[("vpn", &lines)]);
    assert_eq!(stage.check(), Ok(vec![]));
    let warnings = stage.check_with_passwords().unwrap();
    assert!(matches!(&warnings[..], [one] if one.contains("pam_missing_as_it_is.so")), "{warnings:?}");
}

#[test]
fn nothing_is_said_of_a_good_service() {
    let included = [("vpn", "@include common\n"), ("common", GOOD)];
    for files in [&[("vpn", GOOD)][..], &included] {
        assert_eq!(Stage::new(files).check(), Ok(vec![]));
    }
    // A module that need not be there; those of other phases do not matter.
    let lines = format!(
        "{GOOD}-auth required pam_nosuch.so\nauth optional pam_nosuch.so\nsession required pam_nosuch.so\n"
    );
    assert_eq!(Stage::new(&[("vpn", &lines)]).check(), Ok(vec![]));
}

#[test]
fn a_phase_without_lines_is_named_with_what_decides_instead() {
    let stage = Stage::new(&[("vpn", "auth required pam_unix.so\n"), ("other", GOOD)]);
    let warnings = stage.check().unwrap();
    let other = stage.path("other");
    let said = format!(
        "PAM service 'vpn': it has no account lines, those of 'other' ({}) decide; add account lines",
        other.display()
    );
    assert_eq!(warnings, [said]);
    fs::write(stage.path("vpn"), "account required pam_unix.so\n").unwrap();
    fs::remove_file(other).unwrap();
    let warnings = stage.check().unwrap();
    assert!(
        matches!(&warnings[..], [one] if one.contains("no auth lines, and there is no 'other'")),
        "{warnings:?}"
    );
}

#[test]
fn a_missing_module_is_named_once_with_its_file() {
    let stage = Stage::new(&[(
        "vpn",
        &format!("{GOOD}auth required pam_nosuch.so\nauth required pam_nosuch.so x\n"),
    )]);
    let said = format!(
        "PAM service 'vpn': module pam_nosuch.so is missing; install it, or correct the line in {}",
        stage.path("vpn").display()
    );
    assert_eq!(stage.check().unwrap(), [said]);
}

#[test]
fn a_line_that_pam_does_not_understand_is_named() {
    for (line, told) in [
        ("auth requird pam_unix.so", "has 'requird' as its control word"),
        ("auht required pam_unix.so", "begins with 'auht'"),
        ("auth required", "names no module"),
    ] {
        let stage = Stage::new(&[("vpn", &format!("{GOOD}{line}\n"))]);
        let warnings = stage.check().unwrap();
        let place = stage.path("vpn").display().to_string();
        let told = format!("{place}:3 {told}, so every login will be refused; correct that line");
        assert_eq!(warnings, [format!("PAM service 'vpn': {told}")]);
    }
}

#[test]
fn a_missing_file_is_named() {
    let stage = Stage::new(&[("vpn", "@include common\n")]);
    let warnings = stage.check().unwrap();
    assert!(
        matches!(&warnings[..], [one] if one.contains("includes 'common', which is missing")),
        "{warnings:?}"
    );
    let warnings = Stage::new(&[]).check().unwrap();
    assert!(
        matches!(&warnings[..], [one] if one.contains("vpn is missing: there is no 'other' either")),
        "{warnings:?}"
    );
}

#[test]
fn what_others_could_change_keeps_openvpn_from_starting() {
    let stage = Stage::new(&[
        ("vpn", "@include common\nsession include sessions\n"),
        ("common", GOOD),
        ("sessions", "session required pam_permit.so\n"),
        ("other", "@include others\n"),
        ("others", "auth required pam_deny.so\n"),
    ]);
    // Also `other`, and lines of phases that are not run: their modules are loaded for every login.
    for name in ["vpn", "common", "sessions", "other", "others", ""] {
        let path = stage.path(name);
        let before = fs::metadata(&path).unwrap().permissions().mode();
        stage.mode(name, before | 0o002);
        let refused = stage.check().unwrap_err();
        assert!(refused.contains("is writable by everybody; run 'chmod o-w"), "{name}: {refused}");
        stage.mode(name, before);
        chown(&path, Some(1000), None).unwrap();
        let refused = stage.check().unwrap_err();
        assert!(refused.contains("belongs to user 1000, not to root; run 'chown"), "{name}: {refused}");
        chown(&path, Some(0), Some(100)).unwrap();
        stage.mode(name, before | 0o020);
        let refused = stage.check().unwrap_err();
        assert!(refused.contains("is writable by group 100; run 'chmod g-w"), "{name}: {refused}");
        stage.mode(name, before);
        chown(&path, Some(0), Some(0)).unwrap();
    }
    assert_eq!(stage.check(), Ok(vec![]));
}

#[test]
fn root_s_group_that_may_write_is_reported_once() {
    let stage = Stage::new(&[("vpn", "@include common\n"), ("common", GOOD), ("other", GOOD)]);
    stage.mode("", 0o770);
    stage.mode("common", 0o664);
    let Findings { warnings, by_roots_group, .. } = stage.findings().unwrap();
    assert_eq!(warnings, [""; 0]);
    let [directory, file] = &by_roots_group[..] else { panic!("{by_roots_group:?}") };
    let says = |line: &str, what: &str, name: &str| {
        let path = stage.path(name).display().to_string();
        let path = path.trim_end_matches('/');
        line == format!("{what}: {path} is writable by group 0; run 'chmod g-w {path}'")
    };
    assert!(says(directory, "option 'pam-confdir'", ""), "{directory}");
    assert!(says(file, "PAM service file", "common"), "{file}");
}

#[test]
fn a_file_that_is_none_or_without_end_is_left_to_pam() {
    let stage = Stage::new(&[]);
    nix::unistd::mkfifo(&stage.path("vpn"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(stage.check().unwrap().len(), 1);
    fs::remove_file(stage.path("vpn")).unwrap();
    fs::write(stage.path("vpn"), vec![b'#'; 300_000]).unwrap();
    assert_eq!(stage.check(), Ok(vec![]));
}

#[test]
fn a_module_that_forgets_in_the_account_phase_is_found() {
    for (lines, found) in [
        ("auth required pam_faillock.so authsucc\n", None),
        ("account required pam_faillock.so\n", Some("pam_faillock.so")),
        ("account optional /lib/security/pam_tally2.so\n", Some("pam_tally2.so")),
        ("account include common\n", Some("pam_faillock.so")),
    ] {
        let stage = Stage::new(&[
            ("vpn", &format!("{GOOD}{lines}")),
            ("common", "account required pam_faillock.so deny=3\n"),
        ]);
        assert_eq!(stage.findings().unwrap().forgets_failures.as_deref(), found, "{lines}");
    }
}
