//! What PRIVILEGE.md says of each process is what the kernel says of it: user, capabilities, descriptors, system calls.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use harness::proc_table::{Process, descriptors, wait_until};
use harness::scratch::{Scratch, unique_name};
use harness::{Gate, PATIENCE, PamService, Server, ServerConfig, TestModule, command, plugin};

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    user: String,
    capabilities: String,
    descriptors: BTreeMap<String, usize>,
    calls: String,
}

/// The rows of the first table by the name of the process.
fn document() -> BTreeMap<String, Row> {
    table(1)
}

/// The same of the table of this number.
fn table(number: usize) -> BTreeMap<String, Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../PRIVILEGE.md");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let head = "| process | user | capabilities | descriptors | system calls |";
    let table = text.split(head).nth(number).expect("the table");
    let mut rows = BTreeMap::new();
    for line in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, user, capabilities, descriptors, calls] = cells[..] else { panic!("{line}") };
        let row = Row {
            user: user.to_string(),
            capabilities: capabilities.to_string(),
            descriptors: descriptors.split(", ").map(kind_and_count).collect(),
            calls: calls.to_string(),
        };
        rows.insert(name.trim_matches('`').to_string(), row);
    }
    rows
}

/// `2 pipes`, `1 signalfd`.
fn kind_and_count(words: &str) -> (String, usize) {
    let (count, kind) = words.split_once(' ').unwrap_or_default();
    (kind.strip_suffix('s').unwrap_or(kind).to_string(), count.parse().unwrap_or_else(|_| panic!("{words}")))
}

/// Numbers of capabilities(7).
const CAPABILITIES: [(&str, u32); 3] = [("KILL", 5), ("IPC_LOCK", 14), ("SYS_RESOURCE", 24)];

fn field(status: &str, name: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name} in {status}")).trim().to_string()
}

/// `named` if it has exactly those of them that anybody here may have; `none`: in no set.
fn capabilities(status: &str, named: &str) -> String {
    let set = |name| u64::from_str_radix(&field(status, name), 16).expect(name);
    let (effective, permitted, bounding) = (set("CapEff"), set("CapPrm"), set("CapBnd"));
    let expected = match named {
        "all" => bounding,
        "none" if bounding == 0 => 0,
        names => {
            let bit = |name| {
                CAPABILITIES.iter().find(|(known, _)| *known == name).map_or(1 << 63, |(_, bit)| 1 << bit)
            };
            names.split(", ").map(bit).sum::<u64>() & bounding
        }
    };
    let passed_on = set("CapInh") | set("CapAmb");
    if (effective, permitted, passed_on) == (expected, expected, 0) {
        named.to_string()
    } else {
        format!(
            "effective {effective:x}, permitted {permitted:x}, passed on {passed_on:x}, at most {bounding:x}"
        )
    }
}

/// What a worker may have open of its own state; not every kernel has all of it.
const OWN_STATE: [&str; 11] = [
    "status",
    "timers",
    "oom_score_adj",
    "loginuid",
    "cgroup",
    "ns",
    "attr/current",
    "attr/exec",
    "attr/fscreate",
    "attr/keycreate",
    "attr/sockcreate",
];

/// What it has open beside the standard three and `/dev/null`.
fn kinds(pid: i32) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for (_, target) in
        descriptors(pid).into_iter().filter(|(number, target)| *number > 2 && target != "/dev/null")
    {
        let kind = match &*target {
            list if list.starts_with("/proc/") && list.ends_with("/children") => "list of children",
            map if map.starts_with("/proc/") && map.ends_with("/smaps") => "smap",
            own if OWN_STATE.iter().any(|name| own == format!("/proc/{pid}/{name}")) => {
                kinds.insert("of its own state".to_string(), 1);
                continue;
            }
            lock if lock.ends_with(".prom.lock") => "lock",
            directory if Path::new(directory).is_dir() => "directory",
            memory if memory.starts_with("/memfd:") => "memory file",
            // The shell's own.
            script if script.ends_with("/script.sh") => continue,
            other => {
                let name = other.trim_start_matches("anon_inode:").trim_matches(['[', ']']);
                name.split(":[").next().unwrap_or_default()
            }
        };
        *kinds.entry(kind.to_string()).or_insert(0) += 1;
    }
    kinds
}

fn look(process: &Process, document: &BTreeMap<String, Row>) -> Row {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).expect("status");
    let users = field(&status, "Uid");
    let user = if users.split_whitespace().all(|user| user == "0") { "root" } else { "other" };
    let calls = match (&*field(&status, "Seccomp"), &*field(&status, "NoNewPrivs")) {
        ("0", "0") => "any",
        ("2", "1") => "those below",
        other => panic!("{process:?}: {other:?}"),
    };
    Row {
        user: user.to_string(),
        capabilities: capabilities(&status, document.get(&process.name).map_or("", |row| &row.capabilities)),
        descriptors: kinds(process.pid),
        calls: calls.to_string(),
    }
}

