//! A server and clients with good and bad times, to see what its figures look like: a slow backend, somebody who guesses
//! passwords, a backend that is away, a module that crashes.
//!
//! `cargo run -p e2e --example busy_server -- FILE.prom SECONDS`, as root; docs/metrics.md has a picture of it.

use std::time::{Duration, Instant};

use harness::{Client, PamService, Server, ServerConfig, TestModule};

const PASSWORD: &str = "correct horse";

/// What happens, from this part of the time on: actions of the PAM module before it looks at the password.
const TIMES: [(f64, &str, &[&str]); 7] = [
    (0.0, "as usual", &[]),
    (0.25, "a slow backend", &["auth/sleep=6000"]),
    (0.4, "as usual", &[]),
    (0.5, "somebody guesses", &[]),
    (0.65, "the backend is unreachable", &["auth/code=PAM_AUTHINFO_UNAVAIL"]),
    (0.8, "a module crashes", &["carol:crash"]),
    (0.88, "as usual", &[]),
];

fn main() {
    let mut words = std::env::args().skip(1);
    let (Some(file), Some(Ok(seconds))) = (words.next(), words.next().map(|word| word.parse::<f64>())) else {
        eprintln!("usage: busy_server FILE.prom SECONDS");
        std::process::exit(2);
    };
    let module = TestModule::shared();
    let lines = |first: &[&str]| {
        let last = format!("auth/password={PASSWORD}");
        module.stack(&[first, &[last.as_str()]].concat()) + "session required pam_permit.so\n"
    };
    let service = PamService::new(&lines(&[]));
    let options = format!("deferred=yes session=yes max-workers=4 metrics={file}");
    let server = ServerConfig::auth_pam_with(&options, &service, "")
        .line("duplicate-cn")
        .line("keepalive 2 8")
        .dropped()
        .start();
    let (started, mut time, mut number) = (Instant::now(), usize::MAX, 0usize);
    let mut clients: Vec<(Instant, Client)> = Vec::new();
    loop {
        let part = started.elapsed().as_secs_f64() / seconds;
        if part >= 1.0 {
            break;
        }
        let now = TIMES.iter().rposition(|(from, ..)| *from <= part).unwrap_or(0);
        if now != time {
            time = now;
            let (_, what, first) = TIMES[now];
            println!("{:5.0} s: {what}", started.elapsed().as_secs_f64());
            service.rewrite(&lines(first));
        }
        clients.retain(|(until, _)| *until > Instant::now());
        number += 1;
        if clients.len() < 12 {
            let stays = Duration::from_secs([4, 12, 30][number % 3]);
            clients.push((Instant::now() + stays, login(&server, number)));
        }
        if TIMES[now].1 == "somebody guesses" {
            let guess = server.client("root", &format!("123{number}")).from_address("127.0.0.66").start();
            clients.push((Instant::now() + Duration::from_secs(3), guess));
        }
        // Not as fast as they can: figures of an ordinary server.
        std::thread::sleep(Duration::from_millis(1200));
    }
}

/// Most of them know their passwords.
fn login(server: &Server, number: usize) -> Client {
    let user = ["alice", "bob", "carol", "dave", "erin"][number % 5];
    server.client(user, if number % 11 == 0 { "wrong" } else { PASSWORD }).start()
}
