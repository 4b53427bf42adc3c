//! A fix that a person edits.

use std::io;

use std::sync::Arc;

use camino::Utf8PathBuf;

use super::{Offer, Review};
use crate::plan::Applicability;
use crate::report::shown;

/// What can be done with an edit that does not keep what a fix has to keep.
const AFTER_A_PROBLEM: [&str; 3] = ["edit it again", "take it as it is", "drop the edit"];

impl Review<'_> {
    /// Lets the person edit a file of `offer`. Gives the offer with the edit, which is to be asked about; `None` if
    /// nothing came of it.
    pub(super) fn edit(&mut self, offer: &Offer) -> io::Result<Option<Offer>> {
        let Some(file) = self.which_file(offer)? else { return Ok(None) };
        let Some(change) = offer.files.get(&file) else { return Ok(None) };
        let mut text = change.after.encode();
        let original = text.clone();
        loop {
            match self.prompter.edit(file.file_name().unwrap_or("file"), &text)? {
                Ok(edited) => text = edited,
                Err(reason) => return self.prompter.show(&shown::line(&reason)).map(|()| None),
            }
            if text == original {
                return self.prompter.show("nothing was changed").map(|()| None);
            }
            let (edited, problem) = self.session.edited(offer, &file, text.clone());
            let Some(problem) = problem else { return Ok(Some(edited)) };
            let problem = self.redactor.line(&problem);
            self.prompter.show(&format!("the edit does not keep what this fix has to keep: {problem}"))?;
            let choices = AFTER_A_PROBLEM.map(str::to_owned);
            match self.prompter.choose("what is to be done with it? (arrows and Enter)", &choices)? {
                Some(0) => {}
                Some(1) => return Ok(Some(taken_as_it_is(edited, &problem))),
                _ => return Ok(None),
            }
        }
    }

    fn which_file(&mut self, offer: &Offer) -> io::Result<Option<Utf8PathBuf>> {
        let files: Vec<&Utf8PathBuf> = offer.files.keys().collect();
        if let [only] = files.as_slice() {
            return Ok(Some((*only).clone()));
        }
        let names: Vec<String> = files.iter().map(|file| self.fitted(&shown::line(file.as_str()))).collect();
        let chosen = self.prompter.choose("edit which file? (arrows and Enter, Esc for none)", &names)?;
        Ok(chosen.and_then(|index| files.get(index)).map(|file| (*file).clone()))
    }

    /// A line of a choice: the mark of the chosen one takes two columns, and the last column may wrap.
    pub(super) fn fitted(&self, line: &str) -> String {
        line.chars().take(self.prompter.columns().saturating_sub(3)).collect()
    }
}

/// The offer of an edit that failed its check: a person answers for it.
fn taken_as_it_is(mut offer: Offer, problem: &str) -> Offer {
    let fix = &mut Arc::make_mut(&mut offer.finding).fix;
    fix.applicability = Applicability::Unsafe;
    fix.assumptions.push(format!("the edit is right although a check says: {problem}"));
    offer
}
