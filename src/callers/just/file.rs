//! The parts of a justfile that matter: variables with a fixed text, and what shells get of recipes.

use crate::source::{TextRange, range};

/// A variable whose value is one string without escapes.
pub(super) struct Variable {
    /// Its name.
    pub name: String,
    /// The text between the quotes.
    pub value: TextRange,
}

/// A recipe.
#[derive(Default)]
pub(super) struct Recipe {
    /// The names of its parameters.
    pub parameters: Vec<String>,
    /// The lines that one shell gets, without their indentation and the signs in front.
    pub scripts: Vec<Vec<TextRange>>,
    /// Whether a POSIX shell runs it.
    pub is_posix: bool,
}

/// A justfile.
#[derive(Default)]
pub(super) struct File {
    /// Its variables.
    pub variables: Vec<Variable>,
    /// Its recipes.
    pub recipes: Vec<Recipe>,
}

/// A line: its text without the line break, and where it begins.
type Line<'t> = (usize, &'t str);

impl File {
    /// Reads `text`. What is not understood is left out.
    pub(super) fn read(text: &str) -> Self {
        let mut file = Self::default();
        let lines: Vec<Line<'_>> = lines(text).collect();
        let windows = lines.iter().any(|(_, line)| is_other_shell(line));
        let mut at = 0;
        while let Some((start, line)) = lines.get(at).copied() {
            at += 1;
            if line.starts_with([' ', '\t', '#', '[']) || line.trim().is_empty() {
                continue;
            }
            if let Some(variable) = variable(start, line) {
                file.variables.push(variable);
                continue;
            }
            let Some(parameters) = header(line) else { continue };
            let body: Vec<Line<'_>> = lines.get(at..).unwrap_or_default().iter().copied().take_while(belongs).collect();
            at += body.len();
            file.recipes.push(recipe(parameters, &body, windows));
        }
        file
    }
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim_end_matches(['\n', '\r'])))
    })
}

/// `set shell := ["powershell.exe", …]`
fn is_other_shell(line: &str) -> bool {
    let shell = line.strip_prefix("set shell").is_some_and(|rest| rest.trim_start().starts_with(":="));
    shell && ["powershell", "pwsh", "cmd", "nu", "python", "fish"].iter().any(|name| line.contains(name))
}

/// `name := "text"`, `export name := 'text'`. In double quotes, `\` begins an escape: such a text is no variable of use.
fn variable(start: usize, line: &str) -> Option<Variable> {
    let (left, right) = line.split_once(":=")?;
    let name = left.trim().trim_start_matches("export ").trim();
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'_' | b'-') || byte.is_ascii_alphanumeric());
    let value = right.trim();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inner = value.get(1..)?.strip_suffix(quote)?;
    let plain = is_name && !inner.contains(quote) && !(quote == '"' && inner.contains('\\'));
    let at = start + line.len() - right.len() + right.len() - right.trim_start().len() + 1;
    plain.then(|| Variable { name: name.to_owned(), value: range(at, at + inner.len()) })
}

/// The parameters of a recipe's first line, `@name a b="c" $d *e: dependency`; `None` where it is something else.
fn header(line: &str) -> Option<Vec<String>> {
    let mut quote = None;
    let colon = line.char_indices().find(|(at, char)| match (quote, char) {
        (Some(open), char) => {
            if open == *char {
                quote = None;
            }
            false
        }
        (None, '"' | '\'' | '`') => {
            quote = Some(*char);
            false
        }
        (None, ':') => !line.get(at + 1..).is_some_and(|rest| rest.starts_with('=')),
        _ => false,
    });
    let head = line.get(..colon?.0)?;
    let mut words = head.split_whitespace();
    let name = words.next()?.trim_start_matches('@');
    let is_name = name.bytes().all(|byte| matches!(byte, b'_' | b'-') || byte.is_ascii_alphanumeric());
    let other = matches!(name, "set" | "alias" | "import" | "mod" | "export");
    let parameter = |word: &str| word.split('=').next().unwrap_or("").trim_start_matches(['*', '+', '$']).to_owned();
    (is_name && !other).then(|| words.map(parameter).collect())
}

fn belongs((_, line): &Line<'_>) -> bool {
    line.starts_with([' ', '\t']) || line.trim().is_empty()
}

fn recipe(parameters: Vec<String>, body: &[Line<'_>], windows: bool) -> Recipe {
    let first = body.iter().map(|(_, line)| line.trim()).find(|line| !line.is_empty()).unwrap_or("");
    let whole = |(start, line): &Line<'_>| {
        let blanks = line.len() - line.trim_start().len();
        range(start + blanks, start + line.len())
    };
    if let Some(program) = first.strip_prefix("#!") {
        let shells = ["sh", "bash", "zsh", "ksh", "dash"];
        let is_posix = program.split(['/', ' ']).any(|part| shells.contains(&part));
        return Recipe { parameters, scripts: vec![body.iter().map(whole).collect()], is_posix };
    }
    let mut scripts: Vec<Vec<TextRange>> = Vec::new();
    let mut continued = false;
    for line in body.iter().filter(|(_, line)| !line.trim().is_empty()) {
        let (start, text) = *line;
        match scripts.last_mut().filter(|_| continued) {
            Some(script) => script.push(whole(line)),
            None => {
                let signs = text.len() - text.trim_start_matches([' ', '\t', '@', '-']).len();
                scripts.push(vec![range(start + signs, start + text.len())]);
            }
        }
        continued = text.ends_with('\\');
    }
    Recipe { parameters, scripts, is_posix: !windows }
}
