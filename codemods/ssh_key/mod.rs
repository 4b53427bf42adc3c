#![doc = include_str!("page.md")]

mod argument;
mod commands;
mod configuration;
mod copied;

use super::prelude::*;
use crate::knowledge::files::FileVerdict;
use crate::model::Content;
use argument::ArgumentKey;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "ssh-key",
    summary: "a private SSH key stays readable in the image",
    page: include_str!("page.md"),
    may_find: |text| copies_something(text) || declares_something(text),
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let holds = |file: &CopiedFile| file.content != Content::Harmless;
    let copied = model.copied_files(dockerfile);
    let keys = copied.iter().filter(|file| file.is_ssh_key() && holds(file));
    let copied = keys.map(|file| of_copy(model, dockerfile, file));
    let arguments = secrets(model, dockerfile).filter_map(|secret| of_argument(model, dockerfile, &secret));
    copied.chain(arguments).collect()
}

fn of_copy(model: &Model, dockerfile: &Dockerfile, file: &CopiedFile) -> Finding {
    let keys = model.copied_files(dockerfile).iter().filter(|other| other.is_ssh_key()).count();
    let (copying, way) = copied::prepare(model, dockerfile, file, keys == 1);
    let what = match &file.verdict {
        FileVerdict::BuildInput(input) => input.what.as_str(),
        _ => "a private SSH key",
    };
    let title = format!("`{}` ({what}) stays readable in a layer of the image", file.path);
    copying.finding(CODEMOD.id, title, "copied into a layer, which a later `rm` does not change", way)
}

fn of_argument(model: &Model, dockerfile: &Dockerfile, secret: &Secret) -> Option<Finding> {
    let migration = Migration::new(model, dockerfile, secret.clone());
    if migration.codemod() != CODEMOD.id || migration.is_unused() {
        return None;
    }
    let title = format!("the private SSH key `{}` stays readable in the image", migration.name());
    let primary = "every RUN behind it records its value";
    Some(match ArgumentKey::new(model, dockerfile, secret) {
        Some(key) => migration.finding_with(CODEMOD.id, (title, key.fix_title()), primary, |change| key.repair(change)),
        None => migration.finding(CODEMOD.id, title, primary),
    })
}
