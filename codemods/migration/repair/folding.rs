//! A credential file is written, used and removed in one RUN, for every RUN that needs it.
//!
//! A file that is gone when its RUN ends is in no layer. So the RUN that uses what it wrote removes it, and the RUNs behind
//! it that lived on the file write it first. What only wrote the file goes, and so does what tidied it away.

use std::collections::BTreeMap;

use crate::knowledge::files::{BuildInput, FileVerdict, classify_file};
use crate::knowledge::tools;
use crate::model::{Cleanup, FileAct, FileAction, Form, ImagePath, RestKind, effective_words};
use crate::source::{TextRange, slice};
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::{AssignKind, Operator, RedirectKind, edit};

use super::super::Migration;
use super::login::OwnFile;
use super::site::Site;
use super::written::{Piece, copied_to, pieces};
use super::{Refused, Repairs};

/// What a file is on its way through the RUNs of a stage.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// The commands that write it, in order.
    pub(super) writing: Vec<String>,
    /// The RUN behind the last of them.
    pub(super) since: usize,
    /// How the commands name it.
    pub(super) target: String,
    /// The files that those commands read.
    pub(super) inputs: Vec<String>,
    /// Whether it is there.
    alive: bool,
    /// Why the commands can't be repeated elsewhere, as a clause.
    pub(super) stuck: Option<String>,
}

/// The file of one site and what is to become of it.
pub(super) struct Folding<'s, 'm> {
    pub(super) site: &'s Site<'m>,
    pub(super) path: &'s str,
    pub(super) file: ImagePath,
    input: BuildInput,
    /// The RUNs that write it first, with the commands for that and the file's name there.
    readers: Vec<(usize, State)>,
    /// The RUNs at whose end it has to be removed, with its name there.
    ends: Vec<(usize, String)>,
    /// What goes from the RUNs that only write it.
    cuts: Vec<(usize, Vec<Piece>)>,
    /// What goes from the RUNs that only tidied it away.
    tidied: Vec<Cleanup>,
    /// The RUNs that write it.
    writers: Vec<usize>,
    /// Whether nothing removes it.
    stays: bool,
    /// What a tool wrote that knows the place by itself.
    own: Option<OwnFile>,
}

