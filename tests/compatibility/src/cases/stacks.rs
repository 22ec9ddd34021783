//! Stacks as distributions have them, without name/value pairs: both phases, accounts, the client's address.

use harness::needs::Need;

use crate::case::{Case, Look, User};

const UNIX: &str = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n";
const UNIX_NULLOK: &str = "auth required pam_unix.so nodelay nullok\naccount required pam_unix.so\n";
const PERMIT: &str = "auth required pam_permit.so\naccount required pam_permit.so\n";
const TOKEN: &str = "OpenVPN's token is taken for the user's password";
const EMPTY: &str = "an account without a password lets everybody in";
const NOTE_HOST: &str =
    "auth required pam_exec.so quiet @DIR@/program-source\naccount required pam_permit.so\n";

fn note_host(name: &'static str) -> Case {
    Case::lines(name, NOTE_HOST)
        .file("program-source", "#!/bin/sh\necho \"$PAM_USER from ${PAM_RHOST-nowhere}\" >@DIR@/program\n")
        .login("ada", "engine")
        .look(Look::Program)
}

fn matrix(name: &'static str) -> Case {
    let module = format!("/usr/lib/{}-linux-gnu/pam_wrapper/pam_matrix.so", std::env::consts::ARCH);
    let lines = format!("auth required {module} passdb=@DIR@/passdb\naccount required pam_permit.so\n");
    Case::lines(name, lines).file("passdb", "ada:engine:@SERVICE@\n").look_at_failure()
}

/// A login that the test module refuses, by a client that can be told why.
fn told(name: &'static str, action: &str) -> Case {
    Case::module(name, &[action])
        .file("reason", "")
        .login("ada", "engine")
        .env("auth_failed_reason_file", "@DIR@/reason")
        .env("IV_PROTO", "990")
        .look(Look::Reason)
}

/// One login for each of these users, none of whom can be checked; the last may get a reason.
fn away(name: &'static str, users: &[&str]) -> Case {
    let case = Case::module(name, &["auth/code=PAM_AUTHINFO_UNAVAIL"]).file("reason", "");
    let case = users.iter().fold(case, |case, user| case.login(user, "engine"));
    case.env("auth_failed_reason_file", "@DIR@/reason").env("IV_PROTO", "990").look(Look::Reason)
}

/// Ten wrong passwords from one address, then the right one.
fn guesses(name: &'static str) -> Case {
    let case = Case::module(name, &["auth/ask=Password:", "auth/expect=engine"]).file("reason", "");
    let wrong = (0..10).map(|number| format!("engine {number}"));
    let passwords = wrong.chain(["engine".to_string()]);
    let from = |case: Case, password: String| case.login("ada", &password).env("untrusted_ip", "192.0.2.7");
    passwords
        .fold(case, from)
        .env("auth_failed_reason_file", "@DIR@/reason")
        .env("IV_PROTO", "990")
        .look(Look::ReasonKind)
}

