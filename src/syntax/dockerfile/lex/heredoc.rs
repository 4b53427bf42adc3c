//! Heredoc words, recognised exactly as BuildKit does (`frontend/dockerfile/parser/parser.go`, `heredocsFromLine`, with
//! the lexer of `frontend/dockerfile/shell/lex.go` in its raw mode and a backslash as escape token, whatever the file's is).

use crate::syntax::dockerfile::logical::Span;

/// A word such as `3<<-"EOF"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::syntax::dockerfile) struct HeredocWord {
    /// The terminator.
    pub(in crate::syntax::dockerfile) name: String,
    /// Whether no part of the terminator is quoted.
    pub(in crate::syntax::dockerfile) expand: bool,
    /// Whether it is written `<<-`.
    pub(in crate::syntax::dockerfile) strip_tabs: bool,
    /// The number before `<<`; zero without one.
    pub(in crate::syntax::dockerfile) descriptor: u32,
    /// Where the word stands in the line.
    pub(in crate::syntax::dockerfile) span: Span,
}

/// The heredocs that `line`, a joined logical line with its keyword, announces.
pub(in crate::syntax::dockerfile) fn heredocs(line: &str) -> Vec<HeredocWord> {
    if !line.contains("<<") {
        return Vec::new();
    }
    let words = Lexer::split(line, true, true).unwrap_or_default();
    words.into_iter().filter_map(|(word, span)| parse(&word).map(|heredoc| HeredocWord { span, ..heredoc })).collect()
}

/// `ParseHeredoc`: reads `word`, one raw word or a whole command, as a heredoc.
pub(in crate::syntax::dockerfile) fn parse(word: &str) -> Option<HeredocWord> {
    let after_digits = word.trim_start_matches(|char: char| char.is_ascii_digit());
    let digits = word.get(..word.len() - after_digits.len())?;
    let after_mark = after_digits.strip_prefix("<<")?;
    let strip_tabs = after_mark.starts_with('-');
    let rest = after_mark.strip_prefix('-').unwrap_or(after_mark).trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let (name, _) = <[_; 1]>::try_from(Lexer::split(rest, false, false)?).ok()?.into_iter().next()?;
    let (raw, _) = <[_; 1]>::try_from(Lexer::split(rest, true, false)?).ok()?.into_iter().next()?;
    let expand = quotes(&name) == quotes(&raw);
    Some(HeredocWord { name, expand, strip_tabs, descriptor: digits.parse().unwrap_or(0), span: Span::new(0, 0) })
}

fn quotes(word: &str) -> usize {
    word.matches(['\'', '"']).count()
}

/// The lexer with no variable set, where an unset one is left as it stands (`SkipUnsetEnv`).
struct Lexer<'l> {
    line: &'l str,
    at: usize,
    raw_quotes: bool,
    raw_escapes: bool,
    /// The word so far. A `${…}` with an operand empties it: BuildKit's lexer shares one buffer between the levels.
    word: String,
    word_start: Option<usize>,
}

type Words = Vec<(String, Span)>;

impl<'l> Lexer<'l> {
    fn split(line: &'l str, raw_quotes: bool, raw_escapes: bool) -> Option<Words> {
        let mut lexer = Lexer { line, at: 0, raw_quotes, raw_escapes, word: String::new(), word_start: None };
        lexer.run(None, raw_escapes).map(|(_, words)| words)
    }

