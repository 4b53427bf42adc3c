//! Commands of PowerShell scripts (about_Parsing, about_Quoting_Rules, about_Special_Characters in its documentation).

use std::collections::BTreeMap;

use super::statement::Statement;

/// Begins the shell variables that stand for variables of the script.
const VARIABLE: &str = "POWERSHELL_VARIABLE_";
/// Begins those that stand for expressions.
const COMPUTED: &str = "POWERSHELL_COMPUTED_";

/// The commands of `text`, and the variables that have one fixed text.
pub(super) fn read(text: &str) -> (Vec<Statement>, BTreeMap<String, String>) {
    let mut reader = Reader { text, at: 0, statements: Vec::new(), current: Statement::new() };
    reader.read();
    (reader.statements, variables(text))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
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
            match char {
                '`' => self.backtick(start),
                '\'' => self.single(start),
                '"' => self.double(start),
                '@' if self.rest().starts_with("@\"") || self.rest().starts_with("@'") => self.here_string(start),
                '$' => self.dollar(start, false),
                '@' if self.begins_word() && self.is_word_at(1) => self.splat(start),
                '(' if !self.current.is_empty() && self.begins_word() => self.group(start),
                '<' if self.rest().starts_with("<#") => {
                    self.at = self.find("#>").map_or(self.text.len(), |at| at + 2);
                }
                '#' if self.begins_word() => self.at = self.find("\n").unwrap_or(self.text.len()),
                '\n' | ';' | '|' | '{' | '}' | '(' | ')' => {
                    self.at += 1;
                    self.end();
                }
                '&' => {
                    self.at += 1;
                    // `2>&1` is no end of a command, and `&` alone calls what follows.
                    if self.text[..start].ends_with('>') {
                        self.current.keep(self.text, start, self.at)
                    } else {
                        self.end()
                    }
                }
                '=' if self.follows_variable() => {
                    self.at += 1;
                    self.current = Statement::new();
                }
                '\\' | '!' => {
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

    /// Whether the statement is one variable so far, which is given what follows.
    fn follows_variable(&self) -> bool {
        let text = self.current.view.text().trim();
        let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        name.is_some_and(is_name)
    }

    fn begins_word(&self) -> bool {
        self.text[..self.at].chars().next_back().is_none_or(|char| char.is_whitespace() || "(;{|,".contains(char))
    }

    fn is_word_at(&self, offset: usize) -> bool {
        self.rest()
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(|char: char| char == '_' || char.is_ascii_alphabetic()))
    }

    fn find(&self, mark: &str) -> Option<usize> {
        self.rest().find(mark).map(|at| self.at + at)
    }

    /// A continued line, or a character that loses its meaning.
    fn backtick(&mut self, start: usize) {
        let rest = self.rest();
        let length = ["`\r\n", "`\n"].iter().find(|mark| rest.starts_with(**mark)).map(|mark| mark.len());
        if let Some(length) = length {
            self.at += length;
            return self.current.stand_in(" ", start, self.at);
        }
        let Some(char) = rest.chars().nth(1) else { return self.at += 1 };
        self.at += 1 + char.len_utf8();
        self.current.stand_in(&format!("\\{char}"), start, self.at);
    }

    fn single(&mut self, start: usize) {
        self.at += 1;
        self.current.keep(self.text, start, self.at);
        while let Some(char) = self.rest().chars().next() {
            let from = self.at;
            if self.rest().starts_with("''") {
                self.at += 2;
                self.current.stand_in("'\\''", from, self.at);
                continue;
            }
            self.at += char.len_utf8();
            self.current.keep(self.text, from, self.at);
            if char == '\'' {
                return;
            }
        }
    }

    fn double(&mut self, start: usize) {
        self.at += 1;
        self.current.keep(self.text, start, self.at);
        while let Some(char) = self.rest().chars().next() {
            let from = self.at;
            match char {
                '"' if self.rest().starts_with("\"\"") => {
                    self.at += 2;
                    self.current.stand_in("\\\"", from, self.at);
                }
                '"' => {
                    self.at += 1;
                    return self.current.keep(self.text, from, self.at);
                }
                '$' => self.dollar(from, true),
                '`' => {
                    let escaped = self.rest().chars().nth(1).unwrap_or('`');
                    self.at += 1 + escaped.len_utf8();
                    let escape = matches!(escaped, '"' | '$' | '`' | '\\');
                    let shell = if escape { format!("\\{escaped}") } else { escaped.to_string() };
                    self.current.stand_in(&shell, from, self.at.min(self.text.len()));
                }
                '\\' => {
                    self.at += 1;
                    self.current.stand_in("\\\\", from, self.at);
                }
                _ => {
                    self.at += char.len_utf8();
                    self.current.keep(self.text, from, self.at);
                }
            }
        }
    }

    /// `@"` … `"@` on lines of their own: a text that no command line of a build has.
    fn here_string(&mut self, start: usize) {
        let close = if self.rest().starts_with("@\"") { "\n\"@" } else { "\n'@" };
        self.at = self.find(close).map_or(self.text.len(), |at| at + close.len());
        self.current.foreign(&format!("{COMPUTED}{start}"), start, self.at);
    }

    /// `$env:NAME`, `${env:NAME}`, `$name`, `$(…)`, and what follows a variable outside of quotes: `.Property`, `[0]`.
    fn dollar(&mut self, start: usize, quoted: bool) {
        let rest = self.rest();
        if rest.starts_with("$(") {
            let inner = closing(rest, 1);
            let text = inner.and_then(|end| rest.get(2..end - 1)).unwrap_or("").trim().to_owned();
            self.at = inner.map_or(self.text.len(), |end| start + end);
            return match text.strip_prefix("$env:").filter(|name| is_name(name)) {
                Some(name) => self.current.environment(name, start, self.at),
                None => self.current.foreign(&format!("{COMPUTED}{start}"), start, self.at),
            };
        }
        let drive_of = |body: &str| {
            let drive = body.get(..4).filter(|drive| drive.eq_ignore_ascii_case("env:"));
            drive.map_or(0, str::len)
        };
        let (body, end) = match rest.strip_prefix("${") {
            // A name in braces may be of any characters (about_Variables).
            Some(braced) => match braced.find(['}', '\n', '"']).filter(|end| braced[*end..].starts_with('}')) {
                Some(end) => (&braced[..end], end + "${}".len()),
                None => ("", 0),
            },
            None => {
                let body = rest.get(1..).unwrap_or("");
                let drive = drive_of(body);
                let end = drive + name_length(&body[drive..]);
                (&body[..end], end + "$".len())
            }
        };
        let drive = drive_of(body);
        let name = body[drive..].to_owned();
        if name.is_empty() {
            self.at += 1;
            return self.current.stand_in("\\$", start, self.at);
        }
        self.at += end;
        if !is_name(&name) {
            return self.current.foreign(&format!("{COMPUTED}{start}"), start, self.at);
        }
        if !quoted && drive == 0 && self.member() {
            return self.current.foreign(&format!("{COMPUTED}{start}"), start, self.at);
        }
        match drive {
            0 => self.current.foreign(&format!("{VARIABLE}{name}"), start, self.at),
            _ => self.current.environment(&name, start, self.at),
        }
    }

    /// Goes behind the members that a variable is followed by; says whether there are some.
    fn member(&mut self) -> bool {
        let before = self.at;
        loop {
            let rest = self.rest();
            if rest.starts_with('.') && self.is_word_at(1) || rest.starts_with("::") {
                let signs = rest.len() - rest.trim_start_matches(['.', ':']).len();
                self.at += signs + name_length(&rest[signs..]);
            } else if rest.starts_with(['[', '(']) && self.at > before || rest.starts_with('[') {
                let Some(end) = closing(rest, 0) else { break };
                self.at += end;
            } else {
                break;
            }
        }
        self.at > before
    }

    /// `@arguments`: any number of words.
    fn splat(&mut self, start: usize) {
        self.at += 1 + name_length(&self.rest()[1..]);
        self.current.foreign(&format!("{COMPUTED}{start}"), start, self.at);
    }

    /// `(Get-Content x)` as an argument.
    fn group(&mut self, start: usize) {
        match closing(self.rest(), 0) {
            Some(end) => {
                self.at += end;
                self.current.foreign(&format!("{COMPUTED}{start}"), start, self.at);
            }
            None => {
                self.at += 1;
                self.end();
            }
        }
    }
}

/// Whether a word of a command is an expression by itself: a string, one variable, a group.
pub(super) fn is_expression(word: &str) -> bool {
    let string = |quote: char| word.len() > 1 && word.starts_with(quote) && word.ends_with(quote);
    let name = word.strip_prefix('$').unwrap_or("");
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let group =
        word.trim_start_matches('$').starts_with('(') && closing(word, word.find('(').unwrap_or(0)) == Some(word.len());
    string('"') || string('\'') || group || is_name(name.split_once(':').map_or(name, |(_, name)| name))
}

/// Whether every `$(` of a value is closed in it: an open one would take what is written behind it along.
pub(super) fn is_closed(value: &str) -> bool {
    value.match_indices("$(").all(|(at, _)| value.get(at..).is_some_and(|rest| closing(rest, 1).is_some()))
}

/// Whether it is the name of a variable.
pub(in crate::callers) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|char| char == '_' || char.is_ascii_alphanumeric())
}

