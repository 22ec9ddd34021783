//! What OpenVPN does after its start: it becomes a daemon, enters a chroot, gives root up.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::unistd::{self, Gid, Uid, User};
use ovpn_plugin_host::{Life, OpenPlugin, sys};

use super::Subject;
use super::common::{live, live_seen, open_again, open_as, worse};
use crate::certify::stage::Stage;

/// Who OpenVPN becomes.
const NOBODY: &str = "nobody";

pub(super) fn daemon(stage: &Stage, subject: &Subject) {
    let Some(before) = usual(stage, subject, "daemon") else { return };
    let Some(plugin) = open_as(stage, &subject.of_daemon, "daemon") else { return };
    if plugin.init_point() > sys::PLUGIN_INIT_PRE_DAEMON {
        // It is opened later.
        return stage.report.pass("daemon");
    }
    stage.report.at("daemon(3)");
    // As OpenVPN: the directory and the standard descriptors stay.
    if let Err(error) = unistd::daemon(true, true) {
        return stage.report.note("daemon", format!("daemon(3) fails: {error}"));
    }
    stage.report.goes_on_here();
    let life = live(stage, subject, &plugin);
    end(stage, "daemon", plugin, &before, life);
}

/// OpenVPN gives root up after `UP`.
pub(super) fn confined(stage: &Stage, subject: &Subject) {
    // Temporary files have the same path in the chroot.
    if tempfile::env::override_temp_dir(&stage.scratch).is_err() {
        return stage.report.note("confined", "the directory for temporary files was set already");
    }
    let Some(before) = usual(stage, subject, "confined") else { return };
    let Some(plugin) = open_again(stage, subject, "confined") else { return };
    if plugin.init_point() == sys::PLUGIN_INIT_POST_UID_CHANGE {
        return stage.report.note("confined", "it is opened after `user`, which is not tried here");
    }
    let (mut failed, mut is_root) = (None, true);
    let mut drop_root = || {
        stage.report.at("chroot and setuid");
        failed = confine(&stage.scratch).err();
    };
    let life = if plugin.wants(sys::PLUGIN_UP) {
        live_seen(stage, subject, &plugin, &mut |event| {
            if event == sys::PLUGIN_UP && std::mem::take(&mut is_root) {
                drop_root();
            }
        })
    } else {
        drop_root();
        live(stage, subject, &plugin)
    };
    if let Some(error) = failed {
        return stage.report.note("confined", format!("cannot be tried: {error}"));
    }
    end(stage, "confined", plugin, &before, life);
}

/// A life before, to compare with.
fn usual(stage: &Stage, subject: &Subject, id: &str) -> Option<Life> {
    let plugin = open_again(stage, subject, id)?;
    let life = live(stage, subject, &plugin);
    stage.report.at("close");
    drop(plugin);
    life.map_err(|error| stage.report.note(id, error)).ok()
}

fn end(stage: &Stage, id: &str, plugin: OpenPlugin, before: &Life, life: Result<Life, String>) {
    match life {
        Ok(life) => stage.report.fail_if_any(id, worse(before, &life)),
        Err(error) => stage.report.note(id, error),
    }
    stage.report.at("close");
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
