//! Quotes, escapes and variables of a word as the builder processes them (BuildKit: `frontend/dockerfile/shell/lex.go`).

use crate::syntax::dockerfile::logical::Span;

/// A word without its quotes and escapes.
#[derive(Debug, Default)]
pub(in crate::syntax::dockerfile) struct Expansion {
    /// The text; variables stay as they are written.
    pub(in crate::syntax::dockerfile) value: String,
    /// Every variable that the builder would replace, those inside operands behind the one that holds them.
    pub(in crate::syntax::dockerfile) variables: Vec<Variable>,
}

/// One `$name` or `${name…}`; spans are bytes of the word as written.
#[derive(Debug)]
pub(in crate::syntax::dockerfile) struct Variable {
    pub(in crate::syntax::dockerfile) whole: Span,
    pub(in crate::syntax::dockerfile) name: Span,
    pub(in crate::syntax::dockerfile) operator: Option<Span>,
    pub(in crate::syntax::dockerfile) operand: Option<Span>,
}

/// How deep expansions may nest. BuildKit knows no bound; nobody writes three, and each level costs the length of the word.
pub(in crate::syntax::dockerfile) const DEEPEST_EXPANSION: usize = 64;

/// Whether a line of `text`, those that continue it included, has expansions that nest deeper than [`DEEPEST_EXPANSION`].
pub(in crate::syntax::dockerfile) fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut before, mut last) = (0_usize, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'{' if before == b'$' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            // Blanks may stand behind the escape character.
            b'\n' if !matches!(last, b'\\' | b'`') => depth = 0,
            _ => {}
        }
        if depth > DEEPEST_EXPANSION {
            return true;
        }
        before = byte;
        last = if byte.is_ascii_whitespace() && byte != b'\n' { last } else { byte };
    }
    false
}

/// Processes `word`. Where BuildKit would refuse it (an unclosed quote or brace), the rest is taken as it stands.
/// The same goes for what nests deeper than [`DEEPEST_EXPANSION`].
pub(in crate::syntax::dockerfile) fn expand(word: &str, escape: char) -> Expansion {
    let mut lexer = Lexer { word, at: 0, escape, depth: 0, expansion: Expansion::default() };
    if lexer.run(None).is_none() {
        lexer.expansion.value.push_str(Span::new(lexer.at, word.len()).of(word));
    }
    lexer.expansion
}

