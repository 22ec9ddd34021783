//! Logins without a password: by auth-token and by certificate.

log_lines::lines! {
    /// Logins without a password.
    pub static LINES: "Logins by auth-token and by certificate";

    reason token_expired() "the auth-token has expired; the client must log in again",
        why "The token was good for as long as `auth-gen-token` says.",
        todo "Nothing: the client logs in again.";
    reason revoked() "the user was revoked after this login; the client must log in again",
        why "Somebody ran `ovpn-plugin revoke` for this user. Earlier logins are refused once, at the next renegotiation or with the next token.",
        todo "Nothing: the client logs in again, if PAM still accepts the user.";
    reason token_forged() "the auth-token is not genuine (made with another key, or before a restart?)",
        why "The token was made with another key: before a restart of the server, or by another one.",
        todo "Keep the key in a file that all servers use: `auth-gen-token-secret`.";
    reason token_of_nobody() "the auth-token belongs to a client that sent no username",
        why "The token was given to a client that logged in by certificate. Now somebody sends a username with it.",
        todo "Log in with username and password, or with neither.";
    reason no_certificate()
        "the client sent no certificate with a common name (see certificate-login)",
        why "The client sent no username, no password and no certificate.",
        todo "Give the client a certificate whose common name is its account, or `auth-user-pass`.";
    reason not_wanted() "logins by certificate are not enabled (see certificate-login)",
        why "A login by certificate came in, but the plugin line has no `certificate-login=`.",
        todo "Check that OpenVPN itself is genuine: it never sends such a login on its own.";
    reason no_pair_for_the_user()
        "no pair answers the prompt 'login', and a login without a password needs one",
        why "Without a password, the plugin takes the user from the pair for the prompt `login`.",
        todo "Add a pair to the plugin line: login USERNAME";
    reason expired(pam: &str) "{pam} (password expired; the user must log in with the password once)",
        why "The account's password has expired. Changing it takes a login with that password.",
        todo "Have the user log in with the password (`change-expired=yes`), or change it with `passwd NAME`.";
    reason groups_unknown(error: &str) "cannot look up the user's groups: {error}",
        why "The name service of the machine has failed; the line says how.",
        todo "Try `getent group` and `id NAME`.";
    reason no_group(group: &str) "there is no group '{group}' (see certificate-login)",
        why "The group of `certificate-login=` is neither in /etc/group nor in a directory service of this machine.",
        todo "Create it, or correct the name.";
    reason no_member(group: &str) "the user is not a member of the group '{group}' (see certificate-login)",
        why "The certificate is valid, but its common name is not an account in the group of `certificate-login=`.",
        todo "Add the account to the group: usermod --append --groups GROUP NAME";

    error preset_state()
        "'setenv session_state' would make every auth-token look valid; remove it from the configuration",
        why "OpenVPN uses this variable to tell plugins whether a token is valid. Set by hand, it would let everybody in.",
        todo "Remove `setenv session_state` from OpenVPN's configuration.";
    warn malformed_token_crashes(version: &str)
        "a malformed token can crash OpenVPN {version} with auth-gen-token ... external-auth; use 2.6.21, 2.7.5 or later",
        why "This version of OpenVPN has that bug, and any client can use it.",
        todo "Update OpenVPN to 2.6.21, 2.7.5 or later.";
    warn without_optional()
        "certificate-login has no effect without auth-user-pass-optional in OpenVPN's configuration; add it there",
        why "Without it, OpenVPN refuses clients that send no username before it asks the plugin.",
        todo "Add `auth-user-pass-optional` to OpenVPN's configuration.";
    warn without_certificates()
        "certificate-login has no effect with verify-client-cert none; remove that",
        why "With it, OpenVPN does not ask clients for a certificate.",
        todo "Remove `verify-client-cert none` from OpenVPN's configuration.";
    warn token_with_any_certificate()
        "certificate-login: without external-auth, auth-gen-token accepts a client's token with any certificate; add external-auth",
        why "The token of one client that logged in by certificate would work with the certificate of another. With external-auth OpenVPN asks the plugin, which compares the certificate.",
        todo "Write `auth-gen-token ... external-auth`.";
    warn same_empty_name()
        "certificate-login: username-as-common-name gives all clients without a username the same empty name; remove it",
        why "A client that logs in by certificate sends no username, so OpenVPN would use an empty common name.",
        todo "Remove `username-as-common-name` from OpenVPN's configuration.";
    warn forgets_failures(module: &str)
        "{module} in an account line resets the count of wrong passwords at each login by token or certificate, and so unlocks accounts; for pam_faillock, write an auth line with authsucc instead",
        why "The account phase of such a module resets its count. For a token or a certificate, the plugin runs only that phase.",
        todo "In the PAM service write `auth required pam_faillock.so authsucc` after the password, and no account line.";
    info unknown_group(group: &str, file: &str)
        "the group '{group}' is not in {file}; unless a directory service has it, nobody can log in by certificate (certificate-login)",
        why "The group of `certificate-login=` may be misspelt.",
        todo "Try `getent group NAME`. Create the group, or correct the name.";
}
