//! Scripts of the project that package managers run.

use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rules {
    lifecycle: Vec<Rule>,
}

/// One row of `lifecycle.toml`, which explains the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    tools: Vec<String>,
    verbs: Vec<String>,
    scripts: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| crate::knowledge::table(include_str!("lifecycle.toml")));

/// The names of the scripts that a package manager of this name runs with these words behind it, where `is_script` knows the
/// project's: `npm run build` runs `prebuild`, `build` and `postbuild` (documentation of npm, "Pre & Post Scripts").
#[must_use]
pub fn scripts_run(program: &str, words: &[&str], is_script: &dyn Fn(&str) -> bool) -> Vec<String> {
    let program = program.rsplit('/').next().unwrap_or(program);
    let mut operands = words.iter().filter(|word| !word.starts_with('-')).copied();
    let first = operands.clone().next().unwrap_or("");
    let verb = words.iter().position(|word| matches!(*word, "run" | "run-script"));
    let named = match verb {
        Some(at) => words.iter().skip(at + 1).find(|word| !word.starts_with('-')).copied(),
        None if program == "npm" => operands.find(|word| matches!(*word, "test" | "t" | "start" | "stop" | "restart")),
        None => operands.find(|word| is_script(word)),
    };
    let mut names: Vec<String> = match named {
        Some("t") => ["pretest", "test", "posttest"].map(str::to_owned).to_vec(),
        Some(name) => vec![format!("pre{name}"), name.to_owned(), format!("post{name}")],
        None => Vec::new(),
    };
    let rules = RULES.lifecycle.iter().filter(|rule| rule.tools.iter().any(|tool| tool == program));
    let rules = rules.filter(|rule| verb.is_none() && rule.verbs.iter().any(|verb| verb == first));
    names.extend(rules.flat_map(|rule| rule.scripts.iter().cloned()));
    names.retain(|name| is_script(name));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() -> Result<(), Box<dyn std::error::Error>> {
        crate::knowledge::check::<Rules>(include_str!("lifecycle.toml"))?;
        Ok(())
    }

    #[test]
    fn scripts_are_run_by_name_and_by_installations() {
        let known = ["build", "prebuild", "postinstall", "setup", "test"];
        let run = |program: &str, words: &[&str]| scripts_run(program, words, &|name| known.contains(&name));
        assert_eq!(run("npm", &["run", "build"]), ["prebuild", "build"]);
        assert_eq!(run("npm", &["--prefix", "web", "run", "setup"]), ["setup"]);
        assert_eq!(run("npm", &["ci", "--omit=dev"]), ["postinstall"]);
        assert_eq!(run("npm", &["t"]), ["test"]);
        assert_eq!(run("yarn", &["setup"]), ["setup"]);
        assert_eq!(run("yarn", &[]), ["postinstall"]);
        assert!(run("npm", &["audit"]).is_empty());
    }
}
