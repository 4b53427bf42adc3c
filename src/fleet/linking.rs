//! Which repository's Dockerfile a build in another one is of, what that build has to pass, and in which order the changes
//! of both are merged.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde::Serialize;

use super::{Interface, Kind, OuterBuild, Part, Record, Reference, Stage, Target};
use crate::{
    callers::{Receipt, Request, RequestedSecret, Whereabouts},
    model::Foreign,
    report::{counted, shown::line},
};

/// Two repositories of a fleet, one of which has, or had, something to change that the other one depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The one that has the build, or runs a workflow of the other.
    pub caller: String,
    /// The one whose Dockerfile is built, or whose workflow is run.
    pub callee: String,
    /// Where, in the caller.
    pub place: String,
    /// How.
    pub kind: Kind,
    /// The build arguments that become secrets.
    pub arguments: BTreeSet<String>,
    /// What is to be done next.
    pub next: Next,
}

/// What is to be done next about a [`Link`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// The caller has to pass the secret beside the build argument.
    Beside,
    /// The caller passes both, so the callee can be merged.
    Callee,
    /// The callee takes the secret, so the argument goes from the caller.
    Instead,
    /// The build is of a fixed version, which will not change: the caller passes both when it moves to a later one.
    Version,
    /// A person has to look: the build is written in a way that is not understood.
    Look,
}

impl Link {
    /// Which change is merged first, and why: sentences without a final period.
    ///
    /// BuildKit ignores a secret that no mount asks for, so a caller can pass it before the Dockerfile wants it. A workflow
    /// refuses a secret that it does not declare (docs.github.com, "Workflow syntax", `jobs.<job_id>.secrets`), so there the
    /// workflow comes first.
    #[must_use]
    pub fn order(&self) -> String {
        let (caller, callee) = (line(&self.caller), line(&self.callee));
        match (self.kind, self.next) {
            (Kind::Workflow, _) => format!(
                "first merge {callee} with its new secrets not required, then have {caller} pass them, at the version that \
                 has them"
            ),
            (Kind::Called, Next::Beside) => format!(
                "first merge {caller}, whose workflow passes the secret beside the build argument, and have {callee} use a \
                 version of it that does, then merge {callee}"
            ),
            (_, Next::Beside) => format!(
                "first merge {caller}, which passes the secret beside the build argument, then {callee}, then remove the \
                 argument from {caller}"
            ),
            (_, Next::Callee) => format!(
                "{caller} passes the secret beside the build argument already, so merge {callee}, then remove the argument \
                 from {caller}"
            ),
            (_, Next::Instead) => {
                format!("{callee} takes the secret, so merge {caller}, which stops passing the argument")
            }
            (_, Next::Version) => format!(
                "{caller} builds a fixed version of {callee}: have it pass the secret beside the build argument before it \
                 moves to a version that mounts it"
            ),
            (_, Next::Look) => format!(
                "first have {caller} pass the secret beside the build argument, then merge {callee}, then remove the \
                 argument from {caller}"
            ),
        }
    }
}

/// A build that is of a Dockerfile of another repository.
struct Tie<'r> {
    caller: &'r Record,
    build: &'r OuterBuild,
    callee: &'r Record,
    interface: &'r Interface,
}

