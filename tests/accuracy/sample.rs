//! Which files of `plain/` were read: the 500 with the lowest keys.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};

use crate::labels::Folder;

/// How many files of `plain/` were read.
const PLAIN: usize = 500;

/// The read files of `plain/` with their labels; a file that no label names has no flow.
///
/// # Errors
///
/// A folder that can't be listed, and a label of a file that is not among the read ones.
pub fn plain(corpus: &Utf8Path, labelled: &[Folder]) -> anyhow::Result<Vec<Folder>> {
    let mut paths = Vec::new();
    list(&corpus.join("plain"), &mut paths)?;
    let below = |path: &Utf8PathBuf| path.strip_prefix(corpus).map(Utf8Path::to_owned).unwrap_or_default();
    let mut paths: Vec<_> = paths.iter().map(below).map(|path| (key(&path), path)).collect();
    paths.sort();
    let mut labels: BTreeMap<_, _> = labelled.iter().map(|folder| (folder.path.clone(), folder.clone())).collect();
    let files = paths.into_iter().take(PLAIN).map(|(_, path)| {
        labels.remove(&path).unwrap_or(Folder {
            path,
            second: String::new(),
            flow: Vec::new(),
            batch: "plain".to_owned(),
        })
    });
    let files = files.collect();
    anyhow::ensure!(labels.is_empty(), "labels of files that were not drawn: {:?}", labels.keys());
    Ok(files)
}

fn list(folder: &Utf8Path, paths: &mut Vec<Utf8PathBuf>) -> anyhow::Result<()> {
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list(entry.path(), paths)?;
        } else {
            paths.push(entry.path().to_owned());
        }
    }
    Ok(())
}

fn key(path: &Utf8Path) -> String {
    let digest = Sha256::digest(format!("dfmigrate-accuracy-1:{path}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
