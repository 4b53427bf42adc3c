//! npm before version 9 writes an `.npmrc` anew when a setting of it changes, with the values in the place of the references in it
//! (experiment: npm 6.14 and 8.19 do, npm 9.9, 10.9 and 11 keep the references).

use std::collections::BTreeSet;

use crate::knowledge::images;
use crate::model::effective_words;
use crate::plan::Change;
use crate::source::TextRange;

use super::Migration;

/// The first major version of Node.js whose images all have npm 9 or later; those of 18 have it since 18.14.
const FIRST_WITH_NPM_9: u32 = 20;

/// The last major version of Node.js whose images all have an earlier npm.
const LAST_WITHOUT_NPM_9: u32 = 17;

impl<'m> Migration<'m> {
    /// A RUN that has the value in its environment must not have such an npm change a setting once the reference is there.
    pub(super) fn check_npm_settings(&self, change: &mut Change<'m>) {
        let Some((step, place)) = self.setting_behind_reference() else { return };
        let node = self.dockerfile.base_image(step).and_then(images::node_version);
        match node {
            Some(version) if version >= FIRST_WITH_NPM_9 => {}
            Some(version) if version <= LAST_WITHOUT_NPM_9 => {
                let reason = format!(
                    "npm of Node.js {version} writes the value of `{}` in the place of the reference when it changes a setting: make \
                     the settings in front of the one that holds the reference",
                    self.name()
                );
                let label = change.place(place, "changes a setting");
                change.obstruct("npm-expands", reason, label);
            }
            _ => change.assume(
                "npm in the image is of version 9 or later: earlier ones write values in the place of references when they change a \
                 setting",
            ),
        }
    }

    /// The first npm command that changes a setting of an `.npmrc` with a reference to the value, in a RUN that has the value.
    fn setting_behind_reference(&self) -> Option<(usize, TextRange)> {
        let names = self.secret.uses.iter().map(|used| used.name.as_str());
        let refers = |name: &str| {
            let files = self.model.repository.mentioning(name).into_iter();
            let mut files =
                files.filter(|source| source.path().file_name().is_some_and(|file| file.ends_with("npmrc")));
            files.any(|source| source.text().contains(&format!("${{{name}}}")))
        };
        let changes = |step: &usize| {
            self.run(*step).is_some_and(|run| run.commands().any(|command| changes_settings(&effective_words(command))))
        };
        if !self.secret.uses.iter().any(|used| changes(&used.step)) {
            return None;
        }
        let mut is_referred = names.collect::<BTreeSet<_>>().into_iter().any(refers);
        let mut seen = Vec::new();
        for used in &self.secret.uses {
            if seen.contains(&used.step) {
                continue;
            }
            seen.push(used.step);
            for command in self.run(used.step)?.commands() {
                let words = effective_words(command);
                let is_own = command.words.iter().any(|word| word.lossy().contains(&used.name));
                if !changes_settings(&words) {
                    continue;
                }
                if is_referred && !is_own {
                    return Some((used.step, self.dockerfile.steps[used.step].instruction.keyword_range()));
                }
                is_referred |= is_own;
            }
        }
        None
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
