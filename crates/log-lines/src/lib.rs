//! Lines of a plugin's log, each declared once with its level, its text, and what it means: [`lines!`].
//!
//! The plugin logs a line by calling the function that its declaration makes. The command `ovpn-plugin` finds the line
//! again in a log by the same text ([`explain()`]). So a line that is reworded keeps its explanation.
//!
//! What explains a line is in tables that only the command refers to. The linker leaves them out of the plugins.

mod declared;
mod explain;
mod line;
mod pattern;
mod reference;

pub use declared::{Declared, Filled, Section};
pub use explain::explain;
pub use line::{Line, Reason, Said};
pub use log::Level;
pub use reference::reference;

/// Declares a section of lines: a static with all of them, and a function for each.
///
/// ```
/// log_lines::lines! {
///     /// What workers do.
///     pub static WORKERS: "Workers";
///
///     warn idle_worker_ended(pid: i32, how: &str) "idle worker {pid} {how}",
///         why "A PAM module has ended its process.",
///         todo "Find the module.";
///     reason no_worker() "no worker process can be started",
///         why "There is a limit on processes.",
///         todo "Raise TasksMax= of the unit.";
/// }
/// idle_worker_ended(7, "was killed by SIGKILL").log();
/// assert_eq!(no_worker().to_string(), "no worker process can be started");
/// assert_eq!(WORKERS.lines[0].text, "idle worker {pid} {how}");
/// ```
///
/// An entry begins with the level of the line. The function of a line gives a [`Line`], which has a level. A `reason` is
/// the part of a line that says why; its function gives a [`Reason`]. It stands where another entry has the hole
/// `{reason}`, which is what the explanation looks into.
///
/// `why` and `todo` may be missing for a line that says all there is to say.
#[macro_export]
macro_rules! lines {
    (
        $(#[$about:meta])*
        $vis:vis static $section:ident: $title:literal;
        $(
            $level:ident $name:ident($($hole:ident: $type:ty),* $(,)?) $text:literal
            $(, why $why:expr, todo $todo:expr)?;
        )*
    ) => {
        $(#[$about])*
        $vis static $section: $crate::Section = $crate::Section {
            title: $title,
            lines: &[$($crate::Declared {
                name: stringify!($name),
                level: $crate::level!($level),
                text: $text,
                holes: &[$((stringify!($hole), stringify!($type))),*],
                why: $crate::or_empty!($($why)?),
                todo: $crate::or_empty!($($todo)?),
            }),*],
        };
        $(
            #[doc = concat!("`", $text, "`")]
            $vis fn $name($($hole: $type),*) -> $crate::kind!($level) {
                $crate::made!($level, move |f: &mut ::std::fmt::Formatter<'_>| write!(f, $text))
            }
        )*
    };
}

/// The level of an entry; a reason has none of its own.
#[doc(hidden)]
#[macro_export]
macro_rules! level {
    (error) => {
        Some($crate::Level::Error)
    };
    (warn) => {
        Some($crate::Level::Warn)
    };
    (info) => {
        Some($crate::Level::Info)
    };
    (debug) => {
        Some($crate::Level::Debug)
    };
    (reason) => {
        None
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! kind {
    (reason) => { $crate::Reason<impl Fn(&mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result> };
    ($level:ident) => { $crate::Line<impl Fn(&mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result> };
}

#[doc(hidden)]
#[macro_export]
macro_rules! made {
    (reason, $write:expr) => {
        $crate::Reason::new($write)
    };
    (error, $write:expr) => {
        $crate::Line::new($crate::Level::Error, $write)
    };
    (warn, $write:expr) => {
        $crate::Line::new($crate::Level::Warn, $write)
    };
    (info, $write:expr) => {
        $crate::Line::new($crate::Level::Info, $write)
    };
    (debug, $write:expr) => {
        $crate::Line::new($crate::Level::Debug, $write)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! or_empty {
    () => {
        ""
    };
    ($text:expr) => {
        $text
    };
}
