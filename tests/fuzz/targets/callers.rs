//! Any text is a file of any format: builds are read without a panic, and a build that was made to pass a secret no longer
//! passes the argument.
//!
//! The first byte chooses the format.

#![no_main]

use dfmigrate::callers::{self, Builder, Receipt, Request, RequestedSecret};
use dfmigrate::repository::Repository;
use dfmigrate::source::{Source, apply_edits};
use libfuzzer_sys::fuzz_target;

/// A path of each format.
const PATHS: [&str; 30] = [
    "build.sh",
    "Makefile",
    "README.md",
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    "buildspec.yml",
    "bitbucket-pipelines.yml",
    ".travis.yml",
    ".drone.yml",
    ".buildkite/pipeline.yml",
    "Taskfile.yml",
    "justfile",
    "package.json",
    ".devcontainer/devcontainer.json",
    "build.ps1",
    "build.bat",
    "skaffold.yaml",
    "config/deploy.yml",
    "docker-bake.hcl",
    "docker-bake.json",
    ".circleci/config.yml",
    "azure-pipelines.yml",
    "cloudbuild.yaml",
    "concourse.yml",
    "Jenkinsfile",
    "compose.yml",
    "railway.json",
    "build.py",
    "playbook.yml",
    "action.yml",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    let path = PATHS[usize::from(*choice) % PATHS.len()];
    let source = Source::new(path, bytes.to_vec());
    assert_eq!(source.encode(), bytes, "a source gives back its bytes");
    let dockerfile = Source::new("Dockerfile", b"FROM a\nARG T\nRUN b $T\n".to_vec());
    let repository = Repository::new([], [dockerfile, source.clone()], vec!["Dockerfile".into()]);
    let builds = callers::builds_in(&repository, &source);
    let text = source.text();
    for build in builds.iter().take(8) {
        let (start, end) = (usize::from(build.range.start()), usize::from(build.range.end()));
        assert!(text.get(start..end).is_some(), "{:?} is not in {text:?}", build.range);
        let Some(argument) = build.arguments.first() else { continue };
        if matches!(build.builder, Builder::WithoutSecrets(_)) {
            // No fix asks it for a secret. An unknown program is taken for a build only as long as it is handed an argument.
            continue;
        }
        let secret = Some(RequestedSecret { id: "fuzzed".to_owned(), receipt: Receipt::Variable });
        let request = Request { argument: argument.name.clone(), secret, beside: false };
        let Ok(rewrite) = callers::pass_all(&repository, path.into(), &[(build.index, vec![request])]) else {
            continue;
        };
        let after = apply_edits(text, &rewrite.edits).expect("edits that do not overlap");
        let after = repository.with_sources([source.with_text(after)]);
        let Some(changed) = after.source(path.into()) else { continue };
        let again = callers::builds_in(&after, changed);
        let earlier = builds.iter().filter(|other| other.title == build.title && other.index < build.index).count();
        let Some(again) = again.iter().filter(|other| other.title == build.title).nth(earlier) else {
            if !rewrite.edits.iter().any(|edit| edit.text.contains("secret")) {
                // An argument without a value went: an unknown program that is handed nothing is no build any more.
                continue;
            }
            panic!("the build is gone: {:?}", changed.text());
        };
        let passes = again.arguments.iter().any(|given| given.name == argument.name);
        assert!(!passes, "{:?} is still passed: {:?}", argument.name, changed.text());
    }
});
