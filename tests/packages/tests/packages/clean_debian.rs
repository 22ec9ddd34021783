//! In a clean Debian 12: installed with apt the plugins do their work, an upgrade keeps what the administrator changed, and after
//! a purge nothing is left.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use harness::scratch::Scratch;
use packages::built::{deb, files, package, rpm, vendored_deb};
use packages::clean_root::CleanRoot;
use packages::{project, run};

const SERVICE: &str = "/etc/pam.d/openvpn";
const CHANGED: &str = "# changed by the administrator";

/// The test that the Debian package brings along: two plugin lines, a real server, real clients.
fn login_test() -> PathBuf {
    project().join("packaging/debian/tests/login")
}

fn install(root: &CleanRoot, packages: &[&Path]) {
    let files: Vec<String> = packages.iter().map(|file| root.add(file)).collect();
    root.run(&format!("apt-get -q install --yes --no-install-recommends {}", files.join(" ")));
}

/// The package with another version, and, if asked for, another service file.
fn newer(scratch: &Scratch, version: &str, other_service: bool) -> PathBuf {
    let tree = scratch.join("tree");
    run(Command::new("dpkg-deb").arg("-R").arg(package(deb(), "openvpn-plugins-rs")).arg(&tree));
    let control = tree.join("DEBIAN/control");
    let text = std::fs::read_to_string(&control).expect("control");
    std::fs::write(&control, text.replace("Version: 0.1.0-1\n", &format!("Version: {version}\n")))
        .expect("write");
    if other_service {
        std::fs::write(tree.join("etc/pam.d/openvpn"), "# of the new version\nauth required pam_deny.so\n")
            .expect("write");
    }
    let to = scratch.join(&format!("openvpn-plugins-rs_{version}_amd64.deb"));
    run(Command::new("dpkg-deb").arg("-b").arg(&tree).arg(&to));
    run(Command::new("rm").arg("-r").arg(&tree));
    to
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
    assert_eq!(root.run("ovpn-plugin --version"), "ovpn-plugin 0.1.0\n");
    // Debian's own plugins are where they were.
    root.run("test -f /usr/lib/openvpn/openvpn-plugin-auth-pam.so -o -f /usr/lib/x86_64-linux-gnu/openvpn/plugins/openvpn-plugin-auth-pam.so");
}

#[test]
fn an_upgrade_keeps_a_changed_service_file() {
    let (root, scratch) = (CleanRoot::new(), Scratch::new());
    install(&root, &[&package(deb(), "openvpn-plugins-rs")]);
    root.run(&format!("echo '{CHANGED}' >> {SERVICE}"));
    let before = root.run(&format!("cat {SERVICE}"));
    assert!(before.contains("pam_unix.so") && before.contains(CHANGED), "{before}");

    // The usual case: the package's own file is the same as before. Nobody is asked.
    install(&root, &[&newer(&scratch, "0.1.0-2", false)]);
    assert_eq!(root.run(&format!("cat {SERVICE}")), before);

    // A new version brings another one: that is put beside it.
    let file = root.add(&newer(&scratch, "0.1.0-3", true));
    root.run(&format!("apt-get -q install --yes -o Dpkg::Options::=--force-confold {file}"));
    assert_eq!(root.run(&format!("cat {SERVICE}")), before);
    assert!(root.run(&format!("cat {SERVICE}.dpkg-dist")).contains("of the new version"));
    assert_eq!(root.run("dpkg-query -W -f '${Version}' openvpn-plugins-rs"), "0.1.0-3");

    // Removed and installed again it is still the administrator's.
    root.run("apt-get -q remove --yes openvpn-plugins-rs");
    assert_eq!(root.run(&format!("cat {SERVICE}")), before);
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
    root.run(&format!("echo '{CHANGED}' >> {SERVICE}"));

    root.run(&format!("apt-get -q remove --yes {}", names.join(" ")));
    let left: Vec<String> = root.snapshot().into_iter().filter(|line| !before.contains(line)).collect();
    // What is the administrator's stays until the purge.
    assert_eq!(left.iter().filter_map(|line| line.split(' ').next()).collect::<Vec<_>>(), [SERVICE]);

    root.run("apt-get -q purge --yes openvpn-plugins-rs");
    let after = root.snapshot();
    let left: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    let gone: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
    assert!(left.is_empty() && gone.is_empty(), "left: {left:?}, gone: {gone:?}");
}

/// The RPM, unpacked with rpm2cpio where a clean Debian has OpenVPN: a real client logs in.
#[test]
fn a_real_client_logs_in_with_the_rpm() {
    let root = CleanRoot::new();
    root.run("apt-get -q install --yes --no-install-recommends openvpn cpio rpm2cpio");
    let file = root.add(&package(rpm(), "openvpn-plugins-rs"));
    root.run(&format!("cd / && rpm2cpio {file} | cpio --extract --make-directories --quiet"));
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
    for file in files(vendored_deb()) {
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
    assert!(said.contains("openvpn-plugins-rs_0.1.0-1_"), "{said}");
    root.run(
        "apt-get -q install --yes --no-install-recommends openvpn; dpkg -i /tmp/openvpn-plugins-rs_*.deb",
    );
    let test = root.add(&login_test());
    assert!(root.run(&test).contains("the right password gets in, a wrong one does not"));
}
