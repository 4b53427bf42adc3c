use camino::Utf8Path;

use super::*;
use crate::callers::shell::tests::{Files, request};
use crate::source::apply_edits;

const PATH: &str = "ci/pipeline.yml";

fn builds(text: &str) -> Vec<Build> {
    let around = Files::new(&["Dockerfile", "api/Dockerfile"]);
    Concourse.builds(&Source::new(PATH, text.as_bytes().to_vec()), &around)
}

fn rewritten(text: &str) -> Result<String, String> {
    let around = Files::new(&["Dockerfile", "api/Dockerfile"]);
    let source = Source::new(PATH, text.as_bytes().to_vec());
    let builds = Concourse.builds(&source, &around);
    let [build] = builds.as_slice() else { return Err(format!("{} builds", builds.len())) };
    let rewrite = Concourse.pass_secrets(&source, &around, build, &[request("T")]).map_err(|refusal| refusal.reason)?;
    Ok(apply_edits(text, &rewrite.edits).unwrap())
}

fn pipeline(params: &str) -> String {
    format!(
        "jobs:\n- name: image\n  plan:\n  - get: shop\n  - task: build\n    privileged: true\n    config:\n      platform: linux\n      image_resource:\n        type: registry-image\n        source: {{repository: concourse/oci-build-task}}\n      inputs: [{{name: shop}}]\n      params:\n{params}      run: {{path: build}}\n"
    )
}

#[test]
fn a_param_is_renamed() {
    let params =
        |key: &str| format!("        CONTEXT: shop/api\n        {key}: ((npm-token)) # c\n        BUILD_ARG_A: '1'\n");
    let before = pipeline(&params("BUILD_ARG_T"));
    let after = pipeline(&params("BUILDKIT_SECRETTEXT_t"));
    assert_eq!(builds(&before)[0].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    assert_eq!(builds(&before)[0].arguments[0].value, ArgumentValue::Expression("npm-token".to_owned()));
    assert_eq!(rewritten(&before), Ok(after.clone()));
    let windows = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(rewritten(&windows(&before)), Ok(windows(&after)));
}

#[test]
fn what_can_not_be_passed_is_refused() {
    for (params, reason) in [
        ("        BUILD_ARG_T: abc\n", "fixed value"),
        ("        BUILD_ARG_T: ((t))\n        BUILDKIT_SECRETTEXT_t: ((o))\n", "already"),
    ] {
        let refusal = rewritten(&pipeline(params)).unwrap_err();
        assert!(refusal.contains(reason), "{refusal}");
    }
    let file = builds(&pipeline("        BUILD_ARGS_FILE: x/args\n"));
    assert_eq!(file[0].opaque.as_deref(), Some("BUILD_ARGS_FILE: x/args"));
}

#[test]
fn the_old_resource_has_no_secrets() {
    let text = "resources:\n- name: image\n  type: docker-image\njobs:\n- plan:\n  - put: image\n    params:\n      build: shop\n      build_args:\n        T: ((t))\n";
    let found = builds(text);
    assert_eq!(found[0].dockerfiles, Dockerfiles::One("Dockerfile".into()));
    assert!(matches!(&found[0].builder, Builder::WithoutSecrets(why) if why.contains("oci-build-task")));
}

#[test]
fn pipelines_are_known_by_what_they_say() {
    let known = |text: &str| Concourse.recognises_text(Utf8Path::new(PATH), text);
    assert!(known(&pipeline("")) && !known("jobs: []\n"));
}
