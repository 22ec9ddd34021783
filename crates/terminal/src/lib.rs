//! Questions on a terminal, and the signals that end a command.

mod colours;
mod signals;
mod terminal;

pub use colours::{colours, is_dumb};
pub use signals::Signals;
pub use terminal::{MOST_BYTES, NoAnswer, Secret, Terminal};
