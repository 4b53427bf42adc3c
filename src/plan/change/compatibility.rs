//! Lines that a fix adds on request: the comment over an argument that stays, an argument for the cache.

use super::Change;
use crate::config::Date;
use crate::model::fallback_comment;
use crate::plan::StepChange;
use crate::source::{Edit, size};
use crate::syntax::dockerfile::Keyword;

/// The build argument that makes RUNs run again where it has another value. It holds no secret.
pub const CACHE_KEY: &str = "CACHE_EPOCH";

impl Change<'_> {
    /// Says over the ARG at `step` that `name` stays until `until`.
    pub fn keep_until(&mut self, step: usize, name: &str, until: Date) {
        let line = fallback_comment(name, until);
        self.put_above(step, &line);
    }

    /// Declares [`CACHE_KEY`] in front of the RUN at `step`, unless its stage has it there already.
    pub fn declare_cache_key(&mut self, step: usize) {
        let run = &self.dockerfile.steps[step];
        let before = self.dockerfile.steps.iter().take(step).filter(|other| other.stage == run.stage);
        let mut arguments = before.filter(|other| other.keyword == Keyword::Arg).flat_map(|other| &other.pairs);
        if !arguments.any(|pair| pair.key == CACHE_KEY) {
            self.keyed.insert(step);
        }
    }

    pub(super) fn write_cache_keys(&mut self) {
        for step in std::mem::take(&mut self.keyed) {
            if self.steps.get(&step) == Some(&StepChange::Removed) {
                continue;
            }
            self.put_above(step, &format!("ARG {CACHE_KEY}"));
            self.steps.insert(step, StepChange::Preceded);
        }
    }

    /// A line in front of the instruction at `step`.
    fn put_above(&mut self, step: usize, line: &str) {
        let source = &self.dockerfile.source;
        let start = usize::from(self.dockerfile.steps[step].outer.text_range().start());
        let line_start = source.text()[..start].rfind('\n').map_or(0, |at| at + 1);
        let newline = source.style().newline.as_str();
        self.push([Edit::insert(size(line_start), format!("{line}{newline}"))]);
    }
}
