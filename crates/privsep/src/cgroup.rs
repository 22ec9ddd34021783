//! Limits of the control groups this process is in.

use std::path::{Path, PathBuf};

/// The smallest value of a limit, such as `pids.max` of the controller `pids`; `None`: there is none.
pub fn smallest(controller: &str, file: &str) -> Option<u64> {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    smallest_in(&read(Path::new("/proc/self/cgroup"))?, controller, file, &read)
}

/// The smallest value of `file` on the way from this process's control group up to the root (cgroups(7); version 2,
/// version 1, and both at once).
pub fn smallest_in(
    groups: &str,
    controller: &str,
    file: &str,
    read: &dyn Fn(&Path) -> Option<String>,
) -> Option<u64> {
    groups
        .lines()
        .filter_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (_number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
            Some((controllers, path.trim_start_matches('/')))
        })
        .flat_map(|(controllers, path)| {
            let roots = match controllers {
                "" => vec![PathBuf::from("/sys/fs/cgroup"), PathBuf::from("/sys/fs/cgroup/unified")],
                list if list.split(',').any(|name| name == controller) => {
                    vec![Path::new("/sys/fs/cgroup").join(controller)]
                }
                _ => Vec::new(),
            };
            roots.into_iter().flat_map(move |root| {
                let group = root.join(path);
                let up = group.ancestors().take_while(|group| group.starts_with(&root));
                up.map(|group| group.join(file)).collect::<Vec<_>>()
            })
        })
        .filter_map(|file| read(&file)?.trim().parse().ok())
        .min()
}
