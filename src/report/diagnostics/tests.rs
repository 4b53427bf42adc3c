use super::*;
use crate::{
    plan::Fix,
    source::{Source, TextRange, range},
};

const DOCKERFILE: &str = "FROM node:22\nARG NPM_TOKEN=kn0ck-kn0ck\nRUN npm ci \\\n  && npm test\n";
const SCRIPT: &str = "#!/bin/sh\r\ndocker build --build-arg NPM_TOKEN .\r\n";

fn repository() -> Repository {
    let sources = [("Dockerfile", DOCKERFILE), ("build.sh", SCRIPT)];
    let sources = sources.map(|(path, text)| Source::new(path, text.into()));
    Repository::new([], sources, vec!["Dockerfile".into()])
}

fn label(file: &str, text: &str, part: &str, says: &str) -> Label {
    let start = text.find(part).unwrap();
    Label { file: file.into(), range: range(start, start + part.len()), text: says.into() }
}

fn finding(applicability: Applicability) -> Finding {
    Finding {
        codemod: "arg-secret",
        severity: Severity::Error,
        dockerfile: "Dockerfile".into(),
        subject: "NPM_TOKEN".into(),
        title: "the build argument `NPM_TOKEN` stays in the image's history".into(),
        primary: label("Dockerfile", DOCKERFILE, "NPM_TOKEN=kn0ck-kn0ck", "declared here with kn0ck-kn0ck"),
        labels: vec![
            label("Dockerfile", DOCKERFILE, "npm ci \\\n  && npm test", "npm reads it here"),
            label("build.sh", SCRIPT, "--build-arg NPM_TOKEN", "passed by `docker build`"),
        ],
        notes: vec!["Anyone who can pull the image can read it".into()],
        fix: Fix {
            released: std::collections::BTreeSet::new(),
            units: std::collections::BTreeSet::new(),
            title: "mount `NPM_TOKEN` as a secret in 1 RUN instruction".into(),
            applicability,
            edits: BTreeMap::new(),
            steps: BTreeMap::new(),
            assumptions: Vec::new(),
            obstacles: Vec::new(),
            follow_ups: vec![FollowUp::Rotate("`NPM_TOKEN`".into())],
            concealed: Vec::new(),
            requests: Vec::new(),
            offers: Vec::new(),
        },
    }
}

fn rendered(finding: Finding, status: Status) -> String {
    let plan = Plan { findings: vec![Planned::new(finding, status)], ..Plan::default() };
    let repository = repository();
    let redactor = Redactor::of(repository.sources(), [], []);
    let styled = Diagnostics::new(&plan, &repository, &redactor).render(&plan.findings[0]);
    anstream::adapter::strip_str(&styled).to_string()
}

