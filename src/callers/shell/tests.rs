use camino::{Utf8Path, Utf8PathBuf};

use super::super::{
    ArgumentValue, Build, Builder, Caller, Dockerfiles, Format, Receipt, Request, RequestedSecret, SecretSource,
    Surroundings,
};
use super::Shell;
use crate::source::{Source, apply_edits, range, slice};
use crate::syntax::view::{Quoting, View};
use proptest::prelude::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A repository that has these files.
pub(in crate::callers) struct Files(Vec<Utf8PathBuf>, Vec<(Utf8PathBuf, String)>);

impl Files {
    pub(in crate::callers) fn new(paths: &[&str]) -> Self {
        let mut paths: Vec<Utf8PathBuf> = paths.iter().map(Utf8PathBuf::from).collect();
        paths.sort();
        Self(paths, Vec::new())
    }

    fn with(mut self, path: &str, text: &str) -> Self {
        self.1.push((path.into(), text.to_owned()));
        self
    }
}

impl Surroundings for Files {
    fn is_file(&self, path: &Utf8Path) -> bool {
        self.0.iter().any(|file| file == path)
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        &self.0
    }

    fn text(&self, path: &Utf8Path) -> Option<&str> {
        self.1.iter().find(|(file, _)| file == path).map(|(_, text)| text.as_str())
    }
}

pub(in crate::callers) fn request(argument: &str) -> Request {
    let secret = RequestedSecret { id: argument.to_lowercase(), receipt: Receipt::Variable };
    Request { argument: argument.to_owned(), secret: Some(secret), beside: false }
}

fn builds(text: &str) -> Vec<Build> {
    Shell.builds(
        &Source::new("ci/build.sh", text.into()),
        &Files::new(&["Dockerfile", "app/Dockerfile", "ci/Dockerfile.dev"]),
    )
}

/// Passes `T` (and `U`) as secrets in every build of `text`.
fn passed(text: &str) -> Result<(String, Vec<String>), String> {
    passed_as(text, &["T", "U"], Receipt::Variable)
}

fn passed_as(text: &str, names: &[&str], receipt: Receipt) -> Result<(String, Vec<String>), String> {
    let source = Source::new("ci/build.sh", text.into());
    let around = Files::new(&["Dockerfile"]);
    let mut edits = Vec::new();
    let mut remarks = Vec::new();
    for build in Shell.builds(&source, &around) {
        let mut requests: Vec<Request> = names.iter().map(|name| request(name)).collect();
        requests.iter_mut().filter_map(|request| request.secret.as_mut()).for_each(|secret| secret.receipt = receipt);
        let rewrite = Shell.pass_secrets(&source, &around, &build, &requests).map_err(|refusal| refusal.reason)?;
        edits.extend(rewrite.edits);
        remarks.extend(rewrite.assumptions);
        remarks.extend(rewrite.notes);
    }
    let text = apply_edits(text, &edits).map_err(|overlap| overlap.to_string())?;
    Ok((text, remarks))
}

#[track_caller]
fn becomes(before: &str, after: &str) {
    assert_eq!(passed(before).map(|(text, _)| text).as_deref(), Ok(after), "\nbefore: {before}");
}

#[track_caller]
fn refused(before: &str, reason: &str) {
    match passed(before) {
        Err(refusal) => assert!(refusal.contains(reason), "{refusal}"),
        Ok((text, _)) => panic!("was rewritten to {text}"),
    }
}

#[test]
fn every_way_to_write_the_argument() {
    let after = "docker build --secret id=t,env=T .";
    for argument in ["T", "T=$T", "T=${T}", "\"T=$T\"", "T=\"$T\"", "\"T\"=\"${T}\"", "\"T=${T:-}\""] {
        becomes(&format!("docker build --build-arg {argument} ."), after);
    }
    for argument in ["--build-arg=T", "--build-arg=\"T=$T\"", "\"--build-arg=T=$T\"", "--build-arg=T=$T"] {
        becomes(&format!("docker build {argument} ."), "docker build --secret=id=t,env=T .");
    }
    becomes("docker build --build-arg T=$OTHER .", "docker build --secret id=t,env=OTHER .");
    becomes("docker build . --build-arg T=$T\n", "docker build . --secret id=t,env=T\n");
}

