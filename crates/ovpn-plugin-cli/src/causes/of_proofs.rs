//! What auth-pam says of logins without a password: by auth-token and by certificate.

use super::{Known, known};

pub(super) static KNOWN: &[Known] = &[
    known(
        &["its auth-token has expired"],
        "The token was good for as long as `auth-gen-token` says.",
        "Nothing: the client logs in anew.",
    ),
    known(
        &["its user was revoked since it has logged in"],
        "Somebody has run `ovpn-plugin revoke` for this user. What it had before is refused once, at its next renegotiation or with its next token.",
        "Nothing: the client logs in anew, if PAM still lets it in.",
    ),
    known(
        &["this user was revoked while PAM was asked"],
        "PAM has let the client in, and meanwhile somebody has run `ovpn-plugin revoke` for its user.",
        "Nothing: the client can try again. Lock the account if it is not to come in.",
    ),
    known(
        &["its auth-token is not genuine"],
        "The token was made with another key: before a restart of the server, or by another one.",
        "Have the servers keep their key in a file: `auth-gen-token-secret`.",
    ),
    known(
        &["is that of a client that has sent no username"],
        "A client that has logged in by certificate got the token, and now somebody sends a name with it.",
        "Log in with name and password, or without both.",
    ),
    known(
        &["the client has shown no certificate with a common name"],
        "The client has sent neither name nor password, and no certificate either.",
        "Give the client a certificate whose common name is its account, or `auth-user-pass`.",
    ),
    known(
        &["is no member of the group"],
        "The certificate is good, but its common name is no account in the group of `certificate-login=`.",
        "Add the account to the group: usermod --append --groups GROUP NAME",
    ),
    known(
        &["there is no group"],
        "The group of `certificate-login=` is neither in /etc/group nor in a directory that the machine asks.",
        "Create it, or correct the name.",
    ),
    known(
        &["logins by certificate are not wanted"],
        "Somebody sent a certificate login, and the plugin line has no `certificate-login=`.",
        "See whether OpenVPN itself is what it should be: it does not send these by itself.",
    ),
    known(
        &["no pair answers the prompt 'login'"],
        "Without a password the plugin has to tell PAM the user, and takes it from the pair for the prompt `login`.",
        "Add a pair to the plugin line: login USERNAME",
    ),
    known(
        &["forgets wrong passwords of a user"],
        "The account phase of such a module begins to count anew. For a token or a certificate that phase alone is run.",
        "In the PAM service write `auth required pam_faillock.so authsucc` after the password, and no account line.",
    ),
    known(
        &["the groups of the user cannot be looked up"],
        "The name service of the machine has failed; the line says how.",
        "Try `getent group` and `id NAME`.",
    ),
    known(
        &["password expired; its user has to log in with it"],
        "The account's password has expired. It can be changed only by who logs in with it.",
        "Have the user log in with the password (`change-expired=yes`), or change it with `passwd NAME`.",
    ),
    known(
        &["of an account check", "no answer to the prompt"],
        "An account line of the service asks something, and without a login nobody can be asked.",
        "Take the module that asks out of the account lines.",
    ),
];
