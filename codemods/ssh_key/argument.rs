//! A key that comes as a build argument, with callers that read it from a file: the builder's agent takes its place.
//!
//! Where a caller has the key as a value, in a variable or a secret of a CI system, there is no file that an agent could be
//! filled with, and a value without a line break at its end is no key file (OpenSSH 9.2: "error in libcrypto"). There the
//! value stays a value, and the repair is that of every written credential.

use std::collections::BTreeSet;

use super::{commands, configuration};
use crate::callers::{ArgumentValue, Receipt, RequestedSecret};
use crate::knowledge::engines::Feature;
use crate::knowledge::files::{BuildInput, FileVerdict, classify_file};
use crate::model::{
    Binding, BoundBuild, Cleanup, Dockerfile, Entry, Evidence, FileFlow, FileReaders, Model, Run, Secret, Settled,
    effective_words,
};
use crate::plan::{Change, FileMount, FollowUp};
use crate::syntax::shell::{Command, RedirectKind};

/// A build argument that holds a key, in a Dockerfile in which an agent can take its place.
#[derive(Debug)]
pub(super) struct ArgumentKey<'m> {
    dockerfile: &'m Dockerfile,
    secret: Secret,
    bound: Vec<BoundBuild<'m>>,
    /// The commands that write, add or print the key, or are about agents.
    settled: Settled,
    flow: FileFlow,
}

/// What a command that names the key does with it.
enum Deed {
    Writes(String),
    Adds,
    Prints,
}

impl<'m> ArgumentKey<'m> {
    /// The key, if everything that is done with it is known and an agent can do it.
    pub(super) fn new(model: &'m Model, dockerfile: &'m Dockerfile, secret: &Secret) -> Option<Self> {
        let bound = model.bound_builds(dockerfile);
        let flow = &secret.flow;
        let plain = flow.relays.is_empty() && flow.outside.is_empty() && flow.literals.is_empty();
        if secret.entry != Entry::Argument || !plain || !come_from_files(&bound, &flow.name) {
            return None;
        }
        let mut key = Self {
            dockerfile,
            secret: secret.clone(),
            bound,
            settled: commands::about_agents(dockerfile).ok()?,
            flow: FileFlow::default(),
        };
        let written = key.settle()?;
        for (step, path, input) in written {
            let readers = FileReaders { input: Some(&input), settled: &key.settled };
            let flow = model.written_flow(dockerfile, step, &path, readers)?;
            key.flow.uses.extend(flow.uses);
            key.flow.cleanups.extend(flow.cleanups);
            key.flow.onward.extend(flow.onward);
            key.flow.conflicts.extend(flow.conflicts);
        }
        (key.is_served_by_an_agent() && configuration::objection(model, dockerfile).is_none()).then_some(key)
    }

    /// Settles what is done with the key; `None` where that is not understood. Returns the files it is written to.
    fn settle(&mut self) -> Option<Vec<(usize, String, BuildInput)>> {
        let mut written = Vec::new();
        let steps: BTreeSet<usize> = self.secret.uses.iter().map(|used| used.step).collect();
        for step in steps {
            let run = self.dockerfile.steps.get(step)?.run.as_deref()?;
            let name = self.secret.flow.name.clone();
            for (shell, item, deed) in deeds(run, &name)? {
                match deed {
                    Deed::Writes(path) => {
                        let FileVerdict::BuildInput(input) = classify_file(&path) else { return None };
                        configuration::is_identity(&path).then(|| written.push((step, path, input)))?;
                    }
                    Deed::Adds => self.flow.uses.push(crate::model::FileUse {
                        step,
                        target: None,
                        near: true,
                        evidence: Evidence::Tool("adds the key to an agent".to_owned()),
                    }),
                    Deed::Prints => {}
                }
                self.settled.entry(step).or_default().push((shell, item));
            }
        }
        Some(written)
    }

