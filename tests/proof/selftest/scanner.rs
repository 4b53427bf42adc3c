//! The scanner finds a canary in every hiding place, and nothing in the clean twin of each.

use std::collections::HashSet;
use std::io::Write;

use anyhow::{Result, ensure};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use super::Check;
use crate::canary::{Canary, base64};
use crate::scan::{Leak, Place, Searcher, leaks_in_text, read_stored};

pub const CHECKS: [(&str, Check); 16] = [
    ("file_in_a_layer", file_in_a_layer),
    ("file_that_a_later_layer_deletes", deleted_file),
    ("name_of_a_file", name_of_a_file),
    ("target_of_a_link", target_of_a_link),
    ("compressed_layer", compressed_layer),
    ("gzip_member", gzip_member),
    ("gzip_member_in_the_middle_of_a_file", gzip_member_inside),
    ("tarball_in_a_tarball", nested_tarball),
    ("loose_git_object", loose_git_object),
    ("base64_at_three_alignments", base64_at_three_alignments),
    ("base64_of_a_url", base64_for_urls),
    ("url_encoded", url_encoded),
    ("json_escaped", json_escaped),
    ("environment_label_and_command", configuration),
    ("history", history),
    ("text_of_a_log", text_of_a_log),
];

const TAG: &str = "proof/app:latest";

type Layer = Vec<(String, Vec<u8>)>;

/// A value with characters that every encoding writes differently.
fn canary() -> Canary {
    Canary::of(&format!("{}/+\"=~{}?", Canary::generate().value(), crate::canary::unique_digits(8)))
}

fn file_in_a_layer() -> Result<()> {
    finds_content(|value| format!("token = {value}\n").into_bytes())
}

fn deleted_file() -> Result<()> {
    let written = |value: &str| vec![file("tmp/secret.txt", value.as_bytes())];
    finds_layers(|value| vec![written(value), vec![file("tmp/.wh.secret.txt", b"")]])
}

fn name_of_a_file() -> Result<()> {
    // A slash would part the name.
    let canary = Canary::generate();
    let layers = |value: &str| vec![vec![file(&format!("cache/{value}.lock"), b"")]];
    finds(&canary, Place::Layer, |value| image(&layers(value), &json!({})))
}

fn target_of_a_link() -> Result<()> {
    let canary = Canary::generate();
    let link = |value: &str| -> Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, "run/token", value)?;
        Ok(archive.into_inner()?)
    };
    finds(&canary, Place::Layer, |value| stored(&[link(value)?], &json!({})))
}

fn compressed_layer() -> Result<()> {
    let layer = |value: &str| gzip(&tar_of(&[file("etc/token", value.as_bytes())])?);
    finds(&canary(), Place::Layer, |value| stored(&[layer(value)?], &json!({})))
}

fn gzip_member() -> Result<()> {
    finds_content(|value| gzip(value.as_bytes()).unwrap_or_default())
}

fn gzip_member_inside() -> Result<()> {
    finds_content(|value| [b"head".to_vec(), gzip(value.as_bytes()).unwrap_or_default(), b"tail".to_vec()].concat())
}

fn nested_tarball() -> Result<()> {
    let inner = |value: &str| gzip(&tar_of(&[file("package/.npmrc", value.as_bytes())])?);
    let outer = |value: &str| gzip(&tar_of(&[file("inner.tgz", &inner(value)?)])?);
    finds_content(|value| outer(value).unwrap_or_default())
}

fn loose_git_object() -> Result<()> {
    finds_content(|value| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        let written = encoder.write_all(format!("blob {}\0{value}", value.len()).as_bytes());
        written.and_then(|()| encoder.finish()).unwrap_or_default()
    })
}

fn base64_at_three_alignments() -> Result<()> {
    for prefix in ["", "a", "ab"] {
        finds_content(|value| base64(format!("{prefix}{value}:rest").as_bytes()).into_bytes())?;
    }
    Ok(())
}

fn base64_for_urls() -> Result<()> {
    finds_content(|value| base64(value.as_bytes()).replace('+', "-").replace('/', "_").into_bytes())
}

