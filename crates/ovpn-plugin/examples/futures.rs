//! A plugin for the tests of the SDK: logins that futures decide, each as its username says.
//!
//! `plugin /path/to/libfutures.so FILE LIMIT`: at most `LIMIT` futures; `FILE` appears when a call that blocked is over.

use std::path::PathBuf;
use std::time::Duration;

use ovpn_plugin::{AsyncTasks, AuthReply, AuthUserPassVerify, OpenArgs, Plugin, Rejection, Result};

const CLOSE_LIMIT: Duration = Duration::from_secs(1);
/// Longer than the end is waited for.
const STUCK: Duration = Duration::from_secs(3);

struct Futures {
    file: PathBuf,
    tasks: AsyncTasks,
}

/// Says when it is dropped.
struct Witness(&'static str);

impl Drop for Witness {
    fn drop(&mut self) {
        log::info!("dropped: {}", self.0);
        assert_ne!(self.0, "drop-panic", "told to panic when dropped");
    }
}

async fn decide(user: String, file: PathBuf) -> Result<()> {
    let call = move || {
        log::info!("blocks");
        std::thread::sleep(STUCK);
        // Runs after the plugin was closed.
        std::fs::write(file, "over").unwrap_or_default();
    };
    match user.as_str() {
        "accept" => Ok(()),
        "later" => {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(())
        }
        "reject" => Err(Rejection::because("told to").into()),
        "error" => Err(std::io::Error::from_raw_os_error(13).into()),
        "panic" => panic!("told to"),
        "wait" | "drop-panic" => {
            let _witness = Witness(if user == "wait" { "wait" } else { "drop-panic" });
            log::info!("waits");
            std::future::pending().await
        }
        "stuck" => {
            call();
            Ok(())
        }
        "blocking" => Ok(tokio::task::spawn_blocking(call).await?),
        "signals" => {
            log::info!("worker: {}", blocked());
            let other = tokio::task::spawn_blocking(blocked).await?;
            log::info!("blocking: {other}");
            Ok(())
        }
        _ => Err("unknown".into()),
    }
}

/// The signals this thread does not take.
fn blocked() -> String {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("SigBlk:")).unwrap_or_default().to_owned()
}

#[ovpn_plugin::plugin]
impl Plugin for Futures {
    const NAME: &'static str = "FUTURES";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [file, limit] = args.text_args()?[..] else {
            return Err("wanted: plugin FILE FILE LIMIT".into());
        };
        Ok(Self {
            file: file.into(),
            tasks: AsyncTasks::new(limit.parse()?).workers(2).close_limit(CLOSE_LIMIT),
        })
    }

    fn auth_user_pass_verify(&mut self, event: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        let user = event.env().get_str("username").unwrap_or_default().to_owned();
        event.answer_async(&self.tasks, decide(user, self.file.clone()))
    }
}

ovpn_plugin::export!(Futures);
