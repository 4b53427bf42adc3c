use proptest::prelude::*;

use super::check;
use crate::source::{apply_edits, range, slice};
use crate::syntax::shell::edit::remove_item;
use crate::syntax::shell::{Dialect, Script, nested, parse};
use crate::syntax::view::{Quoting, View};

/// Words that make trouble next to each other.
const TOKENS: [&str; 48] = [
    "sh -c ", "eval ", "bash ", "export ", "a", "echo", "X=1", "$X", "${X}", "${X:-b}", "\"", "'", "`", "$(", ")", "(",
    "{", "}", ";", "&&", "||", "|", "&", "\n", " ", "  ", "\\\n", "\\", "<<E\n", "E\n", "<", ">", "2>&1", "if", "then",
    "fi", "for", "in", "do", "done", "case", "esac", ";;", "[[", "]]", "$((", "))", "ä",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn arbitrary_text_is_read_without_panic(text in any::<String>()) {
        for dialect in [Dialect::Posix, Dialect::Bash] {
            let script = parse(&text, dialect);
            prop_assert_eq!(check(&text, &script), Ok(()));
        }
    }

    #[test]
    fn token_soup_is_read_without_panic(tokens in proptest::collection::vec(0..TOKENS.len(), 0..24)) {
        let text: String = tokens.into_iter().filter_map(|index| TOKENS.get(index).copied()).collect();
        for dialect in [Dialect::Posix, Dialect::Bash] {
            let script = parse(&text, dialect);
            prop_assert_eq!(check(&text, &script), Ok(()));
            ask_everything(&text, &script);
        }
    }
}

/// Every question that can be asked about a script, whatever state it is in.
fn ask_everything(text: &str, script: &Script) {
    let view = View::verbatim(text, range(0, text.len()), Quoting::Lines);
    for assign in script.all_assigns() {
        assert_eq!(slice(text, assign.name_range).is_empty(), assign.name_range.is_empty());
    }
    for context in script.commands() {
        let _ = context.command.effective();
        if let Some(inner) = nested(text, &view, context.command) {
            assert_eq!(check(inner.view.text(), &inner.script()), Ok(()));
        }
    }
    for item in &script.items {
        if let Ok(edits) = remove_item(text, &view, script, item.range) {
            assert!(apply_edits(text, &edits).is_ok());
        }
    }
}

#[test]
fn deep_and_long_text_stays_within_the_stack() {
    for text in [
        vec!["a"; 999].join(" && "),
        vec!["a"; 5000].join(" && "),
        vec!["a"; 5000].join("; "),
        vec!["a"; 900].join(" | "),
        format!("{}a{}", "$(".repeat(95), ")".repeat(95)),
        format!("{}a{}", "( ".repeat(3000), " )".repeat(3000)),
        format!("echo {}a{}", "${X:-".repeat(95), "}".repeat(95)),
        format!("echo $(({}1{}))", "(".repeat(95), ")".repeat(95)),
        format!("{}a\n{}", "if a\nthen\n".repeat(95), "fi\n".repeat(95)),
        format!("echo \"{}\\\nx{}\"", "$(echo \"".repeat(40), "\")".repeat(40)),
    ] {
        let script = parse(&text, Dialect::Posix);
        assert_eq!(check(&text, &script), Ok(()));
    }
}