#[test]
fn every_program_that_builds() {
    for program in [
        "docker build",
        "docker image build",
        "docker builder build",
        "docker buildx build",
        "docker buildx b",
        "docker --context x build",
        "docker -H tcp://h build",
        "docker buildx --builder b build",
        "nerdctl build",
        "depot build",
        "podman build",
        "buildah bud",
        "buildah build",
        "finch build",
        "sudo -E docker build",
        "env A=b docker build",
        "exec docker build",
        "retry 3 docker build",
        "timeout 30m docker build",
        "/usr/bin/docker build",
        "A=b docker build",
        "if docker build",
        "! docker build",
        "time docker build",
        "command docker build",
        "docker-buildx build",
    ] {
        let end = if program.starts_with("if") { "; then :; fi" } else { "" };
        becomes(&format!("{program} --build-arg T -t x .{end}"), &format!("{program} --secret id=t,env=T -t x .{end}"));
    }
}

#[test]
fn a_program_in_a_variable_is_an_assumption() {
    for program in ["$DOCKER build", "\"$DOCKER\" buildx build", "$BUILD_COMMAND"] {
        let remarks = passed(&format!("{program} --build-arg T .")).map(|(_, remarks)| remarks).unwrap_or_default();
        assert!(remarks.iter().any(|remark| remark.contains("is docker")), "{program} {remarks:?}");
    }
    becomes("D=docker\n$D build --build-arg T .", "D=docker\n$D build --secret id=t,env=T .");
    becomes("\"${D:-docker}\" build --build-arg T .", "\"${D:-docker}\" build --secret id=t,env=T .");
}

#[test]
fn what_is_no_build_is_left_alone() {
    for text in [
        "echo docker build --build-arg T .",
        "docker run x docker build .",
        "command -v docker",
        "docker images build",
        "make build",
        "# docker build --build-arg T .",
        "docker compose up --build",
        "docker compose build",
    ] {
        assert_eq!(builds(text), [], "{text}");
    }
}

#[test]
fn continued_lines_keep_their_layout() {
    becomes(
        "docker build \\\n\t--build-arg T=$T \\\n\t--build-arg X=1 \\\n\t-t x .\n",
        "docker build \\\n\t--secret id=t,env=T \\\n\t--build-arg X=1 \\\n\t-t x .\n",
    );
    becomes(
        "docker build \\\r\n  --build-arg T=\"$T\" \\\r\n  -t x . # why\r\n",
        "docker build \\\r\n  --secret id=t,env=T \\\r\n  -t x . # why\r\n",
    );
    becomes(
        "docker build \\\n  --build-arg T=$A \\\n  --build-arg T=$T \\\n  .\n",
        "docker build \\\n  --secret id=t,env=T \\\n  .\n",
    );
    becomes("docker build \\\n  . \\\n  --build-arg T=\n", "docker build \\\n  .\n");
    becomes("docker build --build-arg T= .", "docker build .");
    becomes("docker build --build-arg T=\"\" .", "docker build .");
    becomes("docker build \\\n --build-arg \\\n T=$T \\\n .", "docker build \\\n --secret id=t,env=T \\\n .");
}

#[test]
fn a_continuation_right_behind_a_word_is_no_part_of_it() {
    becomes(
        "docker build --build-arg T=$T\\\n  --build-arg U=$U\\\n  .\necho\n",
        "docker build --secret id=t,env=T\\\n  --secret id=u,env=U\\\n  .\necho\n",
    );
    becomes("docker build . --build-arg T\\\n\necho\n", "docker build . --secret id=t,env=T\\\n\necho\n");
    becomes("docker build . --build-arg T=$T\\\n", "docker build . --secret id=t,env=T\\\n");
    becomes(
        "T=$A docker build . --build-arg T\\\n\\\n  --pull\n",
        "T=$A docker build . --secret id=t,env=T\\\n\\\n  --pull\n",
    );
}

#[test]
fn a_list_that_is_declared_is_a_list() {
    for declare in ["local args=", "declare -a args=", "typeset args=", "readonly args=", "local -r args="] {
        becomes(
            &format!(
                "#!/bin/bash\n{declare}(\n  --build-arg A=1\n  --build-arg T=\"$T\"\n)\ndocker build \"${{args[@]}}\" .\n"
            ),
            &format!(
                "#!/bin/bash\n{declare}(\n  --build-arg A=1\n  --secret id=t,env=T\n)\ndocker build \"${{args[@]}}\" .\n"
            ),
        );
    }
    becomes(
        "#!/bin/bash\nt=$(cat x)\ndeclare -r flags=(\n  \"--build-arg=T=${t}\"\n  \"--pull=false\"\n)\ndocker build \"${flags[@]}\" .\n",
        "#!/bin/bash\nt=$(cat x)\ndeclare -r flags=(\n  --secret=id=t,env=T\n  \"--pull=false\"\n)\nT=\"${t}\" docker build \"${flags[@]}\" .\n",
    );
}

