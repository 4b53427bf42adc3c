//! A key that a `COPY` brings: mounted as an agent where ssh finds it by itself, as the same file at the same place where
//! something asks for the file.

use super::commands::{self, Objection};
use super::configuration;
use crate::codemods::copying::{Copying, Way};
use crate::model::{Cleanup, CopiedFile, Dockerfile, Evidence, Model, Settled, Shape};

/// A copied key, and the better way to hand it to the build. `alone` says that the Dockerfile copies no other key.
pub(super) fn prepare<'m>(
    model: &'m Model,
    dockerfile: &'m Dockerfile,
    file: &CopiedFile,
    alone: bool,
) -> (Copying<'m>, Way) {
    let plain = || {
        let mut copying = Copying::new(model, dockerfile, file.clone(), &Settled::new());
        copying.forget_stray_uses();
        copying
    };
    let Ok(settled) = commands::about_agents(dockerfile) else { return (plain(), Way::File) };
    let mut copying = Copying::new(model, dockerfile, file.clone(), &settled);
    let added = is_added(dockerfile, &settled, file);
    copying.forget_stray_uses();
    if !alone || file.shape != Shape::File || objection(model, dockerfile, &copying, added).is_some() {
        return (plain(), Way::File);
    }
    let possible = copying.flow.uses.iter().filter(|used| !used.evidence.is_certain());
    let doubts: Vec<String> = possible.map(|used| doubt(dockerfile, used.step, &used.evidence)).collect();
    let whole = plain();
    let stuck = whole
        .flow
        .conflicts
        .iter()
        .any(|conflict| conflict.if_mounted && whole.flow.uses.iter().any(|used| used.step == conflict.step));
    if !doubts.is_empty() && !stuck {
        return (whole, Way::File);
    }
    copying.doubts = doubts;
    copying.flow.conflicts.retain(|conflict| !conflict.if_mounted);
    let seen = |step: &usize| dockerfile.steps[*step].stage.is_some_and(|stage| copying.flow.stages.contains(&stage));
    let steps = settled.keys().copied().filter(seen);
    let moot: Vec<Cleanup> =
        steps.flat_map(|step| commands::at(&settled, step).map(move |it| moot(step, it))).collect();
    copying.flow.cleanups.extend(moot);
    (copying, Way::Agent)
}

/// A command that has no object any more.
fn moot(step: usize, (shell, command): (usize, crate::source::TextRange)) -> Cleanup {
    Cleanup { step, shell: Some(shell), command, words: Vec::new(), whole: true, removes: false }
}

fn doubt(dockerfile: &Dockerfile, step: usize, evidence: &Evidence) -> String {
    let what = match evidence {
        Evidence::Possible(what) => what.as_str(),
        _ => "runs something",
    };
    format!("line {} {what}, which uses the key only through ssh or git", dockerfile.line_of(step))
}

/// Whether `ssh-add` is given the file.
fn is_added(dockerfile: &Dockerfile, settled: &Settled, file: &CopiedFile) -> bool {
    let name = file.path.file_name().unwrap_or("");
    let runs = settled.keys().filter_map(|step| dockerfile.steps[*step].run.as_deref());
    let mut commands = runs.flat_map(|run| run.commands());
    commands.any(|command| {
        let words = || command.words.iter().map(|word| word.lossy());
        words().any(|word| word == "ssh-add") && words().any(|word| word.rsplit('/').next() == Some(name))
    })
}

/// Why an agent may not do what the file did; `None` where ssh uses the one as it used the other.
fn objection(model: &Model, dockerfile: &Dockerfile, copying: &Copying<'_>, added: bool) -> Option<Objection> {
    if configuration::is_encrypted(model, dockerfile, copying.path()) {
        return Some("the key has a passphrase, which the builder can't ask for".to_owned());
    }
    for used in &copying.flow.uses {
        let run = dockerfile.steps[used.step].run.as_deref()?;
        if !matches!(used.evidence, Evidence::Tool(_) | Evidence::Possible(_)) {
            return Some("a command names the file".to_owned());
        }
        if commands::changes_user(run) {
            return Some("commands run as another user".to_owned());
        }
        if !added && !used.target.as_deref().is_some_and(configuration::is_identity) {
            return Some("ssh does not look for a key there by itself".to_owned());
        }
    }
    configuration::objection(model, dockerfile)
}
