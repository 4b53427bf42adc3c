//! Damage that knows the formats: seeded, so that a failure can be repeated by its number.

use serde_json::json;

use super::{
    archive::{Image, Method, ar, gzip, packed, tar, zip, zstd},
    hostile::{self, BLOCK},
    look::canary,
    pack,
};

/// A generator of numbers that anybody can repeat (SplitMix64, Steele and others 2014).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn pick<'t, T>(&mut self, among: &'t [T]) -> &'t T {
        &among[self.below(among.len())]
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

/// A damaged archive, and what was done to it.
pub fn damaged(dice: &mut Dice) -> (String, Vec<u8>) {
    match dice.below(6) {
        0 => outer(dice),
        1 => layer(dice),
        2 => member(dice),
        3 => document(dice),
        4 => truncated(dice),
        _ => noise(dice),
    }
}

/// The formats that a file of a layer may have, each with the value in it.
fn formats(value: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let zipped = zip(&[("inner.txt", value)], Method::Deflated);
    vec![
        ("a.gz", gzip(value)),
        ("a.zst", zstd(value)),
        ("a.zip", zip(&[("b", value), ("c", value)], Method::Streamed)),
        ("a.whl", zip(&[("package/__init__.py", value), ("nested.zip", &zipped)], Method::Stored)),
        ("a.deb", ar(&[("debian-binary", b"2.0\n"), ("data.tar.gz", &gzip(&tar(&[("b", value)])))])),
        ("a.tar", tar(&[("b", value), ("c/d", value)])),
        (".git/objects/ab/cd", pack::loose(value)),
        ("a.pack", pack::delta(b"base", value)),
        ("b.pack", pack::whole(&[value, value])),
    ]
}

fn image() -> Image {
    let value = canary();
    let files = formats(value.as_bytes());
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, content)| (*path, content.as_slice())).collect();
    let image = Image::new().files("COPY . .", &files).layer("RUN x", gzip(&tar(&[("b", value.as_bytes())])));
    let image = image.layer("RUN y", zstd(&tar(&[(".wh.b", b""), ("c", value.as_bytes())])));
    image.config("Env", json!(["A=b"])).attestation(json!({ "a": ["b"] }))
}

fn form(dice: &mut Dice, image: &Image) -> Vec<u8> {
    match dice.below(4) {
        0 => image.saved(),
        1 => image.old(),
        2 => image.oci(),
        _ => gzip(&image.saved()),
    }
}

/// Damage to a header of the archive itself.
fn outer(dice: &mut Dice) -> (String, Vec<u8>) {
    let image = image();
    let mut archive = match dice.below(3) {
        0 => image.saved(),
        1 => image.old(),
        _ => image.oci(),
    };
    let what = header(dice, &mut archive);
    (format!("archive: {what}"), archive)
}

/// Damage to a header of a layer, in a sound archive.
fn layer(dice: &mut Dice) -> (String, Vec<u8>) {
    let value = canary();
    let files = [("etc/x", value.as_bytes()), ("root/.npmrc", b"x=y"), ("srv/a/.wh.b", b"")];
    let mut layer = tar(&files);
    let whats: Vec<String> = (0..=dice.below(3)).map(|_| header(dice, &mut layer)).collect();
    let layer = match dice.below(3) {
        0 => layer,
        1 => gzip(&layer),
        _ => zstd(&layer),
    };
    let archive = form(dice, &Image::new().layer("RUN x", layer));
    (format!("layer: {}", whats.join(", ")), archive)
}

