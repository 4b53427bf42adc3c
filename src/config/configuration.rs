use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize as _;

use super::error::nearest;
use super::paths::rooted;
use super::tree::{self, Origin, Table};
use super::{FILE, NamePattern, PathPatterns, Setting, Settings, SettingsError, SettingsFile, remembered, show};

/// What holds where nobody decided anything else.
const DEFAULTS: &str = "\
mount = \"auto\"
ids = \"lower-snake\"
cache-key = false
";

/// Who speaks in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// Somebody outside of the repository, for all of theirs.
    Organisation,
    /// The repository.
    Repository,
    /// Whoever runs the program, for this run.
    Run,
}

/// What one file decides, for everything or for some paths.
#[derive(Debug, Clone)]
pub struct Layer {
    voice: Voice,
    /// The file, for people; empty for what no file says.
    file: Utf8PathBuf,
    /// Only paths below it.
    folder: Utf8PathBuf,
    /// Only these of them.
    only: Option<PathPatterns>,
    table: Table,
}

impl Layer {
    /// What a file decides for the paths below `folder`.
    pub(super) fn of(file: &Utf8Path, read: &SettingsFile, folder: &Utf8Path) -> Vec<Self> {
        let layer = |only: Option<PathPatterns>, table: &Table| {
            let mut table = table.clone();
            tree::root(&mut table, folder);
            Self { voice: Voice::Repository, file: file.to_owned(), folder: folder.to_owned(), only, table }
        };
        let limited = read.paths.iter().zip(&read.tables).map(|((pattern, _), table)| {
            let only = PathPatterns::new([rooted(folder, pattern)]).unwrap_or_default();
            layer(Some(only), table)
        });
        std::iter::once(layer(None, &read.table)).chain(limited).collect()
    }

    /// The same, where the file is not the repository's own.
    #[must_use]
    pub fn of_organisation(self) -> Self {
        Self { voice: Voice::Organisation, ..self }
    }

    /// What the options of a command line say, as the text of a settings file.
    ///
    /// # Errors
    /// The text is none.
    pub fn of_command_line(text: &str) -> Result<Self, SettingsError> {
        Self::without_file(text, &Origin::CommandLine)
    }

    fn without_file(text: &str, origin: &Origin) -> Result<Self, SettingsError> {
        let read = SettingsFile::with_origin(Utf8Path::new("command line"), text, &|_| origin.clone())?;
        let nowhere = Utf8PathBuf::new();
        Ok(Self { voice: Voice::Run, file: nowhere.clone(), folder: nowhere, only: None, table: read.table })
    }

    /// All that it decides, as one text: the same for two layers that decide the same.
    #[must_use]
    pub fn written(&self) -> String {
        format!("{} {:?}\n{}", self.folder, self.only, tree::value(&self.table))
    }

    fn applies(&self, path: &Utf8Path) -> bool {
        path.starts_with(&self.folder) && self.only.as_ref().is_none_or(|only| only.matches(path))
    }

    fn is_limited(&self) -> bool {
        self.only.is_some() || !self.folder.as_str().is_empty()
    }
}

/// Everything that was decided for a repository, by all files and options: what is nearer to a path counts more.
#[derive(Debug, Clone)]
pub struct Configuration {
    layers: Vec<Layer>,
    /// What holds for paths about which nothing special was decided.
    everywhere: Arc<Settings>,
    /// Whether the repository's own settings don't count.
    isolated: bool,
}

impl Default for Configuration {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Configuration {
    /// What `layers` say, each over those before it.
    #[must_use]
    pub fn new(layers: Vec<Layer>) -> Self {
        let mut configuration = Self { layers, everywhere: Arc::default(), isolated: false };
        configuration.everywhere = Arc::new(configuration.merged(|layer| !layer.is_limited()));
        configuration
    }

    /// What the text of a [`FILE`] in the root says.
    ///
    /// # Errors
    /// It has a mistake.
    pub fn of_text(text: &str) -> Result<Self, SettingsError> {
        let file = Utf8Path::new(FILE);
        Ok(Self::new(Layer::of(file, &SettingsFile::read(file, text)?, Utf8Path::new(""))))
    }

    /// The same, where nothing that the repository itself says counts.
    #[must_use]
    pub fn isolated(self) -> Self {
        Self { isolated: true, ..self }
    }

    /// Whether nothing that the repository itself says counts: none of its settings files.
    #[must_use]
    pub fn is_isolated(&self) -> bool {
        self.isolated
    }

    /// What was decided for the file at `path`.
    #[must_use]
    pub fn at(&self, path: &Utf8Path) -> Arc<Settings> {
        if self.layers.iter().any(|layer| layer.is_limited() && layer.applies(path)) {
            return Arc::new(self.merged(|layer| layer.applies(path)));
        }
        Arc::clone(&self.everywhere)
    }

    /// Whether anything is decided about which files are Dockerfiles or build images.
    #[must_use]
    pub fn decides_about_files(&self) -> bool {
        self.layers.iter().any(|layer| ["dockerfiles", "callers"].iter().any(|key| layer.table.contains_key(*key)))
    }

    /// Every name that somebody says to be a secret's, for whatever paths.
    #[must_use]
    pub fn secret_names(&self) -> Vec<NamePattern> {
        let named = self.layers.iter().flat_map(|layer| {
            let listed = tree::at(&layer.table, &["names", "secret"]).map(tree::Tree::leaves).unwrap_or_default();
            let listed = listed.into_iter().filter_map(|leaf| leaf.value.as_str());
            let secrets = match layer.table.get("secrets") {
                Some(tree::Tree::Table(secrets)) => secrets.keys().map(String::as_str).collect(),
                _ => Vec::new(),
            };
            listed.chain(secrets).map(NamePattern::new).collect::<Vec<_>>()
        });
        named.collect()
    }

