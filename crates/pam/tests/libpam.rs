//! The client against the real libpam and modules: stock ones, and one made to ask awkwardly.

mod stack;

use pam::{LoadedModules, PamError, ReturnCode, StartError, Transaction};
use stack::{Notes, Stack};
use std::ffi::CStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// A stack of pam_matrix (Debian's libpam-wrapper), which knows ada by the password `engine`.
fn matrix() -> Stack {
    let module = format!("/usr/lib/{}/pam_wrapper/pam_matrix.so", stack::multiarch());
    let lines = ["auth", "password"].map(|phase| format!("{phase} required {module} passdb=@DIR@/passdb\n"));
    let stack = Stack::new(&lines.concat());
    fs::write(stack.path("passdb"), "ada:engine:test\n").expect("password file");
    stack
}

fn code(result: Result<(), PamError>) -> ReturnCode {
    result.map_or_else(|error| error.code, |()| ReturnCode::SUCCESS)
}

#[test]
fn permit_and_deny() {
    let stack = Stack::new("auth required pam_permit.so\naccount required pam_deny.so\n");
    let mut transaction = stack.start(Some(c"ada"), Notes::default());
    transaction.authenticate().expect("permitted");
    let error = transaction.acct_mgmt().expect_err("denied");
    assert_eq!(error.code, ReturnCode::AUTH_ERR);
    assert_eq!(error.to_string(), "Authentication failure");
}

#[test]
fn matrix_checks_the_password() {
    let stack = matrix();
    let (result, notes) = stack.authenticate(Notes::default());
    assert_eq!(code(result), ReturnCode::SUCCESS);
    assert_eq!(notes.seen, ["hidden Password: "]);
    let (result, _) = stack.authenticate(Notes { hidden: b"steam", ..Notes::default() });
    assert_eq!(code(result), ReturnCode::AUTH_ERR);
}

#[test]
fn an_expired_password_is_chosen_anew() {
    let stack = matrix();
    let mut transaction = stack.start(Some(c"ada"), Notes::default());
    transaction.authenticate().expect("the right password");
    transaction.conversation().seen.clear();
    transaction.change_expired().expect("changed");
    let seen = transaction.end().seen;
    assert_eq!(seen.iter().filter(|prompt| prompt.starts_with("hidden New Password")).count(), 1, "{seen:?}");
    drop(stack);
    let denied = Stack::new("password required pam_deny.so\n");
    let mut transaction = denied.start(Some(c"ada"), Notes::default());
    assert_eq!(code(transaction.change_expired()), ReturnCode::AUTHTOK_ERR);
}

#[test]
fn without_a_user_the_module_asks_and_the_name_is_known_afterwards() {
    let stack = Stack::new("auth required pam_permit.so\n");
    let mut transaction = stack.start(None, Notes::default());
    assert_eq!(transaction.user(), None);
    transaction.authenticate().expect("permitted");
    assert_eq!(transaction.user(), Some(c"ada"));
    assert_eq!(transaction.conversation().seen, ["echoed login:"]);
}

#[test]
fn what_is_known_of_the_client_reaches_the_modules() {
    let stack = Stack::new("auth required pam_exec.so quiet @DIR@/note\n");
    let script = format!(
        "#!/bin/sh\necho \"$PAM_USER $PAM_RHOST $PAM_RUSER $PAM_TTY $COLOUR\" >{}\n",
        stack.path("seen").display()
    );
    fs::write(stack.path("note"), script).expect("script");
    fs::set_permissions(stack.path("note"), fs::Permissions::from_mode(0o755)).expect("executable");
    let mut transaction = stack.start(Some(c"ada"), Notes::default());
    transaction.set_rhost(c"2001:db8::7").expect("set");
    transaction.set_ruser(c"laptop").expect("set");
    transaction.set_tty(c"openvpn").expect("set");
    transaction.put_env(c"COLOUR=light blue").expect("set");
    assert!(transaction.put_env(c"=x").is_err());
    transaction.authenticate().expect("script succeeds");
    assert_eq!(
        fs::read_to_string(stack.path("seen")).expect("written"),
        "ada 2001:db8::7 laptop openvpn light blue\n"
    );
}

