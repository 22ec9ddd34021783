//! Sets a case up for one plugin, has it run, and says what it came to.

use std::path::Path;

use harness::needs::Need;
use harness::plugin::Side;
use harness::scratch::{Scratch, set_mode, unique_name};
use harness::{Account, EtcPamService, TestModule};

use crate::case::{Case, Login, User};
use crate::expected::Expected;
use crate::instructions::{Event, Instructions};
use crate::outcome::{Traces, describe};
use crate::run_plugin::run_plugin;
use crate::table;

impl table::Case for Case {
    fn name(&self) -> &'static str {
        self.name
    }

    fn expected(&self) -> &Expected {
        &self.expected
    }

    fn need(&self) -> Option<(Need, &'static str)> {
        self.need
    }

    fn run(&self, side: Side, plugin: &Path) -> String {
        let (case, scratch) = (self, Scratch::new());
        let text = case.stack.text(&TestModule::shared(), scratch.path());
        let service = text.map(|text| EtcPamService::new(&text));
        if let Some(service) = &service {
            set_mode(&service.path(), case.mode);
        }
        let service_name = service.as_ref().map_or_else(unique_name, |service| service.name().to_string());
        for (name, content) in &case.files {
            let content = content.replace("@SERVICE@", &service_name);
            scratch.write(name, &content.replace("@DIR@", &scratch.path().to_string_lossy()), 0o755);
        }
        let mut made_up = vec![(service_name.clone(), "{service}")];

        let mut accounts = Vec::new();
        let mut instructions = Instructions { plugin: plugin.to_path_buf(), ..Instructions::default() };
        if side == Side::Ours {
            instructions.words.extend(case.options.iter().cloned());
        }
        if case.service {
            instructions.words.push(service_name.clone());
        }
        instructions.words.extend(case.words.iter().map(|word| word.replace("@SERVICE@", &service_name)));
        let directory = scratch.path().to_string_lossy();
        instructions.open_env = case
            .open_env
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace("@DIR@", &directory)))
            .map(|variable| variable.replace("@SERVICE@", &service_name))
            .collect();
        for login in &case.logins {
            instructions.calls.push((Event::Login, environment(login, scratch.path(), &mut accounts)));
            if login.env.iter().any(|(name, value)| name == "auth_control_file" && value == "@DIR@/control") {
                scratch.write("control", "", 0o600);
            }
        }
        made_up.extend(accounts.iter().map(|account| (account.name().to_string(), "{user}")));

        let mut run = run_plugin(&instructions, &scratch, self.expected.limit(side));
        if !run.left.is_empty() {
            run.answers.push("a helper stays".to_string());
        }
        let log = made_up.iter().fold(run.log, |log, (name, placeholder)| log.replace(name, placeholder));
        describe(&run.answers, &case.look, &Traces { directory: scratch.path(), log: &log })
    }
}

/// The variables of a login, as a server sets them.
fn environment(login: &Login, directory: &Path, accounts: &mut Vec<Account>) -> Vec<String> {
    let mut variables = Vec::new();
    let user = match &login.user {
        User::Named(name) => Some(name.clone()),
        User::Absent => None,
        User::Account(password) => Some(added(accounts, Account::new(password))),
        User::Passwordless => Some(added(accounts, Account::passwordless())),
        User::Expired(password) => Some(added(accounts, Account::expired(password))),
    };
    variables.extend(user.map(|user| format!("username={user}")));
    variables.extend(login.password.as_ref().map(|password| format!("password={password}")));
    for (name, value) in &login.env {
        variables.push(format!("{name}={}", value.replace("@DIR@", &directory.to_string_lossy())));
    }
    variables
}

fn added(accounts: &mut Vec<Account>, account: Account) -> String {
    let name = account.name().to_string();
    accounts.push(account);
    name
}
