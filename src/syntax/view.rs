//! Embedded text and its way back: a [`View`] is the text that a shell gets, with a map to the file that holds it.
//!
//! BuildKit joins continued lines and drops comment lines between them, make halves `$$`, YAML strips indentation,
//! JSON unescapes. A view is the result; every range of it can be turned into a range of the host file, and an edit of
//! it into an [`Edit`] of the host file, quoted as the host demands. What can't be mapped back is refused.

use crate::source::{Edit, TextRange, TextSize, range, size};

/// How text has to be written so that the host yields it again. Views inside views have a chain of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quoting {
    /// The host hands the text on as it is, but a line can't be broken (Dockerfile shell form).
    Line,
    /// The host hands every line on as it is (shell script, heredoc body, Markdown fence).
    Lines,
    /// A make recipe: `$` is written `$$`, no line breaks.
    Make,
    /// Inside a JSON string, which is also how YAML double quotes escape the characters that occur here.
    Json,
    /// A YAML block scalar: every line begins with this many blanks.
    Indented(usize),
    /// Inside YAML single quotes: `'` is doubled, no line breaks.
    YamlSingle,
    /// A YAML plain scalar: only text that stays plain.
    YamlPlain,
    /// Inside a string of a justfile: only text that needs no escape in either kind of quotes.
    JustString,
    /// Inside the shell's single quotes.
    ShellSingle,
    /// Inside the shell's double quotes, where the inner text's own `$`, `` ` ``, `"` and `\` were escaped.
    ShellDouble,
    /// A shell word without quotes, or with several kinds of them: only text that needs none.
    ShellWord,
    /// A Groovy string: backslashes and its quotes are escaped, and dollars where it is a `double` one.
    Groovy {
        /// Whether it is in double quotes.
        double: bool,
        /// Whether it is in three of them, and may go over several lines.
        lines: bool,
    },
}

/// A piece of the view and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    view: TextRange,
    host: TextRange,
}

impl Segment {
    /// A verbatim piece maps byte by byte; a decoded one (`$$`, `\"`) only as a whole.
    fn is_verbatim(&self) -> bool {
        self.view.len() == self.host.len()
    }
}

/// Why a range of a view can't be edited in the host file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seam {
    /// The range begins or ends inside an escape of the host.
    InsideEscape,
    /// Host text that a person wrote for people (a comment between continued lines) lies inside the range.
    Comment,
    /// The new text can't be written in this place of the host, for example a line break in a make recipe.
    Unwritable,
}

/// Embedded text with its map back to the host file. Ranges of the view are bytes of [`View::text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    text: String,
    segments: Vec<Segment>,
    comments: Vec<TextRange>,
    quoting: Vec<Quoting>,
    /// Where other views were joined to this one, and how their text is written from there on.
    joints: Vec<(TextSize, Vec<Quoting>)>,
}

impl View {
    /// An empty view whose pieces are pushed in the order of the host file.
    #[must_use]
    pub fn new(quoting: Quoting) -> Self {
        Self {
            text: String::new(),
            segments: Vec::new(),
            comments: Vec::new(),
            quoting: vec![quoting],
            joints: Vec::new(),
        }
    }

    /// Several views of one file, in the order of the file, as the lines of one text: the commands of a list that one
    /// shell runs. No edit reaches from one into the next. `None` for none.
    #[must_use]
    pub fn joined(views: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut views = views.into_iter();
        let mut joined = views.next()?;
        for next in views {
            let (Some(last), Some(first)) = (joined.segments.last(), next.segments.first()) else { continue };
            let (end, start) = (last.host.end(), first.host.start());
            if end <= start {
                joined.comments.push(TextRange::new(end, start));
            }
            joined
                .segments
                .push(Segment { view: range(joined.text.len(), joined.text.len() + 1), host: TextRange::empty(end) });
            joined.text.push('\n');
            let shift = size(joined.text.len());
            joined.joints.push((shift, next.quoting));
            joined.joints.extend(next.joints.into_iter().map(|(at, quoting)| (at + shift, quoting)));
            let moved = next.segments.iter().map(|segment| Segment { view: segment.view + shift, ..*segment });
            joined.segments.extend(moved);
            joined.comments.extend(next.comments);
            joined.text.push_str(&next.text);
        }
        Some(joined)
    }

