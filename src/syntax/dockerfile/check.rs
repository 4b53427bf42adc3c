//! What BuildKit refuses once a line is parsed (`frontend/dockerfile/instructions/parse.go`).

use super::Keyword;
use super::command::{Arguments, Command, PairSpans};
use super::lex::{duration, flags, heredoc, json};
use super::logical::Span;
use super::mount;

/// Which values a flag takes (`frontend/dockerfile/instructions/bflag.go`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FlagType {
    Boolean,
    Single,
    Repeated,
}

/// The sentence that says why BuildKit refuses `command`; `text` is the joined line.
pub(super) fn check(text: &str, command: &Command, escape: char) -> Result<(), String> {
    let Some(keyword) = command.keyword else {
        return Err(format!("'{}' is not an instruction", command.word.of(text)));
    };
    check_arguments(text, keyword, &command.arguments)?;
    let Some(known) = known_flags(text, keyword, &command.arguments) else { return Ok(()) };
    let mut seen: Vec<String> = Vec::new();
    for flag in &command.flags {
        let flag = flags::decode(flag.of(text), escape);
        let (name, value) = flag.parts();
        let Some((_, expected)) = known.iter().find(|(known, _)| *known == name) else {
            return Err(format!("{keyword} has no flag '--{name}'"));
        };
        if *expected != FlagType::Repeated && seen.iter().any(|seen| seen == name) {
            return Err(format!("the flag '--{name}' stands twice"));
        }
        check_flag(keyword, name, value, *expected)?;
        seen.push(name.to_owned());
    }
    Ok(())
}

