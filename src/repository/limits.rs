//! How much of a repository is looked at. Nobody writes by hand what goes beyond; it is generated, or made to keep a program busy.

/// The size from which a file is not read, in bytes.
pub(super) const LARGEST: u64 = 1 << 20;

/// What a repository may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Files that git does not ignore.
    pub files: usize,
    /// Bytes in all texts that are kept.
    pub text: u64,
    /// Instructions in one Dockerfile. Some codemods ask of each secret what each instruction does with it.
    pub instructions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // The largest Dockerfile of 6,000 that people wrote has 309 instructions.
        Self { files: 4_000_000, text: 1 << 30, instructions: 2_000 }
    }
}
