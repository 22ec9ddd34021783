//! A plugin for the tests of the SDK: one task is started when the plugin is opened, one right before the first event.

use ovpn_plugin::{AuthReply, AuthUserPassVerify, EventSet, InitPoint, OpenArgs, OpenError, Plugin, Tasks};

struct EarlyTasks {
    tasks: Tasks,
}

impl EarlyTasks {
    fn spawn(&mut self, name: &'static str) -> Result<(), OpenError> {
        let task = move |stop: &ovpn_plugin::Stop| {
            log::info!("task {name} runs");
            while stop.wait(std::time::Duration::from_secs(3600)).is_ok() {}
            log::info!("task {name} was told to stop");
        };
        self.tasks.spawn(name, task).map_err(OpenError::from_error)
    }
}

impl Plugin for EarlyTasks {
    const NAME: &'static str = "EARLY-TASKS";

    fn open(_: &OpenArgs<'_>) -> Result<Self, OpenError> {
        let mut plugin = Self { tasks: Tasks::new(2) };
        plugin.spawn("of-open")?;
        Ok(plugin)
    }

    fn events(&self) -> EventSet {
        EventSet::AUTH_USER_PASS_VERIFY | EventSet::UP
    }

    fn start(&mut self) -> Result<(), OpenError> {
        self.spawn("of-start")
    }

    fn auth_user_pass_verify(&mut self, _: &AuthUserPassVerify<'_>) -> AuthReply {
        AuthReply::Accept
    }
}

ovpn_plugin::export!(EarlyTasks, init_point = InitPoint::PreConfigParse);
