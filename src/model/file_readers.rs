//! What is known beforehand about the commands that may read a file.

use std::collections::BTreeMap;

use crate::knowledge::files::BuildInput;
use crate::source::TextRange;
use crate::syntax::shell::Command;

use super::Run;

/// Commands that are dealt with and no use of the file: by step, the index of their shell text and their range in it.
pub type Settled = BTreeMap<usize, Vec<(usize, TextRange)>>;

/// Who reads a file.
#[derive(Debug, Clone, Copy)]
pub struct FileReaders<'t> {
    /// What it is, with the tools that read it by themselves; `None` where no tool does.
    pub input: Option<&'t BuildInput>,
    /// Commands that don't count.
    pub settled: &'t Settled,
}

impl<'t> FileReaders<'t> {
    /// Those of a file that the table lists as `input`, with every command counting.
    #[must_use]
    pub fn of(input: Option<&'t BuildInput>) -> Self {
        static NOTHING: Settled = Settled::new();
        Self { input, settled: &NOTHING }
    }

    /// Whether they read it only to contact a server, as they do a key.
    pub(super) fn over_network(&self) -> bool {
        self.input.is_some_and(|input| input.ssh)
    }

    /// Whether the command at `at` in the shell text `shell` of the RUN at `step` doesn't count.
    #[must_use]
    pub fn is_settled(&self, step: usize, shell: usize, at: TextRange) -> bool {
        let ranges = self.settled.get(&step).into_iter().flatten();
        ranges.into_iter().any(|(of, range)| *of == shell && range.contains_range(at))
    }

    /// The commands of a RUN that count, of those for which `holds`.
    pub(super) fn open_commands<'r>(
        &self,
        step: usize,
        run: &'r Run,
        holds: impl Fn(usize, TextRange) -> bool,
    ) -> impl Iterator<Item = &'r Command> {
        let open = move |(number, command): &(usize, &Command)| {
            holds(*number, command.range) && !self.is_settled(step, *number, command.range)
        };
        let shells = run.shells.iter().enumerate();
        let commands = shells.flat_map(|(number, shell)| {
            shell.script.commands().into_iter().map(move |context| (number, context.command))
        });
        commands.filter(open).map(|(_, command)| command)
    }
}
