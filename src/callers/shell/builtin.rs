//! The commands that change what later commands see: the shell's own, and `git clone`.

use camino::Utf8PathBuf;

use super::super::command::{Piece, after_equals, is_name};
use super::super::location::{inside, join};
use super::expand::Evaluator;
use super::state::{Binding, State};
use super::walk::{Walk, assign, scalar, set_parameters};
use crate::source::TextRange;
use crate::syntax::shell::{Command, Dialect, Item, Node, Part, PartKind, Word, parse};

/// Runs `command` if it is one of them. `pieces` are its words as they read.
pub(super) fn run(walk: &Walk<'_>, command: &Command, pieces: &[Piece], state: &mut State) -> bool {
    let Some(name) = pieces.first().and_then(Piece::text) else { return false };
    let operands = pieces.get(1..).unwrap_or_default();
    match name {
        "cd" | "pushd" | "popd" => change_directory(walk, name, operands, state),
        "export" if has_option(operands, 'n') => {
            operands.iter().filter_map(Piece::text).filter(|name| is_name(name)).for_each(|name| state.withhold(name));
        }
        "export" => declare(walk, command, state, true),
        "declare" | "typeset" | "readonly" | "local" => {
            if name != "readonly" && !has_option(operands, 'g') {
                declared_names(command).for_each(|name| state.make_local(name));
            }
            declare(walk, command, state, has_option(operands, 'x'));
            if name == "readonly" || has_option(operands, 'r') {
                seal(command, state);
            }
        }
        "eval" => {
            evaluate(operands, state);
            return false;
        }
        "set" => set(operands, state),
        "unset" => operands.iter().filter_map(Piece::text).for_each(|name| {
            state.forget(name);
        }),
        "read" | "mapfile" | "readarray" | "getopts" => fill(name, operands, state),
        "printf" => print_into(operands, state),
        "shift" => shift(operands, state),
        "." | "source" => source(walk, operands, state),
        "git" => super::clones::note(operands, state),
        _ => return false,
    }
    true
}

fn change_directory(walk: &Walk<'_>, name: &str, operands: &[Piece], state: &mut State) {
    let target = operands.iter().find(|piece| piece.text().is_none_or(|text| text == "-" || !text.starts_with('-')));
    let previous = state.directories.clone();
    match (name, target) {
        ("popd", _) => state.directories = state.stack.pop().unwrap_or_default(),
        (_, Some(target)) if target.text() == Some("-") => {
            state.directories = state.stack.pop().unwrap_or_else(|| previous.clone());
            state.stack.push(previous);
        }
        (_, target) => {
            let home = vec!["~".to_owned()];
            let texts = target.map_or(&home, |piece| &piece.texts);
            let mut directories: Vec<String> =
                previous.iter().flat_map(|from| texts.iter().map(move |to| walk.site.join(from, to))).collect();
            directories.sort();
            directories.dedup();
            super::state::limit(&mut directories);
            state.directories = directories;
            state.stack.push(previous);
        }
    }
}

/// `export A=1 B`, `local X=$1`, `declare -x Y`, `local -a Z=(a b)`.
fn declare(walk: &Walk<'_>, command: &Command, state: &mut State, exports: bool) {
    for word in command.words.iter().skip(1) {
        let list = command.declared.iter().find(|it| it.elements.is_some() && it.range == word.range);
        if let Some(assignment) = list {
            assign(walk.site, assignment, state);
            if exports {
                state.export(&assignment.name);
            }
            continue;
        }
        let Some((name, value)) = after_equals(word) else {
            let names = Evaluator { site: walk.site, state }.pieces(word);
            for name in names.iter().filter_map(Piece::text).filter(|name| is_name(name)) {
                if exports {
                    state.export(name);
                } else {
                    let known = state.bindings.contains_key(name);
                    let empty = Binding::of_texts(vec![String::new()]);
                    if !known {
                        state.bind(name, empty);
                    }
                }
            }
            continue;
        };
        let append = name.ends_with('+');
        let name = name.trim_end_matches('+');
        if is_name(name) {
            let mut binding = scalar(Evaluator { site: walk.site, state }, &value);
            if append && let Some(old) = state.bindings.get(name) {
                binding.pieces.splice(0..0, old.pieces.iter().cloned());
            }
            binding.exported = exports;
            state.bind(name, binding);
        }
    }
}

fn has_option(operands: &[Piece], letter: char) -> bool {
    let is_it = |text: &str| text.starts_with('-') && !text.starts_with("--") && text.contains(letter);
    operands.iter().filter_map(Piece::text).any(is_it)
}

/// The variables that `local A=1 B` and its like name.
fn declared_names(command: &Command) -> impl Iterator<Item = String> {
    let name = |word: &Word| after_equals(word).map(|(name, _)| name).or_else(|| word.literal());
    let names = command.words.iter().skip(1).filter_map(name);
    names.map(|name| name.trim_end_matches('+').to_owned()).filter(|name| is_name(name))
}

/// `readonly A=1 B`
fn seal(command: &Command, state: &mut State) {
    declared_names(command).for_each(|name| state.seal(&name));
}

