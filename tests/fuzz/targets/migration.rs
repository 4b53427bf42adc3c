//! Repositories are migrated, and the promises are checked from outside: a second run changes nothing and finds nothing of what was
//! repaired, no lever changes the result, BuildKit refuses no file that it took before, no instruction goes or moves that a fix
//! has nothing to do with, no build passes what was migrated and none is lost, line breaks stay what they are, and no report shows a
//! value.
//!
//! Half of them are [`made`] of short pieces, half are [`cases`] of the codemods with some changes.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Arbitrary, Result, Unstructured};
use camino::Utf8PathBuf;
use dfmigrate::plan::{self, Plan, Policy, Status};
use dfmigrate::report::{Redactor, diagnostics::Diagnostics, machine};
use dfmigrate::repository::Repository;
use dfmigrate::source::Source;
use dfmigrate::syntax::dockerfile::{self, Keyword, ProblemKind};
use dfmigrate::{apply, callers, codemods};
use libfuzzer_sys::fuzz_target;

use cases::is_dockerfile;
use made::{CANARY, NAMES};

#[path = "migration/cases.rs"]
mod cases;
#[path = "migration/made.rs"]
mod made;

#[derive(Debug)]
struct Miniature {
    files: BTreeMap<String, String>,
    unsafe_fixes: bool,
    /// Whether [`CANARY`] stands for every value.
    canary: bool,
}

impl<'a> Arbitrary<'a> for Miniature {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        if bytes.arbitrary()? { cases::repository(bytes) } else { made::repository(bytes) }
    }
}

fuzz_target!(|miniature: Miniature| {
    let sources = miniature.files.iter().map(|(path, text)| Source::new(path.as_str(), text.clone().into_bytes()));
    let dockerfiles = miniature.files.keys().filter(|path| is_dockerfile(path)).map(Utf8PathBuf::from).collect();
    let repository = Repository::new([], sources, dockerfiles);
    let policy = Policy { unsafe_fixes: miniature.unsafe_fixes, ..Policy::default() };
    let plan = plan::make(&repository, &policy, codemods::ALL);

    let slow = Policy { prefilter: false, reuse: false, ..policy.clone() };
    let other = plan::make(&repository, &slow, codemods::ALL);
    assert_eq!(after(&plan), after(&other), "a lever changes the files: {miniature:#?}");
    assert_eq!(plan.findings.len(), other.findings.len(), "a lever changes the findings: {miniature:#?}");

    let migrated = repository.with_sources(plan.files.values().map(|change| change.after.clone()));
    let again = plan::make(&migrated, &policy, codemods::ALL);
    assert!(again.files.is_empty(), "a second run changes {:#?} of {miniature:#?}", after(&again));
    assert_repaired(&plan, &again, &miniature);

    for (path, change) in &plan.files {
        let (before, after) = (change.before.text(), change.after.text());
        assert_lines(before, after, &miniature);
        if is_dockerfile(path.as_str()) {
            assert!(rejections(after) <= rejections(before), "BuildKit refuses {after:?}: {miniature:#?}");
            assert_eq!(others(before), others(after), "another instruction is changed in {after:?}: {miniature:#?}");
        } else {
            let count = |repository: &Repository| {
                repository.source(path).map_or(0, |source| callers::builds_in(repository, source).len())
            };
            assert_eq!(count(&repository), count(&migrated), "another build in {after:?}: {miniature:#?}");
        }
    }
    assert_no_build_passes(&plan, &migrated, &miniature);
    if miniature.canary {
        assert_nothing_is_shown(&plan, &repository, &miniature);
    }
    assert_applied(&repository, &plan);
});

fn after(plan: &Plan) -> BTreeMap<&Utf8PathBuf, &str> {
    plan.files.iter().map(|(path, change)| (path, change.after.text())).collect()
}

/// What was repaired is not found again, unless the same was found twice.
fn assert_repaired(plan: &Plan, again: &Plan, miniature: &Miniature) {
    let keys = |plan: &Plan, is_wanted: fn(&Status) -> bool| -> BTreeSet<_> {
        let wanted = plan.findings.iter().filter(|planned| is_wanted(&planned.status));
        wanted.map(|planned| planned.finding.key()).collect()
    };
    let (repaired, stayed) =
        (keys(plan, |status| *status == Status::Applied), keys(plan, |one| *one != Status::Applied));
    let left = keys(again, |_| true);
    let back: Vec<_> = repaired.difference(&stayed).filter(|key| left.contains(key)).collect();
    assert!(back.is_empty(), "repaired and found again: {back:?} in {:#?} of {miniature:#?}", after(plan));
}

