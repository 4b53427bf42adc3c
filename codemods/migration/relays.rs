//! Variables that are made of the secret and something else: the builder put them together once, in its own language, and the
//! RUN's shell does it again.

use std::collections::BTreeSet;

use crate::knowledge::values::whole_variable;
use crate::model::{Relay, Step, Use};
use crate::plan::Change;

use super::Migration;

impl<'m> Migration<'m> {
    /// Makes the fix Manual where the shell of a RUN would put together another text than the builder did.
    pub(super) fn check_relays(&self, change: &mut Change<'m>) {
        for used in &self.secret.uses {
            let relay = self.secret.flow.relays.iter().find(|relay| relay.name == used.name && !relay.exact);
            let Some((relay, reason)) = relay.and_then(|relay| Some((relay, self.differs(relay, used)?))) else {
                continue;
            };
            let keyword = self.dockerfile.steps[relay.place.step].instruction.keyword_range();
            change.obstruct("derived-value", reason, change.place(keyword, "put together here"));
        }
    }

    /// How the text of `relay` differs in the RUN of `used`, as a reason.
    fn differs(&self, relay: &Relay, used: &Use) -> Option<String> {
        let step = &self.dockerfile.steps[relay.place.step];
        let value = step.pairs.get(relay.place.pair)?.value.as_ref()?;
        if value.value.matches('$').count() != value.variables.len() {
            return Some(format!("the value of `{}` has a `$` that the shell would not leave alone", relay.name));
        }
        let sets = |step: &Step, name: &str| step.pairs.iter().any(|pair| pair.key == name);
        let place = |step: &Step| step.instruction.text_range().start();
        let known: BTreeSet<_> = self.dockerfile.steps_before(relay.place.step).map(place).collect();
        let set_before = |name: &str| self.dockerfile.steps_before(relay.place.step).any(|step| sets(step, name));
        let set_again = |name: &str| {
            let mut seen = self.dockerfile.steps_before(used.step).filter(|step| !known.contains(&place(step)));
            seen.any(|step| sets(step, name))
        };
        let own = |name: &str| name == self.name() || self.secret.flow.relays.iter().any(|relay| relay.name == name);
        let others = value.variables.iter().map(|variable| variable.name.as_str()).filter(|name| !own(name));
        for name in others {
            if !set_before(name) {
                return Some(format!(
                    "`{name}`, which `{}` is made of, is not set there, and may be in a RUN: write its value out",
                    relay.name
                ));
            }
            if set_again(name) {
                return Some(format!(
                    "`{name}`, which `{}` is made of, is set again before the RUN in line {}",
                    relay.name,
                    self.dockerfile.line_of(used.step)
                ));
            }
        }
        None
    }

    /// Makes the fix Manual where the default of the argument is made of another secret: no build has a value for it.
    pub(super) fn check_derived_defaults(&self, change: &mut Change<'m>) {
        let settings = self.model.settings(self.dockerfile);
        let is_passed = self.passed_values().next().is_some();
        for place in self.secret.flow.args.iter().filter(|_| !is_passed) {
            let step = &self.dockerfile.steps[place.step];
            let Some(value) = step.pairs.get(place.pair).and_then(|pair| pair.value.as_ref()) else { continue };
            let secret = |name: &str| settings.classify_name(name).kind().is_some();
            let other = value.variables.iter().find(|variable| variable.name != self.name() && secret(&variable.name));
            let Some(other) = other.filter(|_| whole_variable(&value.value).is_none()) else { continue };
            let reason = format!(
                "the default of `{}` is made of `{}`: mount that one, and write `export {}=\"{}\"` in the RUN",
                self.name(),
                other.name,
                self.name(),
                value.value
            );
            let label = change.place(other.range, "made of this");
            change.obstruct("derived-value", reason, label);
        }
    }
}
