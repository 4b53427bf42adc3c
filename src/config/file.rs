use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::line_of;
use super::tree::{self, Origin, Table};
use super::{PathPatterns, Settings, SettingsError};

/// The keys of a settings file that are no settings.
const OWN_KEYS: [&str; 2] = ["extends", "paths"];

/// What one settings file says.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    /// The file whose settings it adds to or overrides, from the folder that it is in.
    pub extends: Option<(Utf8PathBuf, usize)>,
    /// What it decides for everything below its folder.
    pub settings: Settings,
    /// What it decides for some paths, in the order of the file.
    pub paths: Vec<(String, Settings)>,
    pub(super) table: Table,
    pub(super) tables: Vec<Table>,
}

/// Two files are the same if they decide the same, wherever it stands.
impl PartialEq for SettingsFile {
    fn eq(&self, other: &Self) -> bool {
        let extended = |file: &Self| file.extends.as_ref().map(|(path, _)| path.clone());
        self.settings == other.settings && self.paths == other.paths && extended(self) == extended(other)
    }
}

impl SettingsFile {
    /// Reads `text`, the content of `file`.
    ///
    /// # Errors
    /// It is no TOML, or has something that is no setting.
    pub fn read(file: &Utf8Path, text: &str) -> Result<Self, SettingsError> {
        Self::with_origin(file, text, &|line| Origin::File(file.to_owned(), line))
    }

    pub(super) fn with_origin(
        file: &Utf8Path,
        text: &str,
        origin: &dyn Fn(usize) -> Origin,
    ) -> Result<Self, SettingsError> {
        let root = DeTable::parse(text).map_err(|error| SettingsError::of(file, text, &error, &[]))?;
        let span = root.span();
        let mut root = root.into_inner();
        let reader = Reader { file, text, origin };
        let extends = root.remove("extends").map(|value| reader.extended(&value)).transpose()?;
        let paths = root.remove("paths").map(|value| reader.paths(value)).transpose()?.unwrap_or_default();
        let (settings, table) = reader.settings(Spanned::new(span, root), &OWN_KEYS)?;
        let (paths, tables) = paths.into_iter().map(|(glob, settings, table)| ((glob, settings), table)).unzip();
        Ok(Self { extends, settings, paths, table, tables })
    }
}

struct Reader<'a> {
    file: &'a Utf8Path,
    text: &'a str,
    origin: &'a dyn Fn(usize) -> Origin,
}

impl Reader<'_> {
    fn error(&self, at: usize, message: impl Into<String>) -> SettingsError {
        SettingsError::new(self.file, line_of(self.text, at), message)
    }

    fn extended(&self, value: &Spanned<DeValue<'_>>) -> Result<(Utf8PathBuf, usize), SettingsError> {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(path) if !path.is_empty() => Ok((path.as_ref().into(), line_of(self.text, at))),
            _ => Err(self.error(at, "`extends` is the path of one file, in quotes")),
        }
    }

    fn paths(&self, value: Spanned<DeValue<'_>>) -> Result<Vec<(String, Settings, Table)>, SettingsError> {
        let at = value.span().start;
        let DeValue::Table(table) = value.into_inner() else {
            return Err(self.error(at, "`paths` has a table for each pattern: `[paths.\"legacy/\"]`"));
        };
        let mut entries: Vec<_> = table.into_iter().collect();
        // The library sorts by key, and the later one decides where two match.
        entries.sort_by_key(|(key, _)| key.span().start);
        let read = |(key, value): (Spanned<_>, Spanned<DeValue<'_>>)| {
            let (at, span) = (key.span().start, value.span());
            let glob: String = std::borrow::Cow::into_owned(key.into_inner());
            PathPatterns::new([glob.clone()]).map_err(|message| self.error(at, message))?;
            let DeValue::Table(table) = value.into_inner() else {
                return Err(self.error(at, format!("the settings for `{glob}` are a table: `[paths.\"{glob}\"]`")));
            };
            let (settings, table) = self.settings(Spanned::new(span, table), &[])?;
            Ok((glob, settings, table))
        };
        entries.into_iter().map(read).collect()
    }

    fn settings(&self, table: Spanned<DeTable<'_>>, others: &[&str]) -> Result<(Settings, Table), SettingsError> {
        let tree = tree::read(table.get_ref(), self.text, self.origin);
        let settings = Settings::deserialize(toml::Deserializer::from(table))
            .map_err(|error| SettingsError::of(self.file, self.text, &error, others))?;
        let line = |keys: &[&str]| match tree::at(&tree, keys).and_then(tree::Tree::origin) {
            Some(Origin::File(_, line)) => *line,
            _ => 1,
        };
        if let Some((one, other, id)) = settings.shared_id() {
            let line = line(&["secrets", one, "id"]).max(line(&["secrets", other, "id"]));
            return Err(SettingsError::new(self.file, line, format!("`{one}` and `{other}` have the same id `{id}`")));
        }
        let up = |path: &Utf8PathBuf| path.has_root() || path.components().any(|part| part.as_str() == "..");
        if let Some((file, of)) = settings.builds.iter().find(|(file, of)| up(file) || up(of)) {
            let message = format!("`{file}` or `{of}` leads out of the folder of this file");
            return Err(SettingsError::new(self.file, line(&["builds", file.as_str()]), message));
        }
        let include = settings.callers.include.keys();
        if let Some((pattern, Err(message))) =
            include.map(|pattern| (pattern, PathPatterns::new([pattern.clone()]))).find(|(_, read)| read.is_err())
        {
            return Err(SettingsError::new(self.file, line(&["callers", "include", pattern]), message));
        }
        Ok((settings, tree))
    }
}
