//! Scripts that do not end as they should, and a helper that ends before its script.

use std::time::{Duration, Instant};

use harness::proc_table::{self, kill9, wait_gone};
use ovpn_plugin_host::FuncResult;

use crate::Case;
use crate::stage::{PATIENCE, Stage, down, helper, logged, up};

pub(crate) const CASES: &[Case] = &[
    ("a script that leaves its group is ended all the same", leaves_its_group),
    ("a script that leaves its group and ignores sigterm is killed", leaves_and_ignores),
    ("a script that stops itself is killed", stops_itself),
    ("a script without a time limit is waited for", without_limit),
    ("a script dies with its helper", dies_with_the_helper),
];

/// Into the group of the helper, where nothing is ever signalled.
const LEAVE: &str =
    "setpgrp(0, getpgrp(getppid())); open(F, '>', $0 =~ s|[^/]*$|pid|r); print F \"$$\\n\"; close(F);";

fn ended(stage: &Stage, script: &str, by: &str, limit: Duration) {
    let plugin = stage.open(&["timeout=1", script]);
    up(&plugin);
    let began = Instant::now();
    assert_eq!(down(&plugin), FuncResult::Error);
    assert!(began.elapsed() < limit, "{:?}: {:?}", began.elapsed(), plugin.log_lines());
    assert!(logged(&plugin, by), "{:?}", plugin.log_lines());
    let pid = stage.number("pid");
    let left = !wait_gone(pid, Duration::from_secs(1));
    kill9(pid);
    assert!(!left, "{pid} is left");
    let helper = helper();
    let children: Vec<_> = proc_table::all().into_iter().filter(|process| process.parent == helper).collect();
    assert_eq!(children, []);
}

fn leaves_its_group(stage: &Stage) {
    let script = stage.script_for("/usr/bin/perl", "leave", &format!("{LEAVE} sleep 1000;"));
    ended(stage, &script, "was killed by SIGTERM", Duration::from_secs(5));
}

fn leaves_and_ignores(stage: &Stage) {
    let text = format!("{LEAVE} $SIG{{TERM}} = 'IGNORE'; sleep 1000 while 1;");
    let script = stage.script_for("/usr/bin/perl", "leave", &text);
    ended(stage, &script, "was killed by SIGKILL", Duration::from_secs(12));
}

fn stops_itself(stage: &Stage) {
    let script = stage.script("stop.sh", "echo $$ > \"$D/pid\"\nkill -STOP $$");
    ended(stage, &script, "was killed by SIGKILL", Duration::from_secs(12));
}

/// The same script is ended with a limit.
fn without_limit(stage: &Stage) {
    let script = stage.script("slow.sh", "sleep 2; echo ran >> \"$D/seen\"");
    for (limit, expected) in [("timeout=1", FuncResult::Error), ("timeout=0", FuncResult::Success)] {
        let plugin = stage.open(&[limit, &script]);
        up(&plugin);
        assert_eq!(down(&plugin), expected, "{limit}: {:?}", plugin.log_lines());
    }
    assert_eq!(stage.text("seen"), "ran\n");
}

/// The script is tied to the helper as soon as it has been started, so first the helper has to wait for its end.
fn dies_with_the_helper(stage: &Stage) {
    let text = "echo $$ > \"$D/pid\"\n\
        tries=0\n\
        until grep -q '^State:.S' /proc/$PPID/status; do\n\
        tries=$((tries + 1)); [ $tries -lt 10000 ] || exit 1; done\n\
        kill -KILL $PPID\nexec sleep 1000";
    let script = stage.script("down.sh", text);
    let plugin = stage.open(&[&script]);
    up(&plugin);
    assert_eq!(down(&plugin), FuncResult::Error);
    assert!(logged(&plugin, "is gone"), "{:?}", plugin.log_lines());
    let pid = stage.number("pid");
    let gone = wait_gone(pid, PATIENCE);
    kill9(pid);
    assert!(gone, "the script goes on without its helper");
}
