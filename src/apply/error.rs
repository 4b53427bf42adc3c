use std::{fmt, io};

use camino::Utf8PathBuf;

/// Why files were not written. Paths are relative to the root.
#[derive(Debug)]
pub enum ApplyError {
    /// The file changed after it was analysed.
    Changed(Utf8PathBuf),
    /// The file is not of a sort that can be replaced; the phrase says why, such as `is a symbolic link`.
    Unfit(Utf8PathBuf, String),
    /// Another run is writing to the same root.
    Busy(Utf8PathBuf),
    /// The journal of an earlier run names a file outside the root, so it was not written by this program.
    ForeignJournal(Utf8PathBuf),
    /// An interrupted run replaced the file, and it was edited since, so that undoing would lose the edit.
    Edited {
        /// The file.
        path: Utf8PathBuf,
        /// Where its content from before the run is; `None` if the run created it.
        old: Option<Utf8PathBuf>,
        /// The journal of that run.
        journal: Utf8PathBuf,
    },
    /// All files were written, but a copy of an old content could not be removed.
    Leftover {
        /// The copy.
        path: Utf8PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The disk failed; nothing was changed.
    Io {
        /// What was being done, for example `writing`.
        step: &'static str,
        /// The file it was done to.
        path: Utf8PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The disk failed and the change could not be undone. The journal is kept, so that the next run tries again.
    HalfDone {
        /// What failed first.
        cause: Box<ApplyError>,
        /// The file that could not be brought back.
        path: Utf8PathBuf,
        /// What the system says to that.
        error: io::Error,
    },
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(path) => write!(f, "`{path}` changed while it was being analysed; nothing was written"),
            Self::Unfit(path, why) => write!(f, "`{path}` {why}; nothing was written"),
            Self::Busy(path) => write!(f, "another run is writing here: it holds `{path}`"),
            Self::ForeignJournal(path) => {
                write!(f, "the journal `{path}` names files that no run of this program writes; remove it by hand")
            }
            Self::Edited { path, old: Some(old), journal } => write!(
                f,
                "an earlier run was interrupted and `{path}` was edited since; its content from before that run is in \
                 `{old}`: keep one of them and remove `{journal}`"
            ),
            Self::Edited { path, old: None, journal } => write!(
                f,
                "an earlier run was interrupted after it created `{path}`, which was edited since: keep or remove it, \
                 and remove `{journal}`"
            ),
            Self::Leftover { path, .. } => {
                write!(
                    f,
                    "all files were written, but the old content in `{path}` could not be removed; remove it by hand"
                )
            }
            Self::Io { step, path, .. } => write!(f, "{step} `{path}` failed; nothing was changed"),
            Self::HalfDone { path, .. } => {
                write!(f, "`{path}` could not be brought back after a failure; run again to try once more")
            }
        }
    }
}

impl std::error::Error for ApplyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } | Self::HalfDone { error, .. } | Self::Leftover { error, .. } => Some(error),
            _ => None,
        }
    }
}
