//! npm, pnpm and yarn 1 expand `${NAME}` in `.npmrc` when they read it (npm docs, "npmrc"; experiment: npm 8, 10, 11 and pnpm
//! 10.34, whose `config set` keeps the reference as it is), later versions of yarn `${NAME-}` in `.yarnrc.yml` (experiment: yarn
//! 4.6). So the file gets the reference, and the RUNs that read it the mount.
//!
//! yarn 1 keeps a token in `.yarnrc` and sends none that stands there (experiment: yarn 1.22.22). It reads `.npmrc`.

use crate::knowledge::images;
use crate::model::RestKind;
use crate::source::Edit;
use crate::syntax::dockerfile::Keyword;
use crate::syntax::shell::{Command, Word};

use super::super::Migration;
use super::site::{Site, takes_backslash};
use super::{Refused, Repairs};

/// A variable that the programs which read `.npmrc` are taken to read, by its name.
const READ_BY_NODE: &str = "NPM_TOKEN";

impl<'m> Migration<'m> {
    /// Writes the reference in the place of the value; `None` where the file is not one that npm reads.
    pub(super) fn refer(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Option<Result<(), Refused>> {
        let path = configuration(site)?;
        Some(match yarn_key(site) {
            Some(key) if key.contains("_auth") || key.contains(":_") => {
                let edits = in_npmrc(site, &key);
                repairs.assumptions.push(
                    "yarn is to send the token: it sends none that its version 1 keeps in .yarnrc, but one in ~/.npmrc"
                        .to_owned(),
                );
                edits.and_then(|edits| self.write_reference(site, "~/.npmrc", edits, repairs))
            }
            _ => references(site).and_then(|edits| self.write_reference(site, &path, edits, repairs)),
        })
    }

    fn write_reference(
        &self,
        site: &Site<'m>,
        path: &str,
        edits: Vec<Edit>,
        repairs: &mut Repairs<'m>,
    ) -> Result<(), Refused> {
        let assigns = |command: &Command| command.assignments.iter().any(|one| one.name == site.name);
        if site.run.commands().any(assigns) && !site.run.text.contains(&format!("export {}", site.name)) {
            if self.mounted.is_none() {
                return Err(Refused::because(format!("npm does not see `{}`, which is not exported", site.name)));
            }
            repairs.unfilled.entry(site.step).or_default();
        }
        if let Some(assumption) = self.check_start(site, path)? {
            repairs.assumptions.push(assumption);
        }
        let copy = self.copied_elsewhere(site.step, path).filter(|_| !self.is_removed_later(site.step, path));
        if let Some(copy) = copy {
            let line = self.dockerfile.line_of(copy);
            repairs
                .assumptions
                .push(format!("what reads `{path}` where line {line} copies it does without the secret"));
        }
        let later = self.later_readers(site.step, READ_BY_NODE);
        for step in later {
            repairs.reader(step, &site.name, "npm reads the reference that an earlier RUN wrote");
            let pnpm = self.runs(step, "pnpm");
            if pnpm && !path.starts_with('~') && !path.starts_with("/root") {
                repairs.assumptions.push(format!("pnpm reads references in `{path}`, as it does before version 12"));
            }
        }
        let bodies = site.command().redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
        let ranges = bodies.map(|body| body.range).chain([site.command().range]);
        repairs.settled.extend(ranges.map(|range| (site.step, site.index, range)));
        repairs.edit(site.step, edits);
        Ok(())
    }

    /// npm before 7 and yarn 1 stop at a reference to a variable that is not set, as it is in the container (experiment: npm 6,
    /// yarn 1.22). Node.js has npm 7 from version 15 on, and its official images have yarn 1. Returns what has to be taken for
    /// granted where the image does not say.
    fn check_start(&self, site: &Site<'m>, path: &str) -> Result<Option<String>, Refused> {
        if !self.is_shipped(site.step) || self.is_removed_later(site.step, path) || path.ends_with(".yml") {
            return Ok(None);
        }
        let starts = |keyword| matches!(keyword, Keyword::Cmd | Keyword::Entrypoint);
        let steps = self.dockerfile.steps.iter().filter(|step| starts(step.keyword));
        let texts = steps.map(|step| crate::source::slice(self.dockerfile.source.text(), step.outer.text_range()));
        let texts: Vec<&str> = texts.collect();
        let names = |program: &str| texts.iter().any(|text| crate::model::mentions(text, program));
        let node = self.dockerfile.base_image(site.step).and_then(images::node_version);
        let other_yarn = || {
            let mut runs = self.dockerfile.steps.iter().filter_map(|step| step.run.as_deref());
            runs.any(|run| run.mentions("corepack") || run.text.contains("yarn set version"))
        };
        let stops = |program: &str| {
            Err(Refused::because(format!(
                "{program} of the image stops at a reference to a variable that the container does not have"
            )))
        };
        let npm = names("npm") || names("npx");
        match node {
            Some(version) if npm && version < 15 => stops("npm"),
            Some(_) if names("yarn") && !other_yarn() => stops("yarn"),
            Some(_) if npm && !names("yarn") => Ok(None),
            _ if npm || names("yarn") || names("pnpm") => Ok(Some(format!(
                "what starts the container is not npm before version 7 or yarn 1, which stop at `${{{}}}` in `{path}`",
                site.name
            ))),
            _ => Ok(None),
        }
    }
}

/// The npm configuration that the command writes.
fn configuration(site: &Site<'_>) -> Option<String> {
    let named = |path: &String| {
        matches!(
            path.rsplit('/').next(),
            Some(".npmrc" | "npmrc" | "$NPM_CONFIG_USERCONFIG" | "${NPM_CONFIG_USERCONFIG}")
        )
    };
    match &site.kind {
        RestKind::File(path) => Some(path.clone()).filter(named),
        RestKind::Tool { files, codemod, .. } if *codemod == "written-credential" => {
            let copies = matches!(site.program().as_deref(), Some("echo" | "printf" | "cat"));
            files.first().filter(|path| copies && files.len() == 1 && named(path)).cloned()
        }
        RestKind::Tool { .. } if yarn_key(site).is_some() => {
            let home = site.command().words.iter().any(|word| matches!(word.lossy().as_str(), "-H" | "--home"));
            Some(if home { "~/.yarnrc.yml" } else { ".yarnrc.yml" }.to_owned())
        }
        RestKind::Tool { .. } => sets_configuration(site).then(|| "~/.npmrc".to_owned()),
        _ => None,
    }
}

fn sets_configuration(site: &Site<'_>) -> bool {
    let words: Vec<String> = site.words().into_iter().flatten().collect();
    let operands: Vec<&str> = words.iter().skip(1).map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let sets = matches!(operands.as_slice(), ["config", "set", ..] | ["set", ..]);
    sets && matches!(site.program().as_deref(), Some("npm" | "pnpm"))
}

/// The setting of `yarn config set KEY VALUE` that holds a credential.
fn yarn_key(site: &Site<'_>) -> Option<String> {
    let words: Vec<String> = site.words().into_iter().flatten().collect();
    let operands: Vec<&str> = words.iter().skip(1).map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let ["config", "set", key, _] = operands.as_slice() else { return None };
    let credential = ["_auth", ":_", "npmAuthToken", "npmAuthIdent"].iter().any(|part| key.contains(part));
    (site.program().as_deref() == Some("yarn") && credential).then(|| (*key).to_owned())
}

/// The line of an `.npmrc` in the place of `yarn config set KEY VALUE`.
fn in_npmrc(site: &Site<'_>, key: &str) -> Result<Vec<Edit>, Refused> {
    let word = site.command().words.last().filter(|word| site.is_in(word));
    let word = word.ok_or_else(|| Refused::because("its words are not understood"))?;
    site.plain_uses(word)?;
    let value = site.quoted(&word.parts).unwrap_or_default();
    let reference = format!("${{{}}}", site.name);
    if value.replace(&reference, "").contains(['$', '\\', '\'']) || key.contains(['$', '\'']) || value.is_empty() {
        return Err(Refused::because("its words are not understood"));
    }
    let text = format!("echo '{key}={value}' >> ~/.npmrc");
    Ok(vec![site.replace(site.command().range, &text)?])
}

/// How the configuration that is written refers to the variable.
fn reference_in(site: &Site<'_>) -> String {
    // Without a fallback every command of yarn stops where the variable is not set (experiment: yarn 4.6).
    let fallback = if yarn_key(site).is_some() { "-" } else { "" };
    format!("${{{}{fallback}}}", site.name)
}

fn references(site: &Site<'_>) -> Result<Vec<Edit>, Refused> {
    let command = site.command();
    let passes_on = |command: &Command| matches!(command.name().as_deref(), Some("tee" | "cat"));
    if site.context.pipeline.is_some_and(|(_, members)| members > 2) && !passes_on(command) {
        return Err(Refused::because("what the pipeline makes of the value is not known"));
    }
    let bodies = command.redirects.iter().filter_map(|redirect| redirect.heredoc.as_ref());
    let using = command.words.iter().chain(bodies).filter(|word| site.is_in(word));
    let mut edits = Vec::new();
    for word in using {
        let value_of_key = is_value(site, word);
        if !value_of_key {
            return Err(Refused::because(format!("`{}` is not the value of a setting there", site.name)));
        }
        edits.extend(referring(site, word)?);
    }
    if edits.is_empty() {
        return Err(Refused::because(format!("it is made of `{}` by an earlier command", site.name)));
    }
    Ok(edits)
}

/// Whether the variable stands behind `key=`: not where the value is a whole file.
fn is_value(site: &Site<'_>, word: &Word) -> bool {
    let text = word.lossy();
    let behind = |at: usize| text[..at].rsplit('\n').next().is_some_and(|line| line.contains('='));
    let variable = if site.path.is_some() { "$(…)".to_owned() } else { format!("${}", site.name) };
    let mut found = text.match_indices(&variable).peekable();
    let assigned = found.peek().is_some() && found.all(|(at, _)| behind(at));
    let formatted = site.command().words.iter().any(|word| word.lossy().contains("=%s"));
    assigned || formatted || matches!(site.kind, RestKind::Tool { codemod: "persisted-credential", .. })
}

/// The edits that make `word` hold the reference: the whole word in single quotes where that says the same, else a
/// backslash in front of the dollar.
fn referring(site: &Site<'_>, word: &Word) -> Result<Vec<Edit>, Refused> {
    let uses = site.plain_uses(word)?;
    let reference = reference_in(site);
    let is_heredoc = site.command().redirects.iter().any(|redirect| redirect.heredoc.as_ref() == Some(word));
    if !is_heredoc && let Some(text) = in_single_quotes(site, word, &reference) {
        return Ok(vec![site.replace(word.range, &text)?]);
    }
    if !uses.iter().all(|part| takes_backslash(part)) {
        return Err(Refused::because("its quoting is not understood"));
    }
    uses.iter().map(|part| site.replace(part.range, &format!("\\{reference}"))).collect()
}

fn in_single_quotes(site: &Site<'_>, word: &Word, reference: &str) -> Option<String> {
    let raw = site.raw(word.range);
    let (inner, offset) = match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => (inner, 1),
        None => (raw, 0),
    };
    let variables = word.parts.iter().filter(|part| !matches!(part.kind, crate::syntax::shell::PartKind::Text(_)));
    let variables: Vec<_> = variables.collect();
    let own = site.plain_uses(word).ok()?;
    if inner.contains(['"', '\'', '\\', '`', '~', '*', '?']) || variables.len() != own.len() {
        return None;
    }
    let mut text = inner.to_owned();
    for part in own.iter().rev() {
        let start = usize::from(part.range.start() - word.range.start()).checked_sub(offset)?;
        let end = usize::from(part.range.end() - word.range.start()).checked_sub(offset)?;
        text.get(start..end)?;
        text.replace_range(start..end, reference);
    }
    Some(format!("'{text}'"))
}
