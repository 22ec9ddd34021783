//! Clients that connect: what is decided about one is decided with its own variables, and its options arrive.

use harness::proc_table::{kill9, wait_until};
use ovpn_plugin_host::{Call, FuncResult, OpenPlugin, sys};

use crate::Case;
use crate::stage::{PATIENCE, Stage, answer, helper, logged, next_helper, up};

pub(crate) const CASES: &[Case] = &[
    ("a script that numbers descriptors itself still writes a client's options", numbers),
    ("a script that writes options without end fills no memory", without_end),
    ("a client with a name of bad form is refused and no other name is seen", bad_forms),
    ("a helper started anew has the environment of the last up", started_anew),
    ("before up the environment is that of the start", before_up),
];

fn connect(stage: &Stage, plugin: &OpenPlugin, name: Option<&str>) -> FuncResult {
    std::fs::write(stage.path("options"), "").expect("the file");
    let call = Call::new(sys::PLUGIN_CLIENT_CONNECT)
        .arg(stage.path("options").as_os_str().as_encoded_bytes())
        .env("OWN", "event");
    answer(plugin, &name.into_iter().fold(call, |call, name| call.env("common_name", name)))
}

fn with_client_script(stage: &Stage, text: &str) -> OpenPlugin {
    let script = stage.script("client.sh", text);
    stage.open(&[&format!("on=client-connect:{script}"), "/bin/true"])
}

const TELL: &str = "echo \"name=$common_name own=$OWN\" >> \"$D/seen\"";

/// As with `exec 9>lock` for flock(1), and some more.
fn numbers(stage: &Stage) {
    let text = "use POSIX; my $d = $0 =~ s|/[^/]*$||r;\n\
        open(L, '>', \"$d/lock\"); POSIX::dup2(fileno(L), $_) for 3..60;\n\
        open(O, '>', $ARGV[0]) or exit 1; print O qq(push \"x\"\\n); close(O);";
    let script = stage.script_for("/usr/bin/perl", "client", text);
    let plugin = stage.open(&[&format!("on=client-connect:{script}"), "/bin/true"]);
    up(&plugin);
    assert_eq!(connect(stage, &plugin, Some("joe")), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(stage.text("options"), "push \"x\"\n");
    assert_eq!(stage.text("lock"), "");
}

/// What all files in memory take, in KiB.
fn shared_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").expect("meminfo");
    let line = text.lines().find_map(|line| line.strip_prefix("Shmem:")).expect("Shmem");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

/// It writes as fast as it can, and stays as long as it is not refused. The client is rejected and the next one served.
fn without_end(stage: &Stage) {
    const GIB: u64 = 1 << 20;
    let text = "if [ \"$common_name\" = joe ]; then yes 'push \"x\"' >> \"$1\"; echo \"ended $?\"; exit 0; fi\necho ok > \"$1\"";
    let script = stage.script("client.sh", text);
    let plugin = stage.open(&["timeout=10", &format!("on=client-connect:{script}"), "/bin/true"]);
    up(&plugin);
    let before = shared_memory();
    let most = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let (seen, (over, told)) = (most.clone(), std::sync::mpsc::channel::<()>());
    let watcher = std::thread::spawn(move || {
        let pause = std::time::Duration::from_millis(5);
        while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = told.recv_timeout(pause) {
            seen.fetch_max(shared_memory(), std::sync::atomic::Ordering::Relaxed);
        }
    });
    assert_eq!(connect(stage, &plugin, Some("joe")), FuncResult::Error, "{:?}", plugin.log_lines());
    drop(over);
    watcher.join().expect("the watcher");
    let grown = most.load(std::sync::atomic::Ordering::Relaxed).saturating_sub(before);
    assert!(grown < GIB / 2, "{grown} KiB");
    for said in ["wrote too many options for a client", "more than 64 KiB of options", "ended 1"] {
        assert!(logged(&plugin, said), "{said}: {:?}", plugin.log_lines());
    }
    assert_eq!(stage.text("options"), "");
    assert_eq!(connect(stage, &plugin, Some("jim")), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(stage.text("options"), "ok\n");
    assert!(wait_until(PATIENCE, || shared_memory() < before + GIB / 8), "it stays");
}

fn bad_forms(stage: &Stage) {
    let plugin = with_client_script(stage, TELL);
    let call = Call::new(sys::PLUGIN_UP).env("common_name", "somebody").env("OWN", "up");
    assert_eq!(answer(&plugin, &call), FuncResult::Success);
    assert_eq!(connect(stage, &plugin, Some("()admin")), FuncResult::Error);
    assert!(logged(&plugin, "invalid value for common_name"), "{:?}", plugin.log_lines());
    assert!(!logged(&plugin, "admin"), "{:?}", plugin.log_lines());
    assert_eq!(stage.text("seen"), "");
    assert_eq!(connect(stage, &plugin, None), FuncResult::Success);
    assert_eq!(stage.text("seen"), "name= own=up\n");
}

fn started_anew(stage: &Stage) {
    let plugin = with_client_script(stage, TELL);
    up(&plugin);
    let first = helper();
    kill9(first);
    // What is sent before the keeper has noticed is meant for the one that is gone.
    next_helper(first);
    assert_eq!(connect(stage, &plugin, Some("alice")), FuncResult::Success, "{:?}", plugin.log_lines());
    assert_eq!(connect(stage, &plugin, None), FuncResult::Success);
    assert_eq!(stage.text("seen"), "name=alice own=up\nname= own=up\n");
}

fn before_up(stage: &Stage) {
    let plugin = with_client_script(stage, TELL);
    assert_eq!(connect(stage, &plugin, Some("alice")), FuncResult::Success, "{:?}", plugin.log_lines());
    up(&plugin);
    assert_eq!(connect(stage, &plugin, Some("bob")), FuncResult::Success);
    assert_eq!(stage.text("seen"), "name=alice own=open\nname=bob own=up\n");
}