#[test]
fn an_option_that_may_be_left_out_needs_no_value() {
    becomes(
        "#!/bin/bash\nset -u\n. ./env\na=()\nif [ -n \"${T:-}\" ]; then\n  a+=(--build-arg \"T=${T}\")\nfi\ndocker build \"${a[@]}\" .\n",
        "#!/bin/bash\nset -u\n. ./env\na=()\nif [ -n \"${T:-}\" ]; then\n  a+=(--secret id=t,env=T)\nfi\nT=\"${T-}\" docker build \"${a[@]}\" .\n",
    );
    becomes("set -eu\ndocker build ${T:+--build-arg T=$T} .\n", "set -eu\ndocker build ${T:+--secret id=t,env=T} .\n");
    becomes(
        "set -eu\nT=$(cat x)\ndocker build ${T:+--build-arg T=$T} .\n",
        "set -eu\nT=$(cat x)\nT=\"${T-}\" docker build ${T:+--secret id=t,env=T} .\n",
    );
    let text = "set -u\nV=$(cat x)\n[ -z \"$V\" ] || A=\"--build-arg T=a$V\"\ndocker build $A .\n";
    refused(text, "can't be written in front of the command");
}

#[test]
fn a_value_that_changes_before_the_command_stays() {
    let changes = "may have another value by the time of the command";
    for text in [
        "#!/bin/bash\nA=()\ncollect() {\n  local v=$(cat x)\n  A+=(--build-arg T=\"$v\")\n}\ncollect\ndocker build \"${A[@]}\" .\n",
        "A=\"--build-arg T=$T\"\nunset T\ndocker build $A .\n",
        "A=(--build-arg T=\"$V\")\nV=other\ndocker build \"${A[@]}\" .\n",
        "A=(--build-arg T=\"$V\")\nif x; then V=other; fi\ndocker build \"${A[@]}\" .\n",
        "A=(--build-arg T=\"$V\")\nclear() { V=; }\nclear\ndocker build \"${A[@]}\" .\n",
        "while getopts t: o; do\n  case $o in t) A+=(--build-arg T=\"$OPTARG\") ;; esac\ndone\ndocker build \"${A[@]}\" .\n",
    ] {
        refused(text, changes);
    }
    // A variable of the same name that is the function's own, and one that is exported on the way.
    becomes(
        "A=\"--build-arg T=$T\"\nlog() { local T=x; echo $T; }\nlog\nexport T\ndocker build $A .\n",
        "A=\"--secret id=t,env=T\"\nlog() { local T=x; echo $T; }\nlog\nexport T\ndocker build $A .\n",
    );
    becomes(
        "read < x\ndocker build --build-arg T=\"$REPLY\" .\n",
        "read < x\nT=\"$REPLY\" docker build --secret id=t,env=T .\n",
    );
}

#[test]
fn what_eval_reads_once_more_is_left_alone() {
    refused(
        "export T=$(cat x)\nC=\"docker build\"\nC+=\" --build-arg T=\\\"$T\\\" .\"\neval $C\n",
        "`eval` runs the command",
    );
    refused("o=\"--build-arg T='$T'\"\neval docker build $o .\n", "`eval` runs the command");
}

#[test]
fn a_variable_of_the_script_alone_goes_in_front_of_the_command() {
    becomes("T=$(x)\ndocker build --build-arg T=$T .", "T=$(x)\nT=\"$T\" docker build --secret id=t,env=T .");
    becomes("V=$(x)\ndocker build --build-arg T=$V .", "V=$(x)\nT=\"$V\" docker build --secret id=t,env=T .");
    becomes(
        "read -rs V\ndocker build --build-arg T=\"$V\" .",
        "read -rs V\nT=\"$V\" docker build --secret id=t,env=T .",
    );
    becomes("V=$1\nA=b docker build --build-arg T=$V .", "V=$1\nA=b T=\"$V\" docker build --secret id=t,env=T .");
    becomes(". ./env\ndocker build --build-arg T=$T .", ". ./env\nT=\"$T\" docker build --secret id=t,env=T .");
    becomes(
        "f() { local V=$1; docker build --build-arg \"T=$V\" .; }\nf x",
        "f() { local V=$1; T=\"$V\" docker build --secret id=t,env=T .; }\nf x",
    );
}

#[test]
fn an_exported_variable_is_in_the_environment() {
    for setup in
        ["export V=$(x)", "V=$(x)\nexport V", "export V; V=$(x)", "set -a; . ./env; set +a", "declare -x V=$(x)"]
    {
        becomes(
            &format!("{setup}\ndocker build --build-arg T=$V ."),
            &format!("{setup}\ndocker build --secret id=t,env=V ."),
        );
    }
    let plain = "if x; then V=1; else export V=2; fi\ndocker build --build-arg T=$V .";
    assert!(passed(plain).is_ok_and(|(text, _)| text.contains("T=\"$V\" docker")));
}

