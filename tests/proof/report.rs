//! The table at the end: what leaked before, and what leaks after.

use std::io::{self, Write};
use std::sync::Mutex;

use crate::round::Outcome;
use crate::scan::summary;

/// Collects one row for each case that was built.
#[derive(Default)]
pub struct Report(Mutex<Vec<(String, Outcome)>>);

impl Report {
    /// Adds the outcome of a case.
    pub fn add(&self, name: &str, outcome: Outcome) {
        if let Ok(mut rows) = self.0.lock() {
            rows.push((name.to_owned(), outcome));
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
        Ok(())
    }
}
