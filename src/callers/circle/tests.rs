use camino::Utf8Path;

use super::*;
use crate::callers::shell::tests::{Files, request};
use crate::callers::{Builder, Dockerfiles};
use crate::source::apply_edits;

const PATH: &str = ".circleci/config.yml";

fn builds(text: &str) -> Vec<Build> {
    let around = Files::new(&["Dockerfile", "api/Dockerfile"]);
    CircleCi.builds(&Source::new(PATH, text.as_bytes().to_vec()), &around)
}

/// The file after its only build passes `T` as a secret, and what that takes for granted.
fn rewritten(text: &str) -> Result<(String, Vec<String>), String> {
    let around = Files::new(&["Dockerfile", "api/Dockerfile"]);
    let source = Source::new(PATH, text.as_bytes().to_vec());
    let builds = CircleCi.builds(&source, &around);
    let [build] = builds.as_slice() else { return Err(format!("{} builds", builds.len())) };
    let rewrite = CircleCi.pass_secrets(&source, &around, build, &[request("T")]).map_err(|refusal| refusal.reason)?;
    Ok((apply_edits(text, &rewrite.edits).unwrap(), rewrite.assumptions))
}

fn becomes(before: &str, after: &str) {
    assert_eq!(rewritten(before).map(|(text, _)| text).as_deref(), Ok(after), "{before}");
    let windows = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(rewritten(&windows(before)).map(|(text, _)| text), Ok(windows(after)), "{before} with CRLF");
}

fn job(steps: &str) -> String {
    format!("version: 2.1\njobs:\n  image:\n    machine: true\n    steps:\n      - checkout\n{steps}")
}

#[test]
fn commands_are_read_in_every_form() {
    for (before, after) in [
        ("      - run: docker build --build-arg T=$T . # c\n", "      - run: docker build --secret id=t,env=T . # c\n"),
        (
            "      - run:\n          name: x\n          command: |\n            docker build \\\n              --build-arg T \\\n              .\n",
            "      - run:\n          name: x\n          command: |\n            docker build \\\n              --secret id=t,env=T \\\n              .\n",
        ),
        (
            "      - when:\n          condition: true\n          steps:\n            - run: docker build --build-arg T=$T .\n",
            "      - when:\n          condition: true\n          steps:\n            - run: docker build --secret id=t,env=T .\n",
        ),
        (
            "      - run: echo T=$(x) >> \"$BASH_ENV\"\n      - run: docker build --build-arg T=$T .\n",
            "      - run: echo T=$(x) >> \"$BASH_ENV\"\n      - run: T=\"$T\" docker build --secret id=t,env=T .\n",
        ),
        (
            "      - run: echo export T=$(x) >> $BASH_ENV\n      - run: docker build --build-arg T=$T .\n",
            "      - run: echo export T=$(x) >> $BASH_ENV\n      - run: docker build --secret id=t,env=T .\n",
        ),
        (
            "      - run: docker build --build-arg T=<< parameters.token >> .\n",
            "      - run: T=\"<< parameters.token >>\" docker build --secret id=t,env=T .\n",
        ),
    ] {
        becomes(&job(before), &job(after));
    }
}

#[test]
fn commands_of_the_file_and_of_orbs_in_it_are_read() {
    let text = "commands:\n  image:\n    steps:\n      - run: docker build --build-arg T=$T .\n";
    becomes(text, &text.replace("--build-arg T=$T", "--secret id=t,env=T"));
    let text = "orbs:\n  own:\n    jobs:\n      x:\n        steps:\n          - run: docker build --build-arg T=$T .\n";
    becomes(text, &text.replace("--build-arg T=$T", "--secret id=t,env=T"));
}

#[test]
fn orbs_are_given_options() {
    let step = "      - docker/build:\n          image: acme/shop\n          path: api\n          extra_build_args: --build-arg=T=$T --pull\n";
    let found = builds(&job(step));
    assert_eq!(found[0].dockerfiles, Dockerfiles::One("api/Dockerfile".into()));
    let (text, assumptions) = rewritten(&job(step)).unwrap();
    assert_eq!(text, job(&step.replace("--build-arg=T=$T", "--secret=id=t,env=T")));
    assert_eq!(assumptions.len(), 1);
    let workflow = "workflows:\n  x:\n    jobs:\n      - aws-ecr/build_and_push_image:\n          repo: shop\n          extra_build_args: '--build-arg T --build-arg A=1'\n";
    becomes(workflow, &workflow.replace("--build-arg T ", "--secret id=t,env=T "));
}

#[test]
fn what_an_orb_can_not_get_is_refused() {
    let step = "      - docker/build:\n          extra_build_args: --build-arg T=<< parameters.token >>\n";
    assert!(rewritten(&job(step)).unwrap_err().contains("nothing can be put into that"));
    let step = "      - docker/build:\n          extra_build_args: --build-arg T=abc\n";
    assert!(rewritten(&job(step)).unwrap_err().contains("fixed value"));
    let step = "      - docker/build:\n          extra_build_args: << parameters.args >>\n";
    assert_eq!(builds(&job(step))[0].opaque.as_deref(), Some("<< parameters.args >>"));
}

#[test]
fn folders_and_engines_are_told() {
    let text = "jobs:\n  x:\n    working_directory: ~/shop\n    docker:\n      - image: docker:19.03-git\n        environment:\n          DIR: api\n    steps:\n      - run:\n          working_directory: ~/shop/api\n          command: docker build --build-arg T .\n      - run: docker build $DIR\n";
    let found = builds(text);
    assert!(found.iter().all(|build| build.dockerfiles == Dockerfiles::One("api/Dockerfile".into())), "{found:?}");
    assert!(matches!(&found[0].builder, Builder::WithoutSecrets(why) if why.contains("19.03")));
    let old = job("      - setup_remote_docker:\n          version: 18.06.0\n      - run: docker build .\n");
    assert!(matches!(&builds(&old)[0].builder, Builder::WithoutSecrets(why) if why.contains("18.06")));
}

#[test]
fn only_its_own_files_are_read() {
    for (path, own) in [(PATH, true), ("a/.circleci/x.yaml", true), ("circle.yml", true), (".github/x.yml", false)] {
        assert_eq!(CircleCi.recognises(Utf8Path::new(path)), own, "{path}");
    }
}
