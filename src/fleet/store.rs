use std::{
    fmt, fs,
    io::{self, Write as _},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Part, Record, SCHEMA, slug};

/// The folder with the records.
#[derive(Debug, Clone)]
pub struct Store {
    directory: Utf8PathBuf,
}

/// Why a record can't be had.
#[derive(Debug)]
pub enum StoreError {
    /// A file can't be read or written.
    Io(Utf8PathBuf, io::Error),
    /// It is no record.
    Form(Utf8PathBuf, serde_json::Error),
    /// It was written by a newer version of the program.
    Newer(Utf8PathBuf, u64),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, _) => write!(f, "`{path}` can't be read or written"),
            Self::Form(path, _) => write!(f, "`{path}` is no record of a repository"),
            Self::Newer(path, schema) => {
                write!(f, "`{path}` is of a newer dfmigrate (schema {schema}; this one knows {SCHEMA})")
            }
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            Self::Form(_, error) => Some(error),
            Self::Newer(..) => None,
        }
    }
}

impl Store {
    /// The records in `directory`, which need not be there yet.
    #[must_use]
    pub fn new(directory: &Utf8Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    fn path(&self, name: &str, part: Part) -> Utf8PathBuf {
        let end = match part {
            Part::Own => "json",
            Part::Callers => "callers.json",
        };
        self.directory.join(format!("{}.{end}", slug(name)))
    }

    /// The record of a part of a repository, if there is one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn load(&self, name: &str, part: Part) -> Result<Option<Record>, StoreError> {
        read(&self.path(name, part))
    }

    /// All records, in the order of the repositories' names and their parts.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn all(&self) -> Result<Vec<Record>, StoreError> {
        let failed = |error| StoreError::Io(self.directory.clone(), error);
        let entries = match self.directory.read_dir_utf8() {
            Ok(entries) => entries.collect::<Result<Vec<_>, _>>().map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let paths = entries.iter().map(|entry| entry.path()).filter(|path| path.extension() == Some("json"));
        let mut records = paths.filter_map(|path| read(path).transpose()).collect::<Result<Vec<Record>, _>>()?;
        records.sort_by(|one, other| (&one.name, one.part).cmp(&(&other.name, other.part)));
        Ok(records)
    }

    /// Replaces the record of a repository: a reader sees the old one or the new one, and so does the next run after a kill.
    ///
    /// # Errors
    /// It can't be written.
    pub fn save(&self, record: &Record) -> Result<(), StoreError> {
        let path = self.path(&record.name, record.part);
        let failed = |error| StoreError::Io(path.clone(), error);
        fs::create_dir_all(&self.directory).map_err(failed)?;
        let mut file = tempfile::Builder::new().prefix(".record").tempfile_in(&self.directory).map_err(failed)?;
        let text = serde_json::to_string_pretty(record).map_err(|error| StoreError::Form(path.clone(), error))?;
        file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map(drop).map_err(|error| failed(error.error))
    }

    /// Takes in the records of another folder, for example of another machine's shard.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn merge(&self, other: &Self) -> Result<(), StoreError> {
        for record in other.all()? {
            let merged = match self.load(&record.name, record.part)? {
                Some(known) => known.merged(record),
                None => record,
            };
            self.save(&merged)?;
        }
        Ok(())
    }
}

fn read(path: &Utf8Path) -> Result<Option<Record>, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::Io(path.to_owned(), error)),
    };
    let form = |error| StoreError::Form(path.to_owned(), error);
    let value: serde_json::Value = serde_json::from_str(&text).map_err(form)?;
    match value.get("schema").and_then(serde_json::Value::as_u64) {
        Some(schema) if schema > u64::from(SCHEMA) => Err(StoreError::Newer(path.to_owned(), schema)),
        _ => serde_json::from_value(value).map(Some).map_err(form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Stage, Target};

    #[test]
    fn records_are_kept_merged_and_those_of_a_newer_program_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let (one, two) = (Store::new(&root.join("one")), Store::new(&root.join("two")));
        assert!(one.all().unwrap().is_empty());
        for (store, name, stage) in [(&one, "a", Stage::Clean), (&two, "b", Stage::Planned)] {
            let mut record =
                Record::new(&Target::parse(&format!("https://github.com/acme/{name}")).unwrap(), Part::Own);
            record.reach(stage, 5);
            store.save(&record).unwrap();
        }
        one.merge(&two).unwrap();
        one.merge(&two).unwrap();
        let stages: Vec<Stage> = one.all().unwrap().iter().map(|record| record.stage).collect();
        assert_eq!(stages, [Stage::Clean, Stage::Planned]);
        let path = one.path("github.com/acme/a", Part::Own);
        let newer = fs::read_to_string(&path).unwrap().replace("\"schema\": 1", "\"schema\": 2");
        fs::write(&path, newer).unwrap();
        assert!(matches!(one.all(), Err(StoreError::Newer(_, 2))));
    }
}
