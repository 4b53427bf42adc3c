//! What has to hold before files are changed, as for `cargo fix`: a person can see the change alone, and undo it.

use camino::{Utf8Path, Utf8PathBuf};

use super::{Arguments, Failure, analysis::Analysis};
use crate::{
    apply::Place,
    git::{self, WorkTree},
};

/// Checks the work tree at `root` before it is analysed: nothing that is not committed, unless that is allowed.
pub(super) fn work_in_progress(root: &Utf8Path, arguments: &Arguments) -> Result<(), Failure> {
    let Some(tree) = git::state(root)? else { return Ok(()) };
    let refused = changes(&tree, arguments);
    if refused.is_empty() { Ok(()) } else { Err(refusal(refused)) }
}

/// Checks the repository of `analysis` and tells where its change is made.
pub(super) fn pass(analysis: &Analysis, arguments: &Arguments) -> Result<Place, Failure> {
    let root = &analysis.root.path;
    let Some(tree) = git::state(root)? else {
        if arguments.allow_no_vcs {
            return Ok(Place::without_git(root));
        }
        return Err(Failure::new(format!(
            "no version control was found for `{root}`, so a change that was not meant could not be undone"
        ))
        .hint("to fix anyway, pass `--allow-no-vcs`"));
    };
    let mut refused = changes(&tree, arguments);
    if !arguments.allow_dirty {
        let untracked = git::untracked(root, analysis.plan.files.keys().map(Utf8PathBuf::as_path))?;
        refused.extend(untracked.into_iter().map(|path| (path, "not tracked")));
    }
    if refused.is_empty() { Ok(Place::in_git(root, &tree.git_directory)) } else { Err(refusal(refused)) }
}

/// The changes that are not allowed, each with its sort.
fn changes(tree: &WorkTree, arguments: &Arguments) -> Vec<(Utf8PathBuf, &'static str)> {
    let dirty = tree.dirty.iter().filter(|_| !arguments.allow_dirty).map(|path| (path.clone(), "dirty"));
    let staged = tree.staged.iter().filter(|_| !arguments.allow_staged).map(|path| (path.clone(), "staged"));
    dirty.chain(staged).collect()
}

fn refusal(mut files: Vec<(Utf8PathBuf, &str)>) -> Failure {
    files.sort();
    let mut message =
        "the working directory has changes that are not committed, which a fix would mix with its own:".to_owned();
    for (path, state) in &files {
        message.push_str(&format!("\n  * {} ({state})", crate::report::shown::line(path.as_str())));
    }
    let has = |wanted: &str| files.iter().any(|(_, state)| *state == wanted);
    let mut flags = Vec::new();
    if has("dirty") || has("not tracked") {
        flags.push("`--allow-dirty`");
    }
    if has("staged") {
        flags.push("`--allow-staged`");
    }
    Failure::new(message).hint(format!("commit them first, or pass {} to fix anyway", flags.join(" and ")))
}
