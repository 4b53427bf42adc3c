use std::{
    fs::{self, File},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Target, slug};
use crate::git::{GitError, Mirror};

/// The folder with the clones.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: Utf8PathBuf,
}

/// A clone that no other process works in as long as this lives.
pub struct Place {
    /// The clone.
    pub mirror: Mirror,
    busy: Utf8PathBuf,
    _lock: File,
}

impl Cache {
    /// The clones in `directory`, which need not be there yet.
    #[must_use]
    pub fn new(directory: &Utf8Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Waits until no other process works in the clone of `target`, and opens or makes it. One that a killed process left is
    /// thrown away: it is only a cache, and nobody can say what a killed git left in it.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn enter(&self, target: &Target) -> Result<Place, GitError> {
        let slug = slug(&target.name);
        fs::create_dir_all(&self.directory).map_err(GitError::Io)?;
        // The operating system lets go of the lock when the process ends, in whatever way.
        let lock = File::create(self.directory.join(format!("{slug}.lock"))).map_err(GitError::Io)?;
        lock.lock().map_err(GitError::Io)?;
        let (clone, busy) = (self.directory.join(&slug), self.directory.join(format!("{slug}.busy")));
        if busy.symlink_metadata().is_ok() {
            remove(&clone)?;
        }
        File::create(&busy).map_err(GitError::Io)?;
        let mirror = match Mirror::open(&clone) {
            Ok(Some(mirror)) => mirror,
            Ok(None) | Err(_) => {
                remove(&clone)?;
                Mirror::create(&clone, &target.url)?
            }
        };
        mirror.follow(&target.url)?;
        Ok(Place { mirror, busy, _lock: lock })
    }
}

impl Place {
    /// Says that the clone is as git wants it, so that the next run may use it.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn leave(self) -> Result<(), GitError> {
        fs::remove_file(&self.busy).map_err(GitError::Io)
    }
}

/// Removes a folder. It is moved away first: a git whose parent was killed may still be writing into it.
fn remove(directory: &Utf8Path) -> Result<(), GitError> {
    let away = Utf8PathBuf::from(format!("{directory}.old-{}", std::process::id()));
    match fs::rename(directory, &away) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(GitError::Io(error)),
        // What can't be removed now costs room and nothing else.
        Ok(()) => fs::remove_dir_all(&away).or(Ok(())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_used_again_unless_a_killed_process_left_it() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::new(Utf8Path::from_path(directory.path()).unwrap());
        let target = Target::parse("https://git.example.com/acme/shop").unwrap();
        let mark = |place: &Place| place.mirror.root().join("mark");
        let place = cache.enter(&target).unwrap();
        fs::write(mark(&place), "").unwrap();
        place.leave().unwrap();
        let place = cache.enter(&target).unwrap();
        assert!(mark(&place).exists());
        drop(place);
        let place = cache.enter(&target).unwrap();
        assert!(!mark(&place).exists());
    }
}
