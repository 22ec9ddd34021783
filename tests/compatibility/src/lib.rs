//! The same cases against the C plugin and ours.
//!
//! One table ([`cases`]) says for each case what the C plugin answers, what ours answers, and, where they differ,
//! which defect of the C plugin that mends. Each case runs each plugin in a process of its own ([`driver`]), for a
//! plugin that forks needs a process without threads, and one that hangs must be ended from outside ([`stage`]).

pub mod case;
pub mod cases;
pub mod driver;
pub mod guide;
pub mod outcome;
pub mod row;
pub mod script;
pub mod stage;
pub mod step;
