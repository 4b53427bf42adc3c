//! Hiding places: each has a value planted, which must be found there and so written; and a twin with another value in
//! its place, where nothing may be found.

use serde_json::json;

use super::{
    archive::{Image, Method, ar, attribute, gzip, link, tar, zip, zlib, zstd},
    look::{canary, line, verify},
    pack,
};

/// A hiding place: its name, an image with a value in it, and what the report says about it.
type Hidden = (&'static str, fn(&str) -> Vec<u8>, &'static str);

const PLAIN: &str = "the value of the secret `planted`, as it is";

/// A file in a layer of its own.
fn file(path: &str, content: &[u8]) -> Vec<u8> {
    Image::new().files("COPY . . # buildkit", &[(path, content)]).saved()
}

fn encoded(value: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32, at: u32| char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]);
    let groups = value.chunks(3).map(|group| {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        (0..4).map(|at| if at <= group.len() as u32 { digit(bits, at) } else { '=' }).collect::<String>()
    });
    groups.collect()
}

/// In the middle of random-looking text, so that the value lies at `at`.
fn at(at: usize, value: &str) -> Vec<u8> {
    let mut content: Vec<u8> =
        (0..700_000_u32).map(|number| b'a' + (number.wrapping_mul(2_654_435_761) >> 28) as u8).collect();
    content.splice(at..at + value.len(), value.bytes());
    content
}

const LAYERS: &[Hidden] = &[
    (
        "a file",
        |v| file("app/notes", format!("x {v} y").as_bytes()),
        "layer 2 of 2: /app/notes | PLAIN | copied-credential",
    ),
    (
        "a file of a RUN",
        |v| Image::new().files("RUN /bin/sh -c make", &[("out", v.as_bytes())]).saved(),
        "layer 2 of 2: /out | PLAIN | written-credential",
    ),
    (
        "a log of npm",
        |v| Image::new().files("RUN /bin/sh -c npm ci", &[("root/.npm/_logs/1-debug-0.log", v.as_bytes())]).saved(),
        "layer 2 of 2: /root/.npm/_logs/1-debug-0.log | PLAIN | persisted-credential",
    ),
    ("a file with a line feed", |v| file("token", format!("{v}\n").as_bytes()), "layer 2 of 2: /token | PLAIN |"),
    ("a name", |v| file(&format!("app/{v}.txt"), b""), "layer 2 of 2: /app/[redacted].txt (its name) | PLAIN |"),
    ("a long name", |v| file(&format!("{}/{v}", "d/".repeat(120)), b""), "(its name) | PLAIN |"),
    ("a link", |v| Image::new().layer("RUN ln", link("app/a", v)).saved(), "/app/a (the target of the link) | PLAIN |"),
    (
        "an attribute",
        |v| Image::new().layer("RUN setfattr", attribute("app/a", v)).saved(),
        "/app/a (its attributes) | PLAIN |",
    ),
    (
        "behind the archive",
        |v| Image::new().layer("RUN x", [tar(&[("a", b"")]), v.as_bytes().to_vec()].concat()).saved(),
        "/(behind the last file) | PLAIN |",
    ),
    (
        "a gzip layer",
        |v| Image::new().layer("COPY a a", gzip(&tar(&[("a", v.as_bytes())]))).saved(),
        "layer 2 of 2: /a | PLAIN | copied-credential",
    ),
    (
        "a zstd layer",
        |v| Image::new().layer("COPY a a", zstd(&tar(&[("a", v.as_bytes())]))).oci(),
        "layer 2 of 2: /a | PLAIN |",
    ),
    (
        "an archive of the old form",
        |v| Image::new().files("COPY a a", &[("a", v.as_bytes())]).old(),
        "layer 2 of 2: /a | PLAIN |",
    ),
    ("an OCI archive", |v| Image::new().files("COPY a a", &[("a", v.as_bytes())]).oci(), "layer 2 of 2: /a | PLAIN |"),
    (
        "a compressed archive",
        |v| gzip(&Image::new().files("COPY a a", &[("a", v.as_bytes())]).saved()),
        "layer 2 of 2: /a | PLAIN |",
    ),
    (
        "a zstd archive",
        |v| zstd(&Image::new().files("COPY a a", &[("a", v.as_bytes())]).saved()),
        "layer 2 of 2: /a | PLAIN |",
    ),
    ("the end of a window", |v| file("big", &at((256 << 10) - 7, v)), "/big | PLAIN |"),
    ("the end of what is judged", |v| file("big", &at((248 << 10) - 3, v)), "/big | PLAIN |"),
    ("the end of a file", |v| file("big", &at(700_000 - v.len(), v)), "/big | PLAIN |"),
];

