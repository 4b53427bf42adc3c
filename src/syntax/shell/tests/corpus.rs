//! Real instructions, where the corpus is at hand. It is no part of the repository.

use std::path::{Path, PathBuf};

use super::editing::dockerfile;
use super::{check, items};
use crate::source::apply_edits;
use crate::syntax::shell::edit::remove_item;
use crate::syntax::shell::{Dialect, parse};

/// The shell-form RUN bodies of a Dockerfile, joined roughly as BuildKit does. Good enough to get real text; the real
/// parser lives in the `dockerfile` room.
fn run_bodies(dockerfile: &str) -> Vec<String> {
    let mut bodies = Vec::new();
    let mut joined: Option<String> = None;
    for line in dockerfile.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with('#') || (trimmed.is_empty() && joined.is_some()) {
            continue;
        }
        let (content, continued) = match line.trim_end().strip_suffix('\\') {
            Some(content) => (content, true),
            None => (line, false),
        };
        let body = joined.take().map_or_else(|| content.trim_start().to_owned(), |joined| joined + content);
        if continued {
            joined = Some(body);
        } else {
            bodies.extend(shell_form(&body));
        }
    }
    bodies
}

fn shell_form(instruction: &str) -> Option<String> {
    let mut body =
        instruction.get(..4).filter(|keyword| keyword.eq_ignore_ascii_case("run ")).map(|_| &instruction[4..])?;
    body = body.trim_start();
    while body.starts_with("--") {
        body = body.split_once(char::is_whitespace)?.1.trim_start();
    }
    let other = body.starts_with('[') || body.contains("<<") || body.is_empty();
    (!other).then(|| body.to_owned())
}

fn dockerfiles(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            dockerfiles(&path, found);
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().to_lowercase().contains("dockerfile")) {
            found.push(path);
        }
    }
}

fn corpus_bodies() -> Vec<String> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let mut files = Vec::new();
    dockerfiles(&corpus.join("plain"), &mut files);
    dockerfiles(&corpus.join("secrets"), &mut files);
    files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).flat_map(|text| run_bodies(&text)).collect()
}

#[test]
fn real_instructions_keep_their_ranges() {
    let bodies = corpus_bodies();
    if bodies.is_empty() {
        eprintln!("skipped: no corpus beside the repository");
        return;
    }
    for dialect in [Dialect::Posix, Dialect::Bash] {
        let start = std::time::Instant::now();
        let mut unclean = Vec::new();
        for body in &bodies {
            let script = parse(body, dialect);
            check(body, &script).expect("every range is exact");
            if !script.clean {
                unclean.push(body);
            }
        }
        let (total, bytes) = (bodies.len(), bodies.iter().map(String::len).sum::<usize>());
        eprintln!("{dialect:?}: {} of {total} unclean, {bytes} bytes in {:?}", unclean.len(), start.elapsed());
        if std::env::var_os("SHOW_UNCLEAN").is_some() {
            unclean.iter().for_each(|body| eprintln!("UNCLEAN {body}"));
        }
        assert!(unclean.len() * 100 < total, "more than one percent is not understood");
    }
}

/// The RUN instructions of a Dockerfile as they are written, without those that have flags or are not in shell form.
fn run_instructions(dockerfile: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for line in dockerfile.split_inclusive('\n') {
        let skipped = line.trim_start().starts_with('#') || line.trim().is_empty();
        if open {
            if let Some(last) = found.last_mut() {
                last.push_str(line);
            }
        } else if line.starts_with("RUN ") && !line.starts_with("RUN --") && !line.starts_with("RUN [") {
            found.push(line.to_owned());
            open = true;
        }
        open = open && (skipped || line.trim_end().ends_with('\\'));
    }
    found.retain(|instruction| !instruction.contains("<<") && !instruction.contains("\\ \n"));
    found
}

#[test]
fn removals_from_real_instructions_leave_the_others() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/plain");
    let mut files = Vec::new();
    dockerfiles(&corpus, &mut files);
    let (mut removed, mut refused) = (0usize, std::collections::BTreeMap::<String, usize>::new());
    for file in files.iter().take(if std::env::var_os("WHOLE_CORPUS").is_some() { usize::MAX } else { 250 }) {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        for host in run_instructions(&text) {
            let view = dockerfile(&host);
            let script = parse(view.text(), Dialect::Posix);
            for index in 0..if script.clean { script.items.len() } else { 0 } {
                let edits = match remove_item(&host, &view, &script, script.items[index].range) {
                    Ok(edits) => edits,
                    Err(refusal) => {
                        *refused.entry(format!("{refusal:?}")).or_default() += 1;
                        continue;
                    }
                };
                removed += 1;
                let after = apply_edits(&host, &edits).expect("edits do not collide");
                check_removal(&host, &after, index);
            }
        }
    }
    eprintln!("{removed} removed, refused: {refused:?}");
}

/// The commands left are those that were there, in their order; comments too.
fn check_removal(before: &str, after: &str, index: usize) {
    let (view, rest) = (dockerfile(before), dockerfile(after));
    let (script, left) = (parse(view.text(), Dialect::Posix), parse(rest.text(), Dialect::Posix));
    let mut expected = items(view.text(), &script);
    let found = items(rest.text(), &left);
    expected.remove(index);
    if found.len() < expected.len() && matches!(expected.get(index), Some(&("true" | ":"))) {
        expected.remove(index);
    }
    assert!(left.clean, "{before}\n--- without {index}:\n{after}");
    assert_eq!(found, expected, "{before}\n--- without {index}:\n{after}");
    let comments = |text: &str| text.lines().filter(|line| line.trim_start().starts_with('#')).count();
    assert_eq!(comments(before), comments(after), "{before}\n--- without {index}:\n{after}");
    let last = |text: &str| {
        text.lines().rev().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned)
    };
    let trailing = |text: &str| last(text).is_some_and(|line| line.ends_with('\\'));
    assert!(trailing(before) || !trailing(after), "{before}\n--- without {index}:\n{after}");
}
