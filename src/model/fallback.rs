//! Build arguments that stay for a while beside the mount that replaces them, and the comment that says so.

use std::sync::LazyLock;

use regex::Regex;

use crate::config::Date;

use super::{Dockerfile, Secret};

/// The comment above an argument `name` that stays until `until`.
#[must_use]
pub fn fallback_comment(name: &str, until: Date) -> String {
    format!("# dfmigrate: {name} may come as a build argument until {until}")
}

/// Whether `line` is such a comment.
#[must_use]
pub fn is_fallback_comment(line: &str) -> bool {
    COMMENT.as_ref().is_some_and(|comment| comment.is_match(line.trim_end()))
}

impl Dockerfile {
    /// The day until which the build argument `name` stays, where a comment says that it does.
    #[must_use]
    pub fn fallback_until(&self, name: &str) -> Option<Date> {
        let comment = COMMENT.as_ref()?;
        let found = self.source.text().lines().filter_map(|line| comment.captures(line.trim_end()));
        let mut dates = found.filter(|found| found.get(1).is_some_and(|found| found.as_str() == name));
        dates.find_map(|found| found.get(2)?.as_str().parse().ok())
    }

    /// The same for the secret that enters as a build argument.
    #[must_use]
    pub fn fallback_of(&self, secret: &Secret) -> Option<Date> {
        if secret.flow.args.is_empty() { None } else { self.fallback_until(&secret.flow.name) }
    }
}

static COMMENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^# dfmigrate: (\S+) may come as a build argument until (\d{4}-\d{2}-\d{2})$").ok());