impl<'m> Migration<'m> {
    /// Folds the RUNs that write, use and remove a credential file; `None` where none is written.
    pub(super) fn fold(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Option<Result<(), Refused>> {
        let path = match &site.kind {
            RestKind::File(path) => path,
            RestKind::Tool { files, repeatable: true, .. } => return self.fold_own_file(site, files, repairs),
            RestKind::Tool { files, codemod: "written-credential", .. } => match files.as_slice() {
                [path]
                    if !matches!(site.program().as_deref(), Some("sed" | "gsed" | "perl" | "ruby" | "xmlstarlet")) =>
                {
                    path
                }
                _ => return None,
            },
            _ => return None,
        };
        if let Some(input) = input_of(path) {
            return Some(self.fold_file(site, path, input, None, repairs));
        }
        let (target, moved) = copied_to(site, path)?;
        let input = input_of(&target)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        let used =
            self.later_runs(site.step).into_iter().any(|step| self.run(step).is_some_and(|run| run.mentions(name)));
        if used || site.run.text.matches(path).count() > 2 {
            return Some(Err(Refused::because(format!("`{path}` is used for something else as well"))));
        }
        let own = (!moved).then(|| OwnFile { places: format!("{target} {path}"), undo: None });
        Some(self.fold_file(site, &target, input, own, repairs))
    }

    pub(super) fn fold_file(
        &self,
        site: &Site<'m>,
        path: &str,
        input: BuildInput,
        own: Option<OwnFile>,
        repairs: &mut Repairs<'m>,
    ) -> Result<(), Refused> {
        let file = self.model.file_at(self.dockerfile, site.step, path);
        let file = file.ok_or_else(|| Refused::because("where that is in the image can't be told"))?;
        if repairs.folded.contains(&(site.step, file.clone())) {
            return Ok(());
        }
        if let Some(copy) = self.copied_elsewhere(site.step, path) {
            let line = self.dockerfile.line_of(copy);
            return Err(Refused::because(format!("line {line} copies it to another stage")));
        }
        let mut folding = Folding {
            site,
            path,
            file,
            input,
            readers: Vec::new(),
            ends: Vec::new(),
            cuts: Vec::new(),
            tidied: Vec::new(),
            writers: Vec::new(),
            stays: false,
            own,
        };
        self.follow(&mut folding)?;
        if folding.ends.is_empty() && folding.readers.is_empty() {
            return Err(Refused::because(
                "no RUN here reads it: the container or an image built on this one may, and has to get it when it runs",
            ));
        }
        folding.readers.iter().try_for_each(|(step, state)| self.check_reader(&folding, *step, state))?;
        self.write_folding(folding, repairs)
    }

    /// Goes through the RUNs that may see the file, in order.
    fn follow(&self, folding: &mut Folding<'_, 'm>) -> Result<(), Refused> {
        let mut states: BTreeMap<usize, State> = BTreeMap::new();
        for step in self.runs_of_stage_before(folding.site.step).into_iter().chain([folding.site.step]) {
            self.visit(folding, step, &mut states)?;
        }
        for step in self.later_runs(folding.site.step) {
            self.visit(folding, step, &mut states)?;
        }
        folding.stays = states.values().any(|state| state.alive);
        Ok(())
    }

    fn runs_of_stage_before(&self, step: usize) -> Vec<usize> {
        let stage = self.dockerfile.steps[step].stage;
        let same = |index: &usize| self.dockerfile.steps[*index].stage == stage && self.run(*index).is_some();
        (0..step).filter(same).collect()
    }

    fn visit(
        &self,
        folding: &mut Folding<'_, 'm>,
        step: usize,
        states: &mut BTreeMap<usize, State>,
    ) -> Result<(), Refused> {
        let Some(stage) = self.dockerfile.steps[step].stage else { return Ok(()) };
        let inherited =
            || self.dockerfile.ancestry(stage).into_iter().rev().find_map(|stage| states.get(&stage).cloned());
        let mut state = states.get(&stage).cloned().or_else(inherited).unwrap_or_default();
        let line = self.dockerfile.line_of(step);
        let Some(actions) = self.model.file_actions(self.dockerfile, step, &folding.file, &folding.input) else {
            let concerned = state.alive || self.run(step).is_some_and(|run| run.mentions(folding.file.file_name()));
            return match concerned {
                true => Err(Refused::because(format!("line {line} is not understood and may need it"))),
                false => Ok(()),
            };
        };
        let actions = up_to_removal(actions);
        if actions.iter().any(|action| action.act == FileAct::Copies) && (state.alive || writes(&actions)) {
            return Err(Refused::because(format!("line {line} copies it")));
        }
        let tends = actions.iter().any(|action| action.act == FileAct::Tends);
        let ends = reads(&actions) || actions.iter().any(|action| action.act == FileAct::Removes);
        if writes(&actions) || (state.alive && tends && !ends) {
            self.visit_writer(folding, step, &actions, &mut state)?;
        } else if state.alive && reads(&actions) && !self.is_out_of_reach(folding, step, &actions, &state) {
            folding.readers.push((step, state.clone()));
            if !is_removed_at_end(&actions) {
                folding.ends.push((step, state.target.clone()));
            }
        } else if state.alive {
            folding.tidied.extend(self.tidied(step, &actions)?);
        }
        state.alive &= !is_removed_at_end(&actions);
        if !state.alive {
            state.writing.clear();
            state.inputs.clear();
        }
        states.insert(stage, state);
        Ok(())
    }

    fn visit_writer(
        &self,
        folding: &mut Folding<'_, 'm>,
        step: usize,
        actions: &[FileAction],
        state: &mut State,
    ) -> Result<(), Refused> {
        let line = self.dockerfile.line_of(step);
        let found = Site::of_run(self.dockerfile, step, folding.site);
        let found = found.ok_or_else(|| Refused::because(format!("the commands of line {line} can't be moved")))?;
        folding.writers.push(step);
        if !state.alive && step <= folding.site.step {
            self.check_fresh(folding, step, actions)?;
        }
        let last = actions.iter().rposition(|action| matches!(action.act, FileAct::Writes { .. })).unwrap_or(0);
        let used_here = actions.iter().skip(last).any(|action| matches!(action.act, FileAct::Reads(_)));
        if reads(actions) && !used_here {
            return Err(Refused::because(format!("line {line} reads it before it writes it")));
        }
        let before = std::mem::replace(&mut state.alive, true);
        let target = actions.iter().rev().find_map(|action| match action.act {
            FileAct::Writes { target, .. } => {
                let view = found.run.shells.get(action.shell)?.view.as_ref()?;
                Some(slice(view.text(), target?).to_owned())
            }
            _ => None,
        });
        let places = folding.own.as_ref().map(|own| own.places.clone());
        if let Some(target) = places.or(target) {
            state.target = target;
        }
        if used_here {
            if before && !state.writing.is_empty() {
                folding.readers.push((step, state.clone()));
            }
            if !is_removed_at_end(actions) {
                folding.ends.push((step, state.target.clone()));
            }
        }
        state.since = step;
        let moved = match pieces(&found, actions) {
            Ok(moved) => moved,
            Err(Refused(why)) if used_here => {
                state.stuck = Some(format!("line {line} {why}"));
                return Ok(());
            }
            Err(Refused(why)) => return Err(Refused(format!("line {line} {why}"))),
        };
        state.writing.extend(moved.iter().map(|piece| piece.text.clone()));
        state.inputs.extend(moved.iter().flat_map(|piece| piece.inputs.clone()));
        if !used_here {
            folding.cuts.push((step, moved));
        }
        Ok(())
    }

    /// What is appended to a file that was there before can't be taken out again by removing the file.
    fn check_fresh(&self, folding: &Folding<'_, 'm>, step: usize, actions: &[FileAction]) -> Result<(), Refused> {
        let first = actions.iter().find_map(|action| match action.act {
            FileAct::Writes { appends, .. } => Some(appends),
            _ => None,
        });
        if first != Some(true) || folding.own.is_some() {
            return Ok(());
        }
        let home = is_at_home(folding.path);
        let copies = |(at, step): &(usize, &crate::model::Step)| {
            matches!(step.keyword, Keyword::Copy | Keyword::Add) && (!home || self.may_bring(*at, &folding.file))
        };
        let before = self.dockerfile.numbered_before(step);
        if before.iter().any(copies) {
            return Err(Refused::because("it is appended to a file that an earlier instruction may bring"));
        }
        let name = folding.file.file_name();
        let sets = |(_, step): &&(usize, &crate::model::Step)| {
            let run = step.run.as_deref();
            run.is_some_and(|run| run.commands().any(|command| keeps_settings_in(&effective_words(command), name)))
        };
        match before.iter().find(sets) {
            Some((at, _)) => {
                let line = self.dockerfile.line_of(*at);
                Err(Refused::because(format!("it is appended to a file that line {line} keeps settings in")))
            }
            None => Ok(()),
        }
    }

    /// Whether the COPY or ADD at `step` may put something in the place of `file`.
    fn may_bring(&self, step: usize, file: &ImagePath) -> bool {
        let words = self.dockerfile.steps[step].instruction.words();
        let target = words.last().and_then(|word| self.model.file_at(self.dockerfile, step, &word.value));
        target.is_none_or(|target| file.below(&target).is_some_and(|rest| rest.components().count() <= 1))
    }

    /// The commands of a RUN that have no object any more, because the file is gone.
    fn tidied(&self, step: usize, actions: &[FileAction]) -> Result<Vec<Cleanup>, Refused> {
        let tends =
            actions.iter().filter(|action| matches!(action.act, FileAct::Tends | FileAct::Removes)).collect::<Vec<_>>();
        let Some(run) = self.run(step) else { return Ok(Vec::new()) };
        let mut cleanups = Vec::new();
        for action in tends {
            let command = run.shells.get(action.shell).and_then(|shell| {
                let commands = shell.script.commands();
                commands.into_iter().map(|context| context.command).find(|command| command.range == action.command)
            });
            let Some(command) = command else { continue };
            let words: Vec<String> = command.words.iter().map(crate::syntax::shell::Word::lossy).collect();
            let forced =
                words.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('f'));
            if action.act == FileAct::Removes && forced {
                continue;
            }
            let taken_back = action.act == FileAct::Removes && tools::takes_back(&effective_words(command)).is_some();
            let operands = words.iter().skip(1).filter(|word| !word.starts_with('-')).count();
            let single = operands == 1 + usize::from(action.act == FileAct::Tends) || taken_back;
            if !single || action.optional {
                let line = self.dockerfile.line_of(step);
                return Err(Refused::because(format!("line {line} would miss it")));
            }
            let (shell, command) = (Some(action.shell), action.command);
            cleanups.push(Cleanup { step, shell, command, words: Vec::new(), whole: true, removes: true });
        }
        Ok(cleanups)
    }

