use super::*;
use crate::source::{LineIndex, slice};

fn instructions(text: &str) -> Vec<Instruction> {
    parse(text).root().instructions()
}

fn first(text: &str) -> Instruction {
    instructions(text).into_iter().next().expect("an instruction")
}

/// Whether BuildKit refuses `line` in an otherwise legal file.
fn is_rejected(line: &str) -> bool {
    let parsed = parse(&format!("FROM a\n{line}\n"));
    parsed.problems().iter().any(|problem| problem.kind == ProblemKind::Rejected)
}

#[test]
fn a_parse_can_be_sent_to_other_threads() {
    fn sent<T: Send + Sync>(_: &T) {}
    sent(&parse("FROM a"));
}

#[test]
fn an_instruction_reaches_from_its_indentation_to_its_heredocs() {
    let text = "FROM a\n# c\n  ru\\\n # d\nn x <<E \\\n && y \nbody\nE\nCMD z";
    let run = &instructions(text)[1];
    assert_eq!(run.keyword(), Some(Keyword::Run));
    assert_eq!(slice(text, run.keyword_range()), "ru\\\n # d\nn");
    assert_eq!(slice(text, run.range()), "  ru\\\n # d\nn x <<E \\\n && y \nbody\nE\n");
    assert_eq!(slice(text, run.text_range()), "ru\\\n # d\nn x <<E \\\n && y ");
    assert_eq!(lines(&LineIndex::new(text), run.range()), (3, 8));
    assert_eq!(run.shell().map(|view| view.text().to_owned()).as_deref(), Some("x <<E  && y"));
}

#[test]
fn broken_lines_are_error_nodes_and_the_next_line_is_read() {
    let text = "FROM a\n{{ x }}\nENV A\nADD [1]\nRUN b\nRUN <<E\nc\n";
    let parsed = parse(text);
    let keywords: Vec<_> = parsed.root().instructions().iter().filter_map(Instruction::keyword).collect();
    assert_eq!(keywords, [Keyword::From, Keyword::Run]);
    assert_eq!(parsed.problems().len(), 4);
    assert_eq!(parsed.root().syntax().text().to_string(), text);
}

#[test]
fn flags_may_be_spread_over_lines() {
    let text = "RUN --mount=type=secret,\\\n# c\nid=a --network=none \\\n --mount='type=ssh' x";
    let flags = first(text).flags();
    let values: Vec<_> = flags.iter().map(|flag| (flag.name.as_str(), flag.value.as_deref())).collect();
    assert_eq!(values, [("mount", Some("type=secret,id=a")), ("network", Some("none")), ("mount", Some("type=ssh"))]);
    assert_eq!(flags[0].mount().and_then(|mount| mount.get("id").map(str::to_owned)).as_deref(), Some("a"));
    assert_eq!(flags[2].value_range.map(|at| slice(text, at)), Some("'type=ssh'"));
    assert_eq!(first("COPY --link a b").flags()[0].value_range, None);
}

#[test]
fn words_know_their_variables() {
    let text = "COPY --from=a \"x\"$A/${B:-\"c\"} d\\\\e '$F' \\$G";
    let words = first(text).words();
    let values: Vec<_> = words.iter().map(|word| word.value.as_str()).collect();
    assert_eq!(values, ["x$A/${B:-\"c\"}", "d\\e", "$F", "$G"]);
    let variables: Vec<_> = words.iter().flat_map(|word| &word.variables).collect();
    let written: Vec<_> = variables.iter().map(|found| slice(text, found.range)).collect();
    assert_eq!(written, ["$A", "${B:-\"c\"}"]);
    assert_eq!(variables[1].operator.as_deref(), Some(":-"));
    assert_eq!(variables[1].operand.as_deref(), Some("\"c\""));
    assert_eq!(slice(text, variables[1].name_range), "B");
}

