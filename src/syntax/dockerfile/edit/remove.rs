use super::EditError;
use super::layout::{begins_line, blanks_after, blanks_before, is_continued, is_line_end, line_start};
use super::verify::{self, Outcome};
use crate::source::{Edit, Source, TextRange, apply_edits, range};
use crate::syntax::dockerfile::logical::line_end;
use crate::syntax::dockerfile::{Instruction, Pair, parse};

/// Removes the whole lines of an instruction; of one behind `ONBUILD`, the `ONBUILD`. A comment above stays.
///
/// # Errors
/// [`EditError::Disturbs`] if the rest of the file would read otherwise: a comment could become a directive.
pub fn remove_instruction(source: &Source, instruction: &Instruction) -> Result<Vec<Edit>, EditError> {
    let at = instruction.outermost().range();
    let text = source.text();
    let end = usize::from(at.end());
    let start = without_line_break(text, at.start().into(), end);
    let edits = vec![Edit::delete(range(start, end))];
    match verify::outcome(source, instruction, &edits)? {
        Outcome::Removed => Ok(edits),
        Outcome::Kept(_) => Err(EditError::Disturbs),
    }
}

/// Where to begin a deletion up to `end`, so that a file without a final line break stays one.
fn without_line_break(text: &str, start: usize, end: usize) -> usize {
    if end == text.len() && !text.ends_with('\n') {
        text.get(..start).unwrap_or("").trim_end_matches(['\r', '\n']).len()
    } else {
        start
    }
}

/// Removes one pair of an `ARG`, `ENV` or `LABEL`: its line where it has one of its own, the whole instruction where
/// it is the only pair. Comments between continued lines stay.
///
/// # Errors
/// [`EditError`], if the pair is not of this instruction or the rest would read otherwise.
pub fn remove_pair(source: &Source, instruction: &Instruction, pair: &Pair) -> Result<Vec<Edit>, EditError> {
    let instruction = instruction.triggered().unwrap_or_else(|| instruction.clone());
    let pairs = instruction.pairs();
    let index = pairs.iter().position(|other| other == pair).ok_or(EditError::NotInInstruction)?;
    if pairs.len() == 1 {
        return remove_instruction(source, &instruction);
    }
    let mut rest: Vec<_> = pairs.iter().map(text_of).collect();
    rest.remove(index);
    let removal = Removal { text: source.text(), instruction: &instruction, pairs: &pairs, index };
    // The first way that reads right; the last one always leaves blanks on both sides.
    [removal.with_its_place(), removal.bare()]
        .into_iter()
        .find(|edits| {
            let new = verify::kept(source, &instruction, edits);
            new.is_ok_and(|new| new.pairs().iter().map(text_of).eq(rest.iter().cloned()))
        })
        .ok_or(EditError::Disturbs)
}

/// Removes several pairs, but not all, of an `ARG`, `ENV` or `LABEL`. Neighbours can't be removed each on its own: which
/// line loses its escape token depends on what is left.
///
/// # Errors
/// As [`remove_pair`].
pub fn remove_pairs(source: &Source, instruction: &Instruction, indexes: &[usize]) -> Result<Vec<Edit>, EditError> {
    let start = instruction.outermost().range().start();
    let mut indexes = indexes.to_vec();
    indexes.sort_unstable();
    let mut deleted: Vec<TextRange> = Vec::new();
    // From the last to the first, so that the places of the others stay what they are.
    for index in indexes.into_iter().rev() {
        let edits: Vec<_> = deleted.iter().copied().map(Edit::delete).collect();
        let text = apply_edits(source.text(), &edits).map_err(|_| EditError::Disturbs)?;
        let now = Source::new(source.path(), text.into_bytes());
        let instructions = parse(now.text()).root().instructions();
        let outer = instructions.into_iter().find(|other| other.range().start() == start);
        let instruction = outer.map(|outer| outer.triggered().unwrap_or(outer)).ok_or(EditError::Disturbs)?;
        let pair = instruction.pairs().into_iter().nth(index).ok_or(EditError::NotInInstruction)?;
        let found = remove_pair(&now, &instruction, &pair)?;
        let found: Vec<_> = found.iter().map(|edit| as_it_was(edit.range(), &deleted)).collect();
        found.into_iter().for_each(|range| delete_too(&mut deleted, range));
    }
    Ok(deleted.into_iter().map(Edit::delete).collect())
}

