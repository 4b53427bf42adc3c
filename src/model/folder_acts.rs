//! Which commands need a folder of the image, and which make it.

use crate::source::TextRange;
use crate::syntax::shell::{Command, Word};

use super::file_commands::Scene;
use super::file_flow::FileTracer;
use super::{Dockerfile, FileReaders, ImagePath, Model};

/// A command that names a folder, or something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderCommand {
    /// The shell text that it stands in, an index into [`super::Run::shells`].
    pub shell: usize,
    /// The command, in bytes of that text.
    pub command: TextRange,
    /// Its name, without what runs it, in bytes of that text.
    pub name: TextRange,
    /// What it has to do with the folder.
    pub act: FolderAct,
}

/// What a command has to do with a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderAct {
    /// It makes it, and fails where it is there already (`mkdir` without `-p`).
    MakesAnew,
    /// It makes it unless it is there.
    Makes,
    /// It does its work with or without it: `rm -rf`, `test -d`.
    Asks,
    /// It fails without it.
    Needs,
}

impl Model {
    /// The commands of the RUN at `step` that name `folder` or something in it, in order.
    #[must_use]
    pub fn folder_commands(&self, dockerfile: &Dockerfile, step: usize, folder: &ImagePath) -> Vec<FolderCommand> {
        let Some(run) = dockerfile.steps.get(step).and_then(|step| step.run.as_deref()) else { return Vec::new() };
        let tracer = FileTracer::new(self, dockerfile, FileReaders::of(None));
        let variables = |name: &str| tracer.variable(step, name);
        let mut scene = tracer.scene(step, folder, &variables);
        let mut found = Vec::new();
        for (number, shell) in run.shells.iter().enumerate() {
            for context in shell.script.commands() {
                if let Some(act) = act(&scene, context.command) {
                    let command = context.command;
                    let name = command.words.get(command.effective().index).map_or(command.range, |word| word.range);
                    found.push(FolderCommand { shell: number, command: command.range, name, act });
                }
                scene.follow(&context);
            }
        }
        found
    }
}

fn act(scene: &Scene<'_>, command: &Command) -> Option<FolderAct> {
    let folder = scene.file;
    let place = |word: &Word| scene.resolve(&word.lossy());
    let within = |word: &Word| place(word).is_some_and(|path| path.below(folder).is_some());
    let whole = |word: &Word| place(word).as_ref() == Some(folder);
    let words = || command.words.iter().skip(1).filter(|word| !word.lossy().starts_with('-'));
    let written = command.redirects.iter().any(|redirect| within(&redirect.target));
    if !written && !words().any(within) {
        return None;
    }
    let flags: Vec<String> = command.words.iter().map(Word::lossy).filter(|word| word.starts_with('-')).collect();
    let has = |letter: char, long: &str| {
        flags.iter().any(|flag| flag == long || (!flag.starts_with("--") && flag.contains(letter)))
    };
    let program = command.effective_name().unwrap_or_default();
    Some(match program.rsplit('/').next().unwrap_or("") {
        _ if written => FolderAct::Needs,
        "mkdir" if has('p', "--parents") => FolderAct::Makes,
        "mkdir" if words().any(whole) => FolderAct::MakesAnew,
        "install" if has('d', "--directory") || has('D', "-D") => FolderAct::Makes,
        "git" if words().any(|word| word.lossy() == "clone") && words().next_back().is_some_and(whole) => {
            FolderAct::Makes
        }
        "rm" if has('f', "--force") => FolderAct::Asks,
        "test" | "[" | "echo" | "printf" | "export" => FolderAct::Asks,
        _ => FolderAct::Needs,
    })
}
