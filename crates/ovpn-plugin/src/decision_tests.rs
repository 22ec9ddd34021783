//! What a decision writes, and when it does not.

use std::time::Duration;

use crate::testing::{CallData, LoginFiles};
use crate::{AuthUserPassVerify, Decision, DeferError, Rejection, Retry};

fn deferred(files: &LoginFiles) -> Decision {
    files.call().env("IV_PROTO", "990").event::<AuthUserPassVerify<'_>>().defer().unwrap().0
}

#[test]
fn each_answer_is_one_byte() {
    let files = LoginFiles::new().unwrap();
    let decision = deferred(&files);
    assert_eq!(files.verdict(), None);
    decision.accept().unwrap();
    assert_eq!(files.verdict(), Some(true));
    let files = LoginFiles::new().unwrap();
    deferred(&files).reject().unwrap();
    assert_eq!((files.verdict(), files.reason().as_str()), (Some(false), ""));
}

#[test]
fn a_call_gives_one_decision() {
    let files = LoginFiles::new().unwrap();
    let call = files.call();
    let event: AuthUserPassVerify<'_> = call.event();
    let (decision, _deferral) = event.defer().unwrap();
    assert_eq!(event.defer().unwrap_err().to_string(), "cannot defer: the decision was taken before");
    assert_eq!(files.verdict(), None);
    decision.accept().unwrap();
    assert_eq!(files.verdict(), Some(true));
}

#[test]
fn dropping_and_panicking_reject() {
    let files = LoginFiles::new().unwrap();
    drop(deferred(&files));
    assert_eq!(files.verdict(), Some(false));
    let files = LoginFiles::new().unwrap();
    let decision = deferred(&files);
    let thread = std::thread::spawn(move || {
        let _decision = decision;
        panic!("told to");
    });
    assert!(thread.join().is_err());
    assert_eq!(files.verdict(), Some(false));
}

#[test]
fn the_reason_is_there_with_the_verdict() {
    let files = LoginFiles::new().unwrap();
    let busy = Rejection::temporary("busy", Duration::from_secs(5), Retry::SameServer);
    deferred(&files).reject_with(&busy).unwrap();
    assert_eq!(files.verdict(), Some(false));
    assert_eq!(files.reason(), "TEMP[backoff 5,advance no]: busy");
}

#[test]
fn works_without_the_paths() {
    let files = LoginFiles::new().unwrap();
    let decision = deferred(&files);
    let kept = std::fs::File::open(files.control_file()).unwrap();
    assert!(decision.is_wanted());
    // As after a chroot: the names are gone, the files are not.
    std::fs::remove_file(files.control_file()).unwrap();
    assert_eq!(decision.is_wanted(), cfg!(not(unix)));
    decision.accept().unwrap();
    assert_eq!(std::io::read_to_string(kept).unwrap(), "1");
    assert!(!files.control_file().exists(), "it was made again");
}

#[test]
fn what_cannot_be_deferred_says_why() {
    let call = CallData::new();
    let error = call.event::<AuthUserPassVerify<'_>>().defer().unwrap_err();
    assert_eq!(error.to_string(), "cannot defer: OpenVPN named no file in auth_control_file");
    let call = CallData::new().env("auth_control_file", "/nonexistent/acf");
    let error = call.event::<AuthUserPassVerify<'_>>().defer().unwrap_err();
    assert!(error.to_string().starts_with("cannot defer: /nonexistent/acf: No such file"), "{error}");
}

#[test]
fn a_control_file_that_was_used_is_refused() {
    for found in ["1", "0", "\n"] {
        let files = LoginFiles::new().unwrap();
        std::fs::write(files.control_file(), found).unwrap();
        let call = files.call();
        let error = call.event::<AuthUserPassVerify<'_>>().defer().unwrap_err();
        assert!(matches!(error, DeferError::InUse { .. }), "{error:?}");
        assert!(error.to_string().ends_with(": another plugin or an earlier answer has used the file"));
        assert_eq!(std::fs::read_to_string(files.control_file()).unwrap(), found);
    }
}

/// Whatever the decision was: one of two answers is wrong, and it may be the one that accepts.
#[test]
fn a_control_file_that_was_used_meanwhile_rejects() {
    for found in ["1", "0"] {
        let files = LoginFiles::new().unwrap();
        let decision = deferred(&files);
        std::fs::write(files.control_file(), found).unwrap();
        decision.accept().unwrap();
        assert_eq!(files.verdict(), Some(false));
    }
}

#[test]
fn a_reason_of_somebody_else_stays() {
    let files = LoginFiles::new().unwrap();
    let decision = deferred(&files);
    std::fs::write(files.control_file().with_file_name("reason"), "theirs").unwrap();
    decision.reject_with(&Rejection::because("ours")).unwrap();
    assert_eq!((files.verdict(), files.reason().as_str()), (Some(false), "theirs"));
}
