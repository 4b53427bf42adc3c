//! A copy of the mounted file goes, and the file is mounted at the place of the copy: in the RUN that made it, if it reads it, and
//! in those that live on it.

use super::Written;
use crate::codemods::copying::unfit_target;
use crate::codemods::prelude::*;
use crate::codemods::shown::By;
use crate::knowledge::files::ModeCheck;
use crate::knowledge::files::{FileVerdict, classify_file};
use crate::model::{Cleanup, FileFlow, FileReaders, FileUse, Form, Run, SecretMount, Settled};
use crate::plan::FileMount;
use crate::source::{TextRange, slice};
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::{Command, RedirectKind, Word};

/// Copies of one mounted file to one place.
pub(super) struct Moving<'m> {
    dockerfile: &'m Dockerfile,
    id: String,
    path: String,
    /// The commands that copy it, by their RUNs, with their mounts.
    copies: Vec<(usize, SecretMount)>,
    settled: Settled,
    flow: FileFlow,
}

impl<'m> Moving<'m> {
    /// The moving of what `group` writes; `None` where one of its commands does more than to copy the file.
    pub(super) fn new(model: &'m Model, dockerfile: &'m Dockerfile, group: &[&Written]) -> Option<Self> {
        let first = group.first()?;
        let By::Mount(id) = &first.held.by else { return None };
        let mut copies = Vec::new();
        let mut settled = Settled::new();
        for written in group {
            let step = written.held.step;
            let mount = dockerfile.secret_mounts(step).into_iter().find(|mount| mount.id == *id)?;
            let run = dockerfile.steps[step].run.as_deref()?;
            let is_plain = matches!(run.form, Form::Shell | Form::Body(None)) && !dockerfile.steps[step].onbuild;
            // Where a `cd` goes before, the mount's own folder is another one.
            let goes = |command: &Command| matches!(command.name().as_deref(), Some("cd" | "pushd" | "popd"));
            if !written.path.starts_with(['/', '~', '$']) && run.commands().any(goes) {
                return None;
            }
            let command = command_at(run, written).filter(|_| is_plain)?;
            copies_whole(command, mount.path.as_deref()?).then_some(())?;
            settled.entry(step).or_default().push((written.exposure.shell, written.exposure.item));
            copies.push((step, mount));
        }
        let input = match classify_file(&first.path) {
            FileVerdict::BuildInput(input) => Some(input),
            _ => None,
        };
        let readers = FileReaders { input: input.as_ref(), settled: &settled };
        let flow = model.written_flow(dockerfile, first.held.step, &first.path, readers)?;
        let (id, path) = (id.clone(), first.path.clone());
        Some(Self { dockerfile, id, path, copies, settled, flow })
    }

    /// Makes it part of `change`. Returns whether nothing stands in the way; what does becomes an obstacle.
    pub(super) fn carry_out(&self, change: &mut Change<'m>, is_shipped: bool) -> bool {
        let obstacles = self.obstacles();
        if !obstacles.is_empty() {
            for (kind, reason, range, text) in obstacles {
                let place = change.place(range, text);
                change.obstruct(kind, reason, place);
            }
            return false;
        }
        let name = file_name(&self.path);
        if is_shipped && !self.flow.removed_in.iter().any(|step| *step > self.copies[0].0) {
            change.assume(format!("the running container does not need `{name}` from the image"));
        }
        for (step, items) in &self.settled {
            for (shell, command) in items {
                let (shell, words) = (Some(*shell), Vec::new());
                change.clean_up(Cleanup { step: *step, shell, command: *command, words, whole: true, removes: false });
            }
        }
        self.flow.cleanups.iter().for_each(|cleanup| change.clean_up(cleanup.clone()));
        self.flow.onward.iter().for_each(|source| change.remove_source(*source));
        let mut targets = self.flow.targets();
        for (step, mount) in &self.copies {
            let own = targets.remove(step).unwrap_or_default();
            self.change_mount(change, *step, mount, own.first().copied());
        }
        for (step, targets) in targets {
            for target in targets {
                change.mount_file(step, &self.mount_at(target));
            }
        }
        true
    }

    fn mount_at(&self, target: &str) -> FileMount {
        FileMount::Secret { id: self.id.clone(), target: target.to_owned(), check: ModeCheck::at(target) }
    }

    /// Whether no command does something to the file that a mount does not survive.
    pub(super) fn is_clear(&self) -> bool {
        let mounted = |step: usize| self.flow.uses.iter().any(|used| used.step == step);
        self.flow.conflicts.iter().all(|conflict| conflict.if_mounted && !mounted(conflict.step))
    }

    /// What it does, as a verb phrase.
    pub(super) fn title(&self) -> String {
        match self.flow.targets().len() {
            0 => format!("take the copy at `{}` out", self.path),
            1 => format!("mount `{}` at `{}` in the RUN that reads it", self.id, self.path),
            count => format!("mount `{}` at `{}` in the {count} RUNs that read it", self.id, self.path),
        }
    }

