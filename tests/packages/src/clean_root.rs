//! A Debian that has nothing but itself, to install packages in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use harness::PATIENCE;
use harness::child_process::ChildProcess;
use harness::log::{LogPipe, Mark};
use harness::scratch::Scratch;
use nix::sys::signal::Signal;

use crate::{kept, output, run, said};

const LIMIT: Duration = Duration::from_secs(300);
/// What the login test needs besides the packages.
const TOOLS: &str = "--include=iproute2,openssl";

/// A root of its own, in namespaces of its own. When it is dropped, or the test dies, the kernel ends all that runs in it and takes
/// the mounts away.
#[derive(Debug)]
pub struct CleanRoot {
    running: ChildProcess,
    root: PathBuf,
    _pipe: LogPipe,
    _scratch: Scratch,
}

/// A root that only lives in memory, above the one that is kept.
const SETUP: &str = r#"
    set -e
    base=$1 place=$2
    mount -t tmpfs -o mode=755 tmpfs "$place"
    mkdir "$place/changes" "$place/work" "$place/root"
    mount -t overlay overlay -o "lowerdir=$base,upperdir=$place/changes,workdir=$place/work" "$place/root"
    cd "$place/root"
    mount -t proc proc proc
    mount --rbind /dev dev
    mount -t tmpfs -o mode=1777 tmpfs tmp
    cp /etc/resolv.conf etc/resolv.conf
    apt-config dump | grep '^Acquire::[a-z]*::Proxy' > etc/apt/apt.conf.d/90proxy || :
    # A mirror of unstable may be behind.
    echo 'Acquire::Check-Valid-Until "false";' > etc/apt/apt.conf.d/90behind
    printf '#!/bin/sh\nexit 101\n' > usr/sbin/policy-rc.d
    chmod 755 usr/sbin/policy-rc.d
    echo the root is ready
    exec sleep infinity
"#;

impl CleanRoot {
    /// A root of Debian 12 with the package lists of today.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self::of("bookworm")
    }

    /// The same of another release.
    pub fn of(release: &str) -> Self {
        harness::command::require_root();
        let (base, scratch) = (base(release), Scratch::new());
        let pipe = LogPipe::new(&scratch.join("log"));
        let place = scratch.directory("place", 0o755);
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig=KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]);
        command.args(["bash", "-c", SETUP, "root"]).arg(&base).arg(&place);
        let running = ChildProcess::spawn(&mut command, &pipe);
        pipe.log().wait_for(Mark::START, "the root is ready", PATIENCE);
        let this = Self { running, root: place.join("root"), _pipe: pipe, _scratch: scratch };
        this.run("apt-get -q update");
        this
    }

    /// Runs a shell script in it, which must succeed within five minutes, and returns what it printed.
    pub fn run(&self, script: &str) -> String {
        self.run_within(LIMIT, script)
    }

    /// As [`CleanRoot::run`], for what may take longer: a compiler, say.
    pub fn run_within(&self, limit: Duration, script: &str) -> String {
        let output = self.output(script, limit);
        let said = said(&output);
        assert!(output.status.success(), "{script} ({}):\n{said}", output.status);
        said
    }

    /// As [`CleanRoot::run`], but a failure is left to the caller.
    pub fn try_run(&self, script: &str) -> Output {
        self.output(script, LIMIT)
    }

    fn output(&self, script: &str, limit: Duration) -> Output {
        let mut command = self.entered();
        command.arg("chroot").arg(&self.root);
        command.args(["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root"]);
        command.args([
            "DEBIAN_FRONTEND=noninteractive",
            "timeout",
            "--kill-after=5",
            &limit.as_secs().to_string(),
            "sh",
            "-ec",
            script,
        ]);
        output(&mut command)
    }

    /// Copies a file into its /tmp and returns the path there.
    pub fn add(&self, file: &Path) -> String {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let script = r#"cat > "$0"; chmod 755 "$0""#;
        let mut command = self.entered();
        command.args(["sh", "-c", script]).arg(self.root.join("tmp").join(&name));
        let from = fs::File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let status = command.stdin(from).status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(status.success(), "{command:?}: {status}");
        format!("/tmp/{name}")
    }

    /// Every file, directory and link with mode, owner and content, but what apt and dpkg note down for themselves.
    pub fn snapshot(&self) -> Vec<String> {
        let script = r"find / -xdev ! -path '/var/lib/dpkg/*' ! -path '/var/lib/apt/*' ! -path '/var/cache/*' ! -path '/var/log/*' \
            ! -path '/tmp/*' ! -path '/etc/ld.so.cache' ! -type d -printf '%p %M %u:%g %s %l\n'; \
            find / -xdev -type d ! -path '/var/lib/dpkg/*' ! -path '/var/cache/*' -printf '%p %M %u:%g\n'";
        let mut lines: Vec<String> = self.run(script).lines().map(String::from).collect();
        lines.sort();
        lines
    }

    /// A command that runs what is added to it in the namespaces.
    fn entered(&self) -> Command {
        let own = format!("/proc/{}/ns", self.running.pid());
        let mut command = Command::new("nsenter");
        command.args([&format!("--mount={own}/mnt"), &format!("--pid={own}/pid_for_children")]);
        command
    }
}

impl Drop for CleanRoot {
    fn drop(&mut self) {
        // unshare takes no notice of SIGTERM; with it goes all that runs in its namespaces.
        self.running.signal(Signal::SIGKILL);
    }
}

/// The root as debootstrap makes it; kept in the build directory. One test at a time makes one.
fn base(release: &str) -> PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    let _one = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let base = kept().join(format!("debian-{release}"));
    if !base.exists() {
        let new = base.with_extension("new");
        fs::create_dir_all(kept()).unwrap_or_else(|error| panic!("{}: {error}", kept().display()));
        debootstrap(release, &new);
        fs::rename(&new, &base).unwrap_or_else(|error| panic!("{}: {error}", base.display()));
    }
    let mode = base.metadata().map(|data| data.permissions().mode() & 0o777);
    assert!(matches!(mode, Ok(0o755)), "{}: {mode:?}", base.display());
    base
}

/// Makes a minimal Debian of this release with the tools for a login in `place`; what is there is removed first.
pub fn debootstrap(release: &str, place: &Path) {
    run(Command::new("rm").args(["-rf", "--one-file-system"]).arg(place));
    run(Command::new("debootstrap").args(["--variant=minbase", TOOLS, release]).arg(place).arg(mirror()));
}

/// Where this machine itself has Debian's packages from, unless `DEBIAN_MIRROR` says another place.
fn mirror() -> String {
    if let Ok(url) = std::env::var("DEBIAN_MIRROR") {
        return url;
    }
    let mut command = Command::new("apt-get");
    command.args(["indextargets", "--format", "$(REPO_URI)"]);
    command.args(["Created-By: Packages", "Origin: Debian", "Label: Debian", "Component: main"]);
    let said = run(&mut command);
    let found = said.lines().next().map(String::from);
    found.unwrap_or_else(|| panic!("apt has no archive of Debian here: apt-get update, or DEBIAN_MIRROR=URL"))
}
