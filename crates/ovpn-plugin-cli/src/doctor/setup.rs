//! A server's set-up as it was read: what the checks judge. Nothing here looks at the machine.

use std::path::{Path, PathBuf};

use openvpn_config::{OpenvpnConfig, Place};
use ovpn_plugin_host::LogLine;
use pam::{Fault, Phase, Stack};
use privsep::path_permissions::Problem;

use super::auth_pam_line::AuthPamLine;
use super::systemd_unit::Unit;
use crate::known_options::auth_pam;

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    /// OpenVPN's configuration, as it was named.
    pub(crate) config: Option<PathBuf>,
    /// The lines that were understood, of the options that matter.
    pub(crate) options: Vec<GivenOption>,
    /// Those that OpenVPN does not take, and why.
    pub(crate) faults: Vec<(Option<Place>, String)>,
    pub(crate) settings: OpenvpnConfig,
    /// What is wrong with the directory for temporary files, and where it is set.
    pub(crate) tmp_dir: Option<String>,
    /// Names that this machine does not know, each with the option (`user`, `group`) that has it.
    pub(crate) unknown_names: Vec<(&'static str, String)>,
    pub(crate) openvpn: Openvpn,
    pub(crate) plugins: Vec<PluginLine>,
    pub(crate) unit: Option<Unit>,
}

/// An option of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GivenOption {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

/// The OpenVPN that reads the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Openvpn {
    pub(crate) version: Option<(u32, u32, u32)>,
    /// Where it looks for plugins with a bare name.
    pub(crate) plugin_directory: Option<PathBuf>,
}

/// Which plugin a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    AuthPam,
    DownRoot,
    /// OpenVPN's own.
    CAuthPam,
    CDownRoot,
    Other,
}

impl Kind {
    pub(crate) fn is_pam(self) -> bool {
        matches!(self, Self::AuthPam | Self::CAuthPam)
    }

    pub(crate) fn is_c(self) -> bool {
        matches!(self, Self::CAuthPam | Self::CDownRoot)
    }

    pub(crate) fn is_down_root(self) -> bool {
        matches!(self, Self::DownRoot | Self::CDownRoot)
    }
}

/// A `plugin` line.
#[derive(Debug)]
pub(crate) struct PluginLine {
    pub(crate) place: Place,
    /// As written.
    pub(crate) name: String,
    /// What OpenVPN passes on.
    pub(crate) words: Vec<Vec<u8>>,
    /// How many words it drops.
    pub(crate) dropped: usize,
    /// The file, as OpenVPN resolves the name.
    pub(crate) file: PathBuf,
    /// Another file of this name, in a directory where people expect plugins.
    pub(crate) also: Option<PathBuf>,
    pub(crate) kind: Kind,
    /// Why it cannot be loaded.
    pub(crate) load: Option<String>,
    /// It is a directory, a pipe or a device.
    pub(crate) is_no_file: bool,
    /// The line has the quotes of a word processor, which mean nothing to OpenVPN.
    pub(crate) typographic: bool,
    /// How others than root could change the file.
    pub(crate) problems: Vec<Problem>,
    /// For auth-pam.
    pub(crate) pam: Option<PamLine>,
    /// For down-root.
    pub(crate) scripts: Vec<Script>,
    /// What came of opening it, if that was tried.
    pub(crate) start: Option<Start>,
}

impl PluginLine {
    /// Whether OpenVPN resolves the name by its plugin directory.
    pub(crate) fn is_bare(&self) -> bool {
        !self.name.starts_with(['/', '.'])
    }
}

/// What a plugin said when it was opened.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) refused: bool,
    /// What became of the process that opened it, if that did not come to its end.
    pub(crate) died: Option<String>,
    pub(crate) log: Vec<LogLine>,
}

/// An auth-pam line and its PAM service.
#[derive(Debug, Default)]
pub(crate) struct PamLine {
    pub(crate) words: AuthPamLine,
    pub(crate) service: Option<Service>,
}

