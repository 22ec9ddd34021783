//! In a clean Debian 12: installed with apt the plugins do their work, and after a purge nothing is left.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use packages::built::{deb, files, package, rpm, vendored_source};
use packages::clean_root::CleanRoot;
use packages::{project, run};

/// What the package's script makes, and remembers.
const SERVICE: [&str; 4] = [
    "/etc/pam.d/openvpn",
    "/var/lib/openvpn-plugins-rs",
    "/var/lib/openvpn-plugins-rs/pam.d",
    "/var/lib/openvpn-plugins-rs/pam.d/openvpn",
];

/// The test that the Debian package brings along: two plugin lines, a real server, real clients.
pub(crate) fn login_test() -> PathBuf {
    project().join("packaging/debian/tests/login")
}

pub(crate) fn install(root: &CleanRoot, packages: &[&Path]) {
    let files: Vec<String> = packages.iter().map(|file| root.add(file)).collect();
    root.run(&format!("apt-get -q install --yes --no-install-recommends {}", files.join(" ")));
}

#[test]
fn a_real_client_logs_in() {
    let root = CleanRoot::new();
    // What the package needs comes with it: nothing of OpenVPN is there.
    assert!(!root.try_run("command -v openvpn").status.success());
    install(&root, &[&package(deb(), "openvpn-plugins-rs")]);
    let test = root.add(&login_test());
    let said = root.run(&test);
    assert!(said.contains("the right password gets in, a wrong one does not"), "{said}");
    assert!(said.contains("the down script was run as root"), "{said}");
    assert_eq!(root.run("ovpn-plugin --version"), concat!("ovpn-plugin ", env!("CARGO_PKG_VERSION"), "\n"));
    // Debian's own plugins are where they were.
    root.run("test -f /usr/lib/openvpn/openvpn-plugin-auth-pam.so -o -f /usr/lib/x86_64-linux-gnu/openvpn/plugins/openvpn-plugin-auth-pam.so");
}

#[test]
fn remove_and_purge_leave_nothing() {
    let root = CleanRoot::new();
    root.run("apt-get -q install --yes --no-install-recommends openvpn libpam0g libgcc-s1");
    let before = root.snapshot();
    let names = ["openvpn-plugins-rs", "openvpn-plugin-examples-rs", "openvpn-plugin-dev-rs"];
    let files = names.map(|name| package(deb(), name));
    install(&root, &files.each_ref().map(PathBuf::as_path));
    assert!(root.snapshot().len() > before.len() + 30);

    root.run(&format!("apt-get -q remove --yes {}", names.join(" ")));
    let left: Vec<String> = root.snapshot().into_iter().filter(|line| !before.contains(line)).collect();
    // What configures it stays until the purge.
    assert_eq!(left.iter().filter_map(|line| line.split(' ').next()).collect::<Vec<_>>(), SERVICE);

    root.run("apt-get -q purge --yes openvpn-plugins-rs");
    let after = root.snapshot();
    let left: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    let gone: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
    assert!(left.is_empty() && gone.is_empty(), "left: {left:?}, gone: {gone:?}");
}

/// The RPM, unpacked with rpm2cpio where a clean Debian has OpenVPN: a real client logs in.
#[test]
#[ignore = "one more build: `make test-packages` without QUICK=1"]
fn a_real_client_logs_in_with_the_rpm() {
    let root = CleanRoot::new();
    root.run("apt-get -q install --yes --no-install-recommends openvpn cpio rpm2cpio");
    let file = root.add(&package(rpm(), "openvpn-plugins-rs"));
    root.run(&format!("cd / && rpm2cpio {file} | cpio --extract --make-directories --quiet"));
    root.run("/usr/share/openvpn-plugins-rs/service-file install");
    let test = root.add(&login_test());
    let libdir = run(Command::new("rpm").args(["--eval", "%{_libdir}"])).trim().to_string();
    let said = root.run(&format!("PLUGINDIR={libdir}/openvpn/plugins/rs {test}"));
    assert!(said.contains("the right password gets in, a wrong one does not"), "{said}");
    assert!(said.contains("the down script was run as root"), "{said}");
}

/// From the vendored source package, with Debian's own Rust, found by the build dependencies, and without network.
#[test]
#[ignore = "installs and runs a compiler, which takes minutes: `make test-packages` without QUICK=1"]
fn debian_itself_builds_the_source_package() {
    let root = CleanRoot::new();
    root.run("apt-get -q install --yes --no-install-recommends dpkg-dev");
    for file in files(vendored_source()) {
        if [".dsc", ".tar.xz"].iter().any(|end| file.to_string_lossy().ends_with(end)) {
            root.add(&file);
        }
    }
    let limit = Duration::from_secs(1200);
    root.run_within(limit, "cd /tmp; apt-get -q build-dep --yes --no-install-recommends ./*.dsc");
    let said = root.run_within(
        limit,
        "cd /tmp; dpkg-source -x *.dsc tree; cd tree; unshare --net dpkg-buildpackage -us -uc -b; ls ..",
    );
    assert!(said.contains(concat!("openvpn-plugins-rs_", env!("CARGO_PKG_VERSION"), "-1_")), "{said}");
    root.run(
        "apt-get -q install --yes --no-install-recommends openvpn; dpkg -i /tmp/openvpn-plugins-rs_*.deb",
    );
    let test = root.add(&login_test());
    assert!(root.run(&test).contains("the right password gets in, a wrong one does not"));
}