fn check_arguments(text: &str, keyword: Keyword, arguments: &Arguments) -> Result<(), String> {
    match (keyword, arguments) {
        (Keyword::Run | Keyword::Cmd | Keyword::Entrypoint, _) => Ok(()),
        (Keyword::From, Arguments::Words(words)) => check_from(text, words),
        (Keyword::From, _) => Err("FROM requires one or three arguments".to_owned()),
        (Keyword::Add | Keyword::Copy, Arguments::Words(words)) => check_copy(text, keyword, words, false),
        (Keyword::Add | Keyword::Copy, Arguments::Json(words)) => check_copy(text, keyword, words, true),
        (Keyword::Shell, Arguments::Json(words)) if !words.is_empty() => Ok(()),
        (Keyword::Shell, _) => Err("SHELL requires a JSON array of at least one string".to_owned()),
        (Keyword::Volume, Arguments::Json(words)) => check_volume(text, words),
        (Keyword::Volume, Arguments::Words(words)) if words.iter().any(|word| word.of(text).trim().is_empty()) => {
            Err("a VOLUME can't be an empty string".to_owned())
        }
        (_, Arguments::None) => Err(format!("{keyword} requires an argument")),
        (_, Arguments::Pairs(pairs)) => check_pairs(keyword, pairs),
        (_, Arguments::Health(kind, command)) => check_health(kind.of(text), command),
        (_, Arguments::Trigger(inner)) => match inner.keyword {
            Some(inner @ (Keyword::Onbuild | Keyword::From | Keyword::Maintainer)) => {
                Err(format!("{inner} is not allowed behind ONBUILD"))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn check_from(text: &str, words: &[Span]) -> Result<(), String> {
    match words {
        [_] => Ok(()),
        [_, between, name] if between.of(text).eq_ignore_ascii_case("as") => check_stage_name(name.of(text)),
        _ => Err("FROM requires one or three arguments".to_owned()),
    }
}

fn check_stage_name(name: &str) -> Result<(), String> {
    let lower = name.to_lowercase();
    let mut chars = lower.chars();
    let valid = chars.next().is_some_and(|first| first.is_ascii_lowercase())
        && chars.all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '-' | '_' | '.'));
    if valid { Ok(()) } else { Err(format!("'{name}' can't be the name of a build stage")) }
}

fn check_copy(text: &str, keyword: Keyword, words: &[Span], json: bool) -> Result<(), String> {
    let Some((target, [_, ..])) = words.split_last() else {
        return Err(format!("{keyword} requires a source and a destination"));
    };
    if !json && heredoc::parse(target.of(text)).is_some() {
        return Err(format!("the destination of {keyword} can't be a heredoc"));
    }
    Ok(())
}

fn check_volume(text: &str, words: &[Span]) -> Result<(), String> {
    let blank = |word: &Span| json::decode(word.of(text)).iter().all(|(text, _)| text.trim().is_empty());
    match words {
        [] => Err("VOLUME requires an argument".to_owned()),
        words if words.iter().any(blank) => Err("a VOLUME can't be an empty string".to_owned()),
        _ => Ok(()),
    }
}

fn check_pairs(keyword: Keyword, pairs: &[PairSpans]) -> Result<(), String> {
    if pairs.is_empty() {
        return Err(format!("{keyword} requires an argument"));
    }
    if pairs.iter().any(|pair| pair.key.is_empty()) {
        return Err(format!("a name in {keyword} is blank"));
    }
    Ok(())
}

fn check_health(kind: &str, command: &Arguments) -> Result<(), String> {
    match (kind.to_ascii_uppercase().as_str(), command) {
        ("NONE", Arguments::None) => Ok(()),
        ("NONE", Arguments::Json(words)) if words.is_empty() => Ok(()),
        ("NONE", _) => Err("HEALTHCHECK NONE takes no arguments".to_owned()),
        ("CMD", Arguments::None) => Err("HEALTHCHECK CMD requires a command".to_owned()),
        ("CMD", Arguments::Json(words)) if words.is_empty() => Err("HEALTHCHECK CMD requires a command".to_owned()),
        ("CMD", _) => Ok(()),
        _ => Err(format!("HEALTHCHECK has no type '{kind}'")),
    }
}

/// The flags of an instruction; `None` where BuildKit does not look at them.
fn known_flags(text: &str, keyword: Keyword, arguments: &Arguments) -> Option<&'static [(&'static str, FlagType)]> {
    use FlagType::{Boolean, Repeated, Single};
    Some(match keyword {
        Keyword::Arg | Keyword::Stopsignal => return None,
        Keyword::Healthcheck => match arguments {
            Arguments::Health(kind, _) if kind.of(text).eq_ignore_ascii_case("none") => return None,
            _ => &[
                ("interval", Single),
                ("timeout", Single),
                ("start-period", Single),
                ("start-interval", Single),
                ("retries", Single),
            ],
        },
        Keyword::From => &[("platform", Single)],
        Keyword::Run => &[("mount", Repeated), ("network", Single), ("security", Single), ("device", Repeated)],
        Keyword::Copy => &[
            ("chown", Single),
            ("from", Single),
            ("chmod", Single),
            ("link", Boolean),
            ("exclude", Repeated),
            ("parents", Boolean),
        ],
        Keyword::Add => &[
            ("chown", Single),
            ("chmod", Single),
            ("link", Boolean),
            ("keep-git-dir", Boolean),
            ("checksum", Single),
            ("unpack", Boolean),
            ("exclude", Repeated),
        ],
        _ => &[],
    })
}

fn check_flag(keyword: Keyword, name: &str, value: Option<&str>, expected: FlagType) -> Result<(), String> {
    if expected == FlagType::Boolean {
        return match value.map(str::to_ascii_lowercase).as_deref() {
            None | Some("true" | "false") => Ok(()),
            Some(_) => Err(format!("the flag '--{name}' must be true or false")),
        };
    }
    let Some(value) = value else { return Err(format!("the flag '--{name}' has no value")) };
    let valid = match (keyword, name) {
        (Keyword::Run, "mount") => return mount::check(value),
        (Keyword::Run, "device") => return mount::check_device(value),
        (Keyword::Run, "network") => matches!(value, "default" | "none" | "host"),
        (Keyword::Run, "security") => matches!(value, "insecure" | "sandbox"),
        (Keyword::Healthcheck, "retries") => value.is_empty() || value.parse::<i32>().is_ok_and(|count| count >= 0),
        (Keyword::Healthcheck, _) => value.is_empty() || is_interval(value),
        _ => true,
    };
    if valid { Ok(()) } else { Err(format!("'{value}' is not valid for the flag '--{name}'")) }
}

/// Zero, or at least a millisecond.
fn is_interval(value: &str) -> bool {
    duration::nanoseconds(value).is_some_and(|length| length == 0.0 || length >= 1e6)
}
