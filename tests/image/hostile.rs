//! Archives that somebody made in order to do harm: bombs, tricks with paths, numbers beyond everything.

use serde_json::json;

use super::{
    archive::{Image, Method, ar, gzip, packed, tar, zip, zstd},
    look::canary,
    pack,
};

/// The unit of tar archives, in bytes.
pub const BLOCK: usize = 512;

/// What a size field of twelve bytes may say: nothing, nonsense, the largest octal number, negative ones, and binary ones.
pub const SIZES: [&[u8; 12]; 9] = [
    &[0; 12],
    b"00000000000\0",
    b"77777777777\0",
    b"-0000000001\0",
    b"zzzzzzzzzzz\0",
    b"            ",
    b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x80\0\0\0\0\0\0\0\0\0\0\x01",
];

/// Paths that lead out of a folder, end nowhere, or speak to a terminal.
pub const PATHS: [&str; 10] = [
    "../../../../../../../../escaped",
    "/tmp/../escaped",
    "..",
    "/",
    "",
    "a/../../../../escaped",
    "escaped\u{1b}[2J\u{1b}]0;title\u{7}",
    "..\\..\\escaped",
    "manifest.json",
    "blobs/sha256/../../../escaped",
];

/// What may stand in the place of a token of a JSON document.
pub const TOKENS: [&str; 12] = [
    "null,",
    "-1e999999,",
    "123456789012345678901234567890123456789012345678901234567890,",
    "\"sha256:../../../../../etc/passwd\",",
    "\"../../../../etc/passwd\",",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{\"a\":",
    "\"\\ud800\",",
    "\"sha256:\",",
    "[],",
    "{},",
    "\"\\u001b[2J\",",
];

/// Where the headers of a tar archive begin.
pub fn headers(archive: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(header) = archive.get(at..at + BLOCK).filter(|header| header[0] != 0 || header[156] != 0) {
        starts.push(at);
        let digits = String::from_utf8_lossy(&header[124..135]).into_owned();
        let size = usize::from_str_radix(digits.trim_matches(['\0', ' ']), 8).unwrap_or(0);
        at += BLOCK + size.next_multiple_of(BLOCK);
    }
    starts
}

/// Writes the checksum that a header with these fields has.
pub fn correct(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// All of them, with their names. `weight` multiplies the bombs: programs that are not optimised unpack slowly.
pub fn all(weight: usize) -> Vec<(String, Vec<u8>)> {
    let mut archives = Vec::new();
    let mut add = |name: &str, archive: Vec<u8>| archives.push((name.to_owned(), archive));
    bombs(weight, &mut add);
    crowds(weight, &mut add);
    ways_out(&mut add);
    documents(&mut add);
    archives
}

fn in_a_layer(path: &str, content: &[u8]) -> Vec<u8> {
    Image::new().files("COPY a a", &[(path, content)]).saved()
}

fn bombs(weight: usize, add: &mut dyn FnMut(&str, Vec<u8>)) {
    let zeros = vec![0; weight * (4 << 20)];
    let once = gzip(&zeros);
    add("gzip of zeros", in_a_layer("a.gz", &once));
    add("gzip of gzip of zeros", in_a_layer("a.gz", &gzip(&once)));
    add("gzip, a hundred times", in_a_layer("a.gz", &(0..100).fold(canary().into_bytes(), |inner, _| gzip(&inner))));
    add("zstd, a hundred times", in_a_layer("a.zst", &(0..100).fold(canary().into_bytes(), |inner, _| zstd(&inner))));
    add(
        "tar, a hundred times",
        in_a_layer("a.tar", &(0..100).fold(canary().into_bytes(), |inner, _| tar(&[("a", &inner)]))),
    );
    let nested = (0..40).fold(canary().into_bytes(), |inner, level| match level % 4 {
        0 => gzip(&inner),
        1 => tar(&[("a", &inner)]),
        2 => zip(&[("a", &inner)], Method::Deflated),
        _ => ar(&[("a", &inner)]),
    });
    add("gzip, tar, zip and ar, ten times", in_a_layer("a", &nested));
    let many: Vec<(String, &[u8])> = (0..24).map(|number| (format!("{number}.gz"), once.as_slice())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    add("zip of many bombs", in_a_layer("a.zip", &zip(&many[..2], Method::Stored)));
    add("layer of many bombs", Image::new().files("COPY a a", &many[..2]).saved());
    add("zip of zeros", in_a_layer("a.zip", &zip(&[("a", &zeros), ("b", &zeros)], Method::Streamed)));
    add("run-length zstd", in_a_layer("a.zst", &run_length(weight * 100)));
    add("run-length zstd as a layer", Image::new().layer("RUN x", run_length(weight * 100)).saved());
    add("run-length zstd as the archive", run_length(weight * 100));
    add("zstd with a huge window", in_a_layer("a.zst", &[0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 1, 0, 0]));
    add("archive in gzip of gzip", gzip(&gzip(&in_a_layer("a", b"b"))));
    add("layer of zeros", Image::new().layer("RUN x", once.clone()).saved());
    let endless = [in_a_layer("a", b"b"), vec![0; weight * (4 << 20)]].concat();
    add("archive with a long tail", gzip(&endless));
    add("delta of a delta", in_a_layer("a.pack", &pack_bomb()));
}

/// A Zstandard frame (RFC 8878) of `count` run-length blocks, of 128 KiB in four bytes each.
fn run_length(count: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    for index in 1..=count {
        let header = u32::from(index == count) | 1 << 1 | (128 << 10) << 3;
        frame.extend(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

/// A git pack that says that it has more objects than there are bytes in the world, of absurd sizes.
fn pack_bomb() -> Vec<u8> {
    let mut pack = pack::delta(b"base", canary().as_bytes());
    pack[8..12].fill(0xff);
    let object = [0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    pack.splice(12..12, object);
    pack
}

fn crowds(weight: usize, add: &mut dyn FnMut(&str, Vec<u8>)) {
    let many = |count: usize, content: &'static [u8]| -> Vec<(String, Vec<u8>)> {
        (0..count).map(|number| (format!("f{number}"), content.to_vec())).collect()
    };
    let layer = packed(&many(weight * 4_000, b""));
    add("layer of tiny files", Image::new().layer("RUN x", gzip(&layer)).saved());
    add("archive of tiny parts", gzip(&packed(&many(weight * 4_000, b"{}"))));
    add("archive of tiny layers", gzip(&packed(&many(weight * 1_000, &[0; 512]))));
    let files: Vec<(&str, &[u8])> =
        (0..2_000).map(|_| (".npmrc", b"//r.example.com/:_password=c2VjcmV0c2VjcmV0".as_slice())).collect();
    add("one finding, thousands of times", Image::new().files("RUN x", &files).saved());
    let deep = "a/".repeat(2_000) + ".npmrc";
    let content = format!("//r.example.com/:_authToken={}", canary());
    let mut image = Image::new();
    for _ in 0..40 {
        image = image.layer("RUN x", long_named(b'L', deep.as_bytes(), content.as_bytes(), 20));
    }
    add("findings in deep folders of many layers", gzip(&image.saved()));
    let entries: Vec<(&str, &[u8])> = (0..weight * 4_000).map(|_| ("a", b"b".as_slice())).collect();
    add("zip of tiny members", in_a_layer("a.zip", &zip(&entries, Method::Stored)));
    add("ar of tiny members", in_a_layer("a.deb", &ar(&entries)));
    add("signatures without anything", in_a_layer("a", &b"PK\x03\x04\x1f\x8b\x08(\xb5/\xfdPACK".repeat(4_000)));
}

/// `count` files whose long name stands in a member of the kind `L` (GNU) or `x` (POSIX) before each.
fn long_named(kind: u8, name: &[u8], content: &[u8], count: usize) -> Vec<u8> {
    let mut archive = Vec::new();
    for _ in 0..count {
        archive.extend(member(kind, b"long", name));
        archive.extend(member(b'0', b"short", content));
    }
    archive.extend([0; 2 * BLOCK]);
    archive
}

fn member(kind: u8, name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = [0; BLOCK];
    header[..name.len()].copy_from_slice(name);
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[156] = kind;
    header[257..263].copy_from_slice(b"ustar\0");
    correct(&mut header);
    let padding = content.len().next_multiple_of(BLOCK) - content.len();
    [header.as_slice(), content, &vec![0; padding]].concat()
}

fn ways_out(add: &mut dyn FnMut(&str, Vec<u8>)) {
    let value = canary();
    for path in PATHS {
        let path = path.as_bytes();
        let layer = long_named(b'L', path, value.as_bytes(), 1);
        add(&format!("long name {path:?}"), Image::new().layer("RUN x", layer).saved());
        let part = [long_named(b'L', path, value.as_bytes(), 1), in_a_layer("a", b"b")].concat();
        add(&format!("part {path:?}"), part);
        let record = format!("path={}\n", String::from_utf8_lossy(path));
        let record = format!("{} {record}", record.len() + 3);
        let layer = long_named(b'x', record.as_bytes(), value.as_bytes(), 1);
        add(&format!("record {record:?}"), Image::new().layer("RUN x", layer).oci());
    }
    for record in [
        "999999999999999999999 path=a\n",
        "0 path=a\n",
        "9 path=a",
        "-5 path=a\n",
        "path=a\n",
        "21 size=99999999999\n",
        "12 size=-5\n",
        "\n\n\n",
    ] {
        let layer = long_named(b'x', record.as_bytes(), value.as_bytes(), 1);
        add(&format!("record {record:?}"), Image::new().layer("RUN x", layer).old());
    }
    for (kind, target) in
        [(b'1', "../../../../etc/passwd"), (b'2', "/etc/passwd"), (b'1', "missing"), (b'2', "../escaped"), (b'1', "")]
    {
        let mut link = member(kind, b"link", b"");
        link[157..157 + target.len()].copy_from_slice(target.as_bytes());
        correct(&mut link[..BLOCK]);
        let archive = [link.clone(), member(b'0', b"link", value.as_bytes())].concat();
        add(&format!("link to {target:?}"), Image::new().layer("RUN x", archive.clone()).saved());
        add(&format!("part that links to {target:?}"), [archive, in_a_layer("a", b"b")].concat());
    }
}

fn documents(add: &mut dyn FnMut(&str, Vec<u8>)) {
    let with = |text: String| packed(&[("manifest.json".to_owned(), text.into_bytes())]);
    add("a hundred thousand brackets", with("[".repeat(100_000)));
    add("a number of a million digits", with(format!("[{{\"Layers\": {}}}]", "9".repeat(1_000_000))));
    // Just below the size up to which a document is read as such.
    add("millions of empty values", gzip(&with(format!("[{}{{}}]", "{},".repeat(2_700_000)))));
    add("millions of numbers", gzip(&with(format!("[{}0]", "0,".repeat(4_000_000)))));
    let images: String = (0..390_000).map(|number| format!("{{\"Config\":\"{number}\"}},")).collect();
    add("images without end", gzip(&with(format!("[{images}{{}}]"))));
    let layers: String = (0..900_000).map(|number| format!("\"{number}\",")).collect();
    add("layers without end", gzip(&with(format!("[{{\"Config\":\"c\",\"Layers\":[{layers}\"\"]}}]"))));
    let names = vec!["../../etc/passwd", "/etc/passwd", "", "..", "sha256:", "a\u{1b}[2Jb"];
    let manifest = json!([{ "Config": "../../../etc/passwd", "RepoTags": names, "Layers": names }]);
    add("names of files outside", with(manifest.to_string()));
    let digests: Vec<_> = names.iter().map(|name| json!({ "digest": format!("sha256:{name}") })).collect();
    let index = json!({ "manifests": digests }).to_string().into_bytes();
    add("digests of files outside", packed(&[("index.json".to_owned(), index)]));
    add("long keys around many findings", gzip(&long_keys()));
    add("a long instruction with many findings", gzip(&long_instruction()));
}

/// Thousands of credentials below a key of megabytes.
fn long_keys() -> Vec<u8> {
    let values: Vec<String> = (0..9_000).map(|number| format!("NPM_TOKEN={}{number}", canary())).collect();
    let inner = json!({ "Env": values });
    packed(&[("manifest.json".to_owned(), json!({ "k".repeat(4 << 20): inner }).to_string().into_bytes())])
}

/// Thousands of findings in a layer that an instruction of megabytes made.
fn long_instruction() -> Vec<u8> {
    let files: Vec<(String, Vec<u8>)> = (0..1_500).map(|number| (format!("{number}"), canary().into_bytes())).collect();
    let name = "n".repeat(2 << 20);
    let mut image = Image::new().layer(&format!("RUN {}", "word ".repeat(1 << 18)), packed(&files));
    image.annotations = json!({ "note": name });
    image.saved()
}