/// A PAM service.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    /// Where it is, or would have to be.
    pub(crate) file: PathBuf,
    pub(crate) other: Option<PathBuf>,
    /// What the service says, if there is one.
    pub(crate) stack: Option<Stack>,
    /// The phases this plugin line runs.
    pub(crate) phases: Vec<Phase>,
    /// Lines, by their position in the stack, whose module is missing or foreign.
    pub(crate) faults: Vec<(usize, Fault)>,
    /// Lines whose module does not load, and why.
    pub(crate) unloadable: Vec<(usize, String)>,
    /// How others than root could change it.
    pub(crate) problems: Vec<Problem>,
}

impl Service {
    /// The name of a line's module without directory and ending.
    pub(crate) fn module(line: &pam::ModuleLine) -> String {
        let name = line.module.file_stem().unwrap_or(line.module.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// The lines of a phase with the names of their modules.
    pub(crate) fn lines(&self, phase: Phase) -> impl Iterator<Item = (&pam::ModuleLine, String)> {
        let lines = self.stack.iter().flat_map(|stack| &stack.lines);
        lines.filter(move |line| line.phase == phase).map(|line| (line, Self::module(line)))
    }

    /// The same of all phases that are run.
    pub(crate) fn all_lines(&self) -> impl Iterator<Item = (&pam::ModuleLine, String)> {
        self.phases.iter().flat_map(|phase| self.lines(*phase))
    }
}

/// Whether a line gives its module this argument: `nullok`, or `secret=` and what follows.
pub(crate) fn argument<'a>(line: &'a pam::ModuleLine, name: &str) -> Option<&'a [u8]> {
    line.args.iter().find_map(|arg| arg.expose().strip_prefix(name.as_bytes()))
}

/// A script of down-root.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) path: PathBuf,
    pub(crate) state: ScriptState,
    pub(crate) problems: Vec<Problem>,
}

/// What is to be found there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ScriptState {
    Good,
    Missing,
    NotAFile,
    NotExecutable,
}

impl Setup {
    /// The last line with this option: that is the one that counts.
    pub(crate) fn option(&self, name: &str) -> Option<&GivenOption> {
        self.options.iter().rfind(|given| given.name == name)
    }

    /// The value of a variable for plugins, and where it is set.
    pub(crate) fn variable(&self, name: &str) -> Option<&GivenOption> {
        let sets = |given: &&GivenOption| {
            given.name == "setenv" && given.values.first().is_some_and(|first| first == name)
        };
        self.options.iter().rfind(sets)
    }

    /// The lines with auth-pam.
    pub(crate) fn pam_lines(&self) -> impl Iterator<Item = (&PluginLine, &PamLine)> {
        self.plugins.iter().filter_map(|line| Some((line, line.pam.as_ref()?)))
    }

    /// The same with their services.
    pub(crate) fn services(&self) -> impl Iterator<Item = (&PluginLine, &PamLine, &Service)> {
        self.pam_lines().filter_map(|(line, pam)| Some((line, pam, pam.service.as_ref()?)))
    }

    /// Whether the unit hides what is there.
    pub(crate) fn hides(&self, path: &Path) -> bool {
        self.unit.as_ref().is_some_and(|unit| {
            (unit.hides_homes() && is_in_a_home(path)) || (unit.private_tmp && is_in_tmp(path))
        })
    }

    /// Whether a plugin line lets its logins wait.
    pub(crate) fn defers(&self, line: &PluginLine) -> bool {
        let by_variable = self.variable("deferred_auth_pam").is_some();
        match (line.kind, line.pam.as_ref().and_then(|pam| pam.words.option(const { auth_pam("deferred") })))
        {
            (Kind::AuthPam, Some(word)) => word == "yes",
            (Kind::AuthPam | Kind::CAuthPam, _) => by_variable,
            _ => false,
        }
    }
}

/// Whether a path lies where a unit has directories of its own (`PrivateTmp`).
pub(crate) fn is_in_tmp(path: &Path) -> bool {
    ["/tmp", "/var/tmp"].iter().any(|tmp| path.starts_with(tmp) && path != Path::new(tmp))
}

/// Whether a path lies where units hide what there is (`ProtectHome`).
pub(crate) fn is_in_a_home(path: &Path) -> bool {
    ["/home", "/root", "/run/user"].iter().any(|home| path.starts_with(home))
}
