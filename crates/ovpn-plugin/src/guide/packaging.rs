//! From `cargo build --release` to a file that others install.
//!
//! # The file
//!
//! `cargo build --release` makes `target/release/libNAME.so`, with `-` in the crate's name as `_`. The template
//! strips it. The file needs no other file of the SDK. Before you ship it, do with it what OpenVPN does in months:
//!
//! ```sh
//! sudo ovpn-plugin certify --user joe --password-file password ./target/release/libNAME.so WORD
//! ```
//!
//! Give it a login that the plugin accepts: without one, most of the checks cannot be made. The package
//! `openvpn-plugins-rs` has the command. From the sources it is `cargo install --path crates/ovpn-plugin-cli`.
//!
//! # Where it goes
//!
//! | system | directory |
//! |---|---|
//! | Debian, Ubuntu | `/usr/lib/openvpn/plugins` |
//! | Fedora and others with RPM | `/usr/lib64/openvpn/plugins` |
//! | Arch, Alpine | `/usr/lib/openvpn/plugins` |
//! | by hand, apart from the distribution | `/usr/local/lib/openvpn/plugins` |
//!
//! OpenVPN looks for a name without a path in a directory of its own, which is not the same everywhere. So
//! tell your users to give the whole path in the `plugin` line. Rules of AppArmor and SELinux name these
//! directories. Do not install below `/home`: OpenVPN's systemd units hide it (`ProtectHome`).
//!
//! OpenVPN loads the file as root. Make it root's, and writable by nobody else: mode 0644, and 0755 where RPM
//! wants that. Do not use the name of a plugin that comes with OpenVPN.
//!
//! After an update, restart OpenVPN. SIGHUP is not enough if the plugin has threads: its code stays in memory
//! ([`restarts`](crate::guide::restarts)). Install with `install` or a package, never with `cp` over a
//! file that is in use: that changes the code of a running server.
//!
//! # glibc
//!
//! The file runs where glibc is as new as where it was built, or newer. So build on the oldest system that
//! you support. This shows what the file needs:
//!
//! ```sh
//! objdump -T target/release/libNAME.so | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1
//! ```
//!
//! Alpine has musl instead of glibc: build there for it. With the feature `openssl`, the plugin must be linked
//! to the same OpenSSL as OpenVPN; build a package for each release of a distribution.
//!
//! # A Debian package
//!
//! The SDK is in no registry: let `ovpn-plugin` in `Cargo.toml` name its path in the package
//! `openvpn-plugin-dev-rs` (as an RPM: `openvpn-plugin-devel-rs`),
//! `/usr/share/openvpn-plugin-dev-rs/crates/ovpn-plugin`. `debian/control` needs these fields; `dpkg-shlibdeps` fills in the version of glibc:
//!
//! ```text
//! Build-Depends: debhelper-compat (= 13), cargo (>= 1.85) | cargo-web (>= 1.85), openvpn-plugin-dev-rs
//! Depends: openvpn, ${misc:Depends}, ${shlibs:Depends}
//! ```
//!
//! `debian/rules`:
//!
//! ```text
//! #!/usr/bin/make -f
//! export CARGO_TARGET_DIR = target
//! %: ; dh $@
//! override_dh_auto_build: ; cargo build --release --locked
//! override_dh_auto_test: ; cargo test --locked
//! override_dh_auto_clean: ; rm -rf target
//! ```
//!
//! `debian/NAME.install`, with the package's name:
//!
//! ```text
//! target/release/libNAME.so usr/lib/openvpn/plugins
//! ```
//!
//! Debian builds packages without network. `cargo vendor` puts the sources of the dependencies beside yours.
//!
//! # An RPM
//!
//! ```text
//! # The release profile strips the file.
//! %global debug_package %{nil}
//! BuildRequires: cargo >= 1.85
//! BuildRequires: gcc
//! BuildRequires: openvpn-plugin-devel-rs
//! Requires: openvpn
//!
//! %build
//! cargo build --release --locked
//!
//! %install
//! install -D -m 755 target/release/libNAME.so %{buildroot}%{_libdir}/openvpn/plugins/libNAME.so
//!
//! %files
//! %{_libdir}/openvpn/plugins/libNAME.so
//! ```
//!
//! # Windows
//!
//! A plugin that uses nothing of Unix builds for Windows: the example `simple` does, and its DLL is tested
//! under wine.
//!
//! ```sh
//! rustup target add x86_64-pc-windows-gnu
//! cargo build --release --target x86_64-pc-windows-gnu
//! ```
//!
//! Since 2.6.10 OpenVPN for Windows loads plugins only from directories that it trusts: that in which it is
//! installed, the system's own, and the one named in the registry at `HKLM\SOFTWARE\OpenVPN\plugin_dir`. Have
//! your installer put the DLL into the first one, or set that value.
//!
//! On Windows, lines of threads wait for OpenVPN's next call, and OpenVPN waits for the end of threads without
//! limit.
//!
//! # What to tell your users
//!
//! - the `plugin` line, with the whole path, and what each word is;
//! - which version of OpenVPN it needs;
//! - which files it reads, and that after SIGHUP it reads them as OpenVPN's user and in its `chroot`;
//! - whether it defers logins: OpenVPN ends if another plugin defers the same login;
//! - how many threads it has, where units limit them (`LimitNPROC=10`, `TasksMax=20`).
