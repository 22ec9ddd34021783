//! /etc/pam.d/openvpn belongs to no package: what is there stays, whatever is done with the packages; what they put there goes and
//! is replaced only if nobody changed it.

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::scratch::Scratch;
use packages::built::{deb, package, rpm};
use packages::clean_root::CleanRoot;
use packages::{project, run};

use crate::clean_debian::{install, login_test};

const SERVICE: &str = "/etc/pam.d/openvpn";
const DEFAULT: &str = "/usr/share/openvpn-plugins-rs/pam.d/openvpn";
const NEW_DEFAULT: &str = "# of the new version\nauth required pam_deny.so\n";
/// What a site that comes from the C plugin has, and how to see that PAM went by it.
const OWN: &str = "\
auth required pam_unix.so
account required pam_unix.so
account optional pam_exec.so /usr/bin/touch /run/own-service-was-used
";

/// How packages are installed and taken away.
trait Packages {
    fn install(&self);
    /// To a version that brings another default.
    fn upgrade(&self);
    /// All that can be taken away of it.
    fn purge(&self);
}

struct Debian<'r> {
    root: &'r CleanRoot,
    scratch: Scratch,
}

impl Packages for Debian<'_> {
    fn install(&self) {
        install(self.root, &[&package(deb(), "openvpn-plugins-rs")]);
        self.is_whole();
    }

    fn upgrade(&self) {
        install(self.root, &[&newer(&self.scratch)]);
        self.is_whole();
    }

    fn purge(&self) {
        self.root.run("apt-get -q purge --yes openvpn-plugins-rs");
    }
}

impl Debian<'_> {
    fn is_whole(&self) {
        let status = self.root.run("dpkg-query -W -f '${db:Status-Abbrev}' openvpn-plugins-rs; dpkg --audit");
        assert_eq!(status.trim(), "ii");
    }
}

/// The package with another version and another default.
fn newer(scratch: &Scratch) -> PathBuf {
    let tree = scratch.join("tree");
    let [built, version] = ["-1", "-2"].map(|revision| format!("{}{revision}", env!("CARGO_PKG_VERSION")));
    run(Command::new("rm").arg("-rf").arg(&tree));
    run(Command::new("dpkg-deb").arg("-R").arg(package(deb(), "openvpn-plugins-rs")).arg(&tree));
    let control = tree.join("DEBIAN/control");
    let text = std::fs::read_to_string(&control).expect("control");
    std::fs::write(&control, text.replace(&format!("Version: {built}\n"), &format!("Version: {version}\n")))
        .expect("write");
    std::fs::write(tree.join(DEFAULT.trim_start_matches('/')), NEW_DEFAULT).expect("write");
    let to = scratch.join(&format!("openvpn-plugins-rs_{version}_amd64.deb"));
    run(Command::new("dpkg-deb").arg("-b").arg(&tree).arg(&to));
    to
}

/// A real rpm, with the scripts it runs; a database of its own, which knows nothing of Debian's packages.
struct Rpm<'r> {
    root: &'r CleanRoot,
    file: String,
}

impl<'r> Rpm<'r> {
    fn new(root: &'r CleanRoot) -> Self {
        root.run("apt-get -q install --yes --no-install-recommends openvpn rpm");
        Self { root, file: root.add(&package(rpm(), "openvpn-plugins-rs")) }
    }
}

impl Packages for Rpm<'_> {
    fn install(&self) {
        self.root.run(&format!("rpm --install --nodeps {}", self.file));
    }

    /// There is one version only: its script is run again, as after an upgrade, with another default.
    fn upgrade(&self) {
        self.root.run(&format!("printf '{}' > {DEFAULT}", NEW_DEFAULT.replace('\n', "\\n")));
        let scripts = self.root.run("rpm --query --queryformat '%{POSTIN}' openvpn-plugins-rs");
        self.root.run(&format!("set -- 2\n{scripts}"));
        let before = self.root.run("rpm --query --queryformat '%{PREUN}' openvpn-plugins-rs");
        self.root.run(&format!("set -- 1\n{before}"));
    }

    fn purge(&self) {
        self.root.run("rpm --erase --nodeps openvpn-plugins-rs");
    }
}

