//! Real instructions, where the corpus is at hand. It is no part of the repository.

use std::path::{Path, PathBuf};

use super::check;
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
