//! Which part of an archive is what: images, their layers, the instructions that made them.

use std::collections::{HashMap, HashSet};

use super::{
    ImageReader, ImageSummary, Problem, Report,
    document::{Config, Descriptor, Document, LITERAL, Manifest},
    history::Instruction,
    layer::Fate,
};
use crate::image::{
    Finding, ImageError, Searcher,
    content::clipped,
    finding::{Layer, Part, Place, Removal, Sighting, Spot},
    rules,
};

/// Indexes refer to indexes this deep at most.
const DEEPEST_INDEX: usize = 8;
/// How much of an instruction is shown, in bytes, and how much of a name: ten thousand findings have to fit into memory.
const LONGEST_INSTRUCTION: usize = 4 << 10;
const LONGEST_NAME: usize = 512;
/// How many links are followed from one name.
const MOST_LINKS: usize = 16;

/// An image of the archive.
struct Image {
    name: String,
    config: String,
    layers: Vec<Layer>,
    /// The paths of the layers in the archive.
    blobs: Vec<String>,
}

/// What a part of the archive is for.
#[derive(Clone, Copy)]
enum Role {
    Layer { image: usize, index: usize },
    Config { image: usize },
    Manifest,
    Attestation,
}

pub(super) fn report(reader: ImageReader<'_>) -> Report {
    let mut resolver = Resolver::new(reader);
    resolver.saved();
    resolver.index("index.json", DEEPEST_INDEX);
    resolver.describe();
    let mut findings: Vec<Finding> = resolver.findings();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let images = &resolver.images;
    let name =
        |image: &Image| ImageSummary { name: resolver.searcher().redact_name(&image.name), layers: image.layers.len() };
    let images: Vec<ImageSummary> = images.iter().map(name).collect();
    let mut problems = resolver.reader.problems;
    if images.is_empty() && problems.is_empty() {
        problems.push(Problem { blob: String::new(), what: ImageError::NoImage.to_string() });
    }
    Report { images, findings, problems, gaps: resolver.reader.inspector.gaps }
}

struct Resolver<'s> {
    reader: ImageReader<'s>,
    images: Vec<Image>,
    roles: HashMap<String, Role>,
    seen: HashSet<String>,
    /// The configurations of the images.
    configs: HashSet<String>,
    /// The parts that something is wrong with.
    troubled: HashSet<String>,
    layers: usize,
}

impl<'s> Resolver<'s> {
    fn new(reader: ImageReader<'s>) -> Self {
        let troubled = reader.problems.iter().map(|problem| problem.blob.clone()).collect();
        let (images, roles, seen, configs) = (Vec::new(), HashMap::new(), HashSet::new(), HashSet::new());
        Self { reader, images, roles, seen, configs, troubled, layers: 0 }
    }

