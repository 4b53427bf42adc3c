#![doc = include_str!("page.md")]

mod moving;
mod removal;

use super::prelude::*;
use super::shown::{By, Held, mounted, reported};
use crate::model::{Exposure, ExposureKind};
use crate::plan::{Applicability, FollowUp};
use crate::syntax::shell::{Command, Word};
use moving::Moving;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "mounted-secret-written",
    summary: "a RUN writes a mounted secret into a file of the image",
    page: include_str!("page.md"),
    may_find: has_a_mount,
    find,
};

/// A command that leaves a secret in a file.
struct Written {
    held: Held,
    path: String,
    exposure: Exposure,
}

impl Written {
    /// Whether the file holds what a program tells of its work.
    fn is_report(&self) -> bool {
        matches!(self.exposure.kind, ExposureKind::Reported { .. })
    }
}

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    let written: Vec<Written> = mounted(dockerfile).iter().flat_map(|held| of_held(dockerfile, held)).collect();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    let mut repaired: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for first in &written {
        let key = (first.held.name.as_str(), first.path.as_str());
        let By::Mount(id) = &first.held.by else { continue };
        if seen.contains(&key) || repaired.contains(&id.as_str()) {
            continue;
        }
        seen.push(key);
        let group: Vec<&Written> =
            written.iter().filter(|other| (other.held.name.as_str(), other.path.as_str()) == key).collect();
        let is_report = first.is_report();
        let moving = if is_report { None } else { Moving::new(model, dockerfile, &group) };
        let simple = moving.is_some() || is_report || removal::removable(dockerfile, first, &group[1..]).is_ok();
        let repair = if simple { None } else { repaired_commands(model, dockerfile, id, first) };
        if let Some(finding) = repair {
            repaired.push(id);
            findings.push(finding);
        } else {
            findings.push(finding(model, dockerfile, &group, moving));
        }
    }
    findings
}

/// The finding with the repair of all commands that write the secret down, as a secret is repaired that enters by an ARG; `None`
/// where that can't be made.
fn repaired_commands(model: &Model, dockerfile: &Dockerfile, id: &str, first: &Written) -> Option<Finding> {
    let mounted = dockerfile.mounted().into_iter().filter(|mounted| mounted.id == id);
    let migrations = mounted.map(|mounted| Migration::of_mount(model, dockerfile, mounted));
    let written = migrations.filter(|migration| migration.codemod() == "written-credential");
    let findings =
        written.map(|migration| migration.finding(CODEMOD.id, title(first), "its value comes to rest in a layer"));
    let mut repaired = findings.filter(|finding| finding.fix.applicability != Applicability::Manual);
    repaired.next().map(|finding| Finding { subject: subject(first), ..finding })
}

fn title(first: &Written) -> String {
    format!("the mounted secret `{}` is written to `{}`, which stays in the layer", first.held.name, first.path)
}

fn subject(first: &Written) -> String {
    format!("{} in {}", first.held.name, first.path)
}

fn of_held(dockerfile: &Dockerfile, held: &Held) -> Vec<Written> {
    let exposures = held.exposures(dockerfile).into_iter();
    let written = exposures.filter_map(|exposure| match exposure.kind.clone() {
        ExposureKind::Written { path, removed: false } | ExposureKind::Reported { path } => {
            Some(Written { held: held.clone(), path, exposure })
        }
        _ => None,
    });
    written.filter(|written| !is_transient(dockerfile, held.step, &written.path)).collect()
}

/// Whether a mount of the RUN takes what is written there, so that no layer has it.
fn is_transient(dockerfile: &Dockerfile, step: usize, path: &str) -> bool {
    let path = dockerfile.absolute(step, path);
    let flags = dockerfile.steps[step].instruction.flags();
    let mounts = flags.iter().filter_map(|flag| flag.mount());
    let mut targets =
        mounts.filter_map(|mount| mount.get("target").map(|target| target.trim_end_matches('/').to_owned()));
    targets.any(|target| path.strip_prefix(&target).is_some_and(|rest| rest.starts_with('/')))
}

