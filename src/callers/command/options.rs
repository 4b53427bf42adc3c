//! Options of the programs that build, as far as it matters which word is an operand.

use super::operand::without_start;
use super::{Family, Flag, Piece, after_equals};
use crate::source::{TextRange, size};
use crate::syntax::shell::{Part, PartKind, Word};

/// What a command line consists of.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// The options in order.
    pub flags: Vec<Flag>,
    /// The words that are neither options nor operands of one.
    pub positionals: Vec<Piece>,
    /// Words that may be options but can't be read.
    pub opaque: Vec<TextRange>,
}

/// Long options of `docker build` and its likes that stand alone (`docker buildx build --help`, `buildah build --help`).
const SWITCHES: &[&str] = &[
    "--all-platforms",
    "--buildkit",
    "--cache",
    "--check",
    "--cleanup",
    "--compress",
    "--debug",
    "--detach",
    "--disable-compression",
    "--disable-content-trust",
    "--dry-run",
    "--force",
    "--force-rm",
    "--help",
    "--http-proxy",
    "--identity-label",
    "--insecure",
    "--inherit-labels",
    "--lint",
    "--layers",
    "--load",
    "--local-only",
    "--memory-auto",
    "--no-cache",
    "--no-console",
    "--no-format",
    "--no-hostname",
    "--no-hosts",
    "--no-logs",
    "--no-parent",
    "--no-push",
    "--no-rm",
    "--no-wait",
    "--now",
    "--omit-history",
    "--parallel",
    "--print",
    "--pull",
    "--pull-always",
    "--pull-never",
    "--push",
    "--quiet",
    "--remote-only",
    "--reproducible",
    "--rewrite-timestamp",
    "--rm",
    "--save",
    "--single-snapshot",
    "--skip-tls-verify",
    "--skip-unused-stages",
    "--squash",
    "--squash-all",
    "--stdin",
    "--stream",
    "--tls-verify",
    "--use-new-run",
    "--verbose",
    "--version",
    "--with-dependencies",
    "--ha",
    "--yes",
];

/// Short options with an operand, and their long names.
const SHORT_OPERANDS: &[(char, &str)] = &[
    ('t', "--tag"),
    ('f', "--file"),
    ('o', "--output"),
    ('c', "--cpu-shares"),
    ('m', "--memory"),
    ('v', "--volume"),
    ('a', "--app"),
    ('r', "--registry"),
    ('g', "--resource-group"),
    ('d', "--destination"),
    ('i', "--image"),
];

/// Splits the words behind the program into options, their operands and the rest.
pub(super) fn parse(pieces: &[Piece], family: Family) -> Parsed {
    let mut parsed = Parsed::default();
    let mut index = 0;
    while let Some(piece) = pieces.get(index) {
        index += 1;
        let name = piece.text().map(str::to_owned).or_else(|| leading_text(&piece.word));
        match name.as_deref() {
            Some("--") => {
                parsed.positionals.extend(pieces.get(index..).unwrap_or_default().iter().cloned());
                break;
            }
            Some(name) if name.starts_with("--") && name.len() > 2 => {
                index += parsed.long(piece, name, pieces.get(index), family);
            }
            Some(name) if name.starts_with('-') && name.len() > 1 => {
                index += parsed.short(piece, name, pieces.get(index), family);
            }
            Some(_) => parsed.positionals.push(piece.clone()),
            None if may_be_options(piece) => parsed.opaque.push(piece.site),
            None => parsed.positionals.push(piece.clone()),
        }
    }
    parsed
}

