#![doc = include_str!("page.md")]

use super::prelude::*;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "persisted-credential",
    summary: "a command keeps a credential in the image as a side effect",
    page: include_str!("page.md"),
    may_find: |text| declares_something(text) || has_a_mount(text),
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    migrations(model, dockerfile)
        .chain(mounted(model, dockerfile))
        .filter(|migration| migration.codemod() == CODEMOD.id)
        .map(|migration| {
            let name = migration.name().to_owned();
            let title = format!("a command keeps the secret `{name}` in a file that stays in the image");
            migration.finding(CODEMOD.id, title, "its value comes to rest in a layer")
        })
        .collect()
}
