use super::*;
use crate::source::{Edit, Source, apply_edits};
use crate::syntax::dockerfile::{Instruction, Keyword, parse};

const SECRET: &str = "--mount=type=secret,id=a,env=A";

fn source(text: &str) -> Source {
    Source::new("Dockerfile", text.as_bytes().to_vec())
}

/// The text after `edit` of the first instruction called `keyword`.
fn edited(
    text: &str,
    keyword: Keyword,
    edit: impl Fn(&Source, &Instruction) -> Result<Vec<Edit>, EditError>,
) -> Result<String, EditError> {
    let source = source(text);
    let instructions = parse(text).root().instructions();
    let found = instructions.into_iter().find(|instruction| instruction.keyword() == Some(keyword));
    let edits = edit(&source, &found.expect("the instruction is there"))?;
    Ok(apply_edits(text, &edits).expect("edits do not collide"))
}

fn mounted(text: &str) -> Result<String, EditError> {
    edited(text, Keyword::Run, |source, run| add_mounts(source, run, &[SECRET.to_owned()]))
}

fn without(text: &str, keyword: Keyword, key: &str) -> Result<String, EditError> {
    edited(text, keyword, |source, instruction| {
        let pair = instruction.pairs().into_iter().find(|pair| pair.key == key).expect("the pair is there");
        remove_pair(source, instruction, &pair)
    })
}

fn without_all(text: &str, keyword: Keyword, indexes: &[usize]) -> Result<String, EditError> {
    edited(text, keyword, |source, instruction| remove_pairs(source, instruction, indexes))
}

#[test]
fn neighbours_go_as_if_they_had_not_been_there() {
    let text = "ENV A=1 \\\n    B=2 \\\n    C=3\nRUN x\n";
    assert_eq!(without_all(text, Keyword::Env, &[0, 1]).as_deref(), Ok("ENV C=3\nRUN x\n"));
    assert_eq!(without_all(text, Keyword::Env, &[1, 2]).as_deref(), Ok("ENV A=1\nRUN x\n"));
    assert_eq!(without_all(text, Keyword::Env, &[0, 2]).as_deref(), Ok("ENV B=2\nRUN x\n"));
    assert_eq!(without_all("ARG A B=2 C", Keyword::Arg, &[1, 2]).as_deref(), Ok("ARG A"));
    let onbuild = "ONBUILD ENV A=1 \\\r\n  B=2 \\\r\n  # c\r\n  C=3\r\n";
    assert_eq!(without_all(onbuild, Keyword::Onbuild, &[1, 2]).as_deref(), Ok("ONBUILD ENV A=1\r\n  # c\r\n"));
}

#[test]
fn a_mount_goes_behind_the_keyword_or_the_last_flag() {
    assert_eq!(mounted("run echo x\n").as_deref(), Ok("run --mount=type=secret,id=a,env=A echo x\n"));
    assert_eq!(
        mounted("RUN --network=none [\"a\"]").as_deref(),
        Ok("RUN --network=none --mount=type=secret,id=a,env=A [\"a\"]")
    );
    assert_eq!(mounted("RUN\\\n  # c\n  a").as_deref(), Ok("RUN --mount=type=secret,id=a,env=A\\\n  # c\n  a"));
    assert_eq!(mounted("RUN <<EOF\na\nEOF\n").as_deref(), Ok("RUN --mount=type=secret,id=a,env=A <<EOF\na\nEOF\n"));
    assert_eq!(mounted("RUN -- a\n").as_deref(), Ok("RUN --mount=type=secret,id=a,env=A -- a\n"));
}

#[test]
fn mounts_follow_the_layout_of_the_flags() {
    assert_eq!(
        mounted("RUN --mount=type=ssh \\\r\n  a && \\\r\n  b\r\n").as_deref(),
        Ok("RUN --mount=type=ssh \\\r\n  --mount=type=secret,id=a,env=A \\\r\n  a && \\\r\n  b\r\n")
    );
    assert_eq!(
        mounted("# escape=`\nRUN --mount=type=ssh `\n\t--mount=type=cache,target=/a a\n").as_deref(),
        Ok(
            "# escape=`\nRUN --mount=type=ssh `\n\t--mount=type=cache,target=/a `\n\t--mount=type=secret,id=a,env=A `\n\ta\n"
        )
    );
}

#[test]
fn a_line_that_would_be_too_wide_is_broken() {
    let command = "x".repeat(100);
    assert_eq!(mounted(&format!("RUN {command}\n")), Ok(format!("RUN {SECRET} \\\n    {command}\n")));
    assert_eq!(
        mounted(&format!("RUN --network=none {command} \\\n      b\n")),
        Ok(format!("RUN --network=none \\\n      {SECRET} \\\n      {command} \\\n      b\n"))
    );
}

#[test]
fn mounts_are_refused_where_nobody_reads_them() {
    let add = |text: &str, keyword, mount: &str| {
        edited(text, keyword, |source, found| add_mounts(source, found, &[mount.to_owned()]))
    };
    assert_eq!(add("CMD a", Keyword::Cmd, SECRET), Err(EditError::NotRun));
    assert_eq!(add("ONBUILD COPY a b", Keyword::Onbuild, SECRET), Err(EditError::NotRun));
    for wrong in ["", "--mount", "--mount=a b", "--mount=type=ssh ", "--mount=\"a", "--network=none", "--mount=a\\"] {
        assert_eq!(add("RUN a", Keyword::Run, wrong), Err(EditError::NotAMount(wrong.to_owned())), "{wrong}");
    }
    let behind = add("ONBUILD run a\n", Keyword::Onbuild, SECRET);
    assert_eq!(behind.as_deref(), Ok("ONBUILD run --mount=type=secret,id=a,env=A a\n"));
}

