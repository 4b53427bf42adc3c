//! The commands of a RUN that write a file, as text that can stand in front of another RUN.

use std::collections::BTreeSet;

use crate::knowledge::tools;
use crate::model::{FileAct, FileAction, effective_words};
use crate::source::TextRange;
use crate::syntax::shell::{Command, Item, Node, Operator, RedirectKind, Word};

use super::Refused;
use super::site::Site;

/// One member of a RUN's list that does nothing but write or tend the file.
pub(super) struct Piece {
    /// Where it stands, in bytes of the first shell text.
    pub(super) range: TextRange,
    /// The body of its here-document.
    pub(super) body: Option<TextRange>,
    /// What to run elsewhere for the same effect, on one line.
    pub(super) text: String,
    /// The file's name in it, quotes included, if it writes the file.
    pub(super) target: Option<String>,
    /// The other files that it reads, as it names them.
    pub(super) inputs: Vec<String>,
}

/// The members of the RUN's list that write or tend the file, with nothing else in them.
///
/// # Errors
/// What else they do, as a clause behind the line's number.
pub(super) fn pieces(site: &Site<'_>, actions: &[FileAction]) -> Result<Vec<Piece>, Refused> {
    let mut pieces = Vec::new();
    let items = &site.shell.script.items;
    for chain in items.split_inclusive(|item| !matches!(item.operator, Some((Operator::And | Operator::Or, _)))) {
        let touching: Vec<&Item> = chain.iter().filter(|item| touches(item.range, actions)).collect();
        if touching.is_empty() {
            continue;
        }
        let alternatives = chain.iter().any(|item| matches!(item.operator, Some((Operator::Or, _))));
        let asks = chain.iter().any(asks);
        if alternatives || asks {
            pieces.push(whole_chain(site, chain, actions)?);
            continue;
        }
        for item in touching {
            pieces.push(piece(site, item, actions)?);
        }
    }
    feed(site, &mut pieces)?;
    check_variables(site, &pieces)?;
    Ok(pieces)
}

/// Adds the commands that write what the pieces copy: `echo … > /tmp/netrc && mv /tmp/netrc ~/.netrc`.
fn feed(site: &Site<'_>, pieces: &mut Vec<Piece>) -> Result<(), Refused> {
    let mut fed = Vec::new();
    for piece in pieces.iter_mut() {
        let inputs = std::mem::take(&mut piece.inputs);
        for input in inputs {
            let writes = |item: &&Item| {
                let Node::Command(command) = &item.node else { return false };
                item.range.end() <= piece.range.start() && writes_file(command, &input)
            };
            match site.shell.script.items.iter().find(writes) {
                Some(item) if matches!(item.operator, Some((Operator::And | Operator::Semicolon, _))) => {
                    let text = single_spaced(&text_of(site, item.range));
                    fed.push(Piece { range: item.range, body: None, text, target: None, inputs: Vec::new() });
                }
                Some(_) => return Err(Refused::because(format!("makes `{input}` in a way that is not understood"))),
                None => piece.inputs.push(input),
            }
        }
    }
    fed.append(pieces);
    *pieces = fed;
    Ok(())
}

/// Whether it is a plain command whose output is the file at `path`.
fn writes_file(command: &Command, path: &str) -> bool {
    let only =
        matches!(command.redirects.as_slice(), [one] if one.kind == RedirectKind::Write && one.target.lossy() == path);
    only && matches!(command.name().as_deref(), Some("echo" | "printf"))
}

/// The credential file that the command behind `site` makes of the file `path`, and whether `path` is gone then.
pub(super) fn copied_to(site: &Site<'_>, path: &str) -> Option<(String, bool)> {
    let behind = site.command().range.end();
    let contexts = site.shell.script.commands().into_iter();
    let mut copies = contexts.filter(|context| {
        context.depth == 0
            && !context.optional
            && context.command.range.start() >= behind
            && context.command.words.iter().skip(1).any(|word| word.lossy() == path)
    });
    let (copy, None) = (copies.next()?.command, copies.next()) else { return None };
    let words: Vec<String> = copy.words.iter().map(Word::lossy).filter(|word| !word.starts_with('-')).collect();
    match words.as_slice() {
        [program, source, target] if source == path && matches!(program.as_str(), "cp" | "mv" | "install") => {
            Some((target.clone(), program == "mv"))
        }
        _ => None,
    }
}

