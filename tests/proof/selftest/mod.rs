//! Shows that the proof itself works, and that it can fail.

mod by_hand;
mod scanner;
mod services;
mod translation;

use libtest_mimic::{Failed, Trial};

pub use by_hand::trials as by_hand;

/// The tests that need no engine.
pub fn trials() -> Vec<Trial> {
    let tests: [&[(&'static str, Check)]; 3] = [&scanner::CHECKS, &services::CHECKS, &translation::CHECKS];
    let trial = |(name, check): &(&'static str, Check)| {
        let (name, check) = (format!("selftest_{name}"), *check);
        Trial::test(name, move || check().map_err(|error| Failed::from(format!("{error:#}"))))
    };
    tests.into_iter().flatten().map(trial).collect()
}

type Check = fn() -> anyhow::Result<()>;
