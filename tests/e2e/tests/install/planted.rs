//! The directories belong to somebody else, who plants links while root installs or removes: nothing outside of them is written,
//! changed or removed.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use harness::command;
use harness::scratch::Scratch;

use crate::installation::{Installation, run, said};

const NOBODY: u32 = 65534;
const SECRET: &str = "root's own\n";
/// Names that are installed into one directory or another.
const NAMES: [&str; 4] =
    ["openvpn", "ovpn-plugin", "openvpn-plugin-auth-pam.so", "openvpn-plugin-down-root.so"];

/// A directory of root's, with files of the names that are installed.
struct Victim(Scratch);

impl Victim {
    fn new() -> Self {
        let scratch = Scratch::new();
        for name in NAMES {
            scratch.write(name, SECRET, 0o600);
        }
        Self(scratch)
    }

    fn assert_whole(&self, when: &str) {
        let mut seen: Vec<_> = fs::read_dir(self.0.path()).expect("the directory").flatten().collect();
        seen.sort_by_key(fs::DirEntry::file_name);
        let names: Vec<String> =
            seen.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let mut wanted = NAMES;
        wanted.sort_unstable();
        assert_eq!(names, wanted, "{when}");
        for entry in seen {
            let data = entry.metadata().expect("stat");
            let file = entry.path();
            assert_eq!((data.mode() & 0o7777, data.uid()), (0o600, 0), "{when}: {}", file.display());
            assert_eq!(fs::read_to_string(&file).expect("read"), SECRET, "{when}: {}", file.display());
        }
    }
}

/// The directories that are there before, all of them nobody's.
fn of_nobody() -> Installation {
    let place = Installation::new(&["MANDIR=", "DOCDIR=", "COMPDIR="]);
    for directory in ["etc/pam.d", "usr/bin", "usr/lib/openvpn/plugins"] {
        fs::create_dir_all(place.scratch.join(directory)).expect("directories");
    }
    for directory in ["", "etc", "etc/pam.d", "usr", "usr/bin", "usr/lib", "usr/lib/openvpn"] {
        chown(place.scratch.join(directory), Some(NOBODY), Some(NOBODY)).expect("chown");
    }
    chown(place.plugin().with_file_name(""), Some(NOBODY), Some(NOBODY)).expect("chown");
    place
}

/// A step of nobody's, as a script for the shell: `$root` is where it is installed, `$victim` where links lead to, `$name` a file.
struct Move {
    says: &'static str,
    /// Before this tool runs for the first time with arguments that end so.
    tool: &'static str,
    argument: &'static str,
    script: &'static str,
}

const INSTALLING: [Move; 6] = [
    Move {
        says: "a link at the name something is written under",
        tool: "cp",
        argument: "/0644 ./openvpn",
        script: "cd $root/etc/pam.d; for name in .openvpn-plugins-rs.new.openvpn .openvpn-plugins-rs.new/openvpn; do ln -s $victim/openvpn $name; done",
    },
    Move {
        says: "the private directory exchanged for a link while files are written",
        tool: "cat",
        argument: "pam.d/openvpn",
        script: "cd $root/etc/pam.d; mv .openvpn-plugins-rs.new aside; ln -s $victim .openvpn-plugins-rs.new",
    },
    Move {
        says: "the private directory exchanged for a link before files get their names",
        tool: "mv",
        argument: "openvpn-plugin-auth-pam.so",
        script: "for directory in etc/pam.d usr/bin usr/lib/openvpn/plugins; do cd $root/$directory; mv .openvpn-plugins-rs.new aside; ln -s $victim .openvpn-plugins-rs.new; done",
    },
    Move {
        says: "a link to a directory at the name of a file",
        tool: "mv",
        argument: "openvpn-plugin-auth-pam.so",
        script: "ln -s $victim $root/etc/pam.d/openvpn; ln -s $victim $root/usr/bin/ovpn-plugin; for name in auth-pam down-root; do ln -s $victim $root/usr/lib/openvpn/plugins/openvpn-plugin-$name.so; done",
    },
    Move {
        says: "directories exchanged for links before files get their names",
        tool: "mv",
        argument: "openvpn-plugin-auth-pam.so",
        script: "for directory in etc/pam.d usr/bin usr/lib/openvpn/plugins; do mv $root/$directory $root/aside-${directory##*/}; ln -s $victim $root/$directory; done",
    },
    Move {
        says: "directories exchanged for links while the first file is written",
        tool: "cat",
        argument: "openvpn_plugin_auth_pam.so",
        script: "for directory in etc/pam.d usr/bin usr/lib/openvpn/plugins; do mv $root/$directory $root/aside-${directory##*/}; ln -s $victim $root/$directory; done",
    },
];

const REMOVING: [Move; 1] = [Move {
    says: "directories exchanged for links while files are removed",
    tool: "rm",
    argument: "openvpn-plugin-auth-pam.so",
    script: "for directory in etc/pam.d usr/bin usr/lib/openvpn/plugins; do mv $root/$directory $root/aside-${directory##*/}; ln -s $victim $root/$directory; done",
}];

