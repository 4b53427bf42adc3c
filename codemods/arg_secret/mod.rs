#![doc = include_str!("page.md")]

use super::prelude::*;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "arg-secret",
    summary: "a secret build argument stays readable in the image's history",
    page: include_str!("page.md"),
    may_find: declares_something,
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    secrets(model, dockerfile)
        .filter(|secret| secret.entry == Entry::Argument)
        .map(|secret| Migration::new(model, dockerfile, secret))
        .filter(|migration| migration.codemod() == CODEMOD.id && !migration.is_unused())
        .map(|migration| {
            let name = migration.name().to_owned();
            let title = format!("the secret build argument `{name}` stays readable in the image's history");
            migration.finding(CODEMOD.id, title, "every RUN behind it records its value")
        })
        .collect()
}
