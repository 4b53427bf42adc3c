//! Commands of cmd scripts (learn.microsoft.com, "cmd" and "Using batch parameters"). Every variable of cmd is in the
//! environment of what it runs.

use std::collections::BTreeMap;

use super::statement::Statement;

/// Begins the shell variables that stand for parameters and loop variables.
const COMPUTED: &str = "BATCH_COMPUTED_";

/// The commands of `text`, and the variables that have one fixed text.
pub(super) fn read(text: &str) -> (Vec<Statement>, BTreeMap<String, String>) {
    let mut reader = Reader { text, at: 0, quoted: false, statements: Vec::new(), current: Statement::new() };
    reader.read();
    (reader.statements, variables(text))
}

/// Whether the line behind `before` lies between parentheses, where cmd replaces variables before anything runs.
pub(super) fn is_in_block(before: &str) -> bool {
    let code = before.lines().filter(|line| !is_comment(line));
    let signs = code.flat_map(str::chars).filter(|char| matches!(char, '(' | ')'));
    signs.fold(0_i32, |depth, char| depth + if char == '(' { 1 } else { -1 }) > 0
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches('@');
    line.starts_with("::") || line.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("rem"))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    quoted: bool,
    statements: Vec<Statement>,
    current: Statement,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn read(&mut self) {
        while let Some(char) = self.rest().chars().next() {
            let start = self.at;
            if self.current.is_empty() && is_comment(self.rest().lines().next().unwrap_or("")) {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                continue;
            }
            match char {
                '\n' => {
                    self.at += 1;
                    self.quoted = false;
                    self.end();
                }
                '^' if !self.quoted => self.caret(start),
                '%' => self.percent(start),
                '!' => self.delayed(start),
                '"' => {
                    self.at += 1;
                    self.quoted = !self.quoted;
                    self.current.keep(self.text, start, self.at);
                }
                '&' | '|' | '(' | ')' if !self.quoted => {
                    self.at += 1;
                    if self.text[..start].ends_with('>') {
                        self.current.keep(self.text, start, self.at)
                    } else {
                        self.end()
                    }
                }
                '@' if self.current.is_empty() => self.at += 1,
                '\\' | '$' | '`' => {
                    self.at += 1;
                    self.current.stand_in(&format!("\\{char}"), start, self.at);
                }
                '\'' | ';' if !self.quoted => {
                    self.at += 1;
                    self.current.stand_in(&format!("\\{char}"), start, self.at);
                }
                _ => {
                    self.at += char.len_utf8();
                    self.current.keep(self.text, start, self.at);
                }
            }
        }
        self.end();
    }

    fn end(&mut self) {
        let statement = std::mem::replace(&mut self.current, Statement::new());
        if !statement.is_empty() {
            self.statements.push(statement);
        }
    }

    /// A continued line, or a character that loses its meaning.
    fn caret(&mut self, start: usize) {
        let rest = self.rest();
        let length = ["^\r\n", "^\n"].iter().find(|mark| rest.starts_with(**mark)).map(|mark| mark.len());
        if let Some(length) = length {
            self.at += length;
            return self.current.stand_in(" ", start, self.at);
        }
        let Some(char) = rest.chars().nth(1) else { return self.at += 1 };
        self.at += 1 + char.len_utf8();
        self.current.stand_in(&format!("\\{char}"), start, self.at);
    }

    /// `%NAME%`, `%1`, `%~dp0`, `%*`, `%%i`.
    fn percent(&mut self, start: usize) {
        let rest = self.rest();
        let name = rest.get(1..).and_then(|rest| rest.split('%').next()).unwrap_or("");
        let is_name = !name.is_empty()
            && rest.get(1 + name.len()..).is_some_and(|rest| rest.starts_with('%'))
            && name.chars().all(|char| char == '_' || char.is_ascii_alphanumeric());
        if is_name {
            let name = name.to_owned();
            self.at += name.len() + 2;
            return self.current.environment(&name, start, self.at);
        }
        if rest.to_ascii_lowercase().starts_with("%~dp0") {
            self.at += "%~dp0".len();
            return self.current.stand_in("./", start, self.at);
        }
        if rest.starts_with("%*") {
            self.at += 2;
            return self.current.stand_in("\"$@\"", start, self.at);
        }
        let length = match rest.as_bytes() {
            [b'%', b'%', b'~', ..] => 4,
            [b'%', b'%', ..] => 3,
            [b'%', b'~', ..] => 3,
            [b'%', b'0'..=b'9', ..] => 2,
            // `%NAME:a=b%` and whatever else is longer.
            _ => rest.get(1..).and_then(|rest| rest.find('%')).map_or(1, |at| at + 2),
        };
        let line = rest.find(['\r', '\n']).unwrap_or(rest.len());
        self.at = self.text.len().min(start + length.min(line.max(1)));
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        self.current.foreign(&format!("{COMPUTED}{start}"), start, self.at);
    }

    /// `!NAME!`, where delayed expansion is on.
    fn delayed(&mut self, start: usize) {
        let name = self.rest().get(1..).and_then(|rest| rest.split('!').next()).unwrap_or("").to_owned();
        let closed = self.rest().get(1 + name.len()..).is_some_and(|rest| rest.starts_with('!'));
        if closed && !name.is_empty() && name.chars().all(|char| char == '_' || char.is_ascii_alphanumeric()) {
            self.at += name.len() + 2;
            return self.current.environment(&name, start, self.at);
        }
        self.at += 1;
        self.current.stand_in("\\!", start, self.at);
    }
}

/// The variables that `set` gives one fixed text, once.
fn variables(text: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches('@');
        let Some(rest) = line.get(..4).filter(|word| word.eq_ignore_ascii_case("set ")).and_then(|_| line.get(4..))
        else {
            continue;
        };
        let Some((name, value)) = rest.trim().trim_matches('"').split_once('=') else { continue };
        let fixed = Some(value).filter(|value| !value.contains(['%', '!']) && !name.starts_with('/'));
        let known = found.contains_key(name);
        found.insert(name.to_owned(), fixed.filter(|_| !known).map(str::to_owned));
    }
    found.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