impl Tie<'_> {
    /// Whether a change of the callee may still come.
    fn is_pending(&self) -> bool {
        matches!(self.callee.stage, Stage::Planned | Stage::Committed | Stage::Proposed | Stage::Failed)
    }

    /// Whether the build is of a version that does not move: a tag, a commit, another branch.
    fn is_of_fixed_version(&self) -> bool {
        let base = self.callee.seen.as_ref().map(|seen| seen.base.as_str());
        let reference = self.build.outside.reference.as_deref();
        reference.is_some_and(|reference| {
            let name = reference.strip_prefix("refs/heads/").unwrap_or(reference);
            name != "HEAD" && Some(name) != base
        })
    }

    /// Whether any repository may run the workflow that builds it.
    fn is_called(&self) -> bool {
        self.build.outside.repository == Whereabouts::Caller
    }

    /// What becomes of the build's arguments, as things are.
    fn requests(&self) -> Vec<Request> {
        let passed = |name: &str| self.build.arguments.contains(name);
        let coming = self.interface.requests.iter().filter(|request| self.is_pending() && passed(&request.argument));
        let coming = coming.map(|request| Request { beside: true, ..request.clone() });
        let taken = self.build.arguments.iter().filter_map(|argument| {
            let mounted = self.interface.successor(argument)?;
            let receipt = if mounted.variable.is_some() { Receipt::Variable } else { Receipt::File };
            let secret = Some(RequestedSecret { id: mounted.id.clone(), receipt });
            // What else is built there may still need the argument.
            let beside = self.is_of_fixed_version() || self.is_called();
            Some(Request { argument: argument.clone(), secret, beside })
        });
        coming.chain(taken).collect()
    }

    fn next(&self, requests: &[Request]) -> Option<Next> {
        let passes =
            |request: &Request| request.secret.as_ref().is_none_or(|secret| self.build.secrets.contains(&secret.id));
        let open = requests.iter().filter(|request| !request.beside || !passes(request));
        let coming = self.is_pending()
            && requests
                .iter()
                .any(|request| self.interface.requests.iter().any(|other| other.argument == request.argument));
        match open.map(|request| request.beside).min() {
            Some(false) => Some(Next::Instead),
            Some(true) if self.is_of_fixed_version() && !coming => Some(Next::Version),
            Some(true) => Some(Next::Beside),
            None => coming.then_some(Next::Callee),
        }
    }

    fn foreign(&self) -> Option<Foreign> {
        let requests = self.requests();
        let wanted = self.is_pending() && !self.is_called();
        let offers = if wanted { self.interface.offers.clone() } else { Vec::new() };
        (!requests.is_empty() || !offers.is_empty()).then(|| Foreign {
            file: self.build.file.clone(),
            outside: self.build.outside.clone(),
            repository: self.callee.name.clone(),
            dockerfile: self.interface.dockerfile.clone(),
            requests,
            offers,
        })
    }
}

/// The ties between `records`, which are all that is known of a fleet's repositories.
fn ties(records: &[Record]) -> Vec<Tie<'_>> {
    let mut ties = Vec::new();
    for caller in records {
        for build in &caller.builds {
            for callee in callees(caller, build, records) {
                let interfaces = callee.interfaces.iter().filter(|interface| fits(build, interface, callee));
                ties.extend(interfaces.map(|interface| Tie { caller, build, callee, interface }));
            }
        }
    }
    ties
}

/// The repositories that `build`, in `caller`, may be of.
fn callees<'r>(caller: &Record, build: &OuterBuild, records: &'r [Record]) -> Vec<&'r Record> {
    let name = named(&build.outside.repository, &caller.name);
    let calls = |record: &Record| {
        let mut used = record.references.iter().filter(|one| one.kind == Kind::Workflow && one.to == caller.name);
        used.any(|one| one.path.as_deref().is_some_and(|path| runs(path, &build.file)))
    };
    let is_meant = |record: &&Record| match build.outside.repository {
        Whereabouts::Caller => calls(record),
        _ => name.as_deref() == Some(record.name.as_str()),
    };
    records.iter().filter(|record| record.name != caller.name).filter(is_meant).collect()
}

/// Whether a `uses:` of `path` runs `file`: a workflow, or the `action.yml` in a folder.
fn runs(path: &str, file: &Utf8Path) -> bool {
    let is_action = matches!(file.file_name(), Some("action.yml" | "action.yaml"));
    file == path || is_action && file.parent().is_some_and(|folder| folder == path)
}

/// Whether `build` is of the Dockerfile, as far as can be told. Where it names none, one argument has to be in common.
fn fits(build: &OuterBuild, interface: &Interface, callee: &Record) -> bool {
    let common = || {
        let mut requested = interface.requests.iter().map(|request| &request.argument);
        requested.any(|argument| build.arguments.contains(argument))
            || build.arguments.iter().any(|argument| interface.successor(argument).is_some())
    };
    match &build.outside.dockerfile {
        Some(path) => *path == interface.dockerfile,
        None => common() && callee.interfaces.len() == 1,
    }
}