#[test]
fn computed_values_go_in_front_of_the_command() {
    becomes(
        "docker build --build-arg T=\"$(cat ~/.token)\" .",
        "T=\"$(cat ~/.token)\" docker build --secret id=t,env=T .",
    );
    becomes("docker build --build-arg T=$(pass t) .", "T=$(pass t) docker build --secret id=t,env=T .");
    becomes("docker build --build-arg T=https://$U:$P@h .", "T=\"https://$U:$P@h\" docker build --secret id=t,env=T .");
    becomes(
        "docker build --build-arg 'T={\"a\":\"'$P'\"}' .",
        "T=\"{\\\"a\\\":\\\"$P\\\"}\" docker build --secret id=t,env=T .",
    );
    becomes(
        "if docker build --build-arg T=\"${T:?is missing}\" .; then :; fi",
        "if T=\"${T:?is missing}\" docker build --secret id=t,env=T .; then :; fi",
    );
    assert!(passed("time -p docker build --build-arg T=$(x) .").is_err(), "dash runs the program `time`");
    becomes(
        "docker build --build-arg T=$(x) --build-arg U=\"$(y)\" .",
        "T=$(x) U=\"$(y)\" docker build --secret id=t,env=T --secret id=u,env=U .",
    );
    becomes("set -eu\ndocker build --build-arg T=$T .", "set -eu\nT=\"$T\" docker build --secret id=t,env=T .");
}

#[test]
fn a_function_that_runs_other_commands_too_lives_without_the_variable() {
    becomes(
        "set -eu\nrun() { echo +; \"$@\"; }\nimage() { local t=\"$1\"; run docker build --build-arg \"T=${t}\" .; }\nrun ls\nimage x",
        "set -eu\nrun() { echo +; T=\"${t-}\" \"$@\"; }\nimage() { local t=\"$1\"; run docker build --secret id=t,env=T .; }\nrun ls\nimage x",
    );
}

#[test]
fn a_build_that_may_run_with_another_environment_is_left_alone() {
    let build = "docker build --build-arg T=$T .";
    for text in [
        format!("SUDO=\"\"\nif x; then SUDO=\"sudo\"; fi\n$SUDO {build}"),
        format!("if x; then SUDO=sudo; else SUDO=; fi\n$SUDO {build}"),
        format!("SUDO=sudo\n[ \"$(id -u)\" = 0 ] && SUDO=\"\"\n$SUDO {build}"),
        format!("sudo=$(command -v sudo || true)\n$sudo {build}"),
        format!("$SUDO {build}"),
        format!("${{SUDO:-}} {build}"),
        format!("doas {build}"),
        "DOCKER=\"sudo docker\"\n$DOCKER build --build-arg T=$T .".to_owned(),
        "if x; then DOCKER=docker; else DOCKER=\"sudo docker\"; fi\n$DOCKER build --build-arg T=$T .".to_owned(),
    ] {
        refused(&text, "may run it with another environment");
    }
    becomes(&format!("SUDO=\n$SUDO {build}"), "SUDO=\n$SUDO docker build --secret id=t,env=T .");
    becomes(
        &format!("SUDO=sudo\n$SUDO {build}"),
        "SUDO=sudo\n$SUDO --preserve-env=T docker build --secret id=t,env=T .",
    );
}

#[test]
fn a_file_is_passed_as_one_where_its_newline_does_no_harm() {
    let file = |text: &str| passed_as(text, &["T"], Receipt::File).map(|(text, _)| text);
    assert_eq!(
        file("docker build --build-arg T=\"$(cat ~/.npmrc)\" .").as_deref(),
        Ok("docker build --secret \"id=t,src=$HOME/.npmrc\" .")
    );
    assert_eq!(
        file("docker build --build-arg T=\"$(< id_rsa)\" .").as_deref(),
        Ok("docker build --secret id=t,src=id_rsa .")
    );
    assert_eq!(
        file("docker build --build-arg T=\"$(cat ~/.ssh/$KEY)\" .").as_deref(),
        Ok("docker build --secret \"id=t,src=$HOME/.ssh/$KEY\" .")
    );
}

