//! A plugin for the tests of the SDK: one task is started when the plugin is opened, one right before the first event.

use ovpn_plugin::{AuthReply, AuthUserPassVerify, InitPoint, OpenArgs, Plugin, Result, Tasks, Up, UpReply};

struct EarlyTasks {
    tasks: Tasks,
}

impl EarlyTasks {
    fn spawn(&mut self, name: &'static str) -> Result<()> {
        let task = move |stop: &ovpn_plugin::Stop| {
            log::info!("task {name} runs");
            while stop.wait(std::time::Duration::from_secs(3600)).is_ok() {}
            log::info!("task {name} was told to stop");
        };
        Ok(self.tasks.spawn(name, task)?)
    }
}

#[ovpn_plugin::plugin]
impl Plugin for EarlyTasks {
    const NAME: &'static str = "EARLY-TASKS";

    fn open(_: &OpenArgs<'_>) -> Result<Self> {
        let mut plugin = Self { tasks: Tasks::new(2) };
        plugin.spawn("of-open")?;
        Ok(plugin)
    }

    fn start(&mut self) -> Result<()> {
        self.spawn("of-start")
    }

    fn auth_user_pass_verify(&mut self, _: &AuthUserPassVerify<'_>) -> Result<AuthReply> {
        Ok(AuthReply::Accept)
    }

    fn up(&mut self, _: &Up<'_>) -> Result<UpReply> {
        Ok(UpReply::Done)
    }
}

ovpn_plugin::export!(EarlyTasks, init_point = InitPoint::PreConfigParse);
