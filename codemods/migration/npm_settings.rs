//! npm before version 9 writes an `.npmrc` anew when a setting of it changes, with the values in the place of the references in it
//! (experiment: npm 6.14 and 8.19 do, npm 9.9, 10.9 and 11 keep the references).

use crate::knowledge::images;
use crate::model::effective_words;
use crate::plan::Change;
use crate::syntax::shell::Command;

use super::Migration;

/// The first major version of Node.js whose images all have npm 9 or later; those of 18 have it since 18.14.
const FIRST_WITH_NPM_9: u32 = 20;

/// The last major version of Node.js whose images all have an earlier npm.
const LAST_WITHOUT_NPM_9: u32 = 17;

impl<'m> Migration<'m> {
    /// A RUN that has the value in its environment must not have such an npm change a setting once the reference is there.
    pub(super) fn check_npm_settings(&self, change: &mut Change<'m>) {
        let Some(step) = self.setting_behind_reference() else { return };
        let node = self.dockerfile.base_image(step).and_then(images::node_version);
        match node {
            Some(version) if version >= FIRST_WITH_NPM_9 => {}
            Some(version) if version <= LAST_WITHOUT_NPM_9 => {
                let reason = format!(
                    "npm of Node.js {version} writes the value of `{}` in the place of the reference when it changes a setting: make \
                     the settings in front of the one that holds the reference",
                    self.name()
                );
                let place = self.dockerfile.steps[step].instruction.keyword_range();
                let label = change.place(place, "changes a setting");
                change.obstruct("npm-expands", reason, label);
            }
            _ => change.assume(
                "npm in the image is of version 9 or later: earlier ones write values in the place of references when they change a \
                 setting",
            ),
        }
    }

    /// The RUN that has the value and in which npm changes a setting of an `.npmrc` with a reference to it.
    fn setting_behind_reference(&self) -> Option<usize> {
        let runs = self.secret.uses.chunk_by(|one, other| one.step == other.step).filter_map(<[_]>::first);
        let settings = runs.flat_map(|used| {
            let commands = self.run(used.step).into_iter().flat_map(|run| run.commands());
            let changing = commands.filter(|command| changes_settings(&effective_words(command)));
            let is_own = |command: &Command| command.words.iter().any(|word| word.lossy().contains(&used.name));
            changing.map(move |command| (used.step, is_own(command)))
        });
        let settings: Vec<(usize, bool)> = settings.collect();
        let is_known = || self.secret.uses.iter().any(|used| self.is_referred_to(&used.name));
        let own = || settings.iter().position(|(_, is_own)| *is_own).map(|at| at + 1);
        let from = if !settings.is_empty() && is_known() { 0 } else { own()? };
        settings.get(from..)?.iter().find(|(_, is_own)| !is_own).map(|(step, _)| *step)
    }

    /// Whether an `.npmrc` of the repository refers to the variable.
    fn is_referred_to(&self, name: &str) -> bool {
        let files = self.model.repository.mentioning(name).into_iter();
        let mut files = files.filter(|source| source.path().file_name().is_some_and(|file| file.ends_with("npmrc")));
        files.any(|source| source.text().contains(&format!("${{{name}}}")))
    }
}

/// `npm config set`, `npm set`, `npm config delete`, `npm logout`.
fn changes_settings(words: &[Option<String>]) -> bool {
    let words: Vec<&str> = words.iter().map(|word| word.as_deref().unwrap_or("$")).collect();
    let operands: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();
    match operands.as_slice() {
        ["npm", "config" | "c", verb, ..] => matches!(*verb, "set" | "delete" | "rm" | "fix"),
        ["npm", verb, ..] => matches!(*verb, "set" | "logout" | "login" | "adduser"),
        _ => false,
    }
}