const METADATA: &[Hidden] = &[
    (
        "a build argument in the history",
        |v| Image::new().metadata(&format!("RUN |1 T={v} /bin/sh -c npm ci # buildkit")).saved(),
        "history: entry 2 | PLAIN | arg-secret",
    ),
    (
        "an ARG in the history",
        |v| Image::new().metadata(&format!("ARG T={v}")).saved(),
        "history: entry 2 | PLAIN | arg-secret",
    ),
    (
        "an ENV in the history",
        |v| Image::new().metadata(&format!("ENV T={v}")).saved(),
        "history: entry 2 | PLAIN | env-secret",
    ),
    (
        "an ENV of the old builder",
        |v| Image::new().metadata(&format!("/bin/sh -c #(nop)  ENV T={v}")).old(),
        "history: entry 2 | PLAIN | env-secret",
    ),
    (
        "a command in the history",
        |v| Image::new().metadata(&format!("RUN /bin/sh -c curl -u me:{v} h # buildkit")).saved(),
        "history: entry 2 | PLAIN | literal-credential",
    ),
    (
        "Env",
        |v| Image::new().config("Env", json!([format!("T={v}")])).saved(),
        "configuration: config.Env[0] | PLAIN | env-secret",
    ),
    (
        "a label",
        |v| Image::new().config("Labels", json!({ "x": v })).saved(),
        "configuration: config.Labels.x | PLAIN | literal-credential",
    ),
    (
        "the name of a label",
        |v| Image::new().config("Labels", json!({ v: "x" })).saved(),
        "configuration: config.Labels.[redacted] | PLAIN |",
    ),
    (
        "Cmd",
        |v| Image::new().config("Cmd", json!(["app", v])).saved(),
        "configuration: config.Cmd[1] | PLAIN | literal-credential",
    ),
    (
        "Entrypoint",
        |v| Image::new().config("Entrypoint", json!([v])).saved(),
        "configuration: config.Entrypoint[0] | PLAIN |",
    ),
    (
        "Healthcheck",
        |v| Image::new().config("Healthcheck", json!({ "Test": ["CMD", v] })).saved(),
        "configuration: config.Healthcheck.Test[1] | PLAIN |",
    ),
    (
        "OnBuild",
        |v| Image::new().config("OnBuild", json!([format!("RUN login {v}")])).saved(),
        "configuration: config.OnBuild[0] | PLAIN |",
    ),
    (
        "a build argument in the provenance",
        |v| Image::new().attestation(json!({ "invocation": { "parameters": { "args": { "build-arg:T": v } } } })).oci(),
        "attestation: predicate.invocation.parameters.args.build-arg:T | PLAIN | arg-secret",
    ),
    (
        "a command in the provenance",
        |v| Image::new().attestation(json!({ "buildConfig": { "args": ["sh", "-c", v] } })).oci(),
        "attestation: predicate.buildConfig.args[2] | PLAIN | literal-credential",
    ),
    ("an annotation", |v| Image::new().annotation("x", v).oci(), "manifest: annotations.x | PLAIN |"),
];

