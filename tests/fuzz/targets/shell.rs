//! Any text is shell text: it is read without a panic, ranges lie in it, and what is nested is found to the bottom.

#![no_main]

use dfmigrate::source::{TextRange, apply_edits, range, slice};
use dfmigrate::syntax::shell::{self, Dialect, Script};
use dfmigrate::syntax::view::{Quoting, View};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for dialect in [Dialect::Posix, Dialect::Bash] {
        let view = View::verbatim(text, range(0, text.len()), Quoting::Line);
        let script = shell::parse(text, dialect);
        look(text, &view, &script, text, 0);
    }
});

fn inside(text: &str, at: TextRange) {
    assert!(text.get(usize::from(at.start())..usize::from(at.end())).is_some(), "{at:?} is not in {text:?}");
}

fn look(text: &str, view: &View, script: &Script, host: &str, depth: usize) {
    for found in script.variables() {
        inside(text, found.range);
        inside(text, found.variable.name_range);
        if script.clean {
            assert_eq!(slice(text, found.variable.name_range), found.variable.name, "{text:?}");
        }
    }
    for context in script.commands() {
        inside(text, context.command.range);
        for word in &context.command.words {
            inside(text, word.range);
            let _ = (word.literal(), word.lossy());
            if let Ok(edit) = view.edit(word.range, "x") {
                apply_edits(host, &[edit]).expect("an edit in the host's text");
            }
        }
        let _ = shell::effective(&context.command.words);
        if let Some(nested) = shell::nested(text, view, context.command).filter(|_| depth < 8) {
            look(nested.view.text(), &nested.view, &nested.script(), host, depth + 1);
        }
    }
    for item in &script.items {
        if let Ok(edits) = shell::edit::remove_item(host, view, script, item.range) {
            apply_edits(host, &edits).expect("edits of one removal do not overlap");
        }
    }
}
