#![doc = include_str!("page.md")]

mod removal;
mod trace;

use super::prelude::*;
use super::shown::{Held, declared, mounted};
use crate::model::{Exposure, ExposureKind, Form, is_traceable};
use crate::plan::FollowUp;
use crate::source::TextRange;
use crate::syntax::dockerfile::Keyword;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "secret-logged",
    summary: "a RUN prints a secret to the build's log",
    page: include_str!("page.md"),
    may_find: declares_or_mounts,
    find,
};

fn find(model: &Model) -> Vec<Finding> {
    model.dockerfiles.iter().flat_map(|dockerfile| of_dockerfile(model, dockerfile)).collect()
}

/// A place that prints a secret.
struct Printed {
    held: Held,
    how: How,
    place: TextRange,
}

/// How a secret gets into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
enum How {
    /// By a command that does nothing else.
    Alone,
    /// By this command, which also has another effect.
    Besides(String),
    /// By the shell, which traces its commands because of this text.
    Traced(String),
}

fn of_dockerfile<'m>(model: &'m Model, dockerfile: &'m Dockerfile) -> Vec<Finding> {
    let mut printed: Vec<Printed> = Vec::new();
    for held in mounted(dockerfile).into_iter().chain(declared(model, dockerfile)) {
        for found in of_held(dockerfile, &held) {
            // A secret that is both declared and mounted is printed once.
            let known = printed.iter().any(|other| other.held.name == held.name && other.place == found.place);
            if !known {
                printed.push(found);
            }
        }
    }
    let mut findings = Vec::new();
    let mut open = printed.as_slice();
    let mut groups: Vec<Vec<&Printed>> = Vec::new();
    while let Some((first, rest)) = open.split_first() {
        open = rest;
        let same = |group: &&mut Vec<&Printed>| group[0].held.name == first.held.name && group[0].how == first.how;
        match groups.iter_mut().find(same) {
            Some(group) => group.push(first),
            None => groups.push(vec![first]),
        }
    }
    for mut group in groups {
        group.sort_by_key(|printed| printed.place.start());
        findings.push(finding(model, dockerfile, &group));
    }
    findings
}

fn of_held(dockerfile: &Dockerfile, held: &Held) -> Vec<Printed> {
    let exposures = held.exposures(dockerfile);
    let shown = exposures.iter().filter_map(|exposure| {
        let how = how(exposure)?;
        Some(Printed { held: held.clone(), how, place: held.place(dockerfile, exposure) })
    });
    shown.chain(traced_by_shell(dockerfile, held)).collect()
}

fn how(exposure: &Exposure) -> Option<How> {
    match &exposure.kind {
        ExposureKind::Printed => Some(How::Alone),
        ExposureKind::Environment | ExposureKind::Verbose => Some(How::Besides(exposure.program.clone())),
        ExposureKind::Traced => Some(How::Traced(exposure.program.clone())),
        ExposureKind::Written { .. } => None,
    }
}

/// A trace that a SHELL instruction or the `#!` line of a script switches on for all commands.
fn traced_by_shell(dockerfile: &Dockerfile, held: &Held) -> Option<Printed> {
    let step = dockerfile.steps.get(held.step)?;
    let run = step.run.as_deref()?;
    let traces = |words: &[String]| {
        words.iter().skip(1).any(|word| {
            word.strip_prefix('-')
                .is_some_and(|flags| flags.contains('x') && flags.chars().all(|flag| flag.is_ascii_alphabetic()))
        })
    };
    let (words, place) = match &run.form {
        Form::Body(Some(line)) => {
            (line.split_whitespace().map(str::to_owned).collect::<Vec<_>>(), step.instruction.keyword_range())
        }
        Form::Exec(_) => return None,
        _ => {
            let shell = dockerfile.steps_before(held.step).rfind(|step| step.keyword == Keyword::Shell)?;
            let words = shell.instruction.json()?.into_iter().map(|word| word.value).collect();
            (words, shell.instruction.text_range())
        }
    };
    let shown = traces(&words) && is_traceable(run, &held.holders(dockerfile)?);
    shown.then(|| Printed { held: held.clone(), how: How::Traced(words.join(" ")), place })
}

fn finding<'m>(model: &'m Model, dockerfile: &'m Dockerfile, group: &[&Printed]) -> Finding {
    let (first, rest) = (group[0], &group[1..]);
    let name = &first.held.name;
    let mut change = Change::new(model, dockerfile);
    refuse_broken_file(&mut change, dockerfile);
    let title = match &first.how {
        How::Alone => {
            removal::remove(&mut change, dockerfile, group);
            "remove the commands that only print it".to_owned()
        }
        How::Besides(program) => advise(&mut change, group, "prints-besides", &besides(program)),
        How::Traced(command) if command.starts_with("set ") => {
            trace::remove(&mut change, group);
            format!("leave the trace out of `{command}`")
        }
        How::Traced(command) => advise(&mut change, group, "traced", &traced(command)),
    };
    change
        .follow_up(FollowUp::Rotate(format!("`{name}`: logs of builds of `{}` until now show it", dockerfile.path())));
    let (fix, notes) = change.finish(title);
    let label = |printed: &&Printed, text: &str| Label {
        file: dockerfile.path().to_owned(),
        range: printed.place,
        text: text.to_owned(),
    };
    let what = match &first.how {
        How::Alone => format!("`{name}` is printed to the build's log"),
        How::Besides(program) => format!("`{program}` prints `{name}` to the build's log"),
        How::Traced(command) => format!("the trace of `{command}` shows `{name}` in the build's log"),
    };
    Finding {
        codemod: CODEMOD.id,
        severity: Severity::Warning,
        dockerfile: dockerfile.path().to_owned(),
        subject: match &first.how {
            How::Alone => format!("print of {name}"),
            How::Besides(by) | How::Traced(by) => format!("{by} with {name}"),
        },
        title: what,
        primary: label(&first, "BuildKit masks nothing of what a command prints"),
        labels: rest.iter().map(|printed| label(printed, "and here")).collect(),
        notes,
        fix,
    }
}

/// Refuses with the exact change for every place; gives the title of the fix.
fn advise(
    change: &mut Change<'_>,
    group: &[&Printed],
    kind: &'static str,
    (reason, title): &(String, String),
) -> String {
    for printed in group {
        let label = change.place(printed.place, "here");
        change.obstruct(kind, reason.clone(), label);
    }
    title.clone()
}

fn besides(program: &str) -> (String, String) {
    match program {
        "env" | "printenv" | "set" | "export" | "declare" => (
            format!("`{program}` prints every variable, and others may be wanted in the log"),
            format!("print single variables by name instead of `{program}`"),
        ),
        _ => (
            format!("what else `{program}` prints may be wanted in the log"),
            format!("leave out the flag that makes `{program}` verbose"),
        ),
    }
}

fn traced(command: &str) -> (String, String) {
    let reason = "the trace of the other commands may be wanted in the log".to_owned();
    let title =
        format!("leave the `-x` out of `{command}`, or put `set +x` in front of the command that has the value");
    (reason, title)
}

/// A secret enters by an instruction or is mounted.
fn declares_or_mounts(text: &str) -> bool {
    declares_something(text) || has_a_mount(text)
}
