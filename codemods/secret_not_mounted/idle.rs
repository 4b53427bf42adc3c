//! Mounts of RUNs that do nothing with them: a variable that a RUN sets ends with its shell.

use super::CODEMOD;
use crate::callers::SecretSource;
use crate::codemods::prelude::*;
use crate::knowledge::engines::Feature;
use crate::model::{Evidence, Exposure, ExposureKind, Form, Holders, Run, SecretMount, exposures};
use crate::plan::Mount;
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::{Assign, Node, PartKind, Word};

/// A RUN that only sets variables from a mounted secret.
struct Idle {
    step: usize,
    mount: SecretMount,
    variables: Vec<String>,
}

pub(super) fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let steps = 0..dockerfile.steps.len();
    steps.filter_map(|step| idle(dockerfile, step)).map(|idle| finding(model, dockerfile, &idle)).collect()
}

fn idle(dockerfile: &Dockerfile, step: usize) -> Option<Idle> {
    let run = dockerfile.steps[step].run.as_deref().filter(|_| !dockerfile.steps[step].onbuild)?;
    let mounts = dockerfile.secret_mounts(step);
    let [mount] = mounts.as_slice() else { return None };
    let [shell] = run.shells.as_slice() else { return None };
    let does_nothing = matches!(run.form, Form::Shell | Form::Body(None)) && run.is_understood();
    if !does_nothing || !shell.script.items.iter().all(|item| only_sets(&item.node)) {
        return None;
    }
    let holders = Holders::of_mounts(dockerfile, step, &mounts);
    let assigns = shell.script.all_assigns();
    let filled: Vec<&Assign> = assigns.iter().filter(|assign| holders.variables.contains(&assign.name)).collect();
    let exact = !filled.is_empty() && filled.iter().all(|assign| assign.value.is_some_and(is_the_file));
    let variables = filled.iter().map(|assign| assign.name.clone()).collect();
    exact.then(|| Idle { step, mount: mount.clone(), variables })
}

fn only_sets(node: &Node) -> bool {
    let Node::Command(command) = node else { return false };
    let sets =
        matches!(command.name().as_deref(), Some("export" | "readonly" | "declare" | "local" | "set" | ":" | "true"));
    (command.words.is_empty() || sets) && command.redirects.is_empty()
}

/// Whether a value is `$(cat FILE)` and nothing else, with or without `NAME=` in front.
fn is_the_file(value: &Word) -> bool {
    let [before @ .., last] = value.parts.as_slice() else { return false };
    let plain =
        before.iter().all(|part| matches!(&part.kind, PartKind::Text(text) if text.is_empty() || text.ends_with('=')));
    let PartKind::Command(script) = &last.kind else { return false };
    let [item] = script.items.as_slice() else { return false };
    let reads = |name: Option<String>| name.is_none_or(|name| name == "cat");
    plain && matches!(&item.node, Node::Command(command) if reads(command.name()) && command.words.len() <= 2)
}

fn finding<'m>(model: &'m Model, dockerfile: &'m Dockerfile, idle: &Idle) -> Finding {
    let name = idle.variables.first().map_or("", String::as_str);
    let readers = readers(model, dockerfile, idle);
    let change = change(model, dockerfile, idle, &readers);
    let title = match readers.is_empty() {
        true => "remove the RUN that does nothing".to_owned(),
        false => {
            format!("mount `{}` in the RUNs that read `{name}`, and remove the one that does nothing", idle.mount.id)
        }
    };
    let (fix, notes) = change.finish(title);
    let file = || dockerfile.path().to_owned();
    let labels = readers.iter().map(|reader| Label {
        file: file(),
        range: dockerfile.steps[reader.step].instruction.keyword_range(),
        text: reader.evidence.describe(&reader.name),
    });
    Finding {
        codemod: CODEMOD.id,
        severity: Severity::Warning,
        dockerfile: file(),
        subject: format!("idle mount of {}", idle.mount.id),
        title: format!("this RUN only sets `{name}` from a mounted secret, and the variable ends with it"),
        primary: Label { file: file(), range: idle.mount.range, text: "this mount serves no command".to_owned() },
        labels: labels.collect(),
        notes,
        fix,
    }
}

struct Reader {
    step: usize,
    name: String,
    evidence: Evidence,
}

