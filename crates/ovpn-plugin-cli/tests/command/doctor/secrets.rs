//! Nothing secret is printed, whatever is wrong.

use super::stage::Stage;

const SECRET: &str = "hunter2-of-the-tests";

#[test]
fn keys_and_passwords_are_not_shown() {
    let mut stage = Stage::new();
    stage.service(&format!(
        "auth requird pam_mysql.so passwd={SECRET}\nauth required pam_nosuch.so secret={SECRET} bindpw={SECRET}\naccount required pam_unix.so\n"
    ));
    stage.with_auth_pam("deferred=yes", &format!("vpn realm {SECRET} code {SECRET}"));
    stage.line(format!("setenv TOKEN {SECRET}"));
    stage.line(format!("<tls-crypt>\n{SECRET}\n</tls-crypt>"));
    stage.line(format!("http-proxy-option \"{SECRET}"));
    stage.line(format!("<key>\n{SECRET}"));
    let run = stage.examine();
    assert_eq!(run.status, Some(2), "{run}");
    assert!(run.out.contains("pam_nosuch.so") && run.out.contains("has no end"), "{run}");
    assert!(!run.out.contains(SECRET) && !run.err.contains(SECRET), "{run}");
}
