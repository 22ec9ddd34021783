//! Locks of pam_faillock. Its code is that of a wrong password, and a plugin that does not pass its message on leaves nothing
//! to see.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::causes::Cause;
use crate::pam_service::Service;

const MODULE: &str = "pam_faillock.so";
const DIRECTORY: &str = "/var/run/faillock";
const CONFIGURATION: &str = "/etc/security/faillock.conf";
const DENY: usize = 3;
/// A failure in the tally: 52 bytes of its source, two that are reserved, two of flags, eight of time.
const RECORD_BYTES: usize = 64;
const FLAGS: usize = 54;
const VALID: u8 = 1;

/// Says so if as many failures of this user are counted as lock an account.
pub(crate) fn lock_of(service: &Service, user: &[u8]) -> Option<Cause> {
    // A name with a slash would be another file.
    if user.is_empty() || user.contains(&b'/') {
        return None;
    }
    let lines = service.auth_lines(MODULE);
    let args: Vec<&[u8]> = lines.flat_map(|line| &line.args).map(|arg| arg.expose()).collect();
    if args.is_empty() {
        return None;
    }
    let settings = Settings::of(&args);
    let failures = failures(&fs::read(settings.directory.join(OsStr::from_bytes(user))).ok()?);
    let name = String::from_utf8_lossy(user);
    let option = if settings.directory == Path::new(DIRECTORY) {
        String::new()
    } else {
        format!("--dir {} ", settings.directory.display())
    };
    (failures >= settings.deny).then(|| {
        Cause::new(
            format!(
                "pam_faillock has locked '{name}': it counted {failures} failed logins, and locks after {}. Until `unlock_time` is over it refuses even the right password.",
                settings.deny
            ),
            format!("To unlock the user, run `faillock {option}--user {name} --reset`. Without `--reset` it lists the failed logins."),
        )
    })
}

struct Settings {
    directory: PathBuf,
    deny: usize,
}

impl Settings {
    /// What stands in the line counts more than what the file says that it names.
    fn of(args: &[&[u8]]) -> Self {
        let named = args.iter().find_map(|arg| arg.strip_prefix(b"conf="));
        let file =
            fs::read(named.map_or(Path::new(CONFIGURATION), |path| Path::new(OsStr::from_bytes(path))));
        let file = file.unwrap_or_default();
        let value = |name: &[u8]| {
            let in_line = args.iter().find_map(|arg| arg.strip_prefix(name)?.strip_prefix(b"="));
            in_line.map(<[u8]>::to_vec).or_else(|| in_file(&file, name))
        };
        let deny = value(b"deny").and_then(|text| String::from_utf8(text).ok()?.parse().ok());
        Self {
            directory: value(b"dir").map_or_else(|| DIRECTORY.into(), |text| OsStr::from_bytes(&text).into()),
            deny: deny.unwrap_or(DENY),
        }
    }
}

/// `name = value`
fn in_file(file: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    file.split(|byte| *byte == b'\n').find_map(|line| {
        let value = line.trim_ascii().strip_prefix(name)?.trim_ascii_start().strip_prefix(b"=")?;
        Some(value.trim_ascii().to_vec())
    })
}

fn failures(tally: &[u8]) -> usize {
    let records = tally.chunks_exact(RECORD_BYTES);
    records.filter(|record| record.get(FLAGS).is_some_and(|flags| flags & VALID != 0)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_from_the_line_and_the_file() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("faillock.conf");
        fs::write(&file, "# dir = /x\n dir = /var/lib/locks\ndeny=5\n").unwrap();
        let conf = format!("conf={}", file.display()).into_bytes();
        let settings = Settings::of(&[b"preauth", &conf]);
        assert_eq!((settings.directory.as_path(), settings.deny), (Path::new("/var/lib/locks"), 5));
        let settings = Settings::of(&[&conf, b"deny=2", b"dir=/y"]);
        assert_eq!((settings.directory.as_path(), settings.deny), (Path::new("/y"), 2));
    }

    #[test]
    fn failures_that_were_reset_do_not_count() {
        let mut record = [0; RECORD_BYTES];
        record[FLAGS] = VALID;
        let tally = [record, [0; RECORD_BYTES], record].concat();
        assert_eq!(failures(&tally), 2);
        assert_eq!(failures(b"short"), 0);
    }
}
