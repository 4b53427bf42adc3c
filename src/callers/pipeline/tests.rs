use std::cell::RefCell;

use camino::{Utf8Path, Utf8PathBuf};

use super::*;
use crate::callers::{ArgumentValue, Builder, Dockerfiles, Receipt, RequestedSecret};
use crate::source::apply_edits;

/// A repository with a Dockerfile at its root and one in `api`.
struct Two(RefCell<Vec<Utf8PathBuf>>, Vec<Utf8PathBuf>);

impl Two {
    fn new() -> Self {
        Self(RefCell::default(), vec!["Dockerfile".into(), "api/Dockerfile".into()])
    }
}

impl Surroundings for Two {
    fn is_file(&self, path: &Utf8Path) -> bool {
        self.0.borrow_mut().push(path.to_owned());
        self.1.iter().any(|known| known == path)
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        &self.1
    }

    fn text(&self, _: &Utf8Path) -> Option<&str> {
        None
    }
}

fn source(path: &str, text: &str) -> Source {
    Source::new(path, text.as_bytes().to_vec())
}

fn builds(caller: Pipeline, path: &str, text: &str) -> Vec<Build> {
    assert!(caller.recognises(Utf8Path::new(path)), "{path}");
    caller.builds(&source(path, text), &Two::new())
}

/// The file after its only build passes `T` as a secret, and what that takes for granted.
fn rewritten(caller: Pipeline, path: &str, text: &str) -> Result<(String, Vec<String>), String> {
    let source = source(path, text);
    let around = Two::new();
    let builds = caller.builds(&source, &around);
    let [build] = builds.as_slice() else { return Err(format!("{} builds", builds.len())) };
    let secret = Some(RequestedSecret { id: "t".to_owned(), receipt: Receipt::Variable });
    let requests = [Request { argument: "T".to_owned(), secret, beside: false }];
    let rewrite = caller.pass_secrets(&source, &around, build, &requests).map_err(|refusal| refusal.reason)?;
    Ok((apply_edits(text, &rewrite.edits).unwrap(), rewrite.assumptions))
}

fn becomes(caller: Pipeline, path: &str, before: &str, after: &str) {
    assert_eq!(rewritten(caller, path, before), Ok((after.to_owned(), Vec::new())), "{before}");
    let windows = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(rewritten(caller, path, &windows(before)), Ok((windows(after), Vec::new())), "{before} with CRLF");
}

