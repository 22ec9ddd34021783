//! What a process is like: read before and after a call of the plugin, to see what the call has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::unistd;
use ovpn_plugin_host::process;

/// The signals that OpenVPN acts on: HUP, INT, USR1, USR2, TERM, as bits of a mask.
const OF_OPENVPN: u64 = 1 << 0 | 1 << 1 | 1 << 9 | 1 << 11 | 1 << 14;
/// The two that glibc takes for its threads.
const OF_GLIBC: u64 = 1 << 31 | 1 << 32;
/// So many characters of a value are shown.
const MOST_SHOWN: usize = 60;

/// An open descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// What it leads to, as /proc names it.
    pub(crate) target: String,
    pub(crate) closes_on_exec: bool,
}

/// What a process is like at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// What a plugin must leave alone: the check that it belongs to, what it is, its value.
    attributes: Vec<(&'static str, &'static str, String)>,
    environment: BTreeMap<OsString, OsString>,
    pub(crate) descriptors: BTreeMap<i32, Descriptor>,
    pub(crate) threads: BTreeSet<i32>,
    /// Other processes of the trial with this one's program: forked, and nothing executed.
    pub(crate) forked: BTreeSet<i32>,
    /// Those of them that are children of this process itself.
    children: BTreeSet<i32>,
    /// Page faults of children that were waited for: grows with each.
    reaped_faults: u64,
    /// How long this thread has waited for a processor.
    pub(crate) delayed: Duration,
}

impl Snapshot {
    pub(crate) fn take() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let of = |name: &str| field(&status, name);
        let descriptors = descriptors("/proc/self/fd");
        let standard: Vec<&str> =
            (0..3).map(|number| descriptors.get(&number).map_or("closed", |it| it.target.as_str())).collect();
        let all_limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let is_of_files = |line: &&str| line.starts_with("Max open files");
        let limits = |of_files: bool| {
            let lines = all_limits.lines().filter(|line| is_of_files(line) == of_files);
            lines.collect::<Vec<_>>().join("\n")
        };
        let directory = std::env::current_dir().unwrap_or_default().display().to_string();
        let identity =
            ["Uid", "Gid", "Groups", "CapPrm", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp"].map(of).join(" ");
        let attributes = vec![
            ("signals", "the signals that are blocked", signals(&of("SigBlk"))),
            ("signals", "the signals that are ignored", signals(&of("SigIgn"))),
            ("signals", "the signals that have a handler", signals(&of("SigCgt"))),
            ("umask", "the umask", of("Umask")),
            ("directory", "the working directory", directory),
            ("locale", "the locale", process::locale()),
            ("limits", "a resource limit", limits(false)),
            ("open-files", "the limit of open files", limits(true)),
            ("identity", "user, groups or capabilities", identity),
            ("standard-descriptors", "a standard descriptor", standard.join(" ")),
        ];
        let (forked, children) = forked();
        Self {
            attributes,
            environment: std::env::vars_os().collect(),
            descriptors,
            threads: numbers("/proc/self/task"),
            forked,
            children,
            reaped_faults: reaped_faults(),
            delayed: delayed(),
        }
    }

    /// What is different now in `after`: the check, and what it is.
    pub(crate) fn changes(&self, after: &Self) -> Vec<(&'static str, String)> {
        let pairs = self.attributes.iter().zip(&after.attributes);
        let mut changes: Vec<_> = pairs
            .filter(|((.., before), (.., after))| before != after)
            .map(|((id, what, before), (.., after))| (*id, changed(what, before, after)))
            .collect();
        let names: BTreeSet<_> = self.environment.keys().chain(after.environment.keys()).collect();
        let other = names.iter().filter(|name| self.environment.get(**name) != after.environment.get(**name));
        let other: Vec<_> = other.map(|name| name.to_string_lossy()).collect();
        if !other.is_empty() {
            changes.push(("environment", format!("changes {}", shortened(&other.join(" ")))));
        }
        changes
    }

    /// Whether this process has forked between this and `after`, as far as that leaves a trace.
    pub(crate) fn has_forked(&self, after: &Self) -> bool {
        after.reaped_faults > self.reaped_faults || !after.children.is_subset(&self.children)
    }

    /// Descriptors that `after` has in addition.
    pub(crate) fn opened<'a>(&'a self, after: &'a Self) -> impl Iterator<Item = (&'a i32, &'a Descriptor)> {
        after.descriptors.iter().filter(|(number, it)| self.descriptors.get(number) != Some(it))
    }
}

fn changed(what: &str, before: &str, after: &str) -> String {
    // Of limits, the lines that differ.
    let (before, after): (Vec<_>, Vec<_>) =
        before.lines().zip(after.lines()).filter(|(before, after)| before != after).unzip();
    let words =
        |lines: Vec<&str>| shortened(&lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" "));
    format!("changes {what} from {} to {}", words(before), words(after))
}

