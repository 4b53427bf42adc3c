//! The steps of a build.

use std::collections::BTreeMap;

use crate::callers::shell::{Foreign, Span};
use crate::callers::yaml::{Cursor, Document, Path, Step as PathStep};

/// A step.
pub(super) struct Step<'d> {
    /// The step itself.
    pub body: Cursor<'d>,
    /// The way to it.
    pub path: Path,
    /// The build as a whole.
    root: Cursor<'d>,
}

/// How a step is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// The program of the image gets `args`.
    Image,
    /// A shell gets the script behind `-c`.
    Shell,
    /// Something else.
    Other,
}

/// All steps of `document`.
pub(super) fn steps(document: &Document) -> Vec<Step<'_>> {
    let root = Cursor::root(document);
    let items = root.get("steps").map(Cursor::items).unwrap_or_default();
    let key = || vec![PathStep::Index(0), PathStep::Key("steps".to_owned())];
    let step = |(index, body)| Step { body, path: [key(), vec![PathStep::Index(index)]].concat(), root };
    items.into_iter().enumerate().map(step).collect()
}

impl<'d> Step<'d> {
    pub(super) fn text(&self, key: &str) -> Option<&'d str> {
        self.body.get(key).and_then(Cursor::text)
    }

    /// The image, which also says what it runs.
    pub(super) fn image(&self) -> &'d str {
        self.text("name").unwrap_or("")
    }

    /// The words of `args`.
    pub(super) fn args(&self) -> Vec<Cursor<'d>> {
        self.body.get("args").map(Cursor::items).unwrap_or_default()
    }

    fn entry(&self) -> Entry {
        let Some(entry) = self.text("entrypoint") else { return Entry::Image };
        match entry.rsplit('/').next() {
            Some("bash" | "sh") => Entry::Shell,
            Some("docker" | "executor") => Entry::Image,
            _ => Entry::Other,
        }
    }

    /// The program and its words, where it is docker or kaniko that gets them.
    pub(super) fn words(&self) -> Option<(&'static str, Vec<Cursor<'d>>)> {
        let image = self.image();
        let name = image.rsplit_once(':').map_or(image, |(name, _)| name);
        let program = match name.rsplit('/').next() {
            Some("docker" | "cli") => "docker",
            _ if name.contains("kaniko-project/executor") || name.contains("kaniko/executor") => "/kaniko/executor",
            _ if self.text("entrypoint").is_some_and(|entry| entry.rsplit('/').next() == Some("docker")) => "docker",
            _ => return None,
        };
        (self.entry() == Entry::Image && !self.args().is_empty()).then(|| (program, self.args()))
    }

    /// The script that a shell gets, and whether substitutions are put into it: into `args`, and not into `script`
    /// (cloud.google.com/build/docs, "Run bash scripts").
    pub(super) fn script(&self) -> Option<(Cursor<'d>, bool)> {
        if let Some(script) = self.body.get("script") {
            return Some((script, false));
        }
        let args = self.args();
        let begins = match self.entry() {
            Entry::Shell => 0,
            Entry::Image => usize::from(matches!(args.first()?.text()?.rsplit('/').next(), Some("bash" | "sh"))),
            Entry::Other => return None,
        };
        let is_shell = self.entry() == Entry::Shell || begins > 0;
        let option = args
            .iter()
            .skip(begins)
            .position(|word| word.text().is_some_and(|text| text.starts_with('-') && text.ends_with('c')))?;
        args.get(begins + option + 1).copied().filter(|_| is_shell).map(|script| (script, true))
    }

    /// The variables of the step, those of the whole build among them, as written.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let options = self.root.get("options").and_then(|options| options.get("env"));
        let lists = [options, self.body.get("env")].into_iter().flatten();
        let pairs = lists.flat_map(Cursor::items).filter_map(Cursor::text).filter_map(|text| text.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Whether the step gets a secret of this name.
    pub(super) fn has_secret(&self, name: &str) -> bool {
        let options = self.root.get("options").and_then(|options| options.get("secretEnv"));
        let lists = [options, self.body.get("secretEnv")].into_iter().flatten();
        lists.flat_map(Cursor::items).any(|item| item.text() == Some(name))
    }

    /// The folder in which it starts, from the checkout.
    pub(super) fn directory(&self) -> &'d str {
        let written = self.text("dir").unwrap_or(".");
        written.strip_prefix("/workspace").map_or(written, |rest| rest.trim_start_matches('/'))
    }

    /// The value of a substitution, where the file gives it a default.
    pub(super) fn substitution(&self, name: &str) -> Option<&'d str> {
        self.root.get("substitutions")?.get(name)?.text()
    }
}

/// What Cloud Build replaces in a text.
pub(super) fn values(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let (mut done, mut search) = (0, 0);
    let is_part = |char: char| char == '_' || char.is_ascii_alphanumeric();
    while let Some(at) = text.get(search..).and_then(|rest| rest.find('$')).map(|at| search + at) {
        let behind = &text[at + 1..];
        let name = |text: &str| text.chars().take_while(|char| is_part(*char)).map(char::len_utf8).sum::<usize>();
        let (length, inside) = if behind.starts_with('$') {
            (2, None)
        } else if let Some(braced) = behind.strip_prefix('{') {
            let length = name(braced);
            let closes = length > 0 && braced[length..].starts_with('}');
            if !closes {
                search = at + 1;
                continue;
            }
            (length + 3, Some(&braced[..length]))
        } else {
            let length = name(behind);
            if length == 0 || behind.starts_with(|char: char| char.is_ascii_digit()) {
                search = at + 1;
                continue;
            }
            (length + 1, Some(&behind[..length]))
        };
        spans.extend(text.get(done..at).filter(|text| !text.is_empty()).map(Span::Text));
        let written = &text[at..at + length];
        spans.push(match inside {
            None => Span::Escape { written, text: "$" },
            Some(inside) => Span::Value { written, inside, foreign: Foreign::Computed },
        });
        done = at + length;
        search = done;
    }
    spans.extend(text.get(done..).filter(|text| !text.is_empty()).map(Span::Text));
    spans
}
