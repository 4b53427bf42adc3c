#![doc = include_str!("page.md")]

use super::prelude::*;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "written-credential",
    summary: "a RUN writes a credential into a file that stays in the image",
    page: include_str!("page.md"),
    may_find: declares_something,
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    migrations(model, dockerfile)
        .filter(|migration| migration.codemod() == CODEMOD.id)
        .map(|migration| {
            let name = migration.name().to_owned();
            let title = format!("a RUN writes the secret `{name}` into a file that stays in the image");
            migration.finding(CODEMOD.id, title, "its value comes to rest in a layer")
        })
        .collect()
}
