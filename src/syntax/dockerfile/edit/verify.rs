//! The check of an edit: parse what it makes, and see that nothing else reads otherwise.

use super::EditError;
use crate::source::{Edit, Source, apply_edits, slice};
use crate::syntax::dockerfile::{DirectiveKind, Dockerfile, Instruction, Parse, ProblemKind, parse};

/// What became of an instruction.
pub(super) enum Outcome {
    /// It is still there and reads like this.
    Kept(Instruction),
    /// It is gone.
    Removed,
}

/// Applies `edits` to the file of `instruction`.
///
/// # Errors
/// [`EditError::Disturbs`] if another instruction or a directive reads otherwise afterwards, or BuildKit would refuse
/// more than before although the instruction is still there.
pub(super) fn outcome(source: &Source, instruction: &Instruction, edits: &[Edit]) -> Result<Outcome, EditError> {
    let text = apply_edits(source.text(), edits).map_err(|_| EditError::Disturbs)?;
    let after = parse(&text);
    let root = after.root();
    let before = instruction.dockerfile();
    if directives(&before) != directives(&root) {
        return Err(EditError::Disturbs);
    }
    let (mut old, mut new) = (before.instructions(), root.instructions());
    let at = instruction.outermost().range();
    let index = old.iter().position(|other| other.range() == at).ok_or(EditError::Disturbs)?;
    old.remove(index);
    let outcome = if new.len() > old.len() { Outcome::Kept(new.remove(index)) } else { Outcome::Removed };
    let refused = rejections(&after);
    if matches!(outcome, Outcome::Kept(_)) && refused > 0 && refused > rejections(&parse(source.text())) {
        return Err(EditError::Disturbs);
    }
    let reads_alike = |(old, new): (&Instruction, &Instruction)| text_of(old, source.text()) == text_of(new, &text);
    let same = old.len() == new.len() && old.iter().zip(&new).all(reads_alike);
    if same { Ok(outcome) } else { Err(EditError::Disturbs) }
}

/// Like [`outcome`], for an edit that keeps the instruction; gives what was asked about: the triggered one if
/// `instruction` stands behind `ONBUILD`.
pub(super) fn kept(source: &Source, instruction: &Instruction, edits: &[Edit]) -> Result<Instruction, EditError> {
    match outcome(source, instruction, edits)? {
        Outcome::Kept(new) if instruction.outermost() == *instruction => Ok(new),
        Outcome::Kept(new) => new.triggered().ok_or(EditError::Disturbs),
        Outcome::Removed => Err(EditError::Disturbs),
    }
}

/// How many problems make BuildKit refuse the file.
pub(super) fn rejections(parse: &Parse) -> usize {
    parse.problems().iter().filter(|problem| problem.kind == ProblemKind::Rejected).count()
}

fn directives(root: &Dockerfile) -> Vec<(DirectiveKind, String)> {
    root.directives().into_iter().map(|directive| (directive.kind, directive.value)).collect()
}

/// The text of an instruction of `file` without its last line break, which the end of the file may take.
fn text_of<'t>(instruction: &Instruction, file: &'t str) -> &'t str {
    slice(file, instruction.range()).trim_end_matches(['\r', '\n'])
}
