//! A configuration file of the plugin that is read anew when it changes: checked first, and the settings of before stay
//! in force if it is broken.
//!
//! `plugin libexample_reload.so FILE`: a line `push OPTION` of `FILE` gives every client an option, such as
//! `push route 10.9.0.0 255.255.0.0`; a line `refuse NAME` keeps the client with this common name out; a `#` starts a
//! comment. A task looks at the file every second, so that the log says at once what is wrong with it, and OpenVPN's own
//! thread never reads it. It must be readable for the user OpenVPN runs as.

mod settings;
mod watched;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ovpn_plugin::{ClientConnect, ClientConnectReply, OpenArgs, Plugin, Result, Stop, Tasks, escape};

use settings::Settings;
use watched::Watched;

const LOOK_EVERY: Duration = Duration::from_secs(1);

struct Reload {
    /// What is in force. Only the `Arc` is behind the lock: nobody waits for a file there.
    settings: Arc<Mutex<Arc<Settings>>>,
    /// Until a task has it.
    file: Option<Watched>,
    tasks: Tasks,
}

#[ovpn_plugin::plugin]
impl Plugin for Reload {
    const NAME: &'static str = "RELOAD";

    /// With a broken file OpenVPN does not start.
    fn open(args: &OpenArgs<'_>) -> Result<Self> {
        let [name] = args.text_args()?[..] else { return Err("wanted: plugin FILE FILE".into()) };
        let mut file = Watched::open(Path::new(name)).map_err(|error| format!("{name}: {error}"))?;
        let text = file.read().map_err(|error| format!("{name}: {error}"))?;
        let settings = Settings::parse(&text).map_err(|error| format!("{name}: {error}"))?;
        log::info!("{name}: {settings}");
        let settings = Arc::new(Mutex::new(Arc::new(settings)));
        Ok(Self { settings, file: Some(file), tasks: Tasks::new(1) })
    }

    fn start(&mut self) -> Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let settings = Arc::clone(&self.settings);
        self.tasks.spawn("reload", move |stop| follow(file, &settings, stop))?;
        Ok(())
    }

    fn client_connect(&mut self, event: &ClientConnect<'_>) -> Result<ClientConnectReply> {
        let settings = Arc::clone(&self.settings.lock().unwrap_or_else(PoisonError::into_inner));
        let name = event.common_name().unwrap_or_default();
        if settings.refuses(name) {
            log::info!("'{}' is refused", escape(name));
            return Ok(ClientConnectReply::Reject);
        }
        event.write_config(settings.config())?;
        Ok(ClientConnectReply::Accept)
    }
}

fn follow(mut file: Watched, settings: &Mutex<Arc<Settings>>, stop: &Stop) {
    while stop.wait(LOOK_EVERY).is_ok() {
        if !file.has_changed() {
            continue;
        }
        let read = file.read().map_err(|error| error.to_string());
        match read.and_then(|text| Settings::parse(&text).map_err(|error| error.to_string())) {
            Ok(new) => {
                log::info!("{}: read anew: {new}", file.name());
                *settings.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
            }
            Err(error) => {
                log::error!("{}: {error}; the settings of before stay in force", file.name());
            }
        }
    }
}

ovpn_plugin::export!(Reload);

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::time::Instant;

    use ovpn_plugin::EventSet;
    use ovpn_plugin::testing::{CallData, ConnectFiles, Outcome, Running};

    use super::*;

    struct Stage {
        _directory: tempfile::TempDir,
        file: PathBuf,
        plugin: Running<Reload>,
    }

    impl Stage {
        fn with(text: &str) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("settings");
            fs::write(&file, text).unwrap();
            let plugin = Running::open(&CallData::new().arg(file.to_str().unwrap())).unwrap();
            Self { _directory: directory, file, plugin }
        }

        /// What the client of this name gets; `None` if it is refused.
        fn connect(&mut self, name: &str) -> Option<String> {
            let files = ConnectFiles::new().unwrap();
            let call = files.call().env("common_name", name);
            let reply = self.plugin.call(EventSet::CLIENT_CONNECT, &call);
            (reply.outcome == Outcome::Success).then(|| files.config())
        }

        fn wait_for(&self, text: &str) {
            let end = Instant::now() + Duration::from_secs(20);
            while !self.plugin.logged(text) {
                assert!(Instant::now() < end, "no line {text:?}: {:?}", self.plugin.log_lines());
                std::thread::yield_now();
            }
        }

        fn lines_with(&self, text: &str) -> usize {
            self.plugin.log_lines().iter().filter(|line| line.text.contains(text)).count()
        }
    }

    #[test]
    fn a_good_file_counts_and_a_broken_one_does_not() {
        let mut stage = Stage::with("push route 10.9.0.0 255.255.0.0\nrefuse ann\n");
        let before = Some("push \"route 10.9.0.0 255.255.0.0\"\n".to_owned());
        assert_eq!((stage.connect("joe"), stage.connect("ann")), (before.clone(), None));
        fs::write(&stage.file, "refuse joe\npull route 10.7.0.0\n").unwrap();
        stage.wait_for("line 2: 'pull' is none of push, refuse; the settings of before stay in force");
        assert_eq!((stage.connect("joe"), stage.connect("ann")), (before, None));
        fs::write(&stage.file, "refuse joe\n").unwrap();
        stage.wait_for("read anew: 0 options, 1 refused");
        assert_eq!((stage.connect("joe"), stage.connect("ann")), (None, Some(String::new())));
        assert_eq!(stage.lines_with("stay in force"), 1, "said once, however often the file is looked at");
    }

    #[test]
    fn another_file_under_the_name_counts_and_none_does_not() {
        let mut stage = Stage::with("refuse joe\n");
        assert_eq!(stage.connect("joe"), None);
        fs::remove_file(&stage.file).unwrap();
        stage.wait_for("No such file or directory (os error 2); the settings of before stay in force");
        assert_eq!(stage.connect("joe"), None);
        // What is there and cannot be opened.
        let _socket = std::os::unix::net::UnixListener::bind(&stage.file).unwrap();
        stage.wait_for("No such device or address (os error 6)");
        let new = stage.file.with_file_name("new");
        fs::write(&new, "# nobody\n").unwrap();
        fs::rename(new, &stage.file).unwrap();
        stage.wait_for("read anew: 0 options, 0 refused");
        assert_eq!(stage.connect("joe"), Some(String::new()));
        assert_eq!(stage.lines_with("stay in force"), 2);
    }

    #[test]
    fn a_broken_file_stops_the_start() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("settings");
        let open = || Running::<Reload>::open(&CallData::new().arg(file.to_str().unwrap()));
        assert!(open().unwrap_err().to_string().contains("No such file"));
        fs::write(&file, "\npush\n").unwrap();
        let error = open().unwrap_err().to_string();
        assert!(error.ends_with("settings: line 2: push wants an option"), "{error}");
    }
}
