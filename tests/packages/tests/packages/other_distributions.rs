//! Arch Linux and Alpine Linux: their package files are shell scripts, and what their `package` leaves is what `make install`
//! installs.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::plugin;
use harness::scratch::Scratch;
use packages::{listing, project, run};

const TREE: &str = concat!("openvpn-plugins-rs-", env!("CARGO_PKG_VERSION"));

/// Runs the functions of a package file as its tool does, on sources that are built already; returns what it left.
fn packaged(file: &Path, enter: &str) -> listing::Files {
    run(Command::new("bash").arg("-n").arg(file));
    let scratch = Scratch::new();
    let tree = scratch.directory(TREE, 0o755);
    let tar = scratch.join("source.tar.xz");
    run(Command::new(project().join("packaging/source-tar")).arg(&tar).args([TREE, "1700000000"]));
    run(Command::new("tar").arg("-C").arg(scratch.path()).arg("-xf").arg(&tar));
    let release = tree.join("target/release");
    fs::create_dir_all(&release).unwrap_or_else(|error| panic!("{error}"));
    for name in ["libopenvpn_plugin_auth_pam.so", "libopenvpn_plugin_down_root.so", "ovpn-plugin"] {
        let built = plugin::built(name);
        fs::copy(&built, release.join(name)).unwrap_or_else(|error| panic!("{}: {error}", built.display()));
    }
    let pages = ["openvpn-plugin-auth-pam.8", "openvpn-plugin-down-root.8", "ovpn-plugin.1"];
    run(Command::new(project().join("packaging/man/build")).arg(tree.join("target/man")).args(pages));
    let script = format!("set -eu; srcdir=$1 pkgdir=$1/pkg; . \"$0\"; cd $1{enter}; package");
    let mut command = Command::new("bash");
    harness::command::away_from_make(&mut command);
    run(command.args(["-c", &script]).arg(file).arg(scratch.path()));
    listing::of_directory(&scratch.join("pkg"))
}

#[test]
fn they_package_what_make_install_installs() {
    // makepkg runs package() in $srcdir, abuild in the unpacked sources.
    for (file, enter) in [("arch/PKGBUILD", String::new()), ("alpine/APKBUILD", format!("/{TREE}"))] {
        let places = ["PLUGINDIR=/usr/lib/openvpn/plugins/rs", "PLUGINMODE=0755", "PAMDIR="];
        let promised: listing::Files = listing::of_make(&places)
            .into_iter()
            .map(|(path, mode)| {
                (path.replace("doc/openvpn-plugins-rs/LICENSE", "licenses/openvpn-plugins-rs/LICENSE"), mode)
            })
            .collect();
        assert_eq!(packaged(&project().join("packaging").join(file), &enter), promised, "{file}");
    }
}

/// Which scripts a package runs, and that there are such files beside it. What they do, service_file.rs tries.
#[test]
fn scripts_see_to_the_service_file() {
    let script = r#"pkgname=; source "$0"; printf '%s\n' ${install[@]} ${backup[@]-}"#;
    for (file, wanted) in [
        ("arch/PKGBUILD", &["openvpn-plugins-rs.install"][..]),
        (
            "alpine/APKBUILD",
            &[
                "openvpn-plugins-rs.post-install",
                "openvpn-plugins-rs.post-upgrade",
                "openvpn-plugins-rs.pre-deinstall",
            ],
        ),
    ] {
        let file = project().join("packaging").join(file);
        let said = run(Command::new("bash").args(["-c", script]).arg(&file));
        assert_eq!(said.split_whitespace().collect::<Vec<_>>(), wanted);
        for name in wanted {
            run(Command::new("bash").arg("-n").arg(file.with_file_name(name)));
        }
    }
}