#[test]
fn a_module_may_rename_the_user() {
    let stack = Stack::asking("user:lovelace");
    let mut transaction = stack.start(Some(c"ada"), Notes::default());
    transaction.authenticate().expect("no question asked");
    assert_eq!(transaction.user(), Some(c"lovelace"));
}

#[test]
fn messages_of_every_kind_in_one_call() {
    let stack =
        Stack::asking("info:hello on:Name off:Key error:oops ask none:0 want:1=ada want:2=engine none:3");
    let (result, notes) = stack.authenticate(Notes::default());
    assert_eq!(code(result), ReturnCode::SUCCESS);
    assert_eq!(notes.seen, ["info hello", "echoed Name", "hidden Key", "error oops"]);
}

#[test]
fn a_message_without_text_is_an_empty_one() {
    let stack = Stack::asking("null:1 null:4 ask want:0=engine none:1");
    let (result, notes) = stack.authenticate(Notes::default());
    assert_eq!(code(result), ReturnCode::SUCCESS);
    assert_eq!(notes.seen, ["hidden ", "info "]);
}

#[test]
fn awkward_calls_are_conversation_errors() {
    for arguments in
        ["style:9 ask", "style:0 ask", "off:a count:0 ask", "off:a count:-1 ask", "count:33 ask", "hole ask"]
    {
        let (result, notes) = Stack::asking(arguments).authenticate(Notes::default());
        assert_eq!(code(result), ReturnCode::CONV_ERR, "{arguments}");
        assert!(notes.seen.is_empty(), "{arguments}");
    }
}

#[test]
fn the_most_messages_of_one_call() {
    let arguments = format!("{}ask want:0=engine want:31=engine", "off:p ".repeat(32));
    let (result, notes) = Stack::asking(&arguments).authenticate(Notes::default());
    assert_eq!(code(result), ReturnCode::SUCCESS);
    assert_eq!(notes.seen.len(), 32);
}

#[test]
fn a_failure_after_an_answer_gives_nothing_away() {
    for last in ["off:refuse", "info:refuse", "error:refuse", "style:9", "hole"] {
        let (result, notes) = Stack::asking(&format!("off:first {last} ask")).authenticate(Notes::default());
        assert_eq!(code(result), ReturnCode::CONV_ERR, "{last}");
        assert_eq!(notes.seen[0], "hidden first", "{last}");
    }
}

#[test]
fn an_answer_with_a_nul_is_refused() {
    let stack = Stack::asking("off:first ask");
    let (result, _) = stack.authenticate(Notes { hidden: b"eng\0ine", ..Notes::default() });
    assert_eq!(code(result), ReturnCode::CONV_ERR);
}

#[test]
fn an_answer_longer_than_the_limit_in_pams_header_arrives_whole() {
    static LONG: [u8; 900] = [b'x'; 900];
    let stack = Stack::asking(&format!("off:Key ask want:0={}", String::from_utf8_lossy(&LONG)));
    let (result, _) = stack.authenticate(Notes { hidden: &LONG, ..Notes::default() });
    assert_eq!(code(result), ReturnCode::SUCCESS);
    let (result, _) = stack.authenticate(Notes { hidden: &LONG[1..], ..Notes::default() });
    assert_eq!(code(result), ReturnCode::AUTH_ERR);
}

#[test]
fn a_module_may_ask_from_a_thread_of_its_own() {
    let (result, notes) = Stack::asking("off:Key ask:thread want:0=engine").authenticate(Notes::default());
    assert_eq!(code(result), ReturnCode::SUCCESS);
    assert_eq!(notes.seen, ["hidden Key"]);
}

#[test]
fn a_panic_fails_the_call_and_is_kept() {
    let stack = Stack::asking("off:first off:panic ask");
    let mut transaction = stack.start(Some(c"ada"), Notes::default());
    assert!(!transaction.panicked());
    assert_eq!(code(transaction.authenticate()), ReturnCode::CONV_ERR);
    assert!(transaction.panicked());
    let payload = transaction.take_panic().expect("kept");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the conversation panics"));
    // What panicked is not asked again, also not after its payload was taken.
    assert_eq!(code(transaction.authenticate()), ReturnCode::CONV_ERR);
    assert!(transaction.panicked());
    assert_eq!(transaction.end().seen, ["hidden first", "hidden panic"]);
}

