//! Reads what the supervisor has sent.

use std::time::Instant;

use privsep::ChannelError;
use privsep::kept_helper::HelperNews;

use super::{Attempt, Attempts, BATCH, Decided, SupervisorLink};
use crate::protocol::Reply;
use crate::protocol::verdict::Verdict;

/// What was read.
enum Read {
    Nothing,
    /// Nothing now: the system is out of memory, most likely. What was sent is still there.
    Shortage,
    /// The verdict of this attempt.
    Verdict(u64),
    /// Something else, about one that has no verdict yet.
    Other,
    /// Nothing more about what was sent before.
    Lost,
}

impl Attempts {
    /// Reads what the supervisor has sent.
    pub fn read(&mut self) {
        while !matches!(
            self.read_one(SupervisorLink::try_receive),
            None | Some(Read::Nothing | Read::Shortage)
        ) {}
    }

    /// The same, a batch at most: OpenVPN's thread waits while another one holds the lock. Whether the system was out of
    /// something, and no event tells when that is over.
    pub fn read_batch(&mut self) -> bool {
        for _ in 0..BATCH {
            match self.read_one(SupervisorLink::try_receive) {
                None | Some(Read::Nothing) => return false,
                Some(Read::Shortage) => return true,
                Some(_) => {}
            }
        }
        false
    }

    /// Reads until `until` says of the verdict of `id` that it is enough, until it can no longer come, at most until `end`.
    pub fn wait_for(&mut self, id: u64, end: Option<Instant>, until: impl Fn(&Verdict) -> bool) {
        let left = || end.map(|end| end.saturating_duration_since(Instant::now()));
        while let Some(read) = self.read_one(|supervisor| supervisor.receive(left())) {
            match read {
                Read::Other => {}
                Read::Verdict(decided) if decided != id => {}
                Read::Verdict(_) => match self.table.get(&id) {
                    Some(Attempt::Awaited(_, Some(decided))) if !until(&decided.verdict) => {}
                    _ => return,
                },
                Read::Lost | Read::Nothing | Read::Shortage => return,
            }
        }
    }

    /// Receives and settles one verdict. `None`: there is no supervisor any more.
    fn read_one(
        &mut self,
        receive: impl FnOnce(&mut SupervisorLink) -> Result<Option<HelperNews<Reply>>, ChannelError>,
    ) -> Option<Read> {
        match receive(self.supervisor.as_mut()?) {
            Ok(None) => Some(Read::Nothing),
            Ok(Some(HelperNews::Message(Reply::Verdict { id, verdict, told }))) => {
                self.settle(id, Decided { verdict, told });
                Some(Read::Verdict(id))
            }
            Ok(Some(HelperNews::Message(Reply::Named { id, name }))) => {
                // Of those that are kept only.
                if let Some(login) = self.logins.get_mut(&id) {
                    login.name = name;
                }
                Some(Read::Other)
            }
            Ok(Some(HelperNews::Message(Reply::Options { id, part }))) => {
                self.add_options(id, &part);
                Some(Read::Other)
            }
            Ok(Some(HelperNews::Message(Reply::Revoked { name, at, monotonic }))) => {
                self.revoked.add(&name, at, monotonic);
                Some(Read::Other)
            }
            Ok(Some(HelperNews::Lost)) => {
                self.reject_all();
                Some(Read::Lost)
            }
            Err(ChannelError::System(_)) => Some(Read::Shortage),
            Err(error) => {
                self.lose_supervisor(&error);
                None
            }
        }
    }
}