    /// The view of a range of `host` that is handed on as it is.
    #[must_use]
    pub fn verbatim(host: &str, at: TextRange, quoting: Quoting) -> Self {
        let mut view = Self::new(quoting);
        view.push(crate::source::slice(host, at), at);
        view
    }

    /// Adds `text` as it stands at `host`; a decoded piece has another length than its host range.
    pub fn push(&mut self, text: &str, host: TextRange) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        let piece = Segment { view: range(start, self.text.len()), host };
        match self.segments.last_mut() {
            Some(last) if last.is_verbatim() && piece.is_verbatim() && last.host.end() == piece.host.start() => {
                *last = Segment { view: last.view.cover(piece.view), host: last.host.cover(piece.host) };
            }
            _ => self.segments.push(piece),
        }
    }

    /// Records a comment of the host that is not part of the view: no edit may swallow it.
    pub fn push_comment(&mut self, host: TextRange) {
        self.comments.push(host);
    }

    /// The text as its reader gets it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The host range of `at`: from the first byte of its first character to the last byte of its last one, with
    /// whatever the host has between them. `None` where an end lies inside an escape or outside the view.
    #[must_use]
    pub fn host_range(&self, at: TextRange) -> Option<TextRange> {
        if at.is_empty() {
            return self.host_offset(at.start()).map(TextRange::empty);
        }
        let first = self.segments.iter().find(|segment| segment.view.contains(at.start()))?;
        let last = self.segments.iter().find(|segment| segment.view.contains(at.end() - TextSize::new(1)))?;
        let start = if first.is_verbatim() {
            first.host.start() + (at.start() - first.view.start())
        } else {
            (at.start() == first.view.start()).then_some(first.host.start())?
        };
        let end = if last.is_verbatim() {
            last.host.start() + (at.end() - last.view.start())
        } else {
            (at.end() == last.view.end()).then_some(last.host.end())?
        };
        // The pieces of a view may come from places of the host in any order.
        (start <= end).then(|| TextRange::new(start, end))
    }

    /// Where text inserted before the view's byte `offset` goes in the host: behind the piece that ends there, else
    /// before the piece that begins there.
    #[must_use]
    pub fn host_offset(&self, offset: TextSize) -> Option<TextSize> {
        for segment in &self.segments {
            if segment.view.end() == offset {
                return Some(segment.host.end());
            }
            if segment.view.start() == offset {
                return Some(segment.host.start());
            }
            if segment.view.contains(offset) {
                return segment.is_verbatim().then(|| segment.host.start() + (offset - segment.view.start()));
            }
        }
        None
    }

    /// Where the piece of the host stands that begins at the view's byte `offset`; `None` where none begins there.
    #[must_use]
    pub fn piece_start(&self, offset: TextSize) -> Option<TextSize> {
        let first = self.segments.iter().find(|segment| segment.view.start() == offset && !segment.view.is_empty());
        first.map(|segment| segment.host.start())
    }

    /// Whether the first and the last byte of the host range `at` are in the view.
    #[must_use]
    pub fn holds(&self, at: TextRange) -> bool {
        let has = |offset: TextSize| self.segments.iter().any(|segment| segment.host.contains(offset));
        has(at.start()) && (at.is_empty() || has(at.end() - TextSize::new(1)))
    }

    /// Where the view begins in the host; `None` for an empty view.
    #[must_use]
    pub fn host_start(&self) -> Option<TextSize> {
        self.segments.first().map(|segment| segment.host.start())
    }

    /// The host edit that makes `at` read `replacement`.
    ///
    /// # Errors
    /// A [`Seam`] where the range or the new text can't be written in the host.
    pub fn edit(&self, at: TextRange, replacement: &str) -> Result<Edit, Seam> {
        let host = self.host_range(at).ok_or(Seam::InsideEscape)?;
        if self.comments.iter().any(|comment| host.contains_range(*comment)) {
            return Err(Seam::Comment);
        }
        Ok(Edit::replace(host, self.quote(at.start(), replacement)?))
    }

    /// The host edit that puts `text` before the view's byte `offset`.
    ///
    /// # Errors
    /// A [`Seam`] where the place or the text can't be written in the host.
    pub fn insert(&self, offset: TextSize, text: &str) -> Result<Edit, Seam> {
        let host = self.host_offset(offset).ok_or(Seam::InsideEscape)?;
        Ok(Edit::insert(host, self.quote(offset, text)?))
    }

    /// The host edit that puts `text` directly in front of the character at the view's byte `offset`: behind the
    /// indentation of a continued line and not at the end of the line before it.
    ///
    /// # Errors
    /// A [`Seam`] where the place or the text can't be written in the host.
    pub fn insert_in_front(&self, offset: TextSize, text: &str) -> Result<Edit, Seam> {
        let begins = |segment: &&Segment| segment.view.contains(offset);
        let segment = self.segments.iter().find(begins).ok_or(Seam::InsideEscape)?;
        let inner = offset - segment.view.start();
        if !segment.is_verbatim() && inner > TextSize::new(0) {
            return Err(Seam::InsideEscape);
        }
        Ok(Edit::insert(segment.host.start() + inner, self.quote(offset, text)?))
    }

    /// Whether a comment that the host dropped touches this range of the host.
    #[must_use]
    pub fn has_comment(&self, host: TextRange) -> bool {
        self.comments.iter().any(|comment| comment.intersect(host).is_some_and(|common| !common.is_empty()))
    }

    /// The view of text inside this view, such as the argument of `sh -c`. `pieces` are the decoded text of each piece
    /// and its range in this view; `quoting` is how this view's text writes it. `None` where a piece can't be mapped.
    #[must_use]
    pub fn nested<'t>(&self, pieces: impl IntoIterator<Item = (&'t str, TextRange)>, quoting: Quoting) -> Option<Self> {
        let pieces: Vec<(&str, TextRange)> = pieces.into_iter().collect();
        let mut view = Self::new(quoting.clone());
        view.comments.clone_from(&self.comments);
        view.quoting.extend_from_slice(self.quoting_at(pieces.first().map_or(TextSize::new(0), |(_, at)| at.start())));
        for (text, at) in pieces {
            self.mark_joints(&mut view, &quoting, at);
            if text.len() == usize::from(at.len()) {
                let overlapping = self.segments.iter().filter_map(|segment| segment.view.intersect(at));
                for part in overlapping.filter(|part| !part.is_empty()) {
                    let piece =
                        text.get(usize::from(part.start() - at.start())..usize::from(part.end() - at.start()))?;
                    view.push(piece, self.host_range(part)?);
                }
            } else {
                view.push(text, self.host_range(at)?);
            }
        }
        Some(view)
    }

    /// Where a piece of a view inside this one begins in another joined view than the one before, or reaches into others.
    fn mark_joints(&self, nested: &mut Self, quoting: &Quoting, at: TextRange) {
        let (here, end) = (self.quoting_at(at.start()), size(nested.text.len()));
        let mut mark = |offset, chain: &[Quoting]| {
            if nested.quoting_at(offset).get(1..) != Some(chain) {
                nested.joints.push((offset, std::iter::once(quoting).chain(chain).cloned().collect()));
            }
        };
        mark(end, here);
        for (start, chain) in self.joints.iter().filter(|(start, _)| at.contains(*start) && *start > at.start()) {
            mark(end + (*start - at.start()), chain);
        }
    }

    fn quoting_at(&self, offset: TextSize) -> &[Quoting] {
        let joined = self.joints.iter().rev().find(|(start, _)| *start <= offset);
        joined.map_or(&self.quoting, |(_, quoting)| quoting)
    }

    fn quote(&self, at: TextSize, text: &str) -> Result<String, Seam> {
        self.quoting_at(at)
            .iter()
            .try_fold(text.to_owned(), |text, quoting| quoting.write(&text).ok_or(Seam::Unwritable))
    }
}

