//! Which Dockerfiles are built, in which ways and in which order.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::{BuildLine, Origin};
use crate::{
    model::{BoundBuild, Dockerfile, Model},
    plan::Plan,
    repository::Repository,
    syntax::dockerfile::Keyword,
};

/// One way to build a Dockerfile, in the original files and in the migrated ones.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// The caller; nobody for a line of our own.
    pub caller: Option<Origin>,
    /// As it is.
    pub before: BuildLine,
    /// After the migration; nothing where the caller can no longer be read.
    pub after: Option<BuildLine>,
}

impl Way {
    /// Whether the migration changes this build.
    pub(super) fn is_changed(&self, plan: &Plan) -> bool {
        let in_context = |path: &Utf8PathBuf| path.starts_with(&self.before.context);
        let is_same = self.after.as_ref().is_some_and(|after| self.before.runs_as(after));
        // Any file of the context may be copied into the image.
        !is_same || plan.files.contains_key(&self.before.dockerfile) || plan.files.keys().any(in_context)
    }
}

/// The Dockerfiles that were asked about and have something to do with secrets: a finding, a secret, a mount, a credential
/// file; and those that start from the image of one. The ones that others start from come first.
pub(super) fn of_interest<'m>(model: &'m Model, repository: &Repository, plan: &Plan) -> Vec<&'m Dockerfile> {
    let has_finding = |path: &Utf8Path| plan.findings.iter().any(|planned| planned.finding.dockerfile == path);
    let selected = model.understood().filter(|one| repository.is_selected(one.path()));
    let own = selected.filter(|one| has_finding(one.path()) || has_secrets(model, one));
    let mut chosen: Vec<&Dockerfile> = own.collect();
    let children: Vec<&Dockerfile> = chosen.iter().flat_map(|one| model.children(one)).collect();
    for child in children {
        if !chosen.iter().any(|one| one.path() == child.path()) {
            chosen.push(child);
        }
    }
    // A child of a child is rare, and a Dockerfile can't be its own.
    let children: BTreeSet<&Utf8Path> =
        chosen.iter().flat_map(|one| model.children(one)).map(Dockerfile::path).collect();
    chosen.sort_by_key(|one| (children.contains(one.path()), one.path()));
    chosen
}

fn has_secrets(model: &Model, dockerfile: &Dockerfile) -> bool {
    let has_mount = |step: &crate::model::Step| {
        let mut mounts = step.instruction.flags().into_iter().filter_map(|flag| flag.mount());
        step.keyword == Keyword::Run && mounts.any(|mount| matches!(mount.kind.as_str(), "secret" | "ssh"))
    };
    !model.secrets(dockerfile).is_empty()
        || dockerfile.steps.iter().any(has_mount)
        || !model.copied_files(dockerfile).is_empty()
}

/// Every way in which `dockerfile` is built, one for each caller. A line of our own stands in where nobody builds it.
pub(super) fn ways(before: &Model, after: &Model, dockerfile: &Dockerfile) -> Vec<Way> {
    let migrated = after.dockerfile(dockerfile.path()).unwrap_or(dockerfile);
    let bound = before.bound_builds(dockerfile);
    if bound.is_empty() {
        let (before, after) = (BuildLine::of_dockerfile(before, dockerfile), BuildLine::of_dockerfile(after, migrated));
        return vec![Way { caller: None, before, after: Some(after) }];
    }
    let way = |bound: BoundBuild<'_>| {
        let line = BuildLine::of_build(before, dockerfile, bound);
        // A caller may be known for one of the Dockerfile by the argument that it passes, which is not declared any more.
        let mut later = after.builds_of_file(&bound.build.file);
        let later = later.find(|build| build.index == bound.build.index);
        let later = later.map(|build| BuildLine::of_build(after, migrated, BoundBuild { build, ..bound }));
        Way { caller: line.origin.clone(), before: line, after: later }
    };
    bound.into_iter().map(way).collect()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::source::Source;

    fn model(files: &[(&str, &str)]) -> (Model, Repository) {
        let sources = files.iter().map(|(path, text)| Source::new(*path, text.as_bytes().to_vec()));
        let dockerfiles = files.iter().filter(|(path, _)| path.contains("Dockerfile")).map(|(path, _)| (*path).into());
        let repository = Repository::new([], sources, dockerfiles.collect());
        (Model::new(Rc::new(repository.clone()), |_| true), repository)
    }

    #[test]
    fn every_caller_is_one_way_and_is_found_again() {
        let dockerfile = ("Dockerfile", "FROM x\nARG T_TOKEN\nRUN npm ci\n");
        let make = ("Makefile", "a:\n\tdocker build --build-arg T_TOKEN .\n");
        let (before, _) = model(&[dockerfile, ("build.sh", "#!/bin/sh\ndocker build --build-arg T_TOKEN .\n"), make]);
        let found = ways(&before, &before, &before.dockerfiles[0]);
        let callers: Vec<String> = found.iter().flat_map(|way| &way.caller).map(ToString::to_string).collect();
        assert_eq!(callers, ["Makefile:2", "build.sh:2"]);
        assert!(found.iter().all(|way| !way.is_changed(&Plan::default())));
        let (after, _) = model(&[dockerfile, make]);
        let gone = ways(&before, &after, &before.dockerfiles[0]);
        assert_eq!(gone.iter().map(|way| way.after.is_none()).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_caller_that_is_known_by_its_argument_is_found_when_that_is_gone() {
        let build = ("ci/build.sh", "docker build --build-arg T_TOKEN --secret id=t_token,env=T_TOKEN moved\n");
        let of = |text: &'static str| model(&[("a/Dockerfile", text), ("b/Dockerfile", "FROM x\n"), build]).0;
        let before = of("FROM x\nARG T_TOKEN\nRUN npm ci\n");
        let after = of("FROM x\nRUN --mount=type=secret,id=t_token,env=T_TOKEN npm ci\n");
        let found = ways(&before, &after, &before.dockerfiles[0]);
        assert!(matches!(found.as_slice(), [way] if way.caller.is_some() && way.after.is_some()), "{found:?}");
    }

    #[test]
    fn parents_come_before_their_children_and_plain_files_not_at_all() {
        let (model, repository) = model(&[
            ("a/Dockerfile", "FROM images.example.com/base\n"),
            ("base/Dockerfile", "FROM x\nARG T_TOKEN\nRUN npm ci\n"),
            ("plain/Dockerfile", "FROM x\n"),
            ("build.sh", "#!/bin/sh\ndocker build -t images.example.com/base:latest base\ndocker build a\n"),
        ]);
        let chosen = of_interest(&model, &repository, &Plan::default());
        let paths: Vec<&str> = chosen.iter().map(|one| one.path().as_str()).collect();
        assert_eq!(paths, ["base/Dockerfile", "a/Dockerfile"]);
    }
}
