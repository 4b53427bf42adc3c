//! Builds images in memory.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A tar archive with one link.
pub fn link(path: &str, target: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, path, target).unwrap();
    builder.into_inner().unwrap()
}

/// A tar archive with one file that has an extended attribute.
pub fn attribute(path: &str, value: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("SCHILY.xattr.user.note", value.as_bytes())]).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    builder.append_data(&mut header, path, &b""[..]).unwrap();
    builder.into_inner().unwrap()
}

/// How a member of a zip archive is stored.
#[derive(Clone, Copy)]
pub enum Method {
    Stored,
    Deflated,
    /// Deflated, with the sizes behind the content.
    Streamed,
}

pub fn zip(files: &[(&str, &[u8])], method: Method) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content) in files {
        let packed = match method {
            Method::Stored => content.to_vec(),
            Method::Deflated | Method::Streamed => {
                let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
        };
        let is_streamed = matches!(method, Method::Streamed);
        let size = u32::try_from(packed.len()).unwrap();
        let shown = if is_streamed { 0 } else { size };
        let (flags, kind) =
            (if is_streamed { 8_u16 } else { 0 }, if matches!(method, Method::Stored) { 0_u16 } else { 8 });
        archive.extend(b"PK\x03\x04\x14\x00");
        archive.extend(flags.to_le_bytes());
        archive.extend(kind.to_le_bytes());
        archive.extend([0; 8]);
        archive.extend(shown.to_le_bytes());
        archive.extend([0; 4]);
        archive.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        archive.extend([0; 2]);
        archive.extend(name.as_bytes());
        archive.extend(&packed);
        if is_streamed {
            archive.extend(b"PK\x07\x08\0\0\0\0");
            archive.extend(size.to_le_bytes());
            archive.extend([0; 4]);
        }
    }
    archive.extend(b"PK\x01\x02 the directory");
    archive
}

pub fn ar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, content) in files {
        archive.extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, content.len()).bytes());
        archive.extend(*content);
        if content.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}

pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An image, to be written in one of several formats.
pub struct Image {
    pub layers: Vec<Vec<u8>>,
    pub config: Value,
    pub history: Vec<(String, bool)>,
    pub annotations: Value,
    pub attestation: Option<Value>,
}

impl Image {
    /// An image whose first layer is a plain base.
    pub fn new() -> Self {
        let base = tar(&[("bin/sh", b"\x7fELF"), ("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")]);
        Self {
            layers: vec![base],
            config: json!({ "Env": ["PATH=/bin"], "Cmd": ["sh"] }),
            history: vec![("ADD rootfs.tar / # buildkit".to_owned(), false)],
            annotations: json!({}),
            attestation: None,
        }
    }

    pub fn layer(mut self, instruction: &str, layer: Vec<u8>) -> Self {
        self.layers.push(layer);
        self.history.push((instruction.to_owned(), false));
        self
    }

    pub fn files(self, instruction: &str, files: &[(&str, &[u8])]) -> Self {
        self.layer(instruction, tar(files))
    }

    pub fn metadata(mut self, instruction: &str) -> Self {
        self.history.push((instruction.to_owned(), true));
        self
    }

    pub fn config(mut self, key: &str, value: Value) -> Self {
        self.config[key] = value;
        self
    }

    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations[key] = value.into();
        self
    }

    pub fn attestation(mut self, predicate: Value) -> Self {
        self.attestation = Some(json!({ "_type": "https://in-toto.io/Statement/v0.1", "predicate": predicate }));
        self
    }

    fn document(&self) -> Vec<u8> {
        let ids: Vec<String> = self.layers.iter().map(|layer| format!("sha256:{}", digest(layer))).collect();
        let history: Vec<Value> =
            self.history.iter().map(|(by, empty)| json!({ "created_by": by, "empty_layer": empty })).collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": self.config, "history": history,
            "rootfs": { "type": "layers", "diff_ids": ids },
        });
        config.to_string().into_bytes()
    }

    /// The parts of an OCI layout.
    pub fn parts(&self) -> Vec<(String, Vec<u8>)> {
        let blob = |bytes: &[u8]| format!("blobs/sha256/{}", digest(bytes));
        let described = |bytes: &[u8]| json!({ "digest": format!("sha256:{}", digest(bytes)), "size": bytes.len() });
        let config = self.document();
        let layers: Vec<Value> = self.layers.iter().map(|layer| described(layer)).collect();
        let manifest = json!({
            "schemaVersion": 2, "config": described(&config), "layers": layers, "annotations": self.annotations,
        });
        let manifest = manifest.to_string().into_bytes();
        let mut manifests = vec![described(&manifest)];
        let mut parts: Vec<(String, Vec<u8>)> = self.layers.iter().map(|layer| (blob(layer), layer.clone())).collect();
        if let Some(attestation) = &self.attestation {
            let statement = attestation.to_string().into_bytes();
            let empty = b"{}".to_vec();
            let holder = json!({ "schemaVersion": 2, "config": described(&empty), "layers": [described(&statement)] });
            let holder = holder.to_string().into_bytes();
            let mut descriptor = described(&holder);
            descriptor["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
            manifests.push(descriptor);
            parts.extend([statement, empty, holder].map(|bytes| (blob(&bytes), bytes)));
        }
        let index = json!({ "schemaVersion": 2, "manifests": manifests });
        parts.extend([config, manifest].map(|bytes| (blob(&bytes), bytes)));
        parts.push(("index.json".to_owned(), index.to_string().into_bytes()));
        parts.push(("oci-layout".to_owned(), b"{\"imageLayoutVersion\": \"1.0.0\"}".to_vec()));
        parts
    }

    /// An OCI archive.
    pub fn oci(&self) -> Vec<u8> {
        packed(&self.parts())
    }

    /// What `docker save` writes since version 25.
    pub fn saved(&self) -> Vec<u8> {
        let mut parts = self.parts();
        let config = format!("blobs/sha256/{}", digest(&self.document()));
        let layers: Vec<String> = self.layers.iter().map(|layer| format!("blobs/sha256/{}", digest(layer))).collect();
        let manifest = json!([{ "Config": config, "RepoTags": ["app:1"], "Layers": layers }]);
        parts.push(("manifest.json".to_owned(), manifest.to_string().into_bytes()));
        packed(&parts)
    }

    /// What `docker save` wrote before: a folder a layer, and a link where a layer occurs again.
    pub fn old(&self) -> Vec<u8> {
        let config = self.document();
        let name = format!("{}.json", digest(&config));
        let mut parts = vec![(name.clone(), config)];
        let mut layers = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let folder = format!("{index:064}");
            parts.push((format!("{folder}/VERSION"), b"1.0".to_vec()));
            parts.push((format!("{folder}/layer.tar"), layer.clone()));
            layers.push(format!("{folder}/layer.tar"));
        }
        let manifest = json!([{ "Config": name, "RepoTags": ["app:1"], "Layers": layers }]);
        parts.push(("manifest.json".to_owned(), manifest.to_string().into_bytes()));
        packed(&parts)
    }
}

pub fn packed(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let files: Vec<(&str, &[u8])> = parts.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    tar(&files)
}