/// The fixed text with which a word begins.
fn leading_text(word: &Word) -> Option<String> {
    match &word.parts.first()?.kind {
        PartKind::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// Whether it is `"$@"` or another expansion that stands for any number of words even in quotes.
fn may_be_options(piece: &Piece) -> bool {
    matches!(piece.word.parts.as_slice(), [Part { kind: PartKind::Variable(variable), .. }]
        if matches!(variable.name.as_str(), "@" | "*") && piece.text().is_none())
}

impl Parsed {
    /// Takes a long option; says how many further words it took.
    fn long(&mut self, piece: &Piece, text: &str, next: Option<&Piece>, family: Family) -> usize {
        if let Some((name, operand)) = after_equals(&piece.word) {
            let texts = piece.texts.iter().filter_map(|text| text.split_once('=')).map(|(_, value)| value.to_owned());
            let range = if piece.is_moved() && piece.word.literal().is_none() { piece.word.range } else { own(piece) };
            self.flags.push(Flag { name, operand: Some(operand), texts: texts.collect(), range });
            return 0;
        }
        let name = text.split('=').next().unwrap_or(text).to_owned();
        let alone = SWITCHES.contains(&name.as_str())
            || (name == "--cache" && family != Family::Azure)
            || next.is_none_or(|next| leading_text(&next.word).is_some_and(|text| is_option(&text)));
        self.push(name, piece, next.filter(|_| !alone && !text.contains('=')))
    }

    /// Takes a cluster of short options; says how many further words it took.
    fn short(&mut self, piece: &Piece, text: &str, next: Option<&Piece>, family: Family) -> usize {
        for (at, letter) in text.char_indices().skip(1) {
            let Some(name) = operand_of(letter, family) else { continue };
            let end = at + letter.len_utf8();
            if end == text.len() && piece.word.parts.len() == 1 {
                return self.push(name.to_owned(), piece, next);
            }
            let operand = behind(&piece.word, end);
            let texts = piece.texts.iter().filter_map(|text| text.get(end..)).map(str::to_owned).collect();
            self.flags.push(Flag { name: name.to_owned(), operand: Some(operand), texts, range: own(piece) });
            return 0;
        }
        0
    }

    fn push(&mut self, name: String, piece: &Piece, next: Option<&Piece>) -> usize {
        let flag = match next {
            Some(next) => {
                Flag { name, operand: Some(next.word.clone()), texts: next.texts.clone(), range: cover(piece, next) }
            }
            None => Flag { name, operand: None, texts: Vec::new(), range: own(piece) },
        };
        self.flags.push(flag);
        usize::from(next.is_some())
    }
}

/// An operand may begin with a dash only where it is one dash or a number.
fn is_option(text: &str) -> bool {
    text.len() > 1 && text.starts_with('-') && !text[1..].starts_with(|char: char| char.is_ascii_digit())
}

fn operand_of(letter: char, family: Family) -> Option<&'static str> {
    match (family, letter) {
        (Family::Kaniko, 'c') => Some("--context"),
        (Family::Kaniko, 'f') => Some("--dockerfile"),
        (Family::Fly, 'c') => Some("--config"),
        (Family::Compose, 'm') => Some("--memory"),
        (Family::Compose, _) => None,
        _ => SHORT_OPERANDS.iter().find(|(short, _)| *short == letter).map(|(_, long)| *long),
    }
}

/// The word behind its first `count` bytes, all of them in its first part.
fn behind(word: &Word, count: usize) -> Word {
    let mut parts = word.parts.clone();
    if let Some(Part { range, kind: PartKind::Text(text), .. }) = parts.first_mut() {
        *text = text.get(count..).unwrap_or("").to_owned();
        *range = without_start(*range, size(count));
    }
    parts.retain(|part| !matches!(&part.kind, PartKind::Text(text) if text.is_empty()));
    Word { range: without_start(word.range, size(count)), parts }
}

fn own(piece: &Piece) -> TextRange {
    piece.word.range
}

/// From an option to its operand: both where they are written if they stand together, else the words of the command.
fn cover(option: &Piece, operand: &Piece) -> TextRange {
    let together = option.is_moved() == operand.is_moved() && option.site == operand.site || !operand.is_moved();
    if together && !option.is_moved() || option.is_moved() && operand.is_moved() {
        let (first, last) = (option.word.range, operand.word.range);
        if first.end() <= last.start() {
            return first.cover(last);
        }
    }
    option.site.cover(operand.site)
}
