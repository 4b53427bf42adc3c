//! The names that a step gives its image.

use camino::Utf8Path;

use super::step::Step;
use crate::callers::yaml::Cursor;

/// The names in the inputs `tags` (docker/build-push-action: a list, by commas or lines) and `image` (Buildah: one name, to
/// which each of its `tags` is put), for the combinations of the matrix for which they are known.
pub(super) fn tags(step: &Step<'_>, file: &Utf8Path) -> Vec<String> {
    let text = |key: &str| step.input(key).and_then(Cursor::text);
    let mut tags: Vec<String> = Vec::new();
    for row in step.rows().unwrap_or_default() {
        let expanded = |text: &str| step.expand(text.trim(), &row, file).filter(|tag| !tag.is_empty());
        let image = text("image").and_then(expanded);
        let written = text("tags").unwrap_or("").split([',', '\n']).filter_map(expanded);
        let mut names: Vec<String> = match image {
            Some(image) => written.flat_map(|tags| named(&image, &tags)).collect(),
            None => written.collect(),
        };
        names.retain(|name| !tags.contains(name));
        tags.extend(names);
    }
    tags
}

/// redhat-actions/buildah-build takes full names among its tags as well (its README, "tags").
fn named(image: &str, tags: &str) -> Vec<String> {
    let name = |tag: &str| if tag.contains(['/', ':']) { tag.to_owned() } else { format!("{image}:{tag}") };
    tags.split_whitespace().map(name).collect()
}
