use camino::{Utf8Path, Utf8PathBuf};

use super::*;
use crate::callers::{ArgumentValue, Receipt, RequestedSecret, SecretSource};
use crate::source::apply_edits;

struct Files(Vec<(Utf8PathBuf, String)>);

impl Surroundings for Files {
    fn is_file(&self, path: &Utf8Path) -> bool {
        path.file_name() == Some("Dockerfile") || self.text(path).is_some()
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        &[]
    }

    fn text(&self, path: &Utf8Path) -> Option<&str> {
        self.0.iter().find(|(file, _)| file == path).map(|(_, text)| text.as_str())
    }

    fn find(&self, wanted: &dyn Fn(&Utf8Path, &str) -> bool) -> Option<&Utf8Path> {
        self.0.iter().find(|(path, text)| wanted(path, text)).map(|(path, _)| path.as_path())
    }
}

fn source(text: &str) -> Source {
    Source::new("docker-compose.yml", text.as_bytes().to_vec())
}

fn builds(text: &str) -> Vec<Build> {
    Compose.builds(&source(text), &Files(Vec::new()))
}

fn request(argument: &str) -> Request {
    let id = argument.to_lowercase();
    Request {
        argument: argument.to_owned(),
        secret: Some(RequestedSecret { id, receipt: Receipt::Variable }),
        beside: false,
    }
}

fn rewritten(text: &str, index: usize, arguments: &[&str]) -> Result<String, String> {
    let requests: Vec<Request> = arguments.iter().map(|argument| request(argument)).collect();
    let build = &builds(text)[index];
    let rewrite = Compose.pass_secrets(&source(text), &Files(Vec::new()), build, &requests);
    let rewrite = rewrite.map_err(|refusal| refusal.reason)?;
    Ok(apply_edits(text, &rewrite.edits).expect("no overlap"))
}

#[test]
fn a_secret_with_another_source_in_a_file_beside_it_is_refused() {
    let text = "services:\n  app:\n    build:\n      context: .\n      args:\n        T: ${T}\n";
    let with = |path: &str, secret: &str| {
        let other = format!("services: {{app: {{secrets: [t]}}}}\nsecrets: {{t: {{{secret}}}}}\n");
        let around = Files(vec![(path.into(), other)]);
        Compose
            .pass_secrets(&source(text), &around, &builds(text)[0], &[request("T")])
            .map_err(|refusal| refusal.reason)
    };
    for secret in ["file: ./prod.txt", "environment: PROD_T"] {
        let reason = with("compose.prod.yaml", secret).unwrap_err();
        assert_eq!(reason, "the secret `t` has another source in `compose.prod.yaml`");
    }
    assert!(with("compose.prod.yaml", "environment: T").is_ok());
    assert!(with("other/compose.yaml", "file: ./prod.txt").is_ok());
    let twice = "services:\n  app:\n    build:\n      context: .\n      args: ['T=${T}', 'T=${U}']\n";
    assert_eq!(rewritten(twice, 0, &["T"]), Err("`T` and `U` would both fill the secret `t`".to_owned()));
}

fn assert_rewritten(before: &str, arguments: &[&str], after: &str) {
    assert_eq!(rewritten(before, 0, arguments).as_deref(), Ok(after));
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(rewritten(&crlf(before), 0, arguments), Ok(crlf(after)));
}

#[test]
fn the_last_argument_takes_its_key_along() {
    assert_rewritten(
        "services:\n  web:\n    build:\n      context: .\n      args:\n        T: ${T} # c\n    ports:\n      - 80\n",
        &["T"],
        "services:\n  web:\n    build:\n      context: .\n      secrets:\n        - t\n    ports:\n      - 80\nsecrets:\n  t:\n    environment: T\n",
    );
}

#[test]
fn the_image_of_a_service_is_told() {
    let text = "services:\n  a:\n    image: acme/base:${V:-1}\n    build: {context: ., tags: [acme/base, 'x:$Y']}\n";
    assert_eq!(builds(text)[0].tags, ["acme/base:1", "acme/base"]);
}

