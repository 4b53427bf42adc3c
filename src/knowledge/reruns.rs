//! Commands that have to run again for something new to come of them.

use std::sync::LazyLock;

use serde::Deserialize;

static TABLE: LazyLock<Table> = LazyLock::new(|| super::table(include_str!("reruns.toml")));

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Table {
    rerun: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    why: String,
    commands: Vec<Vec<String>>,
    #[serde(rename = "source")]
    _source: String,
}

/// What a command of these words does that a cached layer leaves out, as a verb phrase.
#[must_use]
pub fn depends_on_its_run(words: &[String]) -> Option<&'static str> {
    let fits = |pattern: &[String]| {
        let mut words = words.iter();
        pattern.iter().all(|wanted| words.any(|word| is_meant(wanted, word)))
    };
    let row = TABLE.rerun.iter().find(|row| row.commands.iter().any(|pattern| fits(pattern)))?;
    Some(&row.why)
}

fn is_meant(wanted: &str, word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    match (wanted.strip_prefix('*'), wanted.strip_suffix('*')) {
        (Some(end), _) => word.ends_with(end),
        (None, Some(start)) => word.starts_with(start),
        (None, None) => name == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known_by_their_words() -> Result<(), Box<dyn std::error::Error>> {
        let _: Table = crate::knowledge::check(include_str!("reruns.toml"))?;
        let why = |command: &str| depends_on_its_run(&command.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(why("npx prisma migrate deploy"), Some("changes a database"));
        assert_eq!(why("bundle exec rails db:migrate"), Some("changes a database"));
        assert_eq!(why("npm install @acme/ui@latest"), Some("takes the newest packages there are"));
        assert_eq!(why("npm ci"), None);
        assert_eq!(why("rails assets:precompile"), None);
        Ok(())
    }
}
