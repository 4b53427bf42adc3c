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
use super::windows::{self, Windows};
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
        let passed = shell::pass_secrets_in(&sites(source), around, build, requests)?;
        match passed.provide.first() {
            None => Ok(passed.rewrite),
            // A variable of PowerShell's or cmd's own, for which a statement would have to be put into the document.
            Some(provide) => Err(Refusal {
                reason: format!("`{}` is not in the environment of the command", provide.variable),
                range: build.range,
                instead: None,
            }),
        }
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
    let mut block: Option<(Option<Windows>, Block)> = None;
    for (event, at) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                block = language(&kind).map(|language| (language, Block::default()));
            }
            Event::Text(_) => {
                if let Some((_, block)) = &mut block {
                    block.push(text, range(at.start, at.end));
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((language, block)) = block.take() {
                    match language.or_else(|| block.windows(text)) {
                        Some(windows) => sites.extend(windows.sites_of_document(source, &block.alone(text))),
                        None => sites.push(site(source, block.view(text))),
                    }
                }
            }
            Event::Code(code) if code.contains("--build-arg") || code.contains("--secret") => {
                let mut span = Block::default();
                let inner = text.get(at.clone()).unwrap_or("");
                let start = at.start + (inner.len() - inner.trim_start_matches(['`', ' ']).len());
                let end = at.end - (inner.len() - inner.trim_end_matches(['`', ' ']).len());
                span.push(text, range(start, end));
                match span.windows(text) {
                    Some(windows) => sites.extend(windows.sites_of_document(source, &span.alone(text))),
                    None => sites.push(site(source, span.view(text))),
                }
            }
            _ => {}
        }
    }
    sites
}

/// The shell of a block that is, or may be, commands, by the word behind its fence; within it, the one of Windows that is
/// named.
fn language(kind: &CodeBlockKind<'_>) -> Option<Option<Windows>> {
    let CodeBlockKind::Fenced(info) = kind else { return Some(None) };
    let language = info.split(|char: char| !char.is_ascii_alphanumeric() && char != '-').next().unwrap_or("");
    match language.to_ascii_lowercase().as_str() {
        "powershell" | "pwsh" | "ps1" | "ps" | "posh" => Some(Some(windows::POWERSHELL)),
        "cmd" | "bat" | "batch" | "dos" => Some(Some(windows::BATCH)),
        other => is_shell(other).then_some(None),
    }
}

fn is_shell(language: &str) -> bool {
    matches!(
        language,
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
        sourced: false,
    }
}
