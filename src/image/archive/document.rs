//! The JSON documents of an image: what they say about it, and what rests in their strings.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::history::Instruction;
use crate::image::{
    ImageError,
    content::{Inspector, clipped},
    finding::{Kind, Severity, Spot},
    rules,
};

/// How much is kept of the way to a value, in bytes: ten thousand findings have to fit into memory.
const LONGEST_WAY: usize = 1 << 10;

pub(super) const ARG: &str = "arg-secret";
pub(super) const ENV: &str = "env-secret";
pub(super) const LITERAL: &str = "literal-credential";

/// A document by what it is, with what has to be kept of it.
#[derive(Debug)]
pub(super) enum Document {
    /// `manifest.json` of `docker save`.
    Saved(Vec<Saved>),
    /// An OCI index or a Docker manifest list.
    Index(Index),
    /// An OCI or Docker manifest.
    Manifest(Manifest),
    /// The configuration of an image.
    Config(Config),
    /// An in-toto statement.
    Attestation,
    /// Anything else.
    Other,
}

/// An image of `manifest.json` (moby, `image/tarexport/tarexport.go`).
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Saved {
    pub config: String,
    pub repo_tags: Option<Vec<String>>,
    pub layers: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Index {
    pub manifests: Vec<Descriptor>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Manifest {
    pub config: Descriptor,
    pub layers: Vec<Descriptor>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Descriptor {
    pub digest: String,
    pub annotations: Option<HashMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Config {
    pub rootfs: RootFs,
    pub history: Option<Vec<HistoryEntry>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RootFs {
    pub diff_ids: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HistoryEntry {
    pub created_by: String,
    pub empty_layer: bool,
}

impl Document {
    /// What the document at `path` is. No list in it may have more than `entries` entries if something is made of it.
    pub(super) fn of(path: &str, value: &Value, entries: usize) -> Result<Self, ImageError> {
        let has = |key: &str| value.get(key).is_some();
        if has("predicateType") || has("predicate") || has("_type") {
            return Ok(Self::Attestation);
        }
        let is_saved = path == "manifest.json" && value.is_array();
        let is_manifest = has("layers") && has("config");
        if !(is_saved || is_manifest || has("manifests") || has("rootfs")) {
            return Ok(Self::Other);
        }
        if !is_modest(value, entries) {
            return Err(ImageError::Limit { what: "a list in it has too many entries" });
        }
        Ok(if is_saved {
            Vec::deserialize(value).map_or(Self::Other, Self::Saved)
        } else if has("manifests") {
            Index::deserialize(value).map_or(Self::Other, Self::Index)
        } else if is_manifest {
            Manifest::deserialize(value).map_or(Self::Other, Self::Manifest)
        } else {
            Config::deserialize(value).map_or(Self::Other, Self::Config)
        })
    }
}

/// Whether no list and no object in `value` has more than `most` entries. The parser has bounded the depth.
fn is_modest(value: &Value, most: usize) -> bool {
    match value {
        Value::Array(items) => items.len() <= most && items.iter().all(|item| is_modest(item, most)),
        Value::Object(members) => members.len() <= most && members.values().all(|member| is_modest(member, most)),
        _ => true,
    }
}

/// Looks at every string and key of `value`.
pub(super) fn search(inspector: &mut Inspector<'_>, document: &Document, value: &Value) {
    let is_attestation = matches!(document, Document::Attestation);
    Walk { inspector, is_attestation, way: String::new() }.value(value);
}

struct Walk<'w, 's> {
    inspector: &'w mut Inspector<'s>,
    is_attestation: bool,
    /// The way to the value at hand.
    way: String,
}

impl Walk<'_, '_> {
    /// The parser has bounded the depth.
    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.below(&format!("[{index}]"), |this| this.value(item));
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    let step = if self.way.is_empty() { key.clone() } else { format!(".{key}") };
                    self.below(&step, |this| {
                        this.named(key, LITERAL);
                        this.member(key, member);
                    });
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, key: &str, member: &Value) {
        let argument = key.strip_prefix("build-arg:").or_else(|| self.way.contains("uildArgs.").then_some(key));
        match (argument, member) {
            (Some(name), Value::String(value)) => self.variable(name, value, ARG),
            (None, Value::String(value)) if self.way.contains("Labels.") => self.variable(key, value, LITERAL),
            _ => self.value(member),
        }
    }

    fn text(&mut self, text: &str) {
        let list = self.way.rsplit_once('[').map_or("", |(list, _)| list);
        if let (true, Some((name, value))) = (list.ends_with(".Env") || list.ends_with(".env"), text.split_once('=')) {
            let codemod = if self.is_attestation { ARG } else { ENV };
            self.variable(name, value, codemod);
        } else if self.way.ends_with(".created_by") || self.way.contains("OnBuild[") {
            self.instruction(text);
        } else {
            self.any(text, LITERAL);
        }
    }

    /// The parts of an instruction have different remedies.
    fn instruction(&mut self, text: &str) {
        let instruction = Instruction::of(text);
        for (name, value) in &instruction.arguments {
            self.variable(name, value, ARG);
        }
        match instruction.keyword.as_str() {
            keyword @ ("ENV" | "ARG") => {
                let codemod = if keyword == "ENV" { ENV } else { ARG };
                match instruction.rest.split_once('=') {
                    Some((name, value)) => self.variable(name.trim(), value.trim_matches('"'), codemod),
                    None => self.any(instruction.rest, codemod),
                }
            }
            _ => self.any(instruction.rest, LITERAL),
        }
    }

    fn variable(&mut self, name: &str, value: &str, codemod: &'static str) {
        if let Some(kind) = rules::of_variable(name, value) {
            self.keep(kind, Severity::Error, codemod);
        }
        self.any(value, codemod);
    }

    /// Whatever a text of any kind may hold.
    fn any(&mut self, text: &str, codemod: &'static str) {
        self.named(text, codemod);
        let mut kinds: Vec<(Kind, Severity)> =
            rules::of_text(text).into_iter().map(|kind| (kind, Severity::Error)).collect();
        let searcher = self.inspector.searcher;
        searcher.credentials(text.as_bytes(), 0..text.len(), &mut |kind, severity| kinds.push((kind, severity)));
        for (kind, severity) in kinds {
            self.keep(kind, severity, codemod);
        }
    }

    fn named(&mut self, text: &str, codemod: &'static str) {
        let mut kinds = Vec::new();
        self.inspector.searcher.named(text.as_bytes(), 0..text.len(), &mut |kind| kinds.push(kind));
        for kind in kinds {
            self.keep(kind, Severity::Error, codemod);
        }
    }

    fn keep(&mut self, kind: Kind, severity: Severity, codemod: &'static str) {
        let spot = Spot::Document { pointer: clipped(&self.way, LONGEST_WAY).to_owned(), codemod };
        self.inspector.keep(kind, severity, spot);
    }

    fn below(&mut self, step: &str, act: impl FnOnce(&mut Self)) {
        let length = self.way.len();
        self.way.push_str(step);
        act(self);
        self.way.truncate(length);
    }
}
