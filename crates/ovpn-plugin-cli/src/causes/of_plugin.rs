//! What auth-pam says of logins and of its processes.

use super::{Known, SYSTEM_LOG, general, known};

pub(super) static KNOWN: &[Known] = &[
    known(
        &["no answer to the prompt"],
        "The PAM stack asked something for which the plugin line has no answer: no NAME of its pairs is the beginning of that prompt, or the client sent nothing for it.",
        "Compare the NAMEs in the plugin line with the prompt in the log. If OTP is the answer, the client needs `static-challenge`, and this command --response.",
    ),
    known(
        &["the time limit of"],
        "A PAM module did not answer within the plugin's time limit; mostly it waits for a backend that does not answer.",
        "Set a time limit in the module's own settings. If somebody has to press a button first, raise OpenVPN's `hand-window`, here and at the clients, and without deferred mode `timeout=`.",
    ),
    known(
        &["the worker was killed by"],
        "A PAM module crashed, or with SIGKILL: memory was short. Clients try again; other logins are not affected.",
        "See which module it is by taking lines out of the service file one by one, and report it to its authors.",
    ),
    known(
        &["the worker exited"],
        "A PAM module ended the process it runs in. OpenVPN and other logins are not affected.",
        "See which module it is by taking lines out of the service file one by one, and report it to its authors.",
    ),
    known(
        &["the system is short of something"],
        "There was no memory or descriptor left for this login; the line says which.",
        "Raise the limits of OpenVPN's unit, or find out what uses them up.",
    ),
    known(
        &["malformed static challenge password"],
        "The password begins with `SCRV1:` as those of static challenges do, but is none.",
        "If it is an ordinary password, the user needs another one; else look at what makes it.",
    ),
    known(
        &["bytes, more than", "are refused"],
        "Username or password are longer than the plugin takes.",
        "A shorter one is needed; longer ones are refused rather than cut.",
    ),
    known(&["the username is empty"], "The client sent no username.", "Give it one."),
    known(
        &["control file"],
        "The file for the verdict cannot be used.",
        "OpenVPN's `tmp-dir` must be a directory that OpenVPN may write to also after `user` and `chroot`.",
    ),
    known(
        &["logins wait for PAM"],
        "Logins have waited for 10 seconds or longer: a PAM module waits, mostly for a server, a program or a person with a telephone. The line says in which phase and process; whoever waits in the queue waits for a worker.",
        "As root, look what the process waits for while it does: `ss -tupnx | grep pid=NUMBER,` shows its servers, `pstree -p NUMBER` its programs. Set time limits in the settings of that module. If all workers run, see `max-workers=`.",
    ),
    known(
        &["logins no longer wait for PAM"],
        "It is over: PAM has answered, or those that waited have been given up.",
        "Nothing, unless it comes again and again: then set time limits in the settings of the PAM module that waits.",
    ),
    known(
        &["no worker was free"],
        "All workers were busy for the whole time limit.",
        "Raise `max-workers=`, or find out why PAM is slow.",
    ),
    known(
        &["too many logins"],
        "More logins wait for PAM than may.",
        "Find out why PAM is slow; see `max-workers=` and `max-pending=`.",
    ),
    known(
        &["worker", "can be started"],
        "No process can be started: there is a limit on processes or open files.",
        "Look at TasksMax= and LimitNPROC= of the unit, and at `ulimit -u` and `ulimit -n`.",
    ),
    known(
        &["password expired; with change-expired=yes"],
        "The password was right, but has to be changed first.",
        "Have the user change it with `passwd`, or set `change-expired=yes`; the PAM service then needs `password` lines.",
    ),
    known(
        &["password expired; to have it changed needs"],
        "The password was right, but has to be changed first, and an OpenVPN before 2.6 cannot ask for a new one.",
        "Have the user change it with `passwd NAME`.",
    ),
    known(
        &["password expired, and it was not changed"],
        "The password has expired, and no new one was set: nobody answered, or none was good enough. The old one stays as it is.",
        "The lines before have what PAM modules said against the new password.",
    ),
    known(
        &["password expired, although it was just changed"],
        "PAM wants the password changed again, right after it was.",
        "See that the `password` lines of the service change what its `account` lines check.",
    ),
    known(
        &["belongs to no question"],
        "The answer came too late, for the second time, from another user, or after a restart of the server.",
        "Log in again. If it happens each hour, to clients that are connected, write `auth-gen-token` into server.conf. `challenge-timeout=` is the time for an answer.",
    ),
    known(
        &["the question is given up"],
        "Nobody answered in time, or the room was needed for other questions.",
        "Log in again; see `challenge-timeout=` and `max-suspended=`.",
    ),
    known(
        &["cannot be asked"],
        "PAM asks something that cannot be put to the client; the line says why.",
        "Questions need OpenVPN 2.6 or later on the server. A static challenge works with each version.",
    ),
    known(
        &["asks more than", "questions"],
        "The PAM stack asks again and again.",
        "Look for a module that repeats its prompt, and lower the number of its tries.",
    ),
    known(
        &["the worker that waited for an answer"],
        "The process that has asked was killed, so nobody can take the answer.",
        "Log in again. Find out who kills `auth-pam: worker`; with SIGKILL, memory may have been short.",
    ),
    known(
        &["the answer is malformed"],
        "What the client sent as the answer is none: it is too long, or holds a NUL byte.",
        "Log in again; if that does not help, report it to the client's authors.",
    ),
    known(
        &["(see require-cn)"],
        "The client's certificate is that of another user, or there is none.",
        "The common name has to be the username. Here, say it with --common-name.",
    ),
    known(
        &["(see empty-passwords)"],
        "The client sent no password, or `[[BLANK]]`, which stands for none.",
        "If the PAM stack is to decide about that, set `empty-passwords=yes`.",
    ),
    known(
        &["(see allow-user-mapping)"],
        "PAM has checked another user than the one that logs in, or none.",
        "If a module maps names on purpose, set `allow-user-mapping=yes`. Else look for the module that sets the user.",
    ),
    known(
        &["OpenVPN passed no"],
        "The client sent no username or no password.",
        "The client needs `auth-user-pass`.",
    ),
    known(
        &["backend", "for everybody"],
        "Five users in a row could not be checked, so PAM is asked only now and then until its backend answers.",
        SYSTEM_LOG,
    ),
    known(
        &["backend cannot be reached for anybody"],
        "Five users in a row could not be checked, so PAM is asked only now and then until its backend answers.",
        SYSTEM_LOG,
    ),
    known(
        &["too many failed logins from this address"],
        "Only failed logins came from this address of late, so it is slowed down.",
        "Wait, or log in with a password that is right; see `penalties=`.",
    ),
    known(
        &["different failed logins and none"],
        "Only failed logins came from this address, so it is slowed down.",
        "If many users share the address, one login that is accepted ends that; see `penalties=`.",
    ),
    known(
        &["the supervisor", "gone"],
        "The plugin's supervisor, which hands logins to PAM, has ended or was killed; what was under way is refused.",
        "Log in again. If it ends again, the lines before say why; restart OpenVPN if the log says so.",
    ),
    known(
        &["the supervisor cannot be reached"],
        "The plugin's supervisor, which hands logins to PAM, does not take any.",
        "See whether the process `auth-pam: supervisor` is stopped; restart OpenVPN.",
    ),
    known(
        &["supervisor cannot", "start"],
        "The plugin's supervisor lacks something of the system; the line says what.",
        "Look at the limits of OpenVPN's unit, on processes and open files above all.",
    ),
    known(
        &["protocol error from OpenVPN"],
        "What came from OpenVPN's process is not what the plugin sends: somebody may have taken it over.",
        "Find out, then restart OpenVPN. If nobody has, report it.",
    ),
    known(
        &["sent something else than a report"],
        "A PAM module, or a process that it has left, wrote to the plugin's own channel.",
        "See which module it is by taking lines out of the service file one by one, and report it to its authors.",
    ),
    known(
        &["a worker was not ready"],
        "A PAM module, or a thread that it has started, hangs after the login.",
        "See which module it is by taking lines out of the service file one by one, and report it to its authors.",
    ),
    known(
        &["new worker", "while it was starting"],
        "A process for PAM ended before its first login.",
        "Look at the limits of OpenVPN's unit, and at the memory that is left.",
    ),
    known(
        &["no thread can be started"],
        "There is a limit on processes, so OpenVPN stands still during each login.",
        "Look at TasksMax= and LimitNPROC= of the unit.",
    ),
    known(
        &["the limit on open files", "workers instead of"],
        "Each worker needs two open files.",
        "Raise LimitNOFILE= of the unit, or lower `max-workers=`.",
    ),
    known(
        &["process(es) running"],
        "What a login has started is ended with it: a program of pam_exec left something in the background, or hangs.",
        "Start what is to stay with `systemd-run --no-block`.",
    ),
    known(
        &["cannot be ended without CAP_KILL"],
        "A PAM module has left a process that runs as another user.",
        "Add CAP_KILL to CapabilityBoundingSet= of OpenVPN's unit.",
    ),
    known(&["internal error"], "That is a fault of the plugin.", "Report it, with the lines around it."),
    general(
        &["cannot open", "for writing"],
        "The plugin cannot write its verdict.",
        "OpenVPN's `tmp-dir` must be a directory that OpenVPN may write to also after `user` and `chroot`.",
    ),
];
