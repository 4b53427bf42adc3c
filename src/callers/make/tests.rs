use super::super::shell::tests::{Files, request};
use super::super::{ArgumentValue, Build, Caller, Dockerfiles, Request};
use super::Make;
use crate::source::{Source, apply_edits};

fn builds(text: &str) -> Vec<Build> {
    Make.builds(&Source::new("app/Makefile", text.into()), &Files::new(&["Dockerfile", "app/Dockerfile"]))
}

fn passed(text: &str) -> Result<String, String> {
    let source = Source::new("app/Makefile", text.into());
    let around = Files::new(&["app/Dockerfile"]);
    let requests: Vec<Request> = ["T", "U"].map(request).into();
    let mut edits = Vec::new();
    for build in Make.builds(&source, &around) {
        edits.extend(Make.pass_secrets(&source, &around, &build, &requests).map_err(|refusal| refusal.reason)?.edits);
    }
    apply_edits(text, &edits).map_err(|overlap| overlap.to_string())
}

#[track_caller]
fn becomes(before: &str, after: &str) {
    assert_eq!(passed(before).as_deref(), Ok(after), "\nbefore: {before}");
}

#[test]
fn every_way_to_write_the_value() {
    for value in ["T", "T=$(T)", "T=${T}", "\"T=$(T)\"", "T=\"$(T)\"", "T=$$T", "T=\"$${T}\"", "T='$(T)'"] {
        for start in ["\t", "\t@", "\t-@", "\tcd . && ", "\t@if x; then "] {
            let end = if start.contains("if") { "; fi" } else { "" };
            becomes(
                &format!("all:\n{start}docker build --build-arg {value} .{end}\n"),
                &format!("all:\n{start}docker build --secret id=t,env=T .{end}\n"),
            );
        }
    }
}

#[test]
fn continued_recipes_keep_their_layout() {
    becomes(
        "all: x\n\t@docker build \\\n\t\t--build-arg A=1 \\\n\t\t--build-arg T=$(T) \\\n\t\t-t $(I) .  # why\n\nother:\n\ttrue\n",
        "all: x\n\t@docker build \\\n\t\t--build-arg A=1 \\\n\t\t--secret id=t,env=T \\\n\t\t-t $(I) .  # why\n\nother:\n\ttrue\n",
    );
    becomes(
        "all:\r\n\tdocker build \\\r\n\t  --build-arg T \\\r\n\t  --build-arg U \\\r\n\t  .\r\n",
        "all:\r\n\tdocker build \\\r\n\t  --secret id=t,env=T \\\r\n\t  --secret id=u,env=U \\\r\n\t  .\r\n",
    );
}

#[test]
fn an_assigned_variable_is_exported() {
    becomes(
        "T := $(shell x)\nA = b\nall:\n\tdocker build --build-arg T=$(T) .\n",
        "T := $(shell x)\nexport T\nA = b\nall:\n\tdocker build --secret id=t,env=T .\n",
    );
    becomes(
        "ifdef X\nT = a$(X)\nendif\r\nall:\r\n\tdocker build --build-arg T=$(T) .\r\n",
        "export T\r\nifdef X\nT = a$(X)\nendif\r\nall:\r\n\tdocker build --secret id=t,env=T .\r\n",
    );
    for kept in ["export T := $(X)\n", "T := $(X)\nexport T\n", "T := $(X)\nexport\n"] {
        becomes(
            &format!("{kept}all:\n\tdocker build --build-arg T=$(T) .\n"),
            &format!("{kept}all:\n\tdocker build --secret id=t,env=T .\n"),
        );
    }
}

#[test]
fn what_the_shell_evaluates_is_not_exported() {
    becomes(
        "include .env\nall:\n\tdocker build --build-arg T=$(T) .\n",
        "include .env\nall:\n\tT=$(T) docker build --secret id=t,env=T .\n",
    );
    for value in ["\"x\"", "'x'", "`cat f`", "$$(cat f)", "$(U)\nU = $$HOME", "x  # why", "x "] {
        becomes(
            &format!("T ?= {value}\nall:\n\tdocker build --build-arg T=$(T) .\n"),
            &format!("T ?= {value}\nall:\n\tT=$(T) docker build --secret id=t,env=T .\n"),
        );
    }
}

