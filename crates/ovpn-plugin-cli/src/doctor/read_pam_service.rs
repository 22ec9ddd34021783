//! Reads the PAM service of an auth-pam line, and looks for its modules.

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use pam::{Content, Modules, Phase, Stack};
use privsep::path_permissions::{Problem, RootsGroup, Sticky, Walk};
use secret::reading::at_most;

use super::auth_pam_line::AuthPamLine;
use super::child;
use super::setup::Service;
use crate::known_options::{DeclaredOption, auth_pam};

/// The longest file that is looked into, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// The service that the words name, if they name one.
pub(crate) fn read(words: &AuthPamLine, directory: &Path) -> Option<Service> {
    let name = words.service.clone().filter(|name| !name.is_empty())?;
    let confdir = words.option(const { auth_pam("pam-confdir") }).map(|confdir| directory.join(confdir));
    let confdir = confdir.and_then(|confdir| CString::new(confdir.into_os_string().into_vec()).ok());
    let service = CString::new(name.as_bytes()).ok()?;
    let found = pam::service_file(&service, confdir.as_deref()).ok()?;
    let mut phases = vec![Phase::Auth, Phase::Account];
    let is_on = |option: DeclaredOption| words.option(option) == Some("yes");
    phases.extend(is_on(const { auth_pam("change-expired") }).then_some(Phase::Password));
    phases.extend(is_on(const { auth_pam("session") }).then_some(Phase::Session));
    let mut problems: Vec<Problem> = Vec::new();
    let mut read = |path: &Path| {
        let walked = Walk::along(path, Sticky::Allowed);
        for problem in walked.map(|walk| walk.problems).unwrap_or_default() {
            if !problem.is_tolerable(RootsGroup::IsTrusted) && !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        Ok::<_, Infallible>(content(path))
    };
    let stack = Stack::of(&service, confdir.as_deref(), &phases, &mut read).ok()?;
    let file = found.found().or_else(|| found.searched().first().map(PathBuf::as_path))?.to_path_buf();
    let modules = Modules::of_this_machine();
    let mut faults = Vec::new();
    let mut unloadable = Vec::new();
    for (at, line) in stack.iter().flat_map(|stack| stack.lines.iter().enumerate()) {
        match modules.fault(&line.module) {
            // PAM passes over what is dispensable.
            Some(fault) => faults.extend((!line.dispensable).then_some((at, fault))),
            None => unloadable.extend(modules.file(&line.module).and_then(|file| Some((at, load(&file)?)))),
        }
    }
    Some(Service {
        name,
        file,
        other: found.other().map(Path::to_path_buf),
        stack,
        phases,
        faults,
        unloadable,
        problems,
    })
}

/// Why a module cannot be loaded; nothing if it can.
fn load(file: &Path) -> Option<String> {
    let walk = Walk::along(file, Sticky::Allowed).ok()?;
    // Loading runs code of the file: not if it may be anybody's.
    if walk.problems.iter().any(|problem| !problem.is_tolerable(RootsGroup::IsTrusted)) {
        return None;
    }
    let said = child::ask(|| {
        ovpn_plugin_host::load(file, Some(Path::new("libpam.so.0")))
            .err()
            .map(|error| error.replace('\0', ""))
            .unwrap_or_default()
    });
    Some(said.unwrap_or_else(|died| died)).filter(|error| !error.is_empty())
}

fn content(path: &Path) -> Content {
    let open = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = match open {
        Ok(file) if file.metadata().is_ok_and(|status| status.is_file()) => file,
        // As libpam, which takes a directory for no file.
        Ok(_) => return Content::Missing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Content::Missing,
        Err(_) => return Content::Unknown,
    };
    match at_most(&file, MAX_BYTES + 1) {
        Ok(text) if text.len() <= MAX_BYTES => Content::Read(text),
        _ => Content::Unknown,
    }
}
