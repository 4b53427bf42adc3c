//! Builds that pass a secret beside the build argument, while the Dockerfile may still take either.

use crate::callers::shell::tests::{Files, request};
use crate::callers::{Request, pass_all};
use crate::repository::Repository;
use crate::source::{Source, apply_edits};

/// The file with `T` passed as a secret, beside the argument or instead of it, in all of its builds.
fn passed(path: &str, text: &str, beside: bool) -> Result<String, String> {
    let source = Source::new(path, text.as_bytes().to_vec());
    let dockerfile = Source::new("Dockerfile", b"FROM x\n".to_vec());
    let repository = Repository::new([], [source, dockerfile], vec!["Dockerfile".into()]);
    let source = repository.source(path.into()).expect("the file is there");
    let count = crate::callers::recognised(path.into(), text)
        .expect("a caller reads it")
        .builds(source, &Files::new(&["Dockerfile"]))
        .len();
    let requests: Vec<(usize, Vec<Request>)> =
        (0..count).map(|index| (index, vec![Request { beside, ..request("T") }])).collect();
    let rewrite = pass_all(&repository, path.into(), &requests).map_err(|(_, refusal)| refusal.reason)?;
    Ok(apply_edits(text, &rewrite.edits).expect("no overlap"))
}

#[track_caller]
fn becomes(path: &str, before: &str, after: &str) {
    assert_eq!(passed(path, before, true).as_deref(), Ok(after));
    // Doing it twice changes nothing, and the argument can go by itself later.
    assert_eq!(passed(path, after, true).as_deref(), Ok(after));
    let last = passed(path, after, false).expect("it can go");
    assert!(last.contains("t") && !last.contains("build-arg T") && !last.contains("T=${{"), "{last}");
}

#[test]
fn the_secret_comes_behind_the_flag_and_the_flag_stays() {
    becomes("a.sh", "docker build --build-arg T .\n", "docker build --build-arg T --secret id=t,env=T .\n");
    becomes(
        "a.sh",
        "t=$(get)\ndocker build \\\n  --build-arg=T=\"$t\" \\\n  -t x .\n",
        "t=$(get)\nT=\"$t\" docker build \\\n  --build-arg=T=\"$t\" --secret=id=t,env=T \\\n  -t x .\n",
    );
    becomes(
        "a.sh",
        "F=\"--build-arg T=$T\"\ndocker build $F .\ndocker build $F -t y .\n",
        "F=\"--build-arg T=$T --secret id=t,env=T\"\ndocker build $F .\ndocker build $F -t y .\n",
    );
    becomes(
        "Makefile",
        "x:\n\tdocker build --build-arg T=$(T) .\n",
        "x:\n\tdocker build --build-arg T=$(T) --secret id=t,env=T .\n",
    );
    becomes(
        ".gitlab-ci.yml",
        "b:\n  script:\n    - docker build --build-arg T .\n",
        "b:\n  script:\n    - docker build --build-arg T --secret id=t,env=T .\n",
    );
}

#[test]
fn the_inputs_of_a_step_get_one_more_and_keep_the_others() {
    let step = |with: &str| {
        format!("on: push\njobs:\n  b:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n{with}")
    };
    becomes(
        ".github/workflows/a.yml",
        &step("          build-args: |\n            T=${{ secrets.T }}\n            A=1\n"),
        &step(
            "          build-args: |\n            T=${{ secrets.T }}\n            A=1\n          secrets: |\n            t=${{ secrets.T }}\n",
        ),
    );
    becomes(
        ".github/workflows/a.yml",
        &step("          build-args: T=${{ secrets.T }}\n          push: true\n"),
        &step(
            "          build-args: T=${{ secrets.T }}\n          secrets: |\n            t=${{ secrets.T }}\n          push: true\n",
        ),
    );
    let run = |env: &str, flags: &str| {
        format!(
            "on: push\njobs:\n  b:\n    steps:\n      - name: x\n{env}        run: docker build --build-arg T=${{{{ secrets.T }}}}{flags} .\n"
        )
    };
    let after = run("        env:\n          T: ${{ secrets.T }}\n", " --secret id=t,env=T");
    assert_eq!(passed(".github/workflows/a.yml", &run("", ""), true).as_deref(), Ok(after.as_str()));
}

#[test]
fn a_service_gets_the_secret_beside_its_arguments() {
    becomes(
        "compose.yaml",
        "services:\n  a:\n    build:\n      context: ../b\n      args:\n        T: ${T}\n",
        "services:\n  a:\n    build:\n      context: ../b\n      args:\n        T: ${T}\n      secrets:\n        - t\nsecrets:\n  t:\n    environment: T\n",
    );
    becomes(
        "compose.yaml",
        "services:\n  a:\n    build: {context: ../b, args: [T]}\n",
        "services:\n  a:\n    build: {context: ../b, args: [T], secrets: [t]}\nsecrets:\n  t:\n    environment: T\n",
    );
}

#[test]
fn what_can_not_be_passed_is_refused_beside_as_well() {
    let refused = passed("a.sh", "DOCKER_BUILDKIT=0 docker build --build-arg T .\n", true);
    assert!(refused.unwrap_err().contains("DOCKER_BUILDKIT=0"));
    assert!(passed("a.sh", "docker build --build-arg T=fixed1234 .\n", true).unwrap_err().contains("fixed value"));
}
