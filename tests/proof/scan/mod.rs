//! Looks for a canary in everything that a build leaves behind.

mod search;
mod stored;

use std::fmt;

pub use search::Searcher;
pub use stored::{Stored, read_stored};

use crate::canary::Spelling;

/// Where a value rests after a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A file, a name or an attribute in a layer, also where a later layer hides it.
    Layer,
    /// The image configuration apart from its history: Env, Labels, Cmd, Healthcheck, OnBuild, …
    Config,
    /// What `docker history --no-trunc` prints.
    History,
    /// The provenance (mode max) of the build record, which holds the build arguments.
    Provenance,
    /// The output of the build.
    Log,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Layer => "layer",
            Self::Config => "config",
            Self::History => "history",
            Self::Provenance => "provenance",
            Self::Log => "log",
        })
    }
}

/// One resting place of the canary. The value itself is never part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    pub place: Place,
    /// The file in the layer, the key in the configuration, the line of the text (one-based).
    pub at: String,
    pub spelling: Spelling,
}

impl fmt::Display for Leak {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} ({:?})", self.place, self.at, self.spelling)
    }
}

/// The lines of `text` that give the canary away.
pub fn leaks_in_text(searcher: &Searcher, place: Place, text: &str) -> Vec<Leak> {
    let found = text.lines().enumerate().filter_map(|(index, line)| Some((index, searcher.find(line.as_bytes())?)));
    found.map(|(index, spelling)| Leak { place, at: format!("line {}", index + 1), spelling }).collect()
}

/// Counts by place, e.g. `history 2, layer 1`; `none` for no leak.
pub fn summary(leaks: &[Leak]) -> String {
    let places = [Place::Layer, Place::Config, Place::History, Place::Provenance, Place::Log];
    let counted = places.map(|place| (place, leaks.iter().filter(|leak| leak.place == place).count()));
    let words: Vec<String> =
        counted.iter().filter(|(_, count)| *count > 0).map(|(place, count)| format!("{place} {count}")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
