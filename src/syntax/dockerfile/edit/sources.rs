use super::{EditError, remove_instruction, verify};
use crate::source::{Edit, Source, TextRange, range};
use crate::syntax::dockerfile::{Instruction, Keyword};

/// Takes one source out of a `COPY` or `ADD`, in either form; the whole instruction goes with the only one. `source` is
/// its place among the words, from zero.
///
/// # Errors
/// [`EditError`], if there is no such source or the rest would read otherwise.
pub fn remove_source(file: &Source, instruction: &Instruction, source: usize) -> Result<Vec<Edit>, EditError> {
    let instruction = instruction.triggered().unwrap_or_else(|| instruction.clone());
    let words = instruction.words();
    let copies = matches!(instruction.keyword(), Some(Keyword::Copy | Keyword::Add));
    if !copies || source + 1 >= words.len() {
        return Err(EditError::NotInInstruction);
    }
    if words.len() == 2 {
        return remove_instruction(file, &instruction);
    }
    let mut rest: Vec<String> = words.iter().map(|word| word.value.clone()).collect();
    rest.remove(source);
    let at = words.get(source).map(|word| word.range).ok_or(EditError::NotInInstruction)?;
    let next = words.get(source + 1).map_or(at, |word| word.range);
    // Up to the next word, or, where a comment stands between them, only to the blank behind it.
    [up_to(file.text(), at, next), Some(blank_behind(file.text(), at))]
        .into_iter()
        .flatten()
        .map(|at| vec![Edit::delete(at)])
        .find(|edits| {
            let new = verify::kept(file, &instruction, edits);
            new.is_ok_and(|new| new.words().iter().map(|word| &word.value).eq(&rest))
        })
        .ok_or(EditError::Disturbs)
}

fn up_to(text: &str, at: TextRange, next: TextRange) -> Option<TextRange> {
    let between = text.get(usize::from(at.end())..usize::from(next.start()))?;
    let comment = between.lines().any(|line| line.trim_start().starts_with('#'));
    (!comment).then(|| TextRange::new(at.start(), next.start()))
}

fn blank_behind(text: &str, at: TextRange) -> TextRange {
    let end = usize::from(at.end());
    let blanks = text.get(end..).map_or(0, |rest| rest.len() - rest.trim_start_matches([' ', '\t']).len());
    range(at.start().into(), end + blanks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::apply_edits;
    use crate::syntax::dockerfile::parse;

    fn without(text: &str, source: usize) -> String {
        let file = Source::new("Dockerfile", text.as_bytes().to_vec());
        let instruction = parse(text).root().instructions().remove(1);
        let edits = remove_source(&file, &instruction, source).unwrap();
        apply_edits(text, &edits).unwrap()
    }

    #[test]
    fn a_source_goes_and_the_others_stay_as_they_are_written() {
        for (expected, text, source) in [
            ("FROM a\nCOPY package.json ./\n", "FROM a\nCOPY package.json .npmrc ./\n", 1),
            ("FROM a\nCOPY --chown=node package.json ./\n", "FROM a\nCOPY --chown=node .npmrc package.json ./\n", 0),
            ("FROM a\nCOPY [\"a\", \"./\"]\n", "FROM a\nCOPY [\"a\", \".npmrc\", \"./\"]\n", 1),
            ("FROM a\nCOPY a \\\n  ./\n", "FROM a\nCOPY a \\\n  .npmrc \\\n  ./\n", 1),
            ("FROM a\nONBUILD COPY a ./\n", "FROM a\nONBUILD COPY .npmrc a ./\n", 0),
            ("FROM a\nRUN x\n", "FROM a\nADD .npmrc /root/\nRUN x\n", 0),
        ] {
            assert_eq!(without(text, source), expected, "{text}");
        }
    }

    #[test]
    fn a_comment_behind_it_stays() {
        let text = "FROM a\nCOPY a .npmrc \\\n  # why\n  b ./\n";
        assert!(without(text, 1).contains("# why"));
    }
}
