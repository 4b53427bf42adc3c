//! Two projects in one repository look alike: a build is of the Dockerfile of its own.

use camino::Utf8PathBuf;

use crate::callers::shell::tests::Files;
use crate::callers::{Dockerfiles, recognised};
use crate::source::Source;

/// What the only build in a file of this path and text is of, in a repository that has these Dockerfiles.
#[track_caller]
fn built(path: &str, text: &str, dockerfiles: &[&str]) -> Dockerfiles {
    let source = Source::new(path, text.as_bytes().to_vec());
    let caller = recognised(source.path(), source.text()).expect("a caller reads it");
    let builds = caller.builds(&source, &Files::new(dockerfiles));
    assert_eq!(builds.len(), 1, "{builds:?}");
    builds[0].dockerfiles.clone()
}

fn one(path: &str) -> Dockerfiles {
    Dockerfiles::One(path.into())
}

fn several(paths: &[&str]) -> Dockerfiles {
    Dockerfiles::Several(paths.iter().map(Utf8PathBuf::from).collect())
}

const BUILD: &str = "docker build --build-arg T=$T .\n";

#[test]
fn a_script_is_started_in_its_folder_or_above() {
    assert_eq!(built("a/b/build.sh", BUILD, &["a/b/Dockerfile", "c/Dockerfile"]), one("a/b/Dockerfile"));
    assert_eq!(built("a/b/build.sh", BUILD, &["a/Dockerfile", "c/Dockerfile"]), one("a/Dockerfile"));
    assert_eq!(built("a/b/build.sh", BUILD, &["Dockerfile", "c/Dockerfile"]), one("Dockerfile"));
    let two = several(&["a/b/Dockerfile", "Dockerfile"]);
    assert_eq!(built("a/b/build.sh", BUILD, &["Dockerfile", "a/b/Dockerfile", "c/Dockerfile"]), two);
    let fixed = format!("cd \"$(dirname \"$0\")\"\n{BUILD}");
    assert_eq!(built("a/b/build.sh", &fixed, &["Dockerfile", "a/b/Dockerfile"]), one("a/b/Dockerfile"));
}

#[test]
fn a_path_that_leads_nowhere_is_looked_for_in_the_same_project_only() {
    let elsewhere = &["a/app/Dockerfile", "a/web/docker/Dockerfile", "b/docker/Dockerfile"];
    let build = "docker build -f docker/Dockerfile .\n";
    assert_eq!(built("a/ci/build.sh", build, elsewhere), several(&["a/web/docker/Dockerfile"]));
    assert_eq!(built("a/ci/build.sh", "docker build -f x/Dockerfile .", elsewhere), unknown("x/Dockerfile"));
    assert_eq!(built("a/ci/build.sh", build, &["a/Dockerfile", "b/docker/Dockerfile"]), unknown("docker/Dockerfile"));
    assert_eq!(built("ci/build.sh", build, &["a/x/docker/Dockerfile"]), several(&["a/x/docker/Dockerfile"]));
}

fn unknown(text: &str) -> Dockerfiles {
    Dockerfiles::Unknown(text.to_owned())
}

#[test]
fn a_pattern_is_looked_for_nearby() {
    let all = &["a/x/app.Dockerfile", "b/x/app.Dockerfile", "b/x/web.Dockerfile"];
    let build = "docker build -f x/$NAME.Dockerfile .\n";
    assert_eq!(built("b/build.sh", build, all), several(&["b/x/app.Dockerfile", "b/x/web.Dockerfile"]));
    assert_eq!(built("b/build.sh", "docker build $X\n", &["b/x/Dockerfile", "b/Dockerfile"]), unknown("$X"));
}

#[test]
fn a_makefile_runs_in_its_folder_and_an_included_one_above() {
    let all = &["Dockerfile", "a/app/Dockerfile", "b/Dockerfile"];
    let rule = format!("x:\n\t{BUILD}");
    assert_eq!(built("b/Makefile", &rule, all), one("b/Dockerfile"));
    assert_eq!(built("a/Makefile", &rule, all), unknown("."));
    assert_eq!(built("c/make/docker.mk", &rule, all), one("Dockerfile"));
}

#[test]
fn a_document_speaks_of_its_project() {
    let text = format!("```sh\n{BUILD}```\n");
    assert_eq!(built("a/docs/README.md", &text, &["a/Dockerfile", "b/Dockerfile"]), one("a/Dockerfile"));
}

#[test]
fn a_workflow_belongs_to_the_folder_of_its_github_folder() {
    let all = &["Dockerfile", "a/b/Dockerfile", "a/b/app/Dockerfile"];
    let step = |step: &str| format!("jobs:\n  a:\n    steps:\n      - {step}\n");
    let inner = "a/b/.github/workflows/ci.yml";
    assert_eq!(built(inner, &step("run: docker build ."), all), one("a/b/Dockerfile"));
    assert_eq!(built(inner, &step("run: docker build $GITHUB_WORKSPACE/app"), all), one("a/b/app/Dockerfile"));
    assert_eq!(built(inner, &step("{run: docker build ., working-directory: app}"), all), one("a/b/app/Dockerfile"));
    let action = "{uses: docker/build-push-action@v6, with: {context: app}}";
    assert_eq!(built(inner, &step(action), all), one("a/b/app/Dockerfile"));
    assert_eq!(built(".github/workflows/ci.yml", &step("run: docker build ."), all), one("Dockerfile"));
    assert_eq!(built(inner, &step("run: docker build ."), &["Dockerfile"]), unknown("."));
}

#[test]
fn a_composite_action_runs_in_the_workspace() {
    let action = |run: &str| format!("runs:\n  using: composite\n  steps:\n    - run: {run}\n      shell: bash\n");
    let all = &["Dockerfile", "a/Dockerfile", "a/.github/actions/x/Dockerfile"];
    assert_eq!(built("a/.github/actions/x/action.yml", &action("docker build ."), all), one("a/Dockerfile"));
    let own = action("docker build ${{ github.action_path }}");
    assert_eq!(built("a/.github/actions/x/action.yml", &own, all), one("a/.github/actions/x/Dockerfile"));
    assert_eq!(built("actions/x/action.yml", &action("docker build ."), all), one("Dockerfile"));
}

#[test]
fn a_compose_file_counts_from_its_folder_first() {
    let text = "services:\n  a:\n    build: {context: ., args: [T]}\n";
    assert_eq!(built("a/compose.yml", text, &["Dockerfile", "a/Dockerfile"]), one("a/Dockerfile"));
    assert_eq!(built("a/deploy/compose.yml", text, &["a/Dockerfile", "b/Dockerfile"]), one("a/Dockerfile"));
    let two = several(&["a/Dockerfile", "Dockerfile"]);
    assert_eq!(built("a/deploy/compose.yml", text, &["Dockerfile", "a/Dockerfile"]), two);
    assert_eq!(built("a/compose.yml", text, &["b/Dockerfile"]), unknown("a/Dockerfile"));
}
