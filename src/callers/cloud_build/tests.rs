use camino::Utf8Path;

use super::*;
use crate::callers::shell::tests::{Files, request};
use crate::callers::{ArgumentValue, Builder, Dockerfiles};
use crate::source::apply_edits;

const PATH: &str = "cloudbuild.yaml";

fn builds(text: &str) -> Vec<Build> {
    let around = Files::new(&["Dockerfile", "api/Dockerfile"]);
    CloudBuild.builds(&Source::new(PATH, text.as_bytes().to_vec()), &around)
}

/// The file after its only build passes `T` as a secret.
fn rewritten(text: &str) -> Result<String, String> {
    let around = Files::new(&["Dockerfile", "api/Dockerfile"]);
    let source = Source::new(PATH, text.as_bytes().to_vec());
    let builds = CloudBuild.builds(&source, &around);
    let [build] = builds.as_slice() else { return Err(format!("{} builds", builds.len())) };
    let rewrite =
        CloudBuild.pass_secrets(&source, &around, build, &[request("T")]).map_err(|refusal| refusal.reason)?;
    Ok(apply_edits(text, &rewrite.edits).unwrap())
}

fn becomes(before: &str, after: &str) {
    assert_eq!(rewritten(before).as_deref(), Ok(after), "{before}");
    let windows = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(rewritten(&windows(before)), Ok(windows(after)), "{before} with CRLF");
}

fn step(rest: &str) -> String {
    format!("steps:\n- name: gcr.io/cloud-builders/docker\n{rest}images: [x]\n")
}

#[test]
fn words_are_replaced_one_by_one() {
    becomes(
        &step(
            "  args:\n  - build # c\n  - '--build-arg'\n  - 'T'\n  - .\n  secretEnv: [T]\n  env: [DOCKER_BUILDKIT=1]\n",
        ),
        &step(
            "  args:\n  - build # c\n  - '--secret'\n  - 'id=t,env=T'\n  - .\n  secretEnv: [T]\n  env: [DOCKER_BUILDKIT=1]\n",
        ),
    );
    becomes(
        &step("  args: [build, --build-arg, T, \"--build-arg=A=1\", .]\n  env:\n    - DOCKER_BUILDKIT=1\n"),
        &step("  args: [build, --secret, 'id=t,env=T', \"--build-arg=A=1\", .]\n  env:\n    - DOCKER_BUILDKIT=1\n"),
    );
}

#[test]
fn a_substitution_becomes_a_variable_of_the_step() {
    becomes(
        &step("  args: ['build', '--build-arg=T=${_TOKEN}', '-t', 'x:$TAG_NAME', '.']\n"),
        &step(
            "  args: ['build', '--secret=id=t,env=T', '-t', 'x:$TAG_NAME', '.']\n  env:\n  - 'DOCKER_BUILDKIT=1'\n  - 'T=${_TOKEN}'\n",
        ),
    );
    becomes(
        &step("  args:\n    - build\n    - --build-arg\n    - T=$_TOKEN\n    - .\n  env:\n    - 'DOCKER_BUILDKIT=1'\n"),
        &step(
            "  args:\n    - build\n    - --secret\n    - id=t,env=T\n    - .\n  env:\n    - 'DOCKER_BUILDKIT=1'\n    - 'T=$_TOKEN'\n",
        ),
    );
}

#[test]
fn scripts_have_doubled_dollars() {
    let file = |script: &str| {
        step(&format!(
            "  entrypoint: bash\n  args:\n  - -c\n  - |\n    {script}\n  secretEnv: ['T']\n  env: ['DOCKER_BUILDKIT=1']\n"
        ))
    };
    becomes(
        &file("docker build --build-arg T=$$T -t x:$TAG_NAME ."),
        &file("docker build --secret id=t,env=T -t x:$TAG_NAME ."),
    );
    becomes(&file("docker build --build-arg T=$_TOKEN ."), &file("T=\"$_TOKEN\" docker build --secret id=t,env=T ."));
    becomes(&file("docker build --build-arg T=$$(cat t) ."), &file("T=$$(cat t) docker build --secret id=t,env=T ."));
    let plain = "steps:\n- name: docker\n  script: |\n    DOCKER_BUILDKIT=1 docker build --build-arg T=$T .\n";
    becomes(plain, &plain.replace("--build-arg T=$T", "--secret id=t,env=T"));
}

#[test]
fn an_old_docker_is_asked_for_buildkit() {
    let file = |script: &str| step(&format!("  entrypoint: bash\n  args: ['-c', '{script}']\n"));
    becomes(&file("docker build --build-arg T=$$T ."), &file("DOCKER_BUILDKIT=1 docker build --secret id=t,env=T ."));
    becomes(
        &step("  args: [build, --build-arg, T, .]\n"),
        &step("  args: [build, --secret, 'id=t,env=T', .]\n  env:\n  - 'DOCKER_BUILDKIT=1'\n"),
    );
}

#[test]
fn places_and_values_are_told() {
    let text = "steps:\n- name: gcr.io/cloud-builders/docker\n  dir: api\n  args: [build, --build-arg, A=$_A, --build-arg, B=x, --build-arg, C=$$C, --build-arg, D=, .]\n- name: gcr.io/cloud-builders/docker\n  args: [build, -f, $_DIR/Dockerfile, .]\n- name: gcr.io/kaniko-project/executor:latest\n  args: [--build-arg=T=$_T, --destination=x]\nsubstitutions:\n  _DIR: api\n";
    let found = builds(text);
    let api = Dockerfiles::One("api/Dockerfile".into());
    assert_eq!((&found[0].dockerfiles, &found[1].dockerfiles), (&api, &api));
    let values: Vec<&ArgumentValue> = found[0].arguments.iter().map(|given| &given.value).collect();
    let literal = ArgumentValue::Literal(crate::callers::SecretValue::new("x"));
    let expression = ArgumentValue::Expression("_A".to_owned());
    assert_eq!(values, [&expression, &literal, &ArgumentValue::Composite, &ArgumentValue::Empty]);
    assert!(matches!(&found[2].builder, Builder::WithoutSecrets(why) if why.contains("kaniko")));
}

#[test]
fn what_can_not_be_passed_is_refused() {
    for (args, reason) in [
        ("[build, --build-arg, T=abc, .]", "fixed value"),
        ("[build, --build-arg, T=$$T, .]", "no shell expands it"),
        ("[build, --build-arg, T=x$_T, .]", "several parts"),
        ("[build, --build-arg, T=$_T, .]\n  env: [T=other]", "another value"),
        ("[build, --build-arg, T, --secret, 'id=t,env=X', .]", "already"),
    ] {
        let refusal = rewritten(&step(&format!("  args: {args}\n"))).unwrap_err();
        assert!(refusal.contains(reason), "{refusal}");
    }
}

#[test]
fn builds_are_known_by_name_or_by_what_they_say() {
    for (path, text, own) in [
        (PATH, "", true),
        ("deploy/cloud-build-release.yml", "", true),
        ("ci/build.yaml", "steps:\n- name: gcr.io/cloud-builders/docker\n", true),
        ("ci/build.yaml", "steps: []\n", false),
    ] {
        let path = Utf8Path::new(path);
        assert_eq!(CloudBuild.recognises(path) || CloudBuild.recognises_text(path, text), own, "{path}");
    }
}
