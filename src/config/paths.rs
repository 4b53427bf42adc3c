use std::fmt;

use camino::Utf8Path;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::{Deserialize, Deserializer, de::Error as _};

/// Patterns of paths as in .gitignore, from the repository's root: `docs/`, `*.md`, `/tools/**/build`.
#[derive(Clone)]
pub struct PathPatterns {
    patterns: Vec<String>,
    matcher: Gitignore,
}

impl PathPatterns {
    /// Patterns to match with.
    ///
    /// # Errors
    /// One of them is none; the sentence says which.
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let patterns: Vec<String> = patterns.into_iter().collect();
        let mut builder = GitignoreBuilder::new("");
        for pattern in &patterns {
            let blank = pattern.trim().is_empty() || pattern.starts_with(['#', '!']);
            if blank || pattern.split('/').any(|part| part == "..") {
                return Err(format!("`{pattern}` is no pattern of paths below the folder of the file"));
            }
            builder.add_line(None, pattern).map_err(|error| error.to_string())?;
        }
        let matcher = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { patterns, matcher })
    }

    /// Whether one of the patterns matches the file at `path` or a folder that it is in.
    #[must_use]
    pub fn matches(&self, path: &Utf8Path) -> bool {
        !path.has_root() && self.matcher.matched_path_or_any_parents(path, false).is_ignore()
    }
}

impl fmt::Debug for PathPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.patterns.fmt(f)
    }
}

impl Default for PathPatterns {
    fn default() -> Self {
        Self { patterns: Vec::new(), matcher: Gitignore::empty() }
    }
}

impl PartialEq for PathPatterns {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl Eq for PathPatterns {}

impl<'de> Deserialize<'de> for PathPatterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::<String>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for PathPatterns {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PathPatterns".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<String>::json_schema(generator)
    }
}

/// A pattern of a settings file in `folder` as one from the root.
pub(super) fn rooted(folder: &Utf8Path, pattern: &str) -> String {
    if folder.as_str().is_empty() {
        return pattern.to_owned();
    }
    let special = |char: char| "\\*?[]{}!".contains(char);
    let folder = folder.as_str().chars().fold(String::new(), |mut text, char| {
        if special(char) {
            text.push('\\');
        }
        text.push(char);
        text
    });
    // Without a slash but at its end, a pattern is about names at any depth (gitignore).
    let any_depth = !pattern.trim_end_matches('/').contains('/');
    let between = if any_depth { "/**/" } else { "/" };
    format!("/{folder}{between}{}", pattern.trim_start_matches('/'))
}