impl Quoting {
    /// `text` as it has to be written in the host; `None` where that is impossible.
    fn write(&self, text: &str) -> Option<String> {
        let one_line = !text.contains('\n');
        match self {
            Self::Lines => Some(text.to_owned()),
            Self::Line => one_line.then(|| text.to_owned()),
            Self::Make => one_line.then(|| text.replace('$', "$$")),
            Self::Json => serde_json::to_string(text).ok().map(|quoted| quoted[1..quoted.len() - 1].to_owned()),
            Self::Indented(width) => Some(text.replace('\n', &format!("\n{}", " ".repeat(*width)))),
            Self::YamlSingle => one_line.then(|| text.replace('\'', "''")),
            Self::YamlPlain => (one_line && !text.contains(": ") && !text.contains(" #")).then(|| text.to_owned()),
            Self::JustString => (one_line && !text.contains(['\'', '"', '\\'])).then(|| text.to_owned()),
            Self::ShellSingle => Some(text.replace('\'', r"'\''")),
            Self::ShellDouble => Some(escape_for_double_quotes(text)),
            Self::Groovy { double, lines } => {
                let escaped =
                    |char: char| char == '\\' || if *double { matches!(char, '"' | '$') } else { char == '\'' };
                let write = |char: char| if escaped(char) { format!("\\{char}") } else { char.to_string() };
                (one_line || *lines).then(|| text.chars().map(write).collect())
            }
            Self::ShellWord => {
                let plain = |char: char| char.is_ascii_alphanumeric() || "_./:=@%+,-".contains(char);
                text.chars().all(plain).then(|| text.to_owned())
            }
        }
    }
}

