//! A proof for people and for machines.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Comparison, Proof, Ran, Row, Verdict, leak};
use crate::report::machine::pretty;
use crate::report::{counted, shown};

/// How many places or files of one row are listed.
const MOST_LISTED: usize = 12;

/// The proof as one JSON document; `version` counts changes that break readers.
#[derive(Serialize)]
struct Document<'p> {
    version: u32,
    #[serde(flatten)]
    proof: &'p Proof,
}

/// The proof as JSON, with a line feed at the end.
///
/// # Errors
///
/// Never in practice: every part can be written as JSON.
pub fn json(proof: &Proof) -> serde_json::Result<String> {
    pretty(&Document { version: 1, proof })
}

const COLUMNS: [&str; 8] =
    ["Dockerfile", "built by", "before", "leaks before", "after", "leaks after", "same image", "verdict"];

/// The table: a line for each row, in columns.
#[must_use]
pub fn table(proof: &Proof) -> String {
    let rows: Vec<[String; 8]> = proof.rows.iter().map(cells).collect();
    let head = COLUMNS.map(str::to_owned);
    let all: Vec<&[String; 8]> = std::iter::once(&head).chain(&rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let line = |row: &&[String; 8]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn cells(row: &Row) -> [String; 8] {
    let callers = match row.callers.as_slice() {
        [] => "(no caller)".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    };
    let (same, after) = (row.comparison.as_ref().map_or("-", same), row.after.as_ref());
    let not_needed = || if row.verdict == Verdict::Unproven { "-" } else { "unchanged" }.to_owned();
    [
        shown::line(row.dockerfile.as_str()),
        shown::line(&callers),
        word(&row.before).to_owned(),
        leaks(&row.before),
        after.map_or_else(not_needed, |ran| word(ran).to_owned()),
        after.map_or_else(|| "-".to_owned(), leaks),
        same.to_owned(),
        verdict(row.verdict).to_owned(),
    ]
}

fn word(ran: &Ran) -> &'static str {
    match ran {
        Ran::Built { .. } => "builds",
        Ran::Failed { .. } => "fails",
        Ran::NotRun { .. } => "not run",
    }
}

fn leaks(ran: &Ran) -> String {
    match ran {
        Ran::Built { leaks } => leak::summary(leaks),
        Ran::Failed { .. } | Ran::NotRun { .. } => "-".to_owned(),
    }
}

fn same(comparison: &Comparison) -> &'static str {
    match (comparison.files.is_empty(), comparison.config.is_empty()) {
        (true, true) => "yes",
        (false, true) => "no: files",
        (true, false) => "no: settings",
        (false, false) => "no: files, settings",
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proven => "proven",
        Verdict::Clean => "nothing leaks",
        Verdict::Leaks => "STILL LEAKS",
        Verdict::Broken => "BROKEN",
        Verdict::Differs => "DIFFERS",
        Verdict::Unproven => "not proven",
    }
}

/// What stands behind the rows of the table, in paragraphs: reasons, leaks that stay, differences, remarks. Empty where
/// there is nothing to be said.
#[must_use]
pub fn details(proof: &Proof) -> String {
    let mut paragraphs: Vec<String> = proof.rows.iter().filter_map(detail).collect();
    paragraphs.extend(remarks(proof));
    paragraphs.join("\n\n")
}

fn detail(row: &Row) -> Option<String> {
    let mut lines = Vec::new();
    if let Ran::Failed { why } | Ran::NotRun { why } = &row.before {
        lines.push(reason("the build as it is", &row.before));
        lines.extend(why.lines().map(|line| format!("  {}", shown::line(line))));
    }
    if let Some(after @ (Ran::Failed { why } | Ran::NotRun { why })) = &row.after {
        lines.push(reason("the build of the migrated repository", after));
        lines.extend(why.lines().map(|line| format!("  {}", shown::line(line))));
    }
    let last = row.after.as_ref().unwrap_or(&row.before);
    if let Ran::Built { leaks } = last
        && !leaks.is_empty()
    {
        lines.push("a value still rests in:".to_owned());
        lines.extend(some(leaks.iter().map(|leak| format!("  `{}`: {}", leak.secret, shown::line(&leak.at)))));
    }
    lines.extend(row.comparison.iter().flat_map(differences));
    if lines.is_empty() {
        return None;
    }
    let callers = if row.callers.is_empty() { String::new() } else { format!(" ({})", row.callers.join(", ")) };
    Some(format!("{}{}:\n  {}", shown::line(row.dockerfile.as_str()), shown::line(&callers), lines.join("\n  ")))
}

fn reason(what: &str, ran: &Ran) -> String {
    format!("{what} {}:", if matches!(ran, Ran::Failed { .. }) { "fails" } else { "can't run here" })
}