    fn write_folding(&self, folding: Folding<'_, 'm>, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        self.check_container_needs(&folding, repairs)?;
        for (step, target) in &folding.ends {
            let undo = folding.own.as_ref().and_then(|own| own.undo.clone());
            let command = undo.unwrap_or_else(|| format!("rm -f {target}"));
            repairs.endings.insert(*step, self.removal(*step, target, &command)?);
        }
        let mounted = folding.site.path.as_deref().unwrap_or("\n");
        if folding.readers.iter().any(|(_, state)| state.writing.iter().any(|text| text.contains(mounted))) {
            return Err(Refused::because(format!("the commands that write it read `{mounted}`")));
        }
        let why = format!("reads `{}`, which an earlier RUN wrote", folding.path);
        for (step, state) in &folding.readers {
            for text in &state.writing {
                repairs.lead(*step, text.clone());
            }
            repairs.reader(*step, &folding.site.name, &why);
        }
        for (step, cut) in folding.cuts {
            let ranges = cut.iter().map(|piece| (step, 0, piece.range));
            repairs.settled.extend(ranges);
            let bodies = cut.iter().filter_map(|piece| piece.body).map(|body| (step, 0, body));
            repairs.settled.extend(bodies);
            let all: Vec<TextRange> = cut.iter().map(|piece| piece.range).collect();
            if self.is_all(step, &all) {
                repairs.removed.insert(step);
                continue;
            }
            let cleanup =
                |command| Cleanup { step, shell: Some(0), command, words: Vec::new(), whole: true, removes: false };
            repairs.cleanups.extend(all.into_iter().map(cleanup));
        }
        repairs.cleanups.extend(folding.tidied);
        repairs.folded.extend(folding.writers.into_iter().map(|step| (step, folding.file.clone())));
        Ok(())
    }

