use super::super::shell::tests::{Files, request};
use super::super::{Caller, Request};
use super::Just;
use crate::source::{Source, apply_edits};

fn passed(text: &str) -> Result<String, String> {
    let source = Source::new("justfile", text.into());
    let around = Files::new(&["Dockerfile"]);
    let requests: Vec<Request> = ["T", "U"].map(request).into();
    let mut edits = Vec::new();
    for build in Just.builds(&source, &around) {
        edits.extend(Just.pass_secrets(&source, &around, &build, &requests).map_err(|refusal| refusal.reason)?.edits);
    }
    apply_edits(text, &edits).map_err(|overlap| overlap.to_string())
}

#[track_caller]
fn becomes(before: &str, after: &str) {
    for newline in ["\n", "\r\n"] {
        let (before, after) = (before.replace('\n', newline), after.replace('\n', newline));
        assert_eq!(passed(&before).as_deref(), Ok(after.as_str()), "\nbefore: {before}");
    }
}

#[test]
fn values_of_the_environment_and_of_just() {
    becomes(
        "set dotenv-load\n\n# Builds it.\nbuild: # now\n    docker build --build-arg T -t x .\n",
        "set dotenv-load\n\n# Builds it.\nbuild: # now\n    docker build --secret id=t,env=T -t x .\n",
    );
    becomes("b:\n  @docker build --build-arg T=$T .\n", "b:\n  @docker build --secret id=t,env=T .\n");
    becomes(
        "token := env_var('X')\nb:\n\tdocker build --build-arg T={{token}} .\n",
        "token := env_var('X')\nb:\n\tT=\"{{token}}\" docker build --secret id=t,env=T .\n",
    );
    becomes(
        "b token tag=\"latest\":\n\tdocker build \\\n\t  --build-arg T={{ token }} \\\n\t  -t x:{{tag}} .\n",
        "b token tag=\"latest\":\n\tT=\"{{ token }}\" docker build \\\n\t  --secret id=t,env=T \\\n\t  -t x:{{tag}} .\n",
    );
    becomes(
        "b:\n\tdocker build --build-arg T='{{ env(\"X\") }}' .\n",
        "b:\n\tT='{{ env(\"X\") }}' docker build --secret id=t,env=T .\n",
    );
}

#[test]
fn flags_in_variables_are_edited_where_they_are_written() {
    becomes(
        "flags := \"--pull --build-arg T --build-arg U\"\nb:\n\tdocker build {{flags}} .\n",
        "flags := \"--pull --secret id=t,env=T --secret id=u,env=U\"\nb:\n\tdocker build {{flags}} .\n",
    );
}

#[test]
fn scripts_are_read_as_a_whole() {
    becomes(
        "b:\n    #!/usr/bin/env bash\n    set -eu\n    T=$(cat f)\n    docker build --build-arg T=$T .\n",
        "b:\n    #!/usr/bin/env bash\n    set -eu\n    T=$(cat f)\n    T=\"$T\" docker build --secret id=t,env=T .\n",
    );
}
