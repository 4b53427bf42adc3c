//! Damaged and hostile archives: an answer or a clear word, in bounded time and memory.

use dfmigrate::image::{Limits, NamedSecret, Report};
use proptest::prelude::*;
use serde_json::json;

use super::{
    archive::{Image, Method, ar, gzip, packed, tar, zip, zstd},
    look::{canary, verify, verify_with},
    pack,
};

/// An image with one file of every format.
fn rich(value: &str) -> Image {
    let text = value.as_bytes();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("a.gz", gzip(text)),
        ("a.zst", zstd(text)),
        ("a.zip", zip(&[("b", text)], Method::Streamed)),
        ("a.deb", ar(&[("b", text)])),
        ("a.tar", tar(&[("b", text)])),
        (".git/objects/ab/cd", pack::loose(text)),
        ("a.pack", pack::delta(b"base", text)),
        (".npmrc", b"x=y".to_vec()),
    ];
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, content)| (*path, content.as_slice())).collect();
    let image = Image::new().files("COPY . .", &files).layer("RUN x", gzip(&tar(&[("b", text)])));
    image.layer("RUN y", zstd(&tar(&[(".wh.b", b"")]))).config("Env", json!(["A=b"])).attestation(json!({ "a": ["b"] }))
}

fn small() -> Limits {
    Limits {
        file: 1 << 20,
        files: 4 << 20,
        layer: 8 << 20,
        document: 64 << 10,
        documents: 256 << 10,
        members: 1_000,
        findings: 50,
        ..Limits::default()
    }
}

fn look(archive: &[u8]) -> Report {
    verify_with(archive, vec![NamedSecret::new("planted", canary()).unwrap()], small())
}

#[test]
fn a_truncated_archive_is_told() {
    let whole = rich(&canary()).saved();
    // Behind the last part there are only the two empty blocks of the end.
    for length in (0..whole.len() - 10_240).step_by(whole.len() / 97) {
        let report = look(&whole[..length]);
        assert!(!report.problems.is_empty(), "{length} of {}", whole.len());
    }
}

#[test]
fn what_stands_before_the_damage_is_found() {
    let whole = Image::new().files("COPY a a", &[("a", canary().as_bytes())]).saved();
    let report = look(&whole[..whole.len() / 2]);
    assert!(!report.problems.is_empty());
    assert!(!report.findings.is_empty());
}

#[test]
fn things_that_are_no_images() {
    let folder = tar(&[("a", b"b")]);
    for archive in [&b""[..], b"hello", &[0; 2_000], &[0x1f, 0x8b, 8, 0], &folder, b"PK\x03\x04"] {
        assert!(!look(archive).problems.is_empty());
    }
}

#[test]
fn bombs_are_limited() {
    let zeros = vec![0; 30 << 20];
    let bomb = gzip(&gzip(&zeros));
    let nested = (0..20).fold(gzip(b"x"), |inner, _| gzip(&inner));
    let zipped = zip(&[("a", &zeros), ("b", &zeros)], Method::Deflated);
    for content in [bomb, nested, zipped, gzip(&zeros)] {
        let report = look(&Image::new().files("COPY a a", &[("a", &content)]).saved());
        assert_eq!(report.problems, []);
        assert!(report.gaps.limited > 0);
    }
    let layer = look(&Image::new().layer("COPY a a", gzip(&tar(&[("a", &zeros)]))).saved());
    assert!(layer.problems.iter().any(|problem| problem.what.contains("unpacks to far more")), "{:?}", layer.problems);
}

