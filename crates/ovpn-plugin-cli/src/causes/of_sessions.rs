//! What auth-pam says of sessions.

use super::{Known, known};

pub(super) static KNOWN: &[Known] = &[
    known(
        &["too many sessions are open"],
        "As many clients are connected as may have sessions.",
        "Raise `max-sessions=`. Its default is less where the control group (TasksMax=) or the memory allows less.",
    ),
    known(
        &["this user has too many sessions"],
        "The user is connected as often as may be.",
        "Have an older client disconnected, or raise `max-sessions-per-user=`.",
    ),
    known(
        &["too many sessions of this address", "being closed"],
        "Half of the places of `max-sessions` are taken by clients of one address that are gone, and whose sessions PAM is still closing.",
        "See what keeps the session lines of the service, such as a server for accounting that does not answer.",
    ),
    known(
        &["is given up before it has connected"],
        "Many clients have logged in and have not connected, most of them from this address.",
        "Connect again. If that comes often, raise `max-sessions=`: as many may have logged in and not have connected.",
    ),
    known(
        &["no session can be opened"],
        "PAM's session lines have refused the client, or a limit was reached; the line says why.",
        "Look at what the session lines of the service need: a directory, a server for accounts, a limit.",
    ),
    known(
        &["session lost"],
        "The process that kept the session is gone, so nobody can close it. The client stays connected.",
        "Find out who kills `auth-pam: worker`, or which module hangs when a session is closed.",
    ),
    known(
        &["the transaction that has let it in is over"],
        "The client connects later than it may, its worker was killed, or another client with the same login has its session.",
        "Connect again.",
    ),
    known(
        &["connects without a login through PAM"],
        "OpenVPN has let the client in by a token (`auth-gen-token`) and has not asked PAM.",
        "Where each connection needs a session, do without `auth-gen-token`.",
    ),
    known(
        &["sessions of connected clients are not closed"],
        "The supervisor was killed, and with it what modules had noted of the sessions.",
        "Find out who kills it; with SIGKILL, memory may have been short.",
    ),
    known(
        &["is refused: the supervisor is gone"],
        "The supervisor was killed while the client's session was being opened.",
        "Connect again. Find out who kills it; with SIGKILL, memory may have been short.",
    ),
    known(
        &["OpenVPN passed no state of the client"],
        "OpenVPN does not keep a state for its clients, so nothing ties a login to its connection.",
        "Sessions need OpenVPN 2.4 or later.",
    ),
    known(
        &["a session cannot be closed", "cannot be reached"],
        "The supervisor did not take the message within a second.",
        "See whether it is stopped; otherwise restart OpenVPN.",
    ),
    known(
        &["of a session", "no answer to the prompt"],
        "A session line of the service asks something, and nobody can be asked there.",
        "Take the module that asks out of the session lines.",
    ),
    known(
        &["the limit on open files", "sessions instead of"],
        "Each session needs an open file, and so does a client that waits for one.",
        "Raise LimitNOFILE= of the unit, or lower `max-sessions=`.",
    ),
    known(
        &["OpenVPN stands still while PAM opens a session"],
        "OpenVPN before 2.5 cannot have a client wait.",
        "Update OpenVPN to 2.5 or later.",
    ),
    known(
        &["count sessions, and there are none"],
        "The option counts sessions, and PAM opens none.",
        "Add `session=yes`, or take the option out.",
    ),
];
