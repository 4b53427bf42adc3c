//! The table at the end: what leaked before, and what leaks after.

use std::io::{self, Write};
use std::sync::Mutex;
use std::time::Duration;

use crate::round::Outcome;
use crate::scan::summary;

/// Collects one row for each case that was built.
#[derive(Default)]
pub struct Report(Mutex<Vec<(String, Outcome)>>, Mutex<Duration>);

impl Report {
    /// Adds the outcome of a case.
    pub fn add(&self, name: &str, outcome: Outcome) {
        if let Ok(mut rows) = self.0.lock() {
            rows.push((name.to_owned(), outcome));
        }
    }

    /// Adds the time that a run of `dfmigrate verify --build` took.
    pub fn add_verified(&self, elapsed: Duration) {
        if let Ok(mut sum) = self.1.lock() {
            *sum += elapsed;
        }
    }

    /// Prints the table; nothing when no case was built.
    pub fn print(&self) -> io::Result<()> {
        let Ok(mut rows) = self.0.lock() else { return Ok(()) };
        if rows.is_empty() {
            return Ok(());
        }
        rows.sort_by(|one, other| one.0.cmp(&other.0));
        let mut out = io::stdout().lock();
        writeln!(out, "{:44} {:48} {:12} {:>7}", "case", "leaks before", "leaks after", "seconds")?;
        for (name, outcome) in rows.iter() {
            let after = outcome.after.as_ref().map_or("-".to_owned(), |leaks| summary(leaks));
            let (before, elapsed) = (summary(&outcome.before), outcome.elapsed.as_secs_f32());
            writeln!(out, "{name:44} {before:48} {after:12} {elapsed:7.1}")?;
        }
        let built: f32 = rows.iter().map(|(_, outcome)| outcome.elapsed.as_secs_f32()).sum();
        let verified = self.1.lock().map_or(0.0, |sum| sum.as_secs_f32());
        writeln!(out, "{built:.0} seconds by the cases' own steps, {verified:.0} by `dfmigrate verify --build`")
    }
}
