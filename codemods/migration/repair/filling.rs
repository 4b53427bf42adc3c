//! Whether the value is there where a repaired command uses it.
//!
//! `T=$(cat file) git clone "https://$T@host"` gives git a variable and an URL without it: the shell expands the words of a
//! command before it makes the assignments in front of it (POSIX.1-2024, XCU 2.9.1.1; experiment: dash, bash, busybox). The
//! mount fills the variable instead, and the assignment goes.

use crate::source::TextRange;
use crate::syntax::shell::{Assignment, Command};

use super::super::Migration;
use super::site::Site;
use super::{Refused, Repairs};

impl<'m> Migration<'m> {
    /// Has the mount fill the variable where no command in front of the repaired one does.
    pub(super) fn fill(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        let mounts = self.dockerfile.secret_mounts(site.step);
        let mount = self.mounted.as_ref().and_then(|mounted| mounts.iter().find(|mount| mount.id == mounted.id));
        let Some(path) = mount.filter(|mount| mount.variable.is_none()).and_then(|mount| mount.path.as_deref()) else {
            return Ok(());
        };
        if site.path.is_some() || site.index > 0 || is_set_before(site) {
            return Ok(());
        }
        let gone = repairs.unfilled.entry(site.step).or_default();
        let Some(own) = own_assignment(site) else { return Ok(()) };
        *gone += site.raw(own.range).matches(path).count();
        let is_replaced = repairs.kept.last().is_some_and(|kept| kept.site.command().range == site.command().range);
        if !is_replaced {
            let edit = site.replace(up_to_next_word(site.command(), own), "")?;
            repairs.edit(site.step, [edit]);
        }
        let line = self.dockerfile.line_of(site.step);
        let name = &site.name;
        repairs.assumptions.push(format!(
            "the command of line {line} should have the value: `{name}=…` in front of it does not put it into its words"
        ));
        Ok(())
    }
}

/// Whether a command in front of it sets the variable for those behind it.
fn is_set_before(site: &Site<'_>) -> bool {
    let name = format!("{}=", site.name);
    let sets = |command: &Command| {
        let assigns = command.words.is_empty() && command.assignments.iter().any(|one| one.name == site.name);
        let declares = matches!(command.name().as_deref(), Some("export" | "local" | "readonly" | "declare" | "read"));
        assigns
            || (declares
                && command.words.iter().any(|word| word.lossy().starts_with(&name) || word.lossy() == site.name))
    };
    let start = site.command().range.start();
    let commands = site.shell.script.commands().into_iter();
    commands.map(|context| context.command).any(|command| command.range.end() <= start && sets(command))
}

/// The assignment of the variable in front of the command.
fn own_assignment<'m>(site: &Site<'m>) -> Option<&'m Assignment> {
    site.command().assignments.iter().find(|one| one.name == site.name)
}

/// The assignment and the blanks behind it.
fn up_to_next_word(command: &Command, own: &Assignment) -> TextRange {
    let words = command.words.iter().map(|word| word.range.start());
    let starts = words.chain(command.assignments.iter().map(|one| one.range.start()));
    let next = starts.filter(|start| *start >= own.range.end()).min();
    TextRange::new(own.range.start(), next.unwrap_or(own.range.end()))
}
