//! What two builds of one Dockerfile show about the fix between them.

use std::collections::BTreeSet;
use std::fmt;

use camino::Utf8PathBuf;
use dfmigrate::proof::{Ran, Row};

/// What became of two builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// They do the same, and nothing that was fixed rests after.
    Same,
    /// They do not.
    Different,
    /// They do not, and somebody found out that it is none of the fix.
    Known,
    /// The stub can't stand for what the first one needs.
    NotBuilt,
}

/// A Dockerfile that was built before and after.
pub struct Judged {
    pub outcome: Outcome,
    name: String,
    dockerfile: Utf8PathBuf,
    callers: Vec<String>,
    lines: Vec<String>,
}

impl Judged {
    /// A repository that could not be built at all.
    pub fn not_built(name: &str, error: &anyhow::Error) -> Self {
        let lines = vec![format!("{error:#}")];
        Self { outcome: Outcome::NotBuilt, name: name.to_owned(), dockerfile: "".into(), callers: Vec::new(), lines }
    }

    /// `fixed` is what the fixes of the Dockerfile are about.
    pub fn of(name: &str, row: &Row, fixed: &BTreeSet<String>) -> Self {
        let (outcome, lines) = match (&row.before, &row.after) {
            (Ran::Failed { why } | Ran::NotRun { why }, _) => (Outcome::NotBuilt, vec![last_line(why)]),
            (_, Some(Ran::Failed { why } | Ran::NotRun { why })) => {
                (Outcome::Different, vec![format!("BROKEN: {why}")])
            }
            _ => {
                let lines: Vec<String> = leaks(row, fixed).chain(differences(row)).collect();
                (if lines.is_empty() { Outcome::Same } else { Outcome::Different }, lines)
            }
        };
        Self { outcome, name: name.to_owned(), dockerfile: row.dockerfile.clone(), callers: row.callers.clone(), lines }
    }
}

impl Judged {
    /// With what was found out about a difference.
    pub fn read(mut self, why: Option<&String>) -> Self {
        let is_broken = self.lines.iter().any(|line| line.starts_with("BROKEN"));
        if let (Outcome::Different, Some(why), false) = (self.outcome, why, is_broken) {
            self.outcome = Outcome::Known;
            self.lines.push(why.clone());
        }
        self
    }
}

/// Where a value that was fixed still rests.
fn leaks<'r>(row: &'r Row, fixed: &'r BTreeSet<String>) -> impl Iterator<Item = String> + 'r {
    let leaks = match &row.after {
        Some(Ran::Built { leaks }) => leaks.iter().collect(),
        _ => Vec::new(),
    };
    let is_fixed =
        |secret: &str| fixed.iter().any(|name| alike(name) == secret || alike(name).ends_with(&format!("_{secret}")));
    leaks
        .into_iter()
        .filter(move |leak| is_fixed(&leak.secret))
        .map(|leak| format!("rests: {} in {}", leak.secret, leak.at))
}

fn differences(row: &Row) -> impl Iterator<Item = String> + '_ {
    let comparison = row.comparison.iter();
    comparison.flat_map(|found| {
        // A mount may show a value to more programs than before: those of a RUN are all or none.
        let is_more = |path: &str, how: &str| path.contains(".rec/sees ") && how == "is new";
        // What failed for the want of something in the stub need not be there any more.
        let fails_less = |path: &str, how: &str| {
            how == "is missing" && [".rec/fail ", ".rec/soft "].iter().any(|kind| path.contains(kind))
        };
        let files = found.files.iter().filter(move |(path, how)| !is_more(path, how) && !fails_less(path, how));
        let files = files.map(|(path, how)| format!("{path} {how}"));
        files.chain(found.config.iter().cloned())
    })
}

/// A name as the proof tells secrets apart.
fn alike(name: &str) -> String {
    let plain = name.to_ascii_lowercase().replace(|char: char| !char.is_ascii_alphanumeric(), "_");
    plain.trim_matches('_').to_owned()
}

fn last_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.last().map(|line| (*line).to_owned()).unwrap_or_default()
}

impl fmt::Display for Judged {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.outcome {
            Outcome::Same => "same",
            Outcome::Different => "DIFFERENT",
            Outcome::Known => "known",
            Outcome::NotBuilt => "not built",
        };
        writeln!(formatter, "{what}: {} {} {}", self.name, self.dockerfile, self.callers.join(", "))?;
        self.lines.iter().try_for_each(|line| writeln!(formatter, "    {line}"))
    }
}
