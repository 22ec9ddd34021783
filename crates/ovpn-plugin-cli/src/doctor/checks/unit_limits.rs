//! What the unit hides and limits, against what the plugins need.

use std::path::{Path, PathBuf};

use crate::doctor::finding::Finding;
use crate::doctor::setup::{PamLine, PluginLine, Service, Setup, argument, is_in_a_home};
use crate::doctor::systemd_unit::Unit;
use crate::known_options::auth_pam;

/// Modules that read files in the user's home, unless an argument names another place.
const IN_HOMES: [(&str, &str); 3] =
    [("pam_google_authenticator", "secret="), ("pam_u2f", "authfile="), ("pam_ssh", "")];
/// Modules that write to the file this argument names.
const WRITERS: [(&str, &str); 2] = [("pam_google_authenticator", "secret="), ("pam_oath", "usersfile=")];
/// Processes of OpenVPN and of the plugin apart from workers.
const OTHER_PROCESSES: u64 = 5;

pub(super) fn check(setup: &Setup) -> Vec<Finding> {
    let homes = setup.plugins.iter().filter_map(|line| homes(setup, line));
    let Some(unit) = &setup.unit else { return homes.collect() };
    let own = [nproc(unit), other_user(unit), read_only(setup, unit)];
    let tasks = setup.services().filter_map(|(line, pam, service)| tasks(setup, unit, line, pam, service));
    homes.chain(own.into_iter().flatten()).chain(tasks).collect()
}

/// What a plugin line needs in a home directory: the first thing.
pub(crate) fn in_a_home(line: &PluginLine) -> Option<String> {
    if is_in_a_home(&line.file) {
        return Some(format!("the plugin {}", line.file.display()));
    }
    if let Some(script) = line.scripts.iter().find(|script| is_in_a_home(&script.path)) {
        return Some(format!("the script {}", script.path.display()));
    }
    let service = line.pam.as_ref()?.service.as_ref()?;
    let reader = service.all_lines().find(|(line, module)| {
        IN_HOMES.iter().any(|(known, elsewhere)| {
            let named = if elsewhere.is_empty() { None } else { argument(line, elsewhere) };
            module == known && named.is_none_or(|path| path.starts_with(b"~") || path.starts_with(b"${HOME}"))
        })
    });
    if let Some((_, module)) = reader {
        return Some(format!("what {module} keeps there for each user"));
    }
    let program =
        service.all_lines().filter(|(_, module)| module == "pam_exec").find_map(|(line, _)| program(line))?;
    is_in_a_home(&program).then(|| format!("the program {}", program.display()))
}

/// The program that a line of pam_exec runs.
fn program(line: &pam::ModuleLine) -> Option<PathBuf> {
    let arg = line.args.iter().find(|arg| arg.expose().starts_with(b"/"))?;
    Some(PathBuf::from(String::from_utf8_lossy(arg.expose()).into_owned()))
}

fn homes(setup: &Setup, line: &PluginLine) -> Option<Finding> {
    let what = in_a_home(line)?;
    match &setup.unit {
        Some(unit) if unit.hides_homes() => Some(
            Finding::error("protect-home", format!("the unit hides home directories, and so {what}"))
                .in_unit(&unit.name)
                .why(format!(
                    "The unit has ProtectHome={}, so the server does not see it, even if this command does. The plugin line is {}.",
                    unit.protect_home, line.place
                ))
                .todo("Move it below /etc/openvpn or /var/lib. Or add to the unit: ProtectHome=false (for pam_google_authenticator there is packaging/systemd/google-authenticator.conf)."),
        ),
        Some(_) => None,
        None => Some(
            Finding::note("home", format!("a unit may hide {what} from OpenVPN"))
                .at(&line.place)
                .why("It is in a home directory, and the units that come with OpenVPN have ProtectHome=true. The server then does not see it.")
                .todo("Check with the unit: ovpn-plugin doctor --unit NAME"),
        ),
    }
}

