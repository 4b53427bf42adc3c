#![doc = include_str!("page.md")]

use super::prelude::*;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "unused-secret",
    summary: "a secret build argument is declared, and nothing can read it",
    page: include_str!("page.md"),
    may_find: declares_something,
    find,
};

fn find(model: &Model<'_>) -> Vec<Finding> {
    secrets(model)
        .map(|(dockerfile, secret)| Migration::new(model, dockerfile, secret))
        .filter(Migration::is_unused)
        .map(|migration| {
            let name = migration.name().to_owned();
            let title = format!("nothing reads the secret `{name}`, but the image's history records it");
            migration.finding(CODEMOD.id, title, "no instruction behind it can read this")
        })
        .collect()
}
