use camino::{Utf8Path, Utf8PathBuf};

use super::*;
use crate::callers::{ArgumentValue, Builder, Dockerfiles, Receipt, RequestedSecret, SecretSource};
use crate::source::apply_edits;

pub(super) struct Files;

impl Surroundings for Files {
    fn is_file(&self, path: &Utf8Path) -> bool {
        path.file_name().is_some_and(|name| name.contains("Dockerfile")) && !path.starts_with("missing")
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        &[]
    }

    fn text(&self, _: &Utf8Path) -> Option<&str> {
        None
    }
}

pub(super) fn source(text: &str) -> Source {
    Source::new(".github/workflows/ci.yml", text.as_bytes().to_vec())
}

pub(super) fn builds(text: &str) -> Vec<Build> {
    GithubActions.builds(&source(text), &Files)
}

/// A workflow with one step, whose keys are `step`, indented by eight.
pub(super) fn workflow(step: &str) -> String {
    format!(
        "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n{step}"
    )
}

fn push_action(with: &str) -> String {
    workflow(&format!("      - uses: docker/build-push-action@v6 # pinned\n        with:\n{with}        id: b\n"))
}

pub(super) fn rewritten(text: &str, arguments: &[&str]) -> Result<String, String> {
    let request = |argument: &&str| Request {
        argument: (*argument).to_owned(),
        secret: Some(RequestedSecret { id: argument.to_lowercase(), receipt: Receipt::Variable }),
        beside: false,
    };
    let requests: Vec<Request> = arguments.iter().map(request).collect();
    let rewrite = GithubActions.pass_secrets(&source(text), &Files, &builds(text)[0], &requests);
    Ok(apply_edits(text, &rewrite.map_err(|refusal| refusal.reason)?.edits).expect("no overlap"))
}

fn assert_inputs(before: &str, arguments: &[&str], after: &str) {
    assert_eq!(rewritten(&push_action(before), arguments), Ok(push_action(after)));
    let crlf = |text: &str| push_action(text).replace('\n', "\r\n");
    assert_eq!(rewritten(&crlf(before), arguments), Ok(crlf(after)));
}

#[test]
fn fixed_names_of_the_image_are_told() {
    let tags = |with: &str| builds(&push_action(with))[0].tags.clone();
    assert_eq!(tags("          tags: acme/base,acme/base:1\n"), ["acme/base", "acme/base:1"]);
    assert_eq!(
        tags("          tags: |\n            acme/base:${{ github.sha }}\n            acme/base:2\n"),
        ["acme/base:2"]
    );
    assert_eq!(
        tags("          image: base\n          tags: 1 registry.example.com/a:2\n"),
        ["base:1", "registry.example.com/a:2"]
    );
    assert!(tags("          push: true\n").is_empty());
}

#[test]
fn a_line_moves_from_build_args_to_secrets() {
    assert_inputs(
        "          context: .\n          build-args: |\n            A=1\n            T=${{ secrets.T }}\n            B=2\n\n          push: true # x\n",
        &["T"],
        "          context: .\n          build-args: |\n            A=1\n            B=2\n          secrets: |\n            t=${{ secrets.T }}\n\n          push: true # x\n",
    );
}

#[test]
fn the_only_line_takes_the_input_along() {
    assert_inputs(
        "          build-args: |\n              T=${{ secrets.T }}\n          push: true\n",
        &["T"],
        "          secrets: |\n              t=${{ secrets.T }}\n          push: true\n",
    );
    assert_inputs(
        "          build-args: T=${{ secrets.T }}\n          push: true\n",
        &["T"],
        "          secrets: |\n            t=${{ secrets.T }}\n          push: true\n",
    );
    assert_inputs("          build-args: 'T='\n          push: true\n", &["T"], "          push: true\n");
}

#[test]
fn existing_secrets_get_another_line() {
    assert_inputs(
        "          secrets: |\n              a=${{ secrets.A }}\n          build-args: |\n            T=https://x:${{ secrets.T }}@h\n            U=${{ github.token }}\n",
        &["T", "U"],
        "          secrets: |\n              a=${{ secrets.A }}\n              t=https://x:${{ secrets.T }}@h\n              u=${{ github.token }}\n",
    );
    assert_inputs(
        "          secrets: a=${{ secrets.A }}\n          build-args: |\n            T=${{ secrets.T }}\n            U=1\n",
        &["T"],
        "          secrets: |\n            a=${{ secrets.A }}\n            t=${{ secrets.T }}\n          build-args: |\n            U=1\n",
    );
    assert_inputs(
        "          secrets:\n          build-args: T=${{ secrets.T }}\n",
        &["T"],
        "          secrets: |\n            t=${{ secrets.T }}\n",
    );
}

