//! An apt repository with one package, `private-widget` 1.0.0, for every architecture: `deb [trusted=yes] URL stable main`. It
//! isn't signed: who fetches is what matters here.

use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::http::Response;

const PACKAGE: &str = "pool/private-widget_1.0.0_all.deb";

/// The names of Debian's architectures that the engine may run on; apt asks for the index of its own.
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// The answer for a path below the repository.
pub fn content(path: &str) -> Option<Response> {
    let package = package().ok()?;
    let index = index(&package);
    match path {
        PACKAGE => Some(Response::found("application/vnd.debian.binary-package", package)),
        "dists/stable/Release" => Some(Response::found("text/plain", release(&index).into_bytes())),
        _ => {
            let architecture = path.strip_prefix("dists/stable/main/binary-")?.strip_suffix("/Packages")?;
            ARCHITECTURES.contains(&architecture).then(|| Response::found("text/plain", index.into_bytes()))
        }
    }
}

/// The repository's list of indexes, with their sizes and digests (Debian wiki, "DebianRepository/Format").
fn release(index: &str) -> String {
    let digest = hexadecimal(index.as_bytes());
    let entry = |architecture: &&str| format!(" {digest} {} main/binary-{architecture}/Packages\n", index.len());
    let entries: String = ARCHITECTURES.iter().map(entry).collect();
    let names = ARCHITECTURES.join(" ");
    format!("Suite: stable\nCodename: stable\nComponents: main\nArchitectures: {names}\nSHA256:\n{entries}")
}

/// The entry of the package: its control file, and where it is.
fn index(package: &[u8]) -> String {
    let digest = hexadecimal(package);
    format!("{}Filename: {PACKAGE}\nSize: {}\nSHA256: {digest}\n\n", control(), package.len())
}

fn control() -> &'static str {
    "Package: private-widget\nVersion: 1.0.0\nArchitecture: all\nMaintainer: Proof <proof@example.com>\n\
     Description: a widget\n"
}

/// The package (deb(5)): an ar archive with the version of the format, the control file and the content.
fn package() -> io::Result<Vec<u8>> {
    let control = archive("./control", control().as_bytes())?;
    let content = archive("./usr/share/private-widget/widget.txt", b"private widget\n")?;
    let mut package = b"!<arch>\n".to_vec();
    for (name, member) in [("debian-binary", b"2.0\n".to_vec()), ("control.tar.gz", control), ("data.tar.gz", content)]
    {
        package.extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, member.len()).bytes());
        package.extend(&member);
        // Members start at even bytes.
        package.extend([b'\n'].iter().take(member.len() % 2));
    }
    Ok(package)
}

/// A gzip-compressed tar archive of one file and the folders above it.
fn archive(path: &str, content: &[u8]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (at, _) in path.match_indices('/') {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_size(0);
        header.set_mode(0o755);
        archive.append_data(&mut header, &path[..=at], io::empty())?;
    }
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, path, content)?;
    archive.into_inner()?.finish()
}

fn hexadecimal(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