#[test]
fn what_has_no_secrets_is_refused() {
    refused("docker build --build-arg T=abc .", "fixed value");
    refused("export DOCKER_BUILDKIT=0\ndocker build --build-arg T .", "DOCKER_BUILDKIT=0");
    refused("env DOCKER_BUILDKIT=0 docker build --build-arg T .", "classic builder");
    refused("/kaniko/executor --context . --build-arg T", "kaniko");
    refused("docker compose build --build-arg T=$T", "Compose file");
    refused("docker-compose -f x.yml build --build-arg T=$T web", "Compose file");
    refused("docker buildx bake --set '*.args.T='$T --set 'app.secrets=id=x' app", "in its file");
    refused("fly deploy --build-arg T", "by its name alone");
    refused("fly deploy --build-arg T=abc", "fixed value");
    refused("az acr build --build-arg T=$T -r r .", "az acr build");
    refused("./own-build --build-arg T=$T", "./own-build");
    refused("ssh host \"docker build --build-arg T=$T .\"", "the text for `ssh`");
    refused("export FLAGS=\"--build-arg T=$T\"", "no build in this file");
    refused("docker build --build-arg T=$T .\nif x; then", "in full");
    refused("env -i docker build --build-arg T .", "env -i");
    assert!(builds("DOCKER_BUILDKIT=0 docker buildx build .").iter().all(|build| build.builder == Builder::BuildKit));
}

#[test]
fn sudo_is_told_to_keep_the_variable() {
    becomes(
        "sudo docker build --build-arg T=$T --build-arg U .",
        "sudo --preserve-env=T,U docker build --secret id=t,env=T --secret id=u,env=U .",
    );
    becomes("sudo -E docker build --build-arg T .", "sudo -E docker build --secret id=t,env=T .");
    becomes(
        "sudo docker build --build-arg T=$(x) .",
        "T=$(x) sudo --preserve-env=T docker build --secret id=t,env=T .",
    );
}

#[test]
fn flags_in_variables_belong_to_the_builds_that_expand_them() {
    becomes(
        "A=(--build-arg \"T=$T\" -t x)\nA+=(--build-arg U=$U)\ndocker build \"${A[@]}\" .",
        "A=(--secret id=t,env=T -t x)\nA+=(--secret id=u,env=U)\ndocker build \"${A[@]}\" .",
    );
    becomes(
        "A=\"--build-arg T=$T\"\nA=\"$A --build-arg U=$U\"\ndocker build $A .",
        "A=\"--secret id=t,env=T\"\nA=\"$A --secret id=u,env=U\"\ndocker build $A .",
    );
    becomes(
        "if [ -n \"$T\" ]; then A=\"--build-arg T=$T\"; fi\ndocker build $A .",
        "if [ -n \"$T\" ]; then A=\"--secret id=t,env=T\"; fi\ndocker build $A .",
    );
    becomes("docker build ${T:+--build-arg T=$T} .", "docker build ${T:+--secret id=t,env=T} .");
    becomes(
        "f() { docker build \"$@\" .; }\nf -t x --build-arg T=$T\nf --build-arg \"T=$T\"",
        "f() { docker build \"$@\" .; }\nf -t x --secret id=t,env=T\nf --secret id=t,env=T",
    );
    becomes("C=\"docker build --build-arg T=$T .\"\n$C", "C=\"docker build --secret id=t,env=T .\"\n$C");
    becomes(
        "V=$(x)\nA=\"--build-arg T=$V\"\ndocker build $A .",
        "V=$(x)\nA=\"--secret id=t,env=T\"\nT=\"$V\" docker build $A .",
    );
    refused("A=\"--build-arg T=$(x)\"\ndocker build $A .", "worked out");
    becomes(
        "A=(\n  --pull\n  --build-arg \"T=${T:?is not set}\"\n)\ndocker build \"${A[@]}\" .",
        "A=(\n  --pull\n  --secret id=t,env=T\n)\nT=\"${T:?is not set}\" docker build \"${A[@]}\" .",
    );
    becomes(
        "f() {\n  local A=\"--build-arg T=${V:?}\"\n  if x; then docker build $A .; fi\n}\nf",
        "f() {\n  local A=\"--secret id=t,env=T\"\n  if x; then T=\"${V:?}\" docker build $A .; fi\n}\nf",
    );
    refused("if x; then A=(--build-arg \"T=${T:?}\"); fi\ndocker build \"${A[@]}\" .", "not every build");
    refused("[ -z \"$CI\" ] && A=(--build-arg \"T=${T:?}\")\ndocker build \"${A[@]}\" .", "not every build");
    let shared = builds("A=(--build-arg T)\ndocker build \"${A[@]}\" .");
    assert!(shared.iter().flat_map(|build| &build.arguments).all(|argument| argument.shared));
}

#[test]
fn words_that_cannot_be_read_are_said() {
    for text in [
        "docker build $EVERYTHING .",
        "docker build \"$@\" .",
        "docker build --build-arg \"$PAIR\" .",
        "docker build $A $B",
    ] {
        assert!(builds(text).iter().any(|build| build.opaque.is_some()), "{text}");
    }
    assert!(builds("A=b\ndocker build --build-arg X=$A \"$DIR\"").iter().all(|build| build.opaque.is_none()));
    assert_eq!(builds("eval docker build $X").len(), 1);
}

