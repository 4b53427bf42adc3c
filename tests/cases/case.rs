//! A case as it is kept in its folder.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use dfmigrate::callers::{Offer, Outside, Receipt, Request, RequestedSecret, Whereabouts};
use dfmigrate::config::Date;
use dfmigrate::model::Foreign;
use dfmigrate::plan::Applicability;
use serde::Deserialize;

use super::variant::Variant;

/// The files of a little repository by their path from its root.
pub type Files = BTreeMap<Utf8PathBuf, Vec<u8>>;

/// What has to become of the case's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// Fixed by `--fix`.
    Safe,
    /// Fixed by `--fix --unsafe-fixes` only.
    Unsafe,
    /// Found, and left alone with an obstacle of the kind that `because` names.
    Manual,
    /// Not found at all, by no codemod.
    None,
}

impl Expectation {
    /// The applicability that the fix has to have; `None` where there must be no finding.
    pub fn applicability(self) -> Option<Applicability> {
        match self {
            Self::Safe => Some(Applicability::Safe),
            Self::Unsafe => Some(Applicability::Unsafe),
            Self::Manual => Some(Applicability::Manual),
            Self::None => None,
        }
    }
}

/// `case.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    about: String,
    expect: Expectation,
    because: Option<String>,
    instead: Option<String>,
    file: Option<Utf8PathBuf>,
    today: Option<Date>,
    #[serde(default = "all_variants")]
    variants: Vec<Variant>,
    /// What a fleet would know of Dockerfiles of other repositories.
    #[serde(default)]
    elsewhere: Vec<Elsewhere>,
}

/// A secret of a Dockerfile in the repository `git.example.com/acme/shop`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Elsewhere {
    /// The file of the case that builds it.
    file: Utf8PathBuf,
    /// How it names the repository: `address = "…"`, `beside = "shop"`, `forge = "acme/shop"`, or nothing for whoever calls.
    named: BTreeMap<String, String>,
    dockerfile: Utf8PathBuf,
    reference: Option<String>,
    /// The build argument that is, or is going to be, a secret with its name in lower case; or a file that is handed over.
    argument: Option<String>,
    copied: Option<Utf8PathBuf>,
    /// Whether the Dockerfile still takes the argument.
    #[serde(default)]
    pending: bool,
}

impl Elsewhere {
    fn known(self) -> Foreign {
        let repository = match self.named.into_iter().next() {
            Some((key, name)) if key == "address" => Whereabouts::Address(name),
            Some((key, name)) if key == "beside" => Whereabouts::Beside(name),
            Some((_, name)) => Whereabouts::Forge(name),
            None => Whereabouts::Caller,
        };
        let request = |argument: String| {
            let secret = RequestedSecret { id: argument.to_lowercase(), receipt: Receipt::Variable };
            Request { argument, secret: Some(secret), beside: self.pending }
        };
        let outside = Outside { repository, reference: self.reference, dockerfile: Some(self.dockerfile.clone()) };
        Foreign {
            file: self.file,
            outside,
            repository: "git.example.com/acme/shop".to_owned(),
            dockerfile: self.dockerfile,
            requests: self.argument.into_iter().map(request).collect(),
            offers: self.copied.into_iter().map(|path| Offer::File { id: "npmrc".to_owned(), path }).collect(),
        }
    }
}

fn all_variants() -> Vec<Variant> {
    Variant::ALL.to_vec()
}

/// One case: what goes in and what has to come out.
#[derive(Debug)]
pub struct Case {
    /// The id of the codemod that it specifies.
    pub codemod: String,
    /// The name of its folder.
    pub name: String,
    /// What it shows, in one sentence.
    pub about: String,
    /// What has to become of its findings.
    pub expect: Expectation,
    /// The kind of obstacle that a manual fix has to name.
    pub because: Option<String>,
    /// A text that the report has to give for a place that is edited by hand.
    pub instead: Option<String>,
    /// The Dockerfile that `expect` is about, where others in the case fare differently.
    pub file: Option<Utf8PathBuf>,
    /// The day on which it is looked at.
    pub today: Option<Date>,
    /// The variants in which it makes sense.
    pub variants: Vec<Variant>,
    /// What is known of Dockerfiles of other repositories.
    pub foreign: Arc<[Foreign]>,
    /// The repository as it is.
    pub before: Files,
    /// The repository as it has to become; the same as `before` where the case must be left alone.
    pub after: Files,
}

impl Case {
    /// Reads the case in `folder` and checks that it says what it has to say.
    pub fn read(codemod: &str, folder: &Utf8Path) -> Result<Self> {
        let text = fs::read_to_string(folder.join("case.toml")).context("case.toml can't be read")?;
        let Manifest { about, expect, because, instead, file, today, variants, elsewhere } = toml::from_str(&text)?;
        let before = files(&folder.join("before"))?;
        let edited = folder.join("after").is_dir();
        let after = if edited { files(&folder.join("after"))? } else { before.clone() };
        let fixed = matches!(expect, Expectation::Safe | Expectation::Unsafe);
        ensure!(edited == fixed, "a case has `after/` exactly when it expects `safe` or `unsafe`");
        ensure!(!edited || before != after, "`before/` and `after/` are the same");
        ensure!(before.keys().all(|path| after.contains_key(path)), "`after/` has all files of `before/`");
        ensure!(because.is_some() == (expect == Expectation::Manual), "`because` goes with `expect = \"manual\"`");
        ensure!(instead.is_none() || because.is_some(), "`instead` goes with `because`");
        ensure!(about.ends_with('.'), "`about` is a sentence");
        let builds = !elsewhere.is_empty() || before.keys().any(|path| is_dockerfile(path));
        ensure!(builds, "there is no Dockerfile in `before/`");
        ensure!(!variants.is_empty(), "a case runs in at least one variant");
        let name = folder.file_name().unwrap_or_default().to_owned();
        let codemod = codemod.to_owned();
        let foreign = elsewhere.into_iter().map(Elsewhere::known).collect();
        Ok(Self { codemod, name, about, expect, because, instead, file, today, variants, foreign, before, after })
    }
}

/// The case folders below `codemods`, each with the id of its codemod.
pub fn folders(codemods: &Utf8Path) -> Result<Vec<(String, Utf8PathBuf)>> {
    let mut found = Vec::new();
    for codemod in entries(codemods)? {
        let cases = codemod.join("cases");
        let id = codemod.file_name().unwrap_or_default().replace('_', "-");
        if cases.is_dir() {
            found.extend(entries(&cases)?.into_iter().map(|folder| (id.clone(), folder)));
        }
    }
    if found.is_empty() {
        bail!("there are no cases below {codemods}");
    }
    Ok(found)
}

/// Whether a file of this path is a Dockerfile, by its name.
pub fn is_dockerfile(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let (stem, extension) = (path.file_stem().unwrap_or_default(), path.extension());
    ["Dockerfile", "Containerfile"].iter().any(|kind| name == *kind || stem == *kind || extension == Some(kind))
}

fn files(root: &Utf8Path) -> Result<Files> {
    let mut found = Files::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for path in entries(&folder)? {
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = fs::read(&path).with_context(|| format!("{path} can't be read"))?;
                found.insert(path.strip_prefix(root)?.to_owned(), bytes);
            }
        }
    }
    Ok(found)
}

fn entries(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let listing = folder.read_dir_utf8().with_context(|| format!("{folder} can't be listed"))?;
    let mut paths = listing.map(|entry| Ok(entry?.into_path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
