#![doc = include_str!("page.md")]

use super::prelude::*;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "env-secret",
    summary: "a secret in an ENV stays readable in the image's configuration",
    page: include_str!("page.md"),
    may_find: declares_something,
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    secrets(model, dockerfile)
        .filter(|secret| !secret.flow.relays.is_empty() || secret.entry == Entry::Variable)
        .map(|secret| Migration::new(model, dockerfile, secret))
        .filter(|migration| migration.codemod() == CODEMOD.id && !migration.is_unused())
        .map(|migration| {
            let name = migration.name().to_owned();
            let (title, primary) = match migration.reaches_the_image() {
                true => ("stays readable in the image's configuration", "every image and container gets this variable"),
                false => {
                    ("stays readable in the configuration of a build stage", "the cache and the provenance keep it")
                }
            };
            migration.finding(CODEMOD.id, format!("the secret `{name}` {title}"), primary)
        })
        .collect()
}