#[test]
fn records_in_quotes_keep_them() {
    assert_inputs(
        "          build-args: |\n            A=1\n            \"T=${{ secrets.T }}\"\n            U=\"${{ secrets.U }}\"\n",
        &["T", "U"],
        "          build-args: |\n            A=1\n          secrets: |\n            \"t=${{ secrets.T }}\"\n            u=\"${{ secrets.U }}\"\n",
    );
    assert_inputs(
        "          build-args: \"A=1\\nT=${{ secrets.T }}\\nB=2\"\n",
        &["T"],
        "          build-args: \"A=1\\nB=2\"\n          secrets: |\n            t=${{ secrets.T }}\n",
    );
    assert_inputs(
        "          build-args: \"A=1\\nT=${{ secrets.T }}\"\n",
        &["T"],
        "          build-args: \"A=1\"\n          secrets: |\n            t=${{ secrets.T }}\n",
    );
}

#[test]
fn a_name_alone_comes_from_the_environment() {
    assert_inputs(
        "          build-args: |\n            T\n            A=1\n",
        &["T"],
        "          build-args: |\n            A=1\n          secret-envs: |\n            t=T\n",
    );
    let old = push_action("          build-args: |\n            T\n").replace("@v6", "@v4.2");
    assert!(rewritten(&old, &["T"]).expect("a rewrite").contains("t=${{ env.T }}"));
}

#[test]
fn what_is_passed_already_is_not_passed_twice() {
    assert_inputs(
        "          secrets: |\n            t=${{ secrets.T }}\n          build-args: |\n            T=${{ secrets.T }}\n",
        &["T"],
        "          secrets: |\n            t=${{ secrets.T }}\n",
    );
    let other = push_action("          secrets: t=${{ secrets.OTHER }}\n          build-args: T=${{ secrets.T }}\n");
    assert!(rewritten(&other, &["T"]).expect_err("another source").contains("another source"));
}

#[test]
fn literals_braces_and_anchors_are_refused() {
    assert!(
        rewritten(&push_action("          build-args: T=abc\n"), &["T"]).expect_err("literal").contains("written in")
    );
    let braces =
        workflow("      - uses: docker/build-push-action@v6\n        with: {build-args: 'T=${{ secrets.T }}'}\n");
    assert!(rewritten(&braces, &["T"]).is_err());
    let anchor = workflow(
        "      - uses: docker/build-push-action@v6\n        with: &w\n          build-args: T=${{ secrets.T }}\n      - uses: docker/build-push-action@v6\n        with: *w\n",
    );
    assert!(rewritten(&anchor, &["T"]).expect_err("an anchor").contains("anchor"));
}

#[test]
fn a_missing_final_newline_stays_missing() {
    let text = push_action("          build-args: T=${{ secrets.T }}\n");
    let text = text.trim_end().trim_end_matches("id: b").trim_end();
    let after = rewritten(text, &["T"]).expect("a rewrite");
    assert!(after.ends_with("          secrets: |\n            t=${{ secrets.T }}"), "{after}");
}

#[test]
fn other_actions_have_no_secrets() {
    let with = |uses: &str, with: &str| workflow(&format!("      - uses: {uses}\n        with:\n          {with}\n"));
    let kaniko = builds(&with("aevea/action-kaniko@v1", "extra_args: --build-arg T=${{ secrets.T }} --cache"));
    assert_eq!(kaniko[0].arguments[0].name, "T");
    assert!(matches!(kaniko[0].builder, Builder::WithoutSecrets(_)));
    let classic = builds(&with("elgohr/Publish-Docker-Github-Action@v5", "buildargs: A,T"));
    assert_eq!(classic[0].arguments.len(), 2);
    let buildah = builds(&with("redhat-actions/buildah-build@v2", "containerfiles: ./app/Dockerfile"));
    assert_eq!(
        (&buildah[0].builder, &buildah[0].dockerfiles),
        (&Builder::Buildah, &Dockerfiles::One("app/Dockerfile".into()))
    );
    let first = builds(&with("docker/build-push-action@v1", "build_args: T=${{ secrets.T }},B=1"));
    assert_eq!(first[0].arguments.len(), 2);
    assert!(matches!(first[0].builder, Builder::WithoutSecrets(_)));
}

