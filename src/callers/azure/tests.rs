use camino::Utf8Path;

use super::*;
use crate::callers::shell::tests::{Files, request};
use crate::callers::{ArgumentValue, Builder};
use crate::source::apply_edits;

const PATH: &str = "azure-pipelines.yml";

fn builds(text: &str) -> Vec<Build> {
    let around = Files::new(&["Dockerfile", "api/Dockerfile"]);
    Azure.builds(&Source::new(PATH, text.as_bytes().to_vec()), &around)
}

/// The file after its only build passes `T` as a secret.
fn rewritten(text: &str) -> Result<String, String> {
    let around = Files::new(&["Dockerfile", "api/Dockerfile"]);
    let source = Source::new(PATH, text.as_bytes().to_vec());
    let builds = Azure.builds(&source, &around);
    let [build] = builds.as_slice() else { return Err(format!("{} builds", builds.len())) };
    let rewrite = Azure.pass_secrets(&source, &around, build, &[request("T")]).map_err(|refusal| refusal.reason)?;
    Ok(apply_edits(text, &rewrite.edits).unwrap())
}

fn becomes(before: &str, after: &str) {
    assert_eq!(rewritten(before).as_deref(), Ok(after), "{before}");
    let windows = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(rewritten(&windows(before)), Ok(windows(after)), "{before} with CRLF");
}

#[test]
fn a_script_gets_a_secret_variable_through_its_step() {
    becomes(
        "steps:\n- script: |\n    docker build --build-arg T=$(T) -t x .\n  displayName: x # c\n",
        "steps:\n- script: |\n    docker build --secret id=t,env=T -t x .\n  env:\n    T: $(T)\n  displayName: x # c\n",
    );
    becomes(
        "steps:\n- bash: docker build --build-arg T=$(NPM.Token) .\n  env:\n    A: b\n",
        "steps:\n- bash: docker build --secret id=t,env=T .\n  env:\n    A: b\n    T: $(NPM.Token)\n",
    );
    becomes(
        "steps:\n- script: docker build --build-arg T=$(T) .\n  env: {T: $(T)}\n",
        "steps:\n- script: docker build --secret id=t,env=T .\n  env: {T: $(T)}\n",
    );
}

#[test]
fn a_variable_of_the_environment_needs_nothing() {
    for value in ["T", "T=$T", "T=\"${T}\""] {
        let file = |option: &str| {
            format!(
                "jobs:\n- job: x\n  steps:\n  - task: Bash@3\n    inputs:\n      targetType: inline\n      script: docker build {option} .\n"
            )
        };
        becomes(&file(&format!("--build-arg {value}")), &file("--secret id=t,env=T"));
    }
    becomes(
        "steps:\n- script: docker build --build-arg T=$(vault read t) .\n",
        "steps:\n- script: T=$(vault read t) docker build --secret id=t,env=T .\n",
    );
}

#[test]
fn the_docker_task_takes_options_in_build() {
    let file = |command: &str, arguments: &str, env: &str| {
        format!(
            "variables:\n  dir: api\nstages:\n- stage: x\n  jobs:\n  - job: x\n    steps:\n    - task: Docker@2\n{env}      inputs:\n        command: {command}\n        Dockerfile: $(Build.SourcesDirectory)/$(dir)/Dockerfile\n        arguments: {arguments}\n"
        )
    };
    let before = file("build", "--build-arg T=$(T) --build-arg A=1", "");
    assert_eq!(builds(&before)[0].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    assert_eq!(builds(&before)[0].arguments[0].value, ArgumentValue::Expression("T".to_owned()));
    becomes(&before, &file("build", "--secret id=t,env=T --build-arg A=1", "      env:\n        T: $(T)\n"));
    let lines = file("build", "|\n          --build-arg A=1\n          --build-arg T=$(T)\n          --pull", "");
    becomes(
        &lines,
        &file(
            "build",
            "|\n          --build-arg A=1\n          --secret id=t,env=T\n          --pull",
            "      env:\n        T: $(T)\n",
        ),
    );
    let pushed = file("buildAndPush", "--build-arg T=$(T)", "");
    assert!(matches!(&builds(&pushed)[0].builder, Builder::WithoutSecrets(why) if why.contains("split")));
}

#[test]
fn a_task_without_options_builds_all_the_same() {
    let text = "steps:\n- task: Docker@2\n  inputs:\n    command: buildAndPush\n    Dockerfile: api/Dockerfile\n";
    let found = builds(text);
    assert_eq!(found[0].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    assert!(found[0].arguments.is_empty() && found[0].builder == Builder::BuildKit);
    let text = "steps:\n- task: Docker@2\n";
    let both = Dockerfiles::Several(vec!["Dockerfile".into(), "api/Dockerfile".into()]);
    assert_eq!(builds(text)[0].dockerfiles, both);
    assert!(builds("steps:\n- task: Docker@2\n  inputs:\n    command: login\n").is_empty());
}

#[test]
fn what_can_not_be_passed_is_refused() {
    for (text, reason) in [
        ("steps:\n- script: docker build --build-arg T=$(T) .\n  env:\n    T: other\n", "another value"),
        ("steps:\n- script: docker build --build-arg T=abc .\n", "fixed value"),
        ("steps:\n- script: az acr build --build-arg T=$T -r r .\n", "az acr build"),
        ("pool:\n  vmImage: windows-latest\nsteps:\n- script: docker build --build-arg T=%T% .\n", "0 builds"),
    ] {
        let refusal = rewritten(text).unwrap_err();
        assert!(refusal.contains(reason), "{refusal}");
    }
}

#[test]
fn pipelines_are_known_by_name_or_by_what_they_say() {
    for (path, text, own) in [
        (PATH, "", true),
        ("ci/azure-pipelines-2.yml", "", true),
        (".azuredevops/image.yml", "", true),
        ("ci/build.yml", "steps:\n- task: Docker@2\n", true),
        ("ci/build.yml", "pool:\n  vmImage: x\n", true),
        ("ci/build.yml", "- hosts: all\n  tasks: []\n", false),
    ] {
        let path = Utf8Path::new(path);
        assert_eq!(Azure.recognises(path) || Azure.recognises_text(path, text), own, "{path}");
    }
}

#[test]
fn a_pipeline_takes_in_its_templates() {
    let takes_in = |template: &str| {
        let text = format!("stages:\n  - template: {template}\n    parameters: {{a: b}}\n");
        let source = Source::new("ci/azure-pipelines.yml", text.into_bytes());
        Azure.takes_in(&source, Utf8Path::new("ci/steps/a.yml"))
    };
    for template in ["steps/a.yml", "./steps/a.yml@self", "/ci/steps/a.yml", "../ci/steps/a.yml"] {
        assert!(takes_in(template), "{template}");
    }
    for template in ["a.yml", "steps/a.yml@other", "/steps/a.yml", "../../ci/steps/a.yml"] {
        assert!(!takes_in(template), "{template}");
    }
}