    /// A file that stays in the image may be meant for whoever works in the container.
    fn check_container_needs(&self, folding: &Folding<'_, 'm>, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        let step = folding.site.step;
        if !folding.stays || !self.is_shipped(step) {
            return Ok(());
        }
        let name = folding.file.file_name();
        let start = |keyword| matches!(keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck);
        let mut starts = self.dockerfile.steps.iter().filter(|step| start(step.keyword));
        if starts.any(|step| slice(self.dockerfile.source.text(), step.outer.text_range()).contains(name)) {
            return Err(Refused::because("the start command names it: it has to get it when it is started"));
        }
        let assumption = format!("the running container does not need `{name}` from the image");
        if !repairs.assumptions.contains(&assumption) {
            repairs.assumptions.push(assumption);
        }
        Ok(())
    }

    /// Whether the commands in `cut` are all that the RUN does.
    fn is_all(&self, step: usize, cut: &[TextRange]) -> bool {
        let Some(shell) = self.run(step).and_then(|run| run.shells.first()) else { return false };
        let inside = |at: TextRange| cut.iter().any(|range| range.contains_range(at));
        shell.script.commands().iter().all(|context| {
            inside(context.command.range) || matches!(context.command.name().as_deref(), Some("set" | ":" | "true"))
        })
    }

