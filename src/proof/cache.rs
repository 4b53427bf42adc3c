//! Which entries of the build cache are those of a run.
//!
//! BuildKit does not say which build made an entry; it describes it. A step with files is described by the name that the
//! output of the build gives it, a command by its words, and what was sent by `local source for context` or `dockerfile`
//! (`solver/llbsolver/ops`, `solver/llbsolver/mounts`, `source/local`; experiments with BuildKit 0.25).

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

/// How a shell is called where the Dockerfile says nothing else.
const SHELL: &str = "/bin/sh -c ";

/// An entry as `docker buildx du --format json` tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entry {
    /// What the entry is called.
    #[serde(rename = "ID")]
    pub id: String,
    /// What made it.
    #[serde(default)]
    pub description: String,
}

/// The entries in the output of `docker buildx du --format json`.
pub(super) fn entries(listed: &str) -> impl Iterator<Item = Entry> {
    listed.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// What the builds of a run did.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// The steps by the names that the output has.
    names: BTreeSet<String>,
    /// The commands, their words joined by blanks.
    commands: BTreeSet<String>,
}

impl Steps {
    /// Takes in what the output of a build says, as far as it got.
    pub(super) fn read_log(&mut self, log: &str) {
        for line in log.lines() {
            let Some((number, name)) = line.strip_prefix('#').and_then(|rest| rest.split_once(' ')) else { continue };
            let is_step = number.bytes().all(|byte| byte.is_ascii_digit()) && name.starts_with('[');
            if !is_step || name.starts_with("[internal]") {
                continue;
            }
            self.commands.extend(name.split_once("] RUN ").map(|(_, text)| command(text)));
            self.names.insert(name.to_owned());
        }
    }

    /// Takes in the commands of a build's provenance. The names in the output have the variables filled in.
    pub(super) fn read_record(&mut self, provenance: &Value) {
        let steps = provenance.pointer("/buildConfig/llbDefinition").and_then(Value::as_array);
        let words = |step: &Value| -> Option<String> {
            let words = step.pointer("/op/Op/exec/meta/args")?.as_array()?.iter();
            Some(words.filter_map(Value::as_str).collect::<Vec<_>>().join(" "))
        };
        self.commands.extend(steps.into_iter().flatten().filter_map(words));
    }

    /// Whether the entry with this description comes from one of the steps. What was sent to a build looks the same for
    /// all builds; it counts, because it holds the copies of the repository.
    pub(super) fn made(&self, description: &str) -> bool {
        let ran = description.split_once(" from exec ").map(|(_, command)| {
            // A cache mount is described with its id behind the command.
            let command = command.rsplit_once(" with id \"").map_or(command, |(command, _)| command);
            self.commands.contains(command)
        });
        ran.unwrap_or_else(|| description.starts_with("local source for ") || self.names.contains(description))
    }
}

/// The words of a `RUN`, from the text behind the keyword as the output shows it.
fn command(mut text: &str) -> String {
    while let Some((_, rest)) = text.split_once(' ').filter(|(flag, _)| flag.starts_with("--")) {
        text = rest.trim_start();
    }
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) => words.join(" "),
        Err(_) => format!("{SHELL}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As BuildKit 0.25 prints it.
    const LOG: &str = "#1 [internal] load build definition from Dockerfile\n#7 [build 3/6] COPY a.txt .\n#7 DONE 0.0s\n\
                       #8 [build 4/6] RUN --mount=type=cache,target=/c echo \"1\" > x\n#8 0.1 [1/1] RUN other\n\
                       #9 [build 5/6] RUN [\"npm\", \"ci\"]\n";

    #[test]
    fn the_steps_of_a_build_are_told_by_their_descriptions() {
        let mut steps = Steps::default();
        steps.read_log(LOG);
        let args = json!(["/bin/sh", "-c", "echo \"$VAL\" > x"]);
        steps.read_record(&json!({"buildConfig": {"llbDefinition": [
            {"op": {"Op": {"source": {}}}}, {"op": {"Op": {"exec": {"meta": {"args": args}}}}},
        ]}}));
        for own in [
            "[build 3/6] COPY a.txt .",
            "mount / from exec /bin/sh -c echo \"1\" > x",
            "mount / from exec /bin/sh -c echo \"$VAL\" > x",
            "cached mount /c from exec /bin/sh -c echo \"$VAL\" > x with id \"//c\"",
            "mount / from exec npm ci",
            "local source for context",
        ] {
            assert!(steps.made(own), "{own}");
        }
        for other in [
            "[3/6] COPY a.txt .",
            "mount / from exec /bin/sh -c other",
            "mount / from exec /bin/sh -c echo \"2\" > x",
            "pulled from images.example.com/base",
            "[internal] load build definition from Dockerfile",
            "",
        ] {
            assert!(!steps.made(other), "{other}");
        }
    }

    #[test]
    fn entries_are_read_from_lines() {
        let listed = "{\"ID\":\"a\",\"Description\":\"d\",\"Size\":\"0B\"}\nnothing\n{\"ID\":\"b\"}\n";
        let read: Vec<_> = entries(listed).map(|entry| (entry.id, entry.description)).collect();
        assert_eq!(read, [("a".to_owned(), "d".to_owned()), ("b".to_owned(), String::new())]);
    }
}
