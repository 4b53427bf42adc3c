use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Change, Document, Finding, Level, Place, Position, Span, github::message, pretty};
use crate::plan::Codemod;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Where the project is.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");
/// How many results of a run and related places of a result code scanning takes (docs.github.com, "SARIF results exceed one
/// or more limits").
const MOST_RESULTS: usize = 25_000;
const MOST_RELATED: usize = 1_000;

/// A run of a tool (OASIS SARIF 2.1.0, 3.14).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Value,
    column_kind: &'static str,
    original_uri_base_ids: Value,
    invocations: Value,
    results: Vec<Value>,
}

/// The findings as a SARIF 2.1.0 log, with a line feed at the end. `codemods` gives the rules their texts; paths begin at
/// the root of each repository, as code scanning wants them.
///
/// # Errors
///
/// Never in practice: every part can be written as JSON.
pub fn sarif(document: &Document, codemods: &[&Codemod]) -> serde_json::Result<String> {
    let ids: BTreeSet<&str> = document.findings.iter().map(|finding| finding.codemod).collect();
    let indexes: BTreeMap<&str, usize> = ids.iter().enumerate().map(|(index, id)| (*id, index)).collect();
    let rules = ids.iter().map(|id| rated(rule(id, codemods), id, document)).collect();
    let results = document.findings.iter().take(MOST_RESULTS).map(|finding| result(finding, &indexes));
    let run = Run {
        tool: tool(rules),
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: json!({ "SRCROOT": { "description": { "text": "The root of the repository" } } }),
        invocations: json!([{ "executionSuccessful": true, "toolExecutionNotifications": notifications(document) }]),
        results: results.collect(),
    };
    pretty(&json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] }))
}

/// The program as a SARIF tool (3.18) with these rules.
#[must_use]
pub fn tool(rules: Vec<Value>) -> Value {
    json!({ "driver": {
        "name": "dfmigrate",
        "informationUri": HOME,
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    } })
}

/// The codemod `id` as a SARIF rule (3.49) with all texts that code scanning asks for.
#[must_use]
pub fn rule(id: &str, codemods: &[&Codemod]) -> Value {
    let codemod = codemods.iter().find(|codemod| codemod.id == id);
    let summary = codemod.map_or(id, |codemod| codemod.summary);
    let page = codemod.map_or(id, |codemod| codemod.page);
    json!({
        "id": id,
        "name": pascal_case(id),
        "helpUri": format!("{HOME}/blob/main/docs/codemods/{id}.md"),
        "shortDescription": { "text": summary },
        "fullDescription": { "text": summary },
        "help": { "text": page, "markdown": page },
    })
}

/// The rule with how bad the worst of its findings is.
fn rated(mut rule: Value, id: &str, document: &Document) -> Value {
    let worst = document.findings.iter().filter(|finding| finding.codemod == id).map(|finding| finding.severity);
    let worst = worst.min_by_key(|level| *level as u8).unwrap_or(Level::Note);
    // What code scanning calls high, medium and low (docs.github.com, "SARIF support for code scanning").
    let severity = match worst {
        Level::Error => "8.0",
        Level::Warning => "5.5",
        Level::Note => "2.0",
    };
    let properties = json!({ "tags": ["security", "docker"], "precision": "high", "security-severity": severity });
    if let Some(rule) = rule.as_object_mut() {
        rule.insert("defaultConfiguration".to_owned(), json!({ "level": level(worst) }));
        rule.insert("properties".to_owned(), properties);
    }
    rule
}

/// `arg-secret` as `ArgSecret`, the form that SARIF has names of rules in (3.49.7).
fn pascal_case(id: &str) -> String {
    let capital = |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    id.split('-').map(capital).collect()
}

fn result(finding: &Finding, indexes: &BTreeMap<&str, usize>) -> Value {
    let related: Vec<Value> =
        finding.related.iter().take(MOST_RELATED).enumerate().map(|(id, it)| related(id, it)).collect();
    let mut result = json!({
        "ruleId": finding.codemod,
        "ruleIndex": indexes.get(finding.codemod),
        "level": level(finding.severity),
        "message": { "text": message(finding) },
        "locations": [{ "physicalLocation": physical(&finding.place) }],
        "relatedLocations": related,
        "codeFlows": [code_flow(finding)],
        "partialFingerprints": { "dfmigrate/v1": finding.fingerprint },
        "properties": { "status": finding.remedy.status, "subject": finding.subject },
    });
    if let Some(result) = result.as_object_mut() {
        if !finding.remedy.changes.is_empty() {
            result.insert("fixes".to_owned(), json!([fix(finding)]));
        }
        if finding.known {
            result.insert("baselineState".to_owned(), json!("unchanged"));
        }
    }
    result
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

fn physical(place: &Place) -> Value {
    json!({ "artifactLocation": artifact(&place.file), "region": region(place.span) })
}

fn related(id: usize, place: &Place) -> Value {
    json!({ "id": id, "physicalLocation": physical(place), "message": { "text": place.text } })
}

/// The way of the value: where it enters, then who reads it and where it rests.
fn code_flow(finding: &Finding) -> Value {
    let places = std::iter::once(&finding.place).chain(finding.related.iter().take(MOST_RELATED));
    let step = |place: &Place| json!({ "location": { "physicalLocation": physical(place), "message": { "text": place.text } } });
    json!({ "threadFlows": [{ "locations": places.map(step).collect::<Vec<_>>() }] })
}

fn fix(finding: &Finding) -> Value {
    let mut files: BTreeMap<&Utf8Path, Vec<&Change>> = BTreeMap::new();
    finding.remedy.changes.iter().for_each(|change| files.entry(&change.file).or_default().push(change));
    let replacement =
        |change: &&Change| json!({ "deletedRegion": region(change.span), "insertedContent": { "text": change.text } });
    let change = |(file, changes): (&Utf8Path, Vec<&Change>)| json!({ "artifactLocation": artifact(file), "replacements": changes.iter().map(replacement).collect::<Vec<_>>() });
    json!({
        "description": { "text": finding.remedy.title },
        "artifactChanges": files.into_iter().map(change).collect::<Vec<_>>(),
    })
}

fn region(span: Span) -> Value {
    let Position { line, column, .. } = span.start;
    json!({ "startLine": line, "startColumn": column, "endLine": span.end.line, "endColumn": span.end.column })
}

fn artifact(path: &Utf8Path) -> Value {
    json!({ "uri": uri(path), "uriBaseId": "SRCROOT" })
}

/// A path as a relative reference (RFC 3986).
fn uri(path: &Utf8Path) -> String {
    path.as_str().bytes().fold(String::new(), |mut uri, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
        uri
    })
}

fn notifications(document: &Document) -> Vec<Value> {
    let note = |text: String, locations: Value| json!({ "level": "note", "message": { "text": text }, "locations": locations });
    let left_alone = document.notices.iter().map(|notice| {
        let place = json!([{ "physicalLocation": { "artifactLocation": artifact(&notice.file) } }]);
        note(format!("left alone: {}", notice.reason), place)
    });
    let complaints = document.suppressions.iter().filter(|one| !one.place.text.is_empty());
    let complaints =
        complaints.map(|one| note(one.place.text.clone(), json!([{ "physicalLocation": physical(&one.place) }])));
    let left_out = document.findings.len().saturating_sub(MOST_RESULTS);
    let left_out = (left_out > 0).then(|| note(format!("{left_out} more results are left out"), json!([])));
    left_alone.chain(complaints).chain(left_out).collect()
}
