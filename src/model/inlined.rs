//! Where the code of a project has a tool write a variable's value into what it builds.

use std::sync::LazyLock;

use camino::Utf8PathBuf;
use regex::Regex;

use crate::source::{Source, TextRange, range};

use super::reading::Reader;
use super::run::mention_offsets;

/// A place that names a variable whose value is then in what is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inlined {
    /// The file.
    pub file: Utf8PathBuf,
    /// The name in it.
    pub place: TextRange,
    /// The tool that reads the file.
    pub by: InlinedBy,
}

/// Who writes the value into what is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InlinedBy {
    /// The Rust compiler: `env!("NAME")` is the text (doc.rust-lang.org/std/macro.env.html).
    Rust,
    /// A bundler, whose configuration has it put into code that browsers load.
    Bundler,
}

/// The beginnings of names of bundlers' configurations (their documentation: Vite, webpack, Rollup, Next.js, Nuxt, Vue CLI, Astro).
const CONFIGURATIONS: [&str; 9] = [
    "vite.config.",
    "webpack.",
    "rollup.config.",
    "rspack.config.",
    "rsbuild.config.",
    "next.config.",
    "nuxt.config.",
    "vue.config.",
    "astro.config.",
];

/// What begins a list of texts that go into the code: Vite's `define`, webpack's plugins, Next.js' `env`, Nuxt's `public`.
static LISTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?:define\s*:|DefinePlugin\s*\(|EnvironmentPlugin\s*\(|env\s*:|publicRuntimeConfig\s*:|public\s*:)\s*[\[{(]").ok()
});

/// A macro of Rust up to the name in it.
static MACRO: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"\b(?:option_)?env!\s*\(\s*"$"#).ok());

impl Reader<'_> {
    /// The places below the folder of the Dockerfile that put the value of the variable `name` into what is built.
    #[must_use]
    pub fn inlined(&self, name: &str) -> Vec<Inlined> {
        let own = self.naming(name).into_iter().filter(|source| source.path().starts_with(self.home()));
        own.flat_map(|source| inlined_in(source, name)).collect()
    }
}

fn inlined_in(source: &Source, name: &str) -> Option<Inlined> {
    let (text, file) = (source.text(), source.path().file_name().unwrap_or(""));
    let is_configuration = CONFIGURATIONS.iter().any(|begin| file.starts_with(begin));
    let by = match source.path().extension() {
        Some("rs") => InlinedBy::Rust,
        Some("js" | "mjs" | "cjs" | "ts" | "mts" | "cts") if is_configuration => InlinedBy::Bundler,
        _ => return None,
    };
    let lists = if by == InlinedBy::Bundler { lists(text) } else { Vec::new() };
    let is_inlined = |at: &usize| match by {
        InlinedBy::Rust => {
            MACRO.as_ref().is_some_and(|found| text.get(..*at).is_some_and(|before| found.is_match(before)))
        }
        InlinedBy::Bundler => lists.iter().any(|list| list.contains(at)),
    };
    let at = mention_offsets(text, name).find(is_inlined)?;
    Some(Inlined { file: source.path().to_owned(), place: range(at, at + name.len()), by })
}

/// The bytes of each list of [`LISTS`], up to the bracket that closes it.
fn lists(text: &str) -> Vec<std::ops::Range<usize>> {
    let begins = LISTS.iter().flat_map(|lists| lists.find_iter(text)).map(|found| found.end() - 1);
    let end = |start: usize| {
        let mut depth = 0_usize;
        let brackets = text.bytes().enumerate().skip(start).find(|(_, byte)| {
            match byte {
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                _ => return false,
            }
            depth == 0
        });
        brackets.map_or(text.len(), |(at, _)| at)
    };
    begins.map(|start| start..end(start)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> bool {
        inlined_in(&Source::new(path, text.as_bytes().to_vec()), "API_TOKEN").is_some()
    }

    #[test]
    fn lists_of_texts_for_the_code_are_told_from_options() {
        for (path, text) in [
            ("vite.config.js", "export default { define: { __T__: JSON.stringify(process.env.API_TOKEN) } }"),
            ("webpack.prod.js", "plugins: [new webpack.DefinePlugin({ 'T': JSON.stringify(process.env.API_TOKEN) })]"),
            ("webpack.config.js", "new webpack.EnvironmentPlugin([\n  'A',\n  'API_TOKEN',\n])"),
            ("next.config.mjs", "module.exports = { env: { T: process.env.API_TOKEN } }"),
            ("src/main.rs", "const T: &str = env!(\"API_TOKEN\");"),
            ("src/main.rs", "const T: Option<&str> = option_env!( \"API_TOKEN\" );"),
        ] {
            assert!(found(path, text), "{path}: {text}");
        }
        for (path, text) in [
            ("next.config.js", "withSentryConfig({ env: { A: 1 } }, { authToken: process.env.API_TOKEN })"),
            ("vite.config.ts", "plugins: [sentryVitePlugin({ authToken: process.env.API_TOKEN })], define: { A: '1' }"),
            ("server.js", "const define = { define: { T: process.env.API_TOKEN } }"),
            ("src/main.rs", "let t = std::env::var(\"API_TOKEN\");"),
        ] {
            assert!(!found(path, text), "{path}: {text}");
        }
    }
}