#[test]
fn paths_lead_to_the_dockerfile() {
    let one = |path: &str| Dockerfiles::One(path.into());
    let several = |paths: &[&str]| Dockerfiles::Several(paths.iter().map(Utf8PathBuf::from).collect());
    for (text, dockerfiles) in [
        ("docker build .", one("Dockerfile")),
        ("docker build app", one("app/Dockerfile")),
        ("cd app; docker build .", one("app/Dockerfile")),
        ("(cd app && docker build .)", one("app/Dockerfile")),
        ("(cd app); docker build .", one("Dockerfile")),
        ("pushd app; popd; docker build .", one("Dockerfile")),
        ("cd \"$(dirname \"$0\")/..\"; docker build -t x .", one("Dockerfile")),
        ("cd \"$(dirname \"${BASH_SOURCE[0]}\")\"; docker build -f Dockerfile.dev ..", one("ci/Dockerfile.dev")),
        ("docker build -f \"${0%/*}/Dockerfile.dev\" .", one("ci/Dockerfile.dev")),
        ("D=$(cd \"$(dirname \"$0\")\" && pwd); docker build -f $D/Dockerfile.dev $D", one("ci/Dockerfile.dev")),
        ("docker build -f Dockerfile.dev .", one("ci/Dockerfile.dev")),
        ("DIR=app; docker build $DIR", one("app/Dockerfile")),
        ("docker build -f$PWD/app/Dockerfile .", one("app/Dockerfile")),
        ("docker build --file=app/Dockerfile $(pwd)", one("app/Dockerfile")),
        ("docker build . --file app/Dockerfile", one("app/Dockerfile")),
        ("docker build - < app/Dockerfile", one("app/Dockerfile")),
        ("for d in . app; do docker build $d; done", several(&["Dockerfile", "app/Dockerfile"])),
        ("docker build -f \"$X/Dockerfile.dev\" .", several(&["ci/Dockerfile.dev"])),
        ("docker build https://git.example.com/a.git", Dockerfiles::Elsewhere),
        ("x | docker build -", Dockerfiles::Elsewhere),
        ("docker build /tmp/x", Dockerfiles::Unknown("/tmp/x/Dockerfile".into())),
        ("cd ~/x && docker build .", Dockerfiles::Unknown("~/x/Dockerfile".into())),
        ("cd \"$(git rev-parse --show-toplevel)/..\"; docker build app", Dockerfiles::Elsewhere),
        (
            "cd \"$(git rev-parse --show-toplevel)/..\"; docker build -f app/Dockerfile .",
            Dockerfiles::Unknown("../app/Dockerfile".into()),
        ),
        ("docker build ../../..", Dockerfiles::Unknown("../../Dockerfile".into())),
        ("git clone https://git.example.com/x.git /tmp/x; docker build /tmp/x", Dockerfiles::Elsewhere),
        ("(cd /tmp && git clone https://git.example.com/x.git); docker build /tmp/x", Dockerfiles::Elsewhere),
        ("git -C /tmp clone https://git.example.com/x.git; docker build /tmp/x", Dockerfiles::Elsewhere),
        ("docker build \"$X\"", Dockerfiles::Unknown("\"$X\"".into())),
        ("podman build app", one("app/Dockerfile")),
        ("buildctl build --frontend dockerfile.v0 --local context=. --local dockerfile=app", one("app/Dockerfile")),
        (
            "/kaniko/executor --context $CI_PROJECT_DIR --dockerfile $CI_PROJECT_DIR/app/Dockerfile",
            one("app/Dockerfile"),
        ),
        ("/kaniko/executor --context dir:///workspace/app --no-push", one("app/Dockerfile")),
    ] {
        let found: Vec<Dockerfiles> = builds(text).into_iter().map(|build| build.dockerfiles).collect();
        assert_eq!(found, [dockerfiles], "{text}");
    }
}

#[test]
fn fixed_names_of_the_image_are_told() {
    let tags = |text: &str| builds(text).into_iter().flat_map(|build| build.tags).collect::<Vec<_>>();
    assert_eq!(tags("docker build -qt a/base:1 --tag=a/base base"), ["a/base:1", "a/base"]);
    assert_eq!(tags("for d in a b; do docker build -t img/$d $d; done"), ["img/a", "img/b"]);
    assert_eq!(tags("R=registry.example.com; podman build -t $R/a:$TAG -t $R/a ."), ["registry.example.com/a"]);
    assert_eq!(tags("/kaniko/executor --context . --destination registry.example.com/a"), ["registry.example.com/a"]);
}

