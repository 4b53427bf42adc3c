//! What outlives a migration for a while or on request: the build argument beside its mount, an argument for the cache.

use crate::config::Date;
use crate::knowledge::reruns::depends_on_its_run;
use crate::model::{Entry, effective_words};
use crate::plan::Change;

use super::Migration;

impl<'m> Migration<'m> {
    /// The day until which the argument has to stay.
    pub(super) fn kept_until(&self) -> Option<Date> {
        let until = self.model.settings(self.dockerfile).keep_arg_fallback?;
        let is_new = self.dockerfile.fallback_of(&self.secret).is_none();
        let enters = self.secret.entry == Entry::Argument && !self.secret.uses.is_empty();
        (is_new && enters && !self.is_ssh_key()).then_some(until)
    }

    /// Whether the RUNs have to go on without a secret. `env=` sets the variable where there is none, too, and would hide the
    /// argument (experiment, Engine 28.5): a file does not.
    pub(super) fn has_fallback(&self) -> bool {
        self.kept_until().is_some() || self.dockerfile.fallback_of(&self.secret).is_some()
    }

    /// Leaves the declaration where it is, with a word on how long.
    pub(super) fn keep_argument(&self, change: &mut Change<'m>, until: Date) {
        let flow = &self.secret.flow;
        let relays = flow.relays.iter().map(|relay| relay.place);
        flow.literals.iter().copied().chain(relays).for_each(|at| change.remove_pair(at));
        if let Some(first) = flow.args.first() {
            change.keep_until(first.step, self.name(), until);
        }
        change.notes.push(format!(
            "builds that still pass `{}` as an argument keep it in the history of their images, until it goes (`fallback-expired`)",
            self.name()
        ));
    }

    /// A changed argument ran everything behind it again, a changed secret does not (experiment, Engine 28.5).
    pub(super) fn key_cache(&self, change: &mut Change<'m>) {
        if self.secret.entry != Entry::Argument || self.mounted.is_some() {
            return;
        }
        let wanted = self.model.settings(self.dockerfile).cache_key;
        let mut stages = Vec::new();
        for used in &self.secret.uses {
            let step = &self.dockerfile.steps[used.step];
            if wanted && !step.onbuild && !stages.contains(&step.stage) {
                stages.push(step.stage);
                change.declare_cache_key(used.step);
            }
            let Some(why) = self.reruns(used.step).filter(|_| !wanted) else { continue };
            let (line, name) = (self.dockerfile.line_of(used.step), self.name());
            let note = format!(
                "the RUN in line {line} {why}, and another value of `{name}` no longer makes it run again: a secret is no part of the cache key (`--cache-key` adds an argument that is)"
            );
            if !change.notes.contains(&note) {
                change.notes.push(note);
            }
        }
    }

    fn reruns(&self, step: usize) -> Option<&'static str> {
        let run = self.run(step)?;
        run.commands()
            .find_map(|command| depends_on_its_run(&effective_words(command).into_iter().flatten().collect::<Vec<_>>()))
    }
}
