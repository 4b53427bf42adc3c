//! Reads what `docker save` writes: a tar archive of blobs with a `manifest.json` that says which belong to which image.

use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::{Leak, Place, Searcher};

/// The blobs of one archive, by their path in it.
pub struct Stored {
    blobs: HashMap<String, Vec<u8>>,
    images: Vec<StoredImage>,
}

#[derive(Deserialize)]
struct StoredImage {
    #[serde(rename = "Config")]
    config: String,
    #[serde(rename = "RepoTags")]
    tags: Option<Vec<String>>,
    #[serde(rename = "Layers")]
    layers: Vec<String>,
}

/// Reads an archive. Blobs whose digest (64 hexadecimal digits) is in `known` are passed over: the layers of a base image
/// are older than the canary.
pub fn read_stored(archive: impl Read, known: &HashSet<String>) -> Result<Stored> {
    let mut blobs = HashMap::new();
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if known.contains(path.rsplit('/').next().unwrap_or_default()) {
            continue;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).with_context(|| format!("cannot read {path} of the saved image"))?;
        blobs.insert(path, content);
    }
    let manifest = blobs.get("manifest.json").context("the saved image has no manifest.json")?;
    let images =
        serde_json::from_slice(manifest).context("the manifest of the saved image is not what was expected")?;
    Ok(Stored { blobs, images })
}

impl Stored {
    /// Every resting place in the layers and the configuration of the image that carries `tag`.
    pub fn leaks(&self, tag: &str, searcher: &Searcher) -> Result<Vec<Leak>> {
        let image = self.images.iter().find(|image| image.tags.iter().flatten().any(|known| known == tag));
        let image = image.with_context(|| format!("the saved archive has no image {tag}"))?;
        let config = self.blobs.get(&image.config).context("the saved image has no configuration")?;
        let mut leaks = leaks_in_config(&serde_json::from_slice(config)?, searcher);
        for (index, layer) in image.layers.iter().enumerate() {
            if let Some(content) = self.blobs.get(layer) {
                leaks.extend(leaks_in_layer(index, content, searcher)?);
            }
        }
        Ok(leaks)
    }
}

fn leaks_in_config(config: &Value, searcher: &Searcher) -> Vec<Leak> {
    let mut leaks = Vec::new();
    for (key, value) in config.as_object().into_iter().flatten() {
        let place = if key == "history" { Place::History } else { Place::Config };
        for (path, text) in texts(key, value) {
            leaks.extend(searcher.find(text.as_bytes()).map(|spelling| Leak { place, at: path, spelling }));
        }
    }
    leaks
}

/// Every string in a JSON value with the path that leads to it; a key counts as a string.
fn texts(path: &str, value: &Value) -> Vec<(String, String)> {
    match value {
        Value::String(text) => vec![(path.to_owned(), text.clone())],
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, item)| texts(&format!("{path}[{index}]"), item)).collect()
        }
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, member)| {
                let inner = texts(&format!("{path}.{key}"), member);
                [(format!("{path} (key)"), key.clone())].into_iter().chain(inner)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The files of one layer (a tar archive, possibly gzip-compressed) that hold the canary in their content or name; the layer as a
/// whole where it rests between the files, for instance in an extended header.
fn leaks_in_layer(index: usize, layer: &[u8], searcher: &Searcher) -> Result<Vec<Leak>> {
    let mut plain = Vec::new();
    if layer.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(layer).read_to_end(&mut plain)?;
    } else {
        plain.extend_from_slice(layer);
    }
    let mut leaks = Vec::new();
    for entry in tar::Archive::new(Cursor::new(&plain)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        if let Some(spelling) = searcher.find(&content) {
            leaks.push(Leak { place: Place::Layer, at: format!("layer {index}, /{path}"), spelling });
        }
    }
    if leaks.is_empty() {
        let rest = searcher.find(&plain);
        leaks.extend(rest.map(|spelling| Leak {
            place: Place::Layer,
            at: format!("layer {index}, outside of files"),
            spelling,
        }));
    }
    Ok(leaks)
}
