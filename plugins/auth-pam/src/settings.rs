//! What the supervisor needs to know, settled before the fork.

use std::time::Duration;

use log_lines::UnloggedLine;

use crate::config::Config;
use crate::startup::{Renegotiation, Replaces, TimeLimits};
use crate::supervisor::{CLOSE_ALL, Limits};

/// Descriptors the supervisor needs for itself, with some to spare.
const OWN_FILES: usize = 32;

/// The plugin line, and what the start has found out about OpenVPN and the machine.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The configuration line.
    pub config: Config,
    /// What tells this server from others on the machine: the name of OpenVPN's configuration.
    pub config_name: Option<String>,
    /// OpenVPN is to become a daemon: leave its terminal alone.
    pub daemon: bool,
    /// Say more (OpenVPN's `verb` is at least 4).
    pub debug: bool,
    /// Clients may be asked questions: the configuration has some, and OpenVPN can pass them on.
    pub can_ask: bool,
    /// How long an attempt may take.
    pub time_limits: TimeLimits,
    /// The default for `max-workers`.
    pub max_workers: usize,
    /// The default for `max-suspended`.
    pub max_suspended: usize,
    /// The default for `max-sessions`.
    pub max_sessions: usize,
    /// How long a client that was let in may take to connect, as OpenVPN has it.
    pub time_to_connect: Duration,
    /// Whose place a connecting client takes.
    pub replaces: Replaces,
    /// The kernel may carry and count the clients' packets: OpenVPN's numbers may be wrong.
    pub dco: bool,
    /// The N of OpenVPN 2.N, if it is known.
    pub openvpn_minor: Option<u32>,
    /// When connected clients need the plugin again.
    pub renegotiation: Renegotiation,
    /// A client gets the name that PAM has let in: it is asked for, and OpenVPN can do it.
    pub override_username: bool,
}

impl Settings {
    /// What `ps` shows for one of the processes.
    pub fn title(&self, process: &str) -> String {
        privsep::title::name("auth-pam", process, self.config_name.as_deref())
    }

    /// The most workers that the keeper has at once, whatever the supervisor asks for: those that end, and those that wait
    /// for an answer, included.
    pub fn most_processes(&self) -> usize {
        let running = self.wanted_workers();
        let (suspended, sessions) = (self.wanted_suspended(), self.most_sessions());
        running.saturating_add(suspended).saturating_add(sessions).saturating_mul(2).saturating_add(16)
    }

    /// The most attempts that OpenVPN waits for at once: those in the queue, those that run, and those whose clients are
    /// asked meanwhile. There may be twice as many of the last for a moment.
    pub fn most_undecided(&self) -> usize {
        let running = self.wanted_workers();
        let asked = if self.can_ask { self.wanted_suspended().saturating_mul(2) } else { 0 };
        self.config.max_pending.saturating_add(running).saturating_add(asked)
    }

    /// How long the supervisor may take to end in order when OpenVPN has ended.
    pub fn orderly_end(&self) -> Duration {
        if self.config.session {
            privsep::kept_helper::ORDERLY_END + CLOSE_ALL
        } else {
            privsep::kept_helper::ORDERLY_END
        }
    }

    /// `max-workers`, however many files may be open.
    fn wanted_workers(&self) -> usize {
        self.config.max_workers.unwrap_or(self.max_workers)
    }

    /// `max-suspended`, whatever the limits of the machine.
    fn wanted_suspended(&self) -> usize {
        self.config.max_suspended.unwrap_or(self.max_suspended)
    }

    /// The same in a process that may have `open_files` descriptors; zero without questions.
    fn possible_suspended(&self, open_files: usize) -> usize {
        // Workers that ask must leave descriptors for those that do not.
        // There may be twice as many for a moment.
        if self.can_ask { self.wanted_suspended().min((open_files / 8).max(1)) } else { 0 }
    }

    /// What to say if that is fewer than the administrator expects.
    fn fewer_questions(&self, open_files: usize) -> Option<UnloggedLine> {
        let (possible, wanted) = (self.possible_suspended(open_files), self.wanted_suspended());
        let is_cut = self.can_ask && possible < wanted;
        is_cut.then(|| lines::limits::fewer_questions(open_files, possible, wanted).unlogged())
    }

    /// `max-sessions`; zero without sessions.
    fn most_sessions(&self) -> usize {
        if self.config.session { self.config.max_sessions.unwrap_or(self.max_sessions) } else { 0 }
    }