    fn searcher(&self) -> &'s Searcher {
        self.reader.inspector.searcher
    }

    /// The path that a name leads to over links.
    fn target(&self, path: &str) -> String {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            match self.reader.links.get(&path) {
                Some(next) => path.clone_from(next),
                None => break,
            }
        }
        path
    }

    /// The images of `manifest.json`.
    fn saved(&mut self) {
        let Some(Document::Saved(saved)) = self.reader.documents.remove("manifest.json") else { return };
        self.roles.insert("manifest.json".to_owned(), Role::Manifest);
        for saved in saved {
            let tags = saved.repo_tags.unwrap_or_default();
            let name = tags.first().cloned().unwrap_or_else(|| digest_of(&saved.config).unwrap_or_default());
            let digests = saved.layers.iter().map(|path| digest_of(path).unwrap_or_default()).collect();
            self.image(name, saved.config, saved.layers, digests);
        }
    }

    /// The images of an OCI index, and of the indexes that it refers to.
    fn index(&mut self, path: &str, depth: usize) {
        if depth == 0 || !self.seen.insert(path.to_owned()) {
            return;
        }
        let Some(Document::Index(index)) = self.reader.documents.remove(path) else { return };
        self.roles.insert(path.to_owned(), Role::Manifest);
        for descriptor in &index.manifests {
            self.described(descriptor, depth);
        }
    }

    fn described(&mut self, descriptor: &Descriptor, depth: usize) {
        let blob = blob_of(&descriptor.digest);
        match self.reader.documents.get(&blob) {
            Some(Document::Index(_)) => return self.index(&blob, depth - 1),
            Some(Document::Manifest(_)) => {}
            // An engine exports the manifests of platforms that it does not hold.
            _ => return,
        }
        let Some(Document::Manifest(manifest)) = self.reader.documents.remove(&blob) else { return };
        self.roles.insert(blob, Role::Manifest);
        let annotation = |key: &str| descriptor.annotations.as_ref().and_then(|annotations| annotations.get(key));
        if annotation("vnd.docker.reference.type").is_some_and(|kind| kind == "attestation-manifest") {
            self.attestations(&manifest);
            return;
        }
        let names = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
        let name = names.iter().find_map(|key| annotation(key)).cloned().unwrap_or_else(|| descriptor.digest.clone());
        let digests: Vec<String> = manifest.layers.into_iter().map(|layer| layer.digest).collect();
        let layers = digests.iter().map(|digest| blob_of(digest)).collect();
        self.image(name, blob_of(&manifest.config.digest), layers, digests);
    }

    fn attestations(&mut self, manifest: &Manifest) {
        for descriptor in manifest.layers.iter().chain([&manifest.config]) {
            self.roles.entry(blob_of(&descriptor.digest)).or_insert(Role::Attestation);
        }
    }

    /// Adds an image, unless it is known from the other manifest.
    fn image(&mut self, name: String, config: String, layers: Vec<String>, digests: Vec<String>) {
        let config = self.target(&super::layer::normal(config.as_bytes()));
        if !self.configs.insert(config.clone()) {
            return;
        }
        self.layers += layers.len();
        if self.layers > self.reader.inspector.limits.parts {
            return self.problem("", &ImageError::Limit { what: "the images have too many layers together" });
        }
        let image = self.images.len();
        self.roles.entry(config.clone()).or_insert(Role::Config { image });
        let blobs: Vec<String> =
            layers.iter().map(|path| self.target(&super::layer::normal(path.as_bytes()))).collect();
        for (index, blob) in blobs.iter().enumerate() {
            self.roles.entry(blob.clone()).or_insert(Role::Layer { image, index });
            if !self.reader.layers.contains_key(blob) {
                self.problem(blob, &ImageError::Damaged { what: "the archive does not hold this layer" });
            }
        }
        let of = blobs.len();
        let layer = |(index, digest): (usize, String)| {
            let digest = clipped(&digest, LONGEST_NAME).to_owned();
            Layer { number: index + 1, of, digest, instruction: String::new() }
        };
        let layers = digests.into_iter().enumerate().map(layer).collect();
        self.images.push(Image { name: clipped(&name, LONGEST_NAME).to_owned(), config, layers, blobs });
    }

    /// Remembers the first that is wrong with a part.
    fn problem(&mut self, blob: &str, error: &ImageError) {
        let blob = clipped(blob, LONGEST_NAME);
        if self.troubled.insert(blob.to_owned()) {
            self.reader.problem(blob, error);
        }
    }

    /// Adds what the configuration knows about the layers. Every entry of the history that made no empty layer made the
    /// next layer.
    fn describe(&mut self) {
        let searcher = self.searcher();
        for image in &mut self.images {
            let Some(Document::Config(config)) = self.reader.documents.get(&image.config) else { continue };
            let instructions = instructions(config);
            let is_whole = instructions.len() == image.layers.len();
            let ids = config.rootfs.diff_ids.clone().unwrap_or_default();
            for (index, layer) in image.layers.iter_mut().enumerate() {
                if let (true, Some(text)) = (is_whole, instructions.get(index)) {
                    layer.instruction = shown(searcher, text);
                }
                if let (true, Some(id)) = (layer.digest.is_empty(), ids.get(index)) {
                    clipped(id, LONGEST_NAME).clone_into(&mut layer.digest);
                }
            }
        }
    }

    fn findings(&mut self) -> Vec<Finding> {
        let sightings = std::mem::take(&mut self.reader.sightings);
        sightings.into_iter().map(|(blob, sighting)| self.finding(&blob, sighting)).collect()
    }

    fn finding(&self, blob: &str, sighting: Sighting) -> Finding {
        let Sighting { kind, severity, spot } = sighting;
        let role = self.roles.get(blob).copied();
        let (image, place, codemod) = match (role, spot) {
            (Some(Role::Layer { image, index }), Spot::Member { path, part }) => {
                let (place, codemod) = self.in_layer(image, index, &path, part);
                (Some(image), place, codemod)
            }
            (Some(Role::Config { image }), Spot::Document { pointer, codemod }) => {
                (Some(image), self.in_config(image, pointer), codemod)
            }
            (Some(Role::Attestation), Spot::Document { pointer, codemod }) => {
                (None, Place::Attestation { pointer: self.searcher().redact_name(&pointer) }, codemod)
            }
            (Some(Role::Manifest), Spot::Document { pointer, codemod }) => {
                (None, Place::Manifest { pointer: self.searcher().redact_name(&pointer) }, codemod)
            }
            (_, Spot::Document { pointer, codemod }) => (None, self.unreferenced(blob, &pointer), codemod),
            (_, Spot::Member { path, .. }) => (None, self.unreferenced(blob, &joined(&path)), LITERAL),
        };
        let name = image.and_then(|image| self.images.get(image)).map_or("", |image| &image.name);
        Finding { severity, image: self.searcher().redact_name(name), what: kind, place, codemod }
    }

    fn unreferenced(&self, blob: &str, path: &str) -> Place {
        Place::Unreferenced { blob: self.searcher().redact_name(blob), path: self.searcher().redact_name(path) }
    }

    fn in_config(&self, image: usize, pointer: String) -> Place {
        let entry = pointer.strip_prefix("history[").and_then(|rest| rest.split_once(']')?.0.parse::<usize>().ok());
        let Some(entry) = entry else { return Place::Config { pointer: self.searcher().redact_name(&pointer) } };
        let config = self.images.get(image).and_then(|image| self.reader.documents.get(&image.config));
        let text = match config {
            Some(Document::Config(config)) => config.history.as_ref().and_then(|history| history.get(entry)),
            _ => None,
        };
        let instruction = text.map(|entry| shown(self.searcher(), &entry.created_by)).unwrap_or_default();
        Place::History { entry: entry + 1, instruction }
    }

    fn in_layer(&self, image: usize, index: usize, path: &[String], part: Part) -> (Place, &'static str) {
        let outer = path.first().map_or("", String::as_str);
        let found = self.images.get(image).and_then(|image| Some((image, image.layers.get(index)?)));
        let Some((image, layer)) = found else {
            return (Place::Manifest { pointer: String::new() }, LITERAL);
        };
        let removed = self.removal(image, index, outer);
        let codemod = remedy(&layer.instruction, path);
        let path = format!("/{}", self.searcher().redact_name(&joined(path)));
        (Place::Layer { layer: layer.clone(), path, part, removed }, codemod)
    }

    /// The first later layer that deletes or replaces a file.
    fn removal(&self, image: &Image, index: usize, path: &str) -> Option<Removal> {
        let later = image.blobs.iter().zip(&image.layers).skip(index + 1);
        later.into_iter().find_map(|(blob, layer)| {
            let fate = self.reader.layers.get(blob)?.fate(path)?;
            Some(Removal { layer: layer.clone(), replaced: fate == Fate::Replaced })
        })
    }
}

