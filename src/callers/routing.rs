//! Which caller reads which file of a repository.

use camino::{Utf8Path, Utf8PathBuf};

use super::{Build, Refusal, Request, Rewrite, Surroundings, recognised};
use crate::repository::Repository;
use crate::source::{Edit, Source, apply_edits, range};

impl Surroundings for Repository {
    fn is_file(&self, path: &Utf8Path) -> bool {
        Self::is_file(self, path)
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        Self::dockerfiles(self)
    }

    fn text(&self, path: &Utf8Path) -> Option<&str> {
        self.source(path).map(Source::text)
    }
}

/// Every build that is written down in `repository`, in the order of the files and of the places in them.
#[must_use]
pub fn builds(repository: &Repository) -> Vec<Build> {
    repository.sources().flat_map(|source| builds_in(repository, source)).collect()
}

/// Every build that is written down in `source`, one of the files of `repository`.
#[must_use]
pub fn builds_in(repository: &Repository, source: &Source) -> Vec<Build> {
    recognised(source.path(), source.text()).map(|caller| caller.builds(source, repository)).unwrap_or_default()
}

/// The edits of `file` that make several of its builds, named by their index, honour their requests.
///
/// One build is asked after the other, each about the text as the one before left it, because two of them may need the
/// same line (the end of a Compose file, the `args:` of an anchor). What comes out is the difference by lines.
///
/// # Errors
/// The index of the build that refuses, with its [`Refusal`]; then nothing is done.
pub fn pass_all(
    repository: &Repository,
    file: &Utf8Path,
    requests: &[(usize, Vec<Request>)],
) -> Result<Rewrite, (usize, Refusal)> {
    let unread =
        |index| (index, Refusal { reason: "its file was not read".to_owned(), range: range(0, 0), instead: None });
    let first = requests.first().map_or(0, |(index, _)| *index);
    let original = repository.source(file).ok_or_else(|| unread(first))?;
    let caller = recognised(file, original.text()).ok_or_else(|| unread(first))?;
    let mut source = original.clone();
    let mut all = Rewrite::default();
    for (index, requests) in requests {
        let builds = caller.builds(&source, repository);
        let build = builds.into_iter().find(|build| build.index == *index).ok_or_else(|| unread(*index))?;
        // A flag in shared text went with an earlier build of the same text.
        let open: Vec<Request> = requests.iter().filter(|request| passes(&build, &request.argument)).cloned().collect();
        if open.is_empty() {
            continue;
        }
        let rewrite = caller.pass_secrets(&source, repository, &build, &open).map_err(|refusal| (*index, refusal))?;
        let text = apply_edits(source.text(), &rewrite.edits).map_err(|_| unread(*index))?;
        source = source.with_text(text);
        all.assumptions.extend(rewrite.assumptions);
        all.notes.extend(rewrite.notes);
        all.edits = rewrite.edits;
    }
    if requests.len() > 1 {
        all.edits = line_edits(original.text(), source.text());
    }
    Ok(all)
}

fn passes(build: &Build, argument: &str) -> bool {
    build.arguments.iter().any(|given| given.name == argument)
}

/// The edits that turn `old` into `new`, in whole lines.
pub(super) fn line_edits(old: &str, new: &str) -> Vec<Edit> {
    let starts = |text: &str| -> Vec<usize> {
        let ends = text.split_inclusive('\n').scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        });
        std::iter::once(0).chain(ends).collect()
    };
    let (old_starts, new_starts) = (starts(old), starts(new));
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let operations = similar::capture_diff_slices(similar::Algorithm::Myers, &old_lines, &new_lines);
    let changed = operations.into_iter().filter(|operation| operation.tag() != similar::DiffTag::Equal);
    changed
        .map(|operation| {
            let (from, to) = (operation.old_range(), operation.new_range());
            let text = &new[new_starts[to.start]..new_starts[to.end]];
            Edit::replace(range(old_starts[from.start], old_starts[from.end]), text)
        })
        .collect()
}
