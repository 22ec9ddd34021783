//! Scripts that do not end as they should, and a helper that ends before its script.

use std::process::{Command, Stdio};

use harness::proc_table::{self, kill9, wait_gone};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;
use ovpn_plugin_host::{Call, FuncResult, OpenPlugin, sys};

use crate::Case;
use crate::stage::{
    PATIENCE, Stage, answer, down, drop_root, helper, helpers_of, keeper, kill_both, logged, next_helper, up,
};

pub(crate) const CASES: &[Case] = &[
    ("a script that leaves its group is ended all the same", leaves_its_group),
    ("a script that leaves its group and ignores sigterm is killed", leaves_and_ignores),
    ("a script that stops itself is killed", stops_itself),
    ("a script without a time limit is waited for", without_limit),
    ("a script dies with its helper", dies_with_the_helper),
    ("a script that changes what it inherits does not free another one", another_cannot_free_it),
    ("a later up for which no helper can be started succeeds", no_new_helper),
    ("a later up whose script's helper is gone succeeds", no_helper_for_the_up_script),
    ("a later up whose script dies with its helper succeeds", helper_dies_at_up),
    ("a helper that was killed is replaced, without root", is_replaced),
    ("a helper that dies again and again is given up", is_given_up),
    ("a helper whose keeper was killed serves on", without_keeper),
];

/// Into the group of the helper, where nothing is ever signalled.
const LEAVE: &str =
    "setpgrp(0, getpgrp(getppid())); open(F, '>', $0 =~ s|[^/]*$|pid|r); print F \"$$\\n\"; close(F);";

/// A script dies with the helper from right after it was started on. A script that kills the helper may be faster, so it
/// goes on only when the helper waits for it.
const UNTIL_HELPER_WAITS: &str = "tries=0\n\
    until grep -q '^State:.S' /proc/$PPID/status; do\n\
    tries=$((tries + 1)); [ $tries -lt 10000 ] || exit 1; done\n";

const KILL_HELPER: &str = "kill -KILL $PPID\nexec sleep 1000";

fn ended(stage: &Stage, script: &str, by: &str) {
    let plugin = stage.open(&["timeout=1", script]);
    up(&plugin);
    assert_eq!(down(&plugin), FuncResult::Error);
    assert!(logged(&plugin, by), "{:?}", plugin.log_lines());
    let pid = stage.number("pid");
    let left = !wait_gone(pid, PATIENCE);
    kill9(pid);
    assert!(!left, "{pid} is left");
    let helper = helper();
    let children: Vec<_> = proc_table::all().into_iter().filter(|process| process.parent == helper).collect();
    assert_eq!(children, []);
}

fn leaves_its_group(stage: &Stage) {
    let script = stage.script_for("/usr/bin/perl", "leave", &format!("{LEAVE} sleep 1000;"));
    ended(stage, &script, "was killed by SIGTERM");
}

fn leaves_and_ignores(stage: &Stage) {
    let text = format!("{LEAVE} $SIG{{TERM}} = 'IGNORE'; sleep 1000 while 1;");
    let script = stage.script_for("/usr/bin/perl", "leave", &text);
    ended(stage, &script, "was killed by SIGKILL");
}

