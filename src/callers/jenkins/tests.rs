use camino::Utf8Path;

use super::*;
use crate::callers::shell::tests::{Files, request};

const PATH: &str = "Jenkinsfile";

fn builds(text: &str) -> Vec<Build> {
    let around = Files::new(&["Dockerfile", "api/Dockerfile"]);
    Jenkins.builds(&Source::new(PATH, text.as_bytes().to_vec()), &around)
}

/// The file after its only build passes `T` as a secret.
fn rewritten(text: &str) -> Result<String, String> {
    let around = Files::new(&["Dockerfile", "api/Dockerfile"]);
    let source = Source::new(PATH, text.as_bytes().to_vec());
    let builds = Jenkins.builds(&source, &around);
    let [build] = builds.as_slice() else { return Err(format!("{} builds", builds.len())) };
    let rewrite = Jenkins.pass_secrets(&source, &around, build, &[request("T")]).map_err(|refusal| refusal.reason)?;
    Ok(apply_edits(text, &rewrite.edits).unwrap())
}

fn becomes(before: &str, after: &str) {
    assert_eq!(rewritten(before).as_deref(), Ok(after), "{before}");
    let windows = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(rewritten(&windows(before)), Ok(windows(after)), "{before} with CRLF");
}

fn in_credentials(step: &str) -> String {
    format!("node {{\n  withCredentials([string(credentialsId: 'npm', variable: 'T')]) {{ // c\n    {step}\n  }}\n}}\n")
}

#[test]
fn scripts_are_read_in_every_string() {
    for (before, after) in [
        ("sh 'docker build --build-arg T=$T .'", "sh 'docker build --secret id=t,env=T .'"),
        ("sh \"docker build --build-arg T=${T} .\"", "sh \"docker build --secret id=t,env=T .\""),
        ("sh \"docker build --build-arg T=\\$T .\"", "sh \"docker build --secret id=t,env=T .\""),
        ("sh(\"docker build --build-arg T='$T' .\")", "sh(\"docker build --secret id=t,env=T .\")"),
        (
            "sh label: 'x', script: '''\n      docker build \\\n        --build-arg T \\\n        .\n    '''",
            "sh label: 'x', script: '''\n      docker build \\\n        --secret id=t,env=T \\\n        .\n    '''",
        ),
        (
            "def id = sh(script: \"\"\"docker build -q --build-arg T=${env.T} .\"\"\", returnStdout: true)",
            "def id = sh(script: \"\"\"docker build -q --secret id=t,env=T .\"\"\", returnStdout: true)",
        ),
        ("sh \"docker build --build-arg T=${params.X} .\"", "sh \"docker build --secret id=t,env=X .\""),
        (
            "sh \"docker build --build-arg T=${UNBOUND} .\"",
            "sh \"T=\\\"${UNBOUND}\\\" docker build --secret id=t,env=T .\"",
        ),
        (
            "def t = vault.read('t')\n    sh \"docker build --build-arg T=${t} .\"",
            "def t = vault.read('t')\n    sh \"T=\\\"${t}\\\" docker build --secret id=t,env=T .\"",
        ),
    ] {
        // A backslash at the end of a line joins lines in Groovy before the shell does: it stays one command.
        becomes(&in_credentials(before), &in_credentials(after));
    }
}

#[test]
fn options_of_docker_build_are_shell_text() {
    becomes(
        &in_credentials(
            "docker.build(\"shop:${env.TAG}\", \"--build-arg T=${T} --build-arg A=1 -f api/Dockerfile .\").push()",
        ),
        &in_credentials(
            "docker.build(\"shop:${env.TAG}\", \"--secret id=t,env=T --build-arg A=1 -f api/Dockerfile .\").push()",
        ),
    );
    becomes(
        &in_credentials("def image = docker.build(\n      'shop',\n      '--build-arg T=$T .'\n    )"),
        &in_credentials("def image = docker.build(\n      'shop',\n      '--secret id=t,env=T .'\n    )"),
    );
}