const PACKED: &[Hidden] = &[
    ("gzip", |v| file("a.gz", &gzip(v.as_bytes())), "/a.gz | PLAIN |"),
    ("gzip in two members", |v| file("a.gz", &[gzip(b"x"), gzip(v.as_bytes())].concat()), "/a.gz | PLAIN |"),
    ("zstd", |v| file("a.zst", &zstd(v.as_bytes())), "/a.zst | PLAIN |"),
    (
        "zstd behind a skippable frame",
        |v| file("a.zst", &[b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(b"x"), zstd(v.as_bytes())].concat()),
        "/a.zst | PLAIN |",
    ),
    ("a tar archive", |v| file("a.tar", &tar(&[("b", b"x"), ("c", v.as_bytes())])), "/a.tar!/c | PLAIN |"),
    ("a compressed tar archive", |v| file("a.tgz", &gzip(&tar(&[("b", v.as_bytes())]))), "/a.tgz!/b | PLAIN |"),
    (
        "a stored zip member",
        |v| file("a.zip", &zip(&[("b", b"x"), ("c", v.as_bytes())], Method::Stored)),
        "/a.zip!/c | PLAIN |",
    ),
    ("a jar", |v| file("a.jar", &zip(&[("b", b"x"), ("c", v.as_bytes())], Method::Deflated)), "/a.jar!/c | PLAIN |"),
    (
        "a streamed wheel",
        |v| file("a.whl", &zip(&[("b", b"x"), ("c", v.as_bytes())], Method::Streamed)),
        "/a.whl!/c | PLAIN |",
    ),
    (
        "a jar in a war",
        |v| file("a.war", &zip(&[("lib/b.jar", &zip(&[("c", v.as_bytes())], Method::Deflated))], Method::Deflated)),
        "/a.war!/lib/b.jar!/c | PLAIN |",
    ),
    (
        "a zip behind a script",
        |v| file("app", &[b"#!/usr/bin/python3\n".to_vec(), zip(&[("c", v.as_bytes())], Method::Deflated)].concat()),
        "/app!/c | PLAIN |",
    ),
    (
        "a zip in a cache",
        |v| file("cache", &[at(0, ""), zip(&[("c", v.as_bytes())], Method::Deflated)].concat()),
        "/cache!/c | PLAIN |",
    ),
    (
        "gzip in the middle",
        |v| file("installer", &[vec![b'x'; 300_000], gzip(v.as_bytes())].concat()),
        "/installer | PLAIN |",
    ),
    (
        "a deb",
        |v| {
            file(
                "a.deb",
                &ar(&[
                    ("debian-binary", b"2.0\n"),
                    ("control.tar.gz", &gzip(&tar(&[("control", b"x")]))),
                    ("data.tar.gz", &gzip(&tar(&[("etc/a", v.as_bytes())]))),
                ]),
            )
        },
        "/a.deb!/data.tar.gz!/etc/a | PLAIN |",
    ),
    (
        "a deb with zstd",
        |v| {
            file(
                "a.deb",
                &ar(&[("debian-binary", b"2.0\n"), ("data.tar.zst", &zstd(&tar(&[("etc/a", v.as_bytes())])))]),
            )
        },
        "/a.deb!/data.tar.zst!/etc/a | PLAIN |",
    ),
    ("a git object", |v| file(".git/objects/ab/cd", &pack::loose(v.as_bytes())), "/.git/objects/ab/cd | PLAIN |"),
    ("a git pack", |v| file(".git/objects/pack/a.pack", &pack::whole(&[b"first", v.as_bytes()])), "/a.pack | PLAIN |"),
    (
        "a delta of a git pack",
        |v| file(".git/objects/pack/a.pack", &pack::delta(b"the base", v.as_bytes())),
        "/a.pack | PLAIN |",
    ),
    (
        "a page of SQLite",
        |v| {
            file("a.db", &[b"SQLite format 3\0".to_vec(), vec![0; 8_000], v.as_bytes().to_vec(), vec![0; 200]].concat())
        },
        "/a.db | PLAIN |",
    ),
    ("zlib", |v| file("a", &zlib(&[b"x".repeat(500).as_slice(), v.as_bytes()].concat())), "/a | PLAIN |"),
];

const ENCODED: &[Hidden] = &[
    ("base64", |v| file("a", encoded(v.as_bytes()).as_bytes()), "/a | the value of the secret `planted`, in base64 |"),
    (
        "base64, one byte on",
        |v| file("a", encoded(format!(":{v}").as_bytes()).as_bytes()),
        "/a | the value of the secret `planted`, in base64 |",
    ),
    (
        "base64, two bytes on",
        |v| file("a", encoded(format!("u:{v}\n").as_bytes()).as_bytes()),
        "/a | the value of the secret `planted`, in base64 |",
    ),
    (
        "base64 for URLs",
        |v| file("a", encoded(format!("{v}\u{3ff}?>").as_bytes()).replace('+', "-").replace('/', "_").as_bytes()),
        "in base64 |",
    ),
    (
        "base64 in a label",
        |v| Image::new().config("Labels", json!({ "a": encoded(v.as_bytes()) })).saved(),
        "configuration: config.Labels.a | the value of the secret `planted`, in base64 |",
    ),
    (
        "hexadecimal digits",
        |v| file("a", v.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().as_bytes()),
        "as hexadecimal digits |",
    ),
    ("UTF-16", |v| file("a", &v.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()), "in UTF-16 |"),
    (
        "percent signs",
        |v| file("a", v.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>().as_bytes()),
        "URL-encoded |",
    ),
];

/// Values with characters that formats escape.
const ESCAPED: &[Hidden] = &[
    (
        "a URL",
        |v| {
            file(
                "a",
                v.replace('/', "%2F")
                    .replace('&', "%26")
                    .replace('"', "%22")
                    .replace('<', "%3C")
                    .replace('\'', "%27")
                    .as_bytes(),
            )
        },
        "URL-encoded |",
    ),
    (
        "a URL in small letters",
        |v| {
            file(
                "a",
                v.replace('/', "%2f")
                    .replace('&', "%26")
                    .replace('"', "%22")
                    .replace('<', "%3c")
                    .replace('\'', "%27")
                    .as_bytes(),
            )
        },
        "URL-encoded |",
    ),
    ("JSON", |v| file("a", v.replace('"', "\\\"").as_bytes()), "escaped for JSON |"),
    (
        "JSON of Go",
        |v| file("a", v.replace('"', "\\\"").replace('&', "\\u0026").replace('<', "\\u003c").as_bytes()),
        "escaped for JSON |",
    ),
    (
        "XML",
        |v| {
            file(
                "a",
                v.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('\'', "&apos;").as_bytes(),
            )
        },
        "escaped for XML |",
    ),
    ("a shell", |v| file("a", v.replace('\'', r"'\''").as_bytes()), "quoted for a shell |"),
];

