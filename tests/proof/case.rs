//! A case: a little repository in `repo/` and a `proof.toml` beside it that says how it is built and what to expect.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::scan::Place;

/// A case folder.
#[derive(Clone)]
pub struct Case {
    /// The folder's name, which is also the test's.
    pub name: String,
    pub folder: PathBuf,
    /// The repository as it is before any migration.
    pub repository: PathBuf,
    pub manifest: Manifest,
}

/// What `proof.toml` says. `{canary}` stands for the planted value, `{certificate}` for what the services behind TLS are to be trusted
/// by, and placeholder hosts are filled in, as in the repository.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// One sentence for the reader.
    pub about: String,
    /// The variable that holds the secret where the build is started; in a workflow the name of the
    /// repository's secret; empty where a file holds it.
    #[serde(default)]
    pub secret: String,
    #[serde(default = "plain_value")]
    pub value: String,
    /// Files that the person who builds has beside the repository's own: path to content.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The build argument that the value comes to, for `dfmigrate verify --build` where only a script knows it.
    #[serde(default)]
    pub argument: String,
    /// Why `dfmigrate verify --build` can't prove it from what the callers say; empty where it can.
    #[serde(default)]
    pub only_by_steps: String,
    /// All differences between the images that `dfmigrate verify --build` has to tell of, as it writes them: the migration
    /// leaves out what the original left behind, such as settings without a setting in them.
    #[serde(default)]
    pub differences: Vec<String>,
    /// The steps that build the image, in order.
    pub build: Vec<Step>,
    #[serde(default)]
    pub expect: Expectation,
    /// Where the build as it stands must leave the value, at least.
    #[serde(default)]
    pub leaks: Vec<Place>,
    /// Parts of the places that must be among the leaks, e.g. the path of a file.
    #[serde(default)]
    pub rests: Vec<String>,
    /// Where the value may still be after the migration, for a case that shows a rest which is known.
    #[serde(default)]
    pub allows: Vec<Place>,
    /// The image to look into, below `images.example.com/`.
    #[serde(default = "app")]
    pub image: String,
    /// Shell commands that succeed in the image, before and after: what was built is really there.
    #[serde(default)]
    pub holds: Vec<String>,
    /// Shell commands that fail in the image.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// Further arguments of `dfmigrate --fix`.
    #[serde(default)]
    pub fix: Vec<String>,
    /// The exit code of `dfmigrate --fix`.
    #[serde(default)]
    pub exit: i32,
}

/// One step of a build.
#[derive(Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Step {
    /// A bash command in the root of the repository.
    Run { run: String },
    /// Every `run` and build step of a GitHub workflow file.
    Workflow { workflow: String },
}

/// What the case shows.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// It leaks as it stands, and not after `dfmigrate --fix`.
    #[default]
    Migrates,
    /// It leaks, and `dfmigrate --fix` leaves it alone.
    Refused,
    /// It leaks; there is no codemod for it yet.
    Leaks,
    /// It leaks nowhere as it stands.
    Clean,
    /// Its build fails as it stands; after `dfmigrate --fix` it succeeds and leaks nowhere.
    Repaired,
    /// The build ends with an error that contains these words.
    Fails(String),
}

fn plain_value() -> String {
    "{canary}".to_owned()
}

fn app() -> String {
    "app".to_owned()
}

impl Case {
    /// Every case below `tests/proof/<folder>`, by name.
    pub fn all(folder: &str) -> Result<Vec<Self>> {
        let mut cases = Vec::new();
        for entry in fs::read_dir(home().join(folder))? {
            cases.push(Self::read(&entry?.path())?);
        }
        cases.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(cases)
    }

    /// Reads one case folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let manifest = folder.join("proof.toml");
        let text = fs::read_to_string(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
        let manifest = toml::from_str(&text).with_context(|| format!("{} is not a case", manifest.display()))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, folder: folder.to_owned(), repository: folder.join("repo"), manifest })
    }
}

/// The folder of this test in the source tree.
pub fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proof")
}
