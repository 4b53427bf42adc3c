//! Names that stand in a RUN as text that nothing reads there: `sed -i 's/x/$TOKEN/' start.sh`.

use crate::knowledge::files::{FileVerdict, classify_file};
use crate::source::{TextRange, size};
use crate::syntax::shell::{Command, CompoundKind, Item, Node, PartKind, Quote, Redirect, RedirectKind, Word};

use super::run::{Run, mention_offsets};

/// Programs that copy, print or search the texts that they are given and expand nothing in them (POSIX utilities; tee(1);
/// debconf-set-selections(1)).
const COPYING: [&str; 9] = ["echo", "printf", "sed", "grep", "egrep", "fgrep", "cat", "tee", "debconf-set-selections"];

/// Whether `name` stands in `run` where something may read it.
pub(super) fn is_named(run: &Run, name: &str) -> bool {
    let mut finder = Finder { text: &run.text, found: Vec::new() };
    if let Some(shell) = run.shells.first().filter(|shell| shell.script.clean && shell.view.is_some()) {
        finder.items(&shell.script.items);
        let commands = shell.script.commands().into_iter();
        finder.found.extend(commands.flat_map(|context| &context.command.words).filter_map(option));
    }
    mention_offsets(&run.text, name).any(|at| !finder.found.iter().any(|range| range.contains(size(at))))
}

/// Collects texts that nothing expands.
struct Finder<'r> {
    text: &'r str,
    found: Vec<TextRange>,
}

impl Finder<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match &item.node {
                Node::Command(command) if self.copies(command) => self.found.extend(texts(command)),
                Node::Command(_) => {}
                Node::Pipeline(members) => {
                    // What goes to another command may be run by it: `echo '$TOKEN' | sh`.
                    let copies = |item: &Item| matches!(&item.node, Node::Command(command) if self.copies(command));
                    let first = members.iter().skip(1).rposition(|member| !copies(member)).map_or(0, |at| at + 1);
                    self.items(&members[first..]);
                }
                Node::Compound(compound)
                    if compound.kind != CompoundKind::Function
                        && !compound.redirects.iter().any(|one| self.is_read(one)) =>
                {
                    compound.bodies.iter().for_each(|body| self.items(&body.items));
                }
                Node::Compound(_) => {}
            }
        }
    }

    /// Whether the command hands its texts on as they are, and not to a file that is read again.
    fn copies(&self, command: &Command) -> bool {
        let program = command.effective_name();
        let copies = program.is_some_and(|program| COPYING.contains(&program.as_str()));
        let assigns = || command.words.iter().any(|word| word.lossy() == "-v");
        let read = || command.words.iter().skip(1).any(|word| self.is_read_again(&word.lossy()));
        copies && !assigns() && !read() && !command.redirects.iter().any(|redirect| self.is_read(redirect))
    }

    fn is_read(&self, redirect: &Redirect) -> bool {
        matches!(redirect.kind, RedirectKind::Write | RedirectKind::Append)
            && self.is_read_again(&redirect.target.lossy())
    }

    /// Whether a tool that expands variables reads the file, such as npm its settings, or another command names it.
    fn is_read_again(&self, path: &str) -> bool {
        let file = path.rsplit('/').next().unwrap_or(path);
        let is_path = path.contains(['/', '.']) && !path.contains(char::is_whitespace) && !path.starts_with("/dev/");
        matches!(classify_file(path), FileVerdict::BuildInput(_))
            || (is_path && !file.is_empty() && self.text.matches(file).count() > 1)
    }
}

/// The name of a long option, which is none of a variable: `--disabled-password`, `--password` of `--password=$password`
/// (getopt_long(3)).
fn option(word: &Word) -> Option<TextRange> {
    let part = word.parts.first().filter(|part| part.quote == Quote::None)?;
    let PartKind::Text(text) = &part.kind else { return None };
    let name = text.split('=').next().filter(|name| name.starts_with("--"))?;
    Some(TextRange::at(part.range.start(), size(name.len())))
}

fn texts(command: &Command) -> impl Iterator<Item = TextRange> {
    let bodies = command.redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
    let parts = command.words.iter().chain(bodies).flat_map(|word: &Word| &word.parts);
    parts.filter(|part| matches!(part.kind, PartKind::Text(_))).map(|part| part.range)
}
