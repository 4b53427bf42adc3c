//! A person decides fix by fix.
//!
//! Each fix is offered as it would be made on top of those that were accepted before it, so the patches that a person
//! sees add up to what is written; nothing is written here. An answer is one key. What is printed is redacted like
//! every other output for people.

mod editing;
mod editor;
mod offer;
mod prompter;
mod session;
mod terminal;
#[cfg(test)]
mod tests;

pub use prompter::Prompter;
pub use terminal::{NoTerminal, Terminal};

use std::collections::BTreeSet;
use std::io;

use dialoguer::console::Key;

use crate::plan::{Plan, Policy};
use crate::report::Redactor;
use crate::repository::Repository;
use offer::Offer;
use session::Session;

/// How the review of a repository ended.
#[derive(Debug)]
pub enum Outcome {
    /// With this plan: the accepted fixes, and every other finding with the reason why it is left.
    Decided(Plan),
    /// The person does not want anything to be written.
    Quit,
    /// The person interrupted the program.
    Interrupted,
}

/// What a person answers to the offer of a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Apply,
    Skip,
    ApplyAll,
    Done,
    Undo,
    Quit,
    Interrupt,
}

/// The line that waits for a key.
const QUESTION: &str = "apply this fix? [y,n,a,d,s,e,u,q,?] ";

/// What the keys do, in lines of less than 80 columns.
const HELP: &str = "\
y  apply this fix
n  leave this finding as it is
a  apply this fix and the others of this codemod in this repository; one with
   an assumption that was not shown yet is still asked about
d  done with this repository: apply what was accepted, ask no more
s  show the explanation, or a whole file as it would be
e  edit a file of this fix in your editor; the result is checked, shown, and
   asked about again
u  undo the last answer
q  quit, and write nothing at all
?  show this";

/// Asks about every fix that can be made in `repository`, sure or not. `policy` selects the codemods.
///
/// # Errors
/// The terminal can't be read or written.
pub fn repository(
    repository: &Repository,
    policy: &Policy,
    redactor: &Redactor,
    prompter: &mut dyn Prompter,
) -> io::Result<Outcome> {
    let review = Review { session: Session::new(repository, policy), redactor, prompter, read: BTreeSet::new() };
    if let Some(list) = offer::by_hand(&review.session, redactor) {
        review.prompter.show(&list)?;
    }
    review.run()
}

/// A review while it goes on.
struct Review<'a> {
    session: Session<'a>,
    redactor: &'a Redactor,
    prompter: &'a mut dyn Prompter,
    /// The assumptions that the person has seen.
    read: BTreeSet<String>,
}

impl Review<'_> {
    fn run(mut self) -> io::Result<Outcome> {
        while let Some(mut offer) = self.session.next(|_| true) {
            match self.ask(&mut offer)? {
                Answer::Apply => self.session.accept(offer),
                Answer::Skip => self.session.skip(&offer),
                Answer::ApplyAll => {
                    let codemod = offer.finding.codemod;
                    let read = &self.read;
                    // A yes covers only what was on the screen.
                    self.session.accept_with(offer, |other| {
                        other.codemod == codemod && other.fix.assumptions.iter().all(|one| read.contains(one))
                    });
                }
                Answer::Undo => self.session.undo(),
                Answer::Done => break,
                Answer::Quit => return Ok(Outcome::Quit),
                Answer::Interrupt => return Ok(Outcome::Interrupted),
            }
        }
        Ok(Outcome::Decided(self.session.into_plan()))
    }

    /// Shows a fix and reads keys until one of them is an answer. The person may edit the fix before that.
    fn ask(&mut self, offer: &mut Offer) -> io::Result<Answer> {
        self.show(offer)?;
        loop {
            match self.prompter.key(QUESTION)? {
                Key::CtrlC => return Ok(Answer::Interrupt),
                Key::Char('y') => return Ok(Answer::Apply),
                Key::Char('n') => return Ok(Answer::Skip),
                Key::Char('a') => return Ok(Answer::ApplyAll),
                Key::Char('d') => return Ok(Answer::Done),
                Key::Char('q') => return Ok(Answer::Quit),
                Key::Char('u') if self.session.can_undo() => return Ok(Answer::Undo),
                Key::Char('u') => self.prompter.show("there is no answer in this repository to undo")?,
                Key::Char('s') => self.show_more(offer)?,
                Key::Char('e') => {
                    if let Some(edited) = self.edit(offer)? {
                        *offer = edited;
                        self.show(offer)?;
                    }
                }
                Key::Char('?') => self.prompter.show(HELP)?,
                _ => self.prompter.show("press one of the keys in brackets; ? says what they do")?,
            }
        }
    }

    fn show(&mut self, offer: &Offer) -> io::Result<()> {
        let text = offer.render(&self.session, self.redactor, self.prompter.columns());
        self.prompter.show(&text)?;
        self.read.extend(offer.finding.fix.assumptions.iter().cloned());
        Ok(())
    }

    fn show_more(&mut self, offer: &Offer) -> io::Result<()> {
        let choices = offer.choices(self.prompter.columns());
        match self.prompter.choose("show what? (arrows and Enter, Esc for nothing)", &choices)? {
            Some(chosen) => self.prompter.show(&offer.choice(chosen, self.redactor)),
            None => Ok(()),
        }
    }
}