    /// The bounds of the scheduler in a process that may have `open_files` descriptors.
    pub fn scheduler_limits(&self, open_files: usize) -> Limits {
        let max_suspended = self.possible_suspended(open_files);
        // So must those in a session, and those that wait for one, leave descriptors.
        let max_sessions = self.most_sessions().min((open_files / 4).max(1));
        let apart = OWN_FILES + 2 * (max_suspended + max_sessions);
        // One descriptor for a worker, and some while it is forked: a limit on open files is one on workers too.
        let possible = (open_files.saturating_sub(apart) / 2).max(1);
        let wanted = self.wanted_workers();
        if wanted > possible {
            lines::limits::fewer_workers(open_files, possible, wanted).log();
        }
        if max_sessions < self.most_sessions() {
            let wanted = self.most_sessions();
            lines::limits::fewer_sessions(open_files, max_sessions, wanted).log();
        }
        self.fewer_questions(open_files).iter().for_each(UnloggedLine::log);
        let max_pending = self.config.max_pending;
        Limits { max_workers: wanted.min(possible), max_suspended, max_sessions, max_pending }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Those of a machine for ten workers and five questions.
    pub fn settings(config: Config) -> Settings {
        Settings {
            can_ask: config.asks(),
            config,
            config_name: None,
            daemon: false,
            debug: false,
            time_limits: TimeLimits::of_direct_mode(),
            max_workers: 10,
            max_suspended: 5,
            max_sessions: 7,
            time_to_connect: Duration::from_secs(60),
            replaces: Replaces::User,
            dco: false,
            openvpn_minor: Some(6),
            renegotiation: Renegotiation::of(None),
            override_username: false,
        }
    }

    fn limits(words: &[&str], open_files: usize) -> Limits {
        let config = Config::parse(words.iter().map(|word| word.as_bytes())).unwrap();
        settings(config).scheduler_limits(open_files)
    }

    #[test]
    fn without_options_the_machine_and_with_them_the_administrator_decides() {
        let without = limits(&["login"], 1_000_000);
        assert_eq!((without.max_workers, without.max_pending), (10, 1024));
        let with = limits(&["max-workers=1000", "max-pending=7", "login"], 1_000_000);
        assert_eq!((with.max_workers, with.max_pending), (1000, 7));
    }

    #[test]
    fn questions_have_their_own_places_if_there_are_any() {
        assert_eq!(limits(&["login"], 1_000_000).max_suspended, 0);
        assert_eq!(limits(&["challenge=yes", "login"], 1_000_000).max_suspended, 5);
        assert_eq!(limits(&["max-suspended=7", "login", "code", "ASK"], 1_000_000).max_suspended, 7);
        let scarce = limits(&["challenge=yes", "max-workers=1000", "login"], OWN_FILES + 2 * (5 + 100));
        assert_eq!(scarce.max_workers, 100);
        let many = limits(&["challenge=yes", "max-suspended=10000", "max-workers=1000", "login"], 1000);
        assert_eq!((many.max_suspended, many.max_workers), (125, (1000 - OWN_FILES - 250) / 2));
    }

    #[test]
    fn fewer_questions_than_asked_for_are_said() {
        let said = |words: &[&str], open_files| {
            let config = Config::parse(words.iter().map(|word| word.as_bytes())).unwrap();
            settings(config).fewer_questions(open_files).map(|line| line.to_string())
        };
        let line = ["challenge=yes", "max-suspended=200", "login"];
        assert_eq!(said(&line, 1600), None);
        let cut = said(&line, 1024).unwrap();
        assert!(cut.contains("(1024) allows 128 open questions instead of 200"), "{cut}");
        // Where nobody is asked, nothing is cut.
        assert_eq!(said(&["max-suspended=200", "login"], 1024), None);
    }

    #[test]
    fn openvpn_needs_files_for_clients_that_are_asked_too() {
        let most = |words: &[&str]| {
            let config = Config::parse(words.iter().map(|word| word.as_bytes())).unwrap();
            settings(config).most_undecided()
        };
        assert_eq!(most(&["max-pending=7", "max-workers=3", "max-suspended=200", "login"]), 10);
        let asks = ["challenge=yes", "max-pending=7", "max-workers=3", "max-suspended=200", "login"];
        assert_eq!(most(&asks), 410);
        assert_eq!(most(&["challenge=yes", "login"]), 1024 + 10 + 2 * 5);
    }

    #[test]
    fn all_together_find_descriptors() {
        for files in [256, 1000, 1024, 4096] {
            let line = [
                "challenge=yes",
                "session=yes",
                "max-suspended=10000",
                "max-sessions=10000",
                "max-workers=1000",
                "login",
            ];
            let Limits { max_workers, max_suspended, max_sessions, .. } = limits(&line, files);
            // A question that may not be known yet waits as well, and so do those that wait for a session.
            let most = OWN_FILES + max_workers + 2 * (max_suspended + max_sessions);
            assert!(most <= files, "{most} of {files}");
        }
    }

    #[test]
    fn sessions_have_their_own_places_if_there_are_any() {
        assert_eq!(limits(&["login"], 1_000_000).max_sessions, 0);
        assert_eq!(limits(&["session=yes", "login"], 1_000_000).max_sessions, 7);
        // Those that wait for one as well.
        let scarce =
            limits(&["session=yes", "max-sessions=50", "max-workers=1000", "login"], OWN_FILES + 300);
        assert_eq!((scarce.max_sessions, scarce.max_workers), (50, 100));
        let many = limits(&["session=yes", "max-sessions=10000", "login"], 1000);
        assert_eq!(many.max_sessions, 250);
        let processes = |words: &[&str]| {
            let config = Config::parse(words.iter().map(|word| word.as_bytes())).unwrap();
            settings(config).most_processes()
        };
        assert_eq!(processes(&["session=yes", "login"]), processes(&["login"]) + 14);
    }

    #[test]
    fn few_open_files_are_few_workers() {
        let scarce = limits(&["max-workers=1000", "login"], OWN_FILES + 2 * 100);
        assert_eq!((scarce.max_workers, scarce.max_pending), (100, 1024));
        assert_eq!(limits(&["login"], 0).max_workers, 1);
    }
}
