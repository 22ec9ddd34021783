//! The default number of workers of machines that are lists of files.

use super::*;

type Files = &'static [(&'static str, &'static str)];

fn with(files: Files) -> impl Fn(&Path) -> Option<String> {
    move |path| files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).to_string())
}

fn pids_max(groups: &str, files: Files) -> Option<u64> {
    cgroup::smallest_in(groups, "pids", "pids.max", &with(files))
}

fn max_workers(files: Files, uid: u32, nproc: Option<u64>) -> u64 {
    let status = |(name, _): &(&str, &str)| Path::new(name).ends_with("status");
    let processes = || {
        let all = files.iter().filter(|file| status(file));
        all.filter_map(|(name, _)| Some(Path::new(name).parent()?.to_path_buf())).collect()
    };
    Machine { read: &with(files), processes: &processes, uid, nproc }.max_workers()
}

#[test]
fn version_2_takes_the_smallest_on_the_way_up() {
    let files: Files = &[
        ("/sys/fs/cgroup/system.slice/openvpn.service/pids.max", "max\n"),
        ("/sys/fs/cgroup/system.slice/pids.max", "20\n"),
        ("/sys/fs/cgroup/pids.max", "1000\n"),
    ];
    assert_eq!(pids_max("0::/system.slice/openvpn.service\n", files), Some(20));
}

#[test]
fn version_1_is_found_among_other_controllers() {
    let files: Files = &[("/sys/fs/cgroup/pids/system.slice/pids.max", "30\n")];
    assert_eq!(pids_max("9:name=systemd:/x\n8:pids:/system.slice\n7:cpu:/\n0::/\n", files), Some(30));
}

#[test]
fn no_limit_is_none() {
    assert_eq!(pids_max("0::/\n", &[("/sys/fs/cgroup/pids.max", "max\n")]), None);
    assert_eq!(pids_max("", &[]), None);
    assert_eq!(pids_max("rubbish\n1:2\n", &[]), None);
}

#[test]
fn without_limits_it_is_512() {
    assert_eq!(max_workers(&[], 0, None), 512);
    assert_eq!(max_workers(&[("/proc/meminfo", "MemAvailable: much\n")], 1000, None), 512);
}

#[test]
fn questions_get_a_third_of_what_workers_leave_in_the_control_group() {
    let of = |files: Files, workers| {
        Machine { read: &with(files), processes: &Vec::new, uid: 0, nproc: None }.max_suspended(workers)
    };
    assert_eq!(of(&[], 512), 64);
    let twenty: Files = &[("/proc/self/cgroup", "0::/x\n"), ("/sys/fs/cgroup/x/pids.max", "20\n")];
    assert_eq!((of(twenty, 5), of(twenty, 10), of(twenty, 13), of(twenty, 10_000)), (2, 1, 1, 1));
}

#[test]
fn sessions_get_that_and_half_of_the_memory() {
    let of = |files: Files, workers| {
        Machine { read: &with(files), processes: &Vec::new, uid: 0, nproc: None }.max_sessions(workers)
    };
    assert_eq!(of(&[], 512), 1024);
    let twenty: Files = &[("/proc/self/cgroup", "0::/x\n"), ("/sys/fs/cgroup/x/pids.max", "20\n")];
    assert_eq!((of(twenty, 10), of(twenty, 10_000)), (3, 1));
    let poor: Files = &[("/proc/meminfo", "MemAvailable: 204800 kB\n")];
    assert_eq!((of(poor, 512), of(&[("/proc/meminfo", "MemAvailable: 7 kB\n")], 512)), (100, 1));
    assert!(
        few_sessions(100).is_some_and(|text| text.contains("at most 100 ")) && few_sessions(1024).is_none()
    );
}

#[test]
fn half_of_what_the_control_group_may_hold() {
    let with = |most| -> Files {
        match most {
            20 => &[("/proc/self/cgroup", "0::/x\n"), ("/sys/fs/cgroup/x/pids.max", "20\n")],
            _ => &[("/proc/self/cgroup", "0::/x\n"), ("/sys/fs/cgroup/x/pids.max", "1\n")],
        }
    };
    assert_eq!(max_workers(with(20), 0, None), 10);
    // One at least, or nobody could log in.
    assert_eq!(max_workers(with(1), 0, None), 1);
}

#[test]
fn half_of_what_the_users_other_tasks_leave() {
    let files: Files = &[
        ("/proc/1/status", "Name:\tinit\nUid:\t0\t0\t0\t0\nThreads:\t1\n"),
        ("/proc/20/status", "Name:\topenvpn\nUid:\t1000\t0\t0\t0\nThreads:\t2\n"),
        ("/proc/21/status", "Name:\tsleep\nUid:\t1000\t1000\t1000\t1000\nThreads:\t38\n"),
        ("/proc/22/status", "Name:\tsu\nUid:\t1001\t1000\t1000\t1000\nThreads:\t5\n"),
        ("/proc/23/status", "gone"),
    ];
    assert_eq!(max_workers(files, 1000, Some(100)), 30);
    assert_eq!(max_workers(files, 1000, Some(30)), 1);
    assert_eq!(max_workers(files, 1000, None), 512);
    // The limit does not hold for root.
    assert_eq!(max_workers(files, 0, Some(30)), 512);
}

#[test]
fn half_of_the_memory_at_24_mib_each_but_not_less_than_8() {
    let rich: Files = &[("/proc/meminfo", "MemTotal: 99999999 kB\nMemAvailable:    2457600 kB\n")];
    assert_eq!(max_workers(rich, 0, None), 50);
    let poor: Files = &[("/proc/meminfo", "MemAvailable: 100000 kB\n")];
    assert_eq!(max_workers(poor, 0, None), 8);
}

#[test]
fn a_containers_memory_counts() {
    let version_2: Files = &[
        ("/proc/meminfo", "MemAvailable: 99999999 kB\n"),
        ("/proc/self/cgroup", "0::/\n"),
        ("/sys/fs/cgroup/memory.max", "1073741824\n"),
    ];
    assert_eq!(max_workers(version_2, 0, None), 21);
    let version_1: Files = &[
        ("/proc/self/cgroup", "4:memory:/box\n"),
        ("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "1073741824\n"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
    ];
    assert_eq!(max_workers(version_1, 0, None), 21);
}

#[test]
fn the_least_of_all_counts() {
    let files: Files = &[
        ("/proc/meminfo", "MemAvailable: 2457600 kB\n"),
        ("/proc/self/cgroup", "0::/\n"),
        ("/sys/fs/cgroup/pids.max", "80\n"),
        ("/proc/20/status", "Uid:\t1000\t0\t0\t0\nThreads:\t2\n"),
    ];
    assert_eq!(max_workers(files, 0, None), 40);
    assert_eq!(max_workers(files, 1000, Some(62)), 30);
}

#[test]
fn this_machine_has_a_default_too() {
    assert!((1..=512).contains(&default_max_workers()));
    assert!(processes().contains(&PathBuf::from(format!("/proc/{}", std::process::id()))));
}