fn url_encoded() -> Result<()> {
    let encoded = |value: &str| {
        value.replace('/', "%2F").replace('+', "%2B").replace('"', "%22").replace('=', "%3D").replace('?', "%3F")
    };
    finds_content(|value| encoded(value).into_bytes())?;
    finds_content(|value| encoded(value).replace("%2F", "%2f").replace("%2B", "%2b").to_lowercase().into_bytes())
}

fn json_escaped() -> Result<()> {
    finds_content(|value| json!({ "auth": value }).to_string().into_bytes())
}

fn configuration() -> Result<()> {
    let places: [fn(&str) -> Value; 6] = [
        |value| json!({ "config": { "Env": [format!("TOKEN={value}")] } }),
        |value| json!({ "config": { "Labels": { "build.token": value } } }),
        |value| json!({ "config": { "Labels": { value: "" } } }),
        |value| json!({ "config": { "Cmd": ["curl", "-H", format!("Bearer {value}")] } }),
        |value| json!({ "config": { "Healthcheck": { "Test": ["CMD-SHELL", format!("probe {value}")] } } }),
        |value| json!({ "config": { "OnBuild": [format!("ENV T={value}")] } }),
    ];
    for place in places {
        finds(&canary(), Place::Config, |value| image(&[], &place(value)))?;
    }
    Ok(())
}

fn history() -> Result<()> {
    let steps = |value: &str| json!({ "history": [{ "created_by": format!("RUN |1 T={value} /bin/sh -c true") }] });
    finds(&canary(), Place::History, |value| image(&[], &steps(value)))
}

fn text_of_a_log() -> Result<()> {
    let canary = canary();
    let searcher = Searcher::new(&canary)?;
    let log = format!("#1 one\n#2 + echo {}\n", canary.value());
    let leaks = leaks_in_text(&searcher, Place::Log, &log);
    ensure!(leaks.len() == 1 && leaks.iter().all(|leak| leak.at == "line 2"), "found {leaks:?}");
    ensure!(
        leaks_in_text(&searcher, Place::Log, "#1 one\n#2 + echo token\n").is_empty(),
        "found something in a clean log"
    );
    Ok(())
}

/// Expects a leak for a file with the content that `content` makes of a value, and none for the same with another value.
fn finds_content(content: impl Fn(&str) -> Vec<u8>) -> Result<()> {
    finds_layers(|value| vec![vec![file("srv/state", &content(value))]])
}

fn finds_layers(layers: impl Fn(&str) -> Vec<Layer>) -> Result<()> {
    finds(&canary(), Place::Layer, |value| image(&layers(value), &json!({})))
}

fn finds(canary: &Canary, place: Place, archive: impl Fn(&str) -> Result<Vec<u8>>) -> Result<()> {
    let searcher = Searcher::new(canary)?;
    let search = |value: &str| -> Result<Vec<Leak>> {
        read_stored(archive(value)?.as_slice(), &HashSet::new())?.leaks(TAG, &searcher)
    };
    let (planted, clean) = (search(canary.value())?, search(Canary::generate().value())?);
    ensure!(planted.iter().any(|leak| leak.place == place), "not found, only: {planted:?}");
    ensure!(clean.is_empty(), "found in the clean twin: {clean:?}");
    Ok(())
}

fn file(path: &str, content: &[u8]) -> (String, Vec<u8>) {
    (path.to_owned(), content.to_vec())
}

/// An archive as `docker save` writes it, with one image.
fn image(layers: &[Layer], config: &Value) -> Result<Vec<u8>> {
    let layers: Vec<Vec<u8>> = layers.iter().map(|layer| tar_of(layer)).collect::<Result<_>>()?;
    stored(&layers, config)
}

fn stored(layers: &[Vec<u8>], config: &Value) -> Result<Vec<u8>> {
    let names: Vec<String> = (0..layers.len()).map(|index| format!("blobs/sha256/layer{index}")).collect();
    let manifest = json!([{ "Config": "blobs/sha256/config", "RepoTags": [TAG], "Layers": names }]);
    let mut files: Layer = names.into_iter().zip(layers.iter().cloned()).collect();
    files.push(file("blobs/sha256/config", config.to_string().as_bytes()));
    files.push(file("manifest.json", manifest.to_string().as_bytes()));
    tar_of(&files)
}

fn tar_of(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, content.as_slice())?;
    }
    Ok(archive.into_inner()?)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}