#[test]
fn absurd_sizes_and_names() {
    let mut huge = tar(&[("a", b"x")]);
    huge[124..136].copy_from_slice(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff");
    checksum(&mut huge);
    assert!(!look(&huge).problems.is_empty());
    let mut name = tar(&[("a", b"x")]);
    name[156] = b'L';
    name[124..136].copy_from_slice(b"77777777777\0");
    checksum(&mut name);
    assert!(look(&name).problems.iter().any(|problem| problem.what.contains("too long")));
    let text = json!({ "a": "b".repeat(100_000) }).to_string().into_bytes();
    let parts: Vec<(String, Vec<u8>)> = (0..5).map(|number| (format!("{number}"), text.clone())).collect();
    assert!(!look(&packed(&parts)).problems.is_empty());
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes();
    assert!(!look(&packed(&[("manifest.json".to_owned(), deep)])).problems.is_empty());
}

fn checksum(archive: &mut [u8]) {
    archive[148..156].fill(b' ');
    let sum: u32 = archive[..512].iter().map(|byte| u32::from(*byte)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

#[test]
fn paths_lead_nowhere() {
    let value = canary();
    let layer = {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_old();
        header.as_old_mut().name[..20].copy_from_slice(b"../../../etc/x\x1b[31mx");
        header.set_size(value.len() as u64);
        header.set_cksum();
        builder.append(&header, value.as_bytes()).unwrap();
        builder.into_inner().unwrap()
    };
    let report = verify(&Image::new().layer("RUN x", layer).saved(), &value);
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    let shown = dfmigrate::image::report::finding(finding);
    assert!(shown.contains("/etc/x\\u{1b}[31mx"), "{shown}");
    assert!(!std::path::Path::new("/etc/x").exists());
}

#[test]
fn references_in_circles_end() {
    let index = json!({ "manifests": [{ "digest": "sha256:a" }, { "digest": "sha256:a" }] }).to_string().into_bytes();
    let parts = ["index.json", "blobs/sha256/a"].map(|path| (path.to_owned(), index.clone()));
    assert!(!look(&packed(&parts)).problems.is_empty());
    let mut builder = tar::Builder::new(Vec::new());
    for (path, target) in [("a/layer.tar", "../b/layer.tar"), ("b/layer.tar", "../a/layer.tar")] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        builder.append_link(&mut header, path, target).unwrap();
    }
    let manifest = json!([{ "Config": "c.json", "Layers": ["a/layer.tar"] }]).to_string();
    let mut header = tar::Header::new_gnu();
    header.set_size(manifest.len() as u64);
    builder.append_data(&mut header, "manifest.json", manifest.as_bytes()).unwrap();
    assert!(!look(&builder.into_inner().unwrap()).problems.is_empty());
}

/// An old archive links a layer that occurs twice.
#[test]
fn links_between_layers_are_followed() {
    let value = canary();
    let layer = tar(&[("a", value.as_bytes())]);
    let mut builder = tar::Builder::new(Vec::new());
    let mut append = |path: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, path, content).unwrap();
    };
    append("a/layer.tar", &layer);
    append("c.json", b"{\"rootfs\": {}}");
    append(
        "manifest.json",
        json!([{ "Config": "c.json", "Layers": ["a/layer.tar", "b/layer.tar"] }]).to_string().as_bytes(),
    );
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "b/layer.tar", "../a/layer.tar").unwrap();
    let report = verify(&builder.into_inner().unwrap(), &value);
    assert_eq!(report.problems, []);
    assert_eq!(report.findings.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn damage_never_panics(flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..30), cut in any::<proptest::sample::Index>(), form in 0..3) {
        let image = rich(&canary());
        let mut archive = match form { 0 => image.saved(), 1 => image.old(), _ => image.oci() };
        for (at, byte) in &flips {
            let at = at.index(archive.len());
            archive[at] = *byte;
        }
        let length = cut.index(archive.len()).max(archive.len() / 2);
        let _ = look(&archive[..length]);
    }

    /// The damage is inside of the files, and the archives around them are sound.
    #[test]
    fn damaged_files_never_panic(flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6), which in 0..7_usize) {
        let value = canary();
        let text = value.as_bytes();
        let mut content = vec![
            gzip(text), zstd(text), zip(&[("b", text)], Method::Streamed), ar(&[("b", text)]), tar(&[("b", text)]),
            pack::loose(text), pack::delta(b"base", text),
        ].swap_remove(which);
        for (at, byte) in &flips {
            let at = at.index(content.len());
            content[at] = *byte;
        }
        let report = look(&Image::new().files("COPY a a", &[("a", &content)]).saved());
        prop_assert_eq!(report.problems, []);
    }

    #[test]
    fn noise_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..3_000)) {
        let _ = look(&noise);
        let _ = look(&Image::new().layer("RUN x", noise).oci());
    }
}
