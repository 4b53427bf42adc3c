//! What one RUN does with a file: which commands read it, tidy it away or put it elsewhere.

use crate::source::{TextRange, TextSize, size, slice};
use crate::syntax::shell::{Command, CommandContext, Item, Node, Operator, Script};

use super::ImagePath;
use super::file_commands::Deed;
use super::file_flow::{Cleanup, Conflict, FileTracer, FileUse, Move, Replacement, Sighting};
use super::reading::effective_words;
use super::run::{Form, Run};

/// The part of a RUN's shell text in which the file is at its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    from: TextSize,
    to: TextSize,
}

impl Window {
    /// Whether a command of the shell text `shell` runs in it. Where in the RUN the text of a nested shell runs is not asked.
    pub(super) fn holds(self, shell: usize, at: TextRange) -> bool {
        shell > 0 || (at.start() >= self.from && at.end() <= self.to)
    }

    fn text(self, run: &Run) -> &str {
        slice(&run.text, TextRange::new(self.from, self.to.max(self.from)))
    }
}

impl FileTracer<'_> {
    /// Notes what the RUN at `index` does with the file.
    pub(super) fn look_at_run(&mut self, index: usize, run: &Run, sighting: &Sighting) {
        let path = &sighting.path;
        let workdir = self.dockerfile.workdir_at(index, &self.given);
        if self.is_hidden(index, path, &workdir) {
            return;
        }
        let own = sighting.since.filter(|_| index == sighting.step);
        let mut window = Window { from: own.unwrap_or(size(0)), to: size(run.text.len()) };
        let named = match &run.form {
            Form::Exec(arguments) if run.shells.is_empty() => self.exec_deeds(index, arguments, &workdir, path),
            _ => Some(self.shell_deeds(index, run, &workdir, (path, &mut window))),
        };
        let Some(named) = named else { return };
        let Some(evidence) = self.evidence((index, run), sighting, named, window) else { return };
        let target = path.as_target(&workdir);
        let near = workdir.below(&path.parent()).is_some() || run.commands().any(starts_own_script);
        self.flow.uses.push(FileUse { step: index, target, evidence, near });
    }

    /// Whether another mount of the RUN lies over the file: a cache or an empty folder.
    fn is_hidden(&self, index: usize, path: &ImagePath, workdir: &ImagePath) -> bool {
        let flags = self.dockerfile.steps[index].instruction.flags();
        flags.iter().filter_map(|flag| flag.mount()).any(|mount| {
            let place = ["target", "dst", "destination"].iter().find_map(|key| mount.get(key));
            let empty = matches!(mount.kind.as_str(), "cache" | "tmpfs") && mount.get("from").is_none();
            empty && place.is_some_and(|place| path.below(&workdir.join(place)).is_some())
        })
    }

    /// A RUN in JSON form: it removes the file or sets its mode and does nothing else, which is `None`, or it is read as
    /// words. Returns whether it names the file.
    fn exec_deeds(
        &mut self,
        index: usize,
        arguments: &[String],
        workdir: &ImagePath,
        path: &ImagePath,
    ) -> Option<bool> {
        let is_file = |text: &String| path.below(&workdir.join(text)).is_some_and(|rest| rest.as_str().is_empty());
        let named = arguments.iter().any(|argument| mentions_file(argument, path.file_name()));
        let program = arguments.first().and_then(|program| program.rsplit('/').next()).unwrap_or("");
        let owns = matches!(program, "chmod" | "chown" | "chgrp");
        let operands = arguments.iter().skip(1).filter(|word| !word.starts_with('-')).skip(usize::from(owns));
        let operands: Vec<&String> = operands.collect();
        let tends = owns || matches!(program, "rm" | "unlink" | "shred");
        if tends && !operands.is_empty() && operands.iter().all(|operand| is_file(operand)) {
            let (shell, command, words) = (None, TextRange::default(), Vec::new());
            self.flow.cleanups.push(Cleanup { step: index, shell, command, words, whole: true, removes: !owns });
            return None;
        }
        let (kind, reason) = match program {
            _ if !named => return Some(false),
            _ if tends => ("not-separable", format!("`{program}` in JSON form has other files as well")),
            "cp" | "mv" | "ln" | "install" | "tee" | "dd" | "rsync" | "tar" | "zip" | "sed" => {
                ("file-changed", format!("`{program}` copies or writes `{}`", path.file_name()))
            }
            _ => return Some(true),
        };
        self.conflict(index, kind, reason, None, false);
        Some(named)
    }

    fn conflict(
        &mut self,
        step: usize,
        kind: &'static str,
        reason: String,
        instead: Option<Replacement>,
        mounted: bool,
    ) {
        self.flow.conflicts.push(Conflict { step, kind, reason, if_mounted: mounted, instead });
    }

    /// Notes what the commands do with the file while it is at its place, and narrows `window` to that. Returns whether one of
    /// them names it in another way than those that are dealt with.
    fn shell_deeds(
        &mut self,
        index: usize,
        run: &Run,
        workdir: &ImagePath,
        (path, window): (&ImagePath, &mut Window),
    ) -> bool {
        let (dockerfile, given) = (self.dockerfile, self.given.clone());
        let variables = |name: &str| dockerfile.variable_at(index, name, &given);
        let name = path.file_name();
        let mut scene = self.scene(index, path, &variables);
        let mut tidied = 0;
        'texts: for (number, shell) in run.shells.iter().enumerate() {
            // Where a `cd` went before, the text inside another shell may begin anywhere.
            scene.directory = scene.directory.filter(|directory| directory == workdir);
            scene.text = shell.view.as_ref().map_or("", |view| view.text());
            for context in shell.script.commands() {
                let command = context.command;
                if !window.holds(number, command.range) {
                    scene.follow(&context);
                    continue;
                }
                let mentioned = count_mentions(slice(scene.text, command.range), name);
                if self.readers.is_settled(index, number, command.range) {
                    tidied += mentioned;
                    continue;
                }
                if number == 0 && context.depth == 0 && scene.removes(command) {
                    self.flow.removed_in.insert(index);
                }
                match scene.deed(command) {
                    Deed::Tends { words, whole, removes } => {
                        tidied += mentioned;
                        let (shell, command) = (Some(number), command.range);
                        let removes = removes && !context.optional;
                        self.flow.cleanups.push(Cleanup { step: index, shell, command, words, whole, removes });
                    }
                    Deed::Moves { words, whole, to, keeps }
                        if shell.view.is_some() && self.is_followed(number, &context) =>
                    {
                        let (shell, range) = (Some(number), command.range);
                        self.flow.cleanups.push(Cleanup {
                            step: index,
                            shell,
                            command: range,
                            words,
                            whole,
                            removes: false,
                        });
                        self.flow.moves.push(Move { step: index, end: range.end(), to, keeps });
                        if !keeps {
                            window.to = range.start();
                            break 'texts;
                        }
                        tidied += mentioned;
                    }
                    Deed::Moves { .. } => {
                        let program = command.effective_name().unwrap_or_default();
                        self.conflict(
                            index,
                            "file-changed",
                            format!("`{program}` copies or writes `{name}`"),
                            None,
                            false,
                        );
                    }
                    Deed::Spreads(reason) => self.conflict(index, "file-changed", reason, None, false),
                    Deed::Disturbs(_, _) if is_tolerated(&shell.script, command.range) && !self.has_own_shell() => {}
                    Deed::Disturbs(reason, text) => {
                        let at = command.range;
                        let instead = text.map(|text| Replacement { shell: number, at, text, program: "find" });
                        self.conflict(index, "folder-changed", reason, instead, true);
                    }
                    Deed::Keeps(reason) => self.conflict(index, "writes-down", reason, None, true),
                    Deed::Names | Deed::Nothing => {}
                }
                tidied += scene.names_of_others(command);
                scene.follow(&context);
            }
        }
        count_mentions(window.text(run), name) > tidied
    }

    /// Whether a command that moves the file runs in every build, and where it stands in the text of the RUN itself.
    fn is_followed(&self, shell: usize, context: &CommandContext<'_>) -> bool {
        self.follows_moves && shell == 0 && context.depth == 0 && !context.optional && context.pipeline.is_none()
    }

    /// Whether the RUNs may be run by a shell with options of its own, such as `-e`.
    fn has_own_shell(&self) -> bool {
        self.dockerfile.steps.iter().any(|step| step.keyword == crate::syntax::dockerfile::Keyword::Shell)
    }
}

