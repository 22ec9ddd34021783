//! What the project's commands share: questions on a terminal, the signals that end a command, and how options are declared.

mod colours;
pub mod options;
mod signals;
mod terminal;

pub use colours::{colours, is_dumb};
pub use signals::Signals;
pub use terminal::{MOST_BYTES, NoAnswer, Secret, Terminal};