fn finding<'m>(
    model: &'m Model,
    dockerfile: &'m Dockerfile,
    group: &[&Written],
    moving: Option<Moving<'m>>,
) -> Finding {
    let (first, rest) = (group[0], &group[1..]);
    let (name, path) = (&first.held.name, &first.path);
    let stage = dockerfile.steps[first.held.step].stage;
    let shipped = dockerfile.shipped_stages(&model.targets(dockerfile));
    let is_shipped = stage.is_some_and(|stage| shipped.contains(&stage));
    let mut change = Change::new(model, dockerfile);
    refuse_broken_file(&mut change, dockerfile);
    if !is_shipped {
        change.notes.push(
            "the stage is not part of the image that is run, but of its cache and of what copies from it".to_owned(),
        );
    }
    let removable = match first.is_report() {
        true => Err(reported(&first.exposure.program, path)),
        false => removal::removable(dockerfile, first, rest),
    };
    let fix_title = match (moving, removable) {
        (Some(moving), removable) if removable.is_err() || moving.is_clear() => {
            match moving.carry_out(&mut change, is_shipped && removable.is_err()) {
                true => moving.title(),
                false => advice(dockerfile, first),
            }
        }
        (_, Ok(())) => {
            let step = first.held.step;
            change.rewrite(step, |dockerfile| removal::next_edit(dockerfile, &first.held, path));
            format!("remove `{path}` in the same RUN")
        }
        (_, Err(reason)) => {
            let label = change.place(first.held.place(dockerfile, &first.exposure), "written here");
            change.obstruct("written-down", reason, label);
            advice(dockerfile, first)
        }
    };
    change.follow_up(FollowUp::Rotate(format!(
        "`{name}`: images built from `{}` until now hold it in `{path}`",
        dockerfile.path()
    )));
    let (fix, notes) = change.finish(fix_title);
    let label = |written: &Written, text: &str| Label {
        file: dockerfile.path().to_owned(),
        range: written.held.place(dockerfile, &written.exposure),
        text: text.to_owned(),
    };
    Finding {
        codemod: CODEMOD.id,
        severity: if is_shipped { Severity::Warning } else { Severity::Note },
        dockerfile: dockerfile.path().to_owned(),
        subject: subject(first),
        title: title(first),
        primary: label(first, "writes the value down"),
        labels: rest.iter().map(|written| label(written, "and here")).collect(),
        notes,
        fix,
    }
}

/// What a person should write instead.
fn advice(dockerfile: &Dockerfile, written: &Written) -> String {
    let By::Mount(id) = &written.held.by else { return String::new() };
    if written.is_report() {
        return format!("leave out what makes `{}` tell of it", written.exposure.program);
    }
    let copies = matches!(written.exposure.program.as_str(), "cp" | "mv" | "install" | "cat" | "dd");
    let path = place(dockerfile, written);
    let target = path.as_deref().unwrap_or("…");
    match path.as_deref().filter(|path| copies && path.starts_with('/')) {
        Some(path) => {
            format!("mount it there, in every RUN that reads the file: `--mount=type=secret,id={id},target={path}`")
        }
        None => format!(
            "leave the file out, and give the value to the commands that need it: `--mount=type=secret,id={id},env=…`, or a secret that is the whole file: `target={target}`"
        ),
    }
}

/// Where in the image the file is written; `None` where a command in front goes to a folder that can't be told.
fn place(dockerfile: &Dockerfile, written: &Written) -> Option<String> {
    let (step, exposure) = (written.held.step, &written.exposure);
    let shell = dockerfile.steps[step].run.as_deref()?.shells.get(exposure.shell)?;
    let before = shell.script.commands().into_iter().map(|context| context.command);
    let goes = |command: &&Command| {
        let name = command.name();
        matches!(name.as_deref(), Some("cd" | "pushd" | "popd")) && command.range.end() <= exposure.command.start()
    };
    let changes: Vec<&Command> = before.filter(goes).collect();
    let path = match changes.as_slice() {
        _ if written.path.starts_with(['/', '~', '$']) => written.path.clone(),
        [] => written.path.clone(),
        [change] => {
            let folder =
                change.words.get(1).and_then(Word::literal).filter(|folder| !folder.starts_with(['~', '-']))?;
            format!("{}/{}", folder.trim_end_matches('/'), written.path.trim_start_matches("./"))
        }
        _ => return None,
    };
    let path = dockerfile.absolute(step, &path);
    Some(path.replace("$HOME/", "/root/").replace("~/", "/root/"))
}
