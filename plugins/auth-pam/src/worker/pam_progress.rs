//! How far a worker has come with a transaction, to explain in the log why it takes long. The worker leaves it in memory that
//! all helpers share, because a message for each login would cost too much.
//!
//! A module can overwrite it. It is used for the log only.

use std::sync::OnceLock;

use nix::unistd::Pid;
use privsep::scoreboard::Scoreboard;

static CELLS: OnceLock<Scoreboard> = OnceLock::new();

/// Where a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
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

impl Progress {
    const ALL: [Progress; 6] = [
        Progress::Outside,
        Progress::Start,
        Progress::Authentication,
        Progress::Account,
        Progress::NewPassword,
        Progress::End,
    ];

    /// For the log.
    pub fn for_log(self) -> &'static str {
        match self {
            Progress::Outside => "in a worker",
            Progress::Start => "while modules are loaded",
            Progress::Authentication => "in the authentication phase",
            Progress::Account => "in the account phase",
            Progress::NewPassword => "while a new password is set",
            Progress::End => "while modules clean up",
        }
    }
}

/// For the keeper, before it forks anybody. Without memory nobody knows how far a worker is.
pub fn share() {
    if let Ok(cells) = Scoreboard::new() {
        let _ = CELLS.set(cells);
    }
}

/// This worker has come so far.
pub fn enter(worker: Pid, phase: Progress) {
    if let Some(cells) = CELLS.get() {
        cells.put(worker.as_raw(), phase as u8);
    }
}

/// How far this worker has come, if that is known.
pub fn of(worker: Pid) -> Option<Progress> {
    let number = CELLS.get()?.get(worker.as_raw())?;
    Progress::ALL.get(usize::from(number)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_is_found_again() {
        share();
        for (number, phase) in Progress::ALL.into_iter().enumerate() {
            let worker = Pid::from_raw(100 + i32::try_from(number).unwrap());
            assert_eq!(of(worker), None);
            enter(worker, phase);
            assert_eq!(of(worker), Some(phase));
        }
        // What a module has written there.
        CELLS.get().unwrap().put(100, 200);
        assert_eq!(of(Pid::from_raw(100)), None);
    }
}
