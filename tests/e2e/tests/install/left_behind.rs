//! What an installation that was killed leaves, and what an administrator did meanwhile.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use harness::PATIENCE;
use harness::proc_table::wait_until;
use harness::scratch::Scratch;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::installation::{Installation, read, run, said};

const CHANGED: &str = "# written by the administrator\n";
/// Where a file is until all are there.
const SERVICE: &str = "etc/pam.d/.openvpn-plugins-rs.new/openvpn";

/// The installed file of each name that is there.
fn assert_whole(place: &Installation, whole: &Installation) {
    for file in place.files().iter().filter(|file| !file.contains("/.")) {
        assert!(read(&place.scratch.join(file)) == read(&whole.scratch.join(file)), "{file} is half written");
    }
}

/// Begins an installation and kills all of it where `tool` gets an argument that ends with `argument`.
fn kill_at(place: &Installation, tool: &str, argument: &str) {
    let tools = Scratch::new();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *{argument}*) touch \"${{0%/*}}/reached\"; exec sleep infinity ;; esac\nexec /bin/{tool} \"$@\"\n"
    );
    tools.write(tool, &script, 0o755);
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap_or_default());
    let mut command = place.command("install");
    command.env("PATH", path).process_group(0).stdout(Stdio::null());
    let mut make = command.spawn().unwrap_or_else(|error| panic!("make: {error}"));
    let reached = wait_until(PATIENCE, || tools.join("reached").exists());
    let group = Pid::from_raw(i32::try_from(make.id()).expect("a pid"));
    let killed = killpg(group, Signal::SIGKILL);
    let status = make.wait();
    assert!(reached && killed.is_ok(), "it did not come as far as {tool} {argument}: {status:?}");
}

/// While files are written, and while they get their names: no name has half a file, the next installation is whole, and neither it
/// nor the removal leaves or destroys anything.
#[test]
fn a_killed_installation_is_made_good_by_the_next() {
    let whole = Installation::new(&[]);
    whole.make("install");
    for (tool, argument) in [("cat", "LICENSE-APACHE"), ("mv", "/ovpn-plugin")] {
        let place = Installation::new(&[]);
        kill_at(&place, tool, argument);
        assert!(place.files().contains(&SERVICE.to_string()), "{:?}", place.files());
        assert_whole(&place, &whole);

        fs::write(place.service(), CHANGED).expect("write");
        let said = place.make("install");
        assert!(said.contains("etc/pam.d/openvpn is there already and stays as it is"), "{said}");
        assert_eq!(read(&place.service()), CHANGED.as_bytes());
        assert_eq!(place.files(), whole.files());

        let other = Installation::new(&[]);
        kill_at(&other, tool, argument);
        other.make("uninstall");
        assert_eq!(other.files(), Vec::<String>::new());
        assert!(!other.scratch.join("usr/share/doc/openvpn-plugins-rs").exists());
    }
}

/// Written while the installation runs, after it has looked whether there is one.
#[test]
fn a_service_file_written_meanwhile_survives() {
    let (place, tools) = (Installation::new(&[]), Scratch::new());
    let script = format!(
        "#!/bin/sh\ncase $1 in *LICENSE-APACHE) printf '%s' '{CHANGED}' > '{}' ;; esac\nexec /bin/cat \"$@\"\n",
        place.service().display()
    );
    tools.write("cat", &script, 0o755);
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap_or_default());
    let output = run(place.command("install").env("PATH", path));
    assert!(output.status.success() && said(&output).contains("stays as it is"), "{}", said(&output));
    assert_eq!(read(&place.service()), CHANGED.as_bytes());
    assert!(!place.files().contains(&SERVICE.to_string()));
}

/// The name of a temporary file is known beforehand: a link there is not written through.
#[test]
fn a_link_at_a_temporary_name_is_not_followed() {
    let (place, other) = (Installation::new(&[]), Scratch::new());
    let target = other.write("target", CHANGED, 0o600);
    let directory = place.service().with_file_name("");
    fs::create_dir_all(&directory).expect("directory");
    for leads_to in [target.as_path(), other.path()] {
        symlink(leads_to, place.scratch.join("etc/pam.d/.openvpn-plugins-rs.new")).expect("link");
        place.make("install");
        fs::remove_file(place.service()).expect("the service");
    }
    assert_eq!(read(&target), CHANGED.as_bytes());
    place.make("install");
    assert!(!place.service().is_symlink() && !place.files().contains(&SERVICE.to_string()));
}

/// Only the file as it was installed is taken away: a link that leads nowhere or a pipe was put there by somebody.
#[test]
fn what_is_no_file_of_ours_stays() {
    let place = Installation::new(&[]);
    for made in ["ln -s /nowhere \"$0\"", "mkfifo \"$0\"", "ln -s \"$1\" \"$0\""] {
        let _ = fs::remove_file(place.service());
        place.make("install");
        fs::remove_file(place.service()).expect("remove");
        let same = crate::installation::project().join("pam.d/openvpn");
        let mut command = std::process::Command::new("sh");
        let status = command.args(["-c", made]).arg(place.service()).arg(same).status().expect("sh");
        assert!(status.success(), "{made}");
        let said = place.make("uninstall");
        assert!(said.contains("was changed and stays"), "{made}: {said}");
        assert!(place.service().symlink_metadata().is_ok(), "{made}");
    }
}
