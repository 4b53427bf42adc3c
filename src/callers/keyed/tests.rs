use super::super::shell::tests::{Files, request};
use super::super::{Builder, Caller, Receipt, Request, RequestedSecret};
use super::{ANSIBLE, KAMAL, Keyed, SERVICE, SKAFFOLD};
use crate::source::{Source, apply_edits};

fn passed(caller: Keyed, text: &str) -> Result<String, String> {
    let source = Source::new("config/x.yml", text.into());
    let around = Files::new(&["config/Dockerfile", "Dockerfile"]);
    let requests: Vec<Request> = ["t", "T"].map(request).into();
    let mut edits = Vec::new();
    for build in caller.builds(&source, &around) {
        edits.extend(caller.pass_secrets(&source, &around, &build, &requests).map_err(|refusal| refusal.reason)?.edits);
    }
    apply_edits(text, &edits).map_err(|overlap| overlap.to_string())
}

#[track_caller]
fn becomes(caller: Keyed, before: &str, after: &str) {
    for newline in ["\n", "\r\n"] {
        let (before, after) = (before.replace('\n', newline), after.replace('\n', newline));
        assert_eq!(passed(caller, &before).as_deref(), Ok(after.as_str()), "\nbefore: {before}");
    }
}

const SKAFFOLD_HEAD: &str =
    "apiVersion: skaffold/v4beta11\nkind: Config\nbuild:\n  local:\n    useBuildkit: true\n  artifacts:\n";

#[test]
fn skaffold_takes_secrets_from_the_environment() {
    for (before, after) in [
        ("        buildArgs:\n          T: \"{{.T}}\" # of npm\n", "        secrets:\n        - {id: t, env: T}\n"),
        (
            "        buildArgs:\n          A: \"1\"\n          T: '{{ .TOKEN }}'\n",
            "        buildArgs:\n          A: \"1\"\n        secrets:\n        - {id: t, env: TOKEN}\n",
        ),
        (
            "        buildArgs:\n          T:\n        secrets:\n          - id: u\n            src: u.txt\n",
            "        secrets:\n          - id: u\n            src: u.txt\n          - {id: t, env: T}\n",
        ),
    ] {
        let head = format!("{SKAFFOLD_HEAD}  - image: x\n    docker:\n");
        let tail = "        dockerfile: Dockerfile\n";
        becomes(SKAFFOLD, &format!("{head}{before}{tail}"), &format!("{head}{after}{tail}"));
    }
}

#[test]
fn skaffold_has_builders_and_versions_without_secrets() {
    let artifact = "  - image: x\n    kaniko:\n      buildArgs:\n        T: \"{{.T}}\"\n";
    assert!(passed(SKAFFOLD, &format!("{SKAFFOLD_HEAD}{artifact}")).unwrap_err().contains("kaniko"));
    let docker = artifact.replace("kaniko", "docker");
    let old = format!("{SKAFFOLD_HEAD}{docker}").replace("v4beta11", "v2beta20");
    assert!(passed(SKAFFOLD, &old).unwrap_err().contains("v2beta24"));
    let literal = format!("{SKAFFOLD_HEAD}{docker}").replace("{{.T}}", "abc");
    assert!(passed(SKAFFOLD, &literal).unwrap_err().contains("is written in the file"));
}

#[test]
fn kamal_names_its_secrets() {
    let around = Files::new(&["Dockerfile"]);
    let text = "service: shop\nimage: x\nbuilder:\n  arch: amd64\n  args:\n    RUBY: 3.4\n    T: <%= ENV[\"T\"] %>\n  secrets:\n    - U\n";
    let source = Source::new("config/deploy.yml", text.into());
    let build = KAMAL.builds(&source, &around).remove(0);
    let mut asked = request("T");
    asked.secret = asked.secret.map(|secret| super::super::RequestedSecret { id: "T".into(), ..secret });
    let rewrite = KAMAL.pass_secrets(&source, &around, &build, &[asked]).unwrap();
    let after = text.replace("    T: <%= ENV[\"T\"] %>\n", "").replace("    - U\n", "    - U\n    - T\n");
    assert_eq!(apply_edits(text, &rewrite.edits).unwrap(), after);
    assert!(passed(KAMAL, text).unwrap_err().contains("one name"));
}

#[test]
fn ansible_hands_over_values() {
    becomes(
        ANSIBLE,
        "- hosts: all\n  tasks:\n    - name: Image\n      community.docker.docker_image_build:\n        path: .\n        args:\n          T: \"{{ lookup('env', 'T') }}\"\n          A: b\n        name: x\n",
        "- hosts: all\n  tasks:\n    - name: Image\n      community.docker.docker_image_build:\n        path: .\n        args:\n          A: b\n        secrets:\n          - {id: t, type: value, value: \"{{ lookup('env', 'T') }}\"}\n        name: x\n",
    );
    let classic = "- name: Image\n  docker_image:\n    source: build\n    build:\n      path: .\n      args:\n        T: \"{{ t }}\"\n";
    assert!(passed(ANSIBLE, classic).unwrap_err().contains("docker_image_build"));
}

#[test]
fn services_that_build_have_no_secrets() {
    let around = Files::new(&["Dockerfile"]);
    for (file, text) in [
        ("heroku.yml", "build:\n  docker:\n    web: Dockerfile\n  config:\n    T: x\n"),
        ("render.yaml", "services:\n  - type: web\n    name: shop\n    runtime: docker\n"),
    ] {
        let found = SERVICE.builds(&Source::new(file, text.into()), &around);
        assert!(matches!(found[0].builder, Builder::WithoutSecrets(_)), "{file}");
    }
}

#[test]
fn kamal_is_asked_for_the_value_of_no_other_secret() {
    let text =
        "service: a\nbuilder:\n  args:\n    A_TOKEN: <%= ENV[\"A_TOKEN\"] %>\n    B_TOKEN: <%= ENV[\"B_TOKEN\"] %>\n";
    let source = Source::new("config/deploy.yml", text.into());
    let around = Files::new(&["Dockerfile"]);
    let builds = KAMAL.builds(&source, &around);
    let secret = RequestedSecret { id: "A_TOKEN".to_owned(), receipt: Receipt::Variable };
    let asked = Request { argument: "A_TOKEN".to_owned(), secret: Some(secret), beside: false };
    let rewrite = KAMAL.pass_secrets(&source, &around, &builds[0], &[asked]).unwrap();
    assert_eq!(rewrite.assumptions, ["`.kamal/secrets` gives `A_TOKEN` its value (`A_TOKEN=$A_TOKEN`)"]);
}