#[test]
fn an_instruction_goes_with_its_lines_only() {
    let remove = |text: &str, keyword| edited(text, keyword, remove_instruction);
    assert_eq!(
        remove("FROM a\n# c\n  ARG B \\\n # d\n\n C\nRUN e\n", Keyword::Arg).as_deref(),
        Ok("FROM a\n# c\nRUN e\n")
    );
    assert_eq!(remove("FROM a\r\n\r\nARG B", Keyword::Arg).as_deref(), Ok("FROM a"));
    assert_eq!(remove("RUN <<E\na\nE\nCMD b\n", Keyword::Run).as_deref(), Ok("CMD b\n"));
    assert_eq!(remove("ARG A\n# escape=`\nFROM a\n", Keyword::Arg), Err(EditError::Disturbs));
}

#[test]
fn one_pair_of_several_goes_with_its_place() {
    let text = "ENV A=1 B=2 C=3\n";
    assert_eq!(without(text, Keyword::Env, "A").as_deref(), Ok("ENV B=2 C=3\n"));
    assert_eq!(without(text, Keyword::Env, "B").as_deref(), Ok("ENV A=1 C=3\n"));
    assert_eq!(without(text, Keyword::Env, "C").as_deref(), Ok("ENV A=1 B=2\n"));
    let text = "ENV A=1 \\\n    B=2 \\\n    # c\n    C=3\nRUN x\n";
    assert_eq!(without(text, Keyword::Env, "A").as_deref(), Ok("ENV B=2 \\\n    # c\n    C=3\nRUN x\n"));
    assert_eq!(without(text, Keyword::Env, "B").as_deref(), Ok("ENV A=1 \\\n    # c\n    C=3\nRUN x\n"));
    assert_eq!(without(text, Keyword::Env, "C").as_deref(), Ok("ENV A=1 \\\n    B=2\n    # c\nRUN x\n"));
}

#[test]
fn odd_layouts_of_pairs_stay_legal() {
    assert_eq!(without("ARG A\\\n B \\\nC", Keyword::Arg, "B").as_deref(), Ok("ARG A\\\n  \\\nC"));
    assert_eq!(without("ARG A \\\n B", Keyword::Arg, "B").as_deref(), Ok("ARG A"));
    assert_eq!(without("ENV A=1 \\\n # c\n B=2\n", Keyword::Env, "A").as_deref(), Ok("ENV  \\\n # c\n B=2\n"));
    assert_eq!(
        without("ENV A=1 \\\r\n  B=\"x \\\r\n y\" \\\r\n  C=3", Keyword::Env, "B").as_deref(),
        Ok("ENV A=1 \\\r\n  C=3")
    );
    assert_eq!(without("FROM a\nENV A b c\nRUN x", Keyword::Env, "A").as_deref(), Ok("FROM a\nRUN x"));
    assert_eq!(
        without("LABEL A=1 \\\n  B=2 C=3 \\\n  D=4 \\\n\n", Keyword::Label, "D").as_deref(),
        Ok("LABEL A=1 \\\n  B=2 C=3\n\n")
    );
}

#[test]
fn the_syntax_directive_is_set_where_buildkit_looks_for_it() {
    let set = |text: &str| {
        let edits = set_syntax_directive(&source(text), &parse(text).root(), "docker/dockerfile:1")?;
        Ok(apply_edits(text, &edits).expect("edits do not collide"))
    };
    for (before, after) in [
        ("FROM a\r\n", "# syntax=docker/dockerfile:1\r\nFROM a\r\n"),
        ("\u{feff}# escape=`\nFROM a", "\u{feff}# syntax=docker/dockerfile:1\n# escape=`\nFROM a"),
        ("#!/b\nFROM a", "#!/b\n# syntax=docker/dockerfile:1\nFROM a"),
        ("# SYNTAX = b:2  \nFROM a", "# SYNTAX = docker/dockerfile:1  \nFROM a"),
        ("# check=x\n # syntax=b\nFROM a", "# check=x\n# syntax=docker/dockerfile:1\nFROM a"),
        ("# note\n# syntax=b\nFROM a", "# syntax=docker/dockerfile:1\n# note\n# syntax=b\nFROM a"),
    ] {
        assert_eq!(set(before).as_deref(), Ok(after), "{before}");
    }
    assert_eq!(set("// syntax=b\n"), Err(EditError::ForeignFrontend));
}

#[test]
fn a_command_goes_in_front_of_the_command() {
    let insert =
        |text: &str, command: &str| edited(text, Keyword::Run, |source, run| insert_command(source, run, command));
    let export = "export A=b && ";
    assert_eq!(
        insert("RUN --network=none \\\n  c\n", export).as_deref(),
        Ok("RUN --network=none \\\n  export A=b && \\\n  c\n")
    );
    assert_eq!(insert("RUN <<E\r\nc\r\nE\r\n", export).as_deref(), Ok("RUN <<E\r\nexport A=b\r\nc\r\nE\r\n"));
    assert_eq!(
        insert("RUN cat <<E | sh\nc\nE\n", export).as_deref(),
        Ok("RUN \\\n    export A=b && \\\n    cat <<E | sh\nc\nE\n")
    );
    assert_eq!(insert("RUN <<E\n#!/x\nE\n", export), Err(EditError::Shebang));
    assert_eq!(insert("RUN [\"a\"]", export), Err(EditError::ExecForm));
    assert_eq!(insert("RUN\n", export), Err(EditError::NoCommand));
    assert_eq!(insert("RUN a", "--b "), Err(EditError::Unwritable));
    assert_eq!(insert("RUN a", "b <<E "), Err(EditError::Unwritable));
}
