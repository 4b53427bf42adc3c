//! Edits of what the RUNs run, of whole instructions and of single places of builds.

use super::Change;
use crate::callers::{Build, Refusal};
use crate::model::Dockerfile;
use crate::plan::{Label, Obstacle, StepChange};
use crate::source::{Edit, apply_edits};
use crate::syntax::dockerfile::edit as instruction;

/// How many edits of one RUN are made one after the other; a RUN with more of them is left alone.
const MOST_EDITS: usize = 64;

/// An edit of a step that can be made, or the kind of obstacle and the reason why it can't.
pub type StepEdit = Result<Vec<Edit>, (&'static str, String)>;

impl Change<'_> {
    /// Removes the step at `index` with all its lines; comments above it stay.
    pub fn remove_step(&mut self, index: usize) {
        let step = &self.dockerfile.steps[index];
        self.steps.insert(index, StepChange::Removed);
        let edits = instruction::remove_instruction(&self.dockerfile.source, &step.outer);
        self.push_or_obstruct(edits, step.outer.text_range());
    }

    /// Changes the step at `index`: `next` names the edits that are still to be made in a state of the file, `None`
    /// when it is as it should be. Edits of one list move each other's operators, so each is decided on the result of
    /// the one before.
    pub fn rewrite(&mut self, index: usize, next: impl Fn(&Dockerfile) -> Option<StepEdit>) {
        let original = self.dockerfile.source.clone();
        let mut source = original.clone();
        for _ in 0..MOST_EDITS {
            let refused = match next(&Dockerfile::new(source.clone())) {
                None => {
                    self.steps.entry(index).or_insert(StepChange::Rewritten);
                    self.push([Edit::between(original.text(), source.text())]);
                    return;
                }
                Some(Ok(edits)) => match apply_edits(source.text(), &edits) {
                    Ok(text) => {
                        source = source.with_text(text);
                        continue;
                    }
                    Err(overlap) => ("unparsable", overlap.to_string()),
                },
                Some(Err(refused)) => refused,
            };
            return self.refuse_step(index, refused);
        }
        self.refuse_step(index, ("unparsable", "there are too many places to edit".to_owned()));
    }

    /// Makes an edit of the file of `build`, or says why it can't be made.
    pub fn edit_build(&mut self, build: &Build, kind: &'static str, edit: Result<Edit, Refusal>) {
        match edit {
            Ok(edit) => {
                self.units.insert((build.file.clone(), build.index));
                self.edits.entry(build.file.clone()).or_default().push(edit);
            }
            Err(Refusal { reason, range, instead }) => {
                let place = Some(Label { file: build.file.clone(), range, text: build.title.clone() });
                self.obstacles.push(Obstacle { kind, reason, place, instead });
            }
        }
    }

    fn refuse_step(&mut self, index: usize, (kind, reason): (&'static str, String)) {
        let label = self.place(self.dockerfile.steps[index].instruction.keyword_range(), "this can't be edited");
        self.obstruct(kind, reason, label);
    }
}