#[test]
fn ending_passes_the_last_result_on_and_the_conversation_is_closed_by_then() {
    for (arguments, code) in [("off:Key ask", ReturnCode::SUCCESS), ("off:refuse ask", ReturnCode::CONV_ERR)]
    {
        let stack = Stack::asking(&format!("late:@DIR@/late {arguments}"));
        let (_, notes) = stack.authenticate(Notes::default());
        let late = fs::read_to_string(stack.path("late")).expect("written at the end");
        assert_eq!(late, format!("{} {}", code.raw(), ReturnCode::CONV_ERR.raw()));
        assert_eq!(notes.seen.len(), 1);
    }
}

#[test]
fn unusable_services_are_refused() {
    let stack = Stack::new("auth required pam_permit.so\n");
    let start = |service: &CStr| {
        Transaction::start(service, Some(c"ada"), Some(&stack.confdir()), Notes::default()).map(|_| ())
    };
    assert!(start(c"TEST").is_ok(), "libpam takes service names in lower case");
    assert!(matches!(start(c"../test"), Err(StartError::ServiceName(_))));
    assert!(matches!(start(c""), Err(StartError::ServiceName(_))));
    let Err(StartError::Pam(error)) = start(c"missing") else {
        panic!("neither the service nor other is there")
    };
    assert_eq!(error.code, ReturnCode::ABORT);
}

#[test]
fn loaded_modules_stay_mapped() {
    let mapped = |module: &Path| {
        fs::read_to_string("/proc/self/maps").expect("maps").contains(module.to_str().expect("UTF-8"))
    };
    let stack = Stack::asking("off:Key ask want:0=engine");
    let module = stack.path("asker.so");
    stack.authenticate(Notes::default()).0.expect("good");
    assert!(!mapped(&module));
    let modules = LoadedModules::load(c"test", Some(&stack.confdir())).expect("held");
    assert!(mapped(&module));
    stack.authenticate(Notes::default()).0.expect("good");
    assert!(mapped(&module));
    drop(modules);
    assert!(!mapped(&module));
}

/// `PAM_DISALLOW_NULL_AUTHTOK` is 1.
#[test]
fn accounts_without_a_password_are_refused_in_both_phases_unless_allowed() {
    for (allowed, flags) in [(false, 1), (true, 0)] {
        let stack = Stack::new(&format!(
            "auth required @ASKER@ flags:{flags}\naccount required @ASKER@ flags:{flags}\n"
        ));
        let mut transaction = stack.start(Some(c"ada"), Notes::default());
        if allowed {
            transaction.allow_empty_passwords(true);
        }
        transaction.authenticate().expect("the flags of the auth phase");
        transaction.acct_mgmt().expect("the flags of the account phase");
    }
}

/// A minute, which nobody would overlook.
#[test]
fn the_delay_after_a_failure_is_noted_instead_of_slept() {
    let stack = Stack::new("auth optional pam_faildelay.so delay=60000000\nauth required pam_deny.so\n");
    let mut transaction = stack.start(Some(c"ada"), Notes::default());
    transaction.note_delays().expect("Linux-PAM knows PAM_FAIL_DELAY");
    assert_eq!(transaction.delay(), Duration::ZERO);
    transaction.authenticate().expect_err("denied");
    // libpam varies it at random.
    assert!(transaction.delay() >= Duration::from_secs(20), "{:?}", transaction.delay());
}

/// The password was right, and nobody shall learn that from a quick refusal.
#[test]
fn the_delay_counts_also_when_a_later_phase_fails() {
    let lines = "auth optional pam_faildelay.so delay=60000000\nauth required pam_permit.so\n\
                 account required pam_deny.so\n";
    let stack = Stack::new(lines);
    let mut transaction = stack.start(Some(c"ada"), Notes::default());
    transaction.note_delays().expect("Linux-PAM knows PAM_FAIL_DELAY");
    transaction.authenticate().expect("permitted");
    transaction.acct_mgmt().expect_err("denied");
    assert!(transaction.delay() >= Duration::from_secs(20), "{:?}", transaction.delay());
}
