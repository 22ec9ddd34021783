//! How far a worker has come with a transaction, to explain in the log why it takes long. The worker leaves it in memory that
//! all helpers share, because a message for each login would cost too much.
//!
//! A module can overwrite it. It is used for the log only.

use std::sync::OnceLock;

use nix::unistd::Pid;
use privsep::scoreboard::Scoreboard;

static SCOREBOARD: OnceLock<Scoreboard> = OnceLock::new();

/// Where a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PamProgress {
    /// In no transaction of PAM.
    Outside,
    /// PAM's modules are loaded.
    Start,
    /// `pam_authenticate`.
    Authentication,
    /// `pam_acct_mgmt`.
    Account,
    /// `pam_chauthtok`.
    NewPassword,
    /// `pam_end`.
    End,
}

impl PamProgress {
    const ALL: [PamProgress; 6] = [
        PamProgress::Outside,
        PamProgress::Start,
        PamProgress::Authentication,
        PamProgress::Account,
        PamProgress::NewPassword,
        PamProgress::End,
    ];

    /// For the log.
    pub fn for_log(self) -> &'static str {
        match self {
            PamProgress::Outside => "in a worker",
            PamProgress::Start => "while modules are loaded",
            PamProgress::Authentication => "in the authentication phase",
            PamProgress::Account => "in the account phase",
            PamProgress::NewPassword => "while a new password is set",
            PamProgress::End => "while modules clean up",
        }
    }
}

/// For the keeper, before it forks anybody. Without memory nobody knows how far a worker is.
pub fn make_scoreboard() {
    if let Ok(scoreboard) = Scoreboard::new() {
        let _ = SCOREBOARD.set(scoreboard);
    }
}

/// This worker has come so far.
pub fn enter(worker: Pid, phase: PamProgress) {
    if let Some(scoreboard) = SCOREBOARD.get() {
        scoreboard.put(worker.as_raw(), phase as u8);
    }
}

/// How far this worker has come, if that is known.
pub fn of(worker: Pid) -> Option<PamProgress> {
    let number = SCOREBOARD.get()?.get(worker.as_raw())?;
    PamProgress::ALL.get(usize::from(number)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_is_found_again() {
        make_scoreboard();
        for (number, phase) in PamProgress::ALL.into_iter().enumerate() {
            let worker = Pid::from_raw(100 + i32::try_from(number).unwrap());
            assert_eq!(of(worker), None);
            enter(worker, phase);
            assert_eq!(of(worker), Some(phase));
        }
        // What a module has written there.
        SCOREBOARD.get().unwrap().put(100, 200);
        assert_eq!(of(Pid::from_raw(100)), None);
    }
}
