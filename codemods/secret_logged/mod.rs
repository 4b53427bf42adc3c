#![doc = include_str!("page.md")]

mod removal;
mod trace;

use super::prelude::*;
use super::shown::{By, Held, declared, mounted};
use crate::model::{Exposure, ExposureKind};
use crate::plan::FollowUp;
use crate::source::TextRange;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "secret-logged",
    summary: "a RUN prints a secret to the build's log",
    page: include_str!("page.md"),
    may_find: declares_or_mounts,
    find,
};

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
    Traced(String, Switch),
}

/// What switches a trace on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    /// A `set` in the RUN.
    Set,
    /// The words of the step in JSON form: a SHELL, or the RUN itself.
    Words(usize),
    /// The `#!` line of the RUN's here-document.
    Line,
    /// The options of a shell that the RUN starts.
    Program,
}

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let mut printed: Vec<Printed> = Vec::new();
    for held in mounted(dockerfile).into_iter().chain(declared(model, dockerfile)) {
        for found in of_held(model, dockerfile, &held) {
            if found.how == How::Alone && is_test(dockerfile) && matches!(held.by, By::Mount(_)) {
                continue;
            }
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
        let same = |group: &&mut Vec<&Printed>| {
            let traced = matches!(first.how, How::Traced(..));
            // One trace shows all secrets behind it.
            let of_it = traced && group.iter().any(|other| other.place == first.place);
            group[0].how == first.how && (group[0].held.name == first.held.name || of_it)
        };
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

/// Whether the file is one of a folder for tests: what is mounted there was made for the test, and printing it is how the
/// test sees that it arrived.
fn is_test(dockerfile: &Dockerfile) -> bool {
    const FOLDERS: [&str; 8] = ["test", "tests", "testdata", "e2e", "it", "spec", "fixtures", "integration-tests"];
    let mut folders = dockerfile.path().parent().into_iter().flat_map(camino::Utf8Path::components);
    folders.any(|folder| FOLDERS.contains(&folder.as_str()))
}

fn of_held(model: &Model, dockerfile: &Dockerfile, held: &Held) -> Vec<Printed> {
    let exposures = held.exposures(dockerfile);
    let shown = exposures.iter().filter_map(|exposure| {
        let how = how(exposure)?;
        Some(Printed { held: held.clone(), how, place: held.place(dockerfile, exposure) })
    });
    let by_programs = trace::programs(model, dockerfile, held);
    shown.chain(trace::by_shell(dockerfile, held)).chain(by_programs).collect()
}

fn how(exposure: &Exposure) -> Option<How> {
    match &exposure.kind {
        ExposureKind::Printed => Some(How::Alone),
        ExposureKind::Environment | ExposureKind::Verbose => Some(How::Besides(exposure.program.clone())),
        ExposureKind::Traced => Some(How::Traced(exposure.program.clone(), Switch::Set)),
        ExposureKind::Written { .. } | ExposureKind::Reported { .. } => None,
    }
}

fn finding<'m>(model: &'m Model, dockerfile: &'m Dockerfile, group: &[&Printed]) -> Finding {
    let (first, rest) = (group[0], &group[1..]);
    let mut names: Vec<&str> = group.iter().map(|printed| printed.held.name.as_str()).collect();
    names.dedup();
    let name = names.join("`, `");
    let mut change = Change::new(model, dockerfile);
    refuse_broken_file(&mut change, dockerfile);
    let title = match &first.how {
        How::Alone => {
            removal::remove(&mut change, (model, dockerfile), group);
            "remove the commands that only print it".to_owned()
        }
        How::Besides(program) => advise(&mut change, group, "prints-besides", &besides(program)),
        How::Traced(command, switch) => {
            trace::remove(&mut change, group, *switch);
            format!("leave the trace out of `{command}`")
        }
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
        How::Traced(command, _) => format!("the trace of `{command}` shows `{name}` in the build's log"),
    };
    Finding {
        codemod: CODEMOD.id,
        severity: Severity::Warning,
        dockerfile: dockerfile.path().to_owned(),
        subject: match &first.how {
            How::Alone => format!("print of {name}"),
            How::Besides(by) | How::Traced(by, _) => format!("{by} with {name}"),
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

/// A secret enters by an instruction or is mounted.
fn declares_or_mounts(text: &str) -> bool {
    declares_something(text) || has_a_mount(text)
}