#[test]
fn a_safe_fix() {
    insta::assert_snapshot!(rendered(finding(Applicability::Safe), Status::Applied), @r"
    error[arg-secret]: the build argument `NPM_TOKEN` stays in the image's history
     --> Dockerfile:2:5
      |
    2 | ARG NPM_TOKEN=[redacted]
      |     ^^^^^^^^^^^^^^^^^^^^ declared here with [redacted]
    3 | RUN npm ci \
      |     -------- npm reads it here
      |
     ::: build.sh:2:14
      |
    2 | docker build --build-arg NPM_TOKEN .
      |              --------------------- passed by `docker build`
      |
      = note: Anyone who can pull the image can read it
      = note: rotate `NPM_TOKEN`
    help: mount `NPM_TOKEN` as a secret in 1 RUN instruction
      |
      = note: `dfmigrate --fix` does this
    ");
}

#[test]
fn an_unsafe_fix_names_its_assumptions() {
    let mut finding = finding(Applicability::Unsafe);
    finding.labels.clear();
    finding.fix.assumptions = vec!["The container does not read `NPM_TOKEN`.".into()];
    insta::assert_snapshot!(rendered(finding, Status::Unsafe), @r"
    error[arg-secret]: the build argument `NPM_TOKEN` stays in the image's history
     --> Dockerfile:2:5
      |
    2 | ARG NPM_TOKEN=[redacted]
      |     ^^^^^^^^^^^^^^^^^^^^ declared here with [redacted]
      |
      = note: Anyone who can pull the image can read it
      = note: rotate `NPM_TOKEN`
    help: mount `NPM_TOKEN` as a secret in 1 RUN instruction
      |
      = note: assuming that the container does not read `NPM_TOKEN`
      = note: `dfmigrate --fix --unsafe-fixes` does this
    ");
}

#[test]
fn an_obstacle_is_shown_in_its_place() {
    let mut finding = finding(Applicability::Manual);
    finding.labels.clear();
    finding.fix.obstacles = vec![Obstacle {
        kind: "kaniko",
        reason: "kaniko has no `--secret`".into(),
        place: Some(label("build.sh", SCRIPT, "docker build", "built here")),
        instead: Some("docker build \\\n  --secret id=NPM_TOKEN .".into()),
    }];
    insta::assert_snapshot!(rendered(finding, Status::Manual), @r"
    error[arg-secret]: the build argument `NPM_TOKEN` stays in the image's history
     --> Dockerfile:2:5
      |
    2 | ARG NPM_TOKEN=[redacted]
      |     ^^^^^^^^^^^^^^^^^^^^ declared here with [redacted]
      |
      = note: Anyone who can pull the image can read it
      = note: rotate `NPM_TOKEN`
    note: no fix: kaniko has no `--secret`
     --> build.sh:2:1
      |
    2 | docker build --build-arg NPM_TOKEN .
      | ^^^^^^^^^^^^ built here
      = help: write there:
                  docker build \
                    --secret id=NPM_TOKEN .
    help: by hand: mount `NPM_TOKEN` as a secret in 1 RUN instruction
    ");
}

#[test]
fn a_reason_that_stands_in_many_places_is_told_once() {
    let mut finding = finding(Applicability::Manual);
    finding.labels.clear();
    finding.notes = vec!["twice".into(), "twice".into()];
    let place = label("build.sh", SCRIPT, "docker", "here");
    let obstacle =
        Obstacle { kind: "x", reason: "not understood".into(), place: Some(place), instead: Some("y".into()) };
    finding.fix.obstacles = vec![obstacle; 5];
    let text = rendered(finding, Status::Manual);
    for once in ["not understood", "write `y` there", "and in 2 more places", "= note: twice"] {
        assert_eq!(text.matches(once).count(), 1, "{once}\n{text}");
    }
}

#[test]
fn a_place_outside_the_text_does_no_harm() {
    let mut finding = finding(Applicability::Safe);
    finding.primary.range = range(5_000, 6_000);
    finding.labels[0].range = TextRange::empty(0.into());
    finding.labels[1].file = "absent\u{1b}[31m".into();
    finding.title = "title \u{1b}[31m\nwith kn0ck-kn0ck".into();
    let text = rendered(finding, Status::HeldBack("it\u{7} collides".into()));
    assert!(
        text.contains("it\\u{7} collides") && text.contains("with [redacted]") && !text.contains('\u{1b}'),
        "{text}"
    );
}

#[test]
fn findings_are_counted_by_what_can_be_done() {
    let planned = |applicability, status| Planned::new(finding(applicability), status);
    let all = [
        planned(Applicability::Safe, Status::Applied),
        planned(Applicability::Unsafe, Status::Unsafe),
        planned(Applicability::Manual, Status::Manual),
        planned(Applicability::Safe, Status::HeldBack("x".into())),
    ];
    assert_eq!(
        Count::of(&all).line(),
        "4 findings in 1 file: 1 can be fixed with `--fix`, 1 with `--fix --unsafe-fixes`, 1 to be done by hand, 1 held back"
    );
}