#[test]
fn options_are_read() {
    let found = builds(
        "docker build -qt x --target dev --ssh default --secret id=a,env=A --secret id=b,src=f -f app/Dockerfile .",
    );
    let [build] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(build.target.as_deref(), Some("dev"));
    assert!(build.ssh);
    let sources: Vec<&SecretSource> = build.secrets.iter().map(|secret| &secret.source).collect();
    assert_eq!(sources, [&SecretSource::Variable("A".into()), &SecretSource::File("f".into())]);
    assert_eq!(build.context.as_deref(), Some(Utf8Path::new("")));
}

#[test]
fn values_are_told_apart() {
    let text = "docker build --build-arg A --build-arg B=$V --build-arg C=$(cat ~/f) --build-arg D= --build-arg E=x --build-arg F=a$V .";
    let values: Vec<ArgumentValue> =
        builds(text).into_iter().flat_map(|build| build.arguments).map(|argument| argument.value).collect();
    assert_eq!(
        values,
        [
            ArgumentValue::Inherited,
            ArgumentValue::Variable("V".into()),
            ArgumentValue::File("~/f".into()),
            ArgumentValue::Empty,
            ArgumentValue::Literal(super::super::SecretValue::new("x")),
            ArgumentValue::Composite,
        ]
    );
}

#[test]
fn a_secret_that_is_passed_already_is_not_passed_twice() {
    becomes("docker build --secret id=t,env=T --build-arg T=$T .", "docker build --secret id=t,env=T .");
}

#[test]
fn a_sourced_file_of_the_repository_is_read() {
    let text = ". ./env.sh\ndocker build --build-arg T=$T .";
    let source = Source::new("build.sh", text.into());
    let around = Files::new(&["Dockerfile"]).with("env.sh", "export T=1\n");
    for build in Shell.builds(&source, &around) {
        let rewrite = Shell.pass_secrets(&source, &around, &build, &[request("T")]);
        let after = rewrite.ok().and_then(|rewrite| apply_edits(text, &rewrite.edits).ok());
        assert_eq!(after.as_deref(), Some(". ./env.sh\ndocker build --secret id=t,env=T ."));
    }
}

#[test]
fn ranges_are_where_the_text_is() -> Outcome {
    let text = "A=\"--build-arg T=$T\"\r\ndocker build $A \\\r\n  --build-arg U=$U .\r\n";
    let found = builds(text);
    let build = found.first().ok_or("no build")?;
    let written: Vec<&str> = build.arguments.iter().map(|argument| slice(text, argument.range)).collect();
    assert_eq!(written, ["--build-arg T=$T", "--build-arg U=$U"]);
    Ok(())
}

#[test]
fn a_shell_inside_the_shell_is_followed() {
    becomes("bash -c 'docker build --build-arg T=$T .'", "bash -c 'docker build --secret id=t,env=T .'");
    becomes(
        "bash -c \"cd app && docker build --build-arg T=$T .\"",
        "bash -c \"cd app && docker build --secret id=t,env=T .\"",
    );
    becomes(
        "T=$(x)\nsh -c \"docker build --build-arg T=$T .\"",
        "T=$(x)\nsh -c \"T=\\\"$T\\\" docker build --secret id=t,env=T .\"",
    );
}

#[test]
fn a_pair_in_a_variable_is_as_fixed_as_its_text() {
    refused("P=\"T=abc\"\ndocker build --build-arg \"$P\" .", "fixed value");
    assert!(builds("P=T=$X\ndocker build --build-arg \"$P\" .").iter().all(|build| build.opaque.is_some()));
}

#[test]
fn one_word_or_another_is_never_both() {
    let text = "if x; then TAG=a; else TAG=b; fi\ndocker build -t $TAG --build-arg T .";
    assert!(builds(text).iter().all(|build| build.opaque.is_none()));
    becomes(text, &text.replace("--build-arg T", "--secret id=t,env=T"));
}

/// A workflow step, whose expressions the host replaces before the shell runs.
fn step<'a>(text: &'a str, expression: &str) -> super::Site<'a> {
    let mut view = View::new(Quoting::Lines);
    let mut done = 0;
    for (at, found) in text.match_indices(expression) {
        view.push(&text[done..at], range(done, at));
        view.push("${EXPRESSION_0}", range(at, at + found.len()));
        done = at + found.len();
    }
    view.push(&text[done..], range(done, text.len()));
    let inner = expression.trim_matches(['$', '{', '}', ' ']).to_owned();
    super::Site {
        checkout: Utf8PathBuf::new(),
        folders: Vec::new(),
        format: Format::GithubActions,
        file: Utf8Path::new(".github/workflows/x.yml"),
        text,
        view: view.into(),
        dialect: crate::syntax::shell::Dialect::Bash,
        directories: vec![Utf8PathBuf::new()],
        foreign: [("EXPRESSION_0".to_owned(), super::Foreign::Expression(inner))].into(),
        environment: Default::default(),
        classic: None,
        release: None,
        options_only: false,
        documentation: false,
        sourced: false,
    }
}

