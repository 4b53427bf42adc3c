/// Bounds on memory and time, whatever an image holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How deep archives inside of archives are opened; a layer itself has depth 0.
    pub depth: usize,
    /// How many bytes one compressed file of a layer may unpack to. The default is 1 GiB.
    pub file: u64,
    /// How many bytes all compressed files of the layers may unpack to together. The default is 16 GiB.
    pub files: u64,
    /// How many bytes a compressed layer may unpack to. The default is 256 GiB.
    pub layer: u64,
    /// How many times as many bytes a layer may unpack to, beyond the first 64 MiB. No real layer comes near the default of
    /// 400: programs compress 2 to 5 times, text 10 times.
    pub ratio: u64,
    /// The largest JSON document, in bytes, that is read as such; a larger one is searched as text. The default is 8 MiB, twice
    /// what every registry takes (OCI distribution specification, "Pushing Manifests"); in memory it may take fifty times that.
    pub document: u64,
    /// How many bytes all documents may have together. The default is 256 MiB.
    pub documents: u64,
    /// How many files all layers may have together. The default is 10 million, which needs about 200 MB.
    pub members: usize,
    /// How many parts an archive may have, and how many layers its images together. The default is 100 000: an engine takes
    /// 127 layers an image (moby, `layer/layer.go`), and an archive has some parts for each.
    pub parts: usize,
    /// How many entries a list may have in a manifest, an index or a configuration. The default is 10 000.
    pub entries: usize,
    /// How many findings are kept.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 8,
            file: 1 << 30,
            files: 16 << 30,
            layer: 256 << 30,
            ratio: 400,
            document: 8 << 20,
            documents: 256 << 20,
            members: 10_000_000,
            parts: 100_000,
            entries: 10_000,
            findings: 10_000,
        }
    }
}
