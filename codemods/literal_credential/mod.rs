#![doc = include_str!("page.md")]

mod accounts;
mod kept;
mod options;
mod outside;
mod places;
mod replacement;
mod texts;

use std::collections::BTreeSet;

use super::prelude::*;
use crate::callers::{Offer, SecretValue};
use crate::config::{MountForm, Settings};
use crate::knowledge::engines::Feature;
use crate::model::{Form, ShellText};
use crate::plan::{FollowUp, Mount};
use crate::source::TextRange;
use crate::syntax::shell::{self, Dialect};
use places::{Literal, literals};

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "literal-credential",
    summary: "a credential is written out in the Dockerfile",
    page: include_str!("page.md"),
    may_find: texts::may_hold_credential,
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let in_runs = in_runs(model, dockerfile).into_iter();
    in_runs.chain(kept::find(model, dockerfile)).chain(outside::find(model, dockerfile)).collect()
}

/// One credential, with every RUN that has it.
struct Group {
    value: String,
    name: String,
    what: String,
    assumption: Option<&'static str>,
    steps: Vec<(usize, TextRange)>,
}

fn in_runs<'m>(model: &'m Model, dockerfile: &'m Dockerfile) -> Vec<Finding> {
    let mut groups: Vec<Group> = Vec::new();
    let settings = model.settings(dockerfile);
    for step in 0..dockerfile.steps.len() {
        for (place, literal) in of_step(dockerfile, step, &settings) {
            match groups.iter_mut().find(|group| group.value == literal.value) {
                Some(group) => group.steps.push((step, place)),
                None => {
                    let name = free_name(dockerfile, &groups, &literal);
                    let Literal { value, what, assumption, .. } = literal;
                    groups.push(Group { value, name, what, assumption, steps: vec![(step, place)] });
                }
            }
        }
    }
    groups.iter().map(|group| finding(model, dockerfile, group)).collect()
}

/// The credentials in a RUN, each with its place in the file.
fn of_step(dockerfile: &Dockerfile, step: usize, settings: &Settings) -> Vec<(TextRange, Literal)> {
    let Some(keyword) = dockerfile.steps.get(step).map(|step| step.instruction.keyword_range()) else {
        return Vec::new();
    };
    let Some(run) = dockerfile.steps[step].run.as_deref() else { return Vec::new() };
    if let (Form::Exec(arguments), []) = (&run.form, run.shells.as_slice()) {
        return in_words(arguments, settings).into_iter().map(|literal| (keyword, literal)).collect();
    }
    let place = |shell: &ShellText, literal: &Literal| {
        shell.view.as_ref().and_then(|view| view.host_range(literal.command)).unwrap_or(keyword)
    };
    let mut found: Vec<(TextRange, Literal)> = Vec::new();
    for (number, shell) in run.shells.iter().enumerate() {
        for literal in in_shell(shell, settings) {
            // The text of a nested shell is a word of the first one as well.
            if number == 0 || found.iter().all(|(_, other)| other.value != literal.value) {
                found.push((place(shell, &literal), literal));
            }
        }
    }
    found
}

fn in_shell(shell: &ShellText, settings: &Settings) -> Vec<Literal> {
    shell.view.as_ref().map_or_else(Vec::new, |view| literals(view.text(), &shell.script, settings))
}

/// The credentials among the words of a command that no shell runs.
fn in_words(words: &[String], settings: &Settings) -> Vec<Literal> {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
    let line = quoted.join(" ");
    literals(&line, &shell::parse(&line, Dialect::Posix), settings)
}

/// A name that means nothing else in the file: another credential's mount may have been made with the first choice.
fn free_name(dockerfile: &Dockerfile, groups: &[Group], literal: &Literal) -> String {
    let text = dockerfile.source.text();
    let assigned = text.contains(&format!("{}={}", literal.name, literal.value))
        || text.contains(&format!("{}=\"{}", literal.name, literal.value))
        || text.contains(&format!("{}='{}", literal.name, literal.value));
    let is_free = |name: &String| {
        let used = crate::model::mentions(text, name) && !(assigned && *name == literal.name);
        !used && groups.iter().all(|group| group.name != *name)
    };
    let numbered = (2..100).map(|number| format!("{}_{number}", literal.name));
    std::iter::once(literal.name.clone()).chain(numbered).find(is_free).unwrap_or_else(|| literal.name.clone())
}