fn touches(range: TextRange, actions: &[FileAction]) -> bool {
    of_first_shell(actions).any(|action| range.contains_range(action.command) && prepares(action))
}

fn of_first_shell(actions: &[FileAction]) -> impl Iterator<Item = &FileAction> {
    actions.iter().filter(|action| action.shell == 0)
}

fn prepares(action: &FileAction) -> bool {
    matches!(action.act, FileAct::Writes { .. } | FileAct::Tends)
}

fn asks(item: &Item) -> bool {
    matches!(&item.node, Node::Command(command) if is_question(command))
}

/// Whether it does nothing but print something else than the value.
fn speaks(site: &Site<'_>, item: &Item) -> bool {
    let Node::Command(command) = &item.node else { return false };
    let prints = matches!(command.name().as_deref(), Some("echo" | "printf"));
    prints && command.redirects.is_empty() && !command.words.iter().any(|word| site.is_in(word))
}

fn is_question(command: &Command) -> bool {
    matches!(command.name().as_deref(), Some("[" | "test" | ":" | "true"))
}

/// `[ -z "$T" ] || echo … > file`: all of the chain, kept together.
fn whole_chain(site: &Site<'_>, chain: &[Item], actions: &[FileAction]) -> Result<Piece, Refused> {
    let mut target = None;
    for item in chain.iter().filter(|item| !asks(item) && !speaks(site, item)) {
        target = piece(site, item, actions)?.target.or(target);
    }
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
        return Err(Refused::because("has no commands"));
    };
    let range = first.range.cover(last.range);
    let heredoc = commands_in(site, range).iter().any(|command| body_of(command).is_some());
    if heredoc {
        return Err(Refused::because("has a here-document under a condition"));
    }
    let inputs = inputs(site, range);
    Ok(Piece { range, body: None, text: format!("{{ {}; }}", single_spaced(&text_of(site, range))), target, inputs })
}

fn piece(site: &Site<'_>, item: &Item, actions: &[FileAction]) -> Result<Piece, Refused> {
    let commands = commands_in(site, item.range);
    let acts = |command: &Command| {
        of_first_shell(actions).find(|action| action.command == command.range).map(|action| &action.act)
    };
    let piped = matches!(item.node, Node::Pipeline(_));
    let harmless = |command: &Command| match acts(command) {
        Some(FileAct::Writes { .. } | FileAct::Tends) => true,
        Some(_) => false,
        None => is_question(command) || (piped && is_filter(command)),
    };
    if item.negated || !commands.iter().all(|command| harmless(command)) {
        return Err(Refused::because("does something else in the same command"));
    }
    let target = commands.iter().find_map(|command| match acts(command)? {
        FileAct::Writes { target, .. } => target.map(|at| site.raw(at).to_owned()),
        _ => None,
    });
    let mut bodies = commands.iter().filter_map(|command| Some((*command, body_of(command)?)));
    let text = match (bodies.next(), &item.node) {
        (None, _) => single_spaced(&text_of(site, item.range)),
        (Some((command, body)), Node::Command(_)) => printed(site, command, body)?,
        _ => return Err(Refused::because("has a here-document that can't be moved")),
    };
    let body = commands.iter().find_map(|command| body_of(command)).map(|body| body.range);
    Ok(Piece { range: item.range, body, text, target, inputs: inputs(site, item.range) })
}

/// What the commands read from: a redirection's file, and each file of a filter (`cat a | sed …`).
fn inputs(site: &Site<'_>, range: TextRange) -> Vec<String> {
    let redirected = |command: &Command| {
        let reads = command.redirects.iter().filter(|redirect| redirect.kind == RedirectKind::Read);
        reads.map(|redirect| redirect.target.lossy()).collect::<Vec<_>>()
    };
    let operands = |command: &Command| match command.effective_name().as_deref() {
        Some(program @ ("cat" | "head" | "tail" | "cp" | "mv" | "install")) => {
            let words = command.words.iter().skip(command.effective().index + 1).map(Word::lossy);
            let mut words: Vec<String> = words.filter(|word| !word.starts_with('-')).collect();
            let copies = matches!(program, "cp" | "mv" | "install");
            words.truncate(words.len().saturating_sub(usize::from(copies)));
            words
        }
        _ => Vec::new(),
    };
    let commands = commands_in(site, range).into_iter();
    commands.flat_map(|command| redirected(command).into_iter().chain(operands(command))).collect()
}