#[test]
fn other_arguments_comments_and_layout_stay() {
    assert_rewritten(
        "services:\n    web:\n        build:\n            args:\n            # one\n            - A=1\n            - T\n            - \"U=$V\"\n            context: ./app\n\nvolumes:\n    data:\n\n# end\n",
        &["T", "U"],
        "services:\n    web:\n        build:\n            args:\n            # one\n            - A=1\n            secrets:\n            - t\n            - u\n            context: ./app\n\nvolumes:\n    data:\n\n# end\n\nsecrets:\n    t:\n        environment: T\n    u:\n        environment: V\n",
    );
}

#[test]
fn existing_secrets_get_another_member() {
    assert_rewritten(
        "secrets:\n  a:\n    file: ./a\nservices:\n  web:\n    build:\n      context: .\n      secrets:\n      - a # x\n      args: {T: $T, B: 1}\n",
        &["T"],
        "secrets:\n  a:\n    file: ./a\n  t:\n    environment: T\nservices:\n  web:\n    build:\n      context: .\n      secrets:\n      - a # x\n      - t\n      args: {B: 1}\n",
    );
}

#[test]
fn braces_stay_braces() {
    assert_rewritten(
        "services:\n  web:\n    build: {context: ., args: {T: }}\nsecrets: {}\n",
        &["T"],
        "services:\n  web:\n    build: {context: ., secrets: [t]}\nsecrets: {t: {environment: T}}\n",
    );
    assert_rewritten(
        "services:\n  web:\n    build: {context: ., args: [T, U=1], secrets: [a]}\nsecrets: {a: {file: a}}\n",
        &["T"],
        "services:\n  web:\n    build: {context: ., args: [U=1], secrets: [a, t]}\nsecrets: {a: {file: a}, t: {environment: T}}\n",
    );
}

#[test]
fn an_override_that_only_sets_arguments_is_edited() {
    assert_rewritten(
        "services:\n  web:\n    build:\n      args:\n      - T\n",
        &["T"],
        "services:\n  web:\n    build:\n      secrets:\n      - t\nsecrets:\n  t:\n    environment: T\n",
    );
}

#[test]
fn a_half_migrated_service_only_loses_the_argument() {
    assert_rewritten(
        "services:\n  web:\n    build:\n      context: .\n      args:\n        T: ${T}\n      secrets: [t]\nsecrets:\n  t:\n    environment: T\n",
        &["T"],
        "services:\n  web:\n    build:\n      context: .\n      secrets: [t]\nsecrets:\n  t:\n    environment: T\n",
    );
}

#[test]
fn a_missing_final_newline_stays_missing() {
    assert_eq!(
        rewritten("services:\n  web:\n    build:\n      context: .\n      args:\n        T: ${T}", 0, &["T"])
            .as_deref(),
        Ok(
            "services:\n  web:\n    build:\n      context: .\n      secrets:\n        - t\nsecrets:\n  t:\n    environment: T"
        )
    );
}

#[test]
fn an_empty_argument_is_only_dropped() {
    assert_rewritten(
        "services:\n  web:\n    build:\n      context: .\n      args:\n        T: ''\n",
        &["T"],
        "services:\n  web:\n    build:\n      context: .\n",
    );
}

#[test]
fn what_is_no_single_variable_is_refused() {
    let with =
        |value: &str| format!("services:\n  web:\n    build:\n      context: .\n      args:\n        T: {value}\n");
    assert!(rewritten(&with("abc"), 0, &["T"]).expect_err("a literal").contains("written in the file"));
    assert!(rewritten(&with("${T:-abc}"), 0, &["T"]).expect_err("a default").contains("default"));
    assert!(rewritten(&with("x-${T}"), 0, &["T"]).is_err());
    assert!(rewritten(&with("${T:?missing}"), 0, &["T"]).is_ok());
}

#[test]
fn shared_text_is_refused() {
    let anchored = "x-args: &a\n  T: ${T}\nservices:\n  web:\n    build:\n      context: .\n      args:\n        <<: *a\n        B: 1\n";
    assert!(rewritten(anchored, 0, &["T"]).expect_err("merged").contains("anchor"));
    let value = "services:\n  web:\n    build:\n      context: .\n      args:\n        T: &t ${T}\n    environment:\n      T: *t\n";
    assert!(rewritten(value, 0, &["T"]).expect_err("anchored").contains("anchor"));
    let alias = "x-t: &t ${T}\nservices:\n  web:\n    build:\n      context: .\n      args:\n        T: *t\n";
    assert!(rewritten(alias, 0, &["T"]).is_ok());
}