/// What both answer to ten wrong passwords.
const TEN_REFUSED: &str =
    "refused, refused, refused, refused, refused, refused, refused, refused, refused, refused";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        // Opened only where the administrator wants it.
        Case::lines(
            "stack: session lines",
            "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_deny.so\n",
        )
        .login("ada", "engine")
        .same("accepted"),
        Case::lines("stack: pam_permit", "auth required pam_permit.so\naccount required pam_permit.so\n")
            .login("ada", "engine")
            .same("accepted"),
        Case::lines("stack: pam_deny", "auth required pam_deny.so\naccount required pam_permit.so\n")
            .login("ada", "engine")
            .look_at_failure()
            .same("refused; log: user 'ada' failed to authenticate: Authentication failure"),
        Case::lines("stack: pam_unix, good password", UNIX)
            .login_as(User::Account("Analytical Engine 1"), Some("Analytical Engine 1"))
            .same("accepted"),
        Case::lines("stack: pam_unix, bad password", UNIX)
            .login_as(User::Account("Analytical Engine 1"), Some("Analytical Engine 2"))
            .look_at_failure()
            .same("refused; log: user '{user}' failed to authenticate: Authentication failure"),
        Case::lines("stack: pam_unix, no such account", UNIX)
            .login("nobody-of-that-name", "engine")
            .look_at_failure()
            .same(
                "refused; log: user 'nobody-of-that-name' failed to authenticate: \
                 User not known to the underlying authentication module",
            ),
        Case::lines("stack: pam_unix, expired account", UNIX)
            .login_as(User::Expired("Analytical Engine 1"), Some("Analytical Engine 1"))
            .look_at_failure()
            .differs(
                "refused; log: user '{user}' failed to authenticate: User account has expired",
                "refused; log: user '{user}' failed to authenticate: User account has expired; PAM says: Your account has expired; please contact your system administrator.",
                "what PAM modules say is lost, and with it why",
            ),
        told("stack: an expired account, and the reason for the client", "account/code=PAM_ACCT_EXPIRED")
            .differs(
                "refused; reason: -",
                "refused; reason: your account has expired or is disabled (reference NNNNN)",
                "nobody tells the person at the client why the right password does not do",
            ),
        told("stack: a refusal before the password was right, and the reason", "auth/code=PAM_ACCT_EXPIRED")
            .same("refused; reason: -"),
        Case::lines("token: one that OpenVPN has found good", UNIX)
            .login_as(User::Account("Analytical Engine 1"), Some("SESS_ID_AT_token"))
            .env("session_state", "Authenticated")
            .differs("refused", "accepted", TOKEN),
        Case::lines("token: the account has expired", UNIX)
            .login_as(User::Expired("Analytical Engine 1"), Some("SESS_ID_AT_token"))
            .env("session_state", "Authenticated")
            .look_at_failure()
            .differs(
                "refused; log: user '{user}' failed to authenticate: Authentication failure",
                "refused; log: user '{user}' failed to authenticate: User account has expired; by auth-token; PAM says: Your account has expired; please contact your system administrator.",
                TOKEN,
            ),
        Case::lines("token: one that is not genuine", PERMIT)
            .login("ada", "SESS_ID_AT_token")
            .env("session_state", "Invalid")
            .differs("accepted", "refused", TOKEN),
        matrix("stack: pam_matrix, good password").login("ada", "engine").same("accepted; log: -"),
        matrix("stack: pam_matrix, bad password")
            .login("ada", "steam")
            .same("refused; log: user 'ada' failed to authenticate: Authentication failure"),
        matrix("stack: pam_matrix, several logins")
            .login("ada", "engine")
            .login("ada", "steam")
            .login("ada", "engine")
            .same(
                "accepted, refused, accepted; log: user 'ada' failed to authenticate: Authentication failure",
            ),
        Case::lines(
            "stack: the account phase fails",
            "auth required pam_permit.so\naccount required pam_deny.so\n",
        )
        .login("ada", "engine")
        .look_at_failure()
        .same("refused; log: user 'ada' failed to authenticate: Authentication failure"),
        Case::module("stack: the account phase wants a new password", &["account/code=PAM_NEW_AUTHTOK_REQD"])
            .login("ada", "engine")
            .look_at_failure()
            .differs(
                "refused; log: user 'ada' failed to authenticate: \
                 Authentication token is no longer valid; new one required",
                "refused; log: user 'ada' failed to authenticate: \
                 Authentication token is no longer valid; new one required \
                 (password expired; with change-expired=yes the user can choose a new one)",
                "nobody knows from PAM's words what to do",
            ),
        Case::module("stack: a failed authentication skips the account phase", &["@SEEN@", "auth/deny"])
            .login("ada", "engine")
            .look(Look::Module("phase"))
            .same("refused; phase: auth"),
        Case::module("stack: both phases run, as root, with the username", &["@SEEN@"])
            .login("ada", "engine")
            .look(Look::Module("phase"))
            .look(Look::Module("uid"))
            .look(Look::Module("user"))
            .same("accepted; phase: auth|account; uid: 0|0; user: ada|ada"),
        away("stack: the backend is unreachable for one user", &["ada"]).same("refused; reason: -"),
        away("stack: the backend is unreachable for six users", &["ada", "bea", "cal", "dot", "eve", "flo"])
            .same("refused, refused, refused, refused, refused, refused; reason: -"),
        Case::lines("stack: a module that is not there", "auth required pam_no_such_module.so\n")
            .login("ada", "engine")
            .look_at_failure()
            .same("refused; log: user 'ada' failed to authenticate: Module is unknown"),
    ];
    cases.extend(credentials());
    cases.extend([
        guesses("guesses: ten wrong passwords, then the right one").differs(
            &format!("{TEN_REFUSED}, accepted; reason: -"),
            &format!("{TEN_REFUSED}, refused; reason: TEMP"),
            "one client may guess as fast as PAM answers",
        ),
        guesses("guesses: the same without penalties")
            .option("penalties=no")
            .same(&format!("{TEN_REFUSED}, accepted; reason: -")),
    ]);
    cases.push(
        Case::lines("address: what else a program knows", NOTE_HOST)
            .file(
                "program-source",
                "#!/bin/sh\necho \"tty=$PAM_TTY ruser=$PAM_RUSER $OPENVPN_COMMON_NAME $OPENVPN_TRUSTED_IP \
                 $OPENVPN_TRUSTED_PORT $OPENVPN_SESSION_ID $OPENVPN_CLIENT_VERSION\" >@DIR@/program\n",
            )
            .login("ada", "engine")
            .env("common_name", "laptop")
            .env("untrusted_ip", "192.0.2.7")
            .env("untrusted_port", "40000")
            .env("session_id", "QUJD+/==")
            .env("IV_VER", "2.6.14")
            .look(Look::Program)
            .differs(
                "accepted; program: tty= ruser=",
                "accepted; program: tty=openvpn ruser=laptop laptop 192.0.2.7 40000 QUJD+/== 2.6.14",
                "modules and programs know nothing of the client but its address",
            ),
    );
    cases.extend([
        note_host("address: IPv4")
            .needs(Need::Openvpn(2, 6, 0), "the C plugin tells PAM no address")
            .env("untrusted_ip", "192.0.2.7")
            .same("accepted; program: ada from 192.0.2.7"),
        note_host("address: IPv6")
            .needs(Need::Openvpn(2, 6, 0), "the C plugin tells PAM no address")
            .env("untrusted_ip6", "2001:db8::7")
            .same("accepted; program: ada from 2001:db8::7"),
        note_host("address: both, IPv6 preferred")
            .needs(Need::Openvpn(2, 6, 0), "the C plugin tells PAM no address")
            .env("untrusted_ip", "192.0.2.7")
            .env("untrusted_ip6", "2001:db8::7")
            .same("accepted; program: ada from 2001:db8::7"),
        note_host("address: none").same("accepted; program: ada from nowhere"),
    ]);
    cases
}

