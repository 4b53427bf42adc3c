//! What the commands of RUNs do with a file that a RUN wrote, command by command.

use crate::knowledge::files::BuildInput;
use crate::knowledge::tools;
use crate::source::TextRange;
use crate::syntax::shell::{Command, RedirectKind};

use super::file_commands::{Deed, Denotes, Scene};
use super::file_flow::{FileTracer, Sighting};
use super::reading::effective_words;
use super::{Dockerfile, Evidence, FileReaders, ImagePath, Model};

/// What a command does with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileAct {
    /// It writes it, wholly or in part.
    Writes {
        /// The path as the command names it, quotes included, in bytes of the shell text; `None` for a tool that knows
        /// the path by itself.
        target: Option<TextRange>,
        /// Whether what was there before stays: `>>`, `tee -a`, `sed -i`.
        appends: bool,
    },
    /// It changes its mode or owner.
    Tends,
    /// It removes it, alone or with the folder around it.
    Removes,
    /// It reads it, for this reason.
    Reads(Evidence),
    /// It copies it to another place.
    Copies,
}

/// A command and what it does with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAction {
    /// The shell text that the command stands in, an index into [`super::Run::shells`].
    pub shell: usize,
    /// The command, in bytes of that text.
    pub command: TextRange,
    /// Whether a successful run may leave it out.
    pub optional: bool,
    /// What it does.
    pub act: FileAct,
}

impl Model {
    /// The place of a file that a command of the RUN at `step` names `written`; `None` where that can't be told.
    #[must_use]
    pub fn file_at(&self, dockerfile: &Dockerfile, step: usize, written: &str) -> Option<ImagePath> {
        let tracer = FileTracer::new(self, dockerfile, FileReaders::of(None));
        let nowhere = ImagePath::from_root("/");
        tracer.scene(step, &nowhere, &|name| tracer.variable(step, name)).resolve(written)
    }

    /// What the commands of the RUN at `step` do with `file`, in order; `input` says which tools read such files by
    /// themselves. `None` for a RUN that is not understood, or that no shell runs.
    #[must_use]
    pub fn file_actions(
        &self,
        dockerfile: &Dockerfile,
        step: usize,
        file: &ImagePath,
        input: &BuildInput,
    ) -> Option<Vec<FileAction>> {
        let run = dockerfile.steps.get(step)?.run.as_deref()?;
        if !run.is_understood() || run.shells.is_empty() {
            return None;
        }
        let tracer = FileTracer::new(self, dockerfile, FileReaders::of(Some(input)));
        let variables = |name: &str| tracer.variable(step, name);
        let mut scene = tracer.scene(step, file, &variables);
        let mut actions = Vec::new();
        for (number, shell) in run.shells.iter().enumerate() {
            scene.text = shell.view.as_ref().map_or("", |view| view.text());
            // The text inside another shell stands in a command of the outer one, which is seen as well.
            for context in shell.script.commands() {
                if let Some(act) = act(&tracer, &scene, context.command) {
                    let (command, optional) = (context.command.range, context.optional);
                    actions.push(FileAction { shell: number, command, optional, act });
                }
                scene.follow(&context);
            }
        }
        Some(actions)
    }
}

fn act(tracer: &FileTracer<'_>, scene: &Scene<'_>, command: &Command) -> Option<FileAct> {
    if let Some((target, appends)) = written_by(scene, command) {
        return Some(FileAct::Writes { target: Some(target), appends });
    }
    let words = effective_words(command);
    let program = words.first().cloned().flatten().unwrap_or_default();
    if tools::takes_back(&words).is_some_and(|taken| scene.is_one_of(&taken.files)) {
        return Some(FileAct::Removes);
    }
    match scene.deed(command) {
        Deed::Tends { removes: true, .. } => Some(FileAct::Removes),
        Deed::Tends { .. } => Some(FileAct::Tends),
        Deed::Spreads(_) if matches!(program.as_str(), "sed" | "perl") => {
            let target = command.words.iter().rfind(|word| scene.denotes(word) == Denotes::File);
            Some(FileAct::Writes { target: target.map(|word| word.range), appends: true })
        }
        Deed::Spreads(_) | Deed::Moves { .. } if matches!(program.as_str(), "cp" | "mv" | "install") => {
            let last = command.words.last()?;
            match scene.denotes(last) {
                Denotes::File => Some(FileAct::Writes { target: Some(last.range), appends: false }),
                _ => Some(FileAct::Copies),
            }
        }
        Deed::Spreads(_) if scene.is_kept_by(&words) => Some(FileAct::Writes { target: None, appends: true }),
        Deed::Spreads(_) | Deed::Keeps(_) | Deed::Moves { .. } => Some(FileAct::Copies),
        Deed::Disturbs(..) => match program.as_str() {
            "rm" => Some(FileAct::Removes),
            "chmod" | "chown" | "chgrp" => None,
            _ => Some(FileAct::Copies),
        },
        Deed::Names => Some(FileAct::Reads(Evidence::Named)),
        Deed::Nothing => tracer.words_read(&words, &Sighting::of_written(scene.file), 0).map(FileAct::Reads),
    }
}

/// How a redirection or `tee` names the file that it writes, and whether it appends.
fn written_by(scene: &Scene<'_>, command: &Command) -> Option<(TextRange, bool)> {
    let is_file = |denotes| matches!(denotes, Denotes::File | Denotes::Unclear);
    let writes = |kind| matches!(kind, RedirectKind::Write | RedirectKind::Append | RedirectKind::ReadWrite);
    let mut redirects = command.redirects.iter().filter(|redirect| writes(redirect.kind));
    if let Some(redirect) = redirects.find(|redirect| is_file(scene.denotes(&redirect.target))) {
        return Some((redirect.target.range, redirect.kind == RedirectKind::Append));
    }
    if command.effective_name().as_deref() != Some("tee") {
        return None;
    }
    let appends = command.words.iter().any(|word| matches!(word.lossy().as_str(), "-a" | "--append"));
    let target = command.words.iter().skip(1).find(|word| is_file(scene.denotes(word)))?;
    Some((target.range, appends))
}
