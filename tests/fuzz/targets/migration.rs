//! Random Dockerfiles with random callers are migrated, and the promises are checked from outside: a second run changes nothing,
//! no lever changes the result, BuildKit refuses no file that it took before, no build passes what was migrated, line
//! breaks stay what they are, and no report shows a value.

#![no_main]

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Result, Unstructured};
use camino::Utf8PathBuf;
use dfmigrate::plan::{self, Plan, Policy, Status};
use dfmigrate::report::{Redactor, diagnostics::Diagnostics, machine};
use dfmigrate::repository::Repository;
use dfmigrate::source::Source;
use dfmigrate::syntax::dockerfile::{self, ProblemKind};
use dfmigrate::{apply, codemods};
use libfuzzer_sys::fuzz_target;

/// A value that no report may show.
const CANARY: &str = "c4n4ryV4lu3xQ9zT7";

/// Names of secrets, and one that is none.
const NAMES: [&str; 5] = ["NPM_TOKEN", "GITHUB_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "VERSION"];

/// Instructions; `@` is a name, `%` the value.
const INSTRUCTIONS: [&str; 34] = [
    "ARG @",
    "ARG @=%",
    "ARG @ OTHER=1",
    "ENV @=%",
    "ENV @=$@",
    "ENV @ %",
    "ENV A=1 \\\n    @=${@} \\\n    # why\n    B=2",
    "ENV COPY_OF=${@:-x}",
    "LABEL token=$@",
    "RUN npm ci",
    "RUN echo $@ | tool login",
    "RUN curl -H \"Authorization: Bearer $@\" https://api.example.com/x",
    "RUN echo \"//npm.example.com/:_authToken=$@\" > ~/.npmrc && npm ci && rm ~/.npmrc",
    "RUN echo \"//npm.example.com/:_authToken=$@\" > ~/.npmrc\nRUN npm ci\nRUN rm -f ~/.npmrc",
    "RUN git config --global url.\"https://$@@git.example.com/\".insteadOf https://git.example.com/",
    "RUN if [ -n \"$@\" ]; then npm ci; else npm i; fi",
    "RUN sh -c 'echo $@'",
    "RUN sh -c \"echo $@\"",
    "RUN a=$@; b \"$a\"",
    "RUN export @ && make",
    "RUN <<E\nset -e\necho $@\nE",
    "RUN <<'E'\necho $@\nE",
    "RUN [\"npm\", \"ci\"]",
    "RUN --mount=type=secret,id=x,env=@ npm ci",
    "RUN --mount=type=cache,target=/root/.npm \\\n  # note\n  npm ci \\\n  && echo \"$@\"",
    "COPY .npmrc package.json ./",
    "COPY . .",
    "COPY id_rsa /root/.ssh/id_rsa\nRUN git clone git@git.example.com:a/b\nRUN rm /root/.ssh/id_rsa",
    "ONBUILD RUN npm ci",
    "ONBUILD ARG @",
    "USER node",
    "CMD [\"sh\", \"-c\", \"echo $@\"]",
    "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]",
    "FROM base AS other",
];

/// Callers: the path and the text.
const CALLERS: [(&str, &str); 18] = [
    ("build.sh", "#!/bin/sh\ndocker build --build-arg @ .\n"),
    ("build.sh", "#!/bin/sh\nset -eu\ndocker build --build-arg @=\"$@\" --build-arg V=1 -t app .\n"),
    ("build.sh", "#!/bin/bash\nargs=(--build-arg \"@=$(cat token)\")\ndocker build \"${args[@]}\" .\n"),
    ("build.sh", "export @=%\ndocker build \\\n  --build-arg @=$@ \\\n  .\n"),
    ("Makefile", "build:\n\tdocker build --build-arg @=$(@) .\n"),
    ("Makefile", "ARGS = --build-arg @\nbuild:\n\tdocker build $(ARGS) -t $$USER .\n"),
    ("compose.yml", "services:\n  app:\n    build:\n      context: .\n      args:\n        @: ${@}\n"),
    ("compose.yml", "services:\n  app:\n    build:\n      context: .\n      args:\n        - @\n        - A=1\n"),
    (
        ".github/workflows/a.yml",
        "on: push\njobs:\n  b:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          build-args: |\n            @=${{ secrets.@ }}\n            A=1\n",
    ),
    (
        ".github/workflows/a.yml",
        "on: push\njobs:\n  b:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build --build-arg @=${{ secrets.@ }} .\n",
    ),
    (".gitlab-ci.yml", "build:\n  script:\n    - docker build --build-arg @=$@ .\n"),
    ("docker-bake.hcl", "variable \"@\" {}\ntarget \"default\" {\n  args = { @ = @ }\n}\n"),
    ("Jenkinsfile", "node {\n  sh 'docker build --build-arg @=$@ .'\n}\n"),
    ("README.md", "```sh\ndocker build --build-arg @=% .\n```\n"),
    ("package.json", "{\n  \"scripts\": { \"image\": \"docker build --build-arg @ .\" }\n}\n"),
    (".npmrc", "//npm.example.com/:_authToken=${@}\n"),
    (".dockerignore", "*\n!package.json\n!.npmrc\n"),
    ("tool.py", "subprocess.run(['docker', 'build', '--build-arg', '@=' + token, '.'])\n"),
];

#[derive(Debug)]
struct Miniature {
    files: BTreeMap<&'static str, String>,
    crlf: bool,
    unsafe_fixes: bool,
}

impl<'a> Arbitrary<'a> for Miniature {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let (crlf, unsafe_fixes) = (bytes.ratio(1, 4)?, bytes.arbitrary()?);
        let mut dockerfile = String::new();
        if bytes.ratio(1, 4)? {
            dockerfile.push_str("# syntax=docker/dockerfile:1\n");
        }
        dockerfile.push_str("FROM node:22 AS base\n");
        for _ in 0..bytes.int_in_range(1..=9)? {
            dockerfile.push_str(&filled(bytes.choose(&INSTRUCTIONS)?, bytes)?);
            dockerfile.push('\n');
        }
        if bytes.ratio(1, 5)? {
            dockerfile.pop();
        }
        let mut files = BTreeMap::from([("Dockerfile", dockerfile)]);
        for _ in 0..bytes.int_in_range(0..=3)? {
            let (path, text) = bytes.choose(&CALLERS)?;
            files.insert(path, filled(text, bytes)?);
        }
        if bytes.ratio(1, 3)? {
            files.insert("package.json", "{}\n".to_owned());
        }
        Ok(Self { files, crlf, unsafe_fixes })
    }
}

