//! Logins without a password: by auth-token and by certificate.

log_lines::lines! {
    /// Logins without a password.
    pub static LINES: "Logins by auth-token and by certificate";

    reason token_expired() "its auth-token has expired, so the client is to log in anew",
        why "The token was good for as long as `auth-gen-token` says.",
        todo "Nothing: the client logs in anew.";
    reason revoked() "its user was revoked since it has logged in, so the client is to log in anew",
        why "Somebody has run `ovpn-plugin revoke` for this user. What it had before is refused once, at its next renegotiation or with its next token.",
        todo "Nothing: the client logs in anew, if PAM still lets it in.";
    reason token_forged() "its auth-token is not genuine (made with another key, as before a restart?)",
        why "The token was made with another key: before a restart of the server, or by another one.",
        todo "Have the servers keep their key in a file: `auth-gen-token-secret`.";
    reason token_of_nobody() "its auth-token is that of a client that has sent no username",
        why "A client that has logged in by certificate got the token, and now somebody sends a name with it.",
        todo "Log in with name and password, or without both.";
    reason no_certificate()
        "the client has shown no certificate with a common name (see certificate-login)",
        why "The client has sent neither name nor password, and no certificate either.",
        todo "Give the client a certificate whose common name is its account, or `auth-user-pass`.";
    reason not_wanted() "logins by certificate are not wanted (see certificate-login)",
        why "Somebody sent a certificate login, and the plugin line has no `certificate-login=`.",
        todo "See whether OpenVPN itself is what it should be: it does not send these by itself.";
    reason no_pair_for_the_user()
        "without a password PAM has to know the user, and no pair answers the prompt 'login'",
        why "Without a password the plugin has to tell PAM the user, and takes it from the pair for the prompt `login`.",
        todo "Add a pair to the plugin line: login USERNAME";
    reason expired(pam: &str) "{pam} (password expired; its user has to log in with it)",
        why "The account's password has expired. It can be changed only by who logs in with it.",
        todo "Have the user log in with the password (`change-expired=yes`), or change it with `passwd NAME`.";
    reason groups_unknown(error: &str) "the groups of the user cannot be looked up: {error}",
        why "The name service of the machine has failed; the line says how.",
        todo "Try `getent group` and `id NAME`.";
    reason no_group(group: &str) "there is no group '{group}' (see certificate-login)",
        why "The group of `certificate-login=` is neither in /etc/group nor in a directory that the machine asks.",
        todo "Create it, or correct the name.";
    reason no_member(group: &str) "the user is no member of the group '{group}' (see certificate-login)",
        why "The certificate is good, but its common name is no account in the group of `certificate-login=`.",
        todo "Add the account to the group: usermod --append --groups GROUP NAME";

    error preset_state()
        "'setenv session_state' would pass for what OpenVPN says of a client's auth-token: take it out of the configuration",
        why "OpenVPN tells plugins by this variable whether a token was good. Set by hand, it would let everybody in.",
        todo "Take `setenv session_state` out of OpenVPN's configuration.";
    warn malformed_token_crashes(version: &str)
        "OpenVPN {version} can be crashed by a malformed token with auth-gen-token ... external-auth; use 2.6.21, 2.7.5 or later",
        why "This version of OpenVPN has that defect, and a client can make use of it.",
        todo "Update OpenVPN to 2.6.21, 2.7.5 or later.";
    warn without_optional()
        "certificate-login has no effect without auth-user-pass-optional in OpenVPN's configuration; add it there",
        why "Without it, OpenVPN refuses clients that send no username before it asks the plugin.",
        todo "Add `auth-user-pass-optional` to OpenVPN's configuration.";
    warn without_certificates()
        "certificate-login has no effect with verify-client-cert none; take that out",
        why "With it, OpenVPN asks clients for no certificate.",
        todo "Take `verify-client-cert none` out of OpenVPN's configuration.";
    warn token_with_any_certificate()
        "auth-gen-token lets a client in with any certificate if it has the token of one that logged in by certificate (certificate-login); add external-auth",
        why "OpenVPN takes such a token by itself. With external-auth it asks the plugin, which compares the certificate.",
        todo "Write `auth-gen-token ... external-auth`.";
    warn same_empty_name()
        "username-as-common-name gives all clients that log in by certificate the same empty name (certificate-login); take it out",
        why "A client that logs in by certificate sends no username, and OpenVPN would use that as its name.",
        todo "Take `username-as-common-name` out of OpenVPN's configuration.";
    warn forgets_failures(module: &str)
        "{module} among the account lines forgets wrong passwords of a user, and opens a locked account, each time that user's token or certificate is looked at; for pam_faillock write an auth line with authsucc instead",
        why "The account phase of such a module begins to count anew. For a token or a certificate that phase alone is run.",
        todo "In the PAM service write `auth required pam_faillock.so authsucc` after the password, and no account line.";
    info unknown_group(group: &str, file: &str)
        "the group '{group}' is not in {file}; unless a directory has it, nobody logs in by certificate (certificate-login)",
        why "The group of `certificate-login=` may be misspelt.",
        todo "Try `getent group NAME`. Create the group, or correct the name.";
}
