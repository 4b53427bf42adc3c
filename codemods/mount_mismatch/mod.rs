#![doc = include_str!("page.md")]

mod wanted;

use super::prelude::*;
use crate::callers::{Build, Format, Refusal, add_secret, rename_secret};
use crate::model::{Binding, BoundBuild, SECRETS, SecretMount, mentions};
use wanted::steps_of_build;

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "mount-mismatch",
    summary: "the ids that RUNs mount and the ids that builds pass are not the same",
    page: include_str!("page.md"),
    may_find: has_a_mount,
    find,
};

fn find(model: &Model, dockerfile: &Dockerfile) -> Vec<Finding> {
    Ids::new(model, dockerfile).findings()
}

/// The ids of one Dockerfile and of its builds.
struct Ids<'m> {
    model: &'m Model,
    dockerfile: &'m Dockerfile,
    /// Every secret mount, with its step.
    mounts: Vec<(usize, SecretMount)>,
    /// The builds that are certainly of this Dockerfile and that are understood whole.
    builds: Vec<BoundBuild<'m>>,
}

impl<'m> Ids<'m> {
    fn new(model: &'m Model, dockerfile: &'m Dockerfile) -> Self {
        let steps = 0..dockerfile.steps.len();
        let mounts = steps.flat_map(|step| dockerfile.secret_mounts(step).into_iter().map(move |mount| (step, mount)));
        let mut builds = model.bound_builds(dockerfile);
        builds.retain(|bound| {
            let passes = !bound.build.secrets.is_empty();
            // A document that says how to build without any secret does not have to be complete, and what is built elsewhere
            // mostly is something else.
            let may_do_without = bound.build.format == Format::Markdown || bound.build.dockerfiles.absent().is_some();
            bound.binding != Binding::OneOfSeveral && bound.build.opaque.is_none() && (passes || !may_do_without)
        });
        Self { model, dockerfile, mounts: mounts.filter(|(_, mount)| !mount.id.contains('$')).collect(), builds }
    }

    fn findings(&self) -> Vec<Finding> {
        if !has_a_mount(self.dockerfile.source.text()) {
            return Vec::new();
        }
        let mut ids: Vec<&str> = Vec::new();
        for (_, mount) in &self.mounts {
            if !ids.contains(&mount.id.as_str()) {
                ids.push(&mount.id);
            }
        }
        let missing = ids.into_iter().filter_map(|id| self.missing(id));
        missing.chain(self.unmounted()).collect()
    }

    fn passes(build: &Build, id: &str) -> bool {
        build.secrets.iter().any(|passed| passed.id == id)
    }

    /// An id that RUNs mount and builds don't pass.
    fn missing(&self, id: &str) -> Option<Finding> {
        let mounts: Vec<&(usize, SecretMount)> = self.mounts.iter().filter(|(_, mount)| mount.id == id).collect();
        let wants = |bound: &&BoundBuild| {
            let steps = steps_of_build(self.dockerfile, bound.build.target.as_deref());
            mounts.iter().any(|(step, _)| steps.contains(step) && !self.dockerfile.steps[*step].onbuild)
        };
        let wanting: Vec<&BoundBuild> = self.builds.iter().filter(wants).collect();
        let without: Vec<&BoundBuild> =
            wanting.iter().copied().filter(|bound| !Self::passes(bound.build, id)).collect();
        let required = mounts.iter().any(|(_, mount)| mount.required);
        if without.is_empty() || (!required && without.len() < wanting.len()) {
            return None;
        }
        let (_, first) = mounts.first()?;
        if !required && without.iter().all(|bound| self.does_without(bound.build, first)) {
            return None;
        }
        let mut change = Change::new(self.model, self.dockerfile);
        without.iter().for_each(|bound| self.pass(&mut change, bound, first));
        let (fix, notes) = change.finish(format!("pass the secret `{id}`"));
        let labels = without.iter().map(|bound| Label {
            file: bound.build.file.clone(),
            range: bound.build.range,
            text: format!("{} does not pass it", bound.build.title),
        });
        let labels = labels.chain(without.iter().flat_map(|bound| labels_of_users(self.model, bound.build)));
        Some(Finding {
            codemod: CODEMOD.id,
            severity: if required { Severity::Error } else { Severity::Warning },
            dockerfile: self.dockerfile.path().to_owned(),
            subject: format!("id {id}"),
            title: format!(
                "a RUN mounts the secret `{id}`, which {} not pass",
                of_builds(without.len(), wanting.len())
            ),
            primary: Label {
                file: self.dockerfile.path().to_owned(),
                range: first.range,
                text: if required { "the build stops here" } else { "nothing is mounted here" }.to_owned(),
            },
            labels: labels.collect(),
            notes,
            fix,
        })
    }

