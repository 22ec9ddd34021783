//! The same cases against the C plugin and ours.
//!
//! A table says for each case what the C plugin answers, what ours answers, and, where they differ, which defect of the
//! C plugin that mends. [`table`] runs any of them and holds it against docs/migration.md. Each case runs each plugin in a
//! process of its own ([`plugin_process`]), for a plugin that forks needs a process without threads, and one that hangs must be
//! ended from outside ([`run_plugin`]).
//!
//! The rest is the table of auth-pam: what makes up its cases ([`case`], [`run_case`], [`outcome`]) and the [`cases`]
//! themselves. That of down-root is in tests/down_root.

pub mod case;
pub mod cases;
pub mod expected;
pub mod instructions;
pub mod migration_guide;
pub mod outcome;
pub mod plugin_process;
pub mod row;
pub mod run_case;
pub mod run_plugin;
pub mod step;
pub mod table;
