//! What OpenVPN and the plugin's processes hold when nobody is connected.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use harness::proc_table::{self, Process, wait_until};
use harness::process_memory::rollup_kib;

use crate::clients::CLIENTS;
use crate::stage::Stage;

/// How long it may take until nothing of the clients is left: idle workers stay for half a minute.
const QUIET: Duration = Duration::from_secs(120);
/// Sources that have to wait because they only fail. They stay for minutes, and there cannot be more of them than clients.
const PENALISED: &str = "penalised";
/// Growth that means nothing: the allocators keep a part of what was used, more or less of it.
const MARGIN_KIB: u64 = 512;

/// Numbers by their names.
pub(crate) struct Held(BTreeMap<String, u64>);

impl Held {
    /// Waits until nothing happens any more, and looks.
    pub(crate) fn of(stage: &Stage) -> Self {
        // Then there is a worker in any case: one that had a session is not used again.
        let _ = stage.server.client("bad", "wrong").outcome();
        let quiet = wait_until(QUIET, || is_quiet(&tables(stage)) && files(stage).0 == 0);
        if !quiet {
            println!("nobody is connected any more, and still: {:?}", tables(stage));
        }
        // Helpers give memory back when they have been idle for a second.
        std::thread::sleep(Duration::from_secs(2));
        let mut all: BTreeMap<String, u64> =
            tables(stage).into_iter().map(|(name, count)| (format!("table: {name}"), count)).collect();
        let mut processes = stage.server.helpers();
        processes.extend(Process::look(stage.server.pid()));
        for process in &processes {
            let mut add = |what: &str, count: u64| {
                *all.entry(format!("{}: {what}", process.name)).or_default() += count;
            };
            add("processes", 1);
            add("descriptors", proc_table::descriptors(process.pid).len() as u64);
            add("threads", entries(Path::new(&format!("/proc/{}/task", process.pid))));
            add(MEMORY, rollup_kib(process.pid, "Anonymous:").unwrap_or(0));
        }
        all.insert("processes in the namespace".into(), stage.server.netns().processes().len() as u64);
        let (others, forgotten) = files(stage);
        all.insert("files in tmp-dir".into(), others);
        all.insert(FORGOTTEN.into(), forgotten);
        Held(all)
    }
}

/// If a signal comes while OpenVPN waits for the plugin's word about a client that connects, OpenVPN forgets to remove its two
/// files for that. The plugin did not make them.
const FORGOTTEN: &str = "files in tmp-dir that OpenVPN forgets";

/// OpenVPN's files for verdicts, and those that it forgets.
fn files(stage: &Stage) -> (u64, u64) {
    let names = fs::read_dir(stage.tmp_dir()).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let (forgotten, others): (Vec<_>, Vec<_>) =
        names.partition(|name| name.to_string_lossy().starts_with("openvpn_cc"));
    (others.len() as u64, forgotten.len() as u64)
}

/// Pages that are of no file, also if another process has them too. A helper begins with pages of OpenVPN's; which of them are
/// still shared depends on what the others have written to since then, and says nothing about this process.
const MEMORY: &str = "KiB of memory";

fn entries(directory: &Path) -> u64 {
    fs::read_dir(directory).map_or(0, |entries| entries.count() as u64)
}

/// The entries of the supervisor's tables, as its socket tells them.
fn tables(stage: &Stage) -> BTreeMap<String, u64> {
    let ask = || -> std::io::Result<String> {
        let mut socket = UnixStream::connect(stage.socket())?;
        socket.write_all(b"status\n")?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = ask().unwrap_or_else(|error| panic!("status: {error}"));
    let mut found = BTreeMap::new();
    for line in answer.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let count = words.get(1).and_then(|count| count.parse().ok());
        match (words[0], count, words.get(2)) {
            ("waiting" | "held" | "questions" | "penalised", Some(count), _) => {
                found.insert(words[0].to_owned(), count);
            }
            ("workers" | "sessions", Some(count), Some(&word)) if word != "most" => {
                found.insert(format!("{} {word}", words[0]), count);
            }
            ("source", ..) => *found.entry("sources".to_owned()).or_default() += 1,
            _ => {}
        }
    }
    assert!(found.contains_key("waiting") && found.contains_key("questions"), "{answer}");
    found
}

fn is_quiet(tables: &BTreeMap<String, u64>) -> bool {
    tables.iter().all(|(name, count)| name == PENALISED || *count <= u64::from(name == "workers idle"))
}

/// A table of all three, and what has grown. Between the first two there was SIGHUP, between the last two there was not.
pub(crate) fn compare(warm: &Held, hung_up: &Held, end: &Held) -> (String, Vec<String>) {
    let mut table =
        format!("{:44} {:>10} {:>10} {:>10}\n", "when nobody is connected", "warm", "hung up", "end");
    let mut grown = Vec::new();
    let all = [warm, hung_up, end];
    let names: BTreeSet<&String> = all.iter().flat_map(|held| held.0.keys()).collect();
    for name in names {
        let [first, second, third] = all.map(|held| held.0.get(name).copied().unwrap_or(0));
        let margin = |old: u64| match name {
            name if name.ends_with(MEMORY) => MARGIN_KIB + old / 20,
            name if name == FORGOTTEN => u64::MAX / 2,
            name if name.ends_with(PENALISED) => CLIENTS as u64,
            _ => 0,
        };
        // Not the same processes before and after SIGHUP.
        let is_new = name.ends_with(MEMORY) && !name.starts_with("openvpn");
        let has_grown = (!is_new && second > first + margin(first)) || third > second + margin(second);
        if has_grown {
            grown.push(name.clone());
        }
        let mark = if has_grown { "  grown" } else { "" };
        table += &format!("{name:44} {first:>10} {second:>10} {third:>10}{mark}\n");
    }
    (table, grown)
}

/// What each of so many logins would have to leave in the supervisor to show, in bytes.
pub(crate) fn least_seen(before: &Held, logins: usize) -> u64 {
    let has = before.0.get(&format!("auth-pam-super: {MEMORY}")).copied().unwrap_or(0);
    (MARGIN_KIB + has / 20) * 1024 / (logins as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(numbers: &[(&str, u64)]) -> Held {
        Held(numbers.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect())
    }

    #[test]
    fn what_has_grown_is_named() {
        let one = |descriptors, helper, openvpn| {
            let (helpers, openvpns) = ("auth-pam: KiB of memory", "openvpn: KiB of memory");
            held(&[
                ("a: descriptors", descriptors),
                (helpers, helper),
                (openvpns, openvpn),
                ("b: threads", 3),
            ])
        };
        let grown = |two, three| compare(&one(9, 1000, 2000), &two, &three).1;
        assert_eq!(grown(one(9, 9000, 2612), one(9, 9962, 3254)), [""; 0]);
        assert_eq!(grown(one(9, 9000, 2613), one(9, 9000, 2613)), ["openvpn: KiB of memory"]);
        assert_eq!(grown(one(9, 9000, 2000), one(9, 9963, 2000)), ["auth-pam: KiB of memory"]);
        assert_eq!(grown(one(10, 1000, 2000), one(10, 1000, 2000)), ["a: descriptors"]);
        let file = || held(&[("files in tmp-dir", 1)]);
        assert_eq!(compare(&held(&[]), &file(), &file()).1, ["files in tmp-dir"]);
    }

    #[test]
    fn an_idle_worker_is_quiet_and_a_question_is_not() {
        let tables = |name: &str| BTreeMap::from([(name.to_owned(), 1)]);
        assert!(is_quiet(&tables("workers idle")) && !is_quiet(&tables("questions")));
    }
}
