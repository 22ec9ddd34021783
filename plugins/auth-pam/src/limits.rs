//! How many workers this machine lets the plugin have: half of what the control group may hold in processes, so that
//! OpenVPN can still fork its scripts, and never more than 64 unless the administrator says so.

use std::path::{Path, PathBuf};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// The most workers without `max-workers`.
pub const DEFAULT_MAX_WORKERS: usize = 64;

/// The default for `max-workers`.
pub fn default_max_workers() -> usize {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    match pids_max(&groups, &read) {
        Some(most) => usize::try_from(most / 2).unwrap_or(usize::MAX).clamp(1, DEFAULT_MAX_WORKERS),
        None => DEFAULT_MAX_WORKERS,
    }
}

/// The smallest `pids.max` on the way from this process's control group up to the root (cgroups(7); version 2, version
/// 1, and both at once).
fn pids_max(groups: &str, read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
    groups
        .lines()
        .filter_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (_number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
            Some((controllers, path.trim_start_matches('/')))
        })
        .flat_map(|(controllers, path)| {
            let roots: &[&str] = match controllers {
                "" => &["/sys/fs/cgroup", "/sys/fs/cgroup/unified"],
                list if list.split(',').any(|name| name == "pids") => &["/sys/fs/cgroup/pids"],
                _ => &[],
            };
            roots.iter().flat_map(move |root| {
                let group = PathBuf::from(root).join(path);
                group
                    .ancestors()
                    .take_while(|group| group.starts_with(root))
                    .map(|group| group.join("pids.max"))
                    .collect::<Vec<_>>()
            })
        })
        .filter_map(|file| read(&file)?.trim().parse().ok())
        .min()
}

/// Raises the limit on open files as far as it may go; gives back what it was, for the workers: PAM modules may use
/// select(2), which cannot handle numbers above 1023. And how many there may be now.
pub fn raise_open_files() -> ((u64, u64), usize) {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return ((1024, 1024), 1024) };
    let now = if setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft };
    ((soft, hard), usize::try_from(now).unwrap_or(usize::MAX))
}

/// Sets the limit on open files back.
pub fn restore_open_files((soft, hard): (u64, u64)) {
    let _ = setrlimit(Resource::RLIMIT_NOFILE, soft, hard);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(files: &'static [(&'static str, &'static str)]) -> impl Fn(&Path) -> Option<String> {
        move |path| {
            files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).to_string())
        }
    }

    #[test]
    fn version_2_takes_the_smallest_on_the_way_up() {
        let read = with(&[
            ("/sys/fs/cgroup/system.slice/openvpn.service/pids.max", "max\n"),
            ("/sys/fs/cgroup/system.slice/pids.max", "20\n"),
            ("/sys/fs/cgroup/pids.max", "1000\n"),
        ]);
        assert_eq!(pids_max("0::/system.slice/openvpn.service\n", &read), Some(20));
    }

    #[test]
    fn version_1_is_found_among_other_controllers() {
        let read = with(&[("/sys/fs/cgroup/pids/system.slice/pids.max", "30\n")]);
        assert_eq!(pids_max("9:name=systemd:/x\n8:pids:/system.slice\n7:cpu:/\n0::/\n", &read), Some(30));
    }

    #[test]
    fn no_limit_is_none() {
        assert_eq!(pids_max("0::/\n", &with(&[("/sys/fs/cgroup/pids.max", "max\n")])), None);
        assert_eq!(pids_max("", &with(&[])), None);
        assert_eq!(pids_max("rubbish\n1:2\n", &with(&[])), None);
    }

    #[test]
    fn the_default_is_never_zero_and_never_above_64() {
        assert!((1..=DEFAULT_MAX_WORKERS).contains(&default_max_workers()));
    }
}
