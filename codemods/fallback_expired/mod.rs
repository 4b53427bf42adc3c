#![doc = include_str!("page.md")]

use super::prelude::*;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "fallback-expired",
    summary: "a build argument that was kept beside its mount for a while is still there",
    page: include_str!("page.md"),
    may_find: says_until_when,
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let Some(today) = model.repository.today else { return Vec::new() };
    let kept = all_secrets(model, dockerfile).filter_map(|secret| {
        let until = dockerfile.fallback_of(&secret).filter(|until| *until < today)?;
        Some((until, Migration::new(model, dockerfile, secret)))
    });
    kept.map(|(until, migration)| {
        let name = migration.name().to_owned();
        let title = format!("the build argument `{name}` was to stay until {until}");
        migration.finding(CODEMOD.id, title, "images of builds that pass it keep its value in their history")
    })
    .collect()
}

fn says_until_when(text: &str) -> bool {
    text.contains("may come as a build argument until")
}
