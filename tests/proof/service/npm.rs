//! An npm registry with one package, `private-widget` 1.0.0.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use sha2::{Digest, Sha512};

use super::http::Response;
use crate::canary::base64;

const TARBALL: &str = "private-widget/-/private-widget-1.0.0.tgz";

/// The answer for a path below `base`, the URL of the registry.
pub fn content(path: &str, base: &str) -> Option<Response> {
    let tarball = tarball().ok()?;
    match path {
        TARBALL => Some(Response::found("application/octet-stream", tarball)),
        "private-widget" => Some(Response::found("application/json", document(base, &tarball).into_bytes())),
        _ => None,
    }
}

/// The package document ("packument") of the package.
fn document(base: &str, tarball: &[u8]) -> String {
    let integrity = format!("sha512-{}", base64(&Sha512::digest(tarball)));
    let version = json!({
        "name": "private-widget", "version": "1.0.0",
        "dist": { "tarball": format!("{base}/{TARBALL}"), "integrity": integrity },
    });
    json!({ "name": "private-widget", "dist-tags": { "latest": "1.0.0" }, "versions": { "1.0.0": version } })
        .to_string()
}

/// The package as npm publishes it: a gzip-compressed tar archive with everything below `package/`.
fn tarball() -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let manifest: &[u8] = br#"{"name":"private-widget","version":"1.0.0","main":"index.js"}"#;
    for (path, content) in [("package.json", manifest), ("index.js", b"module.exports = 'private widget';\n")] {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("package/{path}"), content)?;
    }
    archive.into_inner()?.finish()
}
