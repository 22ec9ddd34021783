//! Lines of a plugin's log, each declared once with its level, its text, and what it means: [`lines!`].
//!
//! The plugin logs a line by calling the function that its declaration makes. The command `ovpn-plugin` finds the line
//! again in a log by the same text ([`explain()`]). So a line that is reworded keeps its explanation.
//!
//! What explains a line is in tables that only the command refers to. The linker leaves them out of the plugins.

mod declared;
mod find_declaration;
mod line;
mod pattern;
mod reference;

pub use declared::{Declared, Filled, LineKind, Section};
pub use find_declaration::{explain, find};
pub use line::{Line, Reason, Record, UnloggedLine};
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
/// `{reason}`, which is what the explanation looks into. A `record` is a line of the system log; its function gives a
/// [`Record`].
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
                kind: $crate::kind_of!($level),
                text: $text,
                holes: &[$((stringify!($hole), stringify!($type))),*],
                why: $crate::or_empty!($($why)?),
                todo: $crate::or_empty!($($todo)?),
            }),*],
        };
        $(
            #[doc = concat!("`", $text, "`")]
            $vis fn $name($($hole: $type),*) -> $crate::made_of!($level) {
                $crate::made!($level, move |f: &mut ::std::fmt::Formatter<'_>| write!(f, $text))
            }
        )*
    };
}

/// The kind of an entry, by the word that it begins with.
#[doc(hidden)]
#[macro_export]
macro_rules! kind_of {
    (error) => {
        $crate::LineKind::Line($crate::Level::Error)
    };
    (warn) => {
        $crate::LineKind::Line($crate::Level::Warn)
    };
    (info) => {
        $crate::LineKind::Line($crate::Level::Info)
    };
    (debug) => {
        $crate::LineKind::Line($crate::Level::Debug)
    };
    (reason) => {
        $crate::LineKind::Reason
    };
    (record) => {
        $crate::LineKind::Record
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! made_of {
    (record) => { $crate::Record<impl Fn(&mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result> };
    (reason) => { $crate::Reason<impl Fn(&mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result> };
    ($level:ident) => { $crate::Line<impl Fn(&mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result> };
}

#[doc(hidden)]
#[macro_export]
macro_rules! made {
    (record, $write:expr) => {
        $crate::Record::new($write)
    };
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