/// The name of the repository that a text in the repository `own` means.
fn named(whereabouts: &Whereabouts, own: &str) -> Option<String> {
    let (folder, _) = own.rsplit_once('/')?;
    let host = own.split('/').next().filter(|host| !host.is_empty());
    let lower = |name: String| if own.starts_with('/') { name } else { name.to_lowercase() };
    match whereabouts {
        Whereabouts::Address(address) => Target::remote(address).map(|target| target.name),
        Whereabouts::Beside(name) => Some(lower(format!("{folder}/{name}"))),
        Whereabouts::Forge(path) if path.contains('/') => Some(lower(format!("{}/{path}", host?))),
        Whereabouts::Forge(name) => Some(lower(format!("{folder}/{name}"))),
        Whereabouts::Caller => None,
    }
}

/// What the builds in the repository `name` have to know of Dockerfiles of others.
#[must_use]
pub fn foreign(name: &str, records: &[Record]) -> Vec<Foreign> {
    let own = ties(records).into_iter().filter(|tie| tie.caller.name == name);
    let mut known: Vec<Foreign> = Vec::new();
    let mut callers: Vec<BTreeSet<String>> = Vec::new();
    for one in own.filter_map(|tie| tie.foreign()) {
        let same = |other: &Foreign| other.file == one.file && other.outside == one.outside;
        let called = one.outside.repository == Whereabouts::Caller;
        // A workflow that many repositories call is one build: what one of them asks for is asked for.
        let place = known.iter().position(|other| *other == one || called && same(other));
        let Some((other, names)) = place.and_then(|place| Some((known.get_mut(place)?, callers.get_mut(place)?)))
        else {
            callers.push(BTreeSet::from([one.repository.clone()]));
            known.push(one);
            continue;
        };
        let new = |request: &Request| other.requests.iter().all(|old| old.argument != request.argument);
        let more: Vec<Request> = one.requests.into_iter().filter(new).collect();
        other.requests.extend(more);
        names.insert(one.repository);
    }
    for (one, names) in known.iter_mut().zip(callers) {
        if let (Some(first), more @ 1..) = (names.first(), names.len() - 1) {
            one.repository = format!("{first} and {}", counted(more, "other"));
        }
    }
    known
}

/// What links the repositories of a fleet where one of them has something to change that another one depends on.
#[must_use]
pub fn links(records: &[Record]) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for tie in ties(records) {
        let requests = tie.requests();
        let Some(next) = tie.next(&requests) else { continue };
        links.push(Link {
            caller: tie.caller.name.clone(),
            callee: tie.callee.name.clone(),
            place: tie.build.place(),
            kind: if tie.is_called() { Kind::Called } else { Kind::Build },
            arguments: requests.into_iter().map(|request| request.argument).collect(),
            next,
        });
    }
    let changes =
        |reference: &Reference| records.iter().any(|record| record.name == reference.to && changes(record, reference));
    for caller in records {
        for reference in caller.references.iter().filter(|reference| changes(reference)) {
            let understood = |link: &Link| {
                link.caller == caller.name && link.callee == reference.to && link.place == reference.place
            };
            if links.iter().any(understood) {
                continue;
            }
            links.push(Link {
                caller: caller.name.clone(),
                callee: reference.to.clone(),
                place: reference.place.clone(),
                kind: reference.kind,
                arguments: BTreeSet::new(),
                next: Next::Look,
            });
        }
    }
    links
}

/// Whether `record`, the repository that is referred to, has a change that whoever refers to it depends on.
fn changes(record: &Record, reference: &Reference) -> bool {
    let waits = record.part == Part::Own
        && !matches!(record.stage, Stage::Merged | Stage::Clean | Stage::Closed)
        && !record.findings.is_empty();
    let changed = |path: &str| record.files.iter().any(|file| runs(path, file));
    waits && (reference.kind == Kind::Build || reference.path.as_deref().is_some_and(changed))
}
