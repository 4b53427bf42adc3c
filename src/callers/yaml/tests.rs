use proptest::prelude::*;

use super::*;
use crate::source::{Source, apply_edits, slice};

fn documents(text: &str) -> Vec<Document> {
    read(text).expect("valid YAML")
}

fn path(keys: &[&str]) -> Path {
    std::iter::once(Step::Index(0)).chain(keys.iter().map(|key| Step::Key((*key).to_owned()))).collect()
}

fn without(text: &str, key: &str, gone: &[usize]) -> Option<String> {
    let source = Source::new("f.yml", text.as_bytes().to_vec());
    let documents = documents(text);
    let node = Cursor::root(&documents[0]).get(key).expect("the key").node();
    let mut patch = Patch::new(&source);
    patch.remove_members(node, gone)?;
    Some(apply_edits(text, &patch.finish()).expect("no overlap"))
}

#[test]
fn ranges_are_tight() {
    let text = "a: &x\n  b: |\n    c\n\n  # note\nd: [1, 2]  # e\n";
    let documents = documents(text);
    let a = Cursor::root(&documents[0]).get("a").expect("a").node();
    assert_eq!(slice(text, a.range), "b: |\n    c");
    assert_eq!(a.anchor.as_deref(), Some("x"));
    let d = Cursor::root(&documents[0]).get("d").expect("d").node();
    assert_eq!(slice(text, d.range), "[1, 2]");
}

#[test]
fn merge_keys_and_aliases_are_followed_and_count_as_shared() {
    let documents = documents("x: &x {k: 1}\na:\n  <<: *x\n  l: 2\nb: *x\n");
    let root = Cursor::root(&documents[0]);
    let merged = root.get("a").and_then(|a| a.get("k")).expect("k");
    assert_eq!((merged.text(), merged.is_shared()), (Some("1"), true));
    assert!(!root.get("a").and_then(|a| a.get("l")).expect("l").is_shared());
    assert!(root.get("x").expect("x").is_shared());
    assert_eq!(root.get("b").and_then(|b| b.get("k")).and_then(Cursor::text), Some("1"));
}

#[test]
fn an_alias_that_leads_into_itself_ends() {
    let documents = documents("a: &a\n  b: *a\n  <<: *a\n");
    assert!(Cursor::root(&documents[0]).get("a").and_then(|a| a.get("none")).is_none());
}

#[test]
fn a_template_is_unreadable() {
    assert!(read("a: {{ .Values.b }}\n{{- if .c }}\nd: 1\n{{- end }}\n").is_err());
}

#[test]
fn members_go_with_their_lines_or_commas() {
    assert_eq!(without("a:\n  b: 1\n  # n\n  c: 2 # m\n", "a", &[1]).as_deref(), Some("a:\n  b: 1\n  # n\n"));
    assert_eq!(without("a:\n- b\n- c", "a", &[1]).as_deref(), Some("a:\n- b"));
    assert_eq!(without("a:\r\n  - b\r\n  - c\r\n", "a", &[0]).as_deref(), Some("a:\r\n  - c\r\n"));
    assert_eq!(without("a: {b: 1, c: 2, d: 3}\n", "a", &[0, 2]).as_deref(), Some("a: {c: 2}\n"));
    assert_eq!(without("a: [b, c, d]\n", "a", &[1, 2]).as_deref(), Some("a: [b]\n"));
}

#[test]
fn only_what_may_change_may_change() {
    let before = documents("a: 1\nb:\n  c: x\n  d: y\n");
    let after = documents("a: 1\nb:\n  d: y\n  e: z\n");
    assert!(same_except(&before, &after, &[path(&["b", "c"]), path(&["b", "e"])]));
    assert!(!same_except(&before, &after, &[path(&["b", "c"])]));
    assert!(!same_except(&before, &documents("a: '1'\nb:\n  c: x\n  d: y\n"), &[]));
}

#[test]
fn depth_has_a_limit() {
    assert!(read(&format!("a: {}", "[".repeat(100_000))).is_err());
    assert!(read(&format!("{}a", "- ".repeat(100_000))).is_err());
    let map: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(read(&map).is_err());
    assert!(read(&format!("# {}\na: 1\n", "-".repeat(1000))).is_ok());
}

/// Texts that are nearly YAML.
fn soup() -> impl Strategy<Value = String> {
    let tokens = [
        "a: ",
        "b:",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "|",
        ">-",
        "\r\n",
        "'",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "&x ",
        "*x",
        "<<: *x",
        "# c",
        "text",
        "é",
        "${{ secrets.T }}",
        "---\n",
        "? ",
        "!!str ",
        "\t",
        " ",
    ];
    proptest::collection::vec(proptest::sample::select(tokens.to_vec()), 0..40).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn nothing_panics_and_views_say_what_the_scalar_says(text in soup()) {
        for document in read(&text).unwrap_or_default() {
            check(&text, Cursor::root(&document));
        }
    }
}

fn check(text: &str, cursor: Cursor<'_>) {
    let node = cursor.node();
    assert!(text.get(usize::from(node.range.start())..usize::from(node.range.end())).is_some());
    if let (Some(view), Some(scalar)) = (view(text, node), cursor.scalar()) {
        assert_eq!(view.text().trim_end(), scalar.text.trim_end());
    }
    for child in node.children() {
        assert!(usize::from(child.range.end()) <= text.len());
    }
    if !cursor.is_shared() {
        cursor.entries().into_iter().for_each(|(_, value)| check(text, value));
        cursor.items().into_iter().for_each(|item| check(text, item));
    }
}