#[test]
fn one_id_has_one_source() {
    let taken = "services:\n  web:\n    build:\n      context: .\n      args: [T]\nsecrets:\n  t:\n    file: ./t\n";
    assert!(rewritten(taken, 0, &["T"]).expect_err("taken").contains("another source"));
    let two = "services:\n  a:\n    build:\n      context: .\n      args: [T=$A]\n  b:\n    build:\n      context: .\n      args: [T=$B]\n";
    assert!(rewritten(two, 0, &["T"]).expect_err("two").contains("service b"));
}

#[test]
fn services_of_one_dockerfile_are_edited_alike() {
    let text = "services:\n  a: &a\n    build:\n      context: .\n      args: [T]\n  b:\n    <<: *a\n  c:\n    build:\n      context: .\n      args: [T]\n";
    let builds = builds(text);
    assert_eq!(
        builds.iter().map(|build| build.title.as_str()).collect::<Vec<_>>(),
        ["service a", "service b", "service c"]
    );
    let merged = rewritten(text, 0, &["T"]).unwrap();
    assert!(merged.starts_with("services:\n  a: &a\n    build:\n      context: .\n      secrets:\n"), "{merged}");
    assert_eq!(rewritten(text, 1, &["T"]), Ok(merged));
    assert!(rewritten(text, 2, &["T"]).is_ok());
}

#[test]
fn builds_say_where_and_what() {
    let text = "services:\n  a:\n    build: ./app\n  b:\n    image: x\n  c:\n    build:\n      context: ${C:-lib}\n      target: dev\n      ssh: [default]\n      secrets:\n        - source: s\n          target: id\n      args:\n        X:\n        Y: ${Z}\n  d:\n    build: https://git.example.com/x.git\n  e:\n    build: {context: '${C}'}\nsecrets:\n  s:\n    file: ./s\n";
    let builds = builds(text);
    assert_eq!(builds[0].dockerfiles, Dockerfiles::One("app/Dockerfile".into()));
    assert_eq!(builds[1].dockerfiles, Dockerfiles::One("lib/Dockerfile".into()));
    assert_eq!((builds[1].target.as_deref(), builds[1].ssh), (Some("dev"), true));
    assert_eq!(builds[1].secrets[0].id, "id");
    assert_eq!(builds[1].secrets[0].source, SecretSource::File("./s".to_owned()));
    assert_eq!(builds[1].arguments[0].value, ArgumentValue::Inherited);
    assert_eq!(builds[1].arguments[1].value, ArgumentValue::Variable("Z".to_owned()));
    assert_eq!(builds[2].dockerfiles, Dockerfiles::Elsewhere);
    assert_eq!(builds[3].dockerfiles, Dockerfiles::Unknown("${C}".to_owned()));
}

#[test]
fn an_override_builds_what_the_base_file_says() {
    let base = "services:\n  web:\n    build: ./app\n".to_owned();
    let files = Files(vec![("docker-compose.yml".into(), base)]);
    let text = "services:\n  web:\n    build:\n      args: [T]\n      target: dev\n";
    let source = Source::new("docker-compose.override.yml", text.as_bytes().to_vec());
    assert_eq!(Compose.builds(&source, &files)[0].dockerfiles, Dockerfiles::One("app/Dockerfile".into()));
}

#[test]
fn a_template_is_reported_and_not_missed() {
    let builds = builds("services:\n  web:\n    build:\n{{ if x }}\n      a: }\n{{ end }}\n");
    assert!(matches!(builds[0].dockerfiles, Dockerfiles::Unknown(_)));
}

#[test]
fn services_of_other_tools_build_no_image() {
    let of =
        |path: &str, text: &str| Compose.builds(&Source::new(path, text.as_bytes().to_vec()), &Files(Vec::new())).len();
    assert_eq!(of(".lando.yml", "services:\n  app:\n    build:\n      - composer install\n"), 0);
    assert_eq!(of("stack.yml", "services:\n  app:\n    build: ./app\n"), 1);
    assert_eq!(of("stack.yml", "services:\n  app:\n    build: make ${X}\n"), 0);
    assert_eq!(of("stack.yml", "services:\n  app:\n    build:\n      context: ${X}\n"), 1);
    assert_eq!(of("compose.yml", "services:\n  app:\n    build: ${X}\n"), 1);
}
