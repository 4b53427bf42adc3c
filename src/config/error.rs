use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

/// Why a settings file can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// The file, from the repository's root or as it was given.
    pub file: Utf8PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
    /// The word that was probably meant.
    pub suggestion: Option<String>,
}

impl SettingsError {
    /// A mistake in `line`.
    pub(super) fn new(file: &Utf8Path, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, message: message.into(), suggestion: None }
    }

    /// What the TOML library found in `text`. `others` are words that could stand there as well.
    pub(super) fn of(file: &Utf8Path, text: &str, error: &toml::de::Error, others: &[&str]) -> Self {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        let message = error.message().trim_end();
        // serde writes: unknown field `x`, expected `y` or `z`; unknown variant `x`, expected one of …
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let said = |what: &str, rest: &str| match quoted.split_first() {
            Some((word, known)) if message.starts_with(what) => {
                // The others are keys of the file itself, not of the tables in it.
                let others = others.iter().filter(|_| known.contains(&"secrets"));
                let known: Vec<&str> = known.iter().copied().chain(others.copied()).collect();
                let list = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
                let suggestion = nearest(word, known.iter().copied()).map(str::to_owned);
                Some((format!("`{word}` is no {rest} {list}"), suggestion))
            }
            _ => None,
        };
        let found = said("unknown field", "setting here; there are")
            .or_else(|| said("unknown variant", "value here; there are"));
        let (message, suggestion) = found.unwrap_or_else(|| (message.replace('\n', ": "), None));
        Self { file: file.to_owned(), line, message, suggestion }
    }
}

/// The line of a place in `text`, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` has a mistake in line {}: {}", self.file, self.line, self.message)?;
        self.suggestion.as_ref().map_or(Ok(()), |word| write!(f, "; `{word}` was probably meant"))
    }
}

impl std::error::Error for SettingsError {}

/// The word that differs least from `word`, if it differs little enough to be meant.
#[must_use]
pub fn nearest<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let typed: Vec<char> = word.chars().collect();
    let similarity = |candidate: &str| {
        let candidate: Vec<char> = candidate.chars().collect();
        let operations = similar::capture_diff_slices(similar::Algorithm::Myers, &typed, &candidate);
        similar::diff_ratio(&operations, typed.len(), candidate.len())
    };
    let rated = words.into_iter().map(|candidate| (similarity(candidate), candidate));
    let best = rated.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (best.0 >= 0.6).then_some(best.1)
}
