use super::super::shell::tests::{Files, request};
use super::super::{Build, Caller, Dockerfiles, Request};
use super::Markdown;
use crate::source::{Source, apply_edits};

fn builds(text: &str) -> Vec<Build> {
    Markdown.builds(&Source::new("docs/README.md", text.into()), &Files::new(&["Dockerfile", "app/Dockerfile"]))
}

fn passed(text: &str) -> Result<String, String> {
    let source = Source::new("docs/README.md", text.into());
    let around = Files::new(&["Dockerfile"]);
    let requests: Vec<Request> = ["T", "U"].map(request).into();
    let mut edits = Vec::new();
    for build in Markdown.builds(&source, &around) {
        edits.extend(
            Markdown.pass_secrets(&source, &around, &build, &requests).map_err(|refusal| refusal.reason)?.edits,
        );
    }
    apply_edits(text, &edits).map_err(|overlap| overlap.to_string())
}

#[track_caller]
fn becomes(before: &str, after: &str) {
    assert_eq!(passed(before).as_deref(), Ok(after), "\nbefore: {before}");
}

#[test]
fn blocks_of_every_kind_are_read() {
    for (open, close, indent) in [
        ("```\n", "```\n", ""),
        ("```sh\n", "```", ""),
        ("~~~ bash\n", "~~~\n", ""),
        ("```console\n", "```\n", "$ "),
        ("", "", "    "),
        ("- x\n  ```shell\n", "  ```\n", "  "),
        ("> ```bash\n", "> ```\n", "> "),
        ("```{.bash .x}\n", "```\n", ""),
    ] {
        becomes(
            &format!("# T\n\n{open}{indent}docker build --build-arg T=$T .\n{close}\nmore `docker build`\n"),
            &format!("# T\n\n{open}{indent}docker build --secret id=t,env=T .\n{close}\nmore `docker build`\n"),
        );
    }
}

#[test]
fn what_is_shown_for_a_value_stays_in_front() {
    for (value, shown) in [
        ("<your token>", "T=\"<your token>\" "),
        ("xxx", "T=xxx "),
        ("\"<TOKEN>\"", "T=\"<TOKEN>\" "),
        ("'abc'", "T=abc "),
        ("YOUR_TOKEN", "T=YOUR_TOKEN "),
        ("$T", ""),
        ("${T}", ""),
    ] {
        becomes(
            &format!("```\ndocker build --build-arg T={value} -t <name> .\n```\n"),
            &format!("```\n{shown}docker build --secret id=t,env=T -t <name> .\n```\n"),
        );
    }
    becomes(
        "```\n$ sudo docker build --build-arg=\"T=<your token>\" .\n```\n",
        "```\n$ T=\"<your token>\" sudo --preserve-env=T docker build --secret=id=t,env=T .\n```\n",
    );
}

#[test]
fn layout_and_line_ends_stay() {
    becomes(
        "1. x\r\n\r\n   ```bash\r\n   docker build \\\r\n     --build-arg T=$T \\\r\n     --build-arg U \\\r\n     .\r\n   ```\r\n",
        "1. x\r\n\r\n   ```bash\r\n   docker build \\\r\n     --secret id=t,env=T \\\r\n     --secret id=u,env=U \\\r\n     .\r\n   ```\r\n",
    );
    becomes(
        "```console\n$ docker build \\\n>   --build-arg T=$T \\\n>   .\nSending docker build --build-arg T=1\n$ true\n```\n",
        "```console\n$ docker build \\\n>   --secret id=t,env=T \\\n>   .\nSending docker build --build-arg T=1\n$ true\n```\n",
    );
}

#[test]
fn a_fence_stays_on_its_line_behind_a_continuation() {
    becomes(
        "```sh\ndocker build . --build-arg T=$T\\\n```\nMore\n",
        "```sh\ndocker build . --secret id=t,env=T\\\n```\nMore\n",
    );
}

#[test]
fn code_in_a_sentence_is_read_where_it_passes_an_argument() {
    becomes("Run `docker build --build-arg T=x .` now.\n", "Run `T=x docker build --secret id=t,env=T .` now.\n");
    becomes("Or `docker build --build-arg T=%T% .`.\n", "Or `docker build --secret id=t,env=T .`.\n");
    becomes("Or `docker build --build-arg T=$env:T .`.\n", "Or `docker build --secret \"id=t,env=T\" .`.\n");
}

#[test]
fn other_languages_are_left_alone() {
    for language in ["dockerfile", "yaml", "python", "diff"] {
        assert_eq!(builds(&format!("```{language}\ndocker build --build-arg T .\n```\n")), []);
    }
}

#[test]
fn blocks_for_windows_are_read_as_its_shells_do() {
    becomes(
        "é\n\n- x\n\n  ```powershell\n  docker build --build-arg T=$env:T `\n    .\n  ```\n",
        "é\n\n- x\n\n  ```powershell\n  docker build --secret \"id=t,env=T\" `\n    .\n  ```\n",
    );
    becomes("```\ndocker build --build-arg T=$env:T .\n```\n", "```\ndocker build --secret \"id=t,env=T\" .\n```\n");
    becomes("```bat\ndocker build --build-arg T=%T% .\n```\n", "```bat\ndocker build --secret id=t,env=T .\n```\n");
    becomes("```\ndocker build --build-arg T=%T% .\n```\n", "```\ndocker build --secret id=t,env=T .\n```\n");
    assert!(passed("```pwsh\n$t = Read-Host\ndocker build --build-arg T=$t .\n```\n").is_err());
}

#[test]
fn paths_begin_in_the_root_or_beside_the_document() {
    let found: Vec<Dockerfiles> = builds("```\ndocker build .\ncd app\ndocker build .\n```\n")
        .into_iter()
        .map(|build| build.dockerfiles)
        .collect();
    assert_eq!(found, [Dockerfiles::One("Dockerfile".into()), Dockerfiles::One("app/Dockerfile".into())]);
}