#[test]
fn the_dockerfile_is_found_as_the_action_finds_it() {
    let of = |with: &str| builds(&push_action(with))[0].dockerfiles.clone();
    let one = |path: &str| Dockerfiles::One(path.into());
    assert_eq!(of(""), one("Dockerfile"));
    assert_eq!(of("          file: docker/Dockerfile\n"), one("docker/Dockerfile"));
    assert_eq!(of("          context: ./app/\n"), one("app/Dockerfile"));
    assert_eq!(of("          context: app\n          file: ./b.Dockerfile\n"), one("b.Dockerfile"));
    assert_eq!(
        of("          context: '{{defaultContext}}:app'\n          file: x.Dockerfile\n"),
        one("app/x.Dockerfile")
    );
    assert_eq!(of("          context: ${{ github.workspace }}/app\n"), one("app/Dockerfile"));
    assert_eq!(of("          context: https://git.example.com/a.git\n"), Dockerfiles::Elsewhere);
    assert_eq!(of("          file: ${{ inputs.file }}\n"), Dockerfiles::Unknown("${{ inputs.file }}".to_owned()));
    assert_eq!(of("          context: missing\n"), Dockerfiles::Unknown("missing/Dockerfile".to_owned()));
}

#[test]
fn a_matrix_builds_several() {
    let text = "jobs:\n  b:\n    strategy:\n      matrix:\n        dir: [a, b]\n    env:\n      FILE: ${{ matrix.dir }}/Dockerfile\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          file: ${{ env.FILE }}\n";
    let expected = Dockerfiles::Several(vec!["a/Dockerfile".into(), "b/Dockerfile".into()]);
    assert_eq!(builds(text)[0].dockerfiles, expected);
}

#[test]
fn checkouts_move_the_repository() {
    let text = |checkout: &str| {
        format!(
            "jobs:\n  b:\n    steps:\n      - uses: actions/checkout@v4\n        with: {checkout}\n      - uses: docker/build-push-action@v6\n        with: {{context: src/app}}\n"
        )
    };
    assert_eq!(builds(&text("{path: src}"))[0].dockerfiles, Dockerfiles::One("app/Dockerfile".into()));
    assert_eq!(builds(&text("{path: src, repository: o/r}"))[0].dockerfiles, Dockerfiles::Elsewhere);
}

#[test]
fn forwarded_arguments_are_not_missed() {
    let build =
        &builds(&push_action("          build-args: |\n            A=1\n            ${{ inputs.build_args }}\n"))[0];
    assert_eq!(build.opaque.as_deref(), Some("${{ inputs.build_args }}"));
    assert_eq!(build.arguments.len(), 1);
}

#[test]
fn arguments_and_secrets_say_where_they_come_from() {
    let build = &builds(&push_action(
        "          build-args: |\n            A=${{ secrets.A }}\n            B\n            C=\n            D=x\n            E=x${{ env.E }}\n          secrets: |\n            s=${{ secrets.S }}\n          secret-envs: v=V\n          secret-files: f=./f\n          ssh: default\n          target: dev\n",
    ))[0];
    let values: Vec<&ArgumentValue> = build.arguments.iter().map(|argument| &argument.value).collect();
    assert_eq!(values[0], &ArgumentValue::Expression("secrets.A".to_owned()));
    assert_eq!(
        (values[1], values[2], values[4]),
        (&ArgumentValue::Inherited, &ArgumentValue::Empty, &ArgumentValue::Composite)
    );
    assert!(matches!(values[3], ArgumentValue::Literal(_)));
    let sources: Vec<&SecretSource> = build.secrets.iter().map(|secret| &secret.source).collect();
    assert_eq!(sources[0], &SecretSource::Expression("secrets.S".to_owned()));
    assert_eq!(sources[1], &SecretSource::Variable("V".to_owned()));
    assert_eq!(sources[2], &SecretSource::File("./f".to_owned()));
    assert_eq!((build.ssh, build.target.as_deref()), (true, Some("dev")));
    assert_eq!(build.title, "step `b`");
}

