//! Credentials in instructions that no mount can serve.

use super::CODEMOD;
use super::in_words;
use super::places::{is_credential, is_secret, literals};
use crate::codemods::prelude::*;
use crate::config::Settings;
use crate::knowledge::values::{ValueVerdict, classify_value};
use crate::model::Step;
use crate::plan::FollowUp;
use crate::source::TextRange;
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::{self, Dialect};

pub(super) fn find<'m>(model: &'m Model, dockerfile: &'m Dockerfile) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let settings = model.settings(dockerfile);
    for step in &dockerfile.steps {
        let Some((place, what)) = credential(step, &settings) else { continue };
        let number = findings.len() + 1;
        findings.push(finding(model, dockerfile, step.keyword, place, &what, number));
    }
    findings
}

/// The first credential of a LABEL, CMD, ENTRYPOINT or HEALTHCHECK: where, and what it is.
fn credential(step: &Step, settings: &Settings) -> Option<(TextRange, String)> {
    match step.keyword {
        Keyword::Label => step.pairs.iter().find_map(|pair| {
            let value = pair.value.as_ref().filter(|value| value.variables.is_empty())?;
            Some((pair.key_range, shaped(&value.value).or_else(|| named(settings, &pair.key, &value.value))?))
        }),
        Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck => started(step, settings),
        _ => None,
    }
}

fn started(step: &Step, settings: &Settings) -> Option<(TextRange, String)> {
    let keyword = step.instruction.keyword_range();
    if let Some(strings) = step.instruction.json() {
        let words: Vec<String> = strings.into_iter().map(|string| string.value).collect();
        return in_words(&words, settings).into_iter().next().map(|literal| (keyword, literal.what));
    }
    in_shell(step.instruction.shell()?.text(), settings).map(|what| (keyword, what))
}

fn in_shell(text: &str, settings: &Settings) -> Option<String> {
    let script = shell::parse(text, Dialect::Posix);
    literals(text, &script, settings).into_iter().next().map(|literal| literal.what)
}

/// A label whose last part is the name of a secret: `com.example.token=…`.
fn named(settings: &Settings, key: &str, value: &str) -> Option<String> {
    let name = key.rsplit(['.', '/']).next().unwrap_or(key);
    let plain = name.eq_ignore_ascii_case("key");
    (!plain && is_secret(settings, &name.replace('-', "_")) && is_credential(value))
        .then(|| "the value of a secret".to_owned())
}

fn shaped(value: &str) -> Option<String> {
    match classify_value(value) {
        ValueVerdict::CredentialShaped { what } if what != "random-looking text" => Some(what),
        ValueVerdict::UrlWithCredentials(userinfo) if userinfo.variables().next().is_none() => {
            Some("a URL with a password".to_owned())
        }
        _ => None,
    }
}

fn finding<'m>(
    model: &'m Model,
    dockerfile: &'m Dockerfile,
    keyword: Keyword,
    place: TextRange,
    what: &str,
    number: usize,
) -> Finding {
    let word = format!("{keyword:?}").to_uppercase();
    let article = if keyword == Keyword::Entrypoint { "an" } else { "a" };
    let mut change = Change::new(model, dockerfile);
    let label = change.place(place, "here");
    change.obstruct("used-outside-run", format!("only a RUN can see a secret, and {word} is not one"), label);
    change.follow_up(FollowUp::Rotate(format!("{what} in `{}`", dockerfile.path())));
    let title = match keyword {
        Keyword::Label => "rotate it, and leave it out of the labels".to_owned(),
        _ => "rotate it, and give it to the container when it is started (`docker run --env-file`, a mounted file)"
            .to_owned(),
    };
    let (fix, notes) = change.finish(title);
    Finding {
        codemod: CODEMOD.id,
        severity: Severity::Error,
        dockerfile: dockerfile.path().to_owned(),
        subject: format!("{word} literal {number}"),
        title: format!("{what} is written out in {article} {word}"),
        primary: Label {
            file: dockerfile.path().to_owned(),
            range: place,
            text: "every image and container shows it".to_owned(),
        },
        labels: Vec::new(),
        notes,
        fix,
    }
}
