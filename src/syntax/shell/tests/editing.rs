use crate::source::{apply_edits, range};
use crate::syntax::shell::edit::{Refusal, insert_before, remove_item, replace_word};
use crate::syntax::shell::{Dialect, Script, parse};
use crate::syntax::view::{Quoting, View};

/// The view of a RUN whose text begins behind `RUN `, joined as BuildKit joins it.
pub(super) fn dockerfile(host: &str) -> View {
    let mut view = View::new(Quoting::Line);
    let mut start = 0;
    for (index, line) in host.split_inclusive('\n').enumerate() {
        let from = if index == 0 { "RUN ".len() } else { 0 };
        let whole = range(start, start + line.len());
        if line.trim_start().starts_with('#') {
            view.push_comment(whole);
        } else if !line.trim().is_empty() {
            let content = line.trim_end_matches(['\n', '\r']);
            let content = content.trim_end().strip_suffix('\\').unwrap_or(content);
            if let Some(text) = content.get(from..) {
                view.push(text, range(start + from, start + content.len()));
            }
        }
        start += line.len();
    }
    view
}

/// The view of a make recipe whose first line begins with a tab.
fn make(host: &str) -> View {
    let mut view = View::new(Quoting::Make);
    let mut start = 0;
    for line in host.split_inclusive('\n') {
        let mut offset = start + 1;
        while offset < start + line.len() {
            let length = if host.get(offset..offset + 2) == Some("$$") { 2 } else { 1 };
            view.push(&host[offset..=offset], range(offset, offset + length));
            offset += length;
        }
        start += line.len();
    }
    view
}

fn lines(host: &str) -> View {
    View::verbatim(host, range(0, host.len()), Quoting::Lines)
}

/// Removes the only command whose text contains `needle`.
fn remove(host: &str, view: &View, needle: &str) -> Result<String, Refusal> {
    let script: Script = parse(view.text(), Dialect::Bash);
    assert!(script.clean, "{:?}", view.text());
    let mut found = script.commands();
    found.retain(|it| crate::source::slice(view.text(), it.command.range).contains(needle));
    let at = found.last().expect("a command with the needle").command.range;
    let edits = remove_item(host, view, &script, at)?;
    Ok(apply_edits(host, &edits).expect("edits do not collide"))
}

#[test]
fn lines_with_leading_operators_go_whole() {
    let host = "RUN a \\\n    && x \\\n    # note\n    && b \\\n    && y\n";
    assert_eq!(remove(host, &dockerfile(host), "x").as_deref(), Ok("RUN a \\\n    # note\n    && b \\\n    && y\n"));
    assert_eq!(remove(host, &dockerfile(host), "y").as_deref(), Ok("RUN a \\\n    && x \\\n    # note\n    && b\n"));
    assert_eq!(remove(host, &dockerfile(host), "a").as_deref(), Ok("RUN x \\\n    # note\n    && b \\\n    && y\n"));
    assert_eq!(remove(host, &dockerfile(host), "b").as_deref(), Ok("RUN a \\\n    && x \\\n    # note\n    && y\n"));
}

#[test]
fn lines_with_trailing_operators_go_whole() {
    let host = "RUN a && \\\n    x && \\\n    # note\n    b; \\\n    y\n";
    assert_eq!(remove(host, &dockerfile(host), "x").as_deref(), Ok("RUN a && \\\n    # note\n    b; \\\n    y\n"));
    assert_eq!(remove(host, &dockerfile(host), "y").as_deref(), Ok("RUN a && \\\n    x && \\\n    # note\n    b\n"));
    assert_eq!(remove(host, &dockerfile(host), "a").as_deref(), Ok("RUN x && \\\n    # note\n    b; \\\n    y\n"));
}

#[test]
fn a_comment_in_front_of_the_last_command_stays() {
    let host = "RUN a \\\n  # note\n  && x\n";
    assert_eq!(remove(host, &dockerfile(host), "x").as_deref(), Ok("RUN a\n  # note\n"));
    let host = "RUN x && \\\n  # note\n  b\n";
    assert_eq!(remove(host, &dockerfile(host), "x").as_deref(), Ok("RUN \\\n  # note\n  b\n"));
}

