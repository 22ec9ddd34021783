//! What the guide says of statics, with a real server: whether SIGHUP unloads a plugin.

use std::fs;
use std::path::{Path, PathBuf};

use harness::log::Mark;
use harness::scratch::Scratch;
use harness::{Server, ServerConfig};
use nix::sys::signal::Signal;

use crate::examples::{example, test_plugin};

fn server(file: &Path, work: &str) -> Server {
    ServerConfig::default().plugin_file(file, work).start()
}

/// What the plugin said of its static and its field, each time that the device was there.
fn values(server: &Server) -> Vec<(u32, u32)> {
    let text = server.log().text();
    let said = text.lines().filter_map(|line| line.split_once(": static ")?.1.split_once(", field "));
    said.map(|(one, other)| (one.parse().unwrap(), other.trim().parse().unwrap())).collect()
}

/// Fields begin anew with SIGHUP, statics only where no thread was ever started. SIGUSR1 keeps all.
#[test]
fn a_static_outlives_sighup_once_a_thread_was_started() {
    for work in ["none", "thread", "tasks", "pool"] {
        let server = server(&test_plugin("statics"), work);
        server.restart(Signal::SIGHUP);
        server.restart(Signal::SIGUSR1);
        let of_static = if work == "none" { 1 } else { 2 };
        assert_eq!(values(&server), [(1, 1), (of_static, 1), (of_static, 2)], "{work}");
        assert_eq!(server.log().count(Mark::START, "PLUGIN STATICS: dropped"), 1, "{work}");
        let mark = server.mark();
        server.stop();
        server.wait_for(mark, "PLUGIN STATICS: dropped");
    }
}

#[test]
fn sigint_closes_and_drops() {
    let server = server(&test_plugin("statics"), "none");
    server.signal(Signal::SIGINT);
    server.wait_for(Mark::START, "PLUGIN STATICS: dropped");
    server.wait_for(Mark::START, "PLUGIN_CLOSE: ");
}

/// A file that took the place of the plugin's, as an update does it.
#[test]
fn a_new_file_counts_after_sighup_unless_a_thread_was_started() {
    let scratch = Scratch::new();
    let place = |from: PathBuf| {
        fs::copy(from, scratch.join("new.so")).unwrap();
        fs::rename(scratch.join("new.so"), scratch.join("plugin.so")).unwrap();
        scratch.join("plugin.so")
    };
    for work in ["none", "tasks"] {
        let server = server(&place(test_plugin("statics")), work);
        place(example("log-events"));
        server.restart(Signal::SIGHUP);
        let opened = server.log().count(Mark::START, "PLUGIN LOG-EVENTS: opened by");
        assert_eq!(opened, usize::from(work == "none"), "{work}");
    }
}