/// A range of the text without `deleted`, in the text as it was. `deleted` is in order.
fn as_it_was(found: TextRange, deleted: &[TextRange]) -> TextRange {
    let (mut start, mut end) = (usize::from(found.start()), usize::from(found.end()));
    for gone in deleted {
        let (at, length) = (usize::from(gone.start()), usize::from(gone.len()));
        start += if start >= at { length } else { 0 };
        end += if end > at { length } else { 0 };
    }
    range(start, end)
}

/// Adds a range; what touches becomes one.
fn delete_too(deleted: &mut Vec<TextRange>, mut found: TextRange) {
    deleted.retain(|gone| {
        let apart = gone.end() < found.start() || found.end() < gone.start();
        found = if apart { found } else { found.cover(*gone) };
        apart
    });
    deleted.push(found);
    deleted.sort_by_key(|gone| gone.start());
}

type PairText = (String, Option<String>, bool);

fn text_of(pair: &Pair) -> PairText {
    (pair.key.clone(), pair.value.as_ref().map(|value| value.value.clone()), pair.legacy)
}

struct Removal<'a> {
    text: &'a str,
    instruction: &'a Instruction,
    pairs: &'a [Pair],
    index: usize,
}

impl Removal<'_> {
    fn start(&self) -> usize {
        self.pairs.get(self.index).map_or(0, |pair| pair.range.start().into())
    }

    fn end(&self) -> usize {
        self.pairs.get(self.index).map_or(0, |pair| pair.range.end().into())
    }

    fn is_last(&self) -> bool {
        self.index + 1 == self.pairs.len()
    }

    /// Only the pair itself.
    fn bare(&self) -> Vec<Edit> {
        vec![Edit::delete(range(self.start(), self.end()))]
    }

    /// The pair with the line or the blanks that are there for it.
    fn with_its_place(&self) -> Vec<Edit> {
        let (text, start, end) = (self.text, self.start(), self.end());
        let alone = begins_line(text, start);
        let continued = is_continued(text, end, self.instruction.escape());
        if alone && self.is_last() {
            return self.last_line();
        }
        if alone && continued {
            return vec![Edit::delete(range(line_start(text, start), line_end(text, end)))];
        }
        if self.index == 0 && continued {
            return self.up_to_next();
        }
        if alone || self.index == 0 {
            return vec![Edit::delete(range(start, end + blanks_after(text, end)))];
        }
        let end = if is_line_end(text, end) { end + blanks_after(text, end) } else { end };
        vec![Edit::delete(range(start - blanks_before(text, start), end))]
    }

    /// The first pair, on the keyword's line: the next one takes its place, unless a comment lies between them.
    fn up_to_next(&self) -> Vec<Edit> {
        let next = self.pairs.get(self.index + 1).map_or(self.end(), |pair| usize::from(pair.range.start()));
        let between = self.text.get(self.end()..next).unwrap_or("");
        if between.lines().any(|line| line.trim_start().starts_with('#')) {
            self.bare()
        } else {
            vec![Edit::delete(range(self.start(), next))]
        }
    }

    /// The last pair, on a line of its own: the pair before it ends the instruction now, so its line loses the escape
    /// token. Comment lines between them become comments below the instruction.
    fn last_line(&self) -> Vec<Edit> {
        let (text, start) = (self.text, self.start());
        let before = self.index.checked_sub(1).and_then(|index| self.pairs.get(index));
        let Some(before) = before.map(|pair| usize::from(pair.range.end())) else { return self.bare() };
        let line = text.get(before..line_end(text, before)).unwrap_or("");
        let escape_end = before + line.trim_end_matches(['\r', '\n']).len();
        let line_start = line_start(text, start);
        let end = line_end(text, self.end());
        let from = without_line_break(text, line_start, end).max(escape_end);
        vec![Edit::delete(range(before, escape_end)), Edit::delete(range(from, end))]
    }
}
