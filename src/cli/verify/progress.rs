use std::{
    io::{self, IsTerminal as _, Read},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(120);

/// A reader that shows on a terminal how far it is; elsewhere it only reads.
pub(super) struct Progress<R> {
    inner: R,
    bar: ProgressBar,
}

impl<R: Read> Progress<R> {
    /// `length` is the number of bytes to come, if that is known. The bar goes to standard error.
    pub(super) fn new(inner: R, length: Option<u64>, is_wanted: bool) -> Self {
        let bar = match length {
            _ if !is_wanted || !io::stderr().is_terminal() => ProgressBar::hidden(),
            Some(length) => ProgressBar::new(length),
            None => ProgressBar::new_spinner(),
        };
        let template = match length {
            Some(_) => "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
            None => "{spinner} {bytes}, {bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Self { inner, bar }
    }
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.bar.inc(count as u64);
        Ok(count)
    }
}

impl<R> Drop for Progress<R> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