#[test]
fn the_json_form_is_decoded() {
    let text = "ADD [\"a\\u0020$B\", \\\n  \"/c\"]";
    let words = first(text).words();
    assert_eq!(words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>(), ["a $B", "/c"]);
    assert_eq!(slice(text, words[0].variables[0].range), "$B");
    assert_eq!(first(text).json().map(|strings| slice(text, strings[0].range)), Some("\"a\\u0020$B\""));
    assert_eq!(first("CMD []").json(), Some(vec![]));
    assert_eq!(first("CMD ['a']").json(), None);
    assert!(first("HEALTHCHECK CMD [\"a\"]").json().is_some());
    assert_eq!(first("HEALTHCHECK CMD a b").shell().map(|view| view.text().to_owned()).as_deref(), Some("a b"));
}

#[test]
fn pairs_come_in_every_spelling() {
    let pairs = |text: &str| -> Vec<(String, Option<String>, bool)> {
        let pairs = first(text).pairs();
        pairs.into_iter().map(|pair| (pair.key, pair.value.map(|value| value.value), pair.legacy)).collect()
    };
    let pair = |key: &str, value: &str| (key.to_owned(), Some(value.to_owned()), false);
    assert_eq!(pairs("ARG A B=1 C=\"x y\""), [("A".to_owned(), None, false), pair("B", "1"), pair("C", "x y")]);
    assert_eq!(pairs("ARG A=1 # n")[1..], [("#".to_owned(), None, false), ("n".to_owned(), None, false)]);
    assert_eq!(pairs("ENV A= \\\n# c\n  B=\"b\"C"), [pair("A", ""), pair("B", "bC")]);
    assert_eq!(pairs("ENV A = b  c"), [("A".to_owned(), Some("= b  c".to_owned()), true)]);
    assert_eq!(pairs("LABEL \"a b\"=c"), [pair("a b", "c")]);
}

#[test]
fn pairs_have_ranges_in_the_file() {
    let text = "ENV A=$X \\\n  LONG=a\\\n${Y}";
    let pair = &first(text).pairs()[1];
    assert_eq!(slice(text, pair.range), "LONG=a\\\n${Y}");
    assert_eq!(slice(text, pair.key_range), "LONG");
    let value = pair.value.as_ref().expect("a value");
    assert_eq!((slice(text, value.range), value.value.as_str()), ("a\\\n${Y}", "a${Y}"));
    assert_eq!(slice(text, value.variables[0].name_range), "Y");
}

#[test]
fn onbuild_holds_an_instruction_of_its_own() {
    let text = "ONBUILD RUN --network=none \\\n  cat <<-'E'\n\tx\n\tE\n";
    let run = first(text).triggered().expect("an inner instruction");
    assert_eq!(run.keyword(), Some(Keyword::Run));
    assert_eq!(run.flags()[0].name, "network");
    assert_eq!(slice(text, run.text_range()), "RUN --network=none \\\n  cat <<-'E'");
    let heredoc = &run.heredocs()[0];
    assert_eq!((heredoc.expand, heredoc.strip_tabs), (false, true));
    assert_eq!(slice(text, heredoc.word_range), "<<-'E'");
    assert_eq!(slice(text, heredoc.body_range), "\tx\n");
    assert_eq!(slice(text, heredoc.terminator_range), "E");
}

#[test]
fn a_script_is_what_buildkit_hands_on() {
    assert!(matches!(first("RUN [\"a\"]").script(), RunScript::Exec(strings) if strings.len() == 1));
    assert!(matches!(first("RUN a").script(), RunScript::Shell(view) if view.text() == "a"));
    let RunScript::Body { view, interpreter, .. } = first("RUN <<-E\n\t#!/bin/a -b\r\n\tx\n\tE").script() else {
        panic!("a bare heredoc");
    };
    assert_eq!((view.text(), interpreter.as_deref()), ("#!/bin/a -b\r\nx\n", Some("/bin/a -b")));
    let RunScript::ShellWithHeredocs { view } = first("RUN a <<E 3<<F\r\nx\r\nE\r\ny\r\nF\r\n").script() else {
        panic!("heredocs for the shell");
    };
    assert_eq!(view.text(), "a <<E 3<<F\nx\r\nE\ny\r\nF");
}