/// The later RUNs of the stage, and of the stages built from it, that read one of the variables.
fn readers(model: &Model, dockerfile: &Dockerfile, idle: &Idle) -> Vec<Reader> {
    let reader = model.reader(dockerfile);
    let stage = dockerfile.steps[idle.step].stage;
    let follows = |step: usize| {
        let own = dockerfile.steps[step].stage;
        step > idle.step && own.is_some_and(|own| stage.is_some_and(|stage| dockerfile.ancestry(own).contains(&stage)))
    };
    let mut found = Vec::new();
    for step in (0..dockerfile.steps.len()).filter(|step| follows(*step)) {
        let Some(run) = dockerfile.steps[step].run.as_deref() else { continue };
        let mounted = dockerfile.secret_mounts(step).iter().any(|mount| mount.id == idle.mount.id);
        for name in idle.variables.iter().filter(|_| !mounted) {
            if let Some(evidence) = reader.reads(run, name).filter(|_| !only_prints(run, name)) {
                found.push(Reader { step, name: name.clone(), evidence });
            }
        }
    }
    if found.iter().any(|reader| reader.evidence.is_certain()) {
        found.retain(|reader| reader.evidence.is_certain());
    }
    found
}

/// Whether all that a RUN does with a variable is to print it: nothing is lost if it goes on printing an empty line.
fn only_prints(run: &Run, name: &str) -> bool {
    let holders = Holders::of_variables(run, [name.to_owned()]);
    let printed: Vec<Exposure> = exposures(run, &holders);
    let uses: usize = run.shells.iter().map(|shell| shell.script.uses(name).len()).sum();
    let in_printed = run.shells.iter().enumerate().flat_map(|(index, shell)| {
        let printed = &printed;
        let shown = move |at| {
            let mut own = printed.iter().filter(|one| one.shell == index && one.kind == ExposureKind::Printed);
            own.any(|one| one.item.contains_range(at))
        };
        shell.script.uses(name).into_iter().filter(move |found| shown(found.range))
    });
    uses > 0 && in_printed.count() == uses
}

/// Whether every build that passes the secret has it in a variable. `$(cat …)` drops the line break at the end of a file,
/// an `env=` mount would hand it to the tool (experiment, Engine 28.5); Buildah has no `env=` before 1.44.
fn comes_from_variables(model: &Model, dockerfile: &Dockerfile, id: &str) -> bool {
    let bound = model.bound_builds(dockerfile);
    let sources: Vec<&SecretSource> = bound
        .iter()
        .flat_map(|bound| &bound.build.secrets)
        .filter(|passed| passed.id == id)
        .map(|passed| &passed.source)
        .collect();
    let variable = |source: &&SecretSource| matches!(source, SecretSource::Variable(_) | SecretSource::Expression(_));
    !model.has_only_files(dockerfile) && !sources.is_empty() && sources.iter().all(variable)
}

fn change<'m>(model: &'m Model, dockerfile: &'m Dockerfile, idle: &Idle, readers: &[Reader]) -> Change<'m> {
    let mut change = Change::new(model, dockerfile);
    refuse_broken_file(&mut change, dockerfile);
    let as_file = !comes_from_variables(model, dockerfile, &idle.mount.id);
    for reader in readers {
        change.mount(reader.step, Mount::of(idle.mount.id.clone(), reader.name.clone(), as_file));
        if !reader.evidence.is_certain() {
            let line = dockerfile.line_of(reader.step);
            change.assume(format!("the RUN of line {line} is meant to have `{}`", reader.name));
        }
    }
    if !readers.is_empty() {
        change.require(if as_file { Feature::Mount } else { Feature::SecretEnv });
    }
    for name in &idle.variables {
        let sets = |keyword| matches!(keyword, Keyword::Arg | Keyword::Env);
        let set =
            dockerfile.steps.iter().find(|step| sets(step.keyword) && step.pairs.iter().any(|pair| pair.key == *name));
        if let Some(step) = set {
            let label = change.place(step.instruction.keyword_range(), "sets it as well");
            change.obstruct("set-elsewhere", format!("`{name}` also comes from an ARG or ENV"), label);
        }
    }
    change.remove_step(idle.step);
    change
}
