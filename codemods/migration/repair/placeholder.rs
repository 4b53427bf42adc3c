//! `sed -i "s/PLACEHOLDER/$TOKEN/"` in a configuration that a tool reads: where the tool reads variables in it, the placeholder
//! becomes the reference and not the value. npm expands `${NAME}` in `.npmrc`, maven `${env.NAME}` in `settings.xml`
//! (experiment: npm 8, 10, 11; maven 3.8).

use crate::knowledge::files::{FileVerdict, classify_file};
use crate::knowledge::tools::{self, Reading};
use crate::model::{RestKind, effective_words};
use crate::source::Edit;
use crate::syntax::shell::Word;

use super::super::Migration;
use super::site::{Site, takes_backslash};
use super::{Refused, Repairs};

/// A file in which a tool reads variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Npm,
    Maven,
}

impl Host {
    fn of(path: &str) -> Option<Self> {
        match path.rsplit('/').next()? {
            ".npmrc" | "npmrc" => Some(Self::Npm),
            name if name.starts_with("settings") && name.ends_with(".xml") => Some(Self::Maven),
            _ => None,
        }
    }

    fn reference(self, name: &str) -> String {
        match self {
            Self::Npm => format!("${{{name}}}"),
            Self::Maven => format!("${{env.{name}}}"),
        }
    }

    /// Whether a text that stands in place of the value at `at` in `line` is all or a part of one.
    fn is_value(self, line: &str, at: usize) -> bool {
        let before = line.get(..at).unwrap_or("");
        match self {
            Self::Npm => before.contains('=') && !before.trim_start().starts_with(['#', ';']),
            Self::Maven => before.rsplit('<').next().is_some_and(|tag| tag.contains('>')),
        }
    }
}

impl<'m> Migration<'m> {
    /// Puts a reference in the place of a placeholder; `None` where the command does not fill one in such a file.
    pub(super) fn fill_reference(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Option<Result<(), Refused>> {
        let RestKind::Tool { files, codemod: "written-credential", .. } = &site.kind else { return None };
        let [path] = files.as_slice() else { return None };
        let host = Host::of(path).filter(|_| site.program().as_deref() == Some("sed"))?;
        Some(self.write_placeholder(site, host, path, repairs))
    }

    fn write_placeholder(
        &self,
        site: &Site<'m>,
        host: Host,
        path: &str,
        repairs: &mut Repairs<'m>,
    ) -> Result<(), Refused> {
        let mut edits = Vec::new();
        for word in site.command().words.iter().filter(|word| site.is_in(word)) {
            let placeholder =
                placeholder(word).ok_or_else(|| Refused::because("what sed does there is not understood"))?;
            self.check_placeholder(host, path, &placeholder)?;
            edits.extend(references(site, word, &host.reference(&site.name))?);
        }
        let assigns = site.run.commands().any(|one| one.assignments.iter().any(|one| one.name == site.name));
        if edits.is_empty() || assigns {
            return Err(Refused::because(format!("it is made of `{}` by an earlier command", site.name)));
        }
        if let Some(copy) = self.copied_elsewhere(site.step, path) {
            let line = self.dockerfile.line_of(copy);
            return Err(Refused::because(format!("line {line} copies it to another stage")));
        }
        for step in self.later_runs(site.step).into_iter().filter(|step| self.reads_such_file(*step, path)) {
            repairs.reader(step, &site.name, "reads the reference that an earlier RUN wrote");
        }
        repairs.settled.push((site.step, site.index, site.command().range));
        repairs.edit(site.step, edits);
        Ok(())
    }

    /// Whether the file of the repository has the placeholder, and only where a value belongs.
    fn check_placeholder(&self, host: Host, path: &str, placeholder: &str) -> Result<(), Refused> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let lines = self.model.files_named(name).flat_map(|source| source.text().lines());
        let mut found =
            lines.flat_map(|line| line.match_indices(placeholder).map(move |(at, _)| (line, at))).peekable();
        let fits = found.peek().is_some() && found.all(|(line, at)| host.is_value(line, at));
        match fits {
            true => Ok(()),
            false => Err(Refused::because(format!("what stands around `{placeholder}` in `{name}` can't be told"))),
        }
    }

    fn reads_such_file(&self, step: usize, path: &str) -> bool {
        let FileVerdict::BuildInput(input) = classify_file(path) else { return true };
        self.run(step).is_none_or(|run| {
            let mut commands = run.commands().map(effective_words).filter(|words| !words.is_empty());
            commands.any(|words| tools::reads_file(&words, Some(&input)) != Reading::Never)
        })
    }
}

/// What `s/PLACEHOLDER/$NAME/g` replaces; `None` for another program of sed.
fn placeholder(word: &Word) -> Option<String> {
    let text = word.lossy();
    let rest = text.strip_prefix('s')?;
    let sign = rest.chars().next().filter(|sign| sign.is_ascii_punctuation() && *sign != '\\')?;
    let parts: Vec<&str> = rest.get(1..)?.split(sign).collect();
    let [pattern, replacement, flags] = parts.as_slice() else { return None };
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-@%#{}<>: ".contains(char);
    let literal = !pattern.is_empty() && pattern.chars().all(plain);
    (literal && matches!(*flags, "" | "g") && !replacement.contains(['&', '\\'])).then(|| (*pattern).to_owned())
}

fn references(site: &Site<'_>, word: &Word, reference: &str) -> Result<Vec<Edit>, Refused> {
    let uses = site.plain_uses(word)?;
    if !uses.iter().all(|part| takes_backslash(part)) {
        return Err(Refused::because("its quoting is not understood"));
    }
    uses.iter().map(|part| site.replace(part.range, &format!("\\{reference}"))).collect()
}
