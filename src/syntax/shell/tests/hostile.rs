//! Texts that nobody writes for a shell.

use std::time::{Duration, Instant};

use super::{check, first_command};
use crate::syntax::shell::{Dialect, PartKind, Script, parse};

/// What a test thread has at least, as the workers of rayon do.
const STACK: usize = 2 << 20;

/// Parses on a stack of [`STACK`] bytes, as any worker does.
fn parsed(text: &str) -> Script {
    let text = text.to_owned();
    let thread = std::thread::Builder::new().stack_size(STACK);
    let work = move || {
        let scripts = [Dialect::Posix, Dialect::Bash].map(|dialect| parse(&text, dialect));
        scripts.iter().for_each(|script| check(&text, script).expect("ranges inside of the text"));
        scripts[0].commands().len();
        scripts[0].clone()
    };
    thread.spawn(work).expect("a thread").join().expect("no panic and no overflow")
}

#[test]
fn characters_beyond_ascii_stay_what_they_are() {
    let script = parse("échö ü$'é\\n' \"ß\" 'å' # ø", Dialect::Bash);
    assert!(script.clean);
    let words: Vec<String> = first_command(&script).words.iter().map(|word| word.lossy()).collect();
    assert_eq!(words, ["échö", "üé\n", "ß", "å"]);
    // They end a name, and a blank of theirs separates nothing.
    let script = parse("x $Vé a\u{a0}b", Dialect::Posix);
    let words = &first_command(&script).words;
    assert!(matches!(&words[1].parts[0].kind, PartKind::Variable(variable) if variable.name == "V"));
    assert_eq!(words.len(), 3);
}

#[test]
fn what_the_library_panicked_on_is_read() {
    parsed(": $(V)éfithen\\\n..é```é--build-arg:$(\tf() )endef`)'\t\tbuild$$dockerif${T:+ ${A[@]}");
    for delimiter in ["É\na\nÈ\n", "\"É\"\na\nÉ\n"] {
        assert!(!parsed(&format!("cat <<{delimiter}")).clean);
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = [
        ("(", ")"),
        ("$(", ")"),
        ("{ ", "; }"),
        ("${a:-", "}"),
        ("$((", "))"),
        ("if a; then ", "; fi"),
        ("a() { ", "; }"),
        ("\"$(", ")\""),
        ("case a in a) ", ";; esac"),
        ("<(", ")"),
        ("[[ ( ", " ) ]]"),
        ("${a[", "]}"),
        ("a=(", ")"),
        ("! ", ""),
    ];
    let long =
        ["a && ", "a | ", "a;", "a\n", "`", "'", "\"", "$", "${", "<<E ", "a=", "\\\n", "$'", "é", "{a,", "[", "\\"];
    let most = Duration::from_secs(10);
    for count in [30, 300, 3000] {
        let nested = deep.iter().map(|(open, close)| format!("{}a{}", open.repeat(count), close.repeat(count)));
        let open = deep.iter().map(|(open, _)| open.repeat(count));
        for text in nested.chain(open).chain(long.iter().map(|piece| piece.repeat(count) + "a")) {
            let start = Instant::now();
            parsed(&text);
            assert!(start.elapsed() < most, "{:?} for {count} of {:?}", start.elapsed(), text.get(..12));
        }
    }
}
