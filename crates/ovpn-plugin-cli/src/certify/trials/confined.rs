//! What OpenVPN does after its start: it becomes a daemon, enters a chroot, gives root up.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::unistd::{self, Gid, Uid, User};
use ovpn_plugin_host::{Life, OpenPlugin, sys};

use super::Subject;
use super::common::{live, live_seen, open_again, open_as, worse};
use crate::certify::logged;
use crate::certify::trial_process::TrialProcess;

/// Who OpenVPN becomes.
const NOBODY: &str = "nobody";

pub(super) fn daemon(process: &TrialProcess, subject: &Subject) {
    let Some(before) = usual(process, subject, "daemon") else { return };
    let Some(plugin) = open_as(process, &subject.of_daemon, "daemon") else { return };
    if plugin.init_point() > sys::PLUGIN_INIT_PRE_DAEMON {
        // It is opened later.
        return process.report.pass("daemon");
    }
    process.report.at("daemon(3)");
    // As OpenVPN: the directory and the standard descriptors stay.
    if let Err(error) = unistd::daemon(true, true) {
        return process.report.note("daemon", format!("daemon(3) fails: {error}"));
    }
    process.report.goes_on_here();
    let mut log = process.rest_of_log().ok();
    let life = live(process, subject, &plugin);
    end(process, "daemon", plugin, &before, life, log.as_mut());
}

/// OpenVPN gives root up after `UP`.
pub(super) fn confined(process: &TrialProcess, subject: &Subject) {
    // Temporary files have the same path in the chroot.
    if tempfile::env::override_temp_dir(&process.scratch).is_err() {
        return process.report.note("confined", "the directory for temporary files was set already");
    }
    let Some(before) = usual(process, subject, "confined") else { return };
    let Some(plugin) = open_again(process, subject, "confined") else { return };
    if plugin.init_point() == sys::PLUGIN_INIT_POST_UID_CHANGE {
        return process.report.note("confined", "it is opened after `user`, which is not tried here");
    }
    let (mut failed, mut is_root, mut log) = (None, true, None);
    let mut drop_root = || {
        process.report.at("chroot and setuid");
        log = process.rest_of_log().ok();
        failed = confine(&process.scratch).err();
    };
    let life = if plugin.wants(sys::PLUGIN_UP) {
        live_seen(process, subject, &plugin, &mut |event| {
            if event == sys::PLUGIN_UP && std::mem::take(&mut is_root) {
                drop_root();
            }
        })
    } else {
        drop_root();
        live(process, subject, &plugin)
    };
    if let Some(error) = failed {
        return process.report.note("confined", format!("cannot be tried: {error}"));
    }
    end(process, "confined", plugin, &before, life, log.as_mut());
}

/// A life before, to compare with.
fn usual(process: &TrialProcess, subject: &Subject, id: &str) -> Option<Life> {
    let plugin = open_again(process, subject, id)?;
    let life = live(process, subject, &plugin);
    process.report.at("close");
    drop(plugin);
    life.map_err(|error| process.report.note(id, error)).ok()
}

/// `log` stands where the change came: what the plugin has logged since then says what it misses.
fn end(
    process: &TrialProcess,
    id: &str,
    plugin: OpenPlugin,
    before: &Life,
    life: Result<Life, String>,
    log: Option<&mut File>,
) {
    match life {
        Ok(life) => {
            let what = worse(before, &life).map(|what| match log.and_then(logged::why) {
                Some(why) => format!("{what}; {why}"),
                None => format!("{what}, and logs nothing that says why"),
            });
            process.report.fail_if_any(id, what);
        }
        Err(error) => process.report.note(id, error),
    }
    process.report.at("close");
    drop(plugin);
}

/// Into a directory that has nothing but the one for temporary files, as nobody.
fn confine(scratch: &Path) -> std::io::Result<()> {
    let root = scratch.join("root");
    let inside = root.join(scratch.strip_prefix("/").unwrap_or(scratch));
    fs::create_dir_all(&inside)?;
    fs::set_permissions(&inside, Permissions::from_mode(0o1777))?;
    let nobody = User::from_name(NOBODY)?;
    let (user, group) = nobody.map_or((Uid::from_raw(65534), Gid::from_raw(65534)), |it| (it.uid, it.gid));
    // For the file of the plugin's log, which helpers outside may open again.
    fs::set_permissions(scratch, Permissions::from_mode(0o755))?;
    unistd::chroot(&root)?;
    unistd::chdir("/")?;
    unistd::setgroups(&[group])?;
    unistd::setgid(group)?;
    unistd::setuid(user)?;
    Ok(())
}
