use super::*;
use crate::{
    codemods,
    plan::{self, Plan, Policy},
    source::Source,
};

fn planned(files: &[(&str, &str)]) -> (Repository, Plan) {
    let sources = files.iter().map(|(path, text)| Source::new(*path, text.as_bytes().to_vec()));
    let paths: Vec<Utf8PathBuf> = files.iter().map(|(path, _)| Utf8PathBuf::from(*path)).collect();
    let repository = Repository::new(paths.clone(), sources, paths);
    let plan = plan::make(&repository, &Policy::default(), codemods::ALL);
    (repository, plan)
}

fn change<'a>(repository: &'a Repository, plan: &'a Plan) -> Change<'a> {
    Change {
        order: Vec::new(),
        repository,
        findings: plan.findings.iter().collect(),
        files: plan.files.keys().cloned().collect(),
        secrets: vec![("npm_token".into(), "env=NPM_TOKEN".into())],
        build_lines: vec!["docker build --secret id=npm_token,env=NPM_TOKEN .".into()],
    }
}

const SCRIPT: &str = "#!/bin/sh\nset -eu\nexport NPM_TOKEN\ndocker build --build-arg NPM_TOKEN -t app .\n";
const NPMRC: &str = "//npm.example.com/:_authToken=${NPM_TOKEN}\n";

#[test]
fn it_says_what_leaks_what_changed_and_what_to_do() {
    let dockerfile = "# syntax=docker/dockerfile:1\nFROM node:22\nWORKDIR /app\nARG NPM_TOKEN\nCOPY package.json .npmrc ./\nRUN npm ci\nRUN git clone https://x:kn0ckkn0ck@git.example.com/a/b\n";
    let (repository, plan) =
        planned(&[("Dockerfile", dockerfile), (".npmrc", NPMRC), ("build.sh", SCRIPT), ("package.json", "{}\n")]);
    let redactor = Redactor::of(repository.sources(), [], []);
    let change = change(&repository, &plan);
    assert_eq!(title(&change, &redactor).as_str(), "Keep NPM_TOKEN out of Docker images");
    insta::assert_snapshot!(body(&change, &redactor, 65_536).as_str(), @r###"
    A build argument stays readable in an image's history, an `ENV` in its configuration, a file in its layers. This moves secrets to [BuildKit secret mounts](https://docs.docker.com/build/building/secrets/), in the Dockerfile and in every file of this repository that builds it.

    ### What leaks

    - `Dockerfile:4`: the secret build argument `NPM_TOKEN` stays readable in the image's history (`arg-secret`)
      - `Dockerfile:6`: `.npmrc` refers to `NPM_TOKEN`
      - `build.sh:4`: docker build passes it as a build argument
      - taken for a secret because `token` is a word for a secret

    ### What changes

    - `Dockerfile`: mount it as the secret `npm_token` in the RUN that reads it
    - Files: `Dockerfile`, `build.sh`

    ### The secrets of the build

    - `npm_token` from the variable `NPM_TOKEN`

    ### How to build it

    ```sh
    docker build --secret id=npm_token,env=NPM_TOKEN .
    ```

    ### What to rotate

    - `NPM_TOKEN`: images built from `Dockerfile` until now hold its value

    ### What is left for a person

    - `Dockerfile:7`: the password of a URL is written out in a RUN (`literal-credential`)
      - `Dockerfile:7`: the command writes it to `.git/config`: write `git -c "url.https://USER:${NAME}@HOST/.insteadOf=https://HOST/" clone https://HOST/…`, and the same `-c` for each later command that reaches the server

    *Written by dfmigrate. A later run updates this text as long as nobody edits it, and the branch as long as nobody else commits to it. If you close this request, it stays closed.*
    "###);
}

#[test]
fn a_planted_value_is_in_no_form_of_the_text() {
    let value = ["kn0ck-", "kn0ck-3141"].concat();
    let dockerfile = format!(
        "# syntax=docker/dockerfile:1\nFROM node:22\nARG NPM_TOKEN={value}\nENV DB_PASSWORD={value}\nCOPY package.json .npmrc ./\nRUN npm ci && echo {value}\n"
    );
    let script = format!("docker build --build-arg NPM_TOKEN={value} -t app .\n");
    let (repository, plan) =
        planned(&[("Dockerfile", &dockerfile), (".npmrc", NPMRC), ("build.sh", &script), ("package.json", "{}\n")]);
    let redactor = Redactor::of(repository.sources(), [], []);
    let mut change = change(&repository, &plan);
    assert!(!change.findings.is_empty());
    change.build_lines.push(format!("docker build --build-arg X={value} ."));
    for longest in [65_536, 4_000, 1_000] {
        let text = body(&change, &redactor, longest);
        assert!(!text.as_str().contains(&value), "{}", text.as_str());
    }
    assert!(!title(&change, &redactor).as_str().contains(&value));
}

#[test]
fn names_do_nothing_to_the_text() {
    let folder = "a|b @everyone <b>#1 `x`";
    let path = format!("{folder}/Dockerfile");
    let dockerfile = "FROM node:22\nARG NPM_TOKEN\nCOPY package.json ./\nRUN npm ci --token=$NPM_TOKEN\n";
    let (repository, plan) = planned(&[(&path, dockerfile)]);
    let change = change(&repository, &plan);
    let text = body(&change, &Redactor::default(), 65_536);
    let mentions = text.as_str().lines().filter(|line| line.contains("@everyone"));
    // Everything but code spans, which are all of one backtick here.
    let outside = |line: &str| line.split('`').step_by(2).collect::<String>();
    let mut count = 0;
    for line in mentions {
        let outside = outside(line);
        assert!(!["@everyone", "<b>", "#1", "a|b"].iter().any(|name| outside.contains(name)), "{line}");
        count += 1;
    }
    assert!(count > 0, "{}", text.as_str());
}

#[test]
fn a_text_that_is_too_long_loses_details_first() {
    let lines: String = (0..24).map(|index| format!("ARG APP_{index}_TOKEN\nRUN use $APP_{index}_TOKEN\n")).collect();
    let (repository, plan) = planned(&[("Dockerfile", &format!("FROM alpine:3\n{lines}"))]);
    let change = change(&repository, &plan);
    assert_eq!(change.findings.len(), 24);
    let length = |longest| body(&change, &Redactor::default(), longest).length();
    let whole = length(usize::MAX);
    assert!(whole > 5_000, "{whole}");
    for longest in [5_000, 4_000, 2_500] {
        assert!(length(longest) <= longest, "{longest}: {}", length(longest));
    }
    let short = body(&change, &Redactor::default(), 2_500);
    assert!(short.as_str().contains("- and 19 more\n"), "{}", short.as_str());
}