    fn peek(&self) -> Option<char> {
        self.line.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    /// `processStopOn`: the text up to `stop`, and its words.
    fn run(&mut self, stop: Option<char>, raw_escapes: bool) -> Option<(String, Words)> {
        let outer_escapes = std::mem::replace(&mut self.raw_escapes, raw_escapes);
        self.word.clear();
        self.word_start = None;
        let (mut result, mut words) = (String::new(), Words::new());
        let found = loop {
            let start = self.at;
            let Some(char) = self.peek() else { break stop.is_none() };
            if Some(char) == stop {
                self.next();
                break true;
            }
            let piece = self.piece(char)?;
            result.push_str(&piece);
            match char {
                '$' => piece.chars().for_each(|char| self.add(char, start, &mut words)),
                '\'' | '"' | '<' | '\\' => self.add_raw(&piece, start),
                _ => self.add(char, start, &mut words),
            }
        };
        self.raw_escapes = outer_escapes;
        let end = if stop.is_some() { self.at.saturating_sub(1) } else { self.at };
        self.end_word(end, &mut words);
        found.then_some((result, words))
    }

    fn piece(&mut self, char: char) -> Option<String> {
        Some(match char {
            '$' => self.dollar()?,
            '\'' => self.single_quoted()?,
            '"' => self.double_quoted()?,
            '<' => self.possible_heredoc(),
            '\\' => {
                self.next();
                let escaped = self.next();
                self.raw_escapes.then_some('\\').into_iter().chain(escaped).collect()
            }
            _ => self.next().into_iter().collect(),
        })
    }

    fn add(&mut self, char: char, at: usize, words: &mut Words) {
        if char.is_whitespace() {
            self.end_word(at, words);
        } else {
            self.word_start.get_or_insert(at);
            self.word.push(char);
        }
    }

    fn add_raw(&mut self, text: &str, at: usize) {
        if !text.is_empty() {
            self.word_start.get_or_insert(at);
            self.word.push_str(text);
        }
    }

    fn end_word(&mut self, end: usize, words: &mut Words) {
        if let Some(start) = self.word_start.take() {
            words.push((std::mem::take(&mut self.word), Span::new(start, end)));
        }
    }

    fn single_quoted(&mut self) -> Option<String> {
        let rest = self.line.get(self.at + 1..)?;
        let len = rest.find('\'')?;
        let inner = rest.get(..len)?;
        self.at += len + 2;
        Some(if self.raw_quotes { format!("'{inner}'") } else { inner.to_owned() })
    }

    fn double_quoted(&mut self) -> Option<String> {
        self.next();
        let mut result = String::new();
        loop {
            match self.peek()? {
                '"' => {
                    self.next();
                    return Some(if self.raw_quotes { format!("\"{result}\"") } else { result });
                }
                '$' => result.push_str(&self.dollar()?),
                '\\' => {
                    self.next();
                    if self.raw_escapes {
                        result.push('\\');
                    }
                    match self.peek()? {
                        '"' | '$' | '\\' => result.extend(self.next()),
                        _ => result.push('\\'),
                    }
                }
                _ => result.extend(self.next()),
            }
        }
    }

    /// `processPossibleHeredoc`: blanks between `<<` and the terminator belong to the word.
    fn possible_heredoc(&mut self) -> String {
        let start = self.at;
        self.next();
        if self.peek() == Some('<') {
            self.next();
            while matches!(self.peek(), Some('\t' | '\r' | ' ')) {
                self.next();
            }
        }
        Span::new(start, self.at).of(self.line).to_owned()
    }

    /// `processDollar` for variables that are never set.
    fn dollar(&mut self) -> Option<String> {
        self.next();
        if self.peek() != Some('{') {
            return Some(format!("${}", self.name()));
        }
        self.next();
        if matches!(self.peek()?, '{' | '}' | ':') {
            return None;
        }
        let name = self.name();
        let operator = match self.next()? {
            '}' => return Some(format!("${{{name}}}")),
            ':' => format!(":{}", self.next().filter(|char| matches!(char, '+' | '-' | '?'))?),
            '/' => return self.replacement(name),
            char @ ('+' | '-' | '?' | '#' | '%') => char.to_string(),
            _ => return None,
        };
        let (operand, _) = self.run(Some('}'), matches!(operator.as_str(), "#" | "%"))?;
        Some(format!("${{{name}{operator}{operand}}}"))
    }

    fn replacement(&mut self, name: &str) -> Option<String> {
        if self.peek() == Some('/') {
            self.next();
        }
        let (pattern, _) = self.run(Some('/'), true)?;
        let (replacement, _) = self.run(Some('}'), true)?;
        Some(format!("${{{name}/{pattern}/{replacement}}}"))
    }

    fn name(&mut self) -> &'l str {
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
        self.line.get(start..self.at).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<(String, &str)> {
        heredocs(line).into_iter().map(|heredoc| (heredoc.name, heredoc.span.of(line))).collect()
    }

    fn names(line: &str) -> Vec<String> {
        heredocs(line).into_iter().map(|heredoc| heredoc.name).collect()
    }

    #[test]
    fn whole_words_are_heredocs() {
        assert_eq!(found("RUN cat <<EOF && 3<<-B"), [("EOF".to_owned(), "<<EOF"), ("B".to_owned(), "3<<-B")]);
        assert_eq!(found("RUN cat << EOF x"), [("EOF".to_owned(), "<< EOF")]);
        assert_eq!(names("RUN <<EOF; (cat <<X)"), ["EOF;", "X)"]);
        assert_eq!(names("COPY <<\"a b\" /x"), ["a b"]);
    }

    #[test]
    fn other_less_than_signs_are_not() {
        for line in [
            "RUN cat<<EOF",
            "RUN echo \"a <<EOF b\"",
            "RUN echo $((1<<2))",
            "RUN cat <<<word",
            r"RUN cat \<<EOF",
            "RUN x=$(cat <<EOF",
            "RUN cat <<",
            "RUN echo 'open <<EOF",
        ] {
            let expected: &[&str] = if line.contains("$(cat") { &["EOF"] } else { &[] };
            assert_eq!(names(line), expected, "{line}");
        }
    }

    #[test]
    fn quotes_forbid_expansion() {
        let all: Vec<_> = heredocs("RUN <<A <<'B' <<\\C <<-\"D\"")
            .into_iter()
            .map(|heredoc| (heredoc.name, heredoc.expand, heredoc.strip_tabs))
            .collect();
        assert_eq!(
            all,
            [
                ("A".to_owned(), true, false),
                ("B".to_owned(), false, false),
                ("C".to_owned(), true, false),
                ("D".to_owned(), false, true)
            ]
        );
    }
}