/// The numbers of the signals in a mask.
fn signals(mask: &str) -> String {
    let mask = u64::from_str_radix(mask, 16).unwrap_or_default() & !OF_GLIBC;
    let numbers = (0..u64::BITS).filter(|bit| mask & (1 << bit) != 0).map(|bit| (bit + 1).to_string());
    let numbers: Vec<_> = numbers.collect();
    if numbers.is_empty() { "none".to_owned() } else { numbers.join(" ") }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MOST_SHOWN {
        return text.to_owned();
    }
    text.chars().take(MOST_SHOWN).chain("...".chars()).collect()
}

fn field(status: &str, name: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The numbers that a directory of /proc has for names.
fn numbers(directory: &str) -> BTreeSet<i32> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn descriptors(directory: &str) -> BTreeMap<i32, Descriptor> {
    let all = numbers(directory).into_iter().filter_map(|number| {
        // The one that reads this directory is closed by now.
        let target = fs::read_link(format!("{directory}/{number}")).ok()?.display().to_string();
        let info = fs::read_to_string(format!("{directory}info/{number}")).unwrap_or_default();
        let flags = u32::from_str_radix(&field(&info, "flags"), 8).unwrap_or_default();
        Some((number, Descriptor { target, closes_on_exec: flags & 0o2000000 != 0 }))
    });
    all.collect()
}

/// The threads among these that take a signal of OpenVPN's.
pub(crate) fn take_signals(threads: &BTreeSet<i32>) -> usize {
    let takes = |thread: &&i32| {
        let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).unwrap_or_default();
        u64::from_str_radix(&field(&status, "SigBlk"), 16)
            .is_ok_and(|blocked| blocked & OF_OPENVPN != OF_OPENVPN)
    };
    threads.iter().filter(takes).count()
}

/// How many of these processes have a descriptor whose target contains `mark`.
pub(crate) fn count_holders(processes: &BTreeSet<i32>, mark: &str) -> usize {
    let holds = |process: &&i32| {
        descriptors(&format!("/proc/{process}/fd"))
            .values()
            .any(|descriptor| descriptor.target.contains(mark))
    };
    processes.iter().filter(holds).count()
}

/// Other processes that run this one's program and are descendants of it or, as orphans, of the one that watches it; and
/// the children among them.
fn forked() -> (BTreeSet<i32>, BTreeSet<i32>) {
    let Ok(program) = fs::read_link("/proc/self/exe") else { return Default::default() };
    let (own, watching) = (unistd::getpid().as_raw(), unistd::getppid().as_raw());
    let mut family = BTreeSet::from([own]);
    let of_it = |process: &i32| {
        fs::read_link(Path::new("/proc").join(process.to_string()).join("exe"))
            .is_ok_and(|exe| exe == program)
    };
    let parents: BTreeMap<i32, i32> = numbers("/proc")
        .into_iter()
        .filter(|process| *process != own && *process != watching)
        .filter_map(|process| Some((process, parent(process)?)))
        .collect();
    loop {
        let more: Vec<i32> = parents
            .iter()
            .filter(|(process, parent)| {
                !family.contains(process) && (family.contains(parent) || **parent == watching)
            })
            .map(|(process, _)| *process)
            .collect();
        if more.is_empty() {
            break;
        }
        family.extend(more);
    }
    family.remove(&own);
    let forked: BTreeSet<i32> = family.into_iter().filter(of_it).collect();
    let children = forked.iter().copied().filter(|process| parents.get(process) == Some(&own)).collect();
    (forked, children)
}

/// The words of /proc/PID/stat behind the name, the state first.
fn stat(process: &str) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, words) = stat.rsplit_once(") ")?;
    Some(words.split_whitespace().map(str::to_owned).collect())
}

fn parent(process: i32) -> Option<i32> {
    stat(&process.to_string())?.get(1)?.parse().ok()
}

fn reaped_faults() -> u64 {
    stat("self").and_then(|words| words.get(8)?.parse().ok()).unwrap_or_default()
}

/// How long this thread has waited for a processor.
pub(crate) fn delayed() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().nth(1).and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_seen_and_named() {
        let before = Snapshot::take();
        assert_eq!(before.changes(&before.clone()), []);
        let mut after = before.clone();
        after.attributes[3].2 = "0077".into();
        after.environment.insert("CERTIFY".into(), "x".into());
        let limits = &mut after.attributes[6].2;
        *limits = limits.replacen("Max processes", "Max processez", 1);
        let changes = before.changes(&after);
        let ids: Vec<_> = changes.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, ["umask", "limits", "environment"]);
        assert!(changes[0].1.ends_with(" to 0077"), "{changes:?}");
        assert!(changes[1].1.contains("Max processez"), "{changes:?}");
        assert_eq!(changes[2].1, "changes CERTIFY");
    }

    #[test]
    fn descriptors_and_their_flags_are_seen() {
        let before = Snapshot::take();
        let file = fs::File::open("/dev/zero").unwrap();
        let after = Snapshot::take();
        let mine = before.opened(&after).find(|(_, descriptor)| descriptor.target == "/dev/zero");
        assert!(mine.is_some_and(|(_, descriptor)| descriptor.closes_on_exec), "{after:?}");
        drop(file);
    }
}