/// The length in bytes of the name that `text` begins with.
fn name_length(text: &str) -> usize {
    text.chars().take_while(|char| *char == '_' || char.is_ascii_alphanumeric()).count()
}

/// The byte behind the bracket that closes the one at `open`. Quotes are passed over.
fn closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, char) in text.char_indices().skip_while(|(at, _)| *at < open) {
        match (quote, char) {
            (Some(open), char) if open == char => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(char),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + char.len_utf8());
                }
            }
            _ => {}
        }
    }
    None
}

/// The variables that the script gives one fixed text, once. `$PSScriptRoot` is the folder of the script.
fn variables(text: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    for line in text.lines() {
        let Some((left, right)) = line.trim_start().split_once('=').filter(|(left, _)| left.starts_with('$')) else {
            continue;
        };
        let name = left.trim().trim_start_matches('$').trim_end_matches(['+', '?']).trim();
        let name = match name.get(..4).filter(|drive| drive.eq_ignore_ascii_case("env:")) {
            Some(_) => name[4..].to_owned(),
            None => format!("{VARIABLE}{name}"),
        };
        let value = right.trim();
        let inner = value.get(1..value.len().max(2) - 1).filter(|_| value.len() > 1 && value.starts_with(['"', '\'']));
        let fixed = match inner {
            Some(inner) => Some(inner).filter(|inner| !inner.contains(['$', '`', '"', '\''])),
            None => Some(value).filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty()),
        };
        let known = found.contains_key(&name);
        found.insert(name, fixed.filter(|_| !known).map(str::to_owned));
    }
    let fixed = found.into_iter().filter_map(|(name, value)| Some((name, value?)));
    fixed.chain([(format!("{VARIABLE}PSScriptRoot"), ".".to_owned())]).collect()
}