/// Changes one field of one tar header, and mostly corrects the checksum.
fn header(dice: &mut Dice, archive: &mut Vec<u8>) -> String {
    let starts = hostile::headers(archive);
    if starts.is_empty() {
        return "no header is left".to_owned();
    }
    let at = *dice.pick(&starts);
    let what = match dice.below(6) {
        0 | 1 => {
            let size = dice.pick(&hostile::SIZES);
            archive[at + 124..at + 136].copy_from_slice(*size);
            format!("size {size:?}")
        }
        2 => {
            archive[at + 156] = dice.byte();
            format!("kind {}", archive[at + 156])
        }
        3 => {
            let path = dice.pick(&hostile::PATHS).as_bytes();
            let length = path.len().min(100);
            archive[at..at + 100].fill(0);
            archive[at..at + length].copy_from_slice(&path[..length]);
            format!("path {}", String::from_utf8_lossy(path))
        }
        4 => {
            let count = dice.below(3) + 1;
            archive.splice(at..at, std::iter::repeat_n(dice.byte(), count * BLOCK));
            format!("{count} blocks put before it")
        }
        _ => {
            let field = at + dice.below(BLOCK);
            archive[field] = dice.byte();
            format!("byte {}", field - at)
        }
    };
    if dice.below(5) > 0 {
        hostile::correct(&mut archive[at..at + BLOCK]);
    }
    format!("{what} at {at}")
}

/// Damage inside of a file, in a sound layer.
fn member(dice: &mut Dice) -> (String, Vec<u8>) {
    let value = canary();
    let mut formats = formats(value.as_bytes());
    let (name, mut content) = formats.swap_remove(dice.below(formats.len()));
    let count = dice.below(6) + 1;
    for _ in 0..count {
        let at = dice.below(content.len());
        let any = dice.byte();
        let value = *dice.pick(&[0, 0xff, 0x7f, 0x80, any]);
        // Numbers of formats have one, two, four or eight bytes.
        let end = (at + *dice.pick(&[1, 1, 2, 4, 8])).min(content.len());
        content[at..end].fill(value);
    }
    if dice.below(4) == 0 {
        content.truncate(dice.below(content.len()));
    }
    let path = format!("srv/{name}");
    (format!("{count} changes in {name}"), form(dice, &Image::new().files("COPY a a", &[(&path, &content)])))
}

/// Damage to one of the documents.
fn document(dice: &mut Dice) -> (String, Vec<u8>) {
    let image = image();
    let mut parts = image.parts();
    parts.push(("manifest.json".to_owned(), manifest(&image)));
    let documents: Vec<usize> = (0..parts.len()).filter(|part| parts[*part].1.first().is_some_and(is_json)).collect();
    let (path, content) = &mut parts[*dice.pick(&documents)];
    let text = String::from_utf8_lossy(content).into_owned();
    let tokens: Vec<&str> = text.split_inclusive([',', ':', '[', '{', ']', '}']).collect();
    let at = dice.below(tokens.len());
    let instead = dice.pick(&hostile::TOKENS);
    let changed: Vec<&str> =
        tokens.iter().enumerate().map(|(index, token)| if index == at { instead } else { *token }).collect();
    *content = changed.concat().into_bytes();
    let what = format!("{instead} as token {at} of {path}");
    (what, packed(&parts))
}

fn manifest(image: &Image) -> Vec<u8> {
    let saved = image.saved();
    let at = hostile::headers(&saved).into_iter().next_back().unwrap();
    let text = String::from_utf8_lossy(&saved[at + BLOCK..]).into_owned();
    text.trim_end_matches('\0').as_bytes().to_vec()
}

fn is_json(first: &u8) -> bool {
    matches!(first, b'{' | b'[')
}

/// An archive that ends at a boundary of a header, or one byte before or behind it.
fn truncated(dice: &mut Dice) -> (String, Vec<u8>) {
    let image = image();
    let mut archive = form(dice, &image);
    let blocks = archive.len() / BLOCK;
    let at = dice.below(blocks.max(1)) * BLOCK + *dice.pick(&[0, 1, 124, 511]);
    archive.truncate(at);
    (format!("ends at {at}"), archive)
}

/// Bytes anywhere, in the archive or in a compressed layer.
fn noise(dice: &mut Dice) -> (String, Vec<u8>) {
    let image = image();
    let mut archive = form(dice, &image);
    let count = dice.below(40) + 1;
    for _ in 0..count {
        let at = dice.below(archive.len());
        archive[at] = dice.byte();
    }
    (format!("{count} bytes changed"), archive)
}
