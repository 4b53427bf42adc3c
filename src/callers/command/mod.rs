//! The command line of a build: which program it is, its options, its operands.
//!
//! It sees words after the script's own variables of flags were put in their place, so every [`Piece`] says where it
//! is written and which word of the command it stands for. It knows nothing of files, working directories or edits.

mod operand;
mod options;
mod program;

pub(super) use operand::{after_equals, is_name};
pub(super) use program::{Family, Program};

use crate::source::TextRange;
use crate::syntax::shell::{Part, PartKind, Quote, Word};

/// Stands for text that isn't known where a word is evaluated. No file name holds it.
pub(super) const UNKNOWN: char = '\u{f8ff}';

/// A word of a command line as the program gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// The word, where it is written.
    pub word: Word,
    /// The word of the command that it stands for; the same range where nothing was put in its place.
    pub site: TextRange,
    /// Every text it may have; [`UNKNOWN`] stands for what can't be told.
    pub texts: Vec<String>,
    /// The variables in the word, with the number of the value that each had where the word was read.
    pub reads: Vec<(String, usize)>,
    /// Whether it is there in some runs only.
    pub maybe: bool,
}

impl Piece {
    /// The text, where it can only be one.
    pub(super) fn text(&self) -> Option<&str> {
        match self.texts.as_slice() {
            [text] if !text.contains(UNKNOWN) => Some(text),
            _ => None,
        }
    }

    /// Whether the word was put in place of a variable.
    fn is_moved(&self) -> bool {
        self.word.range != self.site
    }

    /// Whether it may be any number of words or an option: an unquoted expansion of unknown text, `"$@"`, an unknown
    /// element of an array.
    fn is_open(&self) -> bool {
        let [part] = self.word.parts.as_slice() else { return false };
        let unknown = self.texts.iter().any(|text| text.starts_with(UNKNOWN));
        unknown
            && matches!(part.kind, PartKind::Variable(_) | PartKind::Command(_))
            && (part.quote == Quote::None || self.is_moved() || is_all_arguments(self))
    }
}

/// An option with its operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flag {
    /// Its name with its dashes, such as `--build-arg`.
    pub name: String,
    /// The operand, if it has one, and its texts.
    pub operand: Option<Word>,
    /// What the operand may read.
    pub texts: Vec<String>,
    /// What has to be replaced to replace the option.
    pub range: TextRange,
}

impl Flag {
    fn text(&self) -> Option<&str> {
        match self.texts.as_slice() {
            [text] if !text.contains(UNKNOWN) => Some(text),
            _ => None,
        }
    }
}

/// A build argument on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BuildArgument {
    /// Its name.
    pub name: String,
    /// What stands behind its `=`; `None` where it is passed by name only.
    pub value: Option<Word>,
    /// The option with its operand.
    pub range: TextRange,
    /// The targets of bake for which it is set, such as `*`.
    pub targets: Option<String>,
}

/// A secret on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SecretFlag {
    /// The operand of `--secret`, where it is fixed or as far as it is.
    pub text: String,
    /// The option with its operand.
    pub range: TextRange,
}

/// A build as its command line says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BuildCommand {
    /// What is called.
    pub program: Program,
    /// The build arguments in order.
    pub arguments: Vec<BuildArgument>,
    /// The secrets in order.
    pub secrets: Vec<SecretFlag>,
    /// Whether `--ssh` is there.
    pub ssh: bool,
    /// The last `--file`.
    pub file: Option<Operand>,
    /// The context.
    pub context: Option<Operand>,
    /// The names that the image is given, where they are fixed.
    pub tags: Vec<String>,
    /// The last `--target`.
    pub target: Option<Operand>,
    /// What bake is told, where that is called.
    pub bake: BakeCall,
    /// The words that may hold more than is seen.
    pub opaque: Vec<TextRange>,
}