#[test]
fn lines_that_buildkit_accepts_are_accepted() {
    for line in [
        "RUN",
        "RUN []",
        "CMD []",
        "ARG A=1 # c",
        "ARG --x A",
        "STOPSIGNAL --x 9",
        "EXPOSE 1 2",
        "HEALTHCHECK NONE",
        "FROM b aS C",
        "HEALTHCHECK --interval=0 --retries=3 CMD x",
        "COPY --link=False --exclude=a --exclude=b c d",
        "RUN --mount=type=cache,target=/a --device=a,required x",
        "ONBUILD nonsense",
        "COPY <<E /a\nx\nE",
        "VOLUME a b",
        "SHELL [\"a\"]",
        "USER a b",
        "ENV A b # c",
        "\u{a0}RUN x",
        "COPY << E /x\nE",
    ] {
        assert!(!is_rejected(line), "{line}");
    }
}

#[test]
fn lines_that_buildkit_refuses_are_refused() {
    for line in [
        "FROM",
        "FROM a # c",
        "FROM a as 1b",
        "ENV",
        "ENV A",
        "ENV A=1 B",
        "ENV =1",
        "ARG",
        "ARG A = b",
        "LABEL a",
        "COPY a",
        "COPY --mount=a b c",
        "COPY a <<E\nE",
        "ADD [\"a\"]",
        "RUN --Mount=a b",
        "RUN --network=x y",
        "RUN --security=x y",
        "RUN --mount=from=$A,target=/b c",
        "RUN --mount=a\\\"b c",
        "RUN --mount x",
        "RUN --network=none --network=none x",
        "COPY --link= a b",
        "COPY --link=x a b",
        "COPY --chown a b",
        "HEALTHCHECK",
        "HEALTHCHECK CMD",
        "HEALTHCHECK X y",
        "HEALTHCHECK NONE x",
        "HEALTHCHECK --interval=1 CMD x",
        "HEALTHCHECK --retries=-1 CMD x",
        "HEALTHCHECK --interval=1us CMD x",
        "ONBUILD",
        "ONBUILD FROM a",
        "ONBUILD ONBUILD RUN x",
        "ONBUILD ENV A",
        "SHELL a",
        "SHELL []",
        "VOLUME [\"\"]",
        "VOLUME",
        "USER",
        "WORKDIR",
        "STOPSIGNAL",
        "EXPOSE",
        "MAINTAINER",
        "CMD --x y",
        "RUN [1]",
        "RUN cat <<E\n",
        "RUN\u{a0}x",
        "nonsense",
    ] {
        assert!(is_rejected(line), "{line}");
    }
}

#[test]
fn whole_files_are_refused_too() {
    let rejected = |text: &str| parse(text).problems().iter().any(|problem| problem.kind == ProblemKind::Rejected);
    assert!(rejected("") && rejected("# c\n\n") && rejected("RUN a\nFROM b") && !rejected("ARG A\nFROM b"));
    assert!(rejected(&format!("FROM a\n#{}\n", "x".repeat(65_535))));
    assert!(!rejected(&format!("FROM a\n#{}\n", "x".repeat(65_534))));
}

#[test]
fn warnings_do_not_refuse_the_file() {
    let kinds = |text: &str| parse(text).problems().iter().map(|problem| problem.kind).collect::<Vec<_>>();
    assert_eq!(kinds("FROM a\nRUN b \\\n\n c"), [ProblemKind::Warning]);
    assert_eq!(kinds("# licence\n# syntax=x\nFROM a"), [ProblemKind::Warning]);
}
