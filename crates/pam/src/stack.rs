//! The lines of some phases of a service as libpam puts them together, with what they include. Nothing is
//! loaded or run: an application can say at its start what would only show when somebody logs in.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use secret::Secret;

use crate::service_file::{ServiceNameError, is_single_file, search_path, service_file};

/// How deep files may include others.
const MAX_DEPTH: usize = 16;
/// How many files are looked at.
const MAX_FILES: usize = 64;

/// A phase of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Who it is.
    Auth,
    /// Whether he may.
    Account,
    /// That he chooses a new password.
    Password,
    /// What surrounds his stay.
    Session,
}

impl Phase {
    /// All of them: libpam loads their modules together.
    pub const ALL: [Self; 4] = [Self::Auth, Self::Account, Self::Password, Self::Session];

    /// The word that begins its lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Phase::Auth => "auth",
            Phase::Account => "account",
            Phase::Password => "password",
            Phase::Session => "session",
        }
    }

    fn from_word(word: &[u8]) -> Option<Self> {
        Phase::ALL.into_iter().find(|phase| phase.name().as_bytes().eq_ignore_ascii_case(word))
    }
}

/// One line with a module.
#[derive(Debug)]
pub struct ModuleLine {
    /// The phase.
    pub phase: Phase,
    /// The module as written: a path, or a name in libpam's own directory.
    pub module: PathBuf,
    /// `required`, `sufficient` and so on, or what stands in brackets.
    pub control: String,
    /// The module's arguments; secrets may stand there.
    pub args: Vec<Secret>,
    /// The file the line stands in.
    pub file: PathBuf,
    /// Which line of it, counted from 1.
    pub number: usize,
    /// Whether a login goes on without the module: an optional line, or a type with a `-` before it.
    pub dispensable: bool,
    /// The substacks that it stands in, the outermost first; each has a number of its own.
    pub substacks: Vec<usize>,
}

/// A file that is included but missing: PAM refuses every login then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFile {
    /// As written.
    pub name: PathBuf,
    /// The file that includes it.
    pub file: PathBuf,
    /// The line there.
    pub number: usize,
}

/// A line that PAM does not understand: it refuses every login then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// The file.
    pub file: PathBuf,
    /// The line there.
    pub number: usize,
    /// What is wrong.
    pub mistake: LineMistake,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineMistake {
    /// It begins with a word that names no phase.
    Phase(String),
    /// Its second word is none that PAM knows.
    Control(String),
    /// It has no module.
    NoModule,
}

/// What a file is found to be.
#[derive(Debug)]
pub enum Content {
    /// Its bytes. Arguments of modules may be secrets, such as the password for a database.
    Read(Secret),
    /// There is none.
    Missing,
    /// It cannot be told.
    Unknown,
}

/// The lines of a service.
#[derive(Debug, Default)]
pub struct Stack {
    /// Those with a module.
    pub lines: Vec<ModuleLine>,
    /// Files that are included but missing.
    pub missing: Vec<MissingFile>,
    /// Lines with mistakes.
    pub bad: Vec<BadLine>,
    /// Something could not be read, or there was too much of it.
    pub incomplete: bool,
}

impl Stack {
    /// Whether the phase has lines of its own. For a phase without any, libpam uses the lines of `other`.
    #[must_use]
    pub fn has(&self, phase: Phase) -> bool {
        self.lines.iter().any(|line| line.phase == phase)
    }

    /// Reads these phases of a service through `read`, which gets the path of each file; `None` if the service has none.
    ///
    /// # Errors
    /// The first one of `read`.
    pub fn of<E>(
        service: &CStr,
        confdir: Option<&CStr>,
        phases: &[Phase],
        read: impl FnMut(&Path) -> Result<Content, E>,
    ) -> Result<Option<Self>, StackError<E>> {
        let file = service_file(service, confdir).map_err(StackError::Name)?;
        let Some(found) = file.found() else { return Ok(None) };
        let directories = search_path(confdir);
        let mut reading = Reading {
            directories,
            phases,
            read,
            files: 0,
            substacks: Vec::new(),
            substack_count: 0,
            stack: Stack::default(),
        };
        let own = service.to_bytes().to_ascii_lowercase();
        let only = is_single_file(found).then_some(&own[..]);
        reading.file(found, None, only, 1).map_err(StackError::Read)?;
        Ok(Some(reading.stack))
    }
}

/// Why a stack is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackError<E> {
    /// The service cannot be one.
    Name(ServiceNameError),
    /// What reading a file came to.
    Read(E),
}

/// Where a line stands.
#[derive(Clone, Copy)]
struct At<'a> {
    path: &'a Path,
    number: usize,
}

struct Reading<'a, R> {
    directories: Vec<PathBuf>,
    phases: &'a [Phase],
    read: R,
    files: usize,
    /// Those it is in.
    substacks: Vec<usize>,
    /// How many there were.
    substack_count: usize,
    stack: Stack,
}

