use camino::Utf8PathBuf;

use super::tests::{Files, builds, rewritten, workflow};
use super::*;
use crate::callers::{ArgumentValue, Builder, Dockerfiles};

fn assert_step(before: &str, arguments: &[&str], after: &str) {
    assert_eq!(rewritten(&workflow(before), arguments), Ok(workflow(after)));
    let crlf = |text: &str| workflow(text).replace('\n', "\r\n");
    assert_eq!(rewritten(&crlf(before), arguments), Ok(crlf(after)));
}

#[test]
fn an_expression_becomes_an_environment_variable_of_the_step() {
    assert_step(
        "      - name: Build\n        # c\n        run: |\n          set -e\n          docker build -t x \\\n            --build-arg T=${{ secrets.T }} \\\n            --build-arg A=1 .\n",
        &["T"],
        "      - name: Build\n        # c\n        env:\n          T: ${{ secrets.T }}\n        run: |\n          set -e\n          docker build -t x \\\n            --secret id=t,env=T \\\n            --build-arg A=1 .\n",
    );
    assert_step(
        "      - run: docker build --build-arg T=${{ secrets.T }} .\n        id: b\n",
        &["T"],
        "      - run: docker build --secret id=t,env=T .\n        env:\n          T: ${{ secrets.T }}\n        id: b\n",
    );
}

#[test]
fn every_way_to_quote_an_expression_is_read() {
    for quoted in ["'T=${{ secrets.T }}'", "\"T=${{ secrets.T }}\"", "T='${{ secrets.T }}'", "T=\"${{secrets.T}}\""] {
        let text = workflow(&format!("      - run: |\n          docker build --build-arg {quoted} .\n"));
        let value = &builds(&text)[0].arguments[0].value;
        assert_eq!(value, &ArgumentValue::Expression("secrets.T".to_owned()), "{quoted}");
        let after = rewritten(&text, &["T"]).expect(quoted);
        assert!(after.contains("docker build --secret id=t,env=T ."), "{after}");
        assert!(after.contains("T: ${{"), "{after}");
    }
}

#[test]
fn an_existing_environment_gets_another_variable() {
    assert_step(
        "      - env:\n            A: 1\n        run: docker build --build-arg T=x${{ secrets.T }} .\n",
        &["T"],
        "      - env:\n            A: 1\n            T: x${{ secrets.T }}\n        run: docker build --secret id=t,env=T .\n",
    );
    assert_step(
        "      - env: {A: 1}\n        run: >-\n          docker build\n          --build-arg T=${{ secrets.T }}\n          .\n",
        &["T"],
        "      - env: {A: 1, T: '${{ secrets.T }}'}\n        run: >-\n          docker build\n          --secret id=t,env=T\n          .\n",
    );
}

#[test]
fn a_variable_that_is_there_is_used() {
    let same =
        "      - env:\n          T: ${{secrets.T}}\n        run: docker build --build-arg T=${{ secrets.T }} .\n";
    assert_step(same, &["T"], &same.replace("--build-arg T=${{ secrets.T }}", "--secret id=t,env=T"));
    let variable = "      - env:\n          V: ${{ secrets.T }}\n        run: docker build --build-arg \"T=$V\" .\n";
    assert_step(variable, &["T"], &variable.replace("--build-arg \"T=$V\"", "--secret id=t,env=V"));
    let context = "      - run: docker build --build-arg T=${{ env.V }} .\n";
    assert_step(context, &["T"], &context.replace("--build-arg T=${{ env.V }}", "--secret id=t,env=V"));
}

#[test]
fn a_variable_of_the_job_has_another_value_in_this_step_only() {
    let outer = |step: &str| format!("env:\n  T: other\n{}", workflow(step));
    let before = "      - name: b\n        run: docker build --build-arg T=${{ secrets.T }} .\n";
    let after = "      - name: b\n        env:\n          T: ${{ secrets.T }}\n        run: docker build --secret id=t,env=T .\n";
    assert_eq!(rewritten(&outer(before), &["T"]), Ok(outer(after)));
    let elsewhere = "      - run: echo $T\n";
    assert_eq!(rewritten(&outer(&format!("{before}{elsewhere}")), &["T"]), Ok(outer(&format!("{after}{elsewhere}"))));
    for reads in ["        if: env.T != ''\n", "        env:\n          U: ${{ env.T }}\n"] {
        let refusal = rewritten(&outer(&format!("{before}{reads}")), &["T"]).expect_err(reads);
        assert!(refusal.contains("the step reads that too"), "{refusal}");
    }
    let script = "      - run: |\n          docker build --build-arg T=${{ secrets.T }} .\n          push \"$T\"\n";
    assert!(rewritten(&outer(script), &["T"]).is_err());
}

#[test]
fn another_value_of_the_same_name_is_refused() {
    let taken = "      - env:\n          T: other\n        run: docker build --build-arg T=${{ secrets.T }} .\n";
    assert!(rewritten(&workflow(taken), &["T"]).expect_err("taken").contains("another value"));
    let set = "      - run: |\n          export T=1\n          docker build --build-arg T=${{ secrets.T }} .\n";
    assert!(rewritten(&workflow(set), &["T"]).expect_err("set").contains("sets"));
}

#[test]
fn directories_come_from_the_step_and_the_defaults() {
    let text = "defaults:\n  run:\n    working-directory: a\njobs:\n  b:\n    strategy:\n      matrix:\n        f: [x.Dockerfile, y.Dockerfile]\n    steps:\n      - run: docker build .\n      - run: docker build .\n        working-directory: ./c\n      - run: docker build -f ${{ matrix.f }} .\n      - run: docker build .\n        working-directory: ${{ inputs.d }}\n";
    let found: Vec<Dockerfiles> = builds(text).into_iter().map(|build| build.dockerfiles).collect();
    assert_eq!(found[0], Dockerfiles::One("a/Dockerfile".into()));
    assert_eq!(found[1], Dockerfiles::One("c/Dockerfile".into()));
    let several: Vec<Utf8PathBuf> = vec!["a/x.Dockerfile".into(), "a/y.Dockerfile".into()];
    assert_eq!(found[2], Dockerfiles::Several(several));
    assert!(matches!(found[3], Dockerfiles::Unknown(_)), "{:?}", found[3]);
}

#[test]
fn the_environment_selects_the_builder() {
    let text = "env:\n  DOCKER_BUILDKIT: 0\njobs:\n  b:\n    steps:\n      - run: docker build .\n";
    assert!(matches!(builds(text)[0].builder, Builder::WithoutSecrets(_)));
}

#[test]
fn other_shells_are_reported() {
    let text = workflow("      - shell: pwsh\n        run: docker build --build-arg T=$env:T .\n");
    assert!(matches!(builds(&text)[0].dockerfiles, Dockerfiles::Unknown(_)));
    assert!(rewritten(&text, &["T"]).is_err());
    let windows =
        text.replace("ubuntu-latest", "windows-2022").replace("      - shell: pwsh\n        run", "      - run");
    assert!(builds(&windows)[0].opaque.as_deref().is_some_and(|reason| reason.contains("PowerShell")));
}

#[test]
fn steps_of_both_kinds_are_counted_in_order() {
    let text = workflow(
        "      - run: |\n          docker build a\n          docker build b\n      - uses: docker/build-push-action@v6\n",
    );
    let found = GithubActions.builds(&tests::source(&text), &Files);
    assert_eq!(found.iter().map(|build| build.index).collect::<Vec<_>>(), [0, 1, 2]);
}
