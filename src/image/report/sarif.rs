//! SARIF 2.1.0 (OASIS), for code scanning services.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{place, what};
use crate::codemods;
use crate::image::{Finding, Place, Report, Severity};
use crate::report::machine::{pretty, sarif_rule, sarif_tool};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r>; 1],
}

#[derive(Serialize)]
struct Run<'r> {
    tool: Value,
    results: Vec<Outcome<'r>>,
    invocations: [Invocation; 1],
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'r> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    properties: &'r Finding,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    logical_locations: [LogicalLocation; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Value,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

/// The report as a SARIF log, with a line feed at the end.
///
/// # Errors
///
/// Never in practice: every part can be written as JSON.
pub fn sarif(report: &Report) -> serde_json::Result<String> {
    let mut indexes: BTreeMap<&'static str, usize> =
        report.findings.iter().map(|finding| (finding.codemod, 0)).collect();
    for (index, known) in indexes.values_mut().enumerate() {
        *known = index;
    }
    let rules = indexes.keys().map(|id| sarif_rule(id, codemods::ALL)).collect();
    let results = report.findings.iter().map(|finding| outcome(finding, &indexes)).collect();
    let run = Run { tool: sarif_tool(rules), results, invocations: [invocation(report)] };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    pretty(&log)
}

fn outcome<'r>(finding: &'r Finding, indexes: &BTreeMap<&'static str, usize>) -> Outcome<'r> {
    let place = place(finding);
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    // Code scanning takes no result without a line; a file of an image has none that somebody could look at.
    let region = json!({ "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2 });
    let physical_location = PhysicalLocation { artifact_location: ArtifactLocation { uri: uri(finding) }, region };
    let logical = LogicalLocation {
        fully_qualified_name: format!("{} {place}", finding.image).trim().to_owned(),
        kind: "resource",
    };
    Outcome {
        rule_id: finding.codemod,
        rule_index: indexes.get(finding.codemod).copied().unwrap_or_default(),
        level,
        message: Message { text: format!("{} is in the image ({place})", what(&finding.what)) },
        locations: [Location { physical_location, logical_locations: [logical] }],
        properties: finding,
    }
}

/// The path of the file as a relative reference; what is no file has the name of its place.
fn uri(finding: &Finding) -> String {
    let path = match &finding.place {
        Place::Layer { path, .. } => path.trim_start_matches('/'),
        Place::Config { .. } | Place::History { .. } => "config.json",
        Place::Attestation { .. } => "attestation.json",
        Place::Manifest { .. } => "manifest.json",
        Place::Unreferenced { blob, .. } => blob,
    };
    path.bytes().fold(String::new(), |mut uri, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
        uri
    })
}

fn invocation(report: &Report) -> Invocation {
    let note = |problem: &crate::image::Problem| Notification {
        level: "error",
        message: Message { text: format!("{}: {}", problem.blob, problem.what) },
    };
    let notifications = report.problems.iter().map(note).collect();
    Invocation { execution_successful: report.problems.is_empty(), tool_execution_notifications: notifications }
}