    /// Whether the file of a build says that the variable of an optional mount may be empty: `NAME ?=` in make, `${NAME:-}` in a
    /// shell.
    fn does_without(&self, build: &Build, mount: &SecretMount) -> bool {
        let Some(variable) = &mount.variable else { return false };
        let text = self.model.repository.source(&build.file).map_or("", |source| source.text());
        let is_default = |line: &str| {
            let line: String =
                line.chars().filter(|char| !char.is_whitespace() && !matches!(char, '"' | '\'')).collect();
            let set = line.strip_prefix("export").unwrap_or(&line).strip_prefix(variable.as_str());
            set == Some("?=")
                || ["-", ":-", "=", ":="].iter().any(|sign| line.contains(&format!("{{{variable}{sign}}}")))
        };
        text.lines().any(is_default)
    }

    /// Makes one build pass the secret of `mount`: under its right id, or from the variable of the same name.
    fn pass(&self, change: &mut Change<'m>, bound: &BoundBuild<'m>, mount: &SecretMount) {
        let (repository, build) = (&self.model.repository, bound.build);
        let mounted = |id: &str| self.mounts.iter().any(|(_, mount)| mount.id == id);
        let mut alike =
            build.secrets.iter().filter(|passed| same_but_for_spelling(&passed.id, &mount.id) && !mounted(&passed.id));
        if let Some(passed) = alike.next() {
            let edit = rename_secret(repository, build, &passed.id, &mount.id);
            change.edit_build(build, "id-in-other-spelling", edit);
            return;
        }
        let variable = mount.variable.clone().unwrap_or_else(|| mount.id.to_uppercase().replace(['-', '.'], "_"));
        let text = repository.source(&build.file).map_or("", |source| source.text());
        // A file at a path of its own has a format that a variable of the same name need not have.
        let is_value = mount.path.as_deref().is_none_or(|path| path.starts_with(SECRETS));
        let edit = if is_value && mentions(text, &variable) {
            change.assume(format!("`{variable}` is in the environment of {} in `{}`", build.title, build.file));
            add_secret(repository, build, &mount.id, &variable)
        } else {
            let reason = format!("it can't be told where {} would get `{}` from", build.title, mount.id);
            let from = if is_value { format!("env={variable}") } else { "src=…".to_owned() };
            let instead = Some(format!("--secret id={},{from}", mount.id));
            Err(Refusal { reason, range: build.range, instead })
        };
        change.edit_build(build, "source-unknown", edit);
    }

    /// Ids that builds pass and no RUN mounts, in whatever spelling.
    fn unmounted(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = Vec::new();
        for bound in self.builds.iter().filter(|bound| bound.binding == Binding::Named) {
            for passed in &bound.build.secrets {
                let subject = format!("passed {}", passed.id);
                let known = found.iter().any(|finding| finding.subject == subject);
                if !known && !self.is_wanted(&passed.id) {
                    found.push(self.unmounted_finding(bound, passed, subject));
                }
            }
        }
        found
    }

    /// Whether something asks for this id, or will when another fix is made.
    fn is_wanted(&self, id: &str) -> bool {
        let alike = |name: &str| same_but_for_spelling(id, name);
        let special = ["GIT_AUTH_", "HTTP_AUTH_"].iter().any(|beginning| id.starts_with(beginning));
        let text = self.dockerfile.source.text();
        let named = text.contains(&format!("/run/secrets/{id}")) || text.contains(&format!("id=${{{id}}}"));
        let computed = text.contains("id=$") || text.contains("id=\"$");
        let entering = self.model.secrets(self.dockerfile).iter().any(|secret| alike(&secret.flow.name));
        special || named || computed || entering || self.mounts.iter().any(|(_, mount)| alike(&mount.id))
    }

    fn unmounted_finding(
        &self,
        bound: &BoundBuild<'m>,
        passed: &crate::callers::PassedSecret,
        subject: String,
    ) -> Finding {
        let (id, path) = (&passed.id, self.dockerfile.path());
        let mut change = Change::new(self.model, self.dockerfile);
        let place = Label { file: bound.build.file.clone(), range: passed.range, text: "passed here".to_owned() };
        let reason = format!("`{path}` has no mount of it: either a RUN lost its mount, or this goes");
        change.obstruct("not-mounted", reason, None);
        let (fix, notes) = change.finish(format!("mount `{id}` where it is read, or stop passing it"));
        Finding {
            codemod: CODEMOD.id,
            severity: Severity::Note,
            dockerfile: path.to_owned(),
            subject,
            title: format!("{} passes the secret `{id}`, which no RUN mounts", bound.build.title),
            primary: place,
            labels: Vec::new(),
            notes,
            fix,
        }
    }
}

fn of_builds(without: usize, all: usize) -> String {
    match (without, all) {
        (1, 1) => "its build does".to_owned(),
        (some, all) if some == all => "its builds do".to_owned(),
        (some, all) => format!("{some} of its {all} builds do"),
    }
}