#[test]
fn what_every_command_would_work_out_is_not_exported() {
    for value in ["$(shell x)", "$(error which T?)", "$(if $(U),$(U),$(error which T?))", "$(U)\nU = $(shell x)"] {
        becomes(
            &format!("T ?= {value}\nclean:\n\ttrue\nall:\n\tdocker build --build-arg T=$(T) .\n"),
            &format!("T ?= {value}\nclean:\n\ttrue\nall:\n\tT=$(T) docker build --secret id=t,env=T .\n"),
        );
    }
}

#[test]
fn a_build_that_may_run_with_another_environment_is_left_alone() {
    for text in [
        "DOCKER := sudo docker\nall:\n\t$(DOCKER) build --build-arg T=$(T) .\n",
        "DOCKER = $(SUDO) docker\nall:\n\t$(DOCKER) build --build-arg T=$(T) .\n",
        "ifeq ($(CI),)\nSUDO = sudo\nendif\nall:\n\t$(SUDO) docker build --build-arg T=$(T) .\n",
        "SUDO := $(shell test -w / || echo sudo)\nall:\n\t$(SUDO) docker build --build-arg T=$(T) .\n",
        "all:\n\t$(SUDO) docker build --build-arg T=$(T) .\n",
    ] {
        let reason = passed(text).unwrap_err();
        assert!(reason.contains("may run it with another environment"), "{text}: {reason}");
    }
    becomes(
        "SUDO := sudo\nall:\n\t$(SUDO) docker build --build-arg T=$(T) .\n",
        "SUDO := sudo\nall:\n\t$(SUDO) --preserve-env=T docker build --secret id=t,env=T .\n",
    );
}

#[test]
fn computed_values_go_in_front_of_the_command() {
    becomes(
        "all:\n\t@docker build --build-arg T=\"$(shell cat f)\" .\n",
        "all:\n\t@T=\"$(shell cat f)\" docker build --secret id=t,env=T .\n",
    );
    becomes(
        "all:\n\tdocker build --build-arg T=https://$(A):$$B@h .\n",
        "all:\n\tT=\"https://$(A):$$B@h\" docker build --secret id=t,env=T .\n",
    );
    becomes(
        "all:\n\tdocker build --build-arg T=\"$$(cat f)\" .\n",
        "all:\n\tT=\"$$(cat f)\" docker build --secret id=t,env=T .\n",
    );
}

#[test]
fn an_open_reference_is_left_alone() {
    for text in [
        "all:\n\tdocker build --build-arg T=${{ x }} --build-arg U=${{ y .\n",
        "A = docker build --build-arg T=${{ x .\nall:\n\t$(A)\n",
        "define a\ndocker build --build-arg T \\\n  --build-arg U=$(x .\nendef\nall:\n\t$(a)\n",
    ] {
        assert!(passed(text).unwrap_err().contains("that nothing closes"), "{text}");
    }
    becomes(
        "B = ${{\nall:\n\tdocker build --build-arg T=${T} .\n",
        "B = ${{\nall:\n\tdocker build --secret id=t,env=T .\n",
    );
}

#[test]
fn a_command_stays_one() {
    becomes(
        "A = --build-arg T=\nall:\n\tdocker build $(A) --build-arg U=x$(U) .\n",
        "A =\nall:\n\tU=\"x$(U)\" docker build $(A) --secret id=u,env=U .\n",
    );
    let text = "ifdef X\nall:\n\techo\nendif\n\tdocker build --build-arg T=$(T)z .\n";
    assert!(passed(text).unwrap_err().contains("may not read this line as a command"));
    becomes(
        "ifdef X\nall:\n\techo\nendif\n\tdocker build --build-arg T=$(T) .\n",
        "ifdef X\nall:\n\techo\nendif\n\tdocker build --secret id=t,env=T .\n",
    );
}

