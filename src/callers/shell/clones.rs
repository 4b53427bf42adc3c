//! The folders into which other repositories are cloned.

use super::super::command::{Piece, UNKNOWN};
use super::super::location::join;
use super::super::outside::Folder;
use super::state::State;
use crate::syntax::shell::{Command, Dialect, Word, parse};

/// Takes note of `git clone https://git.example.com/acme/shop.git`: from here on the folder is another repository's.
/// `operands` are the words behind `git`.
pub(super) fn note(operands: &[Piece], state: &mut State) {
    let unknown = || UNKNOWN.to_string();
    let words: Vec<String> =
        operands.iter().map(|piece| piece.texts.first().cloned().unwrap_or_else(unknown)).collect();
    let cloned = state.directories.iter().filter_map(|directory| of(&words, directory));
    state.clones.extend(cloned.collect::<Vec<_>>());
}

/// What `git` with these words clones, started in `directory`.
fn of(words: &[String], directory: &str) -> Option<Folder> {
    match words {
        [option, folder, rest @ ..] if option == "-C" => of(rest, &join(directory, folder)),
        [verb, rest @ ..] if verb == "clone" => Folder::cloned(rest, directory),
        _ => None,
    }
}

/// The absolute folders into which any line of a file's `text` clones, whichever shell runs it: that of another step, of
/// another line of a recipe, of another block of a document.
pub(super) fn anywhere(text: &str) -> Vec<Folder> {
    if !text.contains("clone ") {
        return Vec::new();
    }
    // Nobody knows where a line is started.
    let mut directory = UNKNOWN.to_string();
    let mut folders = Vec::new();
    for line in text.lines().filter(|line| line.contains("cd ") || line.contains("clone")) {
        let line = line.trim_start().trim_start_matches("- ").trim_start_matches(['@', '$', '>', ' ']);
        for context in parse(line, Dialect::Bash).commands() {
            let words: Vec<String> = words(context.command);
            match words.split_first() {
                Some((name, [target, ..])) if name == "cd" => directory = join(&directory, target),
                Some((name, rest)) if name == "git" => folders.extend(of(rest, &directory)),
                _ => {}
            }
        }
    }
    folders.retain(|folder: &Folder| !folder.path.contains(UNKNOWN));
    folders
}

fn words(command: &Command) -> Vec<String> {
    command.words.iter().map(|word: &Word| word.literal().unwrap_or_else(|| UNKNOWN.to_string())).collect()
}
