#![doc = include_str!("page.md")]

use super::copying::{Copying, Way};
use super::prelude::*;
use crate::knowledge::files::FileVerdict;
use crate::model::{Content, Settled};

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "copied-credential",
    summary: "a copied credential file stays readable in a layer of the image",
    page: include_str!("page.md"),
    may_find: copies_something,
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let copied = model.copied_files(dockerfile);
    copied
        .iter()
        .filter(|file| file.content != Content::Harmless && !file.is_ssh_key())
        .map(|file| Copying::new(model, dockerfile, file.clone(), &Settled::new()))
        .map(|copying| {
            let path = copying.path().to_owned();
            let title = match &copying.file.verdict {
                FileVerdict::BuildInput(input) => {
                    format!("`{path}` ({}) stays readable in a layer of the image", input.what)
                }
                FileVerdict::Runtime { what, .. } if !copying.is_shipped() => {
                    format!("`{path}` ({what}) stays readable in the cache of the build")
                }
                FileVerdict::Runtime { what, .. } => {
                    format!("`{path}` ({what}) is part of the image, where everyone who can pull it can read it")
                }
                _ => format!("`{path}` stays readable in a layer of the image"),
            };
            copying.finding(CODEMOD.id, title, "copied into a layer, which a later `rm` does not change", Way::File)
        })
        .collect()
}