fn commands_in<'s>(site: &Site<'s>, range: TextRange) -> Vec<&'s Command> {
    let contexts = site.shell.script.commands().into_iter();
    let inside = contexts.filter(|context| range.contains_range(context.command.range) && !context.in_substitution);
    inside.map(|context| context.command).collect()
}

fn is_filter(command: &Command) -> bool {
    let words = effective_words(command);
    tools::logs(&words) || tools::passes_through(&words)
}

fn body_of(command: &Command) -> Option<&Word> {
    command.redirects.iter().find_map(|redirect| redirect.heredoc.as_ref())
}

/// The text, with the variable in the place of a mounted file that is read in place.
fn text_of(site: &Site<'_>, range: TextRange) -> String {
    let raw = site.raw(range);
    let Some(path) = &site.path else { return raw.to_owned() };
    let value = format!("${{{}}}", site.name);
    let text = raw.replace(&format!("$(cat {path})"), &value).replace(&format!("$(<{path})"), &value);
    // What a mount fills a variable with is the file as it is, its last line break included (experiment).
    text.replace(&format!("cat {path} |"), &format!("printf '%s' \"{value}\" |"))
}

/// `cat <<EOF > file` as a `printf` of its lines, which fits on one line.
fn printed(site: &Site<'_>, command: &Command, body: &Word) -> Result<String, Refused> {
    let refuse = || Refused::because("has a here-document that can't be moved");
    let plain = command.words.iter().skip(1).all(|word| !word.lossy().starts_with('-'));
    let to = match (command.name().as_deref(), command.words.len()) {
        (Some("cat"), 1) => {
            let written = |redirect: &&crate::syntax::shell::Redirect| {
                matches!(redirect.kind, RedirectKind::Write | RedirectKind::Append)
            };
            site.raw(command.redirects.iter().find(written).ok_or_else(refuse)?.range).to_owned()
        }
        (Some("tee"), 2) if plain => format!("> {}", site.raw(command.words[1].range)),
        _ => return Err(refuse()),
    };
    let text = site.quoted(&body.parts).ok_or_else(refuse)?;
    if text.contains("$(") {
        return Err(refuse());
    }
    let strips = command.redirects.iter().any(|redirect| site.raw(redirect.range).contains("<<-"));
    let lines = text.lines().map(|line| if strips { line.trim_start_matches('\t') } else { line });
    let words: Vec<String> = lines.map(|line| format!("\"{line}\"")).collect();
    Ok(format!("printf '%s\\n' {} {to}", words.join(" ")))
}

/// A variable that the RUN sets for itself has no value elsewhere.
fn check_variables(site: &Site<'_>, pieces: &[Piece]) -> Result<(), Refused> {
    let all = site.shell.script.variables();
    let inside = all.iter().filter(|used| {
        pieces.iter().any(|piece| {
            piece.range.contains_range(used.range) || piece.body.is_some_and(|body| body.contains_range(used.range))
        })
    });
    let used: BTreeSet<&str> = inside.map(|used| used.variable.name.as_str()).collect();
    let commands = site.run.commands();
    let mut set = commands.flat_map(|command| {
        let exported =
            command.words.iter().filter_map(|word| word.lossy().split_once('=').map(|(name, _)| name.to_owned()));
        let assigned = command.assignments.iter().map(|one| one.name.clone());
        assigned.chain(exported.filter(|_| matches!(command.name().as_deref(), Some("export" | "local" | "readonly"))))
    });
    match set.find(|name| used.contains(name.as_str())) {
        Some(name) if site.path.is_none() || name != site.name => {
            Err(Refused::because(format!("makes it of `{name}`, which it sets itself")))
        }
        _ => Ok(()),
    }
}

/// One blank for each row of them outside quotes.
pub(super) fn single_spaced(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let (mut quote, mut escaped, mut after_blank) = (None, false, false);
    for char in text.chars() {
        let blank = quote.is_none() && !escaped && matches!(char, ' ' | '\t');
        if std::mem::replace(&mut after_blank, blank) && blank {
            continue;
        }
        match (quote, char) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (None, '"' | '\'') => quote = Some(char),
            (Some(open), _) if open == char => quote = None,
            _ => {}
        }
        result.push(if blank { ' ' } else { char });
    }
    result
}

#[cfg(test)]
mod tests {
    use super::single_spaced;

    #[test]
    fn blanks_in_quotes_stay() {
        assert_eq!(single_spaced("a   \"b   c\"  'd  e'   \\  f"), "a \"b   c\" 'd  e' \\  f");
    }
}
