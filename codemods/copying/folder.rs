//! The folder that the `COPY` of a key made, and that later commands write to.

use std::collections::BTreeSet;

use crate::model::{Evidence, FileUse, Step};
use crate::plan::Change;
use crate::source::slice;
use crate::syntax::dockerfile::Keyword;

use super::Copying;

impl<'m> Copying<'m> {
    /// `ssh-keyscan … >> ~/.ssh/known_hosts` needs the folder that came with the key: the first such RUN makes it.
    pub(super) fn keep_folder(&self, change: &mut Change<'m>) {
        if !self.file.is_ssh_key() {
            return;
        }
        for folder in self.folders() {
            if let Some(step) = self.first_that_needs(&folder) {
                change.run_first(step, &format!("mkdir -p {folder}"));
            }
        }
    }

    /// Forgets the RUNs that would read the file only where a `COPY` of its folder brings it along: ssh looks for keys in
    /// one folder, and nothing names that other place.
    pub fn forget_stray_uses(&mut self) {
        let landed = self.landed();
        let stray = |used: &FileUse| {
            let target = used.target.as_deref().unwrap_or("");
            let tool = matches!(used.evidence, Evidence::Tool(_) | Evidence::Possible(_));
            tool && !landed.contains(target) && !target.contains("/.ssh/")
        };
        self.flow.uses.retain(|used| !stray(used));
    }

    /// The folders called `.ssh` that the copies put the file in.
    fn folders(&self) -> BTreeSet<String> {
        let folders = self.landed().into_iter().filter_map(|path| Some(path.rsplit_once('/')?.0.to_owned()));
        folders.filter(|folder| folder.starts_with('/') && folder.ends_with("/.ssh")).collect()
    }

    /// Where the copies put the file.
    fn landed(&self) -> BTreeSet<String> {
        let given = self.model.given_arguments(self.dockerfile);
        let name = self.path().file_name().unwrap_or("");
        let landed = self.file.sources.iter().filter_map(|source| {
            let landed = self.dockerfile.landing(source.step, name, &given).ok()?;
            landed.as_target(&self.dockerfile.workdir_at(source.step, &given))
        });
        landed.collect()
    }

    /// The RUN that names the folder first, unless an instruction in front of that one makes it.
    fn first_that_needs(&self, folder: &str) -> Option<usize> {
        for (index, step) in self.dockerfile.steps.iter().enumerate() {
            let seen = step.stage.is_some_and(|stage| {
                let ours = |other: &usize| self.dockerfile.ancestry(*other).contains(&stage);
                self.flow.stages.iter().any(ours)
            });
            if !seen || step.onbuild != self.is_triggered() {
                continue;
            }
            match step.keyword {
                Keyword::Copy | Keyword::Add if self.still_brings(index, step, folder) => return None,
                Keyword::Run => match self.in_run(index, step, folder) {
                    Some(true) => return None,
                    Some(false) => return Some(index),
                    None => {}
                },
                _ => {}
            }
        }
        None
    }

    fn is_triggered(&self) -> bool {
        self.file.sources.iter().any(|source| self.dockerfile.steps[source.step].onbuild)
    }

    /// Whether the instruction puts something else into the folder.
    fn still_brings(&self, index: usize, step: &Step, folder: &str) -> bool {
        let words = step.instruction.words();
        let Some((destination, sources)) = words.split_last() else { return false };
        let gone = self.file.sources.iter().filter(|source| source.step == index).count();
        destination.value.starts_with(folder) && sources.len() > gone
    }

    /// Whether the first command that names the folder makes it; `None` where none needs it.
    fn in_run(&self, index: usize, step: &Step, folder: &str) -> Option<bool> {
        let run = step.run.as_deref()?;
        let short = folder
            .strip_prefix("/root/")
            .map(|rest| [format!("~/{rest}"), format!("$HOME/{rest}"), format!("${{HOME}}/{rest}")]);
        let names =
            |text: &str| text.contains(folder) || short.iter().flatten().any(|short| text.contains(short.as_str()));
        for (number, shell) in run.shells.iter().enumerate() {
            let Some(view) = &shell.view else { continue };
            for context in shell.script.commands() {
                let at = context.command.range;
                let moot = self.flow.cleanups.iter().any(|cleanup| {
                    cleanup.step == index
                        && cleanup.whole
                        && cleanup.shell == Some(number)
                        && cleanup.command.contains_range(at)
                });
                if moot || !names(slice(view.text(), at)) {
                    continue;
                }
                match context.command.effective_name().as_deref() {
                    Some("rm" | "test" | "[") => {}
                    Some("mkdir" | "install") => return Some(true),
                    _ => return Some(false),
                }
            }
        }
        None
    }
}
