//! Modules of the distribution change nothing about their process that would cost each login a new worker.

use std::path::Path;

use harness::account::Account;
use ovpn_plugin_host::Login;

use crate::stage::{Stage, place};

/// Where Debian and others have them.
const PLACES: [&str; 3] = ["/lib/x86_64-linux-gnu/security", "/usr/lib/security", "/lib64/security"];

/// Those that do change it, as is their purpose: pam_loginuid, which belongs in no other phase than that of sessions.
const CHANGING: &str = "pam_loginuid.so";
/// Modules with their arguments, in both phases; what they say of the login is not looked at. `DIR` is a scratch
/// directory.
const MODULES: &[&str] = &[
    "pam_access.so",
    "pam_cap.so",
    "pam_echo.so hello",
    "pam_env.so",
    "pam_exec.so quiet /bin/true",
    "pam_exec.so quiet expose_authtok /bin/false",
    "pam_faildelay.so delay=1",
    "pam_faillock.so preauth dir=DIR",
    "pam_faillock.so authfail dir=DIR",
    "pam_google_authenticator.so nullok",
    "pam_group.so",
    "pam_issue.so",
    "pam_keyinit.so",
    "pam_lastlog.so",
    "pam_ldap.so",
    "pam_limits.so",
    "pam_listfile.so item=user sense=allow file=/etc/passwd",
    "pam_localuser.so",
    "pam_mail.so",
    "pam_mkhomedir.so",
    "pam_motd.so",
    "pam_nologin.so",
    "pam_oath.so usersfile=DIR/none",
    "pam_permit.so",
    "pam_pwhistory.so",
    "pam_rootok.so",
    "pam_securetty.so",
    "pam_selinux.so",
    "pam_sepermit.so",
    "pam_shells.so",
    "pam_succeed_if.so uid >= 1000",
    "pam_systemd.so",
    "pam_time.so",
    "pam_tty_audit.so enable=nobody",
    "pam_umask.so",
    "pam_unix.so nodelay",
    "pam_userdb.so db=DIR/none",
    "pam_usertype.so isregular",
    "pam_warn.so",
    "pam_wheel.so",
    "pam_xauth.so",
];

/// Whether logins through these modules, in both phases, each got a new worker.
fn change_their_worker(lines: &[String], logins: &[Login]) -> bool {
    // Nobody else may write there.
    let place = place();
    let name = format!("ordinary-{}", std::process::id());
    let modules =
        |phase: &str| lines.iter().map(|line| format!("{phase} optional {line}\n")).collect::<String>();
    let service =
        ["auth", "account"].map(|phase| modules(phase) + &format!("{phase} required pam_permit.so\n"));
    std::fs::write(place.join(&name), service.concat()).unwrap();
    let stage = Stage::open_service(&place, &name, &[("verb", "4")], &["max-workers=1", "grace=0"]);
    let mut workers = Vec::new();
    for login in logins {
        let outcome = stage.login(login);
        assert!(outcome.accepted(), "{lines:?}: {outcome}\n{}", stage.log());
        workers.push(stage.workers());
    }
    let changed = stage.log().contains("has changed the process of worker");
    assert!(changed || workers.windows(2).all(|pair| pair[0] == pair[1]), "{workers:?}\n{}", stage.log());
    changed
}

pub(crate) fn they_keep_their_worker() {
    let account = Account::new("engine");
    let logins =
        [account.password(), "wrong", account.password()].map(|word| Login::new(account.name(), word));
    let installed = |line: &&str| {
        let module = line.split(' ').next().unwrap_or_default();
        PLACES.iter().any(|place| Path::new(place).join(module).exists())
    };
    let directory = std::env::temp_dir();
    let in_place = |line: &str| line.replace("DIR", &directory.to_string_lossy());
    let lines: Vec<String> = MODULES.iter().copied().filter(installed).map(in_place).collect();
    assert!(lines.len() > 10, "found {lines:?}");
    if change_their_worker(&lines, &logins) {
        let culprits = lines.iter().filter(|line| change_their_worker(&[line.to_string()], &logins));
        panic!("changing their process: {:?}", culprits.collect::<Vec<_>>());
    }
    // Without auditing there is nothing that it could change.
    if installed(&CHANGING) && Path::new("/proc/self/loginuid").exists() {
        assert!(change_their_worker(&[CHANGING.into()], &logins));
    }
}
