//! Stacks in directories of their own, and any text there may be.

use std::convert::Infallible;
use std::ffi::CString;
use std::fs;

use proptest::prelude::*;

use super::*;

struct Stage {
    place: tempfile::TempDir,
}

impl Stage {
    fn new(files: &[(&str, &str)]) -> Self {
        let stage = Stage { place: tempfile::tempdir().expect("temporary directory") };
        for (name, text) in files {
            fs::write(stage.place.path().join(name), text).expect("written");
        }
        stage
    }

    fn stack(&self) -> Stack {
        let confdir = CString::new(self.place.path().as_os_str().as_bytes()).expect("no NUL in a path");
        let read = |path: &Path| {
            Ok::<_, Infallible>(
                fs::read(path).map_or(Content::Missing, |text| Content::Read(Secret::new(text))),
            )
        };
        Stack::of(c"VPN", Some(&confdir), &[Phase::Auth, Phase::Account], read)
            .expect("a good name")
            .expect("the service is there")
    }
}

/// Phase, module and whether it is dispensable, of each line.
fn lines(stack: &Stack) -> Vec<(&'static str, &str, bool)> {
    let text = |line: &ModuleLine| (line.phase.name(), line.dispensable);
    let lines = stack.lines.iter().map(|line| (text(line), line.module.to_str().expect("text")));
    lines.map(|((phase, dispensable), module)| (phase, module, dispensable)).collect()
}

#[test]
fn the_lines_of_both_phases_are_found() {
    let stage = Stage::new(&[(
        "vpn",
        "# a comment\nauth required pam_unix.so nodelay # why\n\tAUTH\t[success=1 default=ignore]  /lib/a.so\n\
         -auth required pam_b.so\naccount optional pam_c.so\naccount requisite \\\n  pam_d.so\n\
         account [default=bad success=ok] pam_e.so\nsession required pam_f.so\npassword required pam_g.so\nauth\nbad line\n",
    )]);
    let stack = stage.stack();
    assert_eq!(
        lines(&stack),
        [
            ("auth", "pam_unix.so", false),
            ("auth", "/lib/a.so", true),
            ("auth", "pam_b.so", true),
            ("account", "pam_c.so", true),
            ("account", "pam_d.so", false),
            ("account", "pam_e.so", false),
        ]
    );
    assert!(stack.has(Phase::Auth) && stack.has(Phase::Account) && !stack.incomplete);
    assert_eq!(stack.lines[0].file, stage.place.path().join("vpn"));
}

#[test]
fn what_is_included_counts() {
    let stage = Stage::new(&[
        ("vpn", "@include common-auth\naccount include both\nauth substack both\nsession include nowhere\n"),
        ("common-auth", "auth required pam_unix.so\n"),
        ("both", "auth required pam_a.so\naccount required pam_b.so\n"),
    ]);
    let found = [("auth", "pam_unix.so", false), ("account", "pam_b.so", false), ("auth", "pam_a.so", false)];
    assert_eq!(lines(&stage.stack()), found);
    let absolute = format!("auth include {}\n", stage.place.path().join("both").display());
    fs::write(stage.place.path().join("vpn"), absolute).expect("written");
    assert_eq!(lines(&stage.stack()), [("auth", "pam_a.so", false)]);
}

#[test]
fn a_phase_without_lines_and_a_missing_file_are_noticed() {
    let stage =
        Stage::new(&[("vpn", "auth include gone\nsession required pam_unix.so\n@include"), ("other", "")]);
    let stack = stage.stack();
    assert!(!stack.has(Phase::Auth) && !stack.has(Phase::Account) && !stack.incomplete);
    let missing =
        |name: &str, number| MissingFile { name: name.into(), file: stage.place.path().join("vpn"), number };
    assert_eq!(stack.missing, [missing("gone", 1)]);
}

#[test]
fn a_line_that_pam_does_not_understand_is_noticed() {
    let stage = Stage::new(&[(
        "vpn",
        "auth required pam_a.so\n\nauth requird pam_b.so\nath required pam_c.so\naccount \\\n required\n\
         session requird pam_d.so\nauth [success=ok default=bed] pam_e.so\nauth [success=1 default=ignore] pam_f.so x=y\n",
    )]);
    let stack = stage.stack();
    let bad: Vec<_> = stack.bad.iter().map(|bad| (bad.number, bad.mistake.clone())).collect();
    let control = |word: &str| LineMistake::Control(word.into());
    assert_eq!(
        bad,
        [
            (3, control("requird")),
            (4, LineMistake::Phase("ath".into())),
            (5, LineMistake::NoModule),
            (8, control("[success=ok default=bed]")),
        ]
    );
    let last = stack.lines.last().expect("a line");
    assert_eq!((last.number, last.control.as_str()), (9, "[success=1 default=ignore]"));
    assert_eq!(last.args.iter().map(Secret::expose).collect::<Vec<_>>(), [b"x=y"]);
}

#[test]
fn files_that_include_each_other_end_somewhere() {
    let stage = Stage::new(&[("vpn", "@include vpn\n@include a\n"), ("a", "auth include vpn\n@include a\n")]);
    assert!(stage.stack().incomplete);
}

#[test]
fn a_service_that_is_not_there_has_no_stack() {
    let place = tempfile::tempdir().expect("temporary directory");
    let confdir = CString::new(place.path().as_os_str().as_bytes()).expect("no NUL in a path");
    let stack = Stack::of(c"vpn", Some(&confdir), &[Phase::Auth], |_| Err(()));
    assert!(matches!(stack, Ok(None)));
    let stack = Stack::of(c"a/b", None, &[Phase::Auth], |_| Err(()));
    assert!(matches!(stack, Err(StackError::Name(ServiceNameError::Slash))));
    fs::write(place.path().join("vpn"), "").expect("written");
    let stack = Stack::of(c"vpn", Some(&confdir), &[Phase::Auth], |_| Err(()));
    assert!(matches!(stack, Err(StackError::Read(()))));
    let unknown = Stack::of(c"vpn", Some(&confdir), &[Phase::Auth], |_| Ok::<_, ()>(Content::Unknown));
    assert!(unknown.expect("no error").expect("there").incomplete);
}

proptest! {
    #[test]
    fn any_text_is_a_stack(text: Vec<u8>, words in "(auth|account|-|\\[| |@include|vpn|\\\\|\n|#|x){0,60}") {
        let stage = Stage::new(&[("vpn", &words)]);
        stage.stack();
        fs::write(stage.place.path().join("vpn"), &text).expect("written");
        let stack = stage.stack();
        prop_assert!(stack.lines.len() <= text.len());
    }
}
