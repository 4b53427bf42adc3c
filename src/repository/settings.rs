//! The settings files of a repository, and those that speak for it from outside.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::{ReadError, texts};
use crate::config::{self, Configuration, Layer, SettingsError};
use crate::source::Source;

/// What is decided outside of a repository.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    /// What an organisation decides for all of theirs; the repository's own settings count more.
    pub organisation: Vec<Layer>,
    /// What is decided for this run, which counts more than any file.
    pub run: Vec<Layer>,
    /// Whether the repository's own settings don't count.
    pub isolated: bool,
}

/// Reads the settings file of an organisation and what it extends. It may lie anywhere: whoever runs the program named it.
///
/// # Errors
/// One of the files can't be read, or has a mistake.
pub fn organisation(file: &Utf8Path) -> Result<Vec<Layer>, ReadError> {
    let text = fs::read_to_string(file)
        .map_err(|error| ReadError::Path { path: file.to_owned(), reason: error.to_string() })?;
    let load = |path: &Utf8Path| fs::read_to_string(path).map_err(|error| format!("`{path}` can't be read: {error}"));
    let layers = config::layers(file, &text, Utf8Path::new(""), &load).map_err(ReadError::Settings)?;
    Ok(layers.into_iter().map(Layer::of_organisation).collect())
}

/// Everything that was decided for the repository at `root`, and the text of the file in its root. `files` are its settings
/// files besides that one.
pub(super) fn configuration<'f>(
    root: &Utf8Path,
    files: impl Iterator<Item = &'f Utf8PathBuf>,
    decided: &Decided,
) -> Result<(Configuration, Option<Source>), ReadError> {
    let own = Utf8PathBuf::from(config::FILE);
    let source = match root.join(&own).symlink_metadata() {
        Ok(_) => Some(source(root, &own)?),
        Err(_) => None,
    };
    let mut layers = decided.organisation.clone();
    if !decided.isolated {
        let mut inner: Vec<&Utf8PathBuf> = files.filter(|file| **file != own).collect();
        // A folder's file counts more than those of the folders around it.
        inner.sort_by_key(|file| (file.components().count(), file.as_str()));
        let inner = inner.into_iter().map(|file| self::source(root, file)).collect::<Result<Vec<_>, _>>()?;
        for source in source.iter().chain(&inner) {
            layers.extend(of_file(root, source).map_err(ReadError::Settings)?);
        }
    }
    layers.extend(decided.run.iter().cloned());
    let configuration = Configuration::new(layers);
    Ok((if decided.isolated { configuration.isolated() } else { configuration }, source))
}

fn source(root: &Utf8Path, file: &Utf8Path) -> Result<Source, ReadError> {
    let path = root.join(file);
    let bytes = texts::bytes(&path, super::Kind::Other).map_err(|reason| ReadError::Path { path, reason })?;
    Ok(Source::new(file, bytes))
}

/// What a file decides for its folder. What it extends has to be a file of the repository too: a repository does not say
/// what is read elsewhere on the machine.
fn of_file(root: &Utf8Path, source: &Source) -> Result<Vec<Layer>, SettingsError> {
    let load = |path: &Utf8Path| -> Result<String, String> {
        let outside = path.has_root() || path.starts_with("..");
        let linked = || path.ancestors().any(|part| root.join(part).is_symlink() && !part.as_str().is_empty());
        if outside || linked() {
            return Err(format!("`{path}` is not in this repository; a file outside is given by `--config`"));
        }
        let bytes = texts::bytes(&root.join(path), super::Kind::Other)
            .map_err(|reason| format!("`{path}` can't be read: {reason}"))?;
        Ok(Source::new(path, bytes).text().to_owned())
    };
    let folder = source.path().parent().unwrap_or(Utf8Path::new(""));
    config::layers(source.path(), source.text(), folder, &load)
}