struct Lexer<'w> {
    word: &'w str,
    at: usize,
    escape: char,
    depth: usize,
    expansion: Expansion,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.word.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    /// `processStopOn`: up to `stop`, which is consumed, or to the end. `None` for what BuildKit refuses.
    fn run(&mut self, stop: Option<char>) -> Option<()> {
        while let Some(char) = self.peek() {
            if Some(char) == stop {
                self.next();
                return Some(());
            }
            match char {
                '\'' => self.single_quoted()?,
                '"' => self.double_quoted()?,
                '$' => self.dollar()?,
                _ => {
                    self.next();
                    let literal = if char == self.escape { self.next() } else { Some(char) };
                    self.expansion.value.extend(literal);
                }
            }
        }
        stop.is_none().then_some(())
    }

    fn single_quoted(&mut self) -> Option<()> {
        let rest = self.word.get(self.at + 1..)?;
        let len = rest.find('\'')?;
        self.expansion.value.push_str(rest.get(..len)?);
        self.at += len + 2;
        Some(())
    }

    fn double_quoted(&mut self) -> Option<()> {
        self.next();
        loop {
            match self.peek()? {
                '"' => {
                    self.next();
                    return Some(());
                }
                '$' => self.dollar()?,
                char => {
                    self.next();
                    let escaped = self.peek().filter(|next| matches!(next, '"' | '$') || *next == self.escape);
                    if char == self.escape && escaped.is_some() {
                        self.next();
                        self.expansion.value.extend(escaped);
                    } else {
                        self.expansion.value.push(char);
                    }
                }
            }
        }
    }

    /// `processDollar`.
    fn dollar(&mut self) -> Option<()> {
        let start = self.at;
        let kept = self.expansion.value.len();
        self.next();
        let index = self.expansion.variables.len();
        let variable = if self.peek() == Some('{') { Some(self.braced(index)?) } else { self.plain() };
        if let Some((name, operator, operand)) = variable {
            let whole = Span::new(start, self.at);
            let index = index.min(self.expansion.variables.len());
            self.expansion.variables.insert(index, Variable { whole, name, operator, operand });
        }
        self.expansion.value.truncate(kept);
        self.expansion.value.push_str(Span::new(start, self.at).of(self.word));
        Some(())
    }

    fn plain(&mut self) -> Option<Parts> {
        let name = self.name();
        (!name.is_empty()).then_some((name, None, None))
    }

    fn braced(&mut self, before: usize) -> Option<Parts> {
        self.next();
        if matches!(self.peek()?, '{' | '}' | ':') {
            return None;
        }
        let name = self.name();
        let operator_at = self.at;
        let stops: &[char] = match self.next()? {
            '}' => return Some((name, None, None)),
            ':' if matches!(self.next()?, '+' | '-' | '?') => &['}'],
            '+' | '-' | '?' => &['}'],
            char @ ('#' | '%' | '/') => {
                if self.peek() == Some(char) {
                    self.next();
                }
                if char == '/' { &['/', '}'] } else { &['}'] }
            }
            _ => return None,
        };
        let operator = Span::new(operator_at, self.at);
        self.depth += 1;
        let ends = self.depth <= DEEPEST_EXPANSION && stops.iter().all(|stop| self.run(Some(*stop)).is_some());
        self.depth -= 1;
        if !ends {
            self.expansion.variables.truncate(before);
            return None;
        }
        Some((name, Some(operator), Some(Span::new(operator.end, self.at - 1))))
    }

    /// `processName`: digits, one special parameter, or letters, digits and underscores.
    fn name(&mut self) -> Span {
        let start = self.at;
        match self.peek() {
            Some(char) if char.is_ascii_digit() => {
                while self.peek().is_some_and(|char| char.is_ascii_digit()) {
                    self.next();
                }
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => {
                self.next();
            }
            _ => {
                while self.peek().is_some_and(|char| char == '_' || char.is_alphanumeric()) {
                    self.next();
                }
            }
        }
        Span::new(start, self.at)
    }
}

/// Name, operator and operand.
type Parts = (Span, Option<Span>, Option<Span>);

#[cfg(test)]
mod tests {
    use super::*;

    fn value(word: &str) -> String {
        expand(word, '\\').value
    }

    fn variables(word: &str) -> Vec<&str> {
        expand(word, '\\').variables.into_iter().map(|found| found.name.of(word)).collect()
    }

    #[test]
    fn quotes_and_escapes_are_removed() {
        assert_eq!(value(r#""b"C'd e'\ f"#), "bCd e f");
        assert_eq!(value(r#""a\"b\n""#), r#"a"b\n"#);
        assert_eq!(value("\"open"), "open");
    }

    #[test]
    fn variables_stay_as_they_are_written() {
        assert_eq!(value(r#"a${B:-"c d"}$E"#), r#"a${B:-"c d"}$E"#);
        assert_eq!(variables(r#"a${B:-"c $D"}$E '$F' \$G "$H" ${I/$J/k}"#), ["B", "D", "E", "H", "I", "J"]);
        assert_eq!(variables("$ ${} ${:x}"), Vec::<&str>::new());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}x{}", "${A:-".repeat(depth), "}".repeat(depth));
        assert_eq!(variables(&nested(DEEPEST_EXPANSION)).len(), DEEPEST_EXPANSION);
        let word = nested(20_000);
        assert!(variables(&word).is_empty());
        assert!(is_too_deep(&word) && is_too_deep(&word.replace(":-", ":-\\\n")));
        assert!(!is_too_deep(&nested(DEEPEST_EXPANSION)) && !is_too_deep(&"RUN x ${A\n".repeat(100)));
    }

    #[test]
    fn operators_and_operands_are_found() {
        let word = "${A:-b}${C##d}${E//f/g}";
        let found = expand(word, '\\').variables;
        let parts: Vec<_> = found
            .iter()
            .map(|variable| (variable.operator.map(|at| at.of(word)), variable.operand.map(|at| at.of(word))))
            .collect();
        assert_eq!(parts, [(Some(":-"), Some("b")), (Some("##"), Some("d")), (Some("//"), Some("f/g"))]);
    }
}