    fn is_served_by_an_agent(&self) -> bool {
        let tools = self.flow.uses.iter().all(|used| {
            let run = self.dockerfile.steps[used.step].run.as_deref();
            matches!(used.evidence, Evidence::Tool(_)) && !run.is_some_and(commands::changes_user)
        });
        let named = self.secret.uses.iter().all(|used| used.evidence == Evidence::Named);
        tools && named && !self.flow.uses.is_empty() && self.flow.conflicts.iter().all(|conflict| conflict.if_mounted)
    }

    /// Makes the agent take the key's place, in the Dockerfile and at every build.
    pub(super) fn repair(&self, change: &mut Change<'m>) {
        let name = &self.secret.flow.name;
        self.secret.flow.args.iter().for_each(|place| change.remove_pair(*place));
        for (step, settled) in &self.settled {
            for (shell, command) in settled {
                let (shell, words) = (Some(*shell), Vec::new());
                change.clean_up(Cleanup { step: *step, shell, command: *command, words, whole: true, removes: false });
            }
        }
        self.flow.cleanups.iter().for_each(|cleanup| change.clean_up(cleanup.clone()));
        self.flow.onward.iter().for_each(|source| change.remove_source(*source));
        self.flow.uses.iter().for_each(|used| change.mount_file(used.step, &FileMount::Agent));
        self.secret.uses.iter().for_each(|used| change.release(used.step));
        change.require(Feature::Mount);
        let secret = RequestedSecret { id: name.to_lowercase(), receipt: Receipt::Agent };
        change.request_of_all(&self.bound, name, Some(secret));
        let path = self.dockerfile.path();
        change.follow_up(FollowUp::Rotate(format!("`{name}`: images built from `{path}` until now hold its value")));
    }

    /// What [`Self::repair`] does, as a verb phrase.
    pub(super) fn fix_title(&self) -> String {
        let count = self.flow.uses.iter().map(|used| used.step).collect::<BTreeSet<_>>().len();
        format!("mount an ssh agent with the key in {count} RUN instruction{}", if count == 1 { "" } else { "s" })
    }
}

/// Whether the build argument is the content of a file at every build that passes it, and one passes it.
fn come_from_files(bound: &[BoundBuild<'_>], name: &str) -> bool {
    let certain = bound.iter().filter(|bound| bound.binding != Binding::OneOfSeveral);
    let mut values = certain.flat_map(|bound| &bound.build.arguments).filter(|given| given.name == name).peekable();
    values.peek().is_some() && values.all(|given| matches!(given.value, ArgumentValue::File(_)))
}

/// What the commands of `run` do that name the variable; `None` where one of them is not understood.
fn deeds(run: &Run, name: &str) -> Option<Vec<(usize, crate::source::TextRange, Deed)>> {
    let mut found = Vec::new();
    let mut known = 0;
    for (shell, item, _) in commands::leaves(run) {
        let uses = run.shells.get(shell)?.script.uses(name);
        let here = uses.iter().filter(|one| item.range.contains_range(one.range)).count();
        if here == 0 {
            continue;
        }
        known += here;
        found.push((shell, item.range, deed(&commands::members(item))?));
    }
    // What stands in a condition, or in text that another shell gets, is in no leaf.
    let all: usize = run.shells.iter().map(|shell| shell.script.uses(name).len()).sum();
    (known == all && !found.is_empty()).then_some(found)
}

fn deed(members: &[&Command]) -> Option<Deed> {
    if commands::adds_key(members) {
        return Some(Deed::Adds);
    }
    let (last, feeders) = members.split_last()?;
    let prints = |command: &Command| {
        let words = effective_words(command);
        matches!(words.first()?.as_deref(), Some("echo" | "printf" | "cat" | "tr" | "base64" | "sed")).then_some(())
    };
    feeders.iter().try_for_each(|command| prints(command))?;
    let redirects = members.iter().flat_map(|command| &command.redirects).collect::<Vec<_>>();
    match redirects.as_slice() {
        [] => prints(last).map(|()| Deed::Prints),
        [only] if matches!(only.kind, RedirectKind::Write | RedirectKind::Append) => {
            prints(last).map(|()| Deed::Writes(only.target.lossy()))
        }
        _ => None,
    }
}
