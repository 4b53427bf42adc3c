//! Scripts that get the value and are not in the repository.

use camino::Utf8Path;

use crate::knowledge::names::SecretKind;
use crate::model::{Evidence, effective_words};
use crate::plan::Change;
use crate::syntax::dockerfile::Keyword;

use super::Migration;

/// Folders of the distribution's own programs (Filesystem Hierarchy Standard 3.0).
const SYSTEM: [&str; 6] = ["/bin/", "/sbin/", "/usr/", "/lib/", "/lib64/", "/opt/"];

impl<'m> Migration<'m> {
    /// A script of the project that is handed a password of the application mostly puts it into the application's
    /// configuration. A credential that fetches something is used up by that.
    pub(super) fn check_unread_scripts(&self, change: &mut Change<'m>) {
        if !matches!(self.secret.kind, SecretKind::Application | SecretKind::ConnectionUrl) {
            return;
        }
        let possible = self.secret.uses.iter().filter(|used| matches!(used.evidence, Evidence::Possible(_)));
        for used in possible {
            let Some(run) = self.run(used.step) else { continue };
            for script in run.commands().filter_map(|command| self.unread_script(&effective_words(command), used.step))
            {
                change.assume(format!(
                    "`{script}`, which is not in the repository, does not write `{}` into the image",
                    used.name
                ));
            }
        }
    }

    /// The script that a command of the step runs, where it is none of the repository or of the distribution.
    pub(super) fn unread_script(&self, words: &[Option<String>], step: usize) -> Option<String> {
        let program = words.first()?.as_deref()?;
        let is_shell = matches!(program, "sh" | "bash" | "ash" | "dash" | "source" | "." | "/bin/sh" | "/bin/bash");
        let operand = || words.iter().skip(1).flatten().find(|word| !word.starts_with(['-', '+'])).map(String::as_str);
        let is_given_text = || words.iter().flatten().any(|word| word.starts_with('-') && word.ends_with('c'));
        let script = match is_shell {
            true if is_given_text() => return None,
            true => operand()?,
            false => program,
        };
        let is_at_own_place = script.contains('/') && !SYSTEM.iter().any(|folder| script.starts_with(folder));
        let is_own = is_at_own_place || self.is_brought(script, step);
        let reader = self.model.reader(self.dockerfile);
        (is_own && !script.contains('$') && reader.script_of(words).is_none()).then(|| script.to_owned())
    }

    /// Whether a `COPY` or `ADD` before the step puts a program there that is not in the repository, or in a folder where a shell
    /// finds it.
    fn is_brought(&self, program: &str, step: usize) -> bool {
        let given = self.model.given_arguments(self.dockerfile);
        let copies = self.dockerfile.numbered_before(step).into_iter();
        let copies = copies.filter(|(_, step)| matches!(step.keyword, Keyword::Copy | Keyword::Add));
        let mut places = copies.flat_map(|(index, step)| {
            let words = step.instruction.words();
            let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
            let names = sources.iter().map(|source| Utf8Path::new(&source.value).file_name().unwrap_or("").to_owned());
            // Where it can't be told whether that is a folder, a program of this name is as good as brought.
            let landed = |name: String| {
                let landing = self.dockerfile.landing(index, &name, &given);
                landing.or_else(|_| self.dockerfile.destination(index, &given)).ok()
            };
            names.filter_map(landed).collect::<Vec<_>>()
        });
        places.any(|landed| landed.path() == program || landed.file_name() == program)
    }
}
