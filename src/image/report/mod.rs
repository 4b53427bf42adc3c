//! What people and machines get to see of a [`Report`](super::Report).

mod human;
mod sarif;

pub use human::{closing, finding, gaps};
pub use sarif::sarif;

use serde::Serialize;

use super::{Finding, Kind, Place, Report};
use crate::report::machine::pretty;

/// The report as one JSON document; `version` counts changes that break readers.
#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    #[serde(flatten)]
    report: &'r Report,
}

/// The report as JSON, with a line feed at the end.
///
/// # Errors
///
/// Never in practice: every part can be written as JSON.
pub fn json(report: &Report) -> serde_json::Result<String> {
    pretty(&Document { version: 1, report })
}

/// What was found, as a noun phrase without the value.
#[must_use]
pub fn what(kind: &Kind) -> String {
    match kind {
        Kind::Named { secret, encoding } => format!("the value of the secret `{secret}`, {encoding}"),
        Kind::PrivateKey => "a private key".to_owned(),
        Kind::Token { what } | Kind::File { what } => what.clone(),
        Kind::Entry { name } => format!("a credential as `{name}`"),
        Kind::Url => "a URL with a password or token".to_owned(),
        Kind::Variable { name } => format!("a value of `{name}`, which is the name of a secret"),
    }
}

/// Where it was found, in one line.
#[must_use]
pub fn place(finding: &Finding) -> String {
    match &finding.place {
        Place::Layer { layer, path, part, .. } => {
            let part = match part {
                super::Part::Content => "",
                super::Part::Name => " (its name)",
                super::Part::Target => " (the target of the link)",
                super::Part::Attributes => " (its attributes)",
            };
            format!("layer {} of {}: {path}{part}", layer.number, layer.of)
        }
        Place::Config { pointer } => format!("configuration: {pointer}"),
        Place::History { entry, .. } => format!("history: entry {entry}"),
        Place::Attestation { pointer } => format!("attestation: {pointer}"),
        Place::Manifest { pointer } => format!("manifest: {pointer}"),
        Place::Unreferenced { blob, path } => format!("part of no image: {blob}: {path}"),
    }
}