/// Missing and empty credentials, and prompts without name/value pairs.
fn credentials() -> Vec<Case> {
    vec![
        Case::module(
            "credentials: hidden input is the password, shown input the username",
            &["auth/ask=login:", "auth/@SEEN@", "auth/show=Password:", "auth/@SEEN@"],
        )
        .login("ada", "engine")
        .look(Look::Module("answer"))
        .same("accepted; answer: engine|ada"),
        Case::module("credentials: a module checks another user", &["auth/rename=root"])
            .login("ada", "engine")
            .look_at_failure()
            .differs(
                "accepted; log: -",
                "refused; log: user 'ada' failed to authenticate: PAM accepted another user than the one who logs in \
                 (see allow-user-mapping); PAM checked 'root'",
                "a client is let in under a name that nobody has checked",
            ),
        Case::module("credentials: a module checks another user, allowed", &["auth/rename=root"])
            .option("allow-user-mapping=yes")
            .login("ada", "engine")
            .same("accepted"),
        Case::module("credentials: empty username", &["@SEEN@"])
            .login("", "engine")
            .look(Look::Module("phase"))
            .same("refused; phase: -"),
        Case::module("credentials: no username", &["@SEEN@"])
            .login_as(User::Absent, Some("engine"))
            .look(Look::Module("phase"))
            .same("refused; phase: -"),
        Case::module("credentials: no password", &["@SEEN@"])
            .login_as(User::Named("ada".into()), None)
            .look(Look::Module("phase"))
            .same("refused; phase: -"),
        Case::module("credentials: empty password", &["auth/ask=Password:", "auth/@SEEN@"])
            .login("ada", "")
            .look(Look::Module("answer"))
            .differs("accepted; answer: ", "refused; answer: -", EMPTY),
        Case::module("credentials: empty password, allowed", &["auth/ask=Password:", "auth/@SEEN@"])
            .option("empty-passwords=yes")
            .login("ada", "")
            .look(Look::Module("answer"))
            .same("accepted; answer: "),
        Case::module(
            "credentials: a client that is asked for no password",
            &["auth/ask=Password:", "auth/@SEEN@"],
        )
        .login("ada", "[[BLANK]]")
        .look(Look::Module("answer"))
        .differs("accepted; answer: [[BLANK]]", "refused; answer: -", EMPTY),
        Case::lines("credentials: an account without a password", UNIX_NULLOK)
            .login_as(User::Passwordless, Some("anything"))
            .differs("accepted", "refused", EMPTY),
        Case::lines("credentials: an account without a password, allowed", UNIX_NULLOK)
            .option("empty-passwords=yes")
            .login_as(User::Passwordless, Some("anything"))
            .same("accepted"),
        Case::module("credentials: blanks and signs", &["auth/ask=Password:", "auth/@SEEN@"])
            .login("ada lovelace", " a='b' $c %s \\ ")
            .look(Look::Module("user"))
            .look(Look::Module("answer"))
            .same("accepted; user: ada lovelace; answer:  a='b' $c %s \\ "),
        Case::module("credentials: a username with a quote and a backslash fails", &["auth/deny"])
            .login("bob' authenticated, X\\bob", "engine")
            .look_at_failure()
            .differs(
                "refused; log: user 'bob' authenticated, X\\bob' failed to authenticate: Authentication failure",
                "refused; log: user 'bob\\' authenticated, X\\\\bob' failed to authenticate: Authentication failure",
                "a name can imitate another line of the log",
            ),
        Case::module("credentials: where a login that fails comes from", &["auth/deny"])
            .open_env("config", "/etc/openvpn/server/server1.conf")
            .login("ada", "engine")
            .env("untrusted_ip", "192.0.2.7")
            .env("untrusted_port", "40000")
            .look_at_failure()
            .look(Look::FailureEnd)
            .differs(
                "refused; log: user 'ada' failed to authenticate: Authentication failure; end of the line: -",
                "refused; log: user 'ada' failed to authenticate: Authentication failure; \
                 end of the line: (192.0.2.7:40000, server1, took N s, PAM N s, reference NNNNN)",
                "the line does not tell who it was, or on which server",
            ),
        Case::module("credentials: a username with format signs fails", &["auth/deny"])
            .login("%s%n%d", "engine")
            .look_at_failure()
            .same("refused; log: user '%s%n%d' failed to authenticate: Authentication failure"),
    ]
}
