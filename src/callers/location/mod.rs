//! Which Dockerfile a build is of: paths as callers write them, the directories from which they may count, and the
//! Dockerfiles that are there.
//!
//! A repository may hold many projects that look alike. So what can't be told exactly is looked for nearby: in the folder
//! of the file that builds and the folders above it, and never beyond the nearest folder that has any Dockerfile.

mod path;
mod search;
#[cfg(test)]
mod tests;

pub(super) use path::{ROOT, absolute, beside, inside, is_around, is_remote, join, last, parent, resolve, shown};
pub(super) use search::{Place, Reading, choose};

use camino::{Utf8Path, Utf8PathBuf};

/// The directories in which something in `folder` may be started: itself and every folder above it, up to the root.
pub(super) fn upwards(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    folder.ancestors().map(Utf8Path::to_owned).collect()
}