/// What a `docker buildx bake` says of its targets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct BakeCall {
    /// The files, where they are named.
    pub files: Vec<Operand>,
    /// The targets and groups that are built; those of the group `default` where none is named.
    pub targets: Vec<Operand>,
    /// The targets for which arguments or secrets are set, such as `*`.
    pub patterns: Vec<String>,
    /// Whether `--set …secrets=` gives targets other secrets than their file does.
    pub replaces_secrets: bool,
}

/// An operand that names something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operand {
    /// Where it is written.
    pub range: TextRange,
    /// Every text it may have.
    pub texts: Vec<String>,
}

impl Operand {
    /// The text, where it can only be one.
    pub(super) fn text(&self) -> Option<&str> {
        match self.texts.as_slice() {
            [text] if !text.contains(UNKNOWN) => Some(text),
            _ => None,
        }
    }
}

impl BuildCommand {
    /// The build that `pieces` start, if they do.
    pub(super) fn recognise(pieces: &[Piece]) -> Option<Self> {
        let program = Program::recognise(pieces)?;
        let rest = pieces.get(program.operands..).unwrap_or_default();
        let parsed = options::parse(rest, program.family);
        let mut command = Self {
            program,
            arguments: Vec::new(),
            secrets: Vec::new(),
            ssh: false,
            file: None,
            context: None,
            tags: Vec::new(),
            target: None,
            bake: BakeCall::default(),
            opaque: parsed.opaque,
        };
        for flag in parsed.flags {
            command.take(flag);
        }
        command.take_positionals(parsed.positionals);
        let gives = !command.arguments.is_empty() || !command.secrets.is_empty() || !command.opaque.is_empty();
        (gives || !command.program.family.only_with_arguments()).then_some(command)
    }

    fn take(&mut self, flag: Flag) {
        let name = match (self.program.family, flag.name.as_str()) {
            (Family::Buildctl, "--opt") => return self.take_frontend_option(flag),
            (Family::Buildctl, "--local") => return self.take_local(&flag),
            (Family::Bake, "--file") => return self.bake.files.extend(flag.into_operand()),
            (Family::Bake, "--set") => return self.take_override(flag),
            (_, name) => name,
        };
        match name {
            "--build-arg" | "--secret-build-arg" => self.take_argument(flag, ""),
            // flyctl internal/command/deploy: a pair of the id and the value itself.
            "--build-secret" => {
                let text = flag.texts.first().and_then(|text| text.split('=').next()).unwrap_or("");
                self.secrets.push(SecretFlag { text: format!("id={text}"), range: flag.range });
            }
            "--secret" => {
                let text = flag.texts.first().cloned().unwrap_or_default();
                self.secrets.push(SecretFlag { text, range: flag.range });
            }
            "--ssh" => self.ssh = true,
            "--file" | "--dockerfile" => self.file = flag.into_operand(),
            "--target" | "--build-target" => self.target = flag.into_operand(),
            // Kaniko and `az acr build` have names of their own for it.
            "--tag" | "--destination" | "--image" => {
                self.tags.extend(flag.texts.into_iter().filter(|text| !text.contains(UNKNOWN)));
            }
            "--context" => self.context = flag.into_operand(),
            _ => {}
        }
    }

    /// `--set target.args.NAME=value` of bake.
    fn take_override(&mut self, flag: Flag) {
        let set = flag.operand.as_ref().and_then(|word| match after_equals(word) {
            Some((key, value)) => Some((key, Some(value))),
            None => Some((word.literal()?, None)),
        });
        let Some((key, value)) = set else { return self.opaque.push(flag.range) };
        if let Some((targets, name)) = key.split_once(".args.") {
            self.bake.patterns.push(targets.to_owned());
            let (name, targets) = (name.to_owned(), Some(targets.to_owned()));
            self.arguments.push(BuildArgument { name, value, range: flag.range, targets });
        }
        self.bake.replaces_secrets |= key.ends_with(".secrets");
        if let Some((targets, text)) = flag.texts.first().and_then(|text| text.split_once(".secrets")) {
            self.bake.patterns.push(targets.to_owned());
            let text = text.trim_start_matches('+').trim_start_matches('=').to_owned();
            self.secrets.push(SecretFlag { text, range: flag.range });
        }
    }