/// What the package files of Arch and Alpine have run, where their own tools are not.
struct Scripts<'r> {
    root: &'r CleanRoot,
    /// Each a line for the shell: after an installation, after an upgrade, before a removal.
    run: [String; 3],
}

impl<'r> Scripts<'r> {
    fn new(root: &'r CleanRoot, run: [String; 3]) -> Self {
        root.run("mkdir -p /usr/share/openvpn-plugins-rs/pam.d");
        let helper = root.add(&project().join("packaging/service-file"));
        root.run(&format!("cp -p {helper} /usr/share/openvpn-plugins-rs/"));
        Self { root, run }
    }

    fn of_arch(root: &'r CleanRoot) -> Self {
        let file = root.add(&project().join("packaging/arch/openvpn-plugins-rs.install"));
        Self::new(
            root,
            ["post_install", "post_upgrade", "pre_remove"].map(|name| format!(". {file}; {name}")),
        )
    }

    fn of_alpine(root: &'r CleanRoot) -> Self {
        let scripts = ["post-install", "post-upgrade", "pre-deinstall"];
        let place = project().join("packaging/alpine");
        Self::new(root, scripts.map(|name| root.add(&place.join(format!("openvpn-plugins-rs.{name}")))))
    }
}

impl Packages for Scripts<'_> {
    fn install(&self) {
        let default = self.root.add(&project().join("pam.d/openvpn"));
        self.root.run(&format!("cp {default} {DEFAULT}; {}", self.run[0]));
    }

    fn upgrade(&self) {
        self.root.run(&format!("printf '{}' > {DEFAULT}; {}", NEW_DEFAULT.replace('\n', "\\n"), self.run[1]));
    }

    fn purge(&self) {
        self.root.run(&self.run[2]);
    }
}

fn content(root: &CleanRoot) -> String {
    root.run(&format!("cat {SERVICE}"))
}

/// Contents, mode, owner, time and inode: it is not even written anew.
fn identity(root: &CleanRoot) -> String {
    root.run(&format!("stat -c '%F %A %U:%G %Y %Z %i' {SERVICE}; cat {SERVICE} 2>&1 || :"))
}

fn nothing_is_left(root: &CleanRoot) {
    root.run("! test -e /var/lib/openvpn-plugins-rs -o -e /etc/pam.d/openvpn.new");
    let left = root.run("find /etc/pam.d -name '*openvpn*' ! -name openvpn");
    assert_eq!(left, "");
}

fn write(root: &CleanRoot, text: &str) {
    root.run(&format!("cat > {SERVICE} <<'END'\n{text}END"));
}

/// A file, a file of the same contents as the default, and a link that leads nowhere.
fn what_is_there_stays(root: &CleanRoot, packages: &dyn Packages) {
    let same = std::fs::read_to_string(project().join("pam.d/openvpn")).expect("the default");
    for own in [Some(OWN), Some(&same[..]), None] {
        match own {
            Some(text) => write(root, text),
            None => {
                root.run(&format!("ln -sf /nowhere {SERVICE}"));
            }
        }
        root.run(&format!("chown -h root:mail {SERVICE}; test -h {SERVICE} || chmod 640 {SERVICE}"));
        let before = identity(root);
        packages.install();
        assert_eq!(identity(root), before, "installed");
        packages.upgrade();
        assert_eq!(identity(root), before, "upgraded");
        packages.purge();
        assert_eq!(identity(root), before, "purged");
        nothing_is_left(root);
    }
    root.run(&format!("rm {SERVICE}"));
}

