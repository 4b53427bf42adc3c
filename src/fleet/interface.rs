use std::{collections::BTreeSet, rc::Rc};

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use crate::{
    callers::{self, Offer, Outside, Request},
    model::{Dockerfile, Model},
    plan::{Planned, Status},
    report::Redactor,
    repository::Repository,
    source::LineIndex,
};

/// What a Dockerfile takes from its builds, as far as that is, or is going to be, secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// The Dockerfile, from the root.
    pub dockerfile: Utf8PathBuf,
    /// The build arguments that it declares in the base.
    pub declares: BTreeSet<String>,
    /// The secrets that its RUNs mount in the base.
    pub mounts: BTreeSet<Mounted>,
    /// What the change asks of every build in the place of a build argument.
    pub requests: Vec<Request>,
    /// What the change asks of every build besides.
    pub offers: Vec<Offer>,
}

/// A secret that a RUN mounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mounted {
    /// Its id.
    pub id: String,
    /// The variable that it becomes; `None` where it becomes a file.
    pub variable: Option<String>,
}

/// A build that is, or may be, of another repository's Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OuterBuild {
    /// The file that it is written in, from the root.
    pub file: Utf8PathBuf,
    /// Its line, one-based.
    pub line: u32,
    /// What it builds.
    pub outside: Outside,
    /// The names of its build arguments.
    pub arguments: BTreeSet<String>,
    /// The ids of the secrets that it passes.
    pub secrets: BTreeSet<String>,
}

impl Interface {
    /// The secret that takes the place of the build argument `argument` in the base; `None` while the argument is declared, or
    /// where no mount is known to take its place.
    #[must_use]
    pub fn successor(&self, argument: &str) -> Option<&Mounted> {
        let is =
            |mount: &&Mounted| mount.variable.as_deref() == Some(argument) || mount.id.eq_ignore_ascii_case(argument);
        self.mounts.iter().find(is).filter(|_| !self.declares.contains(argument))
    }
}

impl OuterBuild {
    /// The file and the line.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// What the Dockerfiles of `repository` take, those with a secret in it. `planned` are the findings in it.
pub fn interfaces<'p>(repository: &Repository, planned: impl Iterator<Item = &'p Planned>) -> Vec<Interface> {
    let applied: Vec<&Planned> = planned.filter(|planned| planned.status == Status::Applied).collect();
    let model = Model::new(Rc::new(repository.clone()), |_| true);
    let interfaces = model.dockerfiles.iter().map(|dockerfile| interface(dockerfile, &applied));
    interfaces.filter(|one| !one.mounts.is_empty() || !one.requests.is_empty() || !one.offers.is_empty()).collect()
}

fn interface(dockerfile: &Dockerfile, applied: &[&Planned]) -> Interface {
    let steps = 0..dockerfile.steps.len();
    let mounts = steps.flat_map(|step| dockerfile.secret_mounts(step));
    let mut interface = Interface {
        dockerfile: dockerfile.path().to_owned(),
        declares: dockerfile.arguments.clone(),
        mounts: mounts.map(|mount| Mounted { id: mount.id, variable: mount.variable }).collect(),
        requests: Vec::new(),
        offers: Vec::new(),
    };
    for fix in applied.iter().map(|planned| &planned.finding).filter(|one| one.dockerfile == *dockerfile.path()) {
        // An argument that nothing reads is only dropped, for which no build has to prepare.
        let secret = fix.fix.requests.iter().filter(|request| request.secret.is_some());
        interface.requests.extend(secret.cloned());
        interface.offers.extend(fix.fix.offers.iter().cloned());
    }
    interface
}

/// The builds in `repository` that name another repository.
#[must_use]
pub fn outer_builds(repository: &Repository, redactor: &Redactor) -> Vec<OuterBuild> {
    let outer = callers::builds(repository).into_iter().filter_map(|build| {
        let outside = build.outside?;
        let source = repository.source(&build.file)?;
        let line = LineIndex::new(source.text()).line(build.range.start());
        let names = |names: &mut dyn Iterator<Item = String>| names.map(|name| redactor.line(&name)).collect();
        Some(OuterBuild {
            line,
            outside,
            arguments: names(&mut build.arguments.into_iter().map(|given| given.name)),
            secrets: names(&mut build.secrets.into_iter().map(|passed| passed.id)),
            file: build.file,
        })
    });
    outer.collect()
}
