use std::collections::BTreeMap;

use super::{Link, Record, Stage};
use crate::report::{counted, shown::line};

/// What became of the repositories, a line each, with the reasons and the sums. For a terminal.
#[must_use]
pub fn table(records: &[Record], links: &[Link]) -> String {
    let width = records.iter().map(|record| line(&record.title()).chars().count()).max().unwrap_or_default();
    let mut rows: Vec<&Record> = records.iter().collect();
    rows.sort_by_key(|record| record.stage);
    let mut lines: Vec<String> = Vec::new();
    for record in rows {
        lines.push(format!("{:<width$}  {:<9}  {}", line(&record.title()), record.stage.name(), outcome(record)));
        lines.extend(reasons(record).into_iter().map(|reason| format!("{:width$}    {reason}", "")));
    }
    for link in links {
        let (caller, callee, place) = (line(&link.caller), line(&link.callee), line(&link.place));
        lines.push(format!("{place} of {caller} {} {callee}:", link.kind.does()));
        lines.push(format!("  {}", link.order()));
    }
    lines.push(sums(records));
    lines.join("\n")
}

fn outcome(record: &Record) -> String {
    let found = match (record.findings.len(), record.fixed()) {
        (0, _) if record.stage == Stage::Failed => "could not be looked at".to_owned(),
        (0, _) => "no findings".to_owned(),
        (found, 0) => counted(found, "finding"),
        (found, fixed) => format!("{}, {fixed} {}", counted(found, "finding"), record.stage.of_fixes()),
    };
    match &record.request {
        Some(request) => format!("{found}  {}", line(&request.url)),
        None => found,
    }
}

/// Why something was left, each reason once.
fn reasons(record: &Record) -> Vec<String> {
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for reason in record.findings.iter().filter_map(|found| found.reason.as_ref()) {
        *left.entry(line(reason)).or_default() += 1;
    }
    let failure = record.failure.iter().flat_map(|failure| failure.lines().next()).map(line);
    failure.chain(left.into_iter().map(|(reason, count)| format!("{}: {reason}", counted(count, "finding")))).collect()
}

/// `3 repositories: 1 refused, 2 clean`. One with two changes counts as what wants more attention.
fn sums(records: &[Record]) -> String {
    let mut stages: BTreeMap<&str, Stage> = BTreeMap::new();
    for record in records {
        let stage = stages.entry(&record.name).or_insert(record.stage);
        *stage = record.stage.min(*stage);
    }
    let count = |stage: Stage| stages.values().filter(|found| **found == stage).count();
    let sums = Stage::ALL.iter().map(|stage| (count(*stage), stage.name())).filter(|(count, _)| *count > 0);
    let sums: Vec<String> = sums.map(|(count, name)| format!("{count} {name}")).collect();
    match stages.len() {
        0 => "no repositories".to_owned(),
        1 => format!("1 repository: {}", sums.join(", ")),
        number => format!("{number} repositories: {}", sums.join(", ")),
    }
}
