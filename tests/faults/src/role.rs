//! Which of auth-pam's processes and threads makes a call.

use std::collections::HashMap;
use std::fs;

use nix::unistd::Pid;

/// Who makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    /// OpenVPN's own thread, in a call of the plugin.
    Front,
    /// The front's thread that settles deferred attempts.
    Receiver,
    /// The front's thread that writes lines.
    Log,
    Keeper,
    /// The first one; the next is not of interest.
    Supervisor,
    /// Workers, what modules start, and the writer of figures.
    Other,
}

impl Role {
    /// All whose calls are failed.
    pub(crate) const TRIED: [Self; 5] =
        [Self::Front, Self::Receiver, Self::Log, Self::Keeper, Self::Supervisor];

    /// As results and the document have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Receiver => "front, thread of verdicts",
            Self::Log => "front, thread of lines",
            Self::Keeper => "keeper",
            Self::Supervisor => "supervisor",
            Self::Other => "others",
        }
    }

    /// By that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::TRIED.into_iter().find(|role| role.name() == name)
    }
}

/// The processes and threads of a run, as they were found.
pub(crate) struct Family {
    host: Pid,
    keeper: Option<Pid>,
    threads: usize,
    supervisors: usize,
    /// The supervisor there is.
    supervisor: Option<Pid>,
    roles: HashMap<Pid, Role>,
}

impl Family {
    /// Only the process that has the plugin loaded.
    pub(crate) fn new(host: Pid) -> Self {
        let roles = HashMap::from([(host, Role::Front)]);
        Self { host, keeper: None, threads: 0, supervisors: 0, supervisor: None, roles }
    }

    /// Who this is. Somebody new is looked at once, before it has made its first call.
    pub(crate) fn role(&mut self, who: Pid) -> Role {
        if let Some(role) = self.roles.get(&who) {
            return *role;
        }
        let role = self.find(who);
        self.roles.insert(who, role);
        role
    }

    fn find(&mut self, who: Pid) -> Role {
        let status = fs::read_to_string(format!("/proc/{who}/status")).unwrap_or_default();
        let number = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            value.trim().parse().ok().map(Pid::from_raw)
        };
        if number("Tgid:") == Some(self.host) {
            // In this order they are started.
            self.threads += 1;
            return match self.threads {
                1 => Role::Log,
                2 => Role::Receiver,
                _ => Role::Other,
            };
        }
        let parent = number("PPid:");
        if parent == Some(self.host) && self.keeper.is_none() {
            self.keeper = Some(who);
            return Role::Keeper;
        }
        if parent.is_some() && parent == self.keeper && self.supervisor.is_none() {
            self.supervisor = Some(who);
            self.supervisors += 1;
            return if self.supervisors == 1 { Role::Supervisor } else { Role::Other };
        }
        Role::Other
    }

    /// This one is gone.
    pub(crate) fn gone(&mut self, who: Pid) {
        self.roles.remove(&who);
        if self.supervisor == Some(who) {
            self.supervisor = None;
        }
    }

    /// All that are left.
    pub(crate) fn left(&self) -> Vec<Pid> {
        self.roles.keys().copied().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.roles.is_empty()
    }
}