fn escape_for_double_quotes(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '"' | '$' | '`' | '\\') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

/// The range from `start` to the end of a view's text.
#[must_use]
pub fn tail(view: &View, start: TextSize) -> TextRange {
    TextRange::new(start, size(view.text().len()).max(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{apply_edits, slice};

    /// `RUN a \⏎ # note⏎ && b` as BuildKit joins it.
    fn continued() -> (&'static str, View) {
        let host = "RUN a \\\n# note\n && b\n";
        let mut view = View::new(Quoting::Line);
        view.push("a ", range(4, 6));
        view.push_comment(range(8, 15));
        view.push(" && b", range(15, 20));
        (host, view)
    }

    #[test]
    fn ranges_map_across_dropped_text() {
        let (host, view) = continued();
        assert_eq!(view.text(), "a  && b");
        assert_eq!(view.host_range(range(6, 7)).map(|at| slice(host, at)), Some("b"));
        assert_eq!(view.host_range(range(0, 7)).map(|at| slice(host, at)), Some("a \\\n# note\n && b"));
    }

    #[test]
    fn an_edit_that_would_swallow_a_comment_is_refused() {
        let (_, view) = continued();
        assert_eq!(view.edit(range(0, 7), "c"), Err(Seam::Comment));
        assert!(view.edit(range(6, 7), "c").is_ok());
    }

    #[test]
    fn make_dollars_are_atomic_and_doubled() -> Result<(), Box<dyn std::error::Error>> {
        let host = "\techo $$X";
        let mut view = View::new(Quoting::Make);
        view.push("echo ", range(1, 6));
        view.push("$", range(6, 8));
        view.push("X", range(8, 9));
        let edit = view.edit(range(5, 7), "$Y").map_err(|seam| format!("{seam:?}"))?;
        assert_eq!(apply_edits(host, &[edit])?, "\techo $$Y");
        Ok(())
    }

    #[test]
    fn joined_views_are_written_each_in_its_own_way() {
        let host = "- 'it''s $A'\n- echo $A\n";
        let mut quoted = View::new(Quoting::YamlSingle);
        quoted.push("it", range(3, 5));
        quoted.push("'", range(5, 7));
        quoted.push("s $A", range(7, 11));
        let plain = View::verbatim(host, range(15, 22), Quoting::YamlPlain);
        let joined = View::joined([quoted, plain]).unwrap();
        assert_eq!(joined.text(), "it's $A\necho $A");
        assert_eq!(joined.edit(range(5, 7), "'b'").map(|edit| edit.text), Ok("''b''".to_owned()));
        assert_eq!(joined.edit(range(13, 15), "'b'").map(|edit| edit.text), Ok("'b'".to_owned()));
        assert_eq!(joined.edit(range(5, 12), "x"), Err(Seam::Comment));
        let inner = joined.nested([("s $A\necho ", range(3, 13)), ("${B}", range(13, 15))], Quoting::Lines).unwrap();
        assert_eq!(inner.edit(range(2, 4), "'b'").map(|edit| edit.text), Ok("''b''".to_owned()));
        assert_eq!(inner.edit(range(10, 14), "'b'").map(|edit| edit.text), Ok("'b'".to_owned()));
    }

    #[test]
    fn a_view_in_a_view_maps_to_the_file() {
        let (host, view) = continued();
        let nested = view.nested([("&& b", range(3, 7))], Quoting::ShellSingle);
        let at = nested.and_then(|nested| nested.host_range(range(3, 4)));
        assert_eq!(at.map(|at| slice(host, at)), Some("b"));
    }
}
