//! The lines that down-root logs, and the reasons in them: each once, with what it means.
//!
//! The plugin logs them by the functions here. The command `ovpn-plugin` explains them, and `docs/reference/log-lines.md`
//! lists them, by the tables.

use log_lines::Section;

pub mod processes;
pub mod scripts;
pub mod startup;
pub mod variables;

/// All sections, in the order of the reference document.
pub static ALL: [&Section; 4] = [&startup::LINES, &scripts::LINES, &variables::LINES, &processes::LINES];
