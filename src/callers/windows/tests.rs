use super::super::shell::tests::{Files, request};
use super::super::{ArgumentValue, Build, Caller, Dockerfiles, Request};
use super::{BATCH, POWERSHELL, Windows};
use crate::source::{Source, apply_edits};

fn builds(caller: Windows, text: &str) -> Vec<Build> {
    caller.builds(&Source::new("ci/build", text.into()), &Files::new(&["ci/Dockerfile", "Dockerfile"]))
}

fn passed(caller: Windows, text: &str) -> Result<String, String> {
    let source = Source::new("ci/build", text.into());
    let around = Files::new(&["ci/Dockerfile"]);
    let requests: Vec<Request> = ["T", "U"].map(request).into();
    let mut edits = Vec::new();
    for build in caller.builds(&source, &around) {
        edits.extend(caller.pass_secrets(&source, &around, &build, &requests).map_err(|refusal| refusal.reason)?.edits);
    }
    apply_edits(text, &edits).map_err(|overlap| overlap.to_string())
}

#[track_caller]
fn becomes(caller: Windows, before: &str, after: &str) {
    for newline in ["\n", "\r\n"] {
        let (before, after) = (before.replace('\n', newline), after.replace('\n', newline));
        assert_eq!(passed(caller, &before).as_deref(), Ok(after.as_str()), "\nbefore: {before}");
    }
}

#[test]
fn powershell_passes_what_is_in_the_environment() {
    for value in ["T", "T=$env:T", "T=${env:T}", "\"T=$env:T\"", "T=\"$($env:T)\"", "T=$Env:T"] {
        becomes(
            POWERSHELL,
            &format!("docker build --build-arg {value} -t x .\n"),
            "docker build --secret \"id=t,env=T\" -t x .\n",
        );
    }
    becomes(
        POWERSHELL,
        "if ($x) {\n    & docker build `\n        --build-arg A=1 `\n        --build-arg T=$env:TOKEN `\n        -t \"x:$tag\" . # why\n}\n",
        "if ($x) {\n    & docker build `\n        --build-arg A=1 `\n        --secret \"id=t,env=TOKEN\" `\n        -t \"x:$tag\" . # why\n}\n",
    );
}

#[test]
fn powershell_variables_may_have_any_name_in_braces() {
    for line in ["echo ${größe}", "echo \"${größe}\"", "echo ${größe", "echo ${env:größe}.x", "echo ${}"] {
        becomes(
            POWERSHELL,
            &format!("{line}\ndocker build --build-arg T=$env:T .\n"),
            &format!("{line}\ndocker build --secret \"id=t,env=T\" .\n"),
        );
    }
}

#[test]
fn powershell_puts_other_values_into_the_environment_first() {
    becomes(
        POWERSHELL,
        "  docker build --build-arg T=$token --build-arg U=\"https://$($env:X)@h\" .\n",
        "  $env:T = $token\n  $env:U = \"https://$($env:X)@h\"\n  docker build --secret \"id=t,env=T\" --secret \"id=u,env=U\" .\n",
    );
    becomes(
        POWERSHELL,
        "docker build --build-arg T=$(Get-Content f) .\n",
        "$env:T = $(Get-Content f)\ndocker build --secret \"id=t,env=T\" .\n",
    );
    assert!(passed(POWERSHELL, "docker build --build-arg T=$(Get-Content f\n").is_err());
    assert!(
        passed(POWERSHELL, "$id = docker build -q --build-arg T=$token .\n").unwrap_err().contains("`T` is not in the")
    );
}

#[test]
fn powershell_is_read_where_it_is_no_command() {
    let text = "# docker build --build-arg T .\n<#\ndocker build --build-arg T .\n#>\nWrite-Host \"docker build --build-arg T .\"\n";
    assert_eq!(builds(POWERSHELL, text), []);
    let text = "$file = 'Dockerfile'\ndocker build -f \"$PSScriptRoot\\$file\" $PSScriptRoot @more\n";
    let found = builds(POWERSHELL, text);
    assert_eq!(found[0].dockerfiles, Dockerfiles::Several(vec!["ci/Dockerfile".into(), "Dockerfile".into()]));
    assert!(found[0].opaque.is_some());
}

#[test]
fn cmd_has_every_variable_in_the_environment() {
    becomes(
        BATCH,
        "@echo off\nrem docker build --build-arg T .\nset TAG=x\n@docker build ^\n  --build-arg T=%T% ^\n  --build-arg \"U=%TOKEN%\" ^\n  -t %TAG% . || exit /b 1\n",
        "@echo off\nrem docker build --build-arg T .\nset TAG=x\n@docker build ^\n  --secret id=t,env=T ^\n  --secret id=u,env=TOKEN ^\n  -t %TAG% . || exit /b 1\n",
    );
    becomes(
        BATCH,
        "docker build --build-arg T=%1 --build-arg U=a-%X% -f %~dp0Dockerfile %~dp0\n",
        "set \"T=%1\"\nset \"U=a-%X%\"\ndocker build --secret id=t,env=T --secret id=u,env=U -f %~dp0Dockerfile %~dp0\n",
    );
    assert!(passed(BATCH, "if exist a (\n  docker build --build-arg T=%1 .\n)\n").is_err());
    let values: Vec<ArgumentValue> = builds(BATCH, "docker build --build-arg A=%V% --build-arg B=1 .\n")
        .remove(0)
        .arguments
        .into_iter()
        .map(|one| one.value)
        .collect();
    assert_eq!(values[0], ArgumentValue::Variable("V".into()));
}
