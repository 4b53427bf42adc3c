//! Handing a file to a build: the part of [`Change`] that moves copied files to mounts.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::callers::{self, Dockerfiles, Offer};
use crate::knowledge::files::ModeCheck;
use crate::model::{Binding, BoundBuild, Cleanup, CopySource, Replacement};
use crate::source::{Edit, Source, TextRange, size, slice};
use crate::syntax::dockerfile::edit::WIDEST;

use super::change::one_of_several;
use super::{Change, FollowUp, Label, Mount, Obstacle, StepChange};

/// How a RUN gets a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileMount {
    /// As a secret at the place where the file was: `--mount=type=secret,id=ID,target=PATH`.
    Secret {
        /// The secret's id.
        id: String,
        /// The path in the image.
        target: String,
        /// What its reader demands of its mode.
        check: ModeCheck,
    },
    /// As an ssh agent that has the key: `--mount=type=ssh`.
    Agent,
}

impl Change<'_> {
    /// Takes one source out of a `COPY`, with the instruction if it is the only one.
    pub fn remove_source(&mut self, source: CopySource) {
        self.draft.sources.entry(source.step).or_default().insert(source.word);
    }

    /// Takes a command out of its RUN that has no object any more.
    pub fn clean_up(&mut self, cleanup: Cleanup) {
        self.draft.cleanups.entry(cleanup.step).or_default().push(cleanup);
    }

    /// Puts another command, or a part of one, in the place of one that the RUN at `step` has.
    pub fn reword(&mut self, step: usize, replacement: Replacement) {
        self.draft.rewordings.entry(step).or_default().push(replacement);
    }

    /// Puts a RUN of `command` in the place of the instruction at `step`.
    pub fn replace_with_run(&mut self, step: usize, command: &str) {
        let keyword = self.dockerfile.steps[step].instruction.keyword_range();
        let lower = slice(self.dockerfile.source.text(), keyword).chars().all(|letter| letter.is_ascii_lowercase());
        let word = if lower { "run" } else { "RUN" };
        self.draft.replaced.insert(step, format!("{word} {command}"));
    }

    /// Puts a RUN that has the mount in the place of the instruction at `step`. Each of the commands runs if those before it
    /// succeeded.
    pub fn fetch(&mut self, step: usize, mount: &Mount, commands: &[String]) {
        let flag = self.flag(mount, self.dockerfile.surely_runs_as_root(step));
        let first = mount.command().map(|first| format!("{first}; ")).unwrap_or_default();
        let line = format!("{flag} {first}{}", commands.join(" && "));
        if line.len() + "RUN ".len() <= WIDEST {
            return self.replace_with_run(step, &line);
        }
        let newline = self.dockerfile.source.style().newline.as_str();
        let line_break = format!(" {}{newline}    ", self.dockerfile.steps[step].instruction.escape());
        let lines = commands.join(&format!("{line_break}&& "));
        let first = mount.command().map(|first| format!("{first};{line_break}")).unwrap_or_default();
        self.replace_with_run(step, &format!("{flag}{line_break}{first}{lines}"));
    }

    /// Gives a source of a COPY or ADD another name.
    pub fn rename_source(&mut self, step: usize, word: usize, name: &str) {
        let words = self.dockerfile.steps[step].instruction.words();
        if let Some(word) = words.get(word) {
            self.steps.insert(step, StepChange::Rewritten);
            self.push([Edit::replace(word.range, name)]);
        }
    }

    /// Puts `command` in front of what the RUN at `step` runs; the rest runs if it succeeds.
    pub fn run_first(&mut self, step: usize, command: &str) {
        self.draft.preludes.insert(step, format!("{command} && "));
    }

    /// Mounts a file, or the agent, in the RUN at `step`. Facts about modes: a secret belongs to root with mode 0400, an
    /// agent's socket with 0600; `uid` takes numbers only (BuildKit `dockerfile2llb/convert_secrets.go`, experiment).
    pub fn mount_file(&mut self, step: usize, mount: &FileMount) {
        let user = self.dockerfile.user_at(step).unwrap_or_default();
        let user = user.split(':').next().unwrap_or("").to_owned();
        let numeric = !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_digit());
        let as_root = self.dockerfile.surely_runs_as_root(step) && !self.changes_user(step);
        let access = |open: &str| match (as_root, numeric) {
            (true, _) => String::new(),
            (false, true) if user != "0" => format!(",uid={user}"),
            (false, _) => format!(",mode={open}"),
        };
        let flag = match mount {
            FileMount::Agent => format!("--mount=type=ssh{}", access("0666")),
            FileMount::Secret { id, target, check } => {
                let said = match (check, as_root, numeric) {
                    (ModeCheck::None, _, _) | (_, true, _) | (_, _, true) => access("0444"),
                    (check, false, false) => self.checked_access(step, target, *check).to_owned(),
                };
                format!("--mount=type=secret,id={id},target={target}{said}")
            }
        };
        let flags = self.draft.flags.entry(step).or_default();
        if !flags.contains(&flag) {
            flags.push(flag);
        }
    }

    /// What a mount says of its mode where the reader refuses a file that others may read, and is no account that is known by
    /// its number or as root. A file that only root could read, because it is in `/root`, is read by root.
    fn checked_access(&mut self, step: usize, target: &str, check: ModeCheck) -> &'static str {
        const OPEN: &str = ",mode=0444";
        const CLOSED: &str = "";
        if target.starts_with("/root/") {
            return CLOSED;
        }
        let line = self.dockerfile.line_of(step);
        let is_other = self.dockerfile.user_at(step).is_some() && !self.dockerfile.runs_as_root(step);
        let is_switched = self.changes_user(step);
        let in_home = target.contains("/.ssh/");
        match (check, is_other && !is_switched) {
            (ModeCheck::Always, true) => {
                let label =
                    self.place(self.dockerfile.steps[step].instruction.keyword_range(), "its user is no number");
                let reason = format!(
                    "`{target}` is ignored where others may read it, and a secret can only be given to a user by number"
                );
                self.obstruct("not-readable", reason, label);
                CLOSED
            }
            (_, true) => OPEN,
            (ModeCheck::OfOwner, false) if in_home => {
                if !target.starts_with("/home/") {
                    self.assume(format!("what reads `{target}` in line {line} does not run as root"));
                }
                OPEN
            }
            _ => {
                self.assume(format!("what reads `{target}` in line {line} runs as root"));
                CLOSED
            }
        }
    }

    /// Gives the flag at `index` of the RUN at `step` another text; without a text it goes.
    pub fn change_flag(&mut self, step: usize, index: usize, text: impl Into<String>) {
        self.draft.changed_flags.entry(step).or_default().insert(index, text.into());
    }

    /// Whether commands of the RUN run as another user than the RUN itself.
    fn changes_user(&self, step: usize) -> bool {
        let run = self.dockerfile.steps[step].run.as_ref();
        let switches = ["su", "gosu", "su-exec", "runuser", "setpriv", "chroot", "sudo", "doas", "setuidgid"];
        run.is_some_and(|run| {
            // The wrappers in front of a command and the command itself: `apt-get install sudo` changes no user.
            let mut starts =
                run.commands().flat_map(|command| command.words.iter().take(command.effective().index + 1));
            starts.any(|word| word.literal().is_some_and(|text| switches.contains(&text.as_str())))
        })
    }

    /// Says to whoever knows of builds in other repositories what those have to hand over.
    pub fn offer_elsewhere(&mut self, offer: Offer) {
        self.asked_offers.push(offer);
    }

    /// Makes a build hand over a file, a variable or the agent.
    pub fn offer(&mut self, bound: BoundBuild<'_>, offer: Offer) {
        let build = bound.build;
        let text = format!("{} builds it", build.title);
        let place = Label { file: build.file.clone(), range: build.range, text };
        let path = self.dockerfile.path().to_owned();
        match bound.binding {
            Binding::OneOfSeveral => {
                let reason = one_of_several(build);
                self.obstruct("shared-build", reason, Some(place));
                return;
            }
            Binding::OnlyCandidate if matches!(build.dockerfiles, Dockerfiles::Unknown(_)) => {
                self.assume(format!("the build in `{}` is of `{path}`", build.file));
            }
            Binding::OnlyCandidate | Binding::Named => {}
        }
        if let Offer::Variable { id, name } = &offer
            && let Some(text) = callers::to_provide(build, id, name)
        {
            self.follow_up(FollowUp::Provide(text));
        }
        let key = (build.file.clone(), build.index);
        self.units.insert(key.clone());
        self.offers.entry(key).or_default().push(offer);
    }

    /// Makes sure that no `COPY` of a folder takes `path`, a file of the context: a line at the end of the ignore file,
    /// which is made if it is not there. The last line that matches decides (docs.docker.com/build/concepts/context).
    pub fn ignore(&mut self, file: &Utf8Path, path: &Utf8Path) {
        let last = self.model.repository.source(file).and_then(|source| source.text().lines().last());
        if last.is_none_or(|line| line.trim() != path.as_str()) {
            self.append(file, path.as_str());
        }
    }

    /// Puts a line at the end of `file`, which is made if it is not there.
    pub(super) fn append(&mut self, file: &Utf8Path, line: &str) {
        let fresh = Source::new(file.to_owned(), Vec::new());
        let source = self.model.repository.source(file).unwrap_or(&fresh);
        let text = source.text();
        let style = if text.is_empty() { &self.dockerfile.source } else { source };
        let newline = style.style().newline.as_str();
        let line = match text.is_empty() || text.ends_with('\n') {
            true => format!("{line}{newline}"),
            false => format!("{newline}{line}"),
        };
        let edits = self.edits.entry(file.to_owned()).or_default();
        let edit = Edit::insert(size(text.len()), line);
        if !edits.contains(&edit) {
            edits.push(edit);
        }
        self.units.insert((file.to_owned(), 0));
    }

    /// The same for this Dockerfile alone, where others need the file from the same context: its own ignore file `own` is
    /// made from the `shared` one and wins over it.
    pub fn ignore_apart(&mut self, own: &Utf8Path, shared: &Utf8Path, path: &Utf8Path) {
        let source = self.model.repository.source(shared);
        let style = source.unwrap_or(&self.dockerfile.source).style();
        let newline = style.newline.as_str();
        let rules = source.map_or("", Source::text);
        let end = if rules.is_empty() || rules.ends_with('\n') { "" } else { newline };
        let text = format!("{rules}{end}{path}{newline}");
        self.edits.entry(own.to_owned()).or_default().push(Edit::insert(size(0), text));
        self.units.insert((own.to_owned(), 0));
        self.notes.push(format!("`{own}` takes the place of `{shared}` in builds of `{}`", self.dockerfile.path()));
    }

    pub(super) fn write_draft(&mut self) {
        if self.draft.is_empty() {
            return;
        }
        match std::mem::take(&mut self.draft).edits(self.dockerfile) {
            Ok((edits, steps)) => {
                self.push(edits);
                self.steps.extend(steps);
            }
            Err(stuck) => {
                let range = self.dockerfile.steps.get(stuck.step).map(|step| step.outer.text_range());
                let label = self.place(range.unwrap_or(TextRange::empty(size(0))), "this can't be edited");
                self.obstruct("not-separable", stuck.reason, label);
            }
        }
    }

    pub(super) fn write_offers(&mut self) {
        let mut by_file: BTreeMap<Utf8PathBuf, Vec<(usize, Vec<Offer>)>> = BTreeMap::new();
        for ((file, index), offers) in std::mem::take(&mut self.offers) {
            by_file.entry(file).or_default().push((index, offers));
        }
        for (file, offers) in by_file {
            match callers::offer_all(&self.model.repository, &file, &offers) {
                Ok(rewrite) => {
                    self.edits.entry(file).or_default().extend(rewrite.edits);
                    rewrite.assumptions.into_iter().for_each(|assumption| self.assume(assumption));
                    self.notes.extend(rewrite.notes);
                }
                Err((index, refusal)) => {
                    let build = self.model.builds_of_file(&file).find(|build| build.index == index);
                    let title = build.map_or("a build", |build| build.title.as_str());
                    let place = Some(Label { file, range: refusal.range, text: format!("{title} is here") });
                    let (reason, instead) = (refusal.reason, refusal.instead);
                    self.obstacles.push(Obstacle { kind: "opaque-caller", reason, place, instead });
                }
            }
        }
    }
}
