use std::{fmt, io};

/// Why a run failed: a chain of errors, and what a person can do about it.
#[derive(Debug)]
pub(super) struct Failure {
    error: anyhow::Error,
    hints: Vec<String>,
}

impl Failure {
    /// A failure that is explained by `message` alone.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { error: anyhow::Error::msg(message.into()), hints: Vec::new() }
    }

    /// Adds a hint: one sentence without a final period.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Whether the reader of an output went away, which is its right.
    pub(super) fn is_broken_pipe(&self) -> bool {
        let mut causes = self.error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
        causes.any(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The error and what caused it, outermost first.
    pub(super) fn chain(&self) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
        self.error.chain()
    }

    /// What a person can do.
    pub(super) fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into(), hints: Vec::new() }
    }
}

/// The message of an error on several lines, each safe for a terminal.
pub(super) fn safe_lines(message: &impl fmt::Display) -> String {
    let lines: Vec<String> = message.to_string().lines().map(crate::report::shown::line).collect();
    lines.join("\n")
}