fn nproc(unit: &Unit) -> Option<Finding> {
    let (limit, user) = (unit.limit_nproc?, unit.user.as_ref()?);
    (limit < 64).then(|| {
        Finding::warning("limit-nproc", format!("LimitNPROC={limit} counts all processes of user {user}"))
            .in_unit(&unit.name)
            .why("Processes of other servers and logins of that user count as well. At the limit no login can be decided.")
            .todo("Add to the unit: LimitNPROC=infinity and TasksMax=140")
    })
}

fn other_user(unit: &Unit) -> Option<Finding> {
    let user = unit.user.as_ref()?;
    Some(
        Finding::warning("unit-user", format!("the unit starts OpenVPN as user {user}, not as root"))
            .in_unit(&unit.name)
            .why("PAM modules and scripts run as that user. pam_unix cannot check the passwords of others, and scripts do not run as root.")
            .todo("Remove User= from the unit, and write `user` and `group` into the configuration. OpenVPN then gives up root by itself."),
    )
}

fn read_only(setup: &Setup, unit: &Unit) -> Option<Finding> {
    let mut files =
        setup.services().flat_map(|(_, _, service)| service.all_lines()).filter_map(|(line, module)| {
            let (_, name) = WRITERS.iter().find(|(known, _)| *known == module)?;
            Some((line, module, String::from_utf8_lossy(argument(line, name)?).into_owned()))
        });
    let (line, module, file) = files.find(|(_, _, file)| unit.is_read_only(Path::new(file)))?;
    Some(
        Finding::error("read-only", format!("{module} cannot write to {file}"))
            .in_file(&line.file, line.number)
            .why(format!(
                "It records there which codes were used, and refuses the login if it cannot. The unit {} makes that directory read-only (ProtectSystem={}).",
                unit.name, unit.protect_system
            ))
            .todo("Move the file below /var/lib. Or add its directory to the unit: ReadWritePaths=DIRECTORY"),
    )
}

/// Half of what is allowed, and at most 7 less than it, as the plugin takes without `max-workers`.
fn default_workers(tasks: u64) -> u64 {
    (tasks / 2).min(tasks.saturating_sub(7)).max(1)
}

fn tasks(setup: &Setup, unit: &Unit, line: &PluginLine, pam: &PamLine, service: &Service) -> Option<Finding> {
    let tasks = unit.tasks_max?;
    if line.kind.is_c() {
        return (tasks < 64 && setup.defers(line)).then(|| {
            Finding::warning("tasks-max", format!("TasksMax={tasks} limits how many logins can run at once"))
                .in_unit(&unit.name)
                .why("OpenVPN's own plugin starts a process for each deferred login. If it cannot, the login fails.")
                .todo("Add to the unit: TasksMax=1000")
        });
    }
    let workers = pam.words.option(const { auth_pam("max-workers") }).and_then(|word| word.parse().ok());
    let workers: u64 = workers.unwrap_or_else(|| default_workers(tasks));
    let starts_programs = service.all_lines().any(|(_, module)| module == "pam_exec");
    let each = if starts_programs { 2 } else { 1 };
    let needed = OTHER_PROCESSES + workers * each;
    (needed > tasks).then(|| {
        let why = if starts_programs {
            format!("Each of {workers} logins may run a program (pam_exec). Together they may need {needed} processes.")
        } else {
            format!("{workers} logins at once (max-workers) may need {needed} processes.")
        };
        let fit = tasks.saturating_sub(OTHER_PROCESSES) / each;
        Finding::warning("tasks-max", format!("TasksMax={tasks} is too low for this plugin line"))
            .in_unit(&unit.name)
            .why(format!("{why} A login that cannot start one fails."))
            .todo(format!("Add to the unit: TasksMax=140. Or write max-workers={} in the plugin line.", fit.max(1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_workers_as_the_plugin_takes() {
        assert_eq!(default_workers(10), 3);
        assert_eq!(default_workers(20), 10);
        assert_eq!(default_workers(140), 70);
        assert_eq!(default_workers(1), 1);
    }
}
