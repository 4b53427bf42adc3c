use super::{commands, first_command, items};
use crate::source::slice;
use crate::syntax::shell::{CompoundKind, Dialect, Node, Operator, PartKind, Quote, RedirectKind, Script, parse};

fn clean(text: &str) -> Script {
    let script = parse(text, Dialect::Bash);
    assert!(script.clean, "{text:?} is not clean: {script:#?}");
    super::check(text, &script).expect("exact ranges");
    script
}

#[test]
fn lists_are_flat_and_know_their_operators() {
    let text = "a && b || ! c; d & (e; f) | { g; } 2>x\nh\n";
    let script = clean(text);
    assert_eq!(items(text, &script), ["a", "b", "! c", "d", "(e; f) | { g; } 2>x", "h"]);
    let operators: Vec<_> =
        script.items.iter().map(|item| item.operator.map(|(operator, at)| (operator, slice(text, at)))).collect();
    assert_eq!(
        operators,
        [
            Some((Operator::And, "&&")),
            Some((Operator::Or, "||")),
            Some((Operator::Semicolon, ";")),
            Some((Operator::Background, "&")),
            Some((Operator::Newline, "\n")),
            None
        ]
    );
    assert_eq!(commands(text, &script), ["a", "b", "c", "d", "e", "f", "g", "h"]);
}

#[test]
fn every_compound_gives_its_commands_and_range() {
    let text = "if a; then b; elif c; then d; else e; fi >o; while f; do g; done; for x in $Y z; do h; done; \
                case $Z in p*) i;; $Q|r) j;; esac; k() { l; }; ( m ); [[ -n $V && $W == w* ]] && time n | o; ((c += $d))";
    let script = clean(text);
    assert_eq!(commands(text, &script), ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "l", "m", "n", "o"]);
    let whole: Vec<_> = items(text, &script);
    assert_eq!(whole[0], "if a; then b; elif c; then d; else e; fi >o");
    assert_eq!(whole[1], "while f; do g; done");
    assert_eq!(whole[4], "k() { l; }");
    assert_eq!(whole[5], "( m )");
    assert_eq!(whole[7], "time n | o");
    let names: Vec<_> = script.variables().iter().map(|variable| variable.variable.name.clone()).collect();
    assert_eq!(names, ["Y", "Z", "Q", "V", "W", "c", "d"]);
}

#[test]
fn quotes_are_opened_and_escapes_removed() {
    let text = r#"curl -H "a\"b: $T" 'x'\''y' "" $'q\n' --u=${U:-"d $E"} ${#L} ~/z*"#;
    let script = clean(text);
    let command = first_command(&script);
    let values: Vec<_> = command.words.iter().map(super::super::Word::lossy).collect();
    assert_eq!(values, ["curl", "-H", "a\"b: $T", "x'y", "", "q\n", "--u=$U", "$L", "~/z*"]);
    assert_eq!(command.words[2].parts[0].quote, Quote::Double);
    assert_eq!(command.words[8].literal().as_deref(), Some("~/z*"));
    assert!(command.words[6].mentions("E"));
    assert!(!command.words[6].mentions("D"));
}

#[test]
fn operators_of_expansions_are_named() {
    let text = "echo ${A:-b} ${C%.*} \"${D//x/$E}\" ${F:1:$G} ${!H} ${I[$J]} ${K[@]:-x} ${#L}";
    let script = clean(text);
    let found: Vec<_> =
        script.variables().iter().map(|it| (it.variable.name.clone(), it.variable.operator.clone())).collect();
    let expected = [
        ("A", Some(":-")),
        ("C", Some("%")),
        ("D", Some("//")),
        ("E", None),
        ("F", Some(":")),
        ("G", None),
        ("H", Some("!")),
        ("I", Some("[")),
        ("J", None),
        ("K", Some(":-")),
        ("L", Some("#")),
    ];
    let expected = expected.map(|(name, operator)| (name.to_owned(), operator.map(str::to_owned)));
    assert_eq!(found, expected);
}

#[test]
fn heredocs_have_a_body_of_their_own() {
    let text = "cat <<EOF >f && b\nx $X \\$Y \\\n${Z:-$W}\nEOF\nd <<-'E'\n\tq $Q\n\tE\n";
    let script = clean(text);
    assert_eq!(items(text, &script), ["cat <<EOF >f", "b", "d <<-'E'"]);
    let names: Vec<_> = script.variables().iter().map(|variable| variable.variable.name.clone()).collect();
    assert_eq!(names, ["X", "Z", "W"]);
    let redirect = &first_command(&script).redirects[0];
    assert_eq!(redirect.kind, RedirectKind::Heredoc);
    assert_eq!(redirect.heredoc.as_ref().map(|body| slice(text, body.range)), Some("x $X \\$Y \\\n${Z:-$W}\n"));
    let Node::Command(second) = &script.items[2].node else { panic!("a command") };
    assert_eq!(second.redirects[0].heredoc.as_ref().and_then(super::super::Word::literal).as_deref(), Some("q $Q\n"));
}

#[test]
fn tabs_before_expansions_do_not_move_ranges() {
    let text = "a && cat <<-EOF\n\tx $X `id $Y`\n\t\t${Z}\n\tEOF\n";
    let script = clean(text);
    let written: Vec<_> = script.variables().iter().map(|variable| slice(text, variable.range)).collect();
    assert_eq!(written, ["$X", "$Y", "${Z}"]);
}

