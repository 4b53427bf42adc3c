//! Scripts and programs of the repository that a RUN runs: what they write down stays in the image as what the RUN itself
//! writes.

use std::collections::BTreeSet;

use camino::Utf8Path;

use crate::model::{Inlined, InlinedBy, RestKind, ScriptRest, ScriptRestKind};
use crate::plan::{Change, Label};
use crate::source::{LineIndex, TextRange};

use super::Migration;
use super::checks::{built_in, may_hold_a_hash, writes_nothing};

impl<'m> Migration<'m> {
    /// Makes the fix Manual where one writes the value into a file that stays, and says what else it may do with it.
    pub(super) fn check_scripts(&self, change: &mut Change<'m>) {
        let reader = self.model.reader(self.dockerfile);
        for used in &self.secret.uses {
            let Some(run) = self.run(used.step) else { continue };
            for rest in reader.script_rests(run, &used.name) {
                self.tell_of_script(change, &used.name, rest);
            }
        }
    }

    /// Code of the project may have the value written into what a RUN builds: no mount changes that.
    pub(super) fn check_inlined(&self, change: &mut Change<'m>) {
        let reader = self.model.reader(self.dockerfile);
        let names: BTreeSet<&String> = self.secret.uses.iter().map(|used| &used.name).collect();
        let mut runs = self.secret.uses.iter().filter_map(|used| self.run(used.step));
        let compiles =
            runs.any(|run| run.commands().any(|command| command.effective_name().as_deref() == Some("cargo")));
        for (name, Inlined { file, place, by }) in
            names.into_iter().flat_map(|name| reader.inlined(name).into_iter().map(move |it| (name, it)))
        {
            let line = self.line_in(&file, place);
            match by {
                InlinedBy::Rust if compiles => {
                    let reason = built_in(&format!("line {line} of `{file}`"), name);
                    let label = Label { file, range: place, text: "becomes a text of the program".to_owned() };
                    change.obstruct("built-in", reason, Some(label));
                }
                InlinedBy::Rust => {}
                InlinedBy::Bundler => change.assume(format!(
                    "what `{name}` holds may be public: line {line} of `{file}` has the bundler write it into the files that browsers \
                     load, with a mount as well"
                )),
            }
        }
    }

    /// The one-based line of `place`.
    fn line_in(&self, file: &Utf8Path, place: TextRange) -> u32 {
        let text = self.model.repository.source(file).map_or("", |source| source.text());
        LineIndex::new(text).line(place.start())
    }

    fn tell_of_script(&self, change: &mut Change<'m>, name: &str, rest: ScriptRest) {
        let ScriptRest { file, place, kind } = rest;
        let line = self.line_in(&file, place);
        let mut stays = |files: &[String]| {
            let reason = format!(
                "line {line} of `{file}` would still write the value to `{}`, which stays in the image: make the script use \
                 it without keeping it",
                files.join("`, `")
            );
            let label = Label { file: file.clone(), range: place, text: "writes the value down".to_owned() };
            change.obstruct("writes-down", reason, Some(label));
        };
        match kind {
            ScriptRestKind::Shell(RestKind::File(path)) => stays(&[path]),
            ScriptRestKind::Shell(RestKind::Tool { files, .. }) => stays(&files),
            ScriptRestKind::Shell(RestKind::Hashed(files)) => change.assume(may_hold_a_hash(&files)),
            ScriptRestKind::Shell(RestKind::Log) => {
                change.assume(format!("nobody reads the build log, to which line {line} of `{file}` prints the value"));
            }
            ScriptRestKind::Shell(RestKind::NotUnderstood(program)) => change.assume(writes_nothing(&program)),
            ScriptRestKind::BuiltIn => {
                let label = Label { file: file.clone(), range: place, text: "builds it into a program".to_owned() };
                change.obstruct("built-in", built_in(&format!("line {line} of `{file}`"), name), Some(label));
            }
            ScriptRestKind::Printed(path) => change.assume(format!(
                "`{file}`, which reads `{name}` and whose output goes to `{path}`, does not print the value"
            )),
            ScriptRestKind::Program => change.assume(format!(
                "`{file}`, which reads `{name}` and writes a file in line {line}, does not write the value into the image"
            )),
        }
    }
}
