//! Mistakes of the administrator's, and names that clients make up.

use harness::log::Mark;

use crate::stage::{DIRECTORY, Stage, fails, machine, route};

/// With file, line and word.
#[test]
fn a_mistake_at_the_start_keeps_openvpn_from_starting() {
    for (file, text, said) in [
        (
            "default",
            "\nroute 10.9.0.0 255.255.0.0\n",
            "/default:2: 'route' is not an option for a single client",
        ),
        (
            "group/staff2",
            "push route\nup /bin/sh\n",
            "/group/staff2:2: 'up' is not an option for a single client",
        ),
        ("user/alice", "echo {WHO}\n", "/user/alice:1: unknown '{WHO}'; known are {USERNAME}"),
        ("user/alice", "push \"route\n", "/user/alice:1: the closing quote (\") is missing"),
    ] {
        let machine = machine(&[(file, text)]);
        let failed = fails(&machine, "");
        failed.log.wait_for(Mark::START, said, harness::PATIENCE);
    }
}

#[test]
fn what_others_could_change_keeps_openvpn_from_starting() {
    for (change, said) in [
        ("chmod o+w user/alice", "is writable by everybody; run 'chmod o-w"),
        ("chown bob user", "to root; run 'chown -h root:root"),
        ("chgrp staff2 . && chmod g+w .", "is writable by group"),
        ("ln -s /tmp/x user/bob; touch /tmp/x", "/tmp is writable by everybody"),
    ] {
        let machine = machine(&[("user/alice", &route(90))]);
        machine.run(&format!("cd {DIRECTORY}; {change}"));
        fails(&machine, "").log.wait_for(Mark::START, said, harness::PATIENCE);
    }
    let empty = machine(&[]);
    empty.run(&format!("rm -r {DIRECTORY}"));
    fails(&empty, "").log.wait_for(Mark::START, "No such file or directory", harness::PATIENCE);
}

/// What is changed later is looked at when it is read. Only whom it concerns is refused, with and without a session.
#[test]
fn a_mistake_that_comes_later_refuses_the_client() {
    for options in ["", "session=yes"] {
        let stage = Stage::new(options, &[("default", &route(90)), ("user/alice", &route(91))]);
        assert_eq!(stage.routes("alice"), ["90", "91"]);
        for (text, said) in [
            (
                "route 10.9.0.0 255.255.0.0\n",
                "cannot collect its options: /etc/openvpn/clients/user/alice:1: 'route'",
            ),
            (&"#".repeat(65 * 1024), "user/alice is longer than 64 KiB"),
            ("push \"setenv-safe AT {TUNNEL_IP6}\"", "user/alice:1: this client has no {TUNNEL_IP6}"),
        ] {
            stage.write("user/alice", text);
            let mark = stage.server.mark();
            stage.refuses("alice", said);
            if !options.is_empty() {
                stage.server.wait_for(mark, "session closed");
            }
        }
        stage.machine.run(&format!("chmod o+w {DIRECTORY}/user/alice"));
        stage.refuses("alice", "is writable by everybody");
        assert_eq!(stage.routes("bob"), ["90"]);
        stage.machine.run(&format!("rm {DIRECTORY}/user/alice"));
        assert_eq!(stage.routes("alice"), ["90"]);
    }
}

/// They lead to no other file, and into no option.
#[test]
fn hostile_usernames_get_nothing_more() {
    let who = "push \"setenv-safe WHO {USERNAME}\"\n";
    let stage = Stage::new("", &[("default", &route(90)), ("group/staff2", &route(91)), ("user/named", who)]);
    for user in ["../default", "../group/staff2", "..", ".", "alice/../alice", "/etc/passwd", "staff2"] {
        assert_eq!(stage.routes(user), ["90"], "{user}");
    }
    stage.write("default", who);
    for user in ["a b", "a\"b", "a'b", "a\\b", "a,route 10.66.0.0 255.255.0.0", "a;b", "a#b", "{TUNNEL_IP}"] {
        stage.refuses(user, "{USERNAME} contains a character that is not allowed in an option");
    }
    assert_eq!(stage.routes("a@b.example-1_2"), [""; 0]);
}