#[test]
fn composite_actions_have_steps_too() {
    let text = "name: x\nruns:\n  using: composite\n  steps:\n    - uses: docker/build-push-action@v6\n      with:\n        context: ${{ github.action_path }}\n        build-args: T=${{ inputs.t }}\n";
    let source = Source::new("actions/build/action.yml", text.as_bytes().to_vec());
    assert!(GithubActions.recognises(source.path()));
    let builds = GithubActions.builds(&source, &Files);
    assert_eq!(builds[0].dockerfiles, Dockerfiles::One("actions/build/Dockerfile".into()));
}

#[test]
fn a_template_is_reported_and_not_missed() {
    let builds = builds("steps:\n{% if x %}\n  - uses: docker/build-push-action@v6\n}\n{% endif %}\n");
    assert!(matches!(builds[0].dockerfiles, Dockerfiles::Unknown(_)));
}

#[test]
fn notes_name_what_changes_for_forks_and_long_values() {
    let text =
        push_action("          build-args: SSH_KEY=${{ secrets.K }}\n").replace("on: push", "on: [push, pull_request]");
    let request = Request {
        argument: "SSH_KEY".to_owned(),
        secret: Some(RequestedSecret { id: "k".to_owned(), receipt: Receipt::Variable }),
        beside: false,
    };
    let rewrite = GithubActions.pass_secrets(&source(&text), &Files, &builds(&text)[0], &[request]);
    assert_eq!(rewrite.map(|rewrite| rewrite.notes.len()), Ok(2));
}

#[test]
fn other_repositories_are_told_by_checkout_by_address_and_by_who_runs_the_workflow() {
    let outside = |text: &str| {
        let build = builds(text).swap_remove(0);
        let found = build.outside.map(|outside| {
            let repository = match outside.repository {
                Whereabouts::Address(name) | Whereabouts::Forge(name) | Whereabouts::Beside(name) => name,
                Whereabouts::Caller => "caller".to_owned(),
            };
            let dockerfile = outside.dockerfile.map_or("?".to_owned(), Utf8PathBuf::into_string);
            format!("{repository} {} {dockerfile}", outside.reference.as_deref().unwrap_or("-"))
        });
        (found.unwrap_or_default(), build.dockerfiles == Dockerfiles::Elsewhere)
    };
    let text = |checkout: &str, step: &str| {
        format!(
            "jobs:\n  b:\n    steps:\n      - uses: actions/checkout@v4\n      - uses: actions/checkout@v4\n        with: {checkout}\n      - {step}\n"
        )
    };
    let action = |with: &str| format!("uses: docker/build-push-action@v6\n        with: {{{with}}}");
    for (checkout, step, expected) in [
        ("{repository: acme/shop, path: src}", action("context: src/web"), ("acme/shop - web/Dockerfile", true)),
        (
            "{repository: acme/shop, path: src, ref: v1}",
            "run: docker build -f src/x.Dockerfile .".to_owned(),
            ("acme/shop v1 x.Dockerfile", true),
        ),
        (
            "{repository: acme/shop, path: src}",
            "{run: docker build ., working-directory: src}".to_owned(),
            ("acme/shop - Dockerfile", true),
        ),
        (
            "{repository: '${{ github.repository_owner }}/shop'}",
            "run: docker build .".to_owned(),
            ("shop - Dockerfile", true),
        ),
        ("{repository: '${{ github.repository }}', path: src}", action("context: src/app"), ("", false)),
        ("{repository: acme/shop, path: src}", action("context: ."), ("", false)),
        (
            "{}",
            action("context: 'https://git.example.com/a/b.git#main:web'"),
            ("https://git.example.com/a/b.git main web/Dockerfile", true),
        ),
        (
            "{}",
            "run: docker build https://$TOKEN@git.example.com/a/b.git".to_owned(),
            ("https://git.example.com/a/b.git - Dockerfile", true),
        ),
    ] {
        let (found, elsewhere) = outside(&text(checkout, &step));
        assert_eq!((found.as_str(), elsewhere), expected, "{checkout} {step}");
    }
    let called = format!("on: [workflow_call]\n{}", text("{}", &action("context: .")));
    assert_eq!(outside(&called), ("caller - Dockerfile".to_owned(), false));
    let by_input = text("{}", &action("context: ., file: '${{ inputs.file }}'"));
    assert_eq!(outside(&format!("on: {{workflow_call: {{}}}}\n{by_input}")), ("caller - ?".to_owned(), false));
    let cloned = text("{}", "run: git clone https://git.example.com/a/b.git missing && docker build missing");
    assert_eq!(outside(&cloned), ("https://git.example.com/a/b.git - Dockerfile".to_owned(), false));
}
