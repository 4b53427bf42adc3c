//! How programs write files.

use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rules {
    write: Vec<Rule>,
}

/// One row of `writing.toml`, which explains the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    calls: Vec<String>,
    #[serde(default)]
    modes: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| super::table(include_str!("writing.toml")));

/// Where a program's text first writes a file, as far as words tell: the byte at which the call begins.
#[must_use]
pub fn writes_file(text: &str) -> Option<usize> {
    let is_mode = |quoted: &str| RULES.write.iter().any(|rule| rule.modes.iter().any(|mode| mode == quoted));
    let opened = text.match_indices("open").filter(|(at, open)| {
        let behind = text.get(at + open.len()..).and_then(|behind| behind.lines().next()).unwrap_or("");
        let calls = behind.starts_with('(') || (behind.starts_with(' ') && !behind.trim_start().starts_with('='));
        calls && behind.split(['"', '\'']).skip(1).step_by(2).any(is_mode)
    });
    let called = RULES.write.iter().flat_map(|rule| &rule.calls).filter_map(|call| text.find(call));
    opened.map(|(at, _)| at).chain(called).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() -> Result<(), Box<dyn std::error::Error>> {
        crate::knowledge::check::<Rules>(include_str!("writing.toml"))?;
        Ok(())
    }

    #[test]
    fn a_program_that_writes_is_told_from_one_that_reads() {
        for text in [
            "open('/etc/x', 'w').write(t)",
            "with open(path, mode=\"a\") as f:",
            "fs.writeFileSync('/x', process.env.T)",
            "File.open('x', 'w+') { }",
            "open my $f, '>', 'x';",
            "Path('x').write_text(t)",
        ] {
            assert!(writes_file(text).is_some(), "{text}");
        }
        for text in ["open('conf').read()", "open('conf', 'rb')", "is_open = 'w'", "fs.readFileSync('x')", "print('w')"]
        {
            assert_eq!(writes_file(text), None, "{text}");
        }
    }
}
