//! Signals meant for OpenVPN that reach the helper too, at any moment.

use std::process::{Child, Command};

use nix::unistd::Pid;
use ovpn_plugin_host::FuncResult;

use crate::Case;
use crate::stage::{Stage, down, helper, up};

pub(crate) const CASES: &[Case] = &[
    ("signals without end do not keep the helper from running scripts", at_down),
    ("signals to the whole group do not hit a helper that is being born", at_birth),
];

/// A process that sends a signal to another, or to a group if it is negative, as fast as it can; ended on drop.
struct Storm(Child);

impl Storm {
    fn new(signal: &str, target: i32) -> Self {
        let text = format!("while kill -s {signal} -- {target}; do :; done");
        Storm(Command::new("sh").args(["-c", &text]).spawn().expect("sh"))
    }
}

impl Storm {
    /// Whether it has gone on all the time.
    fn blows(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn at_down(stage: &Stage) {
    let plugin = stage.open(&[&stage.script("down.sh", "echo ran >> \"$D/seen\"")]);
    up(&plugin);
    let helper = helper();
    let mut storms: Vec<Storm> =
        ["TERM", "USR1", "HUP"].into_iter().map(|signal| Storm::new(signal, helper)).collect();
    for round in 0..60 {
        assert_eq!(down(&plugin), FuncResult::Success, "round {round}: {:?}", plugin.log_lines());
    }
    assert!(storms.iter_mut().all(Storm::blows));
    drop(storms);
    assert_eq!(stage.text("seen").lines().count(), 60);
    assert_eq!(self::helper(), helper);
}

fn at_birth(stage: &Stage) {
    let script = stage.script("down.sh", ":");
    let mut storm = Storm::new("USR1", -Pid::this().as_raw());
    for round in 0..100 {
        let plugin = stage.open(&[&script]);
        up(&plugin);
        drop(plugin);
        assert!(!has_zombie(), "round {round}");
    }
    assert!(storm.blows());
}

/// A helper that was reaped leaves none.
fn has_zombie() -> bool {
    let own = Pid::this().as_raw();
    harness::proc_table::all().iter().any(|process| process.parent == own && process.is_zombie())
}