#[test]
fn every_style_of_a_list_is_edited_in_place() {
    for (before, after) in [
        ("docker build --build-arg T=$T .", "docker build --secret id=t,env=T ."),
        ("'docker build --build-arg \"T=$T\" .' # why", "'docker build --secret id=t,env=T .' # why"),
        (r#""docker build --build-arg T=\"$T\" .""#, r#""docker build --secret id=t,env=T .""#),
        (
            "|\n      docker build \\\n        --build-arg T \\\n        .",
            "|\n      docker build \\\n        --secret id=t,env=T \\\n        .",
        ),
        (
            ">-\n      docker build\n      --build-arg T=${T}\n      .",
            ">-\n      docker build\n      --secret id=t,env=T\n      .",
        ),
    ] {
        let file = |command: &str| format!("job:\n  script:\n    - echo 'a'\n    - {command}\n    - \"true\"\n");
        becomes(GITLAB, ".gitlab-ci.yml", &file(before), &file(after));
    }
}

#[test]
fn a_list_is_one_script() {
    let text = "job:\n  before_script:\n    - cd api\n    - T=$(vault read t)\n  script:\n    - docker build --build-arg T=$T .\n";
    let found = builds(GITLAB, ".gitlab-ci.yml", text);
    assert_eq!(found[0].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    let after = text.replace("docker build --build-arg T=$T", "T=\"$T\" docker build --secret id=t,env=T");
    becomes(GITLAB, ".gitlab-ci.yml", text, &after);
}

#[test]
fn gitlab_jobs_take_what_they_extend() {
    let text = ".base:\n  variables:\n    DIR: .\n  script:\n    - docker build --build-arg T $DIR\none:\n  extends: .base\n\
                two:\n  extends: [.base]\n  variables:\n    DIR:\n      value: api\n";
    let found = builds(GITLAB, ".gitlab-ci.yml", text);
    let both = Dockerfiles::Several(vec!["Dockerfile".into(), "api/Dockerfile".into()]);
    assert_eq!(found.iter().map(|build| &build.dockerfiles).collect::<Vec<_>>(), [&both]);
    let alone = text.split("one:").next().unwrap();
    assert_eq!(builds(GITLAB, "ci/x.gitlab-ci.yml", alone)[0].arguments[0].value, ArgumentValue::Inherited);
}

#[test]
fn gitlab_references_and_anchors_are_followed() {
    let text = ".setup:\n  script:\n    - cd api\n.build: &build\n  - docker build --build-arg T .\njob:\n  script:\n    \
                - !reference [.setup, script]\n    - *build\n";
    let found = builds(GITLAB, ".gitlab-ci.yml", text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    becomes(GITLAB, ".gitlab-ci.yml", text, &text.replace("--build-arg T", "--secret id=t,env=T"));
}

#[test]
fn an_old_docker_has_to_be_asked() {
    let file = |image: &str| format!("image: {image}\njob:\n  script:\n    - docker build --build-arg T .\n");
    let after = |image: &str| {
        file(image).replace("docker build --build-arg T", "DOCKER_BUILDKIT=1 docker build --secret id=t,env=T")
    };
    let (text, assumptions) = rewritten(GITLAB, ".gitlab-ci.yml", &file("docker:20.10-dind")).unwrap();
    assert_eq!(text, after("docker:20.10-dind"));
    assert_eq!(assumptions.len(), 1);
    assert!(rewritten(GITLAB, ".gitlab-ci.yml", &file("docker:19.03")).unwrap_err().contains("19.03"));
    assert!(!rewritten(GITLAB, ".gitlab-ci.yml", &file("docker:27")).unwrap().0.contains("BUILDKIT"));
    let set = format!("variables:\n  DOCKER_BUILDKIT: 1\n{}", file("docker:20.10"));
    assert!(!rewritten(GITLAB, ".gitlab-ci.yml", &set).unwrap().0.contains("BUILDKIT=1"));
}

#[test]
fn the_other_systems_are_read() {
    let command = "docker build --build-arg T=$T .";
    for (caller, path, text) in [
        (CODE_BUILD, "ci/buildspec.yml", "version: 0.2\nphases:\n  build:\n    commands:\n      - {command}\n"),
        (TRAVIS, ".travis.yml", "script:\n  - {command}\n"),
        (TRAVIS, ".travis.yml", "jobs:\n  include:\n    - script: {command}\n"),
        (DRONE, ".drone.yml", "kind: pipeline\nsteps:\n- name: x\n  commands:\n  - {command}\n"),
        (DRONE, ".woodpecker/build.yaml", "steps:\n  x:\n    commands:\n      - {command}\n"),
        (BUILDKITE, ".buildkite/pipeline.yml", "steps:\n  - label: x\n    command: {command}\n"),
        (BUILDKITE, ".buildkite/pipeline.yml", "steps:\n  - commands:\n      - {command}\n"),
    ] {
        let file = |command: &str| text.replace("{command}", command);
        becomes(caller, path, &file(command), &file("docker build --secret id=t,env=T ."));
    }
}

#[test]
fn bitbucket_needs_to_be_asked_for_buildkit() {
    let text = "pipelines:\n  default:\n    - step:\n        script:\n          - docker build --build-arg T .\n";
    let (after, assumptions) = rewritten(BITBUCKET, "bitbucket-pipelines.yml", text).unwrap();
    assert_eq!(after, text.replace("docker build --build-arg T", "DOCKER_BUILDKIT=1 docker build --secret id=t,env=T"));
    assert_eq!(assumptions.len(), 1);
    let asked = text.replace("- docker", "- export DOCKER_BUILDKIT=1\n          - docker");
    becomes(BITBUCKET, "bitbucket-pipelines.yml", &asked, &asked.replace("--build-arg T", "--secret id=t,env=T"));
}

#[test]
fn commands_of_one_phase_see_those_before() {
    let text = "version: 0.2\nphases:\n  pre_build:\n    commands:\n      - export T=$(aws x)\n  build:\n    commands:\n      \
                - docker build --build-arg T=$T .\n";
    becomes(CODE_BUILD, "buildspec.yml", text, &text.replace("--build-arg T=$T", "--secret id=t,env=T"));
}

#[test]
fn kaniko_is_refused() {
    let text = "job:\n  script:\n    - /kaniko/executor --context . --build-arg T=$T\n";
    let found = builds(GITLAB, ".gitlab-ci.yml", text);
    assert!(matches!(&found[0].builder, Builder::WithoutSecrets(why) if why.contains("kaniko")));
    assert!(rewritten(GITLAB, ".gitlab-ci.yml", text).is_err());
}

#[test]
fn what_is_no_pipeline_is_not_read() {
    for path in [".github/workflows/x.yml", "compose.yaml", "deploy.yml", "gitlab.yml"] {
        for caller in [GITLAB, CODE_BUILD, BITBUCKET, TRAVIS, DRONE, BUILDKITE] {
            assert!(!caller.recognises(Utf8Path::new(path)), "{path}");
        }
    }
}

#[test]
fn plugins_are_given_variables_as_secrets() {
    let file = |settings: &str| {
        format!(
            "steps:\n- name: image\n  image: plugins/docker:20\n  environment:\n    T: {{from_secret: t}}\n  settings:\n    repo: acme/shop\n    dockerfile: api/Dockerfile\n{settings}"
        )
    };
    for (before, after) in [
        ("    build_args_from_env: [T] # c\n", "    secrets_from_env: [t=T] # c\n"),
        (
            "    build_args_from_env:\n      - A\n      - T\n",
            "    build_args_from_env:\n      - A\n    secrets_from_env:\n      - t=T\n",
        ),
        (
            "    secrets_from_env:\n    - a=A\n    build_args_from_env:\n    - T\n    tags: x\n",
            "    secrets_from_env:\n    - a=A\n    - t=T\n    tags: x\n",
        ),
    ] {
        becomes(DRONE, ".drone.yml", &file(before), &file(after));
    }
    let found = builds(DRONE, ".drone.yml", &file("    build_args:\n    - T=abc\n    - A=$X\n"));
    assert_eq!(found[0].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    assert!(rewritten(DRONE, ".drone.yml", &file("    build_args: [T=abc]\n")).unwrap_err().contains("fixed value"));
    let from_secret = builds(DRONE, ".drone.yml", &file("    build_args:\n      from_secret: args\n"));
    assert_eq!(from_secret[0].opaque.as_deref(), Some("build_args: from_secret"));
}

#[test]
fn plugins_without_a_way_are_refused() {
    let woodpecker = "steps:\n  image:\n    image: woodpeckerci/plugin-docker-buildx\n    settings:\n      build_args_from_env: [T]\n";
    assert!(rewritten(DRONE, ".woodpecker.yml", woodpecker).unwrap_err().contains("version"));
    let kaniko = "steps:\n- image: plugins/kaniko\n  settings:\n    build_args: [T=x]\n";
    assert!(rewritten(DRONE, ".drone.yml", kaniko).unwrap_err().contains("kaniko"));
}

#[test]
fn a_pipeline_takes_in_what_it_includes() {
    let takes_in = |include: &str, path: &str| {
        GITLAB.takes_in(&source(".gitlab-ci.yml", &format!("include:{include}\n")), Utf8Path::new(path))
    };
    for (include, path) in [
        (" ci/a.yml", "ci/a.yml"),
        (" ['/ci/b.yml', /ci/a.yml]", "ci/a.yml"),
        ("\n  - local: /ci/a.yml", "ci/a.yml"),
        (" {local: ci/*.yml}", "ci/a.yml"),
        (" ci/**.yml", "ci/a.yml"),
        (" ci/**.yml", "ci/of/a.yml"),
        (" ci/**/*.yml", "ci/of/a.yml"),
    ] {
        assert!(takes_in(include, path), "{include}");
    }
    for (include, path) in [
        (" ci/*.yml", "ci/of/a.yml"),
        (" ci/**/*.yml", "ci/a.yml"),
        (" ci/*.yml", "ci/a.yaml"),
        (" {template: ci/a.yml}", "ci/a.yml"),
        (" {project: other, file: ci/a.yml}", "ci/a.yml"),
        (" https://ci.example.com/ci/a.yml", "ci/a.yml"),
    ] {
        assert!(!takes_in(include, path), "{include}");
    }
}