/// Whether a failure of the command at `at` stops nothing and is not the RUN's own: something else runs behind it whatever
/// becomes of it.
fn is_tolerated(script: &Script, at: TextRange) -> bool {
    let Some(index) = script.items.iter().position(|item| item.range == at) else { return false };
    let sets = |command: &Command| {
        let words = effective_words(command);
        let stops = |word: &String| (word.starts_with('-') && word.contains('e')) || word == "errexit";
        words.first().and_then(|word| word.as_deref()) == Some("set") && words.iter().skip(1).flatten().any(stops)
    };
    let stops = script.commands().iter().any(|context| sets(context.command));
    let next = script.items.get(index + 1);
    let passes = match script.items.get(index).and_then(|item| item.operator) {
        Some((Operator::Semicolon | Operator::Newline, _)) => next.is_some() && !stops,
        Some((Operator::Or, _)) => next.is_some_and(does_nothing),
        _ => false,
    };
    passes && !script.items.get(index).is_some_and(|item| item.negated)
}

fn does_nothing(item: &Item) -> bool {
    matches!(&item.node, Node::Command(command) if matches!(command.name().as_deref(), Some("true" | ":")))
}

/// Whether the command starts a program of the working directory; autoconf's script reads no credentials.
fn starts_own_script(command: &Command) -> bool {
    let program = effective_words(command).into_iter().next().flatten().unwrap_or_default();
    program.starts_with("./") && !matches!(program.as_str(), "./configure" | "./Configure" | "./config")
}

/// Whether a file of this name stands anywhere in `text`.
#[must_use]
pub fn mentions_file(text: &str, name: &str) -> bool {
    count_mentions(text, name) > 0
}

fn count_mentions(text: &str, name: &str) -> usize {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let whole = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before)).copied();
        let after = text.as_bytes().get(at + name.len()).copied();
        // `id_rsa.pub` is another file.
        let longer =
            after == Some(b'.') && text.as_bytes().get(at + name.len() + 1).is_some_and(u8::is_ascii_alphanumeric);
        !before.is_some_and(|byte| is_part(byte) || byte == b'.') && !after.is_some_and(is_part) && !longer
    };
    if name.is_empty() { 0 } else { text.match_indices(name).filter(|(at, _)| whole(*at)).count() }
}