    /// `build-arg:NAME=value`, `filename=`, `target=` of buildctl.
    fn take_frontend_option(&mut self, flag: Flag) {
        let text = flag.texts.first().map_or("", String::as_str);
        if text.starts_with("build-arg:") {
            self.take_argument(flag, "build-arg:");
        } else if let Some((key @ ("filename" | "target"), value)) = text.split_once('=') {
            let operand = Some(Operand { range: flag.range, texts: vec![value.to_owned()] });
            if key == "target" { self.target = operand } else { self.file = operand }
        }
    }

    /// `dockerfile=DIR` and `context=DIR` of buildctl.
    fn take_local(&mut self, flag: &Flag) {
        let strip = |key: &str| -> Vec<String> {
            flag.texts.iter().filter_map(|text| text.strip_prefix(key)).map(str::to_owned).collect()
        };
        let texts = strip("dockerfile=");
        if !texts.is_empty() {
            self.context = Some(Operand { range: flag.range, texts });
        }
    }

    fn take_argument(&mut self, flag: Flag, prefix: &str) {
        let name = |text: &str| text.split('=').next().unwrap_or("").trim_start_matches(prefix).to_owned();
        let parsed = flag.operand.as_ref().and_then(|word| match after_equals(word) {
            Some((key, value)) => Some((name(&key), Some(value))),
            None => word.literal().map(|text| (name(&text), None)),
        });
        match parsed.filter(|(name, _)| !name.is_empty()) {
            Some((name, value)) => self.arguments.push(BuildArgument { name, value, range: flag.range, targets: None }),
            None => match flag.text().and_then(|text| text.split_once('=')) {
                // The pair is in a variable with one fixed text, so its value is fixed.
                Some((key, value)) if is_name(key) => {
                    let value = fixed(value, flag.range);
                    let (name, range) = (key.to_owned(), flag.range);
                    self.arguments.push(BuildArgument { name, value: Some(value), range, targets: None });
                }
                _ => self.opaque.push(flag.range),
            },
        }
    }

    /// Of several words that are no options the last fixed one is the context; the others may be anything.
    fn take_positionals(&mut self, positionals: Vec<Piece>) {
        if self.program.family == Family::Bake {
            let operands = positionals.into_iter().map(|piece| Operand { range: piece.site, texts: piece.texts });
            return self.bake.targets.extend(operands);
        }
        if !self.program.family.has_context() {
            return;
        }
        let chosen = positionals
            .iter()
            .rposition(|piece| !piece.is_open())
            .or_else(|| positionals.iter().rposition(|piece| !is_all_arguments(piece)));
        for (index, piece) in positionals.into_iter().enumerate() {
            if Some(index) == chosen {
                self.context = Some(Operand { range: piece.site, texts: piece.texts });
            } else if piece.is_open() {
                self.opaque.push(piece.site);
            }
        }
    }
}

/// A word that reads `text`.
fn fixed(text: &str, range: TextRange) -> Word {
    let part = Part { range, quote: Quote::Double, kind: PartKind::Text(text.to_owned()) };
    Word { range, parts: vec![part] }
}

impl Flag {
    fn into_operand(self) -> Option<Operand> {
        let range = self.operand.as_ref()?.range;
        Some(Operand { range, texts: self.texts })
    }
}

/// `$@` and `$*` are options and operands alike.
fn is_all_arguments(piece: &Piece) -> bool {
    piece
        .word
        .parts
        .iter()
        .any(|part| matches!(&part.kind, PartKind::Variable(variable) if matches!(variable.name.as_str(), "@" | "*")))
}