fn what_was_installed_goes_unless_it_was_changed(root: &CleanRoot, packages: &dyn Packages) {
    let default = std::fs::read_to_string(project().join("pam.d/openvpn")).expect("the default");
    packages.install();
    assert_eq!(content(root), default);
    assert_eq!(root.run(&format!("stat -c '%A %U:%G' {SERVICE}")), "-rw-r--r-- root:root\n");
    packages.upgrade();
    assert_eq!(content(root), NEW_DEFAULT);
    packages.purge();
    root.run(&format!("! test -e {SERVICE}"));
    nothing_is_left(root);

    packages.install();
    root.run(&format!("echo '# changed' >> {SERVICE}"));
    let changed = identity(root);
    packages.upgrade();
    assert_eq!(identity(root), changed);
    packages.purge();
    assert_eq!(identity(root), changed);
    nothing_is_left(root);
    root.run(&format!("rm {SERVICE}"));

    // What the administrator removed does not come back by itself, but with a new installation.
    packages.install();
    root.run(&format!("rm {SERVICE}"));
    packages.upgrade();
    root.run(&format!("! test -e {SERVICE}"));
    packages.purge();
    packages.install();
    assert_eq!(content(root), default);
    packages.purge();
    root.run(&format!("! test -e {SERVICE}"));
}

/// As an administrator would do it: the C plugin works, then ours, then the C plugin again, with the same PAM file.
fn from_c_and_back(root: &CleanRoot, debian: &Debian<'_>) {
    root.run("apt-get -q install --yes --no-install-recommends openvpn");
    write(root, OWN);
    let before = identity(root);
    let ours = root.add(&login_test());
    let c_plugin = root.run("dpkg -L openvpn | grep -m 1 /openvpn-plugin-auth-pam.so");
    let directory = Path::new(c_plugin.trim()).parent().expect("a directory").display().to_string();
    let c = format!(
        "sed 's/deferred=yes openvpn/openvpn/' {ours} > /tmp/c; chmod 755 /tmp/c; PLUGINDIR={directory} /tmp/c"
    );
    let logs_in = |script: &str| {
        root.run("rm -f /run/own-service-was-used");
        let said = root.run(script);
        assert!(said.contains("the right password gets in, a wrong one does not"), "{said}");
        root.run("test -e /run/own-service-was-used");
        assert_eq!(identity(root), before);
    };
    logs_in(&c);
    debian.install();
    logs_in(&ours);
    debian.upgrade();
    logs_in(&ours);
    root.run("apt-get -q remove --yes openvpn-plugins-rs");
    logs_in(&c);
    debian.purge();
    logs_in(&c);
    nothing_is_left(root);
    root.run(&format!("rm {SERVICE}"));
}

fn in_debian(release: &str) {
    let root = CleanRoot::of(release);
    let debian = Debian { root: &root, scratch: Scratch::new() };
    from_c_and_back(&root, &debian);
    what_is_there_stays(&root, &debian);
    what_was_installed_goes_unless_it_was_changed(&root, &debian);
    // Removed, not purged: what configures it stays, and counts when it is installed again.
    debian.install();
    root.run("apt-get -q remove --yes openvpn-plugins-rs");
    root.run(&format!("test -e {SERVICE}"));
    debian.upgrade();
    assert_eq!(content(&root), NEW_DEFAULT);
}

#[test]
fn in_debian_12() {
    in_debian("bookworm");
}

#[test]
#[ignore = "makes one more Debian root: `make test-packages` without QUICK=1"]
fn in_debian_13() {
    in_debian("trixie");
}

#[test]
#[ignore = "makes one more Debian root: `make test-packages` without QUICK=1"]
fn in_debian_unstable() {
    in_debian("sid");
}

#[test]
#[ignore = "one more build: `make test-packages` without QUICK=1"]
fn with_rpm() {
    let root = CleanRoot::new();
    let rpm = Rpm::new(&root);
    what_is_there_stays(&root, &rpm);
    what_was_installed_goes_unless_it_was_changed(&root, &rpm);
}

#[test]
fn with_the_scripts_of_arch_and_alpine() {
    let root = CleanRoot::new();
    for scripts in [Scripts::of_arch(&root), Scripts::of_alpine(&root)] {
        what_is_there_stays(&root, &scripts);
        what_was_installed_goes_unless_it_was_changed(&root, &scripts);
    }
}
