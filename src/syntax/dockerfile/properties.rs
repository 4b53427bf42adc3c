//! Properties that hold for every text.

use proptest::prelude::*;

use super::edit::{
    EditError, add_mounts, insert_command, remove_instruction, remove_pair, remove_pairs, set_syntax_directive,
};
use super::*;
use crate::source::{Edit, Source, apply_edits, slice};

const PIECES: &[&str] = &[
    "FROM a",
    "FROM a AS b",
    "RUN",
    "run ",
    "ONBUILD ",
    "COPY ",
    "ENV ",
    "ARG ",
    "LABEL ",
    "HEALTHCHECK CMD ",
    "SHELL ",
    "VOLUME ",
    "A=1",
    "B=\"x y\"",
    "C",
    "'",
    "\"",
    "$D",
    "${E:-f}",
    "${",
    "--mount=type=ssh",
    "--link",
    "--",
    "[\"a\"]",
    "[",
    "]",
    ",",
    "<<EOF",
    "<<-\"EOF\"",
    "3<<E",
    "EOF",
    "\tEOF",
    "echo x",
    "&&",
    "#",
    "# escape=`\n",
    "# syntax=x\n",
    "# c\n",
    "\\\n",
    "\\ \r\n",
    "\\",
    "`\n",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    " ",
    "\t",
    "\u{a0}",
    "\u{feff}",
    "é",
    "{{ x }}",
    "=",
];

const LAYOUTS: &[&str] = &[" ", " \\\n  ", " \\\n# c\n\t", " \\\n\n ", "  ", " \\\t\n"];

/// Pieces of Dockerfiles in any order.
fn soup() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(PIECES), 0..30).prop_map(|pieces| pieces.concat())
}

/// An instruction that BuildKit accepts, laid out over lines in some way.
fn instruction() -> impl Strategy<Value = String> {
    let layout = || proptest::sample::select(LAYOUTS);
    let pairs = (proptest::sample::select(&["ARG", "ENV", "LABEL", "ONBUILD ENV"][..]), 1..5_usize, layout(), layout());
    let run = (proptest::sample::select(&["RUN", "run", "ONBUILD RUN"][..]), 0..3_usize, layout(), layout());
    prop_oneof![
        pairs.prop_map(|(keyword, count, first, second)| {
            let pair = |index: usize| {
                format!("{}K{index}=\"v {index}\"", if index.is_multiple_of(2) { first } else { second })
            };
            format!("{keyword}{}\n", (0..count).map(pair).collect::<String>())
        }),
        run.prop_map(|(keyword, count, first, second)| {
            let flag = |_| format!("{first}--mount=type=ssh");
            format!("{keyword}{}{second}echo x{second}&& y\n", (0..count).map(flag).collect::<String>())
        }),
        Just("RUN <<EOF\n# x\nEOF\n".to_owned()),
        Just("COPY a <<-B /c\n\tB\n".to_owned()),
        Just("# comment\n".to_owned()),
        Just("\n".to_owned()),
    ]
}

