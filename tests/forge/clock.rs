//! A clock that only moves when somebody sleeps.

use std::{
    sync::Mutex,
    time::{Duration, SystemTime},
};

use dfmigrate::forge::Clock;

#[derive(Default)]
pub struct TestClock {
    slept: Mutex<Vec<Duration>>,
}

/// When the test begins: Sun, 06 Nov 1994 08:49:37 GMT.
pub const START: u64 = 784_111_777;

impl TestClock {
    /// All sleeps, in whole seconds, up to the next one.
    pub fn slept(&self) -> Vec<u64> {
        self.slept.lock().unwrap().iter().map(|duration| duration.as_secs_f64().ceil() as u64).collect()
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        let slept: Duration = self.slept.lock().unwrap().iter().sum();
        SystemTime::UNIX_EPOCH + Duration::from_secs(START) + slept
    }

    fn sleep(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
    }

    fn chance(&self) -> f64 {
        1.0
    }
}