    /// What is wrong with the settings for `path` as a whole, though no file has a mistake.
    #[must_use]
    pub fn contradiction(&self, path: &Utf8Path) -> Option<String> {
        let settings = self.at(path);
        let (one, other, id) = settings.shared_id()?;
        Some(format!("the settings for `{path}` give `{one}` and `{other}` the same id `{id}`"))
    }

    /// What is wrong with `[builds]`: it has a file of the repository build what is none of its Dockerfiles. Such a build would
    /// count as nobody's, and would keep its argument.
    #[must_use]
    pub fn stray_build(
        &self,
        is_file: impl Fn(&Utf8Path) -> bool,
        dockerfiles: &[Utf8PathBuf],
    ) -> Option<SettingsError> {
        let tables = self.layers.iter().filter_map(|layer| match layer.table.get("builds") {
            Some(tree::Tree::Table(table)) => Some(table),
            _ => None,
        });
        tables.flatten().find_map(|(file, tree)| {
            let tree::Tree::Leaf(tree::Leaf { value, origin: Origin::File(settings, line) }) = tree else {
                return None;
            };
            let named = value.as_str()?;
            if !is_file(Utf8Path::new(file)) || dockerfiles.iter().any(|path| path == named) {
                return None;
            }
            let message = format!("`{file}` can't build `{named}`, which is no Dockerfile of the repository");
            let suggestion = nearest(named, dockerfiles.iter().map(|path| path.as_str())).map(str::to_owned);
            Some(SettingsError { suggestion, ..SettingsError::new(settings, *line, message) })
        })
    }

    /// With one more decision, which counts more than all before it.
    #[must_use]
    pub fn with(&self, setting: &Setting) -> Self {
        let layer = remembered("", setting).and_then(|text| Layer::without_file(&text, &Origin::Review).ok());
        self.with_layers(self.layers.iter().cloned().chain(layer).collect())
    }

    /// With another text of the [`FILE`] in the root; one that has a mistake decides nothing.
    #[must_use]
    pub fn with_text(&self, text: &str) -> Self {
        if self.isolated {
            return self.clone();
        }
        let file = Utf8Path::new(FILE);
        let read = SettingsFile::read(file, text).map(|read| Layer::of(file, &read, Utf8Path::new("")));
        let is_own = |layer: &Layer| layer.voice == Voice::Repository && layer.file == file;
        let place = self.layers.iter().position(is_own);
        let first_own = || self.layers.iter().take_while(|layer| layer.voice == Voice::Organisation).count();
        let (below, above) = self.layers.split_at(place.unwrap_or_else(first_own));
        let above = above.iter().filter(|layer| !is_own(layer)).cloned();
        self.with_layers(below.iter().cloned().chain(read.unwrap_or_default()).chain(above).collect())
    }

    fn with_layers(&self, layers: Vec<Layer>) -> Self {
        Self { isolated: self.isolated, ..Self::new(layers) }
    }

    /// Every id of a codemod that somebody names, and where.
    #[must_use]
    pub fn codemods(&self) -> Vec<(String, Origin)> {
        self.named(&["codemods"])
    }

    /// Every format of a caller that somebody names, and where.
    #[must_use]
    pub fn formats(&self) -> Vec<(String, Origin)> {
        self.named(&["callers", "include"])
    }

    /// The settings for `path` as TOML, each with who decided it in a comment.
    #[must_use]
    pub fn show(&self, path: &Utf8Path) -> String {
        let applying = || self.layers.iter().filter(|layer| layer.applies(path));
        let mut files: Vec<&Utf8Path> =
            applying().map(|layer| layer.file.as_path()).filter(|file| !file.as_str().is_empty()).collect();
        files.dedup();
        show::settings(&self.table(|layer| layer.applies(path)), &files)
    }

    fn named(&self, keys: &[&str]) -> Vec<(String, Origin)> {
        let trees = self.layers.iter().filter_map(|layer| tree::at(&layer.table, keys));
        let text = |leaf: &tree::Leaf| Some((leaf.value.as_str()?.to_owned(), leaf.origin.clone()));
        trees.flat_map(tree::Tree::leaves).filter_map(text).collect()
    }

    fn table(&self, wanted: impl Fn(&Layer) -> bool) -> Table {
        let defaults = Layer::without_file(DEFAULTS, &Origin::Default).ok();
        let mut table = Table::new();
        for layer in defaults.iter().chain(self.layers.iter().filter(|layer| wanted(layer))) {
            tree::merge(&mut table, &layer.table);
        }
        table
    }

    /// Tables of settings stay one when they are merged, so this can't fail for layers that were read.
    fn merged(&self, wanted: impl Fn(&Layer) -> bool) -> Settings {
        Settings::deserialize(tree::value(&self.table(wanted))).unwrap_or_default()
    }
}

/// Answers about many paths: what the same layers decide is merged once.
#[derive(Debug)]
pub struct Lookup<'c> {
    configuration: &'c Configuration,
    known: HashMap<Vec<usize>, Arc<Settings>>,
}

impl<'c> Lookup<'c> {
    /// Answers of `configuration`.
    #[must_use]
    pub fn new(configuration: &'c Configuration) -> Self {
        Self { configuration, known: HashMap::new() }
    }

    /// What was decided for the file at `path`.
    pub fn at(&mut self, path: &Utf8Path) -> Arc<Settings> {
        let layers = self.configuration.layers.iter().enumerate();
        let limited = layers.filter(|(_, layer)| layer.is_limited() && layer.applies(path));
        let key: Vec<usize> = limited.map(|(index, _)| index).collect();
        Arc::clone(self.known.entry(key).or_insert_with(|| self.configuration.at(path)))
    }
}
