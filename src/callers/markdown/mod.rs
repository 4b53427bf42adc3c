//! Markdown: the commands that a README tells people to type.
//!
//! A code block is a script that runs in the document's folder or one above it. A value that is written out is a
//! placeholder there, so the new line reads the variable of the argument's name.

mod block;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::location::upwards;
use super::shell::{self, Site};
use super::sieve::may_build;
use super::{Build, Caller, Format, Offer, Refusal, Request, Rewrite, Surroundings};
use crate::source::{Source, range};
use crate::syntax::shell::Dialect;
use crate::syntax::view::View;
use block::Block;

/// Markdown documents.
#[derive(Debug, Clone, Copy, Default)]
pub struct Markdown;

impl Caller for Markdown {
    fn format(&self) -> Format {
        Format::Markdown
    }

    fn recognises(&self, path: &Utf8Path) -> bool {
        path.extension().is_some_and(|extension| {
            ["md", "markdown", "mdx", "mdown", "mkd"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        })
    }

    fn builds(&self, source: &Source, around: &dyn Surroundings) -> Vec<Build> {
        shell::builds_in(&sites(source), around)
    }

    fn pass_secrets(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        requests: &[Request],
    ) -> Result<Rewrite, Refusal> {
        shell::pass_secrets_in(&sites(source), around, build, requests).map(|passed| passed.rewrite)
    }

    fn offer(
        &self,
        source: &Source,
        around: &dyn Surroundings,
        build: &Build,
        offers: &[Offer],
    ) -> Result<Rewrite, Refusal> {
        shell::offer_in(&sites(source), around, build, offers)
    }
}

/// Every code block and code span that a shell could read.
fn sites(source: &Source) -> Vec<Site<'_>> {
    let text = source.text();
    if !may_build(text) {
        return Vec::new();
    }
    let mut sites = Vec::new();
    let mut block: Option<Block> = None;
    for (event, at) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => block = is_shell(&kind).then(Block::default),
            Event::Text(_) => {
                if let Some(block) = &mut block {
                    block.push(text, range(at.start, at.end));
                }
            }
            Event::End(TagEnd::CodeBlock) => sites.extend(block.take().map(|block| site(source, block.view(text)))),
            Event::Code(code) if code.contains("--build-arg") || code.contains("--secret") => {
                let mut span = Block::default();
                let inner = text.get(at.clone()).unwrap_or("");
                let start = at.start + (inner.len() - inner.trim_start_matches(['`', ' ']).len());
                let end = at.end - (inner.len() - inner.trim_end_matches(['`', ' ']).len());
                span.push(text, range(start, end));
                sites.push(site(source, span.view(text)));
            }
            _ => {}
        }
    }
    sites
}

/// Whether a block is, or may be, commands: by the word behind its fence.
fn is_shell(kind: &CodeBlockKind<'_>) -> bool {
    let CodeBlockKind::Fenced(info) = kind else { return true };
    let language = info.split(|char: char| !char.is_ascii_alphanumeric() && char != '-').next().unwrap_or("");
    matches!(
        language.to_ascii_lowercase().as_str(),
        "" | "sh"
            | "bash"
            | "shell"
            | "zsh"
            | "ksh"
            | "console"
            | "shell-session"
            | "sh-session"
            | "shellsession"
            | "terminal"
            | "text"
            | "txt"
            | "plaintext"
            | "cli"
            | "docker"
            | "bash-session"
            | "command"
    )
}

fn site(source: &Source, view: View) -> Site<'_> {
    Site {
        format: Format::Markdown,
        file: source.path(),
        text: source.text(),
        view: Rc::new(view),
        dialect: Dialect::Bash,
        directories: upwards(source.path().parent().unwrap_or(Utf8Path::new(""))),
        checkout: Utf8PathBuf::new(),
        folders: Vec::new(),
        foreign: BTreeMap::new(),
        environment: BTreeMap::new(),
        classic: None,
        release: None,
        options_only: false,
        documentation: true,
    }
}