fn filled(text: &str, bytes: &mut Unstructured<'_>) -> Result<String> {
    let name = bytes.choose(&NAMES)?;
    Ok(text
        .replace("git@git", "git\0git")
        .replace("\"${args[@]}\"", "\0")
        .replace("build-push-action@", "build-push-action\0")
        .replace("$@@git", "$@\0git")
        .replace('@', name)
        .replace("git\0git", "git@git")
        .replace("build-push-action\0", "build-push-action@")
        .replace("\0git", "@git")
        .replace('\0', "\"${args[@]}\"")
        .replace('%', CANARY))
}

fuzz_target!(|miniature: Miniature| {
    let text = |text: &str| if miniature.crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
    let sources = miniature.files.iter().map(|(path, content)| Source::new(*path, text(content).into_bytes()));
    let repository = Repository::new([], sources, vec!["Dockerfile".into()]);
    let policy = Policy { unsafe_fixes: miniature.unsafe_fixes, ..Policy::default() };
    let plan = plan::make(&repository, &policy, codemods::ALL);

    let slow = Policy { prefilter: false, reuse: false, ..policy.clone() };
    let other = plan::make(&repository, &slow, codemods::ALL);
    assert_eq!(after(&plan), after(&other), "a lever changes the files: {miniature:#?}");
    assert_eq!(plan.findings.len(), other.findings.len(), "a lever changes the findings: {miniature:#?}");

    let migrated = repository.with_sources(plan.files.values().map(|change| change.after.clone()));
    let again = plan::make(&migrated, &policy, codemods::ALL);
    assert!(again.files.is_empty(), "a second run changes {:#?} of {miniature:#?}", after(&again));

    for (path, change) in &plan.files {
        let (before, after) = (change.before.text(), change.after.text());
        assert!(rejections(path, after) <= rejections(path, before), "BuildKit refuses {after:?}: {miniature:#?}");
        let bare = |text: &str| text.replace("\r\n", "").contains('\n');
        assert!(!miniature.crlf || before.is_empty() || !bare(after), "a bare line feed in {after:?}");
    }
    assert_no_build_passes(&plan, &migrated, &miniature);
    assert_nothing_is_shown(&plan, &repository, &miniature);
    assert_applied(&repository, &plan);
});

fn after(plan: &Plan) -> BTreeMap<&Utf8PathBuf, &str> {
    plan.files.iter().map(|(path, change)| (path, change.after.text())).collect()
}

fn rejections(path: &Utf8PathBuf, text: &str) -> usize {
    let is_dockerfile = path == "Dockerfile";
    let parsed = dockerfile::parse(text);
    parsed.problems().iter().filter(|problem| is_dockerfile && problem.kind == ProblemKind::Rejected).count()
}

/// A build argument that is no longer declared is passed by no build that is read.
fn assert_no_build_passes(plan: &Plan, migrated: &Repository, miniature: &Miniature) {
    let builds = dfmigrate::callers::builds(migrated);
    let dockerfile = migrated.source("Dockerfile".into()).map_or("", Source::text);
    for planned in &plan.findings {
        let applied = planned.status == Status::Applied && planned.finding.codemod == "arg-secret";
        let name = planned.finding.subject.as_str();
        if applied && !dockerfile.contains(&format!("ARG {name}")) {
            let passes = |build: &dfmigrate::callers::Build| build.arguments.iter().any(|given| given.name == name);
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