/// A whole file that BuildKit accepts, with or without a last line break.
fn file() -> impl Strategy<Value = String> {
    (proptest::collection::vec(instruction(), 0..5), any::<bool>(), any::<bool>()).prop_map(|(lines, crlf, ended)| {
        let text = format!("FROM a\n{}", lines.concat());
        let text = if ended { text } else { text.trim_end().to_owned() };
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

fn applied(text: &str, edits: &[Edit]) -> String {
    apply_edits(text, edits).expect("edits of one function do not collide")
}

/// Asks everything that can be asked; ranges must lie in the text.
fn ask_everything(text: &str) {
    let inside = |at: TextRange| assert!(text.get(usize::from(at.start())..usize::from(at.end())).is_some(), "{at:?}");
    for instruction in parse(text).root().instructions() {
        let inner = instruction.triggered();
        for instruction in std::iter::once(instruction).chain(inner) {
            inside(instruction.keyword_range());
            inside(instruction.text_range());
            instruction.flags().iter().for_each(|flag| inside(flag.range));
            instruction.json().into_iter().flatten().for_each(|string| inside(string.range));
            let words =
                instruction.pairs().into_iter().inspect(|pair| inside(pair.key_range)).filter_map(|pair| pair.value);
            for word in words.chain(instruction.words()) {
                inside(word.range);
                word.variables.iter().for_each(|variable| assert!(slice(text, variable.range).starts_with('$')));
            }
            instruction.heredocs().iter().for_each(|heredoc| inside(heredoc.terminator_range));
            let _ = instruction.script();
        }
    }
}

proptest! {
    #[test]
    fn every_text_comes_back(text in any::<String>()) {
        prop_assert_eq!(parse(&text).root().syntax().text().to_string(), text);
    }

    #[test]
    fn token_soup_comes_back_and_can_be_asked_about(text in soup()) {
        prop_assert_eq!(parse(&text).root().syntax().text().to_string(), text.as_str());
        ask_everything(&text);
    }

    #[test]
    fn a_shared_cache_changes_nothing(texts in proptest::collection::vec(soup(), 1..4)) {
        let mut cache = rowan::NodeCache::default();
        for text in &texts {
            prop_assert_eq!(parse_with_cache(text, &mut cache), parse(text));
        }
    }

    #[test]
    fn edits_of_soup_are_sound_or_refused(text in soup(), pick in any::<prop::sample::Index>()) {
        let source = Source::new("f", text.clone().into_bytes());
        let root = parse(&text).root();
        let _ = set_syntax_directive(&source, &root, "docker/dockerfile:1");
        let instructions = root.instructions();
        if !instructions.is_empty() {
            let chosen = pick.get(&instructions);
            let _ = add_mounts(&source, chosen, &["--mount=type=ssh".to_owned()]);
            let _ = insert_command(&source, chosen, "x && ");
            let _ = remove_instruction(&source, chosen);
            for pair in chosen.pairs() {
                let _ = remove_pair(&source, chosen, &pair);
            }
        }
    }

    #[test]
    fn every_run_of_a_legal_file_takes_mounts_and_commands(text in file()) {
        let source = Source::new("f", text.clone().into_bytes());
        let mount = "--mount=type=secret,id=a".to_owned();
        for (index, run) in parse(&text).root().instructions().iter().enumerate() {
            match add_mounts(&source, run, std::slice::from_ref(&mount)) {
                Ok(edits) => {
                    let new = parse(&applied(&text, &edits)).root().instructions()[index].clone();
                    let new = new.triggered().unwrap_or(new);
                    let last = new.flags().pop().and_then(|flag| flag.value);
                    prop_assert_eq!(last.as_deref(), Some("type=secret,id=a"));
                    prop_assert!(insert_command(&source, run, "x && ").is_ok(), "{}", text);
                }
                Err(error) => prop_assert_eq!(error, EditError::NotRun, "{}", text),
            }
        }
    }

    #[test]
    fn every_pair_of_a_legal_file_can_go(text in file()) {
        let source = Source::new("f", text.clone().into_bytes());
        for instruction in parse(&text).root().instructions() {
            let inner = instruction.triggered().unwrap_or_else(|| instruction.clone());
            for pair in inner.pairs() {
                let edits = remove_pair(&source, &instruction, &pair);
                prop_assert!(edits.is_ok(), "{:?} of {}", pair.key, text);
                let after = applied(&text, &edits.unwrap_or_default());
                prop_assert_eq!(after.ends_with('\n'), text.ends_with('\n'), "{:?} of {:?}: {:?}", pair.key, text, after);
            }
        }
    }

    #[test]
    fn several_pairs_of_a_legal_file_can_go(text in file(), kept in any::<u8>()) {
        let source = Source::new("f", text.clone().into_bytes());
        for (at, instruction) in parse(&text).root().instructions().into_iter().enumerate() {
            let pairs = |of: &Instruction| of.triggered().unwrap_or_else(|| of.clone()).pairs();
            let keys = |pairs: Vec<Pair>| pairs.into_iter().map(|pair| pair.key).collect::<Vec<_>>();
            let before = keys(pairs(&instruction));
            let (stay, go): (Vec<_>, Vec<_>) = (0..before.len()).partition(|index| kept >> (index % 8) & 1 == 1);
            if stay.is_empty() || go.is_empty() {
                continue;
            }
            let edits = remove_pairs(&source, &instruction, &go);
            prop_assert!(edits.is_ok(), "{go:?} of {text}");
            let after = applied(&text, &edits.unwrap_or_default());
            let found = parse(&after).root().instructions().into_iter().nth(at).map(|found| keys(pairs(&found)));
            let expected: Vec<_> = stay.iter().map(|index| before[*index].clone()).collect();
            prop_assert_eq!(found, Some(expected), "{:?} of {:?}: {:?}", go, text, after);
        }
    }

    #[test]
    fn every_legal_file_takes_a_syntax_directive(text in file()) {
        let source = Source::new("f", text.clone().into_bytes());
        let edits = set_syntax_directive(&source, &parse(&text).root(), "docker/dockerfile:1").unwrap_or_default();
        let after = applied(&text, &edits);
        let directives = parse(&after).root().directives();
        prop_assert_eq!(directives.first().map(|found| found.value.as_str()), Some("docker/dockerfile:1"));
        let source = Source::new("f", after.clone().into_bytes());
        prop_assert_eq!(set_syntax_directive(&source, &parse(&after).root(), "docker/dockerfile:1"), Ok(vec![]));
    }
}