fn check(places: &[Hidden], value: &str, twin: &str) {
    for (name, archive, expected) in places {
        let report = verify(&archive(value), value);
        assert_eq!(report.problems, [], "{name}");
        let lines: Vec<String> = report.findings.iter().map(line).collect();
        let expected = expected.replace("PLAIN", PLAIN);
        assert!(lines.iter().any(|line| line.contains(&expected)), "{name}: {expected}\nfound: {lines:#?}");
        assert!(!serde_json::to_string(&report).unwrap().contains(value), "{name} shows the value");
        let clean = verify(&archive(twin), value);
        assert_eq!(clean.findings.iter().map(line).collect::<Vec<_>>(), [""; 0], "the twin of {name}");
        assert_eq!(clean.problems, [], "the twin of {name}");
    }
}

fn twin(value: &str) -> String {
    value.replace('4', "5").replace('7', "8")
}

#[test]
fn there_are_enough_places() {
    let places = [LAYERS, METADATA, PACKED, ENCODED, ESCAPED];
    assert!(places.iter().map(|places| places.len()).sum::<usize>() >= 60);
}

#[test]
fn values_in_layers() {
    check(LAYERS, &canary(), &twin(&canary()));
}

#[test]
fn values_in_metadata() {
    check(METADATA, &canary(), &twin(&canary()));
}

#[test]
fn values_in_packed_files() {
    check(PACKED, &canary(), &twin(&canary()));
}

#[test]
fn values_in_encodings() {
    check(ENCODED, &canary(), &twin(&canary()));
}

#[test]
fn values_with_special_characters() {
    let value = format!("{}/\"'&<z", canary());
    check(ESCAPED, &value, &twin(&value));
    check(LAYERS.get(..1).unwrap(), &value, &twin(&value));
}

/// What a later layer does to a file is told, and the file is found all the same.
#[test]
fn files_that_a_later_layer_removes() {
    let value = canary();
    for (later, expected) in [
        (vec![("app/.wh.token", "")], Some(false)),
        (vec![(".wh.app", "")], Some(false)),
        (vec![("app/.wh..wh..opq", "")], Some(false)),
        (vec![("app/token", "new")], Some(true)),
        (vec![("app/other", "new")], None),
    ] {
        let files: Vec<(&str, &[u8])> = later.iter().map(|(path, content)| (*path, content.as_bytes())).collect();
        let image = Image::new().files("COPY token app/token # buildkit", &[("app/token", value.as_bytes())]);
        let archive = image.metadata("ENV A=b").files("RUN /bin/sh -c rm -rf app/token # buildkit", &files).saved();
        let report = verify(&archive, &value);
        let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
        let dfmigrate::image::Place::Layer { layer, removed, .. } = &finding.place else { panic!("{finding:?}") };
        assert_eq!((layer.number, layer.instruction.as_str()), (2, "COPY token app/token"));
        assert!(layer.digest.starts_with("sha256:"));
        assert_eq!(removed.as_ref().map(|removal| removal.replaced), expected, "{later:?}");
        if let Some(removal) = removed {
            assert_eq!(
                (removal.layer.number, removal.layer.instruction.as_str()),
                (3, "RUN /bin/sh -c rm -rf app/token")
            );
        }
    }
}

#[test]
fn what_belongs_to_no_image_is_found() {
    let value = canary();
    let mut parts = Image::new().parts();
    parts.push(("0123/json".to_owned(), json!({ "container_config": { "Cmd": [value] } }).to_string().into_bytes()));
    parts.push(("blobs/sha256/rest".to_owned(), tar(&[("a", value.as_bytes())])));
    let report = verify(&super::archive::packed(&parts), &value);
    let lines: Vec<String> = report.findings.iter().map(line).collect();
    assert!(
        lines.iter().any(|line| line.starts_with("part of no image: 0123/json: container_config.Cmd[0]")),
        "{lines:?}"
    );
    assert!(lines.iter().any(|line| line.starts_with("part of no image: blobs/sha256/rest: a")), "{lines:?}");
}