fn stops_itself(stage: &Stage) {
    let script = stage.script("stop.sh", "echo $$ > \"$D/pid\"\nkill -STOP $$");
    ended(stage, &script, "was killed by SIGKILL");
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

fn dies_with_the_helper(stage: &Stage) {
    let script = stage.script("down.sh", &format!("echo $$ > \"$D/pid\"\n{UNTIL_HELPER_WAITS}{KILL_HELPER}"));
    let plugin = stage.open(&[&script]);
    up(&plugin);
    assert_eq!(down(&plugin), FuncResult::Error);
    assert!(logged(&plugin, "is gone"), "{:?}", plugin.log_lines());
    let pid = stage.number("pid");
    let gone = wait_gone(pid, PATIENCE);
    kill9(pid);
    assert!(gone, "the script goes on without its helper");
}

/// What an earlier script left running changes all the descriptors it inherited, again and again.
fn another_cannot_free_it(stage: &Stage) {
    let meddle = "use POSIX (); my $d = $0 =~ s|/[^/]*$||r; exit 0 if fork; POSIX::setsid();\n\
        open(P, '>', \"$d/meddler\"); print P \"$$\\n\"; close(P);\n\
        my @inherited;\n\
        for my $n (3..400) { my $f; push(@inherited, $f) if open($f, '<&=', $n); }\n\
        open(R, '>>', \"$d/rounds\");\n\
        while (1) { for (@inherited) { fcntl($_, 4, 0); fcntl($_, 8, 0); fcntl($_, 10, 0); }\n\
        syswrite(R, '.'); select(undef, undef, undef, 0.001); }";
    let meddle = stage.script_for("/usr/bin/perl", "meddle", meddle);
    let text = format!(
        "echo $$ > \"$D/pid\"\nsize() {{ stat -c %s \"$D/rounds\"; }}\n{UNTIL_HELPER_WAITS}\
        before=$(size)\nuntil [ \"$(size)\" -gt $((before + 2)) ]; do :; done\n{KILL_HELPER}"
    );
    let plugin = stage.open(&[&format!("on=route-up:{meddle}"), &stage.script("down.sh", &text)]);
    up(&plugin);
    assert_eq!(answer(&plugin, &Call::new(sys::PLUGIN_ROUTE_UP)), FuncResult::Success);
    let meddler = stage.number("meddler");
    assert!(proc_table::wait_until(PATIENCE, || stage.path("rounds").exists()));
    assert_eq!(down(&plugin), FuncResult::Error);
    let pid = stage.number("pid");
    let gone = wait_gone(pid, PATIENCE);
    let meddled = proc_table::Process::look(meddler).is_some_and(|process| !process.is_zombie());
    [pid, meddler].into_iter().for_each(kill9);
    assert!(meddled, "there was nobody to free it");
    assert!(gone, "the script goes on without its helper");
}

/// OpenVPN is root and at its limit on open files. The first UP is another matter: with nothing to undo yet, it fails.
fn no_new_helper(stage: &Stage) {
    let plugin = stage.open(&[&stage.script("down.sh", "echo ran >> \"$D/seen\"")]);
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("getrlimit");
    let limit = |soft| setrlimit(Resource::RLIMIT_NOFILE, soft, hard).expect("setrlimit");
    limit(3);
    assert_eq!(answer(&plugin, &Call::new(sys::PLUGIN_UP)), FuncResult::Error);
    limit(soft);
    up(&plugin);
    // With the last helper there is no need of another.
    let first = helper();
    limit(3);
    up(&plugin);
    limit(soft);
    assert_eq!(helper_of_last_up(&plugin), 1);
    assert_eq!(helper(), first);
    kill_both();
    for _ in 0..2 {
        limit(3);
        up(&plugin);
        limit(soft);
        assert_eq!(helpers_of(Pid::this().as_raw()), []);
        assert!(logged(&plugin, "cannot start the helper: "), "{:?}", plugin.log_lines());
    }
    assert_eq!(helper_of_last_up(&plugin), 1, "{:?}", plugin.log_lines());
    assert_eq!(down(&plugin), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(stage.text("seen"), "ran\n");
}

/// How often the log says that the helper of the last UP stays.
fn helper_of_last_up(plugin: &OpenPlugin) -> usize {
    let stays = "keeping the helper of the last UP event";
    plugin.log_lines().iter().filter(|line| line.text.contains(stays)).count()
}

fn no_helper_for_the_up_script(stage: &Stage) {
    let up_script = stage.script("up.sh", "echo ran >> \"$D/seen\"; [ ! -e \"$D/fail\" ]");
    let plugin = stage.open(&[&format!("up={up_script}"), "/bin/true"]);
    up(&plugin);
    let (keeper, helper) = (keeper(), helper());
    // Somebody who has root still.
    let mut killer = Command::new("sh")
        .args(["-c", &format!("read line; kill -KILL {keeper} {helper}")])
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh");
    std::fs::write(stage.path("fail"), "").expect("a file");
    drop_root(None);
    // Its own failure counts.
    assert_eq!(answer(&plugin, &Call::new(sys::PLUGIN_UP)), FuncResult::Error);
    drop(killer.stdin.take());
    killer.wait().expect("sh");
    assert!([keeper, helper].into_iter().all(|pid| wait_gone(pid, PATIENCE)));
    for _ in 0..2 {
        up(&plugin);
        assert_eq!(down(&plugin), FuncResult::Error);
    }
    assert_eq!(stage.text("seen"), "ran\n");
    for text in ["the up script: the helper and its keeper are gone", "the down script will not be run"] {
        assert!(logged(&plugin, text), "{text}: {:?}", plugin.log_lines());
    }
}

fn helper_dies_at_up(stage: &Stage) {
    let up_script = stage.script("up.sh", &format!("{UNTIL_HELPER_WAITS}{KILL_HELPER}"));
    let plugin = stage.open(&[&format!("up={up_script}"), "/bin/true"]);
    up(&plugin);
    drop_root(None);
    up(&plugin);
    assert!(logged(&plugin, "the up script: the helper is gone"), "{:?}", plugin.log_lines());
    assert_eq!(down(&plugin), FuncResult::Success, "{:?}", plugin.log_lines());
}

/// With the environment of the UP event, as the one before it. OpenVPN itself has forked nobody.
fn is_replaced(stage: &Stage) {
    let plugin = stage.open(&[&stage.script("down.sh", "echo $OWN $signal >> \"$D/seen\"")]);
    up(&plugin);
    let (keeper, first) = (keeper(), helper());
    assert_eq!(down(&plugin), FuncResult::Success);
    kill9(first);
    let second = next_helper(first);
    drop_root(None);
    assert_eq!(down(&plugin), FuncResult::Success, "{:?}", plugin.log_lines());
    let line = format!("the helper, process {first}, is gone (was killed by SIGKILL); starting another one");
    assert!(logged(&plugin, &line), "{:?}", plugin.log_lines());
    assert_eq!((self::keeper(), helper()), (keeper, second));
    assert_eq!(stage.text("seen"), "up sigterm\n".repeat(2));
}

fn is_given_up(stage: &Stage) {
    let plugin = stage.open(&["/bin/true"]);
    up(&plugin);
    let (keeper, mut helper) = (keeper(), helper());
    for _ in 0..2 {
        kill9(helper);
        helper = next_helper(helper);
    }
    kill9(helper);
    assert!(wait_gone(keeper, PATIENCE), "the keeper goes on");
    drop_root(None);
    for _ in 0..2 {
        assert_eq!(down(&plugin), FuncResult::Error);
    }
    let lines = plugin.log_lines();
    let given_up: Vec<_> = lines.iter().filter(|line| line.text.contains("giving up")).collect();
    assert_eq!(given_up.len(), 1, "{lines:?}");
    assert!(given_up[0].text.contains("restart OpenVPN"), "{lines:?}");
    assert!(logged(&plugin, "no longer root to start others; restart OpenVPN"), "{lines:?}");
}

/// It runs scripts and ends with the plugin, but nobody takes its place.
fn without_keeper(stage: &Stage) {
    let plugin = stage.open(&["/bin/true"]);
    up(&plugin);
    let (keeper, helper) = (keeper(), helper());
    kill9(keeper);
    assert!(wait_gone(keeper, PATIENCE));
    drop_root(None);
    assert_eq!(down(&plugin), FuncResult::Success, "{:?}", plugin.log_lines());
    let line = plugin.wait_for_log_text("the keeper is gone: this helper works on", PATIENCE);
    line.expect("a line");
    drop(plugin);
    assert!(wait_gone(helper, PATIENCE), "the helper outlives the plugin");
}