#[test]
fn a_command_over_several_lines_goes_with_all_of_them() {
    let host = "RUN a \\\n && x --one \\\n      --two \\\n && b\n";
    assert_eq!(remove(host, &dockerfile(host), "x").as_deref(), Ok("RUN a \\\n && b\n"));
    let host = "RUN a \\\n && x --one \\\n # why\n      --two \\\n && b\n";
    assert_eq!(remove(host, &dockerfile(host), "x"), Err(Refusal::Comment));
}

#[test]
fn one_line_closes_up() {
    for (before, after) in [
        ("RUN x && b\n", Ok("RUN b\n")),
        ("RUN a && x\n", Ok("RUN a\n")),
        ("RUN a && x && b\n", Ok("RUN a && b\n")),
        ("RUN a; x; b\n", Ok("RUN a; b\n")),
        ("RUN a && x; b\n", Ok("RUN a; b\n")),
        ("RUN a; x && b\n", Ok("RUN a; b\n")),
        ("RUN x || true && b\n", Ok("RUN b\n")),
        ("RUN a && x || true\n", Ok("RUN a || true\n")),
        ("RUN a; x || true; b\n", Ok("RUN a; b\n")),
        ("RUN if t; then x && b; fi\n", Ok("RUN if t; then b; fi\n")),
        ("RUN Y=$(x && b)\n", Ok("RUN Y=$(b)\n")),
        ("RUN a & x; b\n", Ok("RUN a & b\n")),
        ("RUN x\n", Err(Refusal::OnlyCommand)),
        ("RUN a || x\n", Err(Refusal::Fallback)),
        ("RUN x || fail\n", Err(Refusal::HasFallback)),
        ("RUN x | b\n", Err(Refusal::Pipeline)),
        ("RUN if c; then x; fi\n", Err(Refusal::OnlyCommand)),
        ("RUN if c; x; then b; fi\n", Err(Refusal::Condition)),
        ("RUN a & x\n", Err(Refusal::Background)),
    ] {
        assert_eq!(remove(before, &dockerfile(before), "x"), after.map(str::to_owned), "{before}");
    }
}

#[test]
fn recipes_and_scripts_lose_their_lines() {
    let host = "\ta $$A && \\\n\t  x $$X && \\\n\t  b\n";
    assert_eq!(remove(host, &make(host), "x $X").as_deref(), Ok("\ta $$A && \\\n\t  b\n"));
    let host = "set -e\n  x $X\n# about b\nb\n";
    assert_eq!(remove(host, &lines(host), "x $X").as_deref(), Ok("set -e\n# about b\nb\n"));
    let host = "set -e\nx\n";
    assert_eq!(remove(host, &lines(host), "x").as_deref(), Ok("set -e\n"));
    let host = "x\r\nb\r\n";
    assert_eq!(remove(host, &lines(host), "x").as_deref(), Ok("b\r\n"));
}

#[test]
fn words_are_replaced_and_commands_put_in_front() {
    let host = "\ta $$A && \\\n\tb\n";
    let view = make(host);
    let script = parse(view.text(), Dialect::Posix);
    let use_of_a = script.uses("A").first().expect("a use").range;
    let edit = replace_word(&view, use_of_a, "$B").expect("editable");
    assert_eq!(apply_edits(host, &[edit]).as_deref(), Ok("\ta $$B && \\\n\tb\n"));
    let host = "RUN a && \\\nb\n";
    let view = dockerfile(host);
    let script = parse(view.text(), Dialect::Posix);
    let edit = insert_before(&view, &script.items[1], "c && ").expect("editable");
    assert_eq!(apply_edits(host, &[edit]).as_deref(), Ok("RUN a && \\\nc && b\n"));
    assert!(insert_before(&view, &script.items[1], "c\n").is_err());
}

#[test]
fn a_command_takes_its_heredocs_along() {
    for (host, after) in [
        ("a\nx > f <<E\none\ntwo\nE\nb\n", "a\nb\n"),
        ("a && x > f <<E && b\none\nE\n", "a && b\n"),
        ("a <<A; x <<E 3<<F\nof a\nA\none\nE\ntwo\nF", "a <<A\nof a\nA"),
        ("if c; then\n  x <<E\none\nE\n  b\nfi\n", "if c; then\n  b\nfi\n"),
    ] {
        assert_eq!(remove(host, &lines(host), "x").as_deref(), Ok(after), "{host:?}");
    }
}
