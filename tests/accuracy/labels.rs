//! The labels: what careful readers say about files of the corpus. See README.md beside this file.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

/// One file of labels.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    folder: Vec<Folder>,
}

/// What is said about one folder, or about one file of `plain/`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// Below the corpus.
    pub path: Utf8PathBuf,
    /// What a second reader said.
    #[serde(default)]
    pub second: String,
    /// The values that enter a build here; all other findings are false ones.
    #[serde(default)]
    pub flow: Vec<Flow>,
    /// The batch that it stands in, such as `random-1`.
    #[serde(skip)]
    pub batch: String,
}

/// One value on its way into a build.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// The file where it enters, below the folder.
    pub file: Utf8PathBuf,
    /// The first line of the instruction where it enters, one-based.
    pub line: u32,
    /// The variable, the file's path as it is written, or what a literal is for.
    pub name: String,
    /// How it enters.
    pub entry: Entry,
    /// Whether it is one.
    pub secret: Secret,
    /// The first lines of the RUNs that need or may read it, one-based.
    #[serde(default)]
    pub used: Vec<u32>,
    /// Where it stays readable.
    #[serde(default)]
    #[allow(dead_code, reason = "for people who read the labels; the field has to be spelled right all the same")]
    pub rests: Vec<Rest>,
    /// What the best tool would do.
    pub ideal: Ideal,
    /// The codemods whose finding names it rightly.
    #[serde(default)]
    pub codemods: Vec<String>,
    /// The evidence.
    pub why: String,
    /// Who passes it to a build of this Dockerfile.
    #[serde(default)]
    pub caller: Vec<Caller>,
}

impl Flow {
    /// Whether a finding of the codemod `id` names it rightly.
    pub fn is_called(&self, id: &str) -> bool {
        self.codemods.iter().any(|known| known == id)
    }
}

/// A place that passes the value to a build.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// Below the folder.
    pub file: Utf8PathBuf,
    /// One-based.
    pub line: u32,
    /// What should become of it.
    pub ideal: CallerIdeal,
}

/// What should become of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallerIdeal {
    /// It is rewritten with the Dockerfile.
    Edited,
    /// The report shows the place.
    Named,
}

/// How a value enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "README.md says what each is")]
pub enum Entry {
    Argument,
    Env,
    Copied,
    SshKey,
    Literal,
    Written,
    Mount,
    Add,
    Suppression,
}

/// Whether a value is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "README.md says what each is")]
pub enum Secret {
    Yes,
    No,
    Debatable,
}

/// Where a value stays readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "README.md says what each is")]
pub enum Rest {
    History,
    Config,
    Layer,
    Log,
    Provenance,
}

/// What the best tool would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "README.md says what each is")]
pub enum Ideal {
    None,
    Manual,
    Unsafe,
    Safe,
}

/// All labels below `folder`, each folder of the corpus once.
///
/// # Errors
///
/// A file that can't be read or that has an unknown field, a folder that two files label or that was read only once.
pub fn read(folder: &Utf8Path) -> anyhow::Result<Vec<Folder>> {
    let mut all: BTreeMap<Utf8PathBuf, Folder> = BTreeMap::new();
    for entry in folder.read_dir_utf8()? {
        let path = entry?.path().to_owned();
        if path.extension() != Some("toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let batch: Batch = toml::from_str(&text).map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
        for mut folder in batch.folder {
            anyhow::ensure!(!folder.second.is_empty(), "{path}: nobody read {} a second time", folder.path);
            folder.batch = path.file_stem().unwrap_or_default().to_owned();
            let other = all.insert(folder.path.clone(), folder);
            anyhow::ensure!(
                other.is_none(),
                "{path}: {} is labelled twice",
                other.map(|it| it.path).unwrap_or_default()
            );
        }
    }
    Ok(all.into_values().collect())
}
