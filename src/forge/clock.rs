use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::{Duration, SystemTime},
};

/// Time and chance, so that tests of waiting don't wait.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;
    /// Returns after `duration`.
    fn sleep(&self, duration: Duration);
    /// A number from 0 to 1 that nobody can foresee: clients that failed together must not come back together.
    fn chance(&self) -> f64;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn chance(&self) -> f64 {
        // The standard library seeds each `RandomState` anew. 32 bits are exact in an f64.
        let random = RandomState::new().build_hasher().finish() >> 32;
        f64::from(u32::try_from(random).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
    }
}
