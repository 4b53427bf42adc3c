//! Whether a script runs in the shell of another one: variables that it uses may be the other's, who need not export them.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::super::{Format, Surroundings};
use super::Site;
use crate::syntax::shell::{CompoundKind, Item, Node};

/// Programs whose call at the top of a script is its work.
const WORKERS: [&str; 6] = ["docker", "podman", "buildah", "nerdctl", "buildctl", "eval"];

/// Whether the text is, or may be, run by others in their own shell: another file sources it, it does nothing but define
/// functions, or its host says so.
pub(super) fn is_sourced(site: &Site<'_>, around: &dyn Surroundings) -> bool {
    if site.format != Format::Shell {
        return site.sourced;
    }
    let name = site.file.file_name().unwrap_or("");
    let is_by = |path: &Utf8Path, text: &str| path != site.file && sources(text, site.file);
    site.sourced || is_library(site) || around.mentioning(name, &is_by).is_some()
}

/// Whether the script calls none of its functions: they are there for those who source it.
fn is_library(site: &Site<'_>) -> bool {
    let script = super::read(site.view.text(), site.dialect);
    let mut functions = BTreeSet::new();
    collect(&script.items, &mut functions);
    let works = |name: &str| functions.contains(name) || WORKERS.contains(&name);
    let commands = script.commands().into_iter().filter(|context| !context.in_function);
    let mut first = commands.filter_map(|context| context.command.words.first());
    !functions.is_empty() && !first.any(|word| word.literal().is_none_or(|name| works(&name)))
}

/// Adds the names of the functions that are defined.
fn collect<'s>(items: &'s [Item], functions: &mut BTreeSet<&'s str>) {
    for item in items {
        match &item.node {
            Node::Compound(compound) if compound.kind == CompoundKind::Function => {
                functions.extend(compound.name.as_deref());
            }
            Node::Compound(compound) => compound.bodies.iter().for_each(|body| collect(&body.items, functions)),
            Node::Command(_) | Node::Pipeline(_) => {}
        }
    }
}

/// Whether a line of `text`, of whatever format, sources `file`.
fn sources(text: &str, file: &Utf8Path) -> bool {
    let name = file.file_name().unwrap_or("");
    text.lines().filter(|line| line.contains(name)).any(|line| {
        let starts = line.match_indices([';', '&', '|', '(']).map(|(at, _)| at + 1);
        std::iter::once(0).chain(starts).filter_map(|at| sourced_by(line.get(at..)?)).any(|path| names(path, file))
    })
}

/// What stands behind `.` or `source`, where `text` begins with that: behind the quotes, the sign of a list or the key of the
/// format that holds it.
fn sourced_by(text: &str) -> Option<&str> {
    let begins = |char: char| char.is_whitespace() || "-\"'`@{[!,+>".contains(char);
    let mut rest = text.trim_start_matches(begins);
    while let Some((word, behind)) = rest.split_once(char::is_whitespace) {
        match word {
            "." | "source" => return Some(behind),
            "then" | "do" | "else" | "if" => {}
            key if key.ends_with(':') => {}
            _ => return None,
        }
        rest = behind.trim_start_matches(begins);
    }
    None
}

/// Whether `text` holds the path of `file`: its name, and its folder where that is written out.
fn names(text: &str, file: &Utf8Path) -> bool {
    let name = file.file_name().unwrap_or("");
    let is_part = |char: char| char.is_alphanumeric() || "._-".contains(char);
    text.match_indices(name).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + name.len()..]);
        let is_whole = !before.ends_with(is_part) && !behind.starts_with(is_part);
        let parent = before.strip_suffix('/').unwrap_or("");
        let beside = parent.trim_end_matches(is_part);
        let folder = &parent[beside.len()..];
        let is_written = !matches!(folder, "" | "." | "..") && !beside.ends_with(['$', '{', '(']);
        is_whole && (!is_written || file.parent().and_then(Utf8Path::file_name) == Some(folder))
    })
}

#[cfg(test)]
mod tests {
    use super::sources;

    #[test]
    fn every_way_to_source_a_file() {
        for line in [
            "source ./lib.sh",
            "  . scripts/lib.sh",
            "if x; then . \"$DIR/lib.sh\"; fi",
            "source \"$(cd \"$(dirname \"$0\")\" && pwd)/lib.sh\"",
            "- . scripts/lib.sh && build",
            "\"build\": \". ./lib.sh && build_image\",",
            "        run: source scripts/lib.sh",
            "[ -f x ] && source ../scripts/lib.sh",
            "\t@. ./scripts/lib.sh; build",
            "x=$(. ./lib.sh; y)",
        ] {
            assert!(sources(line, "scripts/lib.sh".into()), "{line}");
        }
        for line in [
            "./lib.sh",
            "bash scripts/lib.sh",
            "docker build . -f x; ./lib.sh",
            "source ./mylib.sh",
            "source ci/lib.sh",
            "# what lib.sh does",
        ] {
            assert!(!sources(line, "scripts/lib.sh".into()), "{line}");
        }
    }
}