/// Programs whose output, made to be evaluated, exports what it sets.
const EXPORTING: &[&str] =
    &["ssh-agent", "minikube", "docker-machine", "brew", "direnv", "opam", "pyenv", "rbenv", "nodenv"];

/// `eval "$(tool env)"`: text that can't be told may assign anything.
fn evaluate(operands: &[Piece], state: &mut State) {
    let unknown = super::super::command::UNKNOWN;
    let exports = |piece: &Piece| {
        let [Part { kind: PartKind::Command(script), .. }] = piece.word.parts.as_slice() else { return false };
        let commands = script.commands();
        let mut names = commands.iter().filter_map(|context| super::walk::name(context.command));
        names.all(|name| EXPORTING.contains(&name.as_str()))
    };
    if operands.iter().all(exports) {
        return;
    }
    let texts: Vec<String> =
        operands.iter().map(|piece| piece.text().map_or_else(|| unknown.to_string(), str::to_owned)).collect();
    for item in parse(&texts.join(" "), Dialect::Bash).items {
        match &item.node {
            Node::Command(command) if command.words.first().is_none_or(|word| !word.lossy().contains(unknown)) => {
                assignments_of(command, state);
            }
            _ => state.sourced |= !state.allexport,
        }
    }
}

/// `set -eu`, `set -o nounset`, `set +a`, `set -- a b`.
fn set(operands: &[Piece], state: &mut State) {
    let mut operands = operands.iter().enumerate();
    let rest = operands.clone();
    while let Some((index, piece)) = operands.next() {
        let Some(text) = piece.text() else { continue };
        if text == "--" {
            let parameters: Vec<Piece> = rest.skip(index + 1).map(|(_, piece)| piece.clone()).collect();
            return set_parameters(state, &parameters);
        }
        let on = text.starts_with('-');
        let mut change = |option: &str| match option {
            "u" | "nounset" => state.nounset = on,
            "a" | "allexport" => state.allexport = on,
            _ => {}
        };
        if text.starts_with(['-', '+']) {
            text.chars().skip(1).for_each(|letter| change(letter.encode_utf8(&mut [0; 4])));
            if text.ends_with('o')
                && let Some(option) = operands.next().and_then(|(_, piece)| piece.text())
            {
                change(option);
            }
        }
    }
}

/// `read A B`: the script's own from here on, as are the variables that these commands fill without being told to.
fn fill(command: &str, operands: &[Piece], state: &mut State) {
    let own: &[&str] = match command {
        "read" => &["REPLY"],
        "getopts" => &["OPTARG", "OPTIND"],
        _ => &["MAPFILE"],
    };
    let named = operands.iter().filter_map(Piece::text).filter(|text| is_name(text));
    for name in named.chain(own.iter().copied()) {
        state.bind(name, Binding::unknown());
    }
}

fn print_into(operands: &[Piece], state: &mut State) {
    if let [option, name, ..] = operands
        && option.text() == Some("-v")
        && let Some(name) = name.text()
    {
        state.bind(name, Binding::unknown());
    }
}

fn shift(operands: &[Piece], state: &mut State) {
    let count = operands.first().and_then(Piece::text).and_then(|text| text.parse().ok()).unwrap_or(1);
    let Some(all) = state.bindings.get("@").filter(|all| all.array).cloned() else { return };
    set_parameters(state, all.pieces.get(count..).unwrap_or_default());
}

/// `. ./env.sh`: its assignments become the script's own; a file that isn't there may assign anything.
fn source(walk: &Walk<'_>, operands: &[Piece], state: &mut State) {
    let Some(file) = operands.first() else { return };
    let paths: Vec<Utf8PathBuf> = state
        .directories
        .iter()
        .flat_map(|from| file.texts.iter().map(move |path| join(from, path)))
        .filter_map(|path| inside(&path))
        .collect();
    let Some(text) = paths.iter().find_map(|path| walk.around.text(path)) else {
        state.sourced |= !state.allexport;
        return;
    };
    let script = parse(text, Dialect::Bash);
    // What its functions assign, when somebody calls them.
    let own = |item: &Item| matches!(item.node, Node::Command(_)).then_some(item.range);
    let own: Vec<TextRange> = script.items.iter().filter_map(own).collect();
    for context in
        script.commands().into_iter().filter(|context| !own.iter().any(|at| at.contains_range(context.command.range)))
    {
        context.command.assignments.iter().filter(|_| context.command.words.is_empty()).for_each(|assignment| {
            state.bind(&assignment.name, Binding::unknown());
        });
    }
    for item in script.items {
        if let Node::Command(command) = item.node {
            assignments_of(&command, state);
        }
    }
}

fn assignments_of(command: &Command, state: &mut State) {
    let exports = super::walk::name(command).is_some_and(|name| name == "export");
    let declared = |word: &Word| after_equals(word).map(|(name, _)| name).or_else(|| word.literal());
    if exports {
        command.words.iter().skip(1).filter_map(declared).filter(|name| is_name(name)).for_each(|name| {
            state.export(&name);
        });
    } else if command.words.is_empty() {
        command.assignments.iter().for_each(|assignment| state.bind(&assignment.name, Binding::unknown()));
    }
}