/// Tools that let nobody make a move first, once, and say in a file that it was made.
fn tools(one: &Move, place: &Installation, victim: &Victim) -> Scratch {
    let tools = Scratch::new();
    let moves = format!(
        "root={}; victim={}; {}",
        place.scratch.path().display(),
        victim.0.path().display(),
        one.script
    );
    tools.write("move", &moves, 0o755);
    let script = format!(
        "#!/bin/sh\nhere=${{0%/*}}\ncase \"$*\" in *'{}') if [ ! -e $here/made ]; then touch $here/made; \
         setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups sh $here/move 2>/dev/null; fi ;; esac\n\
         exec /usr/bin/{} \"$@\"\n",
        one.argument, one.tool
    );
    tools.write(one.tool, &script, 0o755);
    tools
}

fn run_with(place: &Installation, target: &str, tools: &Path) -> String {
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    said(&run(place.command(target).env("PATH", path)))
}

#[test]
fn planted_links_lead_nowhere_when_installing() {
    for one in &INSTALLING {
        let (place, victim) = (of_nobody(), Victim::new());
        let tools = tools(one, &place, &victim);
        let all = run_with(&place, "install", tools.path());
        assert!(tools.join("made").exists(), "{}: it did not come so far: {all}", one.says);
        victim.assert_whole(&format!("{}: {all}", one.says));
    }
}

#[test]
fn planted_links_lead_nowhere_when_removing() {
    for one in &REMOVING {
        let (place, victim) = (of_nobody(), Victim::new());
        place.make("install");
        let tools = tools(one, &place, &victim);
        let all = run_with(&place, "uninstall", tools.path());
        assert!(tools.join("made").exists(), "{}: it did not come so far: {all}", one.says);
        victim.assert_whole(&format!("{}: {all}", one.says));
    }
}

/// Links in a directory that others may write to are not followed; those of root's own directories are.
#[test]
fn whose_links_are_followed() {
    let (place, victim) = (of_nobody(), Victim::new());
    let plugins = place.scratch.join("usr/lib/openvpn/plugins");
    fs::remove_dir(&plugins).expect("remove");
    std::os::unix::fs::symlink(victim.0.path(), &plugins).expect("link");
    for target in ["install", "uninstall"] {
        let output = run(place.command(target).arg("REPLACE=1"));
        let all = said(&output);
        assert!(!output.status.success(), "{all}");
        for word in ["plugins is a link, and others may write to", "choose another place"] {
            assert!(all.contains(word), "{word}: {all}");
        }
    }
    victim.assert_whole("a link that was there before");
    assert_eq!(
        place.files().iter().filter(|file| !file.contains("plugins/")).count(),
        0,
        "{:?}",
        place.files()
    );

    let (place, other) = (Installation::new(&["MANDIR=", "DOCDIR=", "COMPDIR="]), Scratch::new());
    std::os::unix::fs::symlink(other.path(), place.scratch.join("usr")).expect("link");
    place.make("install");
    assert!(other.join("lib/openvpn/plugins/openvpn-plugin-auth-pam.so").is_file());
    place.make("uninstall");
    assert!(!other.join("lib/openvpn/plugins").exists() && place.files().is_empty());
}

/// The processes of nobody's, which end with the test.
struct Racing(Vec<Child>);

impl Drop for Racing {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Nobody exchanges directories, names and temporary names for links as fast as it can, while root installs and removes.
#[test]
fn a_race_is_never_won() {
    let (place, victim) = (of_nobody(), Victim::new());
    let script = r#"cd "$root/$directory" && while :; do
        for name in .openvpn-plugins-rs.new.$file .openvpn-plugins-rs.new/$file $file .openvpn-plugins-rs.new; do
            ln -sfT "$victim/$file" "$name"; ln -sfT "$victim" "$name"
            mv -T .openvpn-plugins-rs.new aside; ln -sT "$victim" .openvpn-plugins-rs.new; rm -rf aside "$name"
        done
        mv "$root/$directory" "$root/aside-$file"; ln -sT "$victim" "$root/$directory"
        rm -f "$root/$directory"; mv "$root/aside-$file" "$root/$directory"
    done 2>/dev/null"#;
    let racing = [("etc/pam.d", NAMES[0]), ("usr/bin", NAMES[1]), ("usr/lib/openvpn/plugins", NAMES[2])];
    let racing = racing.map(|(directory, file)| {
        let mut command = Command::new("setpriv");
        command::away_from_make(&mut command);
        let nobody = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".into()];
        command.args(nobody).args(["--pdeathsig=KILL", "sh", "-c", script]);
        command.env("root", place.scratch.path()).env("victim", victim.0.path());
        command.env("directory", directory).env("file", file).stdout(Stdio::null());
        command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
    });
    let racing = Racing(racing.into());
    let mut installed = 0;
    for _ in 0..10 {
        for target in ["install", "uninstall"] {
            let output = run(place.command(target).arg("REPLACE=1"));
            installed += u32::from(said(&output).contains("installed "));
            victim.assert_whole(&said(&output));
        }
    }
    drop(racing);
    eprintln!("{installed} of 10 got as far as to install something");
}
