//! Nothing secret is printed, whatever is wrong.

use super::good_setup::GoodSetup;

const SECRET: &str = "hunter2-of-the-tests";

#[test]
fn keys_and_passwords_are_not_shown() {
    let mut setup = GoodSetup::new();
    setup.service(&format!(
        "auth requird pam_mysql.so passwd={SECRET}\nauth required pam_nosuch.so secret={SECRET} bindpw={SECRET}\naccount required pam_unix.so\n"
    ));
    setup.with_auth_pam("deferred=yes", &format!("vpn realm {SECRET} code {SECRET}"));
    setup.line(format!("setenv TOKEN {SECRET}"));
    setup.line(format!("<tls-crypt>\n{SECRET}\n</tls-crypt>"));
    setup.line(format!("http-proxy-option \"{SECRET}"));
    setup.line(format!("<key>\n{SECRET}"));
    let run = setup.examine();
    assert_eq!(run.status, Some(2), "{run}");
    assert!(run.out.contains("pam_nosuch.so") && run.out.contains("is not closed"), "{run}");
    assert!(!run.out.contains(SECRET) && !run.err.contains(SECRET), "{run}");
}

/// What the plugin would write into OpenVPN's log when it refuses to start.
#[test]
fn a_secret_in_the_wrong_place_is_not_shown() {
    for words in ["pasword=SECRET deferred=yes", "deferred=yes defered=SECRET"] {
        let mut setup = GoodSetup::new();
        setup.with_auth_pam(&words.replace("SECRET", SECRET), "vpn");
        let run = setup.examine();
        run.expect(2, &[("error", "unknown option '")]);
        assert!(!run.out.contains(SECRET), "{run}");
    }
    for words in ["vpn login USERNAME SECRET", "vpn login USERNAME x=SECRET"] {
        let mut setup = GoodSetup::new();
        setup.with_auth_pam("deferred=yes", &words.replace("SECRET", SECRET));
        let run = setup.examine();
        run.expect(2, &[("error", "has no value")]);
        assert!(!run.out.contains(SECRET), "{run}");
    }
    let mut setup = GoodSetup::new();
    let file = setup.file("auth-pam.conf", format!("bindpw={SECRET}\n"), 0o600);
    setup.with_auth_pam(&format!("deferred=yes options={}", file.display()), "vpn");
    let run = setup.examine();
    run.expect(2, &[("error", "auth-pam.conf:1: unknown option 'bindpw=...'")]);
    assert!(!run.out.contains(SECRET), "{run}");
}
