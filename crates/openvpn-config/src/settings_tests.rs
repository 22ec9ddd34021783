//! OpenVPN's configuration file: what is understood of it, and that no content of it does harm.

use std::fs;

use nix::sys::stat::Mode;
use proptest::prelude::*;

use super::*;
use crate::reader::MAX_BYTES;

#[test]
fn who_gives_up_root_without_a_group_stays_in_root_s() {
    for (user, group, keeps) in [
        (None, None, false),
        (Some("root"), None, false),
        (Some("nobody"), None, true),
        (Some("nobody"), Some("root"), true),
        (Some("nobody"), Some("nogroup"), false),
    ] {
        let [user, group_name] = [user, group].map(|name| name.map(String::from));
        let config = OpenvpnConfig { user, group: group_name, ..OpenvpnConfig::default() };
        assert_eq!(config.keeps_roots_group(), keeps, "{config:?}");
    }
}

struct Stage {
    place: tempfile::TempDir,
}

impl Stage {
    fn new(content: impl AsRef<[u8]>) -> Self {
        let stage = Stage { place: tempfile::tempdir().unwrap() };
        stage.write("server.conf", content);
        stage
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.place.path().join(name), content).unwrap();
    }

    fn read(&self) -> Result<OpenvpnConfig, Unread> {
        OpenvpnConfig::read(Path::new("server.conf"), self.place.path())
    }
}

/// The seconds of `hand-window` that a configuration has.
fn hand_window(content: impl AsRef<[u8]>) -> u64 {
    Stage::new(content).read().unwrap().hand_window
}

#[test]
fn data_channel_offload_is_turned_off_by_a_line_of_its_own() {
    let off = |content: &str| Stage::new(content).read().unwrap().disable_dco;
    assert!(off("disable-dco\n") && off("setenv opt disable-dco\n"));
    assert!(!off("# disable-dco\n") && !off("disable-dco now\n") && !off("port 1194\n"));
}

#[test]
fn a_file_that_says_nothing_leaves_openvpns_defaults() {
    let config = Stage::new("port 1194\nserver 10.8.0.0 255.255.255.0\n").read().unwrap();
    assert_eq!(config, OpenvpnConfig::default());
    assert_eq!((config.hand_window, config.reneg_sec), (60, 3600));
}

#[test]
fn what_counts_is_read() {
    let stage = Stage::new(
        "hand-window 300\nreneg-sec 7200 3600\nuser openvpn\ngroup 'vpn users'\nchroot jail\ntmp-dir /tmp\n\
         duplicate-cn\nusername-as-common-name\n",
    );
    assert_eq!(
        stage.read().unwrap(),
        OpenvpnConfig {
            hand_window: 300,
            reneg_sec: 7200,
            reneg_sec_least: Some(3600),
            user: Some("openvpn".into()),
            group: Some("vpn users".into()),
            chroot: Some(stage.place.path().join("jail")),
            tmp_dir: Some("/tmp".into()),
            duplicate_cn: true,
            username_as_common_name: true,
            ..OpenvpnConfig::default()
        }
    );
}

#[test]
fn tokens_and_what_clients_need_not_send_are_read() {
    let external =
        |lines: &str| Stage::new(lines).read().unwrap().auth_gen_token.map(|tokens| tokens.external_auth);
    for (lines, expected) in [
        ("", None),
        ("auth-gen-token", Some(false)),
        ("auth-gen-token 3600", Some(false)),
        ("auth-gen-token 3600 600", Some(false)),
        ("auth-gen-token 0 external-auth", Some(true)),
        ("auth-gen-token 3600 600 external-auth", Some(true)),
        ("setenv opt auth-gen-token 0 external-auth", Some(true)),
        ("auth-gen-token 0 external-auth\nauth-gen-token 3600", Some(true)),
        ("auth-gen-token-secret external-auth", None),
        ("auth-gen-token external-auth", Some(false)),
    ] {
        assert_eq!(external(lines), expected, "{lines}");
    }
    let config = Stage::new("auth-user-pass-optional\nverify-client-cert none\nusername-as-common-name\n");
    let config = config.read().unwrap();
    assert!(config.user_pass_optional && config.no_client_certificate && config.username_as_common_name);
    for line in ["verify-client-cert", "verify-client-cert require", "verify-client-cert optional", ""] {
        let config = Stage::new(format!("verify-client-cert none\n{line}\n")).read().unwrap();
        assert_eq!(config.no_client_certificate, line.is_empty(), "{line}");
    }
}

#[test]
fn the_last_one_counts() {
    assert_eq!(hand_window("hand-window 300\nhand-window 30\n"), 30);
    let config = Stage::new("reneg-sec 7200 3600\nreneg-sec 100").read().unwrap();
    assert_eq!((config.reneg_sec, config.reneg_sec_least), (100, None));
}

