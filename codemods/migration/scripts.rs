//! Scripts of the repository that a RUN runs: what they write down stays in the image as what the RUN itself writes.

use std::collections::BTreeSet;

use crate::model::{Rest, RestKind, Run, effective_words, rests};
use crate::plan::{Change, Label};
use crate::source::{LineIndex, Source};
use crate::syntax::shell;

use super::Migration;
use super::checks::{may_hold_a_hash, writes_nothing};

impl<'m> Migration<'m> {
    /// Makes the fix Manual where such a script writes the value into a file that stays, and says what else it may do with it.
    pub(super) fn check_scripts(&self, change: &mut Change<'m>) {
        let reader = self.model.reader(self.dockerfile);
        for used in &self.secret.uses {
            let Some(run) = self.run(used.step) else { continue };
            let scripts_of = |run: &Run| -> Vec<&'m Source> {
                run.commands().filter_map(|command| reader.script_of(&effective_words(command))).collect()
            };
            let mut seen = BTreeSet::new();
            let mut open = scripts_of(run);
            while let Some(script) = open.pop() {
                if !is_of_shell(script) || !seen.insert(script.path()) {
                    continue;
                }
                let inner = Run::of_script(script.text());
                open.extend(scripts_of(&inner));
                let is_gone = |rest: &Rest| matches!(&rest.kind, RestKind::File(path) if removes(run, path));
                let stays = rests(&inner, &used.name).into_iter().filter(|rest| !is_gone(rest));
                stays.for_each(|rest| self.tell_of_script(change, script, rest));
            }
        }
    }

    fn tell_of_script(&self, change: &mut Change<'m>, script: &Source, rest: Rest) {
        let (path, line) = (script.path(), LineIndex::new(script.text()).line(rest.command.start()));
        let label = |text: &str| Some(Label { file: path.to_owned(), range: rest.command, text: text.to_owned() });
        let mut stays = |files: &[String]| {
            let reason = format!(
                "line {line} of `{path}` would still write the value to `{}`, which stays in the image: make the script use \
                 it without keeping it",
                files.join("`, `")
            );
            change.obstruct("writes-down", reason, label("writes the value down"));
        };
        match rest.kind {
            RestKind::File(file) => stays(&[file]),
            RestKind::Tool { files, .. } => stays(&files),
            RestKind::Hashed(files) => change.assume(may_hold_a_hash(&files)),
            RestKind::Log => {
                change.assume(format!("nobody reads the build log, to which line {line} of `{path}` prints the value"));
            }
            RestKind::NotUnderstood(program) => change.assume(writes_nothing(&program)),
        }
    }
}

/// Whether a shell runs the script, by its name or its first line.
fn is_of_shell(script: &Source) -> bool {
    match script.text().starts_with("#!") {
        true => shell::dialect_of(script.text()).is_some(),
        false => matches!(script.path().extension(), Some("sh" | "bash" | "ash")),
    }
}

/// Whether the RUN removes the file that a script of it wrote.
fn removes(run: &Run, path: &str) -> bool {
    run.commands().any(|command| {
        let words = effective_words(command);
        let is_it = |word: &Option<String>| word.as_deref() == Some(path);
        words.first().and_then(Option::as_deref) == Some("rm") && words.iter().skip(1).any(is_it)
    })
}
