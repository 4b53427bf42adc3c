//! What words read: texts where they can be told, and the words that unquoted variables fall into.

use super::super::command::{Piece, UNKNOWN};
use super::super::location::{self, ROOT, absolute, join};
use super::Site;
use super::state::{Binding, State, limit};
use crate::source::{TextRange, slice};
use crate::syntax::shell::{Command, Node, Part, PartKind, Quote, Script, Variable, Word};

/// Variables of build systems that name the checked out repository.
const CHECKOUTS: &[&str] = &[
    "CI_PROJECT_DIR",
    "GITHUB_WORKSPACE",
    "WORKSPACE",
    "BITBUCKET_CLONE_DIR",
    "CODEBUILD_SRC_DIR",
    "TRAVIS_BUILD_DIR",
    "BUILD_SOURCESDIRECTORY",
    "CIRCLE_WORKING_DIRECTORY",
    "BUILDKITE_BUILD_CHECKOUT_PATH",
    "DRONE_WORKSPACE",
];

/// Evaluates words of one script at one of its commands.
#[derive(Clone, Copy)]
pub(super) struct Evaluator<'a> {
    /// The script.
    pub site: &'a Site<'a>,
    /// What it has set up.
    pub state: &'a State,
}

impl Evaluator<'_> {
    /// Every text that `word` may have; [`UNKNOWN`] stands for what can't be told.
    pub(super) fn texts(self, word: &Word) -> Vec<String> {
        let mut texts = vec![String::new()];
        for part in &word.parts {
            let choices = self.part(part);
            texts = texts.iter().flat_map(|text| choices.iter().map(move |choice| format!("{text}{choice}"))).collect();
            limit(&mut texts);
        }
        texts
    }

    fn part(self, part: &Part) -> Vec<String> {
        match &part.kind {
            PartKind::Text(text) => vec![text.clone()],
            PartKind::Variable(variable) => self.variable(variable),
            PartKind::Command(script) => self.command(script),
            PartKind::Other(text) if text.contains(['*', '?', '[', '{']) => unknown(),
            PartKind::Other(text) => vec![text.clone()],
            PartKind::Process(_) | PartKind::Arithmetic(_) => unknown(),
        }
    }

    fn variable(self, variable: &Variable) -> Vec<String> {
        let known = self.lookup(&variable.name);
        let operand = || variable.operand.as_deref().map_or_else(|| vec![String::new()], |word| self.texts(word));
        match variable.operator.as_deref() {
            None | Some(":?" | "?") => known.unwrap_or_else(unknown),
            Some("[") if matches!(pattern(variable).as_str(), "0" | "@" | "*") => known.unwrap_or_else(unknown),
            Some(":-" | "-" | ":=" | "=") => match known {
                Some(known) if known.iter().any(|text| !text.is_empty() && *text != UNKNOWN.to_string()) => known,
                _ => operand(),
            },
            Some(":+" | "+") => known.map_or_else(|| vec![String::new()], |_| operand()),
            Some("%") if pattern(variable) == "/*" => map(known, location::parent),
            Some("##") if pattern(variable) == "*/" => map(known, location::last),
            Some(_) => unknown(),
        }
    }

    fn lookup(self, name: &str) -> Option<Vec<String>> {
        if let Some(binding) = self.state.bindings.get(name) {
            return Some(binding.texts.clone());
        }
        if let Some(text) = self.site.environment.get(name) {
            return Some(vec![text.clone()]);
        }
        match name {
            "PWD" => Some(self.state.directories.clone()),
            "0" | "BASH_SOURCE" => Some(vec![format!("{ROOT}/{}", self.site.file)]),
            _ => CHECKOUTS.contains(&name).then(|| vec![absolute(&self.site.checkout)]),
        }
    }

    /// Output of the commands with which scripts find their way.
    fn command(self, script: &Script) -> Vec<String> {
        let commands: Option<Vec<&Command>> = script
            .items
            .iter()
            .map(|item| match &item.node {
                Node::Command(command) => Some(command),
                _ => None,
            })
            .collect();
        match commands.as_deref() {
            Some([command]) => self.output(command),
            Some([first, last]) => match (self.words(first).as_slice(), self.words(last).first()) {
                ([cd, target], Some(pwd)) if cd == "cd" && pwd == "pwd" => self.absolute(target),
                ([cd, dashes, target], Some(pwd)) if cd == "cd" && dashes == "--" && pwd == "pwd" => {
                    self.absolute(target)
                }
                _ => unknown(),
            },
            _ => unknown(),
        }
    }

    fn output(self, command: &Command) -> Vec<String> {
        let words = self.words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["pwd"] | ["pwd", "-P" | "-L"] => self.state.directories.clone(),
            ["dirname", path] | ["dirname", "--", path] => vec![location::parent(path)],
            ["basename", path] => vec![location::last(path)],
            ["realpath", path] | ["readlink", "-f" | "-e" | "-m", path] => self.absolute(path),
            ["git", "rev-parse", "--show-toplevel"] => vec![absolute(&self.site.checkout)],
            ["echo", text] => vec![(*text).to_owned()],
            _ => unknown(),
        }
    }

    fn words(self, command: &Command) -> Vec<String> {
        let single = |word: &Word| match self.texts(word).as_slice() {
            [text] => text.clone(),
            _ => UNKNOWN.to_string(),
        };
        command.words.iter().map(single).collect()
    }

    fn absolute(self, path: &str) -> Vec<String> {
        let mut paths: Vec<String> = self.state.directories.iter().map(|directory| join(directory, path)).collect();
        // An absolute path is the same from everywhere.
        paths.dedup();
        paths
    }

    /// The word as a program gets it: variables that the script filled with words are replaced by these.
    pub(super) fn pieces(self, word: &Word) -> Vec<Piece> {
        let word = &self.with_foreign(word);
        self.spliced(word).unwrap_or_else(|| vec![self.piece(word)])
    }

    /// The host replaces its own variables in single quotes too, which the shell takes for text.
    fn with_foreign(self, word: &Word) -> Word {
        let mut parts = Vec::new();
        for part in &word.parts {
            match &part.kind {
                PartKind::Text(text) if part.quote == Quote::Single && !self.site.foreign.is_empty() => {
                    self.split_foreign(part, text, &mut parts);
                }
                _ => parts.push(part.clone()),
            }
        }
        Word { range: word.range, parts }
    }

    fn split_foreign(self, part: &Part, text: &str, parts: &mut Vec<Part>) {
        let start = usize::from(part.range.start());
        let at = |from: usize, to: usize| crate::source::range(start + from, start + to);
        let mut push = |from: usize, to: usize, kind: PartKind| {
            parts.push(Part { range: at(from, to), quote: part.quote, kind });
        };
        let (mut done, mut search) = (0, 0);
        while let Some(open) = text.get(search..).and_then(|rest| rest.find("${")).map(|open| search + open) {
            let name: String = text[open + 2..].chars().take_while(|char| *char != '}').collect();
            let close = open + 3 + name.len();
            search = open + 2;
            if self.site.foreign.contains_key(&name) {
                if open > done {
                    push(done, open, PartKind::Text(text[done..open].to_owned()));
                }
                let name_range = at(open + 2, open + 2 + name.len());
                push(open, close, PartKind::Variable(Variable { name, name_range, operator: None, operand: None }));
                (done, search) = (close, close);
            }
        }
        if done < text.len() || text.is_empty() {
            push(done, text.len(), PartKind::Text(text[done..].to_owned()));
        }
    }

    fn piece(self, word: &Word) -> Piece {
        let mut reads = Vec::new();
        self.note_reads(word, &mut reads);
        Piece { word: word.clone(), site: word.range, texts: self.texts(word), reads, maybe: false }
    }

    fn note_reads(self, word: &Word, reads: &mut Vec<(String, usize)>) {
        for part in &word.parts {
            if let PartKind::Variable(variable) = &part.kind {
                reads.push((variable.name.clone(), self.state.version(&variable.name)));
                variable.operand.iter().for_each(|operand| self.note_reads(operand, reads));
            }
        }
    }

    fn spliced(self, word: &Word) -> Option<Vec<Piece>> {
        let [part] = word.parts.as_slice() else { return None };
        let PartKind::Variable(variable) = &part.kind else { return None };
        let raw = slice(self.site.view.text(), part.range);
        let many = matches!(variable.name.as_str(), "@" | "*") || raw.contains("[@]") || raw.contains("[*]");
        if part.quote != Quote::None && !many {
            return None;
        }
        let bound = self.state.bindings.get(&variable.name);
        match variable.operator.as_deref() {
            None | Some(":?" | "?") => self.replaced(bound?, word),
            Some("[") if many => self.replaced(bound?, word),
            Some(":+" | "+") => {
                let pieces = self.operand(variable.operand.as_deref()?).into_iter();
                Some(pieces.map(|piece| Piece { maybe: true, ..piece }).collect())
            }
            Some(":-" | "-") => {
                let default = variable.operand.as_deref().map(|operand| self.operand(operand)).unwrap_or_default();
                match bound.and_then(|bound| self.replaced(bound, word)) {
                    Some(pieces) => Some(pieces),
                    None => (!default.is_empty()).then_some(default),
                }
            }
            Some(_) => None,
        }
    }

    /// The words of a variable in place of `word`. `None` where they can't be told.
    fn replaced(self, binding: &Binding, word: &Word) -> Option<Vec<Piece>> {
        let empty = binding.texts.iter().all(String::is_empty) && (binding.assigned || binding.array);
        if binding.pieces.is_empty() && !empty {
            return None;
        }
        Some(binding.pieces.iter().map(|piece| Piece { site: word.range, ..piece.clone() }).collect())
    }

    /// The words into which the shell splits the operand of an expansion: what is quoted in it stays together (POSIX.1-2024,
    /// XCU 2.6.5).
    fn operand(self, word: &Word) -> Vec<Piece> {
        self.split(word, true)
    }

    /// The words into which the shell splits the text of `word`, the value of a variable: its quotes are gone by then.
    pub(super) fn fields(self, word: &Word) -> Vec<Piece> {
        self.split(word, false)
    }

    fn split(self, word: &Word, has_quotes: bool) -> Vec<Piece> {
        let mut fields = Fields::default();
        for part in &word.parts {
            match &part.kind {
                _ if has_quotes && part.quote != Quote::None => fields.quoted(self.site.view.text(), part),
                PartKind::Text(_) => fields.text(self.site.view.text(), part),
                _ => fields.parts.push(Part { quote: Quote::None, ..part.clone() }),
            }
        }
        fields.end();
        fields.words.iter().flat_map(|word| self.pieces(word)).map(|piece| self.at_home(piece)).collect()
    }

    /// A piece whose place is where it is written, and whose texts are those of now.
    fn at_home(self, piece: Piece) -> Piece {
        Piece { site: piece.word.range, ..piece }
    }
}

