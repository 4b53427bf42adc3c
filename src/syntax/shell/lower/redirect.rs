use shuck_ast::{
    Heredoc, HeredocBody, HeredocBodyPart, Redirect as ParsedRedirect, RedirectKind as ParsedKind, RedirectTarget,
};
use shuck_parser::ShellDialect;

use super::decode::mask_continuations;
use super::verify::tiles;
use super::{Lowering, library};
use crate::source::{TextRange, range};
use crate::syntax::shell::{Part, PartKind, Quote, Redirect, RedirectKind, Word};

/// The first line of the script in which a heredoc's body is parsed again; the delimiter is not to be found in real text.
/// No heredoc has a shorter one, so the offset of the body in the real text is at least its length.
const AGAIN: (&str, &str) = ("<<\u{1}\n", "\u{1}\n");

impl Lowering<'_> {
    pub(super) fn redirects(&mut self, redirects: &[ParsedRedirect]) -> Vec<Redirect> {
        let mut lowered: Vec<Redirect> = Vec::with_capacity(redirects.len());
        for redirect in redirects {
            // The library adds a `2>&1` of its own to every `&>>`.
            let start = self.base + redirect.span.start.offset();
            if lowered.last().is_none_or(|last| usize::from(last.range.start()) != start) {
                lowered.push(self.redirect(redirect));
            }
        }
        lowered
    }

    fn redirect(&mut self, redirect: &ParsedRedirect) -> Redirect {
        let whole = self.trimmed(redirect.span);
        let digits = self.slice(whole).bytes().take_while(u8::is_ascii_digit).count();
        let descriptor = self.slice(whole).get(..digits).and_then(|digits| digits.parse().ok());
        let operator = operator_end(self.slice(whole), digits);
        let (target, heredoc) = match &redirect.target {
            RedirectTarget::Word(word) if word.span.start.offset() < word.span.end.offset() => (self.word(word), None),
            // `2>&1` has a target without a place.
            RedirectTarget::Word(_) => {
                let at = self.checked(usize::from(whole.start()) + operator, whole.end().into());
                (super::command::plain(self.slice(at), at), None)
            }
            RedirectTarget::Heredoc(heredoc) => (self.word(&heredoc.delimiter.raw), Some(self.heredoc(heredoc))),
        };
        let at = range(whole.start().into(), target.range.end().into());
        Redirect { range: at, descriptor, kind: kind(redirect.kind), target, heredoc }
    }

    fn heredoc(&mut self, heredoc: &Heredoc) -> Word {
        let at = self.range(heredoc.body.span);
        let delimiter = self.range(heredoc.delimiter.raw.span);
        if !self.slice(delimiter).is_ascii() {
            // All delimiters of the same length are one in the text that the library reads.
            self.doubt();
        }
        let tabs = std::mem::replace(&mut self.tabs, heredoc.delimiter.strip_tabs);
        // The library takes all but the first heredoc of a line for quoted ones (shuck-parser 0.2.8).
        let word = if !self.slice(delimiter).contains(['\'', '"', '\\']) {
            self.expanding_body(at, &heredoc.body)
        } else {
            let text = self.decode_lines(self.slice(at));
            Word { range: at, parts: vec![Part { range: at, quote: Quote::Single, kind: PartKind::Text(text) }] }
        };
        self.tabs = tabs;
        word
    }

    fn expanding_body(&mut self, at: TextRange, body: &HeredocBody) -> Word {
        let before = self.clean;
        let literal = body.parts.iter().all(|part| matches!(part.kind, HeredocBodyPart::Literal(_)));
        let unread = literal && self.slice(at).contains(['$', '`']);
        if !unread && !self.slice(at).contains("\\\n") {
            let word = self.body(at, body);
            if self.clean == before && tiles(self.text, &word) {
                return word;
            }
        }
        self.clean = before;
        self.body_again(at).unwrap_or_else(|| {
            self.doubt();
            self.body(at, body)
        })
    }

    /// Parses a body on its own, tabs kept and continuations masked: under `<<-`, and behind a `\⏎`, the library's spans
    /// are those of the text without them.
    fn body_again(&mut self, at: TextRange) -> Option<Word> {
        if self.again {
            return None;
        }
        let script = format!("{}{}{}", AGAIN.0, mask_continuations(self.slice(at)), AGAIN.1);
        let result = library::parse(&script, ShellDialect::Bash)?;
        let [statement] = result.file.body.as_slice() else { return None };
        let body = &statement.redirects.first()?.heredoc()?.body;
        let base = usize::from(at.start()).checked_sub(AGAIN.0.len())?;
        let mut inner = Lowering { text: self.text, base, clean: true, again: true, tabs: self.tabs };
        let word = inner.body(at, body);
        (inner.clean && result.is_ok() && tiles(self.text, &word)).then_some(word)
    }

    fn body(&mut self, at: TextRange, body: &HeredocBody) -> Word {
        let mut parts = Vec::new();
        for part in &body.parts {
            let span = self.range(part.span);
            let kind = match &part.kind {
                HeredocBodyPart::Literal(_) => PartKind::Text(self.decode_body(self.slice(span))),
                HeredocBodyPart::Variable(name) => self.variable(name, span),
                HeredocBodyPart::CommandSubstitution { body, .. } => self.substitution(body),
                HeredocBodyPart::ArithmeticExpansion { expression, expression_ast, expression_word_ast, .. } => {
                    self.arithmetic(expression.span(), expression_ast.as_deref(), Some(expression_word_ast))
                }
                HeredocBodyPart::Parameter(parameter) => self.parameter(parameter, span, Quote::Double),
            };
            parts.push(Part { range: span, quote: Quote::Double, kind });
        }
        Word { range: at, parts }
    }
}

/// Where the operator of a redirection ends, from its beginning.
fn operator_end(text: &str, digits: usize) -> usize {
    let rest = text.get(digits..).unwrap_or("");
    let operator = rest.bytes().take_while(|byte| b"<>&|-".contains(byte)).count();
    // The `-` of `>&-` is the target, that of `<<-` the operator.
    let operator = if rest.starts_with("<<") { operator } else { rest[..operator].trim_end_matches('-').len() };
    let blanks = rest.get(operator..).map_or(0, |rest| rest.len() - rest.trim_start().len());
    digits + operator + blanks
}

fn kind(kind: ParsedKind) -> RedirectKind {
    match kind {
        ParsedKind::Output | ParsedKind::Clobber | ParsedKind::OutputBoth => RedirectKind::Write,
        ParsedKind::Append => RedirectKind::Append,
        ParsedKind::Input => RedirectKind::Read,
        ParsedKind::ReadWrite => RedirectKind::ReadWrite,
        ParsedKind::HereDoc | ParsedKind::HereDocStrip => RedirectKind::Heredoc,
        ParsedKind::HereString => RedirectKind::HereString,
        ParsedKind::DupOutput | ParsedKind::DupInput => RedirectKind::Duplicate,
    }
}