    /// The mount of a RUN that made a copy: at the new place, at both, or nowhere any more.
    fn change_mount(&self, change: &mut Change<'m>, step: usize, mount: &SecretMount, target: Option<&str>) {
        let flags = self.dockerfile.steps[step].instruction.flags();
        let Some(index) = flags.iter().position(|flag| flag.range == mount.range) else { return };
        let keeps_old = self.is_read_where_it_was(step, mount);
        let raw = slice(self.dockerfile.source.text(), mount.range);
        let has_target = flags[index].mount().is_some_and(|mount| mount.get("target").is_some());
        match target {
            Some(target) if keeps_old || has_target || mount.variable.is_some() || raw.ends_with(['"', '\'']) => {
                change.mount_file(step, &self.mount_at(target));
                if has_target && !keeps_old && mount.variable.is_none() {
                    change.change_flag(step, index, "");
                }
            }
            Some(target) => change.change_flag(step, index, format!("{raw},target={target}")),
            None if keeps_old || mount.variable.is_some() => {}
            None => change.change_flag(step, index, ""),
        }
    }

    /// Whether another command reads the file at the place where it is mounted now.
    fn is_read_where_it_was(&self, step: usize, mount: &SecretMount) -> bool {
        let Some((run, path)) = self.dockerfile.steps[step].run.as_deref().zip(mount.path.as_deref()) else {
            return false;
        };
        let settled = self.settled.get(&step).into_iter().flatten();
        let views = settled.filter_map(|(shell, at)| Some((run.shells.get(*shell)?.view.as_ref()?, *at)));
        let gone: usize = views.map(|(view, at)| slice(view.text(), at).matches(path).count()).sum();
        run.text.matches(path).count() > gone
    }

    /// What stands in the way: the kind, a clause, the place and what to say there.
    fn obstacles(&self) -> Vec<(&'static str, String, TextRange, &'static str)> {
        let dockerfile = self.dockerfile;
        let keyword = |step: usize| dockerfile.steps[step].instruction.keyword_range();
        let mounted = |step: usize| self.flow.uses.iter().any(|used| used.step == step);
        let mut found = Vec::new();
        for conflict in self.flow.conflicts.iter().filter(|conflict| !conflict.if_mounted || mounted(conflict.step)) {
            let reason = format!("{}, which a mounted file does not survive", conflict.reason);
            found.push((conflict.kind, reason, keyword(conflict.step), "here"));
        }
        let path = &self.path;
        let reads = |used: &FileUse| used.evidence.is_certain() || used.near;
        if !self.flow.uses.iter().any(reads) {
            let reason = format!(
                "no RUN reads `{path}` for certain: the container, or an image built on this one, may, and has to get it when \
                 it runs"
            );
            found.push(("written-down", reason, keyword(self.copies[0].0), "written here"));
        }
        for used in &self.flow.uses {
            let unfit = unfit_target(dockerfile, used);
            found.extend(unfit.map(|(kind, reason)| (kind, reason, keyword(used.step), "this RUN reads it")));
        }
        let starts = |keyword| matches!(keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck);
        let stays = self.flow.removed_in.is_empty();
        for step in dockerfile.steps.iter().filter(|step| stays && starts(step.keyword)) {
            let range = step.outer.text_range();
            if slice(dockerfile.source.text(), range).contains(file_name(path)) {
                let reason = format!("the start command names `{}`", file_name(path));
                found.push(("run-time-value", reason, range, "a build secret does not reach the container"));
            }
        }
        found
    }
}

fn command_at<'m>(run: &'m Run, written: &Written) -> Option<&'m Command> {
    let shell = run.shells.get(written.exposure.shell)?;
    let contexts = shell.script.commands().into_iter();
    let found = contexts.filter(|context| !context.optional && context.depth == 0 && context.pipeline.is_none());
    found.map(|context| context.command).find(|command| command.range == written.exposure.command)
}

/// Whether the command does nothing but make another file of what `path` holds, byte by byte.
fn copies_whole(command: &Command, path: &str) -> bool {
    let words: Vec<String> = command.words.iter().map(Word::lossy).collect();
    let operands: Vec<&str> = words.iter().skip(1).map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let writes = |kind| matches!(kind, RedirectKind::Write);
    let redirected =
        command.redirects.iter().all(|redirect| writes(redirect.kind) || redirect.kind == RedirectKind::Read);
    let from_input = command.redirects.iter().any(|one| one.kind == RedirectKind::Read && one.target.lossy() == path);
    match (command.name().as_deref(), operands.as_slice()) {
        (Some("cp" | "mv"), [source, _]) => *source == path && command.redirects.is_empty(),
        (Some("install"), [.., source, _]) => *source == path && !words.contains(&"-d".to_owned()),
        (Some("cat"), [source]) => *source == path && redirected && !from_input,
        (Some("cat"), []) => from_input && redirected,
        (Some("dd"), operands) => operands.len() == 2 && operands.contains(&format!("if={path}").as_str()),
        _ => false,
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
