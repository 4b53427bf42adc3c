//! Any bytes are an archive of an image: it is read within its limits, and what is said of it holds no value and nothing that a
//! terminal obeys.

#![no_main]

use std::sync::LazyLock;

use dfmigrate::image::{ImageReader, Limits, NamedSecret, Searcher, report};
use libfuzzer_sys::fuzz_target;

/// What is looked for; it stands in the seeds.
const PLANTED: &str = "planted-value-5Xq2";

/// Small enough that a bomb costs nothing.
const LIMITS: Limits = Limits {
    depth: 4,
    file: 1 << 20,
    files: 4 << 20,
    layer: 4 << 20,
    ratio: 100,
    document: 1 << 16,
    documents: 1 << 18,
    members: 1_000,
    parts: 200,
    entries: 100,
    findings: 100,
};

static SEARCHER: LazyLock<Searcher> = LazyLock::new(|| {
    let secret = NamedSecret::new("planted", PLANTED).expect("a value that is long enough");
    Searcher::new(vec![secret]).expect("one small value")
});

fuzz_target!(|data: &[u8]| {
    let mut reader = ImageReader::new(&SEARCHER, LIMITS).with_files();
    reader.archive(&mut &*data);
    let found = reader.finish();
    assert!(found.findings.len() <= LIMITS.findings);
    // What is for people has colours of its own.
    let bare = |text: String| {
        text.split('\u{1b}')
            .map(|piece| {
                piece.split_once('m').filter(|(code, _)| code.starts_with('[')).map_or(piece, |(_, rest)| rest)
            })
            .collect()
    };
    let mut texts: Vec<String> = found.findings.iter().map(report::finding).map(bare).collect();
    texts.push(report::closing(&found));
    texts.extend(report::gaps(&found.gaps));
    texts.push(report::json(&found).expect("a report can be written"));
    texts.push(report::sarif(&found).expect("a report can be written"));
    for text in texts {
        assert!(!text.contains(PLANTED), "the value is shown: {text:?}");
        assert!(!text.contains(|char: char| char.is_control() && char != '\n'), "a terminal obeys {text:?}");
    }
});
