//! A plugin for the tests of the SDK: whether a static and a field outlive SIGHUP.
//!
//! `plugin FILE WORK`: when the device is there, the plugin starts a thread and waits for its end: with `thread` one of
//! `std::thread`, with `tasks` one of `Tasks`, with `pool` one of `Pool`; with `none` it starts none.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use ovpn_plugin::{OpenArgs, Plugin, Pool, Result, Tasks, Up, UpReply};

/// How often this code was opened since it was loaded.
static OPENED: AtomicU32 = AtomicU32::new(0);

struct Statics {
    work: String,
    tasks: Tasks,
    pool: Pool,
    /// How often this value was used.
    used: u32,
}

#[ovpn_plugin::plugin]
impl Plugin for Statics {
    const NAME: &'static str = "STATICS";

    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [work] = args.text_args()?[..] else { return Err("wanted: plugin FILE WORK".into()) };
        OPENED.fetch_add(1, Ordering::Relaxed);
        Ok(Self { work: work.to_owned(), tasks: Tasks::new(1), pool: Pool::new("pool", 1, 0), used: 0 })
    }

    fn up(&mut self, _: &Up<'_>) -> Result<UpReply> {
        let (done, is_done) = channel();
        let work = move || done.send(()).unwrap_or_default();
        match self.work.as_str() {
            "none" => work(),
            "thread" => std::thread::spawn(work).join().map_err(|_| "a panic")?,
            "tasks" => self.tasks.spawn("task", move |_| work())?,
            "pool" => self.pool.run(move |_| work())?,
            _ => return Err("the word is unknown".into()),
        }
        is_done.recv_timeout(Duration::from_secs(20))?;
        self.used += 1;
        log::info!("{}: static {}, field {}", self.work, OPENED.load(Ordering::Relaxed), self.used);
        Ok(UpReply::Done)
    }
}

impl Drop for Statics {
    fn drop(&mut self) {
        log::info!("dropped");
    }
}

ovpn_plugin::export!(Statics);
