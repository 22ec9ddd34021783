//! A wrong plugin line, or a program that must not be run as root: OpenVPN refuses to start, and the log says why.

use std::os::unix::fs::{chown, symlink};

use harness::log::Mark;

use crate::scripts::{Scripts, with_words};

/// The log of a start with these words, which must fail and say `said` in one of the plugin's lines.
fn refused(words: &str, said: &[&str]) {
    let failed = with_words(words).start_expecting_failure();
    let lines = failed.log.text();
    let named =
        lines.lines().any(|line| line.contains("DOWN-ROOT") && said.iter().all(|word| line.contains(word)));
    assert!(named, "no DOWN-ROOT line with all of {said:?} for {words:?}:\n{lines}");
}

#[test]
fn no_command() {
    refused("", &["command is missing"]);
    refused("timeout=5", &["command is missing"]);
}

#[test]
fn unknown_options_and_events() {
    refused("foo=bar /bin/true", &["'foo=bar'"]);
    refused("on=tls-verify:/bin/true /bin/true", &["'on=tls-verify:/bin/true'", "learn-address"]);
    refused("timeout=soon /bin/true", &["'timeout=soon'", "seconds"]);
    refused("ignore-failure=perhaps /bin/true", &["perhaps", "yes or no"]);
}

#[test]
fn options_files() {
    let scripts = Scripts::with_down("true");
    let file = scripts.path("down-root.conf");
    let name = file.display();
    std::fs::write(&file, "/bin/true\n\nignore-failures=yes\n").expect("the file");
    refused(
        &format!("options={name}"),
        &[&format!("{name}:3: unknown option 'ignore-failures=yes'; did you mean ignore-failure=yes|no?")],
    );
    scripts.mode("down-root.conf", 0o646);
    refused(
        &format!("options={name}"),
        &[&format!("{name} is writable by everybody; run 'chmod o-w {name}'")],
    );
    refused("options=/nonexistent/x.conf /bin/true", &["options file: /nonexistent: No such file"]);
    refused("options=x.conf /bin/true", &["'x.conf' is not an absolute path"]);
}

#[test]
fn programs_that_are_none() {
    let scripts = Scripts::with_down("true");
    scripts.mode("down.sh", 0o644);
    refused("/nonexistent/down.sh", &["the down script", "/nonexistent", "No such file"]);
    refused("/usr/bin", &["/usr/bin is not a regular file"]);
    refused("X=Y /bin/true", &["the down script 'X=Y'", "setenv X Y"]);
    refused("true", &["the down script 'true'", "No such file", "PATH is not searched"]);
    refused("ignore-failure /bin/true", &["'ignore-failure'", "no option"]);
    refused(&scripts.path("down.sh").to_string_lossy(), &["not executable"]);
    refused("up=/nonexistent /bin/true", &["the up script", "/nonexistent"]);
    refused("on=route-up:/nonexistent /bin/true", &["the route-up script", "/nonexistent"]);
}

#[test]
fn programs_the_kernel_does_not_execute() {
    let scripts = Scripts::new();
    for (text, said) in
        [("#!/nonexistent/sh", "the interpreter of"), ("echo no first line", "neither a script, with #!")]
    {
        let path = scripts.path("down.sh");
        std::fs::write(&path, text).expect("a script");
        scripts.mode("down.sh", 0o755);
        refused(&path.to_string_lossy(), &["the down script", said]);
    }
}

#[test]
fn programs_that_others_could_change() {
    let scripts = Scripts::with_down("true");
    let path = scripts.path("down.sh").to_string_lossy().into_owned();
    scripts.mode("down.sh", 0o757);
    refused(&path, &["down.sh is writable by everybody", "insecure-permissions=yes"]);
    refused(&format!("on=route-up:{path} /bin/true"), &["the route-up script", "by everybody"]);
    scripts.mode("down.sh", 0o755);
    chown(scripts.path("down.sh"), Some(65534), None).expect("chown");
    refused(&path, &["down.sh belongs to user 65534", &format!("run 'chown -h root:root {path}'")]);
    chown(scripts.path("down.sh"), Some(0), None).expect("chown");
    scripts.mode("", 0o1777);
    refused(&path, &["is writable by everybody"]);
    scripts.mode("", 0o755);
    symlink(&path, std::env::temp_dir().join(scripts.path("").file_name().expect("a name")))
        .expect("symlink");
    let link = std::env::temp_dir().join(scripts.path("").file_name().expect("a name"));
    let tried = std::panic::catch_unwind(|| {
        refused(&link.to_string_lossy(), &[&*std::env::temp_dir().to_string_lossy(), "by everybody"]);
    });
    std::fs::remove_file(&link).expect("the link was there");
    tried.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

#[test]
fn insecure_permissions_can_be_asked_for() {
    let scripts = Scripts::with_down("echo ran");
    scripts.mode("down.sh", 0o777);
    chown(scripts.path("down.sh"), Some(65534), None).expect("chown");
    scripts.mode("", 0o1777);
    let server = scripts.server("insecure-permissions=yes").dropped().start();
    for warned in ["down.sh belongs to user 65534", "down.sh is writable by everybody"] {
        server.wait_for(Mark::START, warned);
    }
    server.wait_for(Mark::START, &format!("{} is writable by everybody", scripts.path("").display()));
    server.stop();
    server.wait_for(Mark::START, "down.sh: ran");
}

/// With the C plugin too it would be an argument.
#[test]
fn an_option_after_the_command_is_warned_about() {
    let scripts = Scripts::with_down("echo \"arguments: $*\"");
    let words = format!("{} timeout=5", scripts.path("down.sh").display());
    let server = with_words(&words).start();
    server.wait_for(Mark::START, "'timeout=5' comes after the command");
    server.stop();
    server.wait_for(Mark::START, "down.sh: arguments: timeout=5");
}

#[test]
fn a_group_that_may_write_is_refused_unless_it_is_root_s() {
    let scripts = Scripts::with_down("echo ran");
    let script = scripts.path("down.sh");
    scripts.mode("down.sh", 0o775);
    chown(&script, None, Some(100)).expect("chown");
    let words = script.to_string_lossy();
    refused(&words, &["down.sh is writable by group 100", "chmod g-w", "insecure-permissions=yes"]);
    chown(&script, None, Some(0)).expect("chown");
    scripts.mode("", 0o775);
    let server = scripts.server("").dropped().start();
    server.wait_for(Mark::START, "down.sh is run as root, but");
    server.wait_for(Mark::START, "down.sh is writable by group 0");
    server.wait_for(Mark::START, &format!("{} is writable by group 0", scripts.path("").display()));
    server.stop();
    server.wait_for(Mark::START, "down.sh: ran");
}

#[test]
fn a_relative_path_is_warned_about() {
    let scripts = Scripts::with_down("echo ran");
    let server = with_words("down.sh").line(&format!("cd {}", scripts.path("").display())).dropped().start();
    server.wait_for(Mark::START, "'down.sh' is a relative path");
    server.stop();
    server.wait_for(Mark::START, "down.sh: ran");
}