/// Splits text at blanks, as the shell does with the value of an unquoted variable.
#[derive(Default)]
struct Fields {
    words: Vec<Word>,
    parts: Vec<Part>,
    /// The quotes around parts of the word that is put together.
    quotes: Option<TextRange>,
}

impl Fields {
    fn text(&mut self, source: &str, part: &Part) {
        let start = usize::from(part.range.start());
        let raw = slice(source, part.range);
        let mut piece = start;
        let mut skip = false;
        for (at, char) in raw.char_indices() {
            let escaped = skip;
            skip = char == '\\' && !escaped && part.quote == Quote::Double;
            let continues = skip && matches!(raw.as_bytes().get(at + 1), Some(b'\n' | b'\r'));
            if continues || char.is_ascii_whitespace() && (!escaped || matches!(char, '\n' | '\r')) {
                self.push(source, piece, start + at);
                self.end();
                piece = start + at + char.len_utf8();
            }
        }
        self.push(source, piece, start + raw.len());
    }

    /// A part in quotes, which belong to the word.
    fn quoted(&mut self, source: &str, part: &Part) {
        let (start, end) = (usize::from(part.range.start()), usize::from(part.range.end()));
        let is_quote =
            |at: Option<usize>| at.and_then(|at| source.as_bytes().get(at)).is_some_and(|byte| b"\"'".contains(byte));
        let before = usize::from(is_quote(start.checked_sub(1)));
        let behind = usize::from(is_quote(Some(end)));
        let around = crate::source::range(start - before, end + behind);
        self.quotes = Some(self.quotes.map_or(around, |known| known.cover(around)));
        self.parts.push(part.clone());
    }

