//! What auth-pam says of the options and names of clients.

use super::{Known, known};

pub(super) static KNOWN: &[Known] = &[
    known(
        &["is no option for a single client"],
        "A file of `client-options=` holds an option that OpenVPN takes for the whole server only.",
        "If the client is to get it, write `push \"...\"` around it; otherwise put it into OpenVPN's configuration.",
    ),
    known(
        &["client-options:", "is not used"],
        "Nobody gets what is in this file or directory: its name is none of those that are looked for.",
        "Move it to `default`, `group/NAME` or `user/NAME`, or away.",
    ),
    known(
        &["client-options:", "is nobody's"],
        "A name that begins with a dot has no file, so nobody gets what is in this one.",
        "Give it another name, or remove it.",
    ),
    known(
        &["its options cannot be put together", "the name service does not answer"],
        "Without the name service (SSSD, nslcd, NIS ...) nobody knows which groups the user is in.",
        "See whether `id USER` works on the server, and look into the log of that service.",
    ),
    known(
        &["its options cannot be put together"],
        "The client would get a file of `client-options=` that cannot be given to it; the line says which and why.",
        "Correct the file. `ovpn-plugin check` finds what is wrong with any of them.",
    ),
    known(
        &["OpenVPN stands still while the options of a client"],
        "OpenVPN before 2.5 cannot have a client wait.",
        "Update OpenVPN to 2.5 or later.",
    ),
    known(
        &["override-username has no effect"],
        "OpenVPN before 2.7 cannot give a client another name.",
        "Update OpenVPN to 2.7 or later, or take the option out.",
    ),
    known(
        &["PAM's name cannot be the client's"],
        "PAM has let in a name that is too long for OpenVPN, or holds a control character.",
        "Look at the PAM module that maps users, or take `override-username=yes` out.",
    ),
    known(
        &["OpenVPN's file for them cannot be written"],
        "OpenVPN's file for the options of the client cannot be written.",
        "Look at OpenVPN's `tmp-dir`: it must be writable after `user` and `chroot`, and not full.",
    ),
    known(
        &["PAM has let in nobody for this client"],
        "The client has tried to log in, and something else than this plugin has let it in: another plugin, or a second \
         connection from the same address.",
        "Have one plugin decide about logins; with `auth-gen-token` connect again.",
    ),
    known(
        &["it has logged in with several names over one connection"],
        "PAM has let in several names of this client before it connected. OpenVPN may have refused any of them for another \
         reason, so it is not known which one counts.",
        "Connect again, with one name. If that happens often, somebody tries to mix logins: the lines before have the names.",
    ),
    known(
        &["keeps its name in OpenVPN"],
        "With the new name in OpenVPN's tokens, `username=` would make another name of it, possibly that of another user.",
        "Take `strip-realm` out of `username=` or the `@` out of the names of users. All else is as with the new name.",
    ),
    known(
        &["is refused: the", "is too long"],
        "A name or an address is longer than any that the plugin takes.",
        "Use a shorter one.",
    ),
    known(
        &["a client is refused: a client's option"],
        "OpenVPN could not read one of the client's options as one line.",
        "Look at the files of `client-options=` for this client.",
    ),
    known(
        &["is refused", "the supervisor"],
        "The supervisor was killed or stopped while the client was connecting.",
        "Connect again. Find out who kills it; with SIGKILL, memory may have been short.",
    ),
];
