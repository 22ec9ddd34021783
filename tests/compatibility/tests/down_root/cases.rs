//! The table.

use compatibility::step;

use crate::case::Case;

const RAN: &str = "echo ran >> @DIR@/seen";
const LATE: &str = "a mistake in the configuration shows at the start, not when the tunnel goes down";
const ANYBODY: &str = "what others may change is not run as root";
const REOPENED: &str = "a second UP, as after SIGUSR1 or with --up-restart, ends OpenVPN";
const MISSING: &str = "scripts miss script_type, signal and byte counters";

pub(crate) fn all() -> Vec<Case> {
    [start(), run(), environment(), failure(), restart()].concat()
}

fn start() -> Vec<Case> {
    vec![
        Case::new("start: no command", RAN).words(&[]).same("does not start"),
        Case::new("start: an equals sign in the first word", RAN)
            .words(&["com=mand", "@DIR@/down.sh"])
            .up()
            .differs("success", "does not start", "there are no options"),
        Case::new("start: a missing file", RAN).words(&["@DIR@/missing"]).up().down().differs(
            "success, error",
            "does not start",
            LATE,
        ),
        Case::new("start: a directory", RAN).words(&["@DIR@"]).up().down().differs(
            "success, error",
            "does not start",
            LATE,
        ),
        Case::new("start: a file that is not executable", RAN)
            .mode(0o644)
            .up()
            .down()
            .logged("is not executable")
            .differs(
                "success, error; logged: no is not executable",
                "does not start; logged: is not executable",
                LATE,
            ),
        Case::new("start: a file that everybody may write to", RAN).mode(0o757).up().down().seen().differs(
            "success, success; seen: ran",
            "does not start; seen: -",
            ANYBODY,
        ),
        Case::new("start: a file of the desktop user", RAN).owner(1000).up().down().seen().differs(
            "success, success; seen: ran",
            "does not start; seen: -",
            ANYBODY,
        ),
        Case::new("start: the same, asked for", RAN)
            .mode(0o757)
            .option("insecure-permissions=yes")
            .up()
            .down()
            .seen()
            .same("success, success; seen: ran"),
        Case::new("start: a file that its group may write to", RAN)
            .mode(0o775)
            .group(100)
            .up()
            .down()
            .seen()
            .differs("success, success; seen: ran", "does not start; seen: -", ANYBODY),
        Case::new("start: a file that root's group may write to", RAN)
            .mode(0o775)
            .up()
            .down()
            .seen()
            .same("success, success; seen: ran"),
    ]
}

fn run() -> Vec<Case> {
    vec![
        Case::new("run: once at DOWN, not at UP", RAN).up().seen().same("success; seen: -"),
        Case::new("run: succeeds", RAN).up().down().seen().same("success, success; seen: ran"),
        Case::new("run: arguments", "printf '%s\\n' $# \"$@\" > @DIR@/seen")
            .words(&["@DIR@/down.sh", "a b", "", "c=d", "--x"])
            .up()
            .down()
            .seen()
            .same("success, success; seen: 4|a b||c=d|--x"),
        Case::new("run: a program's own name", "")
            .words(&["/bin/sh", "-c", "tr '\\0' ' ' < /proc/$$/cmdline > @DIR@/seen; :"])
            .up()
            .down()
            .seen()
            .same("success, success; seen: /bin/sh -c tr '\\0' ' ' < /proc/$$/cmdline > @DIR@/seen; :"),
        Case::new("run: without UP", RAN).down().seen().same("error; seen: -"),
        Case::new("run: once for each DOWN", RAN)
            .up()
            .down()
            .down()
            .seen()
            .same("success, success, success; seen: ran|ran"),
        Case::new("run: as root in the working directory", "{ id -u; pwd; } > @DIR@/seen")
            .up()
            .down()
            .seen()
            .same("success, success; seen: 0|@DIR@"),
        // Seven digits: the first 28 signals. Whatever runs the tests may ignore some of the C library's own.
        Case::new(
            "run: ignored and blocked signals",
            "sed -nE 's/^(Sig(Ign|Blk)).*(.{7})$/\\1 \\3/p' /proc/self/status > @DIR@/seen",
        )
        .up()
        .down()
        .seen()
        .differs(
            "success, success; seen: SigBlk 0000000|SigIgn 0001a03",
            "success, success; seen: SigBlk 0000000|SigIgn 0000000",
            "the script starts with signals ignored that it may need",
        ),
        Case::new("run: prints to standard output and error", "echo to stdout; echo to stderr >&2")
            .up()
            .down()
            .logged("to stdout")
            .logged("to stderr")
            .same("success, success; logged: to stdout; logged: to stderr"),
        Case::new("run: its lines carry its name", "echo hello")
            .up()
            .down()
            .logged("down.sh: hello")
            .differs(
                "success, success; logged: no down.sh: hello",
                "success, success; logged: down.sh: hello",
                "what a script prints misses the log, and is lost under daemon",
            ),
    ]
}