#[test]
fn flags_in_variables_are_edited_where_they_are_written() {
    becomes(
        "FLAGS := -t x --build-arg T=$(T) --build-arg \"U=$(U)\"\nall:\n\tdocker build $(FLAGS) .\n",
        "FLAGS := -t x --secret id=t,env=T --secret id=u,env=U\nall:\n\tdocker build $(FLAGS) .\n",
    );
    becomes(
        "all:\n\t$(B) -t x .\nB = $(D) build \\\n  --build-arg T=$(T) \\\n  $(MORE)\nD ?= docker\nMORE += --build-arg U\n",
        "all:\n\t$(B) -t x .\nB = $(D) build \\\n  --secret id=t,env=T \\\n  $(MORE)\nD ?= docker\nMORE += --secret id=u,env=U\n",
    );
    becomes(
        "ifdef T\nFLAGS = --build-arg T\nendif\nall:\n\tdocker build $(FLAGS) .\n",
        "ifdef T\nFLAGS = --secret id=t,env=T\nendif\nall:\n\tdocker build $(FLAGS) .\n",
    );
}

#[test]
fn defines_and_single_shells_are_read() {
    becomes(
        "define build\n\tcd x && \\\n\tdocker build --build-arg T=$(T) -t $(1) .\nendef\nall:\n\t$(call build,x)\n",
        "define build\n\tcd x && \\\n\tdocker build --secret id=t,env=T -t $(1) .\nendef\nall:\n\t$(call build,x)\n",
    );
    becomes(
        ".ONESHELL:\nall:\n\tT=$$(x)\n\tdocker build --build-arg T=$$T .\n",
        ".ONESHELL:\nall:\n\tT=$$(x)\n\tT=\"$$T\" docker build --secret id=t,env=T .\n",
    );
    becomes(
        "C = true && docker build --build-arg T .\nall:\n\t$(C)\n",
        "C = true && docker build --secret id=t,env=T .\nall:\n\t$(C)\n",
    );
}

#[test]
fn paths_begin_in_the_folder_of_the_makefile() {
    for (text, path) in [
        ("all:\n\tdocker build .\n", "app/Dockerfile"),
        ("all:\n\tcd .. && docker build .\n", "Dockerfile"),
        ("D := ..\nall:\n\tdocker build $(D)\n", "Dockerfile"),
        ("all:\n\tdocker build -f $(CURDIR)/Dockerfile ..\n", "app/Dockerfile"),
        ("R = $(shell git rev-parse --show-toplevel)\nall:\n\tdocker build $(R)\n", "Dockerfile"),
        ("all:\n\tcd ..\n\tdocker build .\n", "app/Dockerfile"),
    ] {
        let found: Vec<Dockerfiles> = builds(text).into_iter().map(|build| build.dockerfiles).collect();
        assert_eq!(found, [Dockerfiles::One(path.into())], "{text}");
    }
}

#[test]
fn a_build_that_only_passes_secrets_is_still_one() {
    let line = "$(TOOL) . --secret id=t,env=T";
    for text in [format!("all:\n\t{line}\n"), format!("define x\n{line}\nendef\nall:\n\t$(x)\n")] {
        assert_eq!(builds(&text).len(), 1, "{text}");
    }
}

#[test]
fn values_are_told_apart() {
    let text = "all:\n\tdocker build --build-arg A=$(V) --build-arg B=$$V --build-arg C=$(shell x) --build-arg D=$(if x,y) .\n";
    let values: Vec<ArgumentValue> =
        builds(text).into_iter().flat_map(|build| build.arguments).map(|argument| argument.value).collect();
    let variable = ArgumentValue::Variable("V".into());
    assert_eq!(values, [variable.clone(), variable, ArgumentValue::Composite, ArgumentValue::Composite]);
}
