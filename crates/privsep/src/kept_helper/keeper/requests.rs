//! What the helper may ask the keeper for. Anything else gets the helper killed.

use nix::errno::Errno;

use super::workers::{self, ChildKind};
use super::{Keeper, RunningHelper};
use crate::channel::{ChannelError, Received};
use crate::kept_helper::keeper_messages::{ToHelper, ToKeeper};
use crate::lines;

/// Messages taken from the helper before anything else is looked at: a fork takes a part of a millisecond.
const BATCH: usize = 16;

impl Keeper<'_> {
    /// Does what the helper asks for. While the helper does not read its messages, the keeper does not read from it either.
    pub(super) fn hear(&self, current: &mut RunningHelper<'_>) {
        let _ = current.link.flush();
        for _ in 0..BATCH {
            if current.link.has_unsent() {
                return;
            }
            let received = match current.link.try_receive() {
                Ok(Some(received)) => received,
                Ok(None) | Err(ChannelError::System(_)) => return,
                Err(ChannelError::Closed) => {
                    current.deaf = true;
                    return;
                }
                Err(error) => return self.distrust(current, &error.to_string()),
            };
            if let Err(what) = self.obey(current, received) {
                return self.distrust(current, what);
            }
        }
    }

    fn obey(
        &self,
        current: &mut RunningHelper<'_>,
        received: Received<ToKeeper>,
    ) -> Result<(), &'static str> {
        let Received { message, mut descriptors, descriptors_missing } = received;
        if !descriptors.iter().all(workers::is_channel) {
            // Not closed here: closing a file of FUSE can block on its server.
            std::mem::forget(descriptors);
            return Err("a descriptor that is no channel");
        }
        let channel = descriptors.pop();
        let forks = match message {
            ToKeeper::Fork(worker) => Some((ChildKind::Worker, worker)),
            ToKeeper::ForkClerk(worker) => Some((ChildKind::Clerk, worker)),
            ToKeeper::Kill { .. } | ToKeeper::Connect => None,
        };
        if !descriptors.is_empty() || (channel.is_some() && forks.is_none()) {
            return Err("a descriptor too many");
        }
        if let (Some((kind, worker)), Some(workers)) = (forks, &mut current.workers) {
            if !workers.has_plan_for(kind) {
                return Err("a process there is none of");
            }
            if !workers.is_new(worker) {
                return Err("the number of a worker that there was already");
            }
            let forked = match channel {
                Some(channel) => workers.fork(kind, worker, channel),
                None if descriptors_missing => Err(Errno::EMFILE),
                None => return Err("no channel for a worker"),
            };
            let answer = match forked {
                Ok(process) => ToHelper::Forked(worker, process.as_raw()),
                Err(errno) => ToHelper::ForkFailed(worker, errno as i32),
            };
            let _ = current.link.send(answer, None);
            return Ok(());
        }
        match (message, &mut current.workers) {
            (ToKeeper::Kill { worker, group }, Some(workers)) => {
                if workers.kill(worker, group) {
                    Ok(())
                } else {
                    Err("an unknown worker")
                }
            }
            (ToKeeper::Connect, _) => {
                let Some(connect) = self.plan.connect else { return Err("a connection there is none for") };
                let _ = current.link.send(ToHelper::Connected, connect().ok());
                Ok(())
            }
            (ToKeeper::Fork(_) | ToKeeper::ForkClerk(_) | ToKeeper::Kill { .. }, _) => {
                Err("it has no workers")
            }
        }
    }

    /// Kills a helper that broke the protocol.
    fn distrust(&self, current: &mut RunningHelper<'_>, what: &str) {
        current.deaf = true;
        crate::kill_group(current.helper);
        self.lost(current.number);
        (self.plan.log)(&lines::distrusted(self.plan.name, current.helper, what).unlogged());
    }
}