#[test]
fn lines_are_read_as_openvpn_reads_them() {
    for line in [
        "  hand-window\t300  # five minutes",
        "hand-window 300;",
        "--hand-window 300",
        "\"hand-window\" '300'\r",
        "setenv opt hand-window 300",
        "\u{feff}hand-window 300",
        "hand-window 300\0 garbage",
        "proto udp \\x\nhand-window 300",
    ] {
        let expected = if line.contains("300;") { 60 } else { 300 };
        assert_eq!(hand_window(line), expected, "{line:?}");
    }
    for line in
        ["# hand-window 300", ";hand-window 300", "hand-window 300 400", "hand-window", "hand-window -1"]
    {
        assert_eq!(hand_window(line), 60, "{line:?}");
    }
    assert_eq!(hand_window(b"# \xff\xfe\nhand-window 300\npush \"\xff\"\n"), 300);
    assert_eq!(hand_window(format!("hand-window 300 {}", "#".repeat(300))), 60);
}

#[test]
fn blocks_are_passed_over() {
    let content = "<ca>\nhand-window 1\n-----BEGIN\n  </ca> \n<connection>\nhand-window 2\n</connection>\nhand-window 300";
    assert_eq!(hand_window(content), 300);
    assert_eq!(hand_window("hand-window 300\n<key>\nhand-window 1\n"), 300);
    assert_eq!(hand_window("<key>\n</keys>\n</key>\nhand-window 300\n"), 300);
}

#[test]
fn included_files_are_followed() {
    let stage = Stage::new("hand-window 1\nconfig more.conf\nconfig sub/last.conf\n");
    assert!(matches!(stage.read(), Err(Unread::File(path, _)) if path.ends_with("more.conf")));
    fs::create_dir(stage.place.path().join("sub")).unwrap();
    stage.write("more.conf", "hand-window 2\nuser nobody\ncd sub\nconfig inner.conf\ncd ..\n");
    stage.write("sub/inner.conf", "reneg-sec 50\n");
    stage.write("sub/last.conf", "hand-window 300\n");
    let config = stage.read().unwrap();
    assert_eq!((config.hand_window, config.reneg_sec), (300, 50));
    assert_eq!(config.user.as_deref(), Some("nobody"));
}

/// It is entered when all is read, and the working directory is what every `cd` has led to.
#[test]
fn a_chroot_lies_below_the_directory_that_openvpn_is_in() {
    for content in ["cd run\nchroot jail\n", "chroot jail\ncd run\n", "cd /etc\ncd run\nchroot ./jail\n"] {
        let stage = Stage::new(content);
        assert_eq!(stage.read().unwrap().chroot, Some(stage.place.path().join("jail")), "{content}");
    }
    assert_eq!(Stage::new("cd run\nchroot /jail").read().unwrap().chroot, Some("/jail".into()));
}

#[test]
fn files_without_end_are_given_up() {
    let stage = Stage::new("config server.conf\n");
    assert!(matches!(stage.read(), Err(Unread::TooLong)));
    // Two to the tenth power of them, were it not for the bound.
    stage.write("server.conf", "config a0\nconfig a0\n");
    for depth in 0..8 {
        stage.write(&format!("a{depth}"), format!("config a{}\n", depth + 1).repeat(2));
    }
    stage.write("a8", "");
    assert!(matches!(stage.read(), Err(Unread::TooLong)));
    stage.write("server.conf", vec![b'#'; MAX_BYTES + 1]);
    assert!(matches!(stage.read(), Err(Unread::TooLong)));
}

/// A pipe would keep OpenVPN waiting for its writer.
#[test]
fn what_is_no_file_is_not_read() {
    let stage = Stage::new("config pipe\n");
    nix::unistd::mkfifo(&stage.place.path().join("pipe"), Mode::S_IRWXU).unwrap();
    assert!(matches!(stage.read(), Err(Unread::NotAFile(path)) if path.ends_with("pipe")));
    stage.write("server.conf", "config stdin\n");
    assert!(matches!(stage.read(), Err(Unread::StandardInput)));
    let directory = stage.place.path();
    assert!(matches!(OpenvpnConfig::read(Path::new("stdin"), directory), Err(Unread::StandardInput)));
    assert!(matches!(OpenvpnConfig::read(Path::new("[[INLINE]]"), directory), Err(Unread::File(..))));
    assert!(matches!(OpenvpnConfig::read(directory, directory), Err(Unread::NotAFile(_))));
}

/// A configuration of parts that mean something, in any order.
fn part() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "(hand-window|reneg-sec|user|<ca>|</ca>|setenv opt|--) ?".prop_map(String::into_bytes),
        "[0-9 '\"\\\\#;\n\0]{0,12}".prop_map(String::into_bytes),
        Just(b"\n".to_vec()),
    ]
}

proptest! {
    #[test]
    fn any_content_is_read(parts in prop::collection::vec(part(), 0..30)) {
        let stage = Stage::new(parts.concat());
        // An include that is not there is the only way to fail.
        if let Err(unread) = stage.read() {
            prop_assert!(parts.concat().windows(6).any(|part| part == b"config"), "{unread}");
        }
    }

    #[test]
    fn a_line_of_its_own_is_found_in_any_company(
        before in prop::collection::vec("[a-z-]{1,12} [a-z0-9/.]{0,20}", 0..5), seconds in 0u64..100_000,
    ) {
        let harmless = |line: &&String| !line.starts_with("config ") && !line.starts_with("hand-window ");
        let lines: Vec<&String> = before.iter().filter(harmless).collect();
        let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        prop_assert_eq!(hand_window(format!("{text}hand-window {seconds}\n{text}")), seconds);
    }
}
