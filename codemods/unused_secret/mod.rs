#![doc = include_str!("page.md")]

use std::collections::BTreeSet;

use super::prelude::*;
use crate::model::BoundBuild;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "unused-secret",
    summary: "a secret build argument is declared, and nothing can read it",
    page: include_str!("page.md"),
    may_find: declares_or_mounts,
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let declared = migrations(model, dockerfile).filter(Migration::is_unused).map(|migration| {
        let name = migration.name().to_owned();
        let (title, primary) = match migration.is_left_over() {
            true => (
                format!("the secret `{name}` is mounted, and the build argument of that name was left over"),
                "no build here passes it",
            ),
            false => (
                format!("nothing reads the secret `{name}`, but the image's history records it"),
                "no instruction behind it can read this",
            ),
        };
        migration.finding(CODEMOD.id, title, primary)
    });
    declared.chain(stale_arguments(model, dockerfile)).collect()
}

/// Build arguments that builds still pass although the Dockerfile mounts the secret: BuildKit says nothing, and keeps
/// the value in provenance and in the build record (experiment, Engine 28.5).
fn stale_arguments<'m>(model: &'m Model, dockerfile: &'m Dockerfile) -> Vec<Finding> {
    let bound = model.bound_builds(dockerfile);
    let passed = bound.iter().flat_map(|bound| &bound.build.arguments).map(|argument| argument.name.as_str());
    let names: BTreeSet<&str> = passed.filter(|name| !dockerfile.declares(name) && mounts(dockerfile, name)).collect();
    let stale = |name: &str| -> Option<Finding> {
        let passes = |one: &BoundBuild<'_>| {
            let given = one.build.arguments.iter().any(|given| given.name == name);
            given && !model.is_needed_elsewhere(dockerfile, *one, name)
        };
        let builds: Vec<BoundBuild<'m>> = bound.iter().copied().filter(passes).collect();
        (!builds.is_empty()).then(|| stale_argument(model, dockerfile, &builds, name))
    };
    names.into_iter().filter_map(stale).collect()
}

fn stale_argument<'m>(model: &'m Model, dockerfile: &'m Dockerfile, bound: &[BoundBuild<'m>], name: &str) -> Finding {
    let mut change = Change::new(model, dockerfile);
    change.request_of_all(bound, name, None);
    let (fix, notes) = change.finish(format!("stop passing `{name}` as a build argument"));
    let places = bound.iter().flat_map(|bound| {
        let given = bound.build.arguments.iter().filter(|given| given.name == name);
        given.map(|given| Label {
            file: bound.build.file.clone(),
            range: given.range,
            text: format!("{} passes it, and no ARG takes it", bound.build.title),
        })
    });
    let mut labels: Vec<Label> = places.collect();
    let primary = labels.remove(0);
    Finding {
        codemod: CODEMOD.id,
        severity: Severity::Warning,
        dockerfile: dockerfile.path().to_owned(),
        subject: name.to_owned(),
        title: format!("`{name}` is still passed as a build argument, and the build's records keep its value"),
        primary,
        labels,
        notes,
        fix,
    }
}

/// Whether a RUN mounts a secret of this name, as a variable or by its id.
fn mounts(dockerfile: &Dockerfile, name: &str) -> bool {
    let flags = dockerfile.steps.iter().filter(|step| step.run.is_some()).flat_map(|step| step.instruction.flags());
    flags.filter_map(|flag| flag.mount()).any(|mount| {
        let is = |key| mount.get(key).is_some_and(|value| value.eq_ignore_ascii_case(name));
        mount.kind == "secret" && (is("env") || is("id"))
    })
}

/// A secret enters by an instruction or is mounted.
fn declares_or_mounts(text: &str) -> bool {
    declares_something(text) || has_a_mount(text)
}
