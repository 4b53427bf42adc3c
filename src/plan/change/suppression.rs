//! Suppressions of other linters that a fix makes moot: they go with what they were about.

use super::Change;
use crate::knowledge::names::buildkit_flags;
use crate::model::{Dockerfile, is_fallback_comment};
use crate::source::{Edit, range};
use crate::syntax::dockerfile::{Directive, DirectiveKind, Keyword};

/// BuildKit's rule about secrets in ARG and ENV (docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env).
pub const BUILDKIT_RULE: &str = "SecretsUsedInArgOrEnv";

/// Hadolint's rule about the same.
const HADOLINT_RULE: &str = "DL3064";

/// The `# check=` directive of a file that switches [`BUILDKIT_RULE`] off by its name.
#[must_use]
pub fn suppression(dockerfile: &Dockerfile) -> Option<Directive> {
    let directives = dockerfile.parse.root().directives();
    directives.into_iter().find(|directive| {
        directive.kind == DirectiveKind::Check && rules(&directive.value).any(|rule| rule == BUILDKIT_RULE)
    })
}

/// The rules behind `skip=` in the value of a `# check=` directive.
fn rules(value: &str) -> impl Iterator<Item = &str> {
    let lists = value.split(';').filter_map(skipped);
    lists.flat_map(|list| list.split(',')).map(str::trim)
}

/// The list of a `skip=` option; blanks around the key don't matter (BuildKit `frontend/dockerfile/linter`).
fn skipped(option: &str) -> Option<&str> {
    option.split_once('=').filter(|(key, _)| key.trim() == "skip").map(|(_, list)| list)
}

/// The rules of a line that says `# hadolint ignore=…`, with any blanks (hadolint's `Pragma.hs`).
fn ignored(line: &str) -> Option<&str> {
    let words = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("hadolint")?;
    let option = words.trim_start();
    (option.len() < words.len()).then(|| option.strip_prefix("ignore=")).flatten()
}

impl Change<'_> {
    /// Takes [`BUILDKIT_RULE`] out of the file's `# check=skip=…` where, after all removals of this change, no ARG or
    /// ENV has a name that the rule is about.
    pub(super) fn write_suppression(&mut self) {
        let Some(directive) = suppression(self.dockerfile).filter(|_| !self.removed.is_empty()) else { return };
        let declares = |keyword: Keyword| matches!(keyword, Keyword::Arg | Keyword::Env);
        let stays = |step: usize, pair: usize| self.removed.get(&step).is_none_or(|pairs| !pairs.contains(&pair));
        let mut left = self.dockerfile.steps.iter().enumerate().filter(|(_, step)| declares(step.keyword));
        let flagged = left.any(|(index, step)| {
            let mut pairs = step.pairs.iter().enumerate();
            pairs.any(|(at, pair)| stays(index, at) && buildkit_flags(&pair.key))
        });
        if flagged {
            return;
        }
        let value = without_rule(&directive.value, BUILDKIT_RULE);
        self.push([match value.is_empty() {
            true => Edit::delete(directive.range),
            false => Edit::replace(directive.value_range, value),
        }]);
    }

    /// The comment line directly above `start` that switches [`HADOLINT_RULE`] off, gone or without that rule.
    pub(super) fn moot_comment(&self, start: usize) -> Option<Edit> {
        let text = self.dockerfile.source.text();
        let above = text.get(..start)?;
        let line_start = above.trim_end_matches(['\r', '\n']).rfind('\n').map_or(0, |at| at + 1);
        let line = above.get(line_start..)?;
        if is_fallback_comment(line) {
            return Some(Edit::delete(range(line_start, start)));
        }
        let list = ignored(line).filter(|list| list.split(',').any(|rule| rule.trim() == HADOLINT_RULE))?;
        let rules = list.trim_end();
        let others: Vec<&str> = rules.split(',').map(str::trim).filter(|rule| *rule != HADOLINT_RULE).collect();
        let at = line_start + line.len() - list.len();
        Some(match others.is_empty() {
            true => Edit::delete(range(line_start, start)),
            false => Edit::replace(range(at, at + rules.len()), others.join(",")),
        })
    }
}

/// The value of a `# check=` directive without one rule, and without an option that is empty then.
fn without_rule(value: &str, rule: &str) -> String {
    let options = value.split(';').filter_map(|option| {
        let Some(list) = skipped(option) else { return Some(option.to_owned()) };
        let others: Vec<&str> = list.split(',').map(str::trim).filter(|other| *other != rule).collect();
        (!others.is_empty()).then(|| format!("skip={}", others.join(",")))
    });
    options.collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_with_any_blanks() {
        let value = "skip = SecretsUsedInArgOrEnv , JSONArgsRecommended; error=true";
        assert_eq!(rules(value).collect::<Vec<_>>(), [BUILDKIT_RULE, "JSONArgsRecommended"]);
        assert_eq!(without_rule(value, BUILDKIT_RULE), "skip=JSONArgsRecommended; error=true");
        assert_eq!(without_rule("error=true;skip=SecretsUsedInArgOrEnv", BUILDKIT_RULE), "error=true");
        assert_eq!(without_rule("skip=all", BUILDKIT_RULE), "skip=all");
    }

    #[test]
    fn hadolint_comments_are_read_with_any_blanks() {
        assert_eq!(ignored("# hadolint ignore=DL3064\r\n"), Some("DL3064\r\n"));
        assert_eq!(ignored("  #hadolint   ignore= DL3064, DL3008"), Some(" DL3064, DL3008"));
        for line in ["# hadolint global ignore=DL3064", "# hadolintignore=DL3064", "# see hadolint ignore=DL3064", ""] {
            assert_eq!(ignored(line), None, "{line}");
        }
    }
}
