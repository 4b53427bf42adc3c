use camino::Utf8PathBuf;

use super::shell::tests::request;
use super::{Request, builds, pass_all};
use crate::repository::Repository;
use crate::source::{Source, apply_edits};

/// All builds of the file are asked to pass `T` and `U`, where they take them, as secrets.
fn passed(path: &str, text: &str) -> Result<String, String> {
    passed_of(&["T", "U"], path, text)
}

fn passed_of(names: &[&str], path: &str, text: &str) -> Result<String, String> {
    let dockerfile = Utf8PathBuf::from("Dockerfile");
    let sources = [Source::new("Dockerfile", b"FROM scratch\n".to_vec()), Source::new(path, text.into())];
    let repository = Repository::new([], sources, vec![dockerfile]);
    let asked = |build: &super::Build| -> Vec<Request> {
        let taken = names.iter().filter(|name| build.arguments.iter().any(|given| given.name == **name));
        taken.map(|name| request(name)).collect()
    };
    let requests: Vec<_> = builds(&repository).iter().map(|build| (build.index, asked(build))).collect();
    let rewrite = pass_all(&repository, path.into(), &requests);
    let rewrite = rewrite.map_err(|(index, why)| format!("{index} {:?} {}", why.range, why.reason))?;
    Ok(apply_edits(text, &rewrite.edits).expect("no overlap"))
}

/// With both kinds of line ends.
#[track_caller]
fn becomes(path: &str, before: &str, after: &str) {
    assert_eq!(passed(path, before).as_deref(), Ok(after));
    assert_eq!(passed(path, &before.replace('\n', "\r\n")), Ok(after.replace('\n', "\r\n")));
}

#[test]
fn two_services_share_the_sources() {
    becomes(
        "compose.yml",
        "services:\n  a:\n    build:\n      context: .\n      args:\n        T: $T\n        U: $U\n    ports: [a] # c\n  b:\n    build:\n      context: .\n      args: [T, X=1]\n\nvolumes:\n  v:\n",
        "services:\n  a:\n    build:\n      context: .\n      secrets:\n        - t\n        - u\n    ports: [a] # c\n  b:\n    build:\n      context: .\n      args: [X=1]\n      secrets:\n        - t\n\nvolumes:\n  v:\n\nsecrets:\n  t:\n    environment: T\n  u:\n    environment: U\n",
    );
}

#[test]
fn an_anchor_of_two_services_is_refused_where_it_stands() {
    let text =
        "x: &x\n  T: $T\nservices:\n  a:\n    build: {context: ., args: *x}\n  b:\n    build: {context: ., args: *x}\n";
    assert!(passed("compose.yml", text).expect_err("shared").contains("anchor"));
}

#[test]
fn two_steps_and_two_commands_of_one() {
    let steps = |steps: &str| format!("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{steps}");
    becomes(
        ".github/workflows/a.yml",
        &steps(
            "      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          build-args: |\n            T=${{ secrets.T }}\n            U=${{ secrets.U }}\n      - name: b\n        run: |\n          docker build --build-arg T=${{ secrets.T }} .\n          docker build --build-arg T=${{ secrets.T }} --build-arg U=${{ secrets.U }} .\n",
        ),
        &steps(
            "      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          secrets: |\n            t=${{ secrets.T }}\n            u=${{ secrets.U }}\n      - name: b\n        env:\n          T: ${{ secrets.T }}\n          U: ${{ secrets.U }}\n        run: |\n          docker build --secret id=t,env=T .\n          docker build --secret id=t,env=T --secret id=u,env=U .\n",
        ),
    );
}

#[test]
fn every_build_that_takes_shared_flags_is_given_the_value() {
    becomes(
        "build.sh",
        "V=$(x)\nA=\"--build-arg T=$V\"\ndocker build $A .\ndocker build $A --build-arg U .\n",
        "V=$(x)\nA=\"--secret id=t,env=T\"\nT=\"$V\" docker build $A .\nT=\"$V\" docker build $A --secret id=u,env=U .\n",
    );
    becomes(
        "build.sh",
        "A=(--build-arg \"T=${T:?}\")\nsudo docker build \"${A[@]}\" .\ndocker build \"${A[@]}\" .\n",
        "A=(--secret id=t,env=T)\nT=\"${T:?}\" sudo --preserve-env=T docker build \"${A[@]}\" .\nT=\"${T:?}\" docker build \"${A[@]}\" .\n",
    );
    becomes(
        "Makefile",
        "F := --build-arg T=$(T)\na:\n\tdocker build $(F) .\nb:\n\tdocker build $(F) .\n",
        "F := --secret id=t,env=T\na:\n\tdocker build $(F) .\nb:\n\tdocker build $(F) .\n",
    );
    let step = "jobs:\n  a:\n    steps:\n      - run: |\n          A=\"--build-arg T=$V\"\n          docker build $A .\n          docker build $A .\n";
    assert!(passed(".github/workflows/a.yml", &step.replace("A=", "V=$(x)\n          A=")).is_err());
    assert_eq!(passed(".github/workflows/a.yml", step), Ok(step.replace("--build-arg T=$V", "--secret id=t,env=V")));
}

#[test]
fn a_refusal_is_of_the_file_as_it_is() {
    let text = "docker build --build-arg T=$T .\ndocker build --build-arg T=$(x) --build-arg T=fixed .\n";
    let refusal = passed("build.sh", text).expect_err("a fixed value");
    assert!(refusal.starts_with(&format!("1 {}..", text.find("--build-arg T=fixed").unwrap_or(0))), "{refusal}");
}

#[test]
fn a_name_that_no_variable_can_have_is_refused_in_every_format() {
    for (path, text, name) in [
        ("build.sh", "docker build --build-arg 'A B' .\n", "A B"),
        ("build.sh", "docker build --build-arg 'A;B=1' .\n", "A;B"),
        ("compose.yml", "services:\n  a:\n    build:\n      context: .\n      args:\n        A B: 1\n", "A B"),
        ("Makefile", "b:\n\tdocker build --build-arg 'A B=1' .\n", "A B"),
    ] {
        let why = passed_of(&[name], path, text).expect_err(text);
        assert!(why.contains(&format!("`{name}` is no name that a variable can have")), "{path}: {why}");
    }
    becomes("build.sh", "docker build --build-arg T .\n", "docker build --secret id=t,env=T .\n");
}