fn instructions(config: &Config) -> Vec<String> {
    let entries = config.history.iter().flatten();
    entries.filter(|entry| !entry.empty_layer).map(|entry| entry.created_by.clone()).collect()
}

fn shown(searcher: &Searcher, created_by: &str) -> String {
    let text = searcher.redact_instruction(&Instruction::of(created_by).without_values());
    match clipped(&text, LONGEST_INSTRUCTION) {
        whole if whole.len() == text.len() => text,
        beginning => format!("{beginning}…"),
    }
}

/// The codemod for a file that an instruction made.
fn remedy(instruction: &str, path: &[String]) -> &'static str {
    let keyword = instruction.split(' ').next().unwrap_or_default();
    match keyword {
        "COPY" | "ADD" => "copied-credential",
        "WORKDIR" => "arg-secret",
        _ if path.iter().any(|path| rules::is_settings(path)) => "persisted-credential",
        _ => "written-credential",
    }
}

fn joined(path: &[String]) -> String {
    path.join("!/")
}

/// The place of a blob in an OCI layout (image-layout.md).
fn blob_of(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

/// The digest that the path of a blob tells.
fn digest_of(path: &str) -> Option<String> {
    let (algorithm, hex) = path.strip_prefix("blobs/")?.split_once('/')?;
    Some(format!("{algorithm}:{hex}"))
}