    fn push(&mut self, source: &str, start: usize, end: usize) {
        if start < end {
            let range = crate::source::range(start, end);
            let text = unescape(slice(source, range));
            self.parts.push(Part { range, quote: Quote::None, kind: PartKind::Text(text) });
        }
    }

    fn end(&mut self) {
        let parts = std::mem::take(&mut self.parts);
        if let (Some(first), Some(last)) = (parts.first(), parts.last()) {
            let range = TextRange::new(first.range.start(), last.range.end().max(first.range.start()));
            let range = self.quotes.take().map_or(range, |quotes| quotes.cover(range));
            self.words.push(Word { range, parts });
        }
    }
}

/// Removes the backslashes that double quotes honour.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            ('\\', Some(next @ ('"' | '$' | '`' | '\\'))) => {
                text.push(*next);
                chars.next();
            }
            _ => text.push(char),
        }
    }
    text
}

/// The pattern of `${V%pattern}`.
fn pattern(variable: &Variable) -> String {
    variable.operand.as_deref().map(Word::lossy).unwrap_or_default()
}

fn unknown() -> Vec<String> {
    vec![UNKNOWN.to_string()]
}

fn map(texts: Option<Vec<String>>, change: impl Fn(&str) -> String) -> Vec<String> {
    texts.map_or_else(unknown, |texts| texts.iter().map(|text| change(text)).collect())
}