#[test]
fn continuations_inside_words_do_not_move_ranges() {
    let text = "echo \"a\\\nb$X\"c\\\nd \\\n  $(curl \\\n -H \"t: \\\n$T\" u) # $N \\\n$L";
    let script = clean(text);
    let written: Vec<_> = script.variables().iter().map(|variable| slice(text, variable.range)).collect();
    assert_eq!(written, ["$X", "$T", "$L"]);
    assert_eq!(first_command(&script).words[1].lossy(), "ab$Xcd");
}

#[test]
fn a_continuation_behind_a_word_is_no_part_of_it() {
    let text = "A=b\\\n tool --to='x'\\\n $N\\\n\\\n\"y\"z\\\n";
    let script = clean(text);
    let words: Vec<_> = first_command(&script).words.iter().map(|word| slice(text, word.range)).collect();
    assert_eq!(words, ["tool", "--to='x'", "$N\\\n\\\n\"y\"z"]);
    assert_eq!(slice(text, first_command(&script).assignments[0].range), "A=b");
}

#[test]
fn redirections_keep_their_descriptors_and_targets() {
    let text = "a 2>&1 >\"$F\" &>>g 3<h >&- <<<$S";
    let script = clean(text);
    let command = first_command(&script);
    let found: Vec<_> = command
        .redirects
        .iter()
        .map(|it| (it.descriptor, it.kind, slice(text, it.range), slice(text, it.target.range)))
        .collect();
    assert_eq!(
        found,
        [
            (Some(2), RedirectKind::Duplicate, "2>&1", "1"),
            (None, RedirectKind::Write, ">\"$F\"", "\"$F\""),
            (None, RedirectKind::Append, "&>>g", "g"),
            (Some(3), RedirectKind::Read, "3<h", "h"),
            (None, RedirectKind::Duplicate, ">&-", "-"),
            (None, RedirectKind::HereString, "<<<$S", "$S"),
        ]
    );
}

#[test]
fn declarations_are_commands_with_words() {
    let text = "A=1 B=(x \"$y\") export C=$D \"E=$F\" G=(1 $H) I -p; J+=k; exit 1";
    let script = clean(text);
    let command = first_command(&script);
    let words: Vec<_> = command.words.iter().map(super::super::Word::lossy).collect();
    assert_eq!(words, ["export", "C=$D", "E=$F", "G=(1 $H)", "I", "-p"]);
    assert_eq!(command.assignments[1].elements.as_ref().map(Vec::len), Some(2));
    assert_eq!(slice(text, command.assignments[1].value.range), "(x \"$y\")");
    assert_eq!(commands(text, &script)[2], "exit 1");
}

#[test]
fn context_says_whether_a_command_is_certain() {
    let text = "a && b || c; if d; then e; fi; f | g; x=$(h); a2 || b2 && c2";
    let script = clean(text);
    let optional: Vec<_> = script
        .commands()
        .iter()
        .filter(|context| context.optional)
        .map(|context| slice(text, context.command.range))
        .collect();
    assert_eq!(optional, ["b", "c", "e", "b2"]);
    let conditions: Vec<_> =
        script.commands().iter().filter(|it| it.in_condition).map(|it| slice(text, it.command.range)).collect();
    assert_eq!(conditions, ["d"]);
    let inner = script
        .commands()
        .into_iter()
        .find(|it| it.in_substitution)
        .map(|it| (slice(text, it.command.range), it.top_level_item));
    assert_eq!(inner, Some(("h", 5)));
    let pipelines: Vec<_> = script.commands().iter().filter_map(|it| it.pipeline).collect();
    assert_eq!(pipelines, [(0, 2), (1, 2)]);
}

#[test]
fn what_cannot_be_read_is_not_clean() {
    for text in ["if foo; then bar \"$X", "a && && b", "echo $(", "for x in"] {
        assert!(!parse(text, Dialect::Posix).clean, "{text}");
    }
}

#[test]
fn brace_expansions_have_no_single_value() {
    let script = clean("echo a{b,c} {d}");
    let command = first_command(&script);
    assert_eq!(command.words[1].literal(), None);
    assert_eq!(command.words[2].literal().as_deref(), Some("{d}"));
    assert!(matches!(command.words[1].parts[1].kind, PartKind::Other(_)));
}

#[test]
fn ash_tests_are_read_in_posix_text() {
    let script = parse("[[ -n $A && $B = c ]] && d", Dialect::Posix);
    assert!(script.clean);
    assert!(matches!(&script.items[0].node, Node::Compound(it) if it.kind == CompoundKind::Test));
}

#[test]
fn every_heredoc_of_a_line_shows_its_variables() {
    let script = clean("a <<A && b <<B && c <<'C'\nx $U\nA\n//y:${T}\nB\n$V\nC\n");
    let names: Vec<_> = script.variables().iter().map(|used| used.variable.name.clone()).collect();
    assert_eq!(names, ["U", "T"]);
    let script = clean("a <<A && b <<B\nx\nA\nprice \\$T\nB\n");
    assert!(script.variables().is_empty());
}