/// More than the two megabytes that the kernel takes. The C plugin cannot start its script.
fn pushed_without_end() -> Case {
    let value: &'static str = "x".repeat(200).leak();
    let case = Case::new(
        "environment: thousands of variables, pushed by a server",
        "echo dev=$dev own=$MY_OWN > @DIR@/seen",
    )
    .up();
    (0..11_000)
        .fold(case, |case, number| case.env(format!("OPENVPN_{number:045}").leak(), value))
        .env("dev", "tun7")
        .env("MY_OWN", "a")
        .down()
        .seen()
        .logged("too many variables from the other side")
        .differs(
            "success, error; seen: -; logged: no too many variables from the other side",
            "success, success; seen: dev=tun7 own=a; logged: too many variables from the other side",
            "a server that pushes without end keeps the script from running",
        )
}

fn environment() -> Vec<Case> {
    vec![
        Case::new("environment: of UP", "echo $dev $MY_OWN $ifconfig_local > @DIR@/seen")
            .up()
            .env("dev", "tun7")
            .env("MY_OWN", "a")
            .env("ifconfig_local", "10.8.0.1")
            .down()
            .seen()
            .same("success, success; seen: tun7 a 10.8.0.1"),
        Case::new("environment: of an earlier DOWN, at the UP after it", "echo signal=$signal > @DIR@/seen")
            .up()
            .env("signal", "sigusr1")
            .down()
            .seen()
            .differs(
                "success, success; seen: signal=sigusr1",
                "success, success; seen: signal=",
                "a script takes the reason of an earlier DOWN for that of this one",
            ),
        Case::new(
            "environment: set by the administrator for the loader",
            "echo $LD_BIND_NOW $PATH > @DIR@/seen",
        )
        .up()
        .env("LD_BIND_NOW", "1")
        .env("PATH", "/opt/x:/bin")
        .down()
        .seen()
        .same("success, success; seen: 1 /opt/x:/bin"),
        Case::new(
            "environment: of DOWN",
            "echo $script_type $signal $bytes_sent $script_context > @DIR@/seen",
        )
        .up()
        .env("script_context", "init")
        .down()
        .env("signal", "sigterm")
        .env("bytes_sent", "42")
        .env("script_context", "restart")
        .seen()
        .differs(
            "success, success; seen: init",
            "success, success; seen: down sigterm 42 restart",
            MISSING,
        ),
        // OpenVPN 2.6 and 2.7 set them at client-disconnect only; what sets them at DOWN shall find them passed.
        Case::new(
            "environment: counters and times, if there are any at DOWN",
            "echo $bytes_received $bytes_sent $time_unix $time_duration $time_ascii > @DIR@/seen",
        )
        .up()
        .down()
        .env("bytes_received", "17")
        .env("bytes_sent", "42")
        .env("time_unix", "1900000000")
        .env("time_duration", "60")
        .env("time_ascii", "2030-03-17 17:46:40")
        .seen()
        .differs(
            "success, success; seen: -",
            "success, success; seen: 17 42 1900000000 60 2030-03-17 17:46:40",
            MISSING,
        ),
        // The helper has the variables of UP; what is a counter there is none of this time.
        Case::new(
            "environment: counters and times, if there were some at UP",
            "echo sent=$bytes_sent > @DIR@/seen",
        )
        .up()
        .env("bytes_sent", "42")
        .down()
        .seen()
        .differs(
            "success, success; seen: sent=42",
            "success, success; seen: sent=",
            "a script takes a counter of an earlier time for that of this one",
        ),
        Case::new("environment: forged at DOWN", "echo $dev:$LD_BIND_NOW:$UV_X:$BASH_ENV > @DIR@/seen")
            .up()
            .env("dev", "tun7")
            .down()
            .env("dev", "eth0")
            .env("LD_BIND_NOW", "1")
            .env("UV_X", "x")
            .env("BASH_ENV", "/tmp/evil")
            .seen()
            .same("success, success; seen: tun7:::"),
        // `setenv-safe EVIL ...`, pushed to a client.
        Case::new(
            "environment: what looks like a function, pushed by a server",
            "echo evil=$OPENVPN_EVIL > @DIR@/seen",
        )
        .up()
        .env("OPENVPN_EVIL", "() { :; }")
        .down()
        .seen()
        .differs(
            "success, success; seen: evil=() { :; }",
            "success, success; seen: evil=",
            "old shells run what a server pushes",
        ),
        Case::new("environment: a path as an address", "echo ip=$trusted_ip dev=$dev > @DIR@/seen")
            .up()
            .env("dev", "tun7")
            .env("trusted_ip", "../../../etc/cron.d/x")
            .down()
            .seen()
            .differs(
                "success, success; seen: ip=../../../etc/cron.d/x dev=tun7",
                "success, success; seen: ip= dev=tun7",
                "a script takes a path for an address",
            ),
        pushed_without_end(),
        Case::new("environment: password", "echo ${password:-none} > @DIR@/seen")
            .up()
            .env("password", "hunter2")
            .down()
            .seen()
            .differs(
                "success, success; seen: hunter2",
                "success, success; seen: none",
                "a script needs no password",
            ),
        Case::new("environment: PATH when none is set", "")
            .words(&[
                "/usr/bin/env",
                "PATH_IS=1",
                "/bin/sh",
                "-c",
                "/usr/bin/env | /bin/grep ^PATH= > @DIR@/seen; :",
            ])
            .up()
            .down()
            .seen()
            .differs(
                "success, success; seen: -",
                "success, success; seen: PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "programs started by the script have no PATH",
            ),
    ]
}

