//! A host that was started without standard input, output or error: nothing of the plugin's takes their numbers.

use std::fs::OpenOptions;
use std::os::fd::AsFd;

use crate::stage::{Stage, user_with};

pub(crate) fn any_of_the_standard_three_may_be_closed() {
    let saved = std::io::stderr().as_fd().try_clone_to_owned().unwrap();
    for closed in [&[0][..], &[1], &[2], &[0, 1], &[1, 2], &[0, 2], &[0, 1, 2]] {
        for number in closed {
            nix::unistd::close(*number).unwrap();
        }
        let result = std::panic::catch_unwind(|| {
            let stage = Stage::open(&[]);
            stage.works();
            // It must land in the log, and in nothing that happens to have the number 1.
            let printed = stage.login(&user_with("print", "7072696e7465640a"));
            assert!(printed.accepted(), "{printed}\n{}", stage.log());
            stage.line("printed by a PAM module: printed");
            // OpenVPN prints, too.
            println!("printed by the host");
            eprintln!("printed by the host");
            stage.works();
        });
        // A duplicate has none of the numbers it is to be copied to.
        let null = {
            let file = OpenOptions::new().read(true).write(true).open("/dev/null").unwrap();
            file.as_fd().try_clone_to_owned().unwrap()
        };
        nix::unistd::dup2_stdin(&null).unwrap();
        nix::unistd::dup2_stdout(&saved).unwrap();
        nix::unistd::dup2_stderr(&saved).unwrap();
        // A panic's words went nowhere.
        if let Err(payload) = result {
            let words = payload.downcast_ref::<String>().map_or("", String::as_str);
            panic!("with {closed:?} closed: {words}");
        }
    }
}
