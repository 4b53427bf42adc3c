//! What the files leave open, and a person knows.

use std::collections::BTreeSet;
use std::io;

use super::Review;
use crate::codemods::Question;
use crate::config::{self, Setting};
use crate::plan::{Applicability, Finding};
use crate::report::shown;

/// The obstacle of a build that may be of several Dockerfiles.
const SHARED: &str = "shared-argument";

impl Review<'_> {
    /// Asks about the builds that keep a fix from being safe, because nothing says which Dockerfile they are of.
    pub(super) fn ask_what_is_built(&mut self) -> io::Result<()> {
        let mut asked = BTreeSet::new();
        loop {
            // Where something else is in the way as well, the answer would change nothing.
            let doubtful = self.session.findings().iter().filter(|one| {
                let obstacles = &one.fix.obstacles;
                one.fix.applicability < Applicability::Safe && obstacles.iter().all(|one| one.kind == SHARED)
            });
            let builds = doubtful.flat_map(|finding| self.session.questions(finding)).find(|question| {
                let is_build = matches!(question.answers.first(), Some((_, Setting::Build(..))));
                is_build && !asked.contains(&question.title)
            });
            let Some(mut question) = builds else { return Ok(()) };
            asked.insert(question.title.clone());
            question.title = format!("a fix depends on it: {}", question.title);
            self.answer(&question)?;
        }
    }

    /// Lets the person choose what can be decided about the fix of `finding`. True if something was.
    pub(super) fn choose(&mut self, finding: &Finding) -> io::Result<bool> {
        let questions = self.session.questions(finding);
        let titles: Vec<String> = questions.iter().map(|question| self.fitted(&shown::line(&question.title))).collect();
        let chosen = match questions.as_slice() {
            [] => return self.prompter.show("the files leave nothing open about this fix").map(|()| false),
            [_] => Some(0),
            _ => self.prompter.choose("choose what? (arrows and Enter, Esc for nothing)", &titles)?,
        };
        match chosen.and_then(|index| questions.get(index)) {
            Some(question) => self.answer(question),
            None => Ok(false),
        }
    }

    /// Asks a question, and whether the answer is to be remembered.
    fn answer(&mut self, question: &Question) -> io::Result<bool> {
        let title = self.fitted(&format!("{}?", shown::line(&question.title)));
        let answers: Vec<String> = question.answers.iter().map(|(text, _)| self.fitted(&shown::line(text))).collect();
        let chosen = self.prompter.choose(&title, &answers)?;
        let Some((_, setting)) = chosen.and_then(|index| question.answers.get(index)) else { return Ok(false) };
        let times = ["this time".to_owned(), format!("always: remember it in {}", config::FILE)];
        let Some(time) = self.prompter.choose("for how long? (Esc takes it back)", &times)? else { return Ok(false) };
        if self.session.decide(setting, time == 1) {
            return Ok(true);
        }
        let reason = format!("it can't be added to `{}` so that it would count; it holds this time", config::FILE);
        self.prompter.show(&reason)?;
        Ok(self.session.decide(setting, false))
    }
}