/// Line breaks are those that the file had, and a last one stays.
fn assert_lines(before: &str, after: &str, miniature: &Miniature) {
    let bare = |text: &str| text.replace("\r\n", "").contains('\n');
    if !before.is_empty() {
        assert!(
            !before.contains('\n') || bare(before) || !bare(after),
            "a bare line feed in {after:?}: {miniature:#?}"
        );
        assert!(before.contains('\r') || !after.contains('\r'), "a carriage return in {after:?}: {miniature:#?}");
        assert!(!before.ends_with('\n') || after.ends_with('\n'), "no last line feed in {after:?}: {miniature:#?}");
        assert_eq!(before.starts_with('\u{feff}'), after.starts_with('\u{feff}'), "{after:?}: {miniature:#?}");
    }
}

fn rejections(text: &str) -> usize {
    dockerfile::parse(text).problems().iter().filter(|problem| problem.kind == ProblemKind::Rejected).count()
}

/// The instructions that no fix changes.
fn others(text: &str) -> Vec<String> {
    let parsed = dockerfile::parse(text);
    assert_eq!(parsed.root().syntax().text().to_string(), text, "the text of a tree is the text that was parsed");
    let kept = parsed.root().instructions().into_iter().filter(|one| {
        !matches!(
            one.keyword(),
            Some(Keyword::Run | Keyword::Arg | Keyword::Env | Keyword::Copy | Keyword::Add | Keyword::Onbuild) | None
        )
    });
    kept.map(|one| {
        let text = one.syntax().text().to_string().trim_end().to_owned();
        // `secret-logged` has a shell not tell its commands.
        if one.keyword() == Some(Keyword::Shell) { text.replace("\"-x\", ", "").replace('x', "") } else { text }
    })
    .collect()
}

/// A build argument that is no longer declared is passed by no build that is read, but to what lies at an address, and beside a
/// secret to what may be another Dockerfile.
fn assert_no_build_passes(plan: &Plan, migrated: &Repository, miniature: &Miniature) {
    let builds = callers::builds(migrated);
    let [only] = migrated.dockerfiles() else { return };
    let dockerfile = migrated.source(only).map_or("", Source::text);
    for planned in &plan.findings {
        let applied = planned.status == Status::Applied && planned.finding.codemod == "arg-secret";
        let name = planned.finding.subject.as_str();
        if applied && !dockerfile.contains(&format!("ARG {name}")) {
            let may_pass = |build: &callers::Build| match build.dockerfiles {
                callers::Dockerfiles::Elsewhere => true,
                callers::Dockerfiles::Unknown(_) => !build.secrets.is_empty(),
                callers::Dockerfiles::One(_) | callers::Dockerfiles::Several(_) => false,
            };
            let passes =
                |build: &callers::Build| !may_pass(build) && build.arguments.iter().any(|given| given.name == name);
            assert!(!builds.iter().any(passes), "{name} is still passed: {miniature:#?}");
        }
    }
}

/// The canary is a secret's value wherever the Dockerfile gives it to a name of a secret.
fn assert_nothing_is_shown(plan: &Plan, repository: &Repository, miniature: &Miniature) {
    let is_secret = |text: &str| {
        let names = NAMES.iter().filter(|name| **name != "VERSION");
        names
            .clone()
            .any(|name| text.contains(&format!("{name}={CANARY}")) || text.contains(&format!("{name} {CANARY}")))
    };
    if !miniature.files.values().any(|text| is_secret(text))
        || miniature
            .files
            .values()
            .any(|text| text.contains(&format!("VERSION={CANARY}")) || text.contains(&format!("VERSION {CANARY}")))
    {
        return;
    }
    let redactor = Redactor::of_plan(plan, repository);
    let diagnostics = Diagnostics::new(plan, repository, &redactor);
    for planned in &plan.findings {
        for text in [diagnostics.render(planned), diagnostics.render_short(&planned.finding)] {
            assert!(!text.contains(CANARY), "the value is shown: {text}\n{miniature:#?}");
        }
    }
    let part = machine::Part { root: "".into(), repository, plan, redactor: &redactor };
    let document = machine::Document::of(&[part]);
    let json = machine::json(&document).expect("a report can be written");
    assert!(!json.contains(CANARY), "the value is shown: {json}\n{miniature:#?}");
}

/// What is written is what was planned, and nothing else is touched.
fn assert_applied(repository: &Repository, plan: &Plan) {
    if plan.files.is_empty() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let root = camino::Utf8Path::from_path(folder.path()).expect("a path in UTF-8");
    for source in repository.sources() {
        let path = root.join(source.path());
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, source.encode()).expect("a file");
    }
    apply::write(&apply::Place::without_git(root), &plan.files).expect("files that can be written");
    let migrated = repository.with_sources(plan.files.values().map(|change| change.after.clone()));
    for source in migrated.sources() {
        assert_eq!(std::fs::read(root.join(source.path())).ok(), Some(source.encode()), "{}", source.path());
    }
}