    /// The edit that makes `command` remove the file at `target` when the RUN has ended well.
    fn removal(&self, step: usize, target: &str, command: &str) -> Result<crate::source::Edit, Refused> {
        let line = self.dockerfile.line_of(step);
        let refuse =
            |why: &str| Refused::because(format!("nothing can be put behind the commands of line {line}: {why}"));
        let run = self.run(step).ok_or_else(|| refuse("they are not understood"))?;
        if !matches!(run.form, Form::Shell | Form::Body(None)) {
            return Err(refuse("they have a here-document"));
        }
        let shell = run.shells.first().ok_or_else(|| refuse("no shell runs them"))?;
        let view = shell.view.as_ref().ok_or_else(|| refuse("no shell runs them"))?;
        let leaves = |name: Option<String>| matches!(name.as_deref(), Some("exit" | "exec" | "return"));
        if shell.script.commands().iter().any(|context| leaves(context.command.name())) {
            return Err(refuse("one of them ends the shell"));
        }
        let relative = !target.trim_matches('"').starts_with(['/', '~', '$']);
        let moves = |name: Option<String>| matches!(name.as_deref(), Some("cd" | "pushd" | "popd"));
        if relative && run.commands().any(|command| moves(command.name())) {
            return Err(refuse("they change the folder"));
        }
        let at_home = target.trim_matches('"').starts_with(['~', '$']);
        if at_home && shell.script.assigns("HOME").iter().any(|assign| assign.kind != AssignKind::Command) {
            return Err(refuse("they change `HOME`"));
        }
        let heredoc =
            run.commands().any(|command| command.redirects.iter().any(|one| one.kind == RedirectKind::Heredoc));
        if heredoc {
            return Err(refuse("they have a here-document"));
        }
        let last = shell.script.items.last().ok_or_else(|| refuse("there are none"))?;
        if shell.script.items.iter().any(|item| matches!(item.operator, Some((Operator::Background, _)))) {
            return Err(refuse("one of them runs in the background"));
        }
        // `&&` also in the place of a `;` at the end, which would hide that the last command failed.
        let end = last.range.end();
        let to = last.operator.filter(|(operator, _)| *operator == Operator::Semicolon).map_or(end, |(_, at)| at.end());
        let text = format!(" && {command}");
        let edit = if end == to { view.insert(end, &text) } else { view.edit(TextRange::new(end, to), &text) };
        edit.map_err(|seam| refuse(&edit::Refusal::from(seam).to_string()))
    }
}

/// What a credential file of a build is, with the tools that read it by themselves. A source list of apt holds credentials only
/// where somebody writes them into it.
fn input_of(path: &str) -> Option<BuildInput> {
    match classify_file(path) {
        FileVerdict::BuildInput(input) => Some(input),
        _ if path.starts_with("/etc/apt/sources.list") => {
            Some(BuildInput::read_by("a source list of apt", &["apt-get"]))
        }
        _ => None,
    }
}

/// Whether the command keeps settings in the file of this name in the home directory.
fn keeps_settings_in(words: &[Option<String>], file: &str) -> bool {
    let words: Vec<&str> = words.iter().map(|word| word.as_deref().unwrap_or("$")).collect();
    let operands: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();
    match (file, operands.as_slice()) {
        (".gitconfig", ["git", "config", ..]) => words.contains(&"--global"),
        (".npmrc", ["npm" | "pnpm", "config" | "set", ..]) => true,
        ("pip.conf", [pip, "config", "set", ..]) => pip.starts_with("pip"),
        _ => false,
    }
}

pub(super) fn is_at_home(path: &str) -> bool {
    ["~/", "$HOME/", "/root/", "/home/"].iter().any(|home| path.starts_with(home))
}

fn writes(actions: &[FileAction]) -> bool {
    actions.iter().any(|action| matches!(action.act, FileAct::Writes { .. }))
}

fn reads(actions: &[FileAction]) -> bool {
    actions.iter().any(|action| matches!(action.act, FileAct::Reads(_)))
}

/// What happens until the file is removed for good.
fn up_to_removal(mut actions: Vec<FileAction>) -> Vec<FileAction> {
    let rewritten =
        actions.iter().rposition(|action| matches!(action.act, FileAct::Writes { .. })).map_or(0, |at| at + 1);
    let is_removal = |action: &FileAction| action.act == FileAct::Removes && !action.optional;
    if let Some(removed) = actions.iter().skip(rewritten).position(is_removal) {
        actions.truncate(rewritten + removed + 1);
    }
    actions
}

/// Whether a removal, which is always made, is the last thing that happens to the file.
fn is_removed_at_end(actions: &[FileAction]) -> bool {
    let mut behind = actions.iter().rev().filter(|action| action.act != FileAct::Tends);
    behind.next().is_some_and(|action| action.act == FileAct::Removes && !action.optional)
}
