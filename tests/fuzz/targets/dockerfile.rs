//! Any text is a Dockerfile: it comes back whole, everything can be asked about it, and edits are sound or refused.

#![no_main]

use dfmigrate::source::{Source, TextRange, apply_edits};
use dfmigrate::syntax::dockerfile::{Instruction, RunScript, edit, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = parse(text);
    assert_eq!(parsed.root().syntax().text().to_string(), text, "the text of a tree is the text that was parsed");
    let source = Source::new("Dockerfile", text.as_bytes().to_vec());
    assert_eq!(source.encode(), text.as_bytes());
    let instructions = parsed.root().instructions();
    for instruction in &instructions {
        ask(text, instruction);
        instruction.triggered().iter().for_each(|inner| ask(text, inner));
    }
    if text.len() < 4_000 {
        edit_all(&source, text, &instructions);
    }
});

fn inside(text: &str, at: TextRange) {
    assert!(text.get(usize::from(at.start())..usize::from(at.end())).is_some(), "{at:?} is not in {text:?}");
}

fn ask(text: &str, instruction: &Instruction) {
    inside(text, instruction.keyword_range());
    inside(text, instruction.text_range());
    for flag in instruction.flags() {
        inside(text, flag.range);
        let _ = flag.mount();
    }
    instruction.json().into_iter().flatten().for_each(|string| inside(text, string.range));
    let values = instruction.pairs().into_iter().filter_map(|pair| pair.value);
    for word in values.chain(instruction.words()) {
        inside(text, word.range);
        word.variables.iter().for_each(|variable| inside(text, variable.name_range));
    }
    instruction.heredocs().iter().for_each(|heredoc| inside(text, heredoc.terminator_range));
    if let RunScript::Shell(view) | RunScript::Body { view, .. } | RunScript::ShellWithHeredocs { view } =
        instruction.script()
    {
        let whole = dfmigrate::source::range(0, view.text().len());
        if let Some(at) = view.host_range(whole) {
            inside(text, at);
        }
    }
}

/// Edits that are not refused can be applied, and leave a file with as many other instructions as before.
fn edit_all(source: &Source, text: &str, instructions: &[Instruction]) {
    for (index, instruction) in instructions.iter().enumerate().take(8) {
        let count = |edits: &[dfmigrate::source::Edit]| {
            let after = apply_edits(text, edits).expect("edits of one function do not overlap");
            parse(&after).root().instructions().len()
        };
        if let Ok(edits) = edit::remove_instruction(source, instruction) {
            assert_eq!(count(&edits), instructions.len() - 1, "instruction {index} of {text:?}");
        }
        let mount = "--mount=type=secret,id=a,env=A".to_owned();
        if let Ok(edits) = edit::add_mounts(source, instruction, &[mount]) {
            assert_eq!(count(&edits), instructions.len(), "a mount in instruction {index} of {text:?}");
        }
        if let Ok(edits) = edit::insert_command(source, instruction, "x && ") {
            assert_eq!(count(&edits), instructions.len(), "a command in instruction {index} of {text:?}");
        }
        for pair in instruction.pairs().iter().take(4) {
            if let Ok(edits) = edit::remove_pair(source, instruction, pair) {
                assert!(count(&edits) + 1 >= instructions.len(), "a pair of instruction {index} of {text:?}");
            }
        }
    }
}
