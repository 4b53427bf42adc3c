//! Logins: a tool keeps a credential in a file of its own (`docker login`, `gem sources --add`). Every RUN that needs it logs in first
//! and removes what that left.

use crate::knowledge::files::{FileVerdict, classify_file};
use crate::knowledge::tools;
use crate::model::effective_words;
use crate::source::slice;

use super::super::Migration;
use super::folding::is_at_home;
use super::site::Site;
use super::{Refused, Repairs};

/// A file that a tool writes and reads without being told where it is.
pub(super) struct OwnFile {
    /// All the places where it may be, as words of a shell.
    pub(super) places: String,
    /// The command that takes back what the tool did, where that is more than removing the file.
    pub(super) undo: Option<String>,
}

impl<'m> Migration<'m> {
    /// A login: every RUN that needs it logs in first and removes what that left.
    pub(super) fn fold_own_file(
        &self,
        site: &Site<'m>,
        files: &[String],
        repairs: &mut Repairs<'m>,
    ) -> Option<Result<(), Refused>> {
        let path = files.first()?;
        let FileVerdict::BuildInput(input) = classify_file(path) else { return None };
        let undo = match site.program().as_deref() {
            Some("gem") => Some(without_source(site)?),
            _ => None,
        };
        let own = OwnFile { places: files.join(" "), undo };
        let checked = self.check_own_file(site, path);
        Some(checked.and_then(|()| self.fold_file(site, path, input, Some(own), repairs)))
    }

    /// Whether the tool writes the file where it is known to.
    fn check_own_file(&self, site: &Site<'m>, path: &str) -> Result<(), Refused> {
        const MOVED_BY: [&str; 8] = [
            "DOCKER_CONFIG",
            "REGISTRY_AUTH_FILE",
            "XDG_RUNTIME_DIR",
            "XDG_CONFIG_HOME",
            "HELM_CONFIG_HOME",
            "HELM_REGISTRY_CONFIG",
            "HELM_REPOSITORY_CONFIG",
            "GEMRC",
        ];
        let stage = self.dockerfile.steps[site.step].stage;
        let steps = self.dockerfile.steps.iter().filter(|step| step.stage == stage);
        let texts: Vec<&str> =
            steps.map(|step| slice(self.dockerfile.source.text(), step.outer.text_range())).collect();
        if let Some(name) = MOVED_BY.iter().find(|name| texts.iter().any(|text| crate::model::mentions(text, name))) {
            return Err(Refused::because(format!("`{name}` says where its file is")));
        }
        if !is_at_home(path) && !self.dockerfile.runs_as_root(site.step) {
            return Err(Refused::because("where another user than root has its file is not known"));
        }
        let keeps = |words: &[Option<String>]| {
            tools::persists(words).is_some_and(|kept| kept.files.iter().any(|file| file == path))
        };
        let runs =
            || self.dockerfile.steps.iter().filter(|step| step.stage == stage).filter_map(|step| step.run.as_deref());
        let logins = runs().flat_map(|run| run.commands()).filter(|command| keeps(&effective_words(command))).count();
        let partly =
            runs().flat_map(|run| run.commands()).any(|command| tools::takes_back(&effective_words(command)).is_some());
        match logins > 1 && partly {
            true => Err(Refused::because("one of several credentials is taken out of its file again")),
            false => Ok(()),
        }
    }
}

/// `gem sources --remove URL` for the command that adds it; `None` where the address can't be told.
fn without_source(site: &Site<'_>) -> Option<String> {
    let words = &site.command().words;
    let option = words.iter().position(|word| matches!(word.lossy().as_str(), "--add" | "-a"))?;
    Some(format!("gem sources --remove {}", site.raw(words.get(option + 1)?.range)))
}
