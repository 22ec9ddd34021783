//! A panic in the method of any event is a failure of that event, one line, and nothing else.

use ovpn_plugin::testing::{CallData, ConnectFiles, LoginFiles, Outcome, Running};
use ovpn_plugin::*;

/// Panics the first time it is asked about an event, and is fine the second time.
struct Nervous {
    known: EventSet,
}

impl Nervous {
    fn first_time(&mut self, event: EventSet) {
        let known = self.known.contains(event);
        self.known |= event;
        assert!(known, "nervous about {event}");
    }
}

macro_rules! nervous {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:ident:
        $method:ident($event:ident) -> $reply:ident, $else:ident, $failure:literal;)*) => {
        #[ovpn_plugin::plugin]
        impl Plugin for Nervous {
            const NAME: &'static str = "NERVOUS";

            fn open(_: &OpenArgs<'_>) -> Result<Self> {
                Ok(Self { known: EventSet::NONE })
            }

            $(fn $method(&mut self, event: &$event<'_>) -> Result<$reply> {
                assert_eq!(event.args().count(), 1);
                self.first_time(EventSet::$name);
                Ok(fine!($else, $reply))
            })*
        }

        const EVENTS: &[EventSet] = &[$(EventSet::$name,)*];
    };
}

macro_rules! fine {
    (done, $reply:ident) => {
        $reply::Done
    };
    (reject, ClientConnectV2Reply) => {
        ClientConnectV2Reply::Accept(ClientConfig::new())
    };
    (reject, $reply:ident) => {
        $reply::Accept
    };
}

ovpn_plugin_sys::for_each_event!(nervous);

#[test]
fn each_fails_once_and_works_again() {
    let mut plugin = Running::<Nervous>::open(&CallData::new()).unwrap();
    let call = CallData::new().arg("word");
    for &event in EVENTS {
        assert_eq!(plugin.call(event, &call).outcome, Outcome::Error, "{event}");
        let (start, end) = (format!("panic in {event} at "), format!(": nervous about {event}"));
        let says = |text: &str| text.starts_with(&start) && text.ends_with(&end);
        assert!(plugin.log_lines().iter().any(|line| says(&line.text)), "{:?}", plugin.log_lines());
        assert_eq!(plugin.call(event, &call).outcome, Outcome::Success, "{event}");
    }
    // Lines of threads that are nobody's, as of the other test, are here, too.
    let lines = plugin.log_lines().iter().filter(|line| line.text.contains("nervous about")).count();
    assert_eq!(lines, EVENTS.len(), "one line each: {:?}", plugin.log_lines());
}

/// A panic between taking a decision and keeping it rejects.
#[test]
fn what_was_taken_is_rejected() {
    let (login, client) = (LoginFiles::new().unwrap(), ConnectFiles::new().unwrap());
    let caught = std::panic::catch_unwind(|| {
        let (call, connect) = (login.call(), client.call());
        let _decision = call.event::<AuthUserPassVerify<'_>>().defer().unwrap();
        let _other = connect.event::<ClientConnect<'_>>().defer().unwrap();
        panic!("told to");
    });
    assert!(caught.is_err());
    assert_eq!((login.verdict(), client.verdict().as_str()), (Some(false), "0"));
}
