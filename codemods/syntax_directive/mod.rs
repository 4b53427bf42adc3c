#![doc = include_str!("page.md")]

use super::prelude::*;
use crate::knowledge::engines::{Answer, Feature, frontend_supports};
use crate::plan::FRONTEND;
use crate::source::TextRange;
use crate::syntax::dockerfile::Keyword;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "syntax-directive",
    summary: "the frontend that reads the file may not know the mounts in it",
    page: include_str!("page.md"),
    may_find: has_a_mount,
    find,
};

fn find(model: &Model<'_>) -> Vec<Finding> {
    model.dockerfiles.iter().filter_map(|dockerfile| finding(model, dockerfile)).collect()
}

fn finding<'m>(model: &'m Model<'m>, dockerfile: &'m Dockerfile) -> Option<Finding> {
    let (feature, place) = newest_feature(dockerfile)?;
    let frontend = dockerfile.frontend();
    let answer = frontend.as_deref().map(|named| frontend_supports(named, feature));
    if matches!(answer, Some(Answer::Yes | Answer::Unknown)) || (answer.is_none() && feature != Feature::SecretEnv) {
        return None;
    }
    let mut change = Change::new(model, dockerfile);
    change.require(feature);
    if frontend.is_none() {
        change.assume(format!("every builder of this file can pull the frontend `{FRONTEND}`"));
    }
    let (title, verb) = match &frontend {
        Some(named) => (format!("the frontend `{named}` does not know this mount"), "raise"),
        None => ("Docker before 27.3 reads this mount only with a `# syntax` header".to_owned(), "add"),
    };
    let (fix, notes) = change.finish(format!("{verb} the header `# syntax={FRONTEND}`"));
    let primary = Label { file: dockerfile.path().to_owned(), range: place, text: "needs a newer frontend".to_owned() };
    Some(Finding {
        codemod: CODEMOD.id,
        severity: if frontend.is_some() { Severity::Error } else { Severity::Note },
        subject: "syntax".to_owned(),
        title,
        primary,
        labels: Vec::new(),
        notes,
        fix,
    })
}

/// The newest feature that the file's secret and ssh mounts need, and the mount that needs it.
fn newest_feature(dockerfile: &Dockerfile) -> Option<(Feature, TextRange)> {
    let runs = dockerfile.steps.iter().filter(|step| step.keyword == Keyword::Run);
    let flags = runs.flat_map(|step| step.instruction.flags());
    let needs = |flag: crate::syntax::dockerfile::Flag| {
        let mount = flag.mount()?;
        if !matches!(mount.kind.as_str(), "secret" | "ssh") {
            return None;
        }
        let feature =
            if mount.kind == "secret" && mount.get("env").is_some() { Feature::SecretEnv } else { Feature::Mount };
        Some((feature, flag.range))
    };
    flags.filter_map(needs).max_by_key(|(feature, range)| (*feature, std::cmp::Reverse(range.start())))
}

fn has_a_mount(text: &str) -> bool {
    text.as_bytes().windows(5).any(|word| word.eq_ignore_ascii_case(b"mount"))
}