/// The processes there are, by name; when nothing is being started or is about to end.
fn processes(server: &Server) -> BTreeMap<String, Process> {
    let mut found = server.netns().processes();
    found.retain(|process| {
        process.name.starts_with("auth-pam")
            || process.name.starts_with("down-root")
            || process.name == "script.sh"
    });
    found.into_iter().map(|process| (process.name.clone(), process)).collect()
}

fn oom_score_adj(pid: i32) -> String {
    fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).expect("oom_score_adj")
}

/// A script that runs until the gate is opened; removed on drop.
struct Script(std::path::PathBuf);

impl Script {
    fn new(gate: &Gate) -> Self {
        let path = Path::new("/var/lib").join(unique_name());
        fs::create_dir(&path).expect("a directory");
        let script = Script(path);
        let path_of =
            |word: String| word.split_once('=').map(|(_, path)| path.to_string()).unwrap_or_default();
        let text =
            format!("#!/bin/sh\necho $$ > {}\nhead -c 1 {}\n", path_of(gate.tell()), path_of(gate.wait()));
        fs::write(script.path(), text).expect("a script");
        fs::set_permissions(script.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
        script
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.join("script.sh")
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn each_process_has_what_the_table_says_and_no_more() {
    let module = TestModule::shared();
    let service = PamService::new(&module.stack(&["auth/password=word"]));
    let gate = Gate::new();
    let script = Script::new(&gate);
    let down_root = plugin::built("libopenvpn_plugin_down_root.so");
    let words = format!("on=client-connect:{} /bin/true", script.path().display());
    let server = ServerConfig::auth_pam(&service).plugin_file(&down_root, &words).dropped().start();
    let document = document();
    let client = server.client("alice", "word").start();
    gate.arrival();
    let looked = || -> BTreeMap<String, Row> {
        processes(&server).into_iter().map(|(name, process)| (name, look(&process, &document))).collect()
    };
    let script = "script.sh";
    let same = || looked().get(script) == document.get(script);
    let descriptors = || processes(&server).get(script).map(|process| descriptors(process.pid));
    assert!(wait_until(PATIENCE, same), "{:?}: {:?}", looked().get(script), descriptors());
    gate.open();
    client.wait_connected();
    // What has to do with the login is over soon.
    let mut found = BTreeMap::new();
    let settled = wait_until(PATIENCE, || {
        found = looked();
        found.iter().all(|(name, row)| document.get(name) == Some(row)) && found.len() + 1 == document.len()
    });
    let differing: Vec<_> = found.iter().filter(|(name, row)| document.get(*name) != Some(row)).collect();
    assert!(settled, "{differing:#?} of {:?}", found.keys());
    for process in processes(&server).values() {
        assert_eq!(oom_score_adj(process.pid), oom_score_adj(server.pid()), "{process:?}");
    }
}

/// The socket of `status=` is the supervisor's alone.
#[test]
fn nobody_but_the_supervisor_has_the_socket_by_which_root_asks() {
    let module = TestModule::shared();
    let service = PamService::new(&module.stack(&["auth/password=word"]));
    let scratch = Scratch::of_root();
    let options = format!("status={}", scratch.join("socket").display());
    let server = ServerConfig::auth_pam_with(&options, &service, "").dropped().start();
    server.client("alice", "word").start().wait_connected();
    let mut document = document();
    document.retain(|name, _| name.starts_with("auth-pam"));
    let supervisor = document.get_mut("auth-pam-super").expect("a row");
    *supervisor.descriptors.get_mut("socket").expect("sockets") += 1;
    let mut found = BTreeMap::new();
    let settled = wait_until(PATIENCE, || {
        found = processes(&server)
            .iter()
            .map(|(name, process)| (name.clone(), look(process, &document)))
            .collect();
        found == document
    });
    assert!(settled, "{found:#?}");
    // OpenVPN itself has none that listens, nor has anybody after the supervisor was replaced.
    let listens = |pid: i32| {
        let sockets = fs::read_to_string(format!("/proc/{pid}/net/unix")).expect("the list of sockets");
        let directory = scratch.path().display().to_string();
        // Listed under the name it was made with.
        let inode = sockets.lines().find(|line| line.contains(&directory))?.split_whitespace().nth(6)?;
        let socket = format!("socket:[{inode}]");
        Some(descriptors(pid).iter().any(|(_, target)| *target == socket))
    };
    for _ in 0..2 {
        let of = || [server.supervisor().pid, server.pid(), server.keeper().pid].map(listens);
        let alone = [Some(true), Some(false), Some(false)];
        assert!(wait_until(PATIENCE, || of() == alone), "{:?}", of());
        server.replace_supervisor();
    }
}

#[test]
fn figures_take_one_process_that_has_what_the_table_says() {
    let module = TestModule::shared();
    let service = PamService::new(&module.stack(&["auth/password=word"]));
    let place = Scratch::new();
    let options = format!("metrics={}", place.join("server1.prom").display());
    let server = ServerConfig::auth_pam_with(&options, &service, "").dropped().start();
    server.client("alice", "word").start().wait_connected();
    let document = table(2);
    assert_eq!(document.len(), 3, "{document:?}");
    let mut found = BTreeMap::new();
    let settled = wait_until(PATIENCE, || {
        let all = processes(&server).into_iter();
        found = all.map(|(name, process)| (name, look(&process, &document))).collect();
        document.iter().all(|(name, row)| found.get(name) == Some(row))
    });
    assert!(settled, "{found:#?}");
}

/// What a process has locked, in kilobytes.
fn locked(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
    field(&status, "VmLck").trim_end_matches(" kB").trim().parse().expect("a number")
}

/// A server with both plugins.
fn both_plugins(service: &PamService) -> ServerConfig<'static> {
    let down_root = plugin::built("libopenvpn_plugin_down_root.so");
    ServerConfig::auth_pam(service).plugin_file(&down_root, "/bin/true")
}

/// Says that there is no limit on locked memory, and so there is none for root.
const NO_LIMIT: &str = r#"
#define _GNU_SOURCE
#include <sys/resource.h>

#define WITHOUT_LIMIT(name, real, type) \
    int name(__rlimit_resource_t which, struct type *limit) \
    { \
        int result = real(0, which, 0, limit); \
        if (result == 0 && which == RLIMIT_MEMLOCK) \
            limit->rlim_cur = limit->rlim_max = RLIM_INFINITY; \
        return result; \
    }
WITHOUT_LIMIT(getrlimit, prlimit, rlimit)
WITHOUT_LIMIT(getrlimit64, prlimit64, rlimit64)
"#;

/// A server with `mlock`, for which OpenVPN raises its limit to 100 MB. Where root may not do that, as in some containers, it
/// is made to believe that it need not. Then it has to stay root: nobody else may lock more than the limit.
fn with_mlock(config: ServerConfig<'static>, scratch: &Scratch) -> ServerConfig<'static> {
    let config = config.line("mlock");
    let raise = ["--memlock=unlimited:unlimited"];
    if Command::new("prlimit").args(raise).arg("true").output().is_ok_and(|output| output.status.success()) {
        return config.dropped().through(&[&["prlimit"], &raise[..]].concat());
    }
    let (source, library) = (scratch.write("limit.c", NO_LIMIT, 0o600), scratch.join("limit.so"));
    let (source, library) = (source.to_string_lossy(), library.to_string_lossy());
    command::run("cc", &["-shared", "-fPIC", "-Wall", "-Werror", "-o", &*library, &*source]);
    config.env("LD_PRELOAD", &library)
}

/// `mlock` is not inherited at a fork: each process locks its own.
#[test]
fn where_openvpns_memory_is_locked_ours_is() {
    let module = TestModule::shared();
    let service = PamService::new(&module.stack(&["auth/password=word"]));
    for mlock in [true, false] {
        let config = both_plugins(&service);
        let scratch = Scratch::new();
        let server = if mlock { with_mlock(config, &scratch) } else { config.dropped() }.start();
        server.client("alice", "word").start().wait_connected();
        server.replace_supervisor();
        server.client("alice", "word").start().wait_connected();
        assert_eq!(locked(server.pid()) > 0, mlock);
        let openvpns_own = server.log().count(harness::log::Mark::START, "mlockall call succeeded");
        assert_eq!(openvpns_own, usize::from(mlock), "{}", server.log().text());
        let all = processes(&server);
        assert_eq!(all.len(), 5, "{all:?}");
        for process in all.values() {
            assert_eq!(locked(process.pid) > 0, mlock, "{process:?}");
        }
        let status = fs::read_to_string(format!("/proc/{}/status", server.supervisor().pid)).expect("status");
        // To lock more of it is all that it may still do.
        assert_eq!(field(&status, "CapEff"), if mlock { "0000000000004000" } else { "0000000000000000" });
        assert_eq!(
            server.log().count(harness::log::Mark::START, "cannot be: "),
            0,
            "{}",
            server.log().text()
        );
    }
}