#[test]
fn agents_are_built_from_dockerfiles() {
    let text = "pipeline {\n  agent {\n    dockerfile {\n      dir 'api'\n      label 'linux'\n      additionalBuildArgs '--build-arg T --build-arg A=1'\n    }\n  }\n}\n";
    assert_eq!(builds(text)[0].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    becomes(text, &text.replace("--build-arg T ", "--secret id=t,env=T "));
    let map = "run(agent: [\n  dockerfile: [\n    label: 'linux',\n    filename: 'api/Dockerfile',\n    additionalBuildArgs: '--build-arg T'\n  ]\n])\n";
    assert_eq!(builds(map)[0].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    becomes(map, &map.replace("--build-arg T", "--secret id=t,env=T"));
    // Whether a credential of the pipeline is in the environment of that build can't be told.
    let bound = in_credentials(&text.replace("'--build-arg T --build-arg A=1'", "\"--build-arg T=${T}\""));
    assert!(rewritten(&bound).unwrap_err().contains("nothing can be put into that"));
    let windows = text.replace("linux", "windows && docker");
    assert!(matches!(&builds(&windows)[0].builder, Builder::WithoutSecrets(why) if why.contains("Windows")));
    assert_eq!(
        builds("pipeline { agent { dockerfile true } }\n")[0].dockerfiles,
        Dockerfiles::One("Dockerfile".into())
    );
}

#[test]
fn folders_and_variables_surround_a_step() {
    let text = "pipeline {\n  environment {\n    DIR = 'api'\n    T = credentials('t')\n  }\n  stages {\n    stage('x') {\n      steps {\n        dir('api') {\n          sh \"docker build --build-arg T=${T} .\"\n        }\n        sh 'docker build $DIR'\n        script { docker.build('x') }\n      }\n    }\n  }\n}\n";
    let found = builds(text);
    let api = Dockerfiles::One("api/Dockerfile".into());
    let shown: Vec<&Dockerfiles> = found.iter().map(|build| &build.dockerfiles).collect();
    assert_eq!(shown, [&api, &api, &Dockerfiles::One("Dockerfile".into())]);
    assert_eq!(found[0].arguments[0].value, ArgumentValue::Variable("T".to_owned()));
}

#[test]
fn what_can_not_be_passed_is_refused() {
    for (step, reason) in [
        ("docker.build('x', \"--build-arg T=${t()} .\")", "nothing can be put into that"),
        ("sh 'docker build --build-arg T=abc .'", "fixed value"),
        ("sh 'DOCKER_BUILDKIT=0 docker build --build-arg T .'", "DOCKER_BUILDKIT=0"),
        ("bat 'docker build --build-arg T=%T% .'", "0 builds"),
        ("sh 'docker build ' + args", "0 builds"),
    ] {
        let refusal = rewritten(&in_credentials(step)).unwrap_err();
        assert!(refusal.contains(reason), "{step}: {refusal}");
    }
    let file =
        "withCredentials([file(credentialsId: 'x', variable: 'F')]) {\n  sh 'docker build --build-arg T=$F .'\n}\n";
    assert!(rewritten(file).unwrap_err().contains("path of a file"));
    let computed = builds("docker.build(image, args)\n");
    assert_eq!(computed[0].opaque.as_deref(), Some("the options of the step"));
}

#[test]
fn pipelines_are_known_by_name() {
    for (path, own) in [(PATH, true), ("ci/Jenkinsfile.release", true), ("ci/build.groovy", true), ("x.gradle", false)]
    {
        assert_eq!(Jenkins.recognises(Utf8Path::new(path)), own, "{path}");
    }
}

#[test]
fn a_dockerfile_whose_name_is_put_together_is_not_taken_for_another() {
    let text =
        "agent {\n  dockerfile {\n    filename \"${x}/Dockerfile\"\n    additionalBuildArgs '--build-arg T'\n  }\n}\n";
    assert!(!matches!(builds(text)[0].dockerfiles, Dockerfiles::One(_)), "{:?}", builds(text)[0].dockerfiles);
}
