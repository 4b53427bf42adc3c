use crate::callers::PassedSecret;
use crate::codemods::prelude::labels_of_users;
use crate::model::{BoundBuild, Entry, Evidence, Rest, RestKind, Use};
use crate::plan::Label;
use crate::source::TextRange;

use super::Migration;

impl Migration<'_> {
    pub(super) fn label(&self, range: TextRange, text: impl Into<String>) -> Label {
        Label { file: self.dockerfile.path().to_owned(), range, text: text.into() }
    }

    /// The declaration that matters most: the ENV where there is one, else the first ARG inside a stage.
    pub(super) fn primary_label(&self, text: &str) -> Label {
        let flow = &self.secret.flow;
        let in_stage = flow.args.iter().find(|place| self.dockerfile.steps[place.step].stage.is_some());
        let relay = flow.relays.first().map(|relay| relay.place);
        let place = relay.or(flow.literals.first().copied()).or(in_stage.copied()).or(flow.args.first().copied());
        let range = place.and_then(|place| self.key_of(place)).or_else(|| self.first_rest());
        let range = range.unwrap_or_else(|| TextRange::empty(0.into()));
        self.label(range, text)
    }

    /// The first command that writes the value down, or its RUN.
    fn first_rest(&self) -> Option<TextRange> {
        let used = self.secret.uses.first()?;
        let writes = |used: &Use| {
            let rests = self.rests_of(self.run(used.step)?, &used.name);
            let written = |rest: &Rest| matches!(rest.kind, RestKind::File(_) | RestKind::Tool { .. });
            rests.into_iter().find(written)?.place
        };
        let keyword = self.dockerfile.steps[used.step].instruction.keyword_range();
        Some(self.secret.uses.iter().find_map(writes).unwrap_or(keyword))
    }

    pub(super) fn labels(&self) -> Vec<Label> {
        let flow = &self.secret.flow;
        let primary = self.primary_label("").range;
        let declared = flow.args.iter().chain(&flow.literals).filter_map(|place| self.key_of(*place));
        let declared = declared.filter(|at| *at != primary).map(|at| self.label(at, "declared here"));
        let relays = flow.relays.iter().filter_map(|relay| self.key_of(relay.place));
        let relays = relays.filter(|at| *at != primary).map(|at| self.label(at, "copied into the environment here"));
        let uses = self.secret.uses.iter().map(|used| self.use_label(used));
        let builds = self.bound.iter().flat_map(|bound| {
            let given = bound.build.arguments.iter().filter(|given| given.name == self.name());
            given.map(|given| Label {
                file: bound.build.file.clone(),
                range: given.range,
                text: format!("{} passes it as a build argument", bound.build.title),
            })
        });
        let fetched = self.fetched.iter().map(|one| {
            self.label(self.dockerfile.steps[one.step].instruction.keyword_range(), "fetches something with it")
        });
        let passed = self.passed_until_now().map(|(bound, passed)| Label {
            file: bound.build.file.clone(),
            range: passed.range,
            text: format!("{} passes a secret of this id, which nothing mounts until now", bound.build.title),
        });
        let handed_on = self.bound.iter().filter(|bound| bound.build.opaque.is_some());
        let runs = handed_on.flat_map(|bound| labels_of_users(self.model, bound.build));
        declared.chain(relays).chain(uses).chain(fetched).chain(builds).chain(passed).chain(runs).collect()
    }

    /// The secrets of the id that builds pass which don't pass the argument, where no RUN mounts the id yet: their value
    /// would reach RUNs that had none.
    pub(super) fn passed_until_now(&self) -> impl Iterator<Item = (&BoundBuild<'_>, &PassedSecret)> {
        let id = self.id();
        let comes_in = self.secret.entry == Entry::Argument && self.mounted.is_none() && !self.secret.uses.is_empty();
        let steps = 0..self.dockerfile.steps.len();
        let mounted = steps.flat_map(|step| self.dockerfile.secret_mounts(step)).any(|mount| mount.id == id);
        let others = self.without_argument().filter(move |_| comes_in && !mounted);
        others.flat_map(move |bound| {
            let id = id.clone();
            bound.build.secrets.iter().filter(move |passed| passed.id == id).map(move |passed| (bound, passed))
        })
    }

    fn key_of(&self, place: crate::model::PairPlace) -> Option<TextRange> {
        Some(self.dockerfile.steps[place.step].pairs.get(place.pair).cloned()?.key_range)
    }

    fn use_label(&self, used: &Use) -> Label {
        let instruction = &self.dockerfile.steps[used.step].instruction;
        let named = (used.evidence == Evidence::Named).then(|| self.first_mention(used)).flatten();
        let place = named.unwrap_or_else(|| instruction.keyword_range());
        self.label(place, used.evidence.describe(&used.name))
    }

    fn first_mention(&self, used: &Use) -> Option<TextRange> {
        let shell = self.run(used.step)?.shells.first()?;
        let found = shell.script.uses(&used.name).first()?.range;
        shell.view.as_ref()?.host_range(found)
    }
}