#[test]
fn an_expression_of_the_host_has_to_be_provided() -> Outcome {
    let expression = "${{ secrets.X }}";
    for (value, provided) in [
        (expression.to_owned(), expression.to_owned()),
        (format!("\"{expression}\""), expression.to_owned()),
        (format!("'{expression}'"), expression.to_owned()),
        (format!("https://u:{expression}@h"), format!("https://u:{expression}@h")),
    ] {
        let text = format!("docker build --build-arg T={value} -t '{expression}' .");
        let site = step(&text, expression);
        let around = Files::new(&["Dockerfile"]);
        let build = super::builds(&site, &around).pop().ok_or("no build")?;
        let passed = super::pass_secrets(&site, &around, &build, &[request("T")]).map_err(|refusal| refusal.reason)?;
        let after = apply_edits(&text, &passed.rewrite.edits)?;
        assert_eq!(after, format!("docker build --secret id=t,env=T -t '{expression}' ."));
        assert_eq!(passed.provide, [super::Provide { variable: "T".into(), value: provided }]);
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        words in proptest::collection::vec(prop::sample::select(vec![
            "docker", "build", " ", "\n", "--build-arg", "T=$T", "\"", "'", "$(", ")", "`", "{", "}", "\\\n", "<<E", "E", "${A[@]}", "A=(", "cd", "..",
            "if", "then", "fi", "f()", ";", "\r\n", "é", "${T:+", "-f", "--", "$$", "\t", "```", "define", "endef", ":", "$(V)", "V=", "<x y>",
        ]), 0..40)
    ) {
        let text = words.concat();
        for caller in crate::callers::ALL {
            for path in ["a/x.sh", "a/Makefile", "a/x.md"] {
                let source = Source::new(path, text.clone().into());
                let around = Files::new(&["Dockerfile"]);
                for build in caller.builds(&source, &around) {
                    if let Ok(rewrite) = caller.pass_secrets(&source, &around, &build, &[request("T")]) {
                        prop_assert!(apply_edits(&text, &rewrite.edits).is_ok(), "{text:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn bake_is_given_secrets_as_it_was_given_arguments() {
    for (before, after) in [
        ("docker buildx bake --set '*.args.T='$T app", "docker buildx bake --set \"*.secrets+=id=t,env=T\" app"),
        (
            "docker buildx bake -f x.hcl --set app.args.T=$T",
            "docker buildx bake -f x.hcl --set app.secrets+=id=t,env=T",
        ),
        ("docker buildx bake --set=app.args.T", "docker buildx bake --set=app.secrets+=id=t,env=T"),
        (
            "t=$(x)\ndocker buildx bake --set \"*.args.T=$t\" --set '*.args.V=1'",
            "t=$(x)\nT=\"$t\" docker buildx bake --set \"*.secrets+=id=t,env=T\" --set '*.args.V=1'",
        ),
    ] {
        let (text, remarks) = passed(before).unwrap();
        assert_eq!(text, after);
        assert!(remarks.iter().any(|remark| remark.contains("0.22")), "{remarks:?}");
    }
}

#[test]
fn a_bake_command_is_of_what_its_targets_build() {
    let bake = "group \"default\" {\n  targets = [\"a\"]\n}\ntarget \"a\" {\n  context = \"app\"\n}\ntarget \"b\" {\n  context = \".\"\n}\n";
    let around = Files::new(&["Dockerfile", "app/Dockerfile"]).with("docker-bake.hcl", bake);
    let of = |text: &str| {
        let builds = Shell.builds(&Source::new("build.sh", text.into()), &around);
        builds.into_iter().map(|build| build.dockerfiles).collect::<Vec<_>>()
    };
    let app = Dockerfiles::One("app/Dockerfile".into());
    assert_eq!(of("docker buildx bake --set '*.args.T='$T\n"), std::slice::from_ref(&app));
    assert_eq!(of("docker buildx bake --set 'a.args.T='$T a b\n"), std::slice::from_ref(&app));
    assert_eq!(of("docker buildx bake --set '*.args.T='$T b\n"), [Dockerfiles::One("Dockerfile".into())]);
    assert!(matches!(of("docker buildx bake --set '*.args.T='$T $TARGET\n").as_slice(), [Dockerfiles::Unknown(_)]));
}

#[test]
fn no_variable_is_put_in_front_by_a_name_that_none_has() {
    let passed = passed_as("docker build --build-arg a-b=$(f) .", &["a-b"], Receipt::Variable);
    assert!(passed.is_err_and(|reason| reason.contains("`a-b` is no name")));
}
