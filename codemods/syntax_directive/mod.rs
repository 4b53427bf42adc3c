#![doc = include_str!("page.md")]

use super::prelude::*;
use crate::knowledge::engines::{Answer, Feature, SecretMounts, frontend_supports};
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

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    finding(model, dockerfile).into_iter().collect()
}

fn finding<'m>(model: &'m Model, dockerfile: &'m Dockerfile) -> Option<Finding> {
    let (feature, place) = newest_feature(dockerfile)?;
    let frontend = dockerfile.frontend();
    let old = frontend.as_deref().is_some_and(is_experimental);
    let answer = frontend.as_deref().map(|named| frontend_supports(named, feature));
    let needed = match answer {
        None => feature == Feature::SecretEnv && model.secret_mounts(dockerfile) != SecretMounts::Variable,
        Some(Answer::No) => true,
        Some(Answer::Yes | Answer::Unknown) => old,
    };
    if !needed {
        return None;
    }
    let mut change = Change::new(model, dockerfile);
    change.raise_frontend();
    if frontend.is_none() && !has_inert_header(dockerfile) {
        change.assume(format!("every builder of this file can pull the frontend `{FRONTEND}`"));
    }
    let (title, verb) = match &frontend {
        Some(named) if answer == Some(Answer::No) => {
            (format!("the frontend `{named}` does not know this mount"), "raise")
        }
        Some(named) => (format!("the experimental frontend `{named}` is no longer maintained"), "raise"),
        None => ("Docker before 27.3 reads this mount only with a `# syntax` header".to_owned(), "add"),
    };
    let (fix, notes) = change.finish(format!("{verb} the header `# syntax={FRONTEND}`"));
    let primary = Label { file: dockerfile.path().to_owned(), range: place, text: "needs a newer frontend".to_owned() };
    Some(Finding {
        codemod: CODEMOD.id,
        severity: if answer == Some(Answer::No) { Severity::Error } else { Severity::Note },
        dockerfile: dockerfile.path().to_owned(),
        subject: "syntax".to_owned(),
        title,
        primary,
        labels: Vec::new(),
        notes,
        fix,
    })
}

/// The channel that secret mounts were tried out in until 2020; all of it is in the stable one.
fn is_experimental(frontend: &str) -> bool {
    frontend.split_whitespace().next().is_some_and(|image| image.contains("experimental"))
}

/// Whether a comment looks like a header but stands too late in the file to be one: whoever wrote it wanted the pull.
fn has_inert_header(dockerfile: &Dockerfile) -> bool {
    let lines = dockerfile.source.text().lines().map(str::trim_start);
    let mut comments = lines.filter_map(|line| line.strip_prefix('#')).map(str::trim_start);
    comments.any(|comment| comment.strip_prefix("syntax").is_some_and(|rest| rest.trim_start().starts_with('=')))
}

/// The newest feature that the file's mounts need, and the first mount that needs it.
fn newest_feature(dockerfile: &Dockerfile) -> Option<(Feature, TextRange)> {
    let runs = dockerfile.steps.iter().filter(|step| step.keyword == Keyword::Run);
    let flags = runs.flat_map(|step| step.instruction.flags());
    let needs = |flag: crate::syntax::dockerfile::Flag| {
        let mount = flag.mount()?;
        let env = mount.kind == "secret" && mount.get("env").is_some();
        Some((if env { Feature::SecretEnv } else { Feature::Mount }, flag.range))
    };
    flags.filter_map(needs).max_by_key(|(feature, range)| (*feature, std::cmp::Reverse(range.start())))
}
