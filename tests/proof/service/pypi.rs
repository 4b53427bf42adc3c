//! A Python package index (PEP 503) with one package, `private-widget` 1.0.0, as a wheel.

use flate2::Crc;

use super::http::Response;

const WHEEL: &str = "private_widget-1.0.0-py3-none-any.whl";
const RECORDS: &str = "private_widget-1.0.0.dist-info";

/// The answer for a path below the index.
pub fn content(path: &str) -> Option<Response> {
    match path.strip_prefix("simple/private-widget/")? {
        "" => Some(Response::found("text/html", format!("<a href=\"{WHEEL}\">{WHEEL}</a>\n").into_bytes())),
        WHEEL => Some(Response::found("application/octet-stream", wheel())),
        _ => None,
    }
}

/// The package as a wheel: a zip archive with the module and its metadata.
fn wheel() -> Vec<u8> {
    zip(&[
        ("private_widget/__init__.py".to_owned(), "WIDGET = 'private widget'\n"),
        (format!("{RECORDS}/METADATA"), "Metadata-Version: 2.1\nName: private-widget\nVersion: 1.0.0\n"),
        (
            format!("{RECORDS}/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: proof\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        (
            format!("{RECORDS}/RECORD"),
            "private_widget/__init__.py,,\nprivate_widget-1.0.0.dist-info/METADATA,,\n\
             private_widget-1.0.0.dist-info/WHEEL,,\nprivate_widget-1.0.0.dist-info/RECORD,,\n",
        ),
    ])
}

/// A zip archive of uncompressed members (PKWARE APPNOTE sections 4.3.7, 4.3.12 and 4.3.16).
fn zip(members: &[(String, &str)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let start = archive.len();
        let fields = member_fields(name, content.as_bytes());
        archive.extend([b"PK\x03\x04".as_slice(), &fields, name.as_bytes(), content.as_bytes()].concat());
        let position = [0; 10].into_iter().chain(four(start));
        directory.extend([b"PK\x01\x02\x14\x00".as_slice(), &fields].concat());
        directory.extend(position);
        directory.extend(name.as_bytes());
    }
    let count = two(members.len());
    let end =
        [vec![0; 4], count.to_vec(), count.to_vec(), four(directory.len()).to_vec(), four(archive.len()).to_vec()];
    [archive, directory, b"PK\x05\x06".to_vec(), end.concat(), vec![0; 2]].concat()
}

/// The fields that a member's local header and its directory entry have in common, from "version needed" to "extra length".
fn member_fields(name: &str, content: &[u8]) -> Vec<u8> {
    let mut sum = Crc::new();
    sum.update(content);
    let size = four(content.len());
    // Version 2.0, no flags, stored, at midnight of 1 January 1980.
    let head = [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
    [&head, sum.sum().to_le_bytes().as_slice(), &size, &size, &two(name.len()), &[0, 0]].concat()
}

fn two(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes()
}

fn four(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}
