//! Which calls are failed: those that a run without a fault makes.

use std::collections::BTreeMap;

use nix::errno::Errno;

use crate::call::Call;
use crate::role::Role;
use crate::run::Script;
use crate::tracer::{Made, Place};

/// A run to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) script: Script,
    pub(crate) place: Place,
    pub(crate) errno: Errno,
}

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Each call of each process at one place, with its two likeliest errors; and those that decide, see [`DECIDING`].
    Quick,
    /// Of the calls of a process that are of one kind and about things of one kind the first ones, the last, and some between;
    /// with all errors; and those that decide.
    Whole,
}

/// What verdicts, orders and reports come and go by, and by which error. While somebody is decided who must not be let in, each
/// of these calls fails at every place: one place in between says little about who is let in. The last one ends the supervisor.
const DECIDING: [(&str, Errno); 4] = [
    ("recvmsg", Errno::ENOMEM),
    ("sendmsg", Errno::ENOMEM),
    ("read", Errno::EIO),
    ("epoll_wait", Errno::ENOMEM),
];

/// Of calls of one kind.
const MOST: usize = 6;

/// The runs to be made, by the calls that were noted.
pub(crate) fn faults(script: Script, calls: &[Made], extent: Extent) -> Vec<Fault> {
    let mut kinds: BTreeMap<_, Vec<&Made>> = BTreeMap::new();
    for made in calls.iter().filter(|made| is_tried(script, made.place.role)) {
        let (phase, at) = match extent {
            Extent::Quick => (None, ""),
            Extent::Whole => (Some(made.phase), made.at.as_str()),
        };
        kinds.entry((made.place.role, made.place.call, phase, at)).or_default().push(made);
    }
    let mut faults = Vec::new();
    for made in kinds.values() {
        let Some(call) = made.first().and_then(|made| Call::named(made.place.call)) else { continue };
        let (places, errors): (Vec<usize>, usize) = match extent {
            Extent::Quick => (vec![made.len() / 2], call.errors.len().min(2)),
            Extent::Whole => (spread(made.len()), call.errors.len()),
        };
        for place in places.into_iter().filter_map(|place| made.get(place)).map(|made| made.place) {
            faults.extend(call.errors[..errors].iter().map(|errno| Fault { script, place, errno: *errno }));
        }
    }
    for place in
        calls.iter().filter(|made| made.refusing && is_tried(script, made.place.role)).map(|made| made.place)
    {
        let deciding = DECIDING.iter().filter(|(call, _)| *call == place.call);
        let deciding = deciding.map(|(_, errno)| Fault { script, place, errno: *errno });
        faults.extend(deciding.filter(|fault| !faults.contains(fault)).collect::<Vec<_>>());
    }
    faults
}

/// If the supervisor is killed anyway, only what the others do is of interest.
fn is_tried(script: Script, role: Role) -> bool {
    script == Script::Logins || role != Role::Supervisor
}

fn spread(count: usize) -> Vec<usize> {
    if count <= MOST {
        return (0..count).collect();
    }
    (0..MOST).map(|part| part * (count - 1) / (MOST - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_are_among_them() {
        assert_eq!(spread(3), [0, 1, 2]);
        assert_eq!(spread(11), [0, 2, 4, 6, 8, 10]);
    }
}
