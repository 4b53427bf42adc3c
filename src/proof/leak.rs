//! Where the values of a build came to rest.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;
use serde_json::Value;

use crate::image::{self, Kind, Report, Searcher};

/// The part of what a build leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A file in a layer, also one that a later layer hides.
    Layer,
    /// The configuration of the image: Env, Labels, Cmd, …
    Config,
    /// The history of the image.
    History,
    /// The provenance of the build, mode max: a record of its build arguments.
    Provenance,
    /// The output of the build.
    Log,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Layer => "layer",
            Self::Config => "config",
            Self::History => "history",
            Self::Provenance => "provenance",
            Self::Log => "log",
        })
    }
}

/// One resting place of a value. The value itself is never part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Leak {
    /// The part.
    pub place: Place,
    /// Where in it: the layer and the path, the way to the value, the one-based line of the output.
    pub at: String,
    /// The names of the secret, as the first one that was used.
    pub secret: String,
    /// The path in the container, for a file; begins without a slash.
    #[serde(skip)]
    pub path: Option<String>,
}

/// The named values in an image.
pub(super) fn in_image(report: &Report) -> BTreeSet<Leak> {
    let named = report.findings.iter().filter_map(|finding| match &finding.what {
        Kind::Named { secret, .. } => Some((finding, secret.clone())),
        _ => None,
    });
    named
        .map(|(finding, secret)| {
            let (place, path) = match &finding.place {
                image::Place::Layer { path, .. } => (Place::Layer, Some(outer(path))),
                // Archives of `docker save` hold a copy of the configuration for readers of old.
                image::Place::Unreferenced { path, .. } if path.starts_with("config.") => (Place::Config, None),
                image::Place::Unreferenced { .. } => (Place::Layer, None),
                image::Place::Config { .. } | image::Place::Manifest { .. } => (Place::Config, None),
                image::Place::History { .. } => (Place::History, None),
                image::Place::Attestation { .. } => (Place::Provenance, None),
            };
            Leak { place, at: image::report::place(finding), secret, path }
        })
        .collect()
}

/// The file of the container that a path inside of archives begins with.
fn outer(path: &str) -> String {
    path.split("!/").next().unwrap_or(path).trim_start_matches('/').to_owned()
}

/// The named values in the strings and keys of a provenance record.
pub(super) fn in_record(record: &Value, searcher: &Searcher) -> BTreeSet<Leak> {
    let mut found = BTreeSet::new();
    walk(record, &mut String::new(), &mut |way, text| {
        let ids = searcher.values_in(text.as_bytes());
        let at = || format!("provenance: {}", searcher.redact_name(way));
        found.extend(ids.into_iter().map(|secret| Leak { place: Place::Provenance, at: at(), secret, path: None }));
    });
    found
}

/// The parser has bounded the depth.
fn walk(value: &Value, way: &mut String, visit: &mut dyn FnMut(&str, &str)) {
    let length = way.len();
    match value {
        Value::String(text) => visit(way, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                way.push_str(&format!("[{index}]"));
                walk(item, way, visit);
                way.truncate(length);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                way.push_str(if length == 0 { "" } else { "." });
                way.push_str(key);
                visit(way, key);
                walk(member, way, visit);
                way.truncate(length);
            }
        }
        _ => {}
    }
}

/// The named values in the output of a build.
pub(super) fn in_log(log: &str, searcher: &Searcher) -> BTreeSet<Leak> {
    let lines = log.lines().enumerate();
    lines
        .flat_map(|(index, line)| {
            let leak =
                move |secret| Leak { place: Place::Log, at: format!("log: line {}", index + 1), secret, path: None };
            searcher.values_in(line.as_bytes()).into_iter().map(leak)
        })
        .collect()
}

/// Counts by place: `history 2, layer 1`; `none` for no leak.
#[must_use]
pub fn summary(leaks: &BTreeSet<Leak>) -> String {
    let places = [Place::Layer, Place::Config, Place::History, Place::Provenance, Place::Log];
    // Several spellings and secrets of one place are one place.
    let spots: BTreeSet<(Place, &str)> = leaks.iter().map(|leak| (leak.place, leak.at.as_str())).collect();
    let counted = places.map(|place| (place, spots.iter().filter(|(own, _)| *own == place).count()));
    let words: Vec<String> =
        counted.iter().filter(|(_, count)| *count > 0).map(|(place, count)| format!("{place} {count}")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::NamedSecret;

    #[test]
    fn records_and_logs_are_searched_and_counted() {
        let searcher = Searcher::new(vec![NamedSecret::new("token", "kn0ck-kn0ck").unwrap()]).unwrap();
        let record = serde_json::json!({"invocation": {"args": {"build-arg:T": "kn0ck-kn0ck"}}, "env": ["A=1", "T=kn0ck-kn0ck"]});
        let mut leaks = in_record(&record, &searcher);
        let at: Vec<&str> = leaks.iter().map(|leak| leak.at.as_str()).collect();
        assert_eq!(at, ["provenance: env[1]", "provenance: invocation.args.build-arg:T"]);
        leaks.extend(in_log("#1 one\n#2 kn0ck-kn0ck\n", &searcher));
        assert_eq!(summary(&leaks), "provenance 2, log 1");
        assert_eq!(summary(&BTreeSet::new()), "none");
        assert_eq!(outer("/srv/a.tgz!/package/b"), "srv/a.tgz");
    }
}
