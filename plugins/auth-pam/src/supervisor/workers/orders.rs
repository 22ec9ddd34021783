//! What workers are given to do: an attempt, an answer, the next step of a session.

use std::io::Read;
use std::time::Instant;

use nix::errno::Errno;
use privsep::ChannelError;

use super::{ReportCounts, Worker, WorkerState, Workers};
use crate::protocol::{NewTransaction, Order};
use crate::supervisor::attempt::Attempt;
use crate::supervisor::events::WorkerId;

/// An attempt that a worker was not given.
#[derive(Debug)]
pub enum NotBegun {
    /// The worker was gone; another one can have it.
    WorkerGone(Box<Attempt>),
    /// The system refused.
    Shortage(Box<Attempt>, Errno),
}

impl Workers {
    /// Gives an attempt to an idle worker. If that cannot be done, the worker ends, and the attempt comes back: it has not
    /// begun.
    pub fn begin(&mut self, now: Instant, id: WorkerId, attempt: Attempt) -> Result<(), NotBegun> {
        let Err(failure) = self.try_begin(now, id, attempt) else { return Ok(()) };
        let (attempt, error) = *failure;
        let pid = self.pid(id);
        self.kill(now, id);
        match error {
            // No room for a single order means that it does not read.
            ChannelError::System(errno) if errno != Errno::EAGAIN => {
                lines::workers::unreachable(pid, errno.desc()).log();
                Err(NotBegun::Shortage(Box::new(attempt), errno))
            }
            error => {
                lines::workers::idle_was_gone(pid, error).log();
                Err(NotBegun::WorkerGone(Box::new(attempt)))
            }
        }
    }

    fn try_begin(
        &mut self,
        now: Instant,
        id: WorkerId,
        mut attempt: Attempt,
    ) -> Result<(), Box<(Attempt, ChannelError)>> {
        // An idle worker has nothing to say: what has arrived from it shows that it is gone or not to be trusted.
        if let Err(error) = self.hear(now, id) {
            return Err(Box::new((attempt, error)));
        }
        let mut nonce = [0; 8];
        if let Err(error) = self.random.read_exact(&mut nonce) {
            let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
            return Err(Box::new((attempt, ChannelError::System(errno))));
        }
        let nonce = u64::from_ne_bytes(nonce);
        let order = match (&attempt.options, attempt.credentials.take()) {
            (Some(options), _) => Order::CollectOptions { nonce, wanted: options.wanted.clone() },
            (None, Some(credentials)) => Order::Begin(NewTransaction {
                nonce,
                session: attempt.session,
                proof: attempt.proof(),
                username: attempt.username.clone(),
                common_name: attempt.common_name.clone(),
                address: attempt.origin.address.clone(),
                credentials,
                client: attempt.client.clone(),
            }),
            (None, None) => return Err(Box::new((attempt, ChannelError::Closed))),
        };
        let Some(Worker { channel: Some(channel), state, .. }) = self.table.get_mut(&id) else {
            if let Order::Begin(begin) = order {
                attempt.credentials = Some(begin.credentials);
            }
            return Err(Box::new((attempt, ChannelError::Closed)));
        };
        match channel.try_send(&order, &[]) {
            Ok(()) => {
                attempt.begun = Some(now);
                *state = WorkerState::Running {
                    attempt: Box::new(attempt),
                    nonce,
                    counts: ReportCounts::default(),
                };
                Ok(())
            }
            Err(error) => {
                if let Order::Begin(begin) = order {
                    attempt.credentials = Some(begin.credentials);
                }
                Err(Box::new((attempt, error)))
            }
        }
    }

    /// The client of this attempt is gone. If it runs, it goes on: modules that were stopped would leave things half done.
    pub fn client_gone(&mut self, attempt: u64) {
        for worker in self.table.values_mut() {
            if let WorkerState::Running { attempt: running, .. } = &mut worker.state {
                running.gone |= running.id == attempt;
            }
        }
    }

    /// Gives the answer that an attempt brings to the worker that waits for it. If that cannot be done, the worker ends.
    pub fn resume(&mut self, now: Instant, id: WorkerId, mut attempt: Attempt) -> Result<(), NotBegun> {
        // One that waits has nothing to say: what has arrived from it shows that it is gone or not to be trusted.
        let heard = self.hear(now, id).map(drop);
        let worker = self.table.get_mut(&id);
        let sent = match (heard, worker, attempt.credentials.take()) {
            (
                Ok(()),
                Some(Worker { channel: Some(channel), state: WorkerState::Suspended { nonce, .. }, .. }),
                Some(credentials),
            ) => {
                channel.try_send(&Order::Answer { nonce: *nonce, session: attempt.session, credentials }, &[])
            }
            (Err(error), ..) => Err(error),
            _ => Err(ChannelError::Closed),
        };
        match sent {
            Ok(()) => {
                let state = self.table.get_mut(&id).map(|worker| &mut worker.state);
                if let Some((state, (nonce, counts))) = state.and_then(|state| {
                    let WorkerState::Suspended { nonce, counts } = *state else { return None };
                    Some((state, (nonce, counts)))
                }) {
                    attempt.begun = Some(now);
                    *state = WorkerState::Running { attempt: Box::new(attempt), nonce, counts };
                }
                Ok(())
            }
            Err(error) => {
                self.kill(now, id);
                match error {
                    ChannelError::System(errno) if errno != Errno::EAGAIN => {
                        Err(NotBegun::Shortage(Box::new(attempt), errno))
                    }
                    _ => Err(NotBegun::WorkerGone(Box::new(attempt))),
                }
            }
        }
    }

    /// Has a worker do the next step of its session. If that cannot be said, the worker ends.
    pub fn order(
        &mut self,
        now: Instant,
        id: WorkerId,
        order: impl FnOnce(u64) -> Order,
    ) -> Result<(), ChannelError> {
        let sent = match self.table.get_mut(&id) {
            Some(Worker {
                channel: Some(channel), state: WorkerState::InSession { nonce, counts }, ..
            }) => {
                *counts = ReportCounts::default();
                channel.try_send(&order(*nonce), &[])
            }
            _ => Err(ChannelError::Closed),
        };
        if sent.is_err() {
            self.kill(now, id);
        }
        sent
    }
}