/// Makes every build that runs one of the steps hand over a new credential: the secret `id`, from the variable `name`.
pub(super) fn offer_new<'m>(
    change: &mut Change<'m>,
    model: &'m Model,
    dockerfile: &'m Dockerfile,
    (id, name): (&str, &str),
    steps: impl IntoIterator<Item = usize>,
) {
    let path = dockerfile.path();
    let offer = || Offer::Variable { id: id.to_owned(), name: name.to_owned() };
    let steps: Vec<_> = steps.into_iter().map(|step| &dockerfile.steps[step]).collect();
    let stages: BTreeSet<usize> = steps.iter().filter(|step| !step.onbuild).filter_map(|step| step.stage).collect();
    let own = model.bound_builds(dockerfile).into_iter();
    let mut builds: Vec<_> =
        own.filter(|bound| !dockerfile.stages_of(bound.build.target.as_deref()).is_disjoint(&stages)).collect();
    // What ONBUILD runs is run by builds of other Dockerfiles.
    if steps.iter().any(|step| step.onbuild) {
        builds.extend(model.builds_of_children(dockerfile));
    }
    if builds.is_empty() {
        change.follow_up(FollowUp::Provide(format!("`--secret id={id},env={name}` wherever `{path}` is built")));
    }
    change.offer_elsewhere(offer());
    builds.into_iter().for_each(|bound| change.offer(bound, offer()));
}

/// A line of the RUNs that has the credential more often than it was recognised there: rotated in one place only, what is
/// left of it may no longer fit.
fn left_elsewhere(dockerfile: &Dockerfile, group: &Group) -> Option<TextRange> {
    let text = dockerfile.source.text();
    let part_of_word = |char: Option<char>| char.is_some_and(|char| char.is_ascii_alphanumeric() || char == '_');
    let whole = |at: &usize| {
        let (before, behind) = (text[..*at].chars().next_back(), text[at + group.value.len()..].chars().next());
        !part_of_word(before) && !part_of_word(behind)
    };
    let runs = dockerfile.steps.iter().filter(|step| step.run.is_some()).map(|step| step.outer.text_range());
    let runs: Vec<TextRange> = runs.collect();
    let found: Vec<usize> = text.match_indices(group.value.as_str()).map(|(at, _)| at).filter(whole).collect();
    let in_runs = found.into_iter().filter(|at| runs.iter().any(|run| run.contains(crate::source::size(*at))));
    let mut places = in_runs.map(|at| crate::source::range(at, at + group.value.len()));
    places.nth(group.steps.len())
}

fn finding<'m>(model: &'m Model, dockerfile: &'m Dockerfile, group: &Group) -> Finding {
    let (path, name, id) = (dockerfile.path(), &group.name, model.settings(dockerfile).id_of(&group.name));
    let mut change = Change::new(model, dockerfile);
    change.conceal(SecretValue::new(group.value.as_str()));
    refuse_broken_file(&mut change, dockerfile);
    refuse_builders_without_secrets(&mut change, model, dockerfile);
    let as_file = model.has_only_files(dockerfile) || model.settings(dockerfile).mount_of(name) == MountForm::File;
    let mut steps: Vec<usize> = group.steps.iter().map(|(step, _)| *step).collect();
    steps.dedup();
    for step in steps {
        if matches!(dockerfile.steps[step].run.as_deref().map(|run| &run.form), Some(Form::Exec(_) | Form::Foreign)) {
            let label = change.place(dockerfile.steps[step].instruction.keyword_range(), "no shell expands it here");
            change.obstruct("exec-form", "no shell would replace a variable there", label);
            continue;
        }
        change.rewrite(step, |dockerfile| replacement::next(model, dockerfile, step, &group.value, name));
        change.mount(step, Mount::of(id.clone(), name.clone(), as_file));
    }
    if let Some(place) = left_elsewhere(dockerfile, group) {
        let label = change.place(place, "here");
        change.obstruct("literal-elsewhere", "the same text stands in a place where it can't be replaced", label);
    }
    change.require(if as_file { Feature::Mount } else { Feature::SecretEnv });
    change.need(&id);
    change.assume(format!("the new credential is in `{name}` wherever `{path}` is built"));
    group.assumption.into_iter().for_each(|assumption| change.assume(assumption));
    change.follow_up(FollowUp::Rotate(format!(
        "{} in `{path}`: it is in the repository, and in every image built from it",
        group.what
    )));
    let steps = group.steps.iter().map(|(step, _)| *step);
    offer_new(&mut change, model, dockerfile, (&id, name), steps);
    let (fix, notes) = change.finish(format!("rotate it, and mount the new one as the secret `{id}`"));
    let label = |place: TextRange, text: &str| Label { file: path.to_owned(), range: place, text: text.to_owned() };
    let first = group.steps.first().map_or_else(|| TextRange::empty(crate::source::size(0)), |(_, place)| *place);
    Finding {
        codemod: CODEMOD.id,
        severity: Severity::Error,
        dockerfile: path.to_owned(),
        subject: format!("literal {id}"),
        title: format!("{} is written out in a RUN", group.what),
        primary: label(first, "the image's history has it"),
        labels: group.steps.iter().skip(1).map(|(_, place)| label(*place, "and here")).collect(),
        notes,
        fix,
    }
}