fn differences(comparison: &Comparison) -> Vec<String> {
    let mut lines = Vec::new();
    if !comparison.files.is_empty() {
        lines.push("files of the image differ:".to_owned());
        lines.extend(some(comparison.files.iter().map(|(path, how)| format!("  /{} {how}", shown::line(path)))));
    }
    lines.extend(comparison.config.iter().cloned());
    if !comparison.unsteady.is_empty() {
        let count = counted(comparison.unsteady.len(), "file");
        lines.push(format!("{count} also differ between two builds of the original, and were not compared:"));
        lines.extend(some(comparison.unsteady.iter().map(|path| format!("  /{}", shown::line(path)))));
    }
    lines
}

/// The first lines, and how many more there are.
fn some(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    let more = lines.len().saturating_sub(MOST_LISTED);
    lines.truncate(MOST_LISTED);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines
}

/// Each remark once, with the number of builds that it is about.
fn remarks(proof: &Proof) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for remark in proof.rows.iter().flat_map(|row| &row.remarks) {
        *counts.entry(remark).or_default() += 1;
    }
    let of_rows = counts.into_iter().map(|(remark, count)| match count {
        1 => shown::line(remark),
        count => format!("{} ({})", shown::line(remark), counted(count, "build")),
    });
    let lines: Vec<String> = proof.remarks.iter().map(|remark| shown::line(remark)).chain(of_rows).collect();
    (!lines.is_empty()).then(|| format!("remarks:\n  {}", lines.join("\n  ")))
}

/// The last line: how many builds there were and what was shown of them.
#[must_use]
pub fn closing(proof: &Proof) -> String {
    let count = |wanted: fn(Verdict) -> bool| proof.rows.iter().filter(|row| wanted(row.verdict)).count();
    let parts = [
        (count(|verdict| verdict == Verdict::Proven), "proven"),
        (count(|verdict| verdict == Verdict::Clean), "with nothing to migrate"),
        (count(Verdict::is_bad), "wrong"),
        (count(|verdict| verdict == Verdict::Unproven), "not proven"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let rest = match proof.without_secrets {
        0 => String::new(),
        count => format!("; {} without secrets not built", counted(count, "Dockerfile")),
    };
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("{}{parts}{rest}", counted(proof.rows.len(), "build"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::proof::{Leak, Place};

    fn row(before: Ran, after: Option<Ran>, comparison: Option<Comparison>) -> Row {
        let verdict = Verdict::of(&before, after.as_ref(), comparison.as_ref());
        let callers = vec!["build.sh:3".to_owned(), "Makefile:7".to_owned()];
        Row {
            dockerfile: "Dockerfile".into(),
            callers,
            before,
            after,
            comparison,
            verdict,
            remarks: vec!["x is y".into()],
        }
    }

    #[test]
    fn people_get_a_table_and_reasons() {
        let leak =
            Leak { place: Place::History, at: "history: entry 1".into(), secret: "npm_token".into(), path: None };
        let leaking = Ran::Built { leaks: [leak].into() };
        let clean = Ran::Built { leaks: BTreeSet::new() };
        let missing =
            Comparison { files: [("srv/a".to_owned(), "is missing".to_owned())].into(), ..Comparison::default() };
        let rows = vec![
            row(leaking.clone(), Some(clean.clone()), Some(Comparison::default())),
            row(leaking.clone(), Some(clean), Some(missing)),
            row(leaking, None, None),
            row(Ran::NotRun { why: "no image".into() }, None, None),
        ];
        let proof = Proof { rows, without_secrets: 2, remarks: Vec::new() };
        insta::assert_snapshot!(format!("{}\n\n{}\n\n{}", table(&proof), details(&proof), closing(&proof)), @r"
        Dockerfile  built by               before   leaks before  after      leaks after  same image  verdict
        Dockerfile  build.sh:3 and 1 more  builds   history 1     builds     none         yes         proven
        Dockerfile  build.sh:3 and 1 more  builds   history 1     builds     none         no: files   DIFFERS
        Dockerfile  build.sh:3 and 1 more  builds   history 1     unchanged  -            -           STILL LEAKS
        Dockerfile  build.sh:3 and 1 more  not run  -             -          -            -           not proven

        Dockerfile (build.sh:3, Makefile:7):
          files of the image differ:
            /srv/a is missing

        Dockerfile (build.sh:3, Makefile:7):
          a value still rests in:
            `npm_token`: history: entry 1

        Dockerfile (build.sh:3, Makefile:7):
          the build as it is can't run here:
            no image

        remarks:
          x is y (4 builds)

        4 builds: 1 proven, 2 wrong, 1 not proven; 2 Dockerfiles without secrets not built
        ");
        assert!(json(&proof).unwrap().contains("\"verdict\": \"proven\""));
    }
}
