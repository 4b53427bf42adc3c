use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{ImageReader, layer};
use crate::image::ImageError;

impl ImageReader<'_> {
    /// Reads a folder: an OCI layout, or an unpacked archive. Links are not followed.
    ///
    /// # Errors
    ///
    /// Fails if the folder has neither an `index.json` nor a `manifest.json`, or can't be listed; files that can't be read are problems of the report.
    pub fn directory(&mut self, root: &Path) -> Result<(), ImageError> {
        if !["index.json", "manifest.json"].iter().any(|name| root.join(name).is_file()) {
            return Err(ImageError::NoImage);
        }
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let mut entries: Vec<fs::DirEntry> = fs::read_dir(&folder)?.collect::<io::Result<_>>()?;
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                self.entry(root, &entry, &mut folders)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, root: &Path, entry: &fs::DirEntry, folders: &mut Vec<PathBuf>) -> Result<(), ImageError> {
        let path = entry.path();
        let kind = entry.file_type()?;
        let inside = layer::normal(path.strip_prefix(root).unwrap_or(&path).to_string_lossy().as_bytes());
        if kind.is_dir() {
            folders.push(path);
        } else if kind.is_symlink() {
            let target = fs::read_link(&path)?;
            self.link(inside, target.to_string_lossy().as_bytes());
        } else if kind.is_file() {
            match File::open(&path) {
                Ok(mut file) => self.blob(&inside, &mut file),
                Err(error) => self.problem(&inside, &error.into()),
            }
        }
        Ok(())
    }
}