fn failure() -> Vec<Case> {
    let code = "the log has the raw wait status instead of the exit status or the signal";
    vec![
        Case::new("failure: exit status", "exit 3").up().down().logged("exited with status 3").differs(
            "success, error; logged: no exited with status 3",
            "success, error; logged: exited with status 3",
            code,
        ),
        Case::new("failure: a signal", "kill -9 $$").up().down().logged("was killed by SIGKILL").differs(
            "success, error; logged: no was killed by SIGKILL",
            "success, error; logged: was killed by SIGKILL",
            code,
        ),
        Case::new("failure: ignored, asked for", "exit 3").option("ignore-failure=yes").up().down().differs(
            "success, error",
            "success, success",
            "a script that fails ends OpenVPN even where that is not wanted",
        ),
        Case::new("failure: then works again", "test -e @DIR@/seen || { echo 1 > @DIR@/seen; exit 1; }")
            .up()
            .down()
            .down()
            .same("success, error, success"),
        Case::new("failure: never ends", "while :; do /bin/sleep 60; done")
            .option("timeout=1")
            .up()
            .down()
            .hangs("success", "success, error", "a script that hangs stops OpenVPN for ever"),
        Case::new(
            "failure: leaves a process with its output",
            "/bin/sleep 60 & echo $! > @DIR@/seen; exit 0",
        )
        .up()
        .down()
        .same("success, success"),
        Case::new("failure: the file is gone later", "")
            .words(&["@DIR@/down.sh", "x"])
            .up()
            .down()
            .env(step::RUN, "rm down.sh")
            .same("success, error"),
    ]
}

fn restart() -> Vec<Case> {
    vec![
        Case::new("restart: OpenVPN is killed", RAN).up().killed().helper().seen().differs(
            "success, killed; the helper stays; seen: -",
            "success, killed; the helper leaves; seen: -",
            "OpenVPN that is killed leaves its root helper behind",
        ),
        Case::new("restart: a second UP", RAN).up().down().up().down().seen().differs(
            "success, success, error, success; seen: ran|ran",
            "success, success, success, success; seen: ran|ran",
            REOPENED,
        ),
        Case::new("restart: the environment of the second UP", "echo $dev >> @DIR@/seen")
            .up()
            .env("dev", "tun1")
            .down()
            .up()
            .env("dev", "tun2")
            .down()
            .seen()
            .differs(
                "success, success, error, success; seen: tun1|tun1",
                "success, success, success, success; seen: tun1|tun2",
                REOPENED,
            ),
    ]
}