impl<E, R: FnMut(&Path) -> Result<Content, E>> Reading<'_, R> {
    /// Reads a file, for one phase or all; of the single file of all services only the lines of this one.
    fn file(
        &mut self,
        path: &Path,
        only: Option<Phase>,
        service: Option<&[u8]>,
        depth: usize,
    ) -> Result<bool, E> {
        self.files += 1;
        if depth > MAX_DEPTH || self.files > MAX_FILES {
            self.stack.incomplete = true;
            return Ok(true);
        }
        match (self.read)(path)? {
            Content::Missing => return Ok(false),
            Content::Unknown => self.stack.incomplete = true,
            Content::Read(text) => {
                for (number, line) in logical_lines(text.expose()) {
                    let mut words = &words(line.expose())[..];
                    if let Some(service) = service {
                        match words.split_first() {
                            Some((first, rest)) if first.expose().eq_ignore_ascii_case(service) => {
                                words = rest
                            }
                            _ => continue,
                        }
                    }
                    self.line(At { path, number }, words, only, depth)?;
                }
            }
        }
        Ok(true)
    }

    fn line(&mut self, at: At<'_>, words: &[Secret], only: Option<Phase>, depth: usize) -> Result<(), E> {
        let (kind, rest) = match words {
            [] => return Ok(()),
            [kind, rest @ ..] => (kind.expose(), rest),
        };
        // Debian's: lines of all phases.
        if kind.eq_ignore_ascii_case(b"@include") {
            return rest.first().map_or(Ok(()), |name| self.include(at, name.expose(), only, depth));
        }
        let silent = kind.starts_with(b"-");
        let phase = Phase::from_word(kind.strip_prefix(b"-").unwrap_or(kind));
        if phase.is_some_and(|phase| !self.phases.contains(&phase) || only.is_some_and(|only| only != phase))
        {
            return Ok(());
        }
        let (control, module, args) = match (phase, rest) {
            (None, _) => return self.bad(at, LineMistake::Phase(text_of(kind))),
            (_, [control, module, args @ ..]) => (control.expose(), module.expose(), args),
            (_, _) => return self.bad(at, LineMistake::NoModule),
        };
        if control.eq_ignore_ascii_case(b"include") {
            return self.include(at, module, phase, depth);
        }
        if control.eq_ignore_ascii_case(b"substack") {
            self.substack_count += 1;
            self.substacks.push(self.substack_count);
            let included = self.include(at, module, phase, depth);
            self.substacks.pop();
            return included;
        }
        if !is_control(control) {
            self.bad(at, LineMistake::Control(text_of(control)))?;
        }
        self.stack.lines.extend(phase.map(|phase| ModuleLine {
            phase,
            module: path_of(module),
            control: text_of(control),
            args: args.iter().map(|arg| Secret::copy_of(arg.expose())).collect(),
            file: at.path.to_path_buf(),
            number: at.number,
            dispensable: silent || is_optional(control),
            substacks: self.substacks.clone(),
        }));
        Ok(())
    }

    fn bad(&mut self, at: At<'_>, mistake: LineMistake) -> Result<(), E> {
        self.stack.bad.push(BadLine { file: at.path.to_path_buf(), number: at.number, mistake });
        Ok(())
    }

    fn include(&mut self, from: At<'_>, name: &[u8], only: Option<Phase>, depth: usize) -> Result<(), E> {
        let name = path_of(name);
        // An absolute path stays one.
        let candidates: Vec<PathBuf> = if name.is_absolute() {
            vec![name.clone()]
        } else {
            self.directories.iter().map(|directory| directory.join(&name)).collect()
        };
        for candidate in candidates {
            if self.file(&candidate, only, None, depth + 1)? {
                return Ok(());
            }
        }
        self.stack.missing.push(MissingFile { name, file: from.path.to_path_buf(), number: from.number });
        Ok(())
    }
}

/// Whether PAM knows this control word, or what stands in these brackets.
fn is_control(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [b"required", b"requisite", b"sufficient", b"optional"];
    const ACTIONS: [&[u8]; 6] = [b"ignore", b"ok", b"done", b"bad", b"die", b"reset"];
    let Some(settings) = word.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) else {
        return WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
    };
    let mut settings = settings.split(u8::is_ascii_whitespace).filter(|setting| !setting.is_empty());
    settings.all(|setting| {
        let mut parts = setting.splitn(2, |byte| *byte == b'=');
        let (value, action) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let known = value.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
        let number = !action.is_empty() && action.iter().all(u8::is_ascii_digit);
        known && !value.is_empty() && (number || ACTIONS.contains(&action))
    })
}

/// Whether a line with this control word is passed over if its module is missing.
fn is_optional(control: &[u8]) -> bool {
    let control = control.to_ascii_lowercase();
    let settings = || control.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'[' | b']'));
    let unknown = settings().find(|setting| setting.starts_with(b"module_unknown="));
    let decides = unknown.or_else(|| settings().find(|setting| setting.starts_with(b"default=")));
    control == b"optional"
        || (control.starts_with(b"[") && decides.is_none_or(|word| word.ends_with(b"=ignore")))
}

/// Lines without comments, each with its number; a backslash at the end of one continues it.
fn logical_lines(text: &[u8]) -> Vec<(usize, Secret)> {
    let mut lines = Vec::new();
    let mut first = 1;
    // Put together at the end: a vector that grows would leave what it held where it was.
    let mut line: Vec<&[u8]> = Vec::new();
    for (number, part) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if line.is_empty() {
            first = number;
        }
        let (part, comment) = match part.iter().position(|byte| *byte == b'#') {
            Some(at) => (&part[..at], true),
            None => (part, false),
        };
        match part.trim_ascii_end().strip_suffix(b"\\").filter(|_| !comment) {
            Some(begun) => line.extend([begun, b" "]),
            None => {
                line.push(part);
                lines.push((first, Secret::new(std::mem::take(&mut line).concat())));
            }
        }
    }
    lines.push((first, Secret::new(line.concat())));
    lines
}

/// Blanks separate; what begins with `[` ends with `]`.
fn words(line: &[u8]) -> Vec<Secret> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii();
    while let Some(first) = rest.first() {
        let end = if *first == b'[' {
            rest.iter().position(|byte| *byte == b']').map_or(rest.len(), |at| at + 1)
        } else {
            rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(end);
        words.push(Secret::copy_of(word));
        rest = after.trim_ascii_start();
    }
    words
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn path_of(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

#[cfg(test)]
#[path = "stack_tests.rs"]
mod tests;
