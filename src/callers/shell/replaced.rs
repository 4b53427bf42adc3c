//! Shell text of a host that puts values into it before the shell sees it: `${{ … }}`, `<< … >>`, `$(…)`.

use std::collections::BTreeMap;

use super::Foreign;
use super::quote::ShellQuotes;
use crate::source::{TextRange, range};
use crate::syntax::view::{Quoting, View};

/// A piece of such a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::callers) enum Span<'t> {
    /// What the shell gets as it is written.
    Text(&'t str),
    /// What the shell gets as another text: an escape of the host, and what it stands for.
    Escape {
        /// As it is written.
        written: &'t str,
        /// As the shell gets it.
        text: &'static str,
    },
    /// What the host replaces.
    Value {
        /// As it is written, with its marks.
        written: &'t str,
        /// Without them: the same text stands for the same value.
        inside: &'t str,
        /// What it is.
        foreign: Foreign,
    },
}

/// The text with a variable in the place of every value.
#[derive(Debug, Clone)]
pub(in crate::callers) struct Replaced {
    /// The text.
    pub view: View,
    /// What the variables stand for.
    pub foreign: BTreeMap<String, Foreign>,
    /// The text between the marks, by variable.
    pub inside: BTreeMap<String, String>,
}

impl Replaced {
    /// The text of `spans`, which are all of `plain`. The variables are called `prefix` and a number. `quoting` is how the
    /// host has to write shell text so that none of it is replaced. `None` where it can't be mapped.
    ///
    /// Inside single quotes, a variable has to leave them for a moment.
    pub(in crate::callers) fn new(plain: &View, spans: &[Span<'_>], prefix: &str, quoting: Quoting) -> Option<Self> {
        let mut names = Names { prefix, foreign: BTreeMap::new(), inside: BTreeMap::new() };
        let mut quotes = ShellQuotes::default();
        let mut pieces: Vec<(String, TextRange)> = Vec::new();
        let mut at = 0;
        for span in spans {
            let written = span.written();
            let place = range(at, at + written.len());
            at += written.len();
            match span {
                Span::Text(text) => {
                    quotes.read(text);
                    pieces.push(((*text).to_owned(), place));
                }
                Span::Escape { text, .. } => {
                    quotes.read(text);
                    pieces.push(((*text).to_owned(), place));
                }
                Span::Value { written, inside, foreign } => {
                    let variable = names.variable(inside, foreign, written.len());
                    let single = quotes.in_single();
                    let mark = |text: &str, at| single.then(|| (text.to_owned(), TextRange::empty(at)));
                    pieces.extend(mark("'\"", place.start()));
                    pieces.push((variable, place));
                    pieces.extend(mark("\"'", place.end()));
                }
            }
        }
        let view = plain.nested(pieces.iter().map(|(text, place)| (text.as_str(), *place)), quoting)?;
        Some(Self { view, foreign: names.foreign, inside: names.inside })
    }
}

impl<'t> Span<'t> {
    fn written(&self) -> &'t str {
        match self {
            Self::Text(written) | Self::Escape { written, .. } | Self::Value { written, .. } => written,
        }
    }
}

struct Names<'p> {
    prefix: &'p str,
    foreign: BTreeMap<String, Foreign>,
    inside: BTreeMap<String, String>,
}

impl Names<'_> {
    /// The variable for a value, the same for the same text. It never has the length of what it stands for: only whole may
    /// it be mapped back.
    fn variable(&mut self, inside: &str, foreign: &Foreign, length: usize) -> String {
        let known = self.inside.iter().find(|(_, text)| *text == inside).map(|(name, _)| name.clone());
        let mut name = known.unwrap_or_else(|| format!("{}_{}", self.prefix, self.inside.len()));
        if name.len() + "${}".len() == length {
            name.push('_');
        }
        self.foreign.insert(name.clone(), foreign.clone());
        self.inside.insert(name.clone(), inside.to_owned());
        format!("${{{name}}}")
    }
}

/// The spans of `text` between the marks `open` and `close`, such as `<<` and `>>`; `value` says what is between them.
pub(in crate::callers) fn between<'t>(
    text: &'t str,
    (open, close): (&str, &str),
    value: impl Fn(&str) -> Option<Foreign>,
) -> Vec<Span<'t>> {
    let mut spans = Vec::new();
    let (mut done, mut search) = (0, 0);
    while let Some(start) = text.get(search..).and_then(|rest| rest.find(open)).map(|at| search + at) {
        let Some(end) = text.get(start + open.len()..).and_then(|rest| rest.find(close)) else { break };
        let end = start + open.len() + end;
        let inside = text.get(start + open.len()..end).unwrap_or("");
        search = start + open.len();
        if let Some(foreign) = value(inside.trim()) {
            search = end + close.len();
            spans.extend(text.get(done..start).filter(|text| !text.is_empty()).map(Span::Text));
            let written = text.get(start..search).unwrap_or("");
            spans.push(Span::Value { written, inside: inside.trim(), foreign });
            done = search;
        }
    }
    spans.extend(text.get(done..).filter(|text| !text.is_empty()).map(Span::Text));
    spans
}

/// The text of options, `plain`, as the command that a host makes of it: between `head` and `tail`. Line breaks are blanks.
/// See [`super::Site::options_only`].
pub(in crate::callers) fn as_options(plain: &View, head: &str, tail: &str) -> Option<View> {
    let text = plain.text();
    let mut pieces: Vec<(String, TextRange)> = vec![(head.to_owned(), TextRange::empty(0.into()))];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let content = content.strip_suffix('\\').unwrap_or(content);
        pieces.push((content.to_owned(), range(at, at + content.len())));
        let rest = range(at + content.len(), at + line.len());
        if !rest.is_empty() {
            pieces.push((" ".repeat(usize::from(rest.len())), rest));
        }
        at += line.len();
    }
    let end = TextRange::empty(crate::source::size(text.len()));
    pieces.push((tail.to_owned(), end));
    plain.nested(pieces.iter().map(|(text, place)| (text.as_str(), *place)), Quoting::Line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let plain = View::verbatim(text, range(0, text.len()), Quoting::Lines);
        let known = |inside: &str| (!inside.contains(' ')).then_some(Foreign::Computed);
        let replaced = Replaced::new(&plain, &between(text, ("<<", ">>"), known), "V", Quoting::Lines).unwrap();
        replaced.view.text().to_owned()
    }

    #[test]
    fn values_become_variables() {
        assert_eq!(shown("a << x >>/b <<y>> <<x>>"), "a ${V_0}/b ${V_1} ${V_0}");
        assert_eq!(shown("'<<x>>'"), "''\"${V_0}\"''");
        assert_eq!(shown("a <<EOF\nb c >> d"), "a <<EOF\nb c >> d");
    }
}
