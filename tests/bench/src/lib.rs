//! What the benchmarks share: a clock that other programs don't disturb, and the files that are measured.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, Result};
use camino::{Utf8Path, Utf8PathBuf};
use criterion::{
    Throughput,
    measurement::{Measurement, ValueFormatter, WallTime},
};
use dfmigrate::repository::{Kind, Repository, Root, classify, read};
use rustix::time::{ClockId, clock_gettime};

/// The computing time of all threads of this process so far.
#[must_use]
pub fn computing() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}

/// Measures [`computing`] time, which says the same on a machine that others use as well.
pub struct Computing;

impl Measurement for Computing {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        computing()
    }

    fn end(&self, start: Duration) -> Duration {
        computing().saturating_sub(start)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    #[expect(clippy::cast_precision_loss, reason = "no run takes 2^53 nanoseconds")]
    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// A Dockerfile of the measured folder.
pub struct Dockerfile {
    /// Where it is.
    pub path: Utf8PathBuf,
    /// What it says.
    pub text: String,
}

/// The Dockerfiles in a folder by their names, each text once. Those that are not UTF-8 are left out: not every parser takes them.
///
/// # Errors
/// A folder that can't be listed.
pub fn dockerfiles(folder: &Utf8Path) -> Result<Vec<Dockerfile>> {
    let (mut found, mut seen, mut open) = (Vec::new(), BTreeSet::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir_utf8().with_context(|| format!("can't list `{folder}`"))? {
            let entry = entry?;
            let (path, kind) = (entry.path().to_owned(), entry.file_type()?);
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() && classify(&path) == Kind::Dockerfile {
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                if seen.insert(text.clone()) {
                    found.push(Dockerfile { path, text });
                }
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// The bytes of all texts.
#[must_use]
pub fn bytes(dockerfiles: &[Dockerfile]) -> u64 {
    dockerfiles.iter().map(|dockerfile| dockerfile.text.len() as u64).sum()
}

/// What criterion shows a speed of.
#[must_use]
pub fn throughput(dockerfiles: &[Dockerfile]) -> Throughput {
    Throughput::Bytes(bytes(dockerfiles))
}

/// The folder as one repository, with every caller read.
///
/// # Errors
/// A folder that can't be read.
pub fn repository(folder: &Utf8Path) -> Result<Repository> {
    let path = folder.canonicalize_utf8().with_context(|| format!("there is no `{folder}`"))?;
    Ok(read(&Root { path, selection: Vec::new() }, |_| true)?)
}
