//! How a text keeps values in a `.env` file: a script or a step writes it, a script reads it, a document shows it.

use camino::Utf8Path;

use crate::callers::location::resolve;
use crate::repository::is_document;

/// What a text does with `.env`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It writes the variable into the file, or everything.
    Writes,
    /// It reads the file, and exports nothing of it.
    Reads,
    /// It tells people to have the variable there.
    Shows,
}

/// The name of the file.
const FILE: &str = ".env";

/// What `text`, that of the file at `path`, does or may do with the variable `name` and the `.env` of `folder`.
pub(super) fn way(path: &Utf8Path, text: &str, name: &str, folder: &Utf8Path) -> Option<Way> {
    let text = text.replace("\\\n", " ");
    let text = Text { path, lines: text.lines().collect(), name, folder, runs_compose: text.contains("compose") };
    match () {
        () if text.writes() => Some(Way::Writes),
        () if text.reads() => Some(Way::Reads),
        () if text.shows() => Some(Way::Shows),
        () => None,
    }
}

/// A text that is asked.
struct Text<'t> {
    path: &'t Utf8Path,
    lines: Vec<&'t str>,
    name: &'t str,
    folder: &'t Utf8Path,
    /// Whether it says anything of Compose.
    runs_compose: bool,
}

impl<'t> Text<'t> {
    /// What stands in front of each path of the file in a line, without the quotes of the path.
    fn fronts(&self, line: &'t str) -> impl Iterator<Item = &'t str> {
        line.match_indices(FILE).filter_map(move |(at, _)| {
            let (before, behind) = (&line[..at], &line[at + FILE.len()..]);
            let is_part = |char: char| char.is_alphanumeric() || "_.-".contains(char);
            let ends = !behind.starts_with(is_part) || behind == "." || behind.starts_with(". ");
            let start = before.rfind(|char: char| char.is_whitespace() || "\"'`>|&;(=:".contains(char));
            let (front, folder) = before.split_at(start.map_or(0, |start| start + 1));
            let is_path = folder.is_empty() || folder.ends_with('/');
            (ends && is_path && self.is_folder(folder)).then(|| front.trim_end_matches(['"', '\'', ' ', '\t']))
        })
    }

    /// Whether `written` may be the folder of the Compose file: only a path without variables says that it is not.
    fn is_folder(&self, written: &str) -> bool {
        let open = written.starts_with(['/', '~']) || written.contains(['$', '{', '}', '%', ')']);
        let here = matches!(written, "" | "./");
        let of = |base: &Utf8Path| resolve(base, written).is_some_and(|path| path == self.folder);
        let own = self.path.parent().unwrap_or(Utf8Path::new(""));
        open || here || of(own) || of(Utf8Path::new("")) || self.folder.ends_with(written.trim_end_matches('/'))
    }

    fn writes(&self) -> bool {
        let action = format!("envkey_{}", self.name);
        let is_action = |line: &&str| line.trim_start().strip_prefix(&action).is_some_and(|rest| rest.starts_with(':'));
        let is_task = |front: &str| matches!(front.trim_start_matches(['-', ' ']), "dest:" | "path:");
        let mut lines = self.lines.iter().enumerate();
        self.lines.iter().any(is_action)
            || lines.any(|(index, line)| {
                self.fronts(line).any(|front| match written_by(front, line) {
                    Some(content) => self.is_written(content, index),
                    None => is_task(front) && self.lines.iter().any(|line| assigns(line, self.name)),
                })
            })
    }

    /// Whether `content`, which the line at `index` writes, has the variable, or may have it.
    fn is_written(&self, content: &str, index: usize) -> bool {
        let line = self.lines.get(index).copied().unwrap_or("");
        if let Some(delimiter) = line.split_once("<<").map(|(_, rest)| rest.trim_start_matches(['-', ' ', '"', '\''])) {
            let end = delimiter.split(|char: char| !char.is_alphanumeric() && char != '_').next().unwrap_or("");
            let body = self.lines.iter().skip(index + 1).take_while(|line| line.trim() != end);
            return body.into_iter().any(|line| assigns(line, self.name));
        }
        let prints = |line: &str| line.contains("echo ") || line.contains("printf ");
        match content.trim() {
            "" | ":" | "true" | "echo" => false,
            content if content.ends_with(['}', ')']) || content.ends_with("done") => {
                self.lines.iter().any(|line| prints(line) && assigns(line, self.name))
            }
            content if assigns(content, self.name) => true,
            // An example is another file, whose text is known.
            content if ["example", "sample", "template", "dist"].iter().any(|word| content.contains(word)) => false,
            content => self.runs_compose && !content.contains('='),
        }
    }

    fn reads(&self) -> bool {
        let directive = |word: &str| matches!(word, "source" | "include" | "-include" | "sinclude");
        let reads = |front: &str| {
            let mut words = front.split_whitespace().map(|word| word.trim_start_matches(['"', '\'', '@', '(', '{']));
            words.clone().any(directive) || words.next_back() == Some(".")
        };
        let all = |word: &str| word.len() > 1 && word.starts_with('-') && !word.starts_with("--") && word.contains('a');
        let exports = |line: &&str| {
            let mut words = line.split_whitespace().skip_while(|word| matches!(*word, "-" | "|"));
            match words.next() {
                Some("set") => line.contains("allexport") || words.any(all),
                Some("export") => {
                    words.clone().next().is_none() || [self.name, "$(", FILE].iter().any(|it| line.contains(it))
                }
                _ => false,
            }
        };
        self.runs_compose
            && self.lines.iter().any(|line| self.fronts(line).any(reads))
            && !self.lines.iter().flat_map(|line| line.split([';', '&'])).any(|part| exports(&part.trim()))
    }

    fn shows(&self) -> bool {
        let is_value = |line: &&str| {
            let value = line.trim().strip_prefix(self.name).and_then(|rest| rest.strip_prefix('='));
            value.is_some_and(|value| !value.contains(char::is_whitespace) || value.starts_with(['"', '\'', '<']))
        };
        is_document(self.path)
            && self.runs_compose
            && self.lines.iter().any(is_value)
            && self.lines.iter().any(|line| self.fronts(line).next().is_some())
    }
}

/// What is written into the file, where `front` stands before its path in `line` and says that it is.
fn written_by<'l>(front: &'l str, line: &'l str) -> Option<&'l str> {
    if let Some(content) = front.strip_suffix('>') {
        return Some(content.trim_end_matches(['>', '1']));
    }
    let mut words = front.split_whitespace().rev().skip_while(|word| word.starts_with('-'));
    if words.next() == Some("tee") {
        return front
            .rsplit_once("tee")
            .map(|(content, _)| content.trim_end_matches(['|', ' ']).trim_end_matches("sudo"));
    }
    let cmdlets = ["Out-File", "Set-Content", "Add-Content"];
    if cmdlets.iter().any(|cmdlet| line.contains(cmdlet)) {
        return Some(line);
    }
    let copies = front.rsplit([';', '&', '|']).next().unwrap_or("").trim_start_matches([' ', '\t', '-', '@']);
    (copies.starts_with("cp ") || copies.starts_with("mv ")).then_some(copies)
}

/// Whether `text` gives `name` a value in the form of a `.env` file.
fn assigns(text: &str, name: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_part)
            && !text[..at].ends_with("build-arg ")
            && text[at + name.len()..].starts_with('=')
    })
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::{Way, way};

    fn of(path: &str, text: &str) -> Option<Way> {
        way(path.into(), text, "NPM_TOKEN", Utf8Path::new("app"))
    }

    #[test]
    fn every_way_to_write_the_file() {
        for text in [
            "echo \"NPM_TOKEN=$(vault read x)\" > .env\ndocker compose build",
            "- run: echo \"NPM_TOKEN=${{ secrets.NPM_TOKEN }}\" >> app/.env",
            "printf 'NPM_TOKEN=%s\\n' \"$T\" | sudo tee -a \"$DIR/.env\"",
            "cat << EOF > .env\nA=1\nNPM_TOKEN=$T\nEOF\n",
            "cat > ./.env <<'END'\nNPM_TOKEN=x\nEND\n",
            "{\n  echo A=1\n  echo \"NPM_TOKEN=$T\"\n} > .env\n",
            "\"NPM_TOKEN=$t\" | Out-File .env",
            "docker-compose up\ncp \"$DOTENV_FILE\" .env",
            "base64 -d secret > .env && docker compose build",
            "uses: SpicyPizza/create-envfile@v2\nwith:\n  envkey_NPM_TOKEN: ${{ secrets.NPM_TOKEN }}",
            "copy:\n  dest: /srv/app/.env\n  content: NPM_TOKEN={{ npm_token }}",
        ] {
            assert_eq!(of("deploy.sh", text), Some(Way::Writes), "{text}");
        }
    }

    #[test]
    fn other_files_and_other_names_say_nothing() {
        for text in [
            "echo \"OTHER=1\" > .env\nNPM_TOKEN=$(x) docker compose build --build-arg NPM_TOKEN=y",
            "echo \"NPM_TOKEN=$T\" > web/.env\ndocker compose build",
            "echo \"NPM_TOKEN=$T\" > .env.test",
            "echo \"NPM_TOKEN=$T\" >> $GITHUB_ENV\ncp .env.example .env\ndocker compose build",
            "cat <<EOF > .env\nA=1\nEOF\nNPM_TOKEN=1\n",
            "> .env\ndocker compose build",
            "cat .env\ndocker run --env-file .env x\ndocker compose build",
            "set -a\nsource .env\nset +a\ndocker compose build",
            "include .env\nexport\nb:\n\tdocker compose build",
            "include .env\nexport $(shell sed 's/=.*//' .env)\nb:\n\tdocker compose build",
            ". ./.env\nexport NPM_TOKEN\ndocker compose build",
            ". ./.env\n./entry",
        ] {
            assert_eq!(of("deploy.sh", text), None, "{text}");
        }
        assert_eq!(of("README.md", "Fill `.env`.\n\n    NPM_TOKEN=x docker compose build\n"), None);
    }

    #[test]
    fn what_is_read_or_shown_is_kept_there() {
        for text in [
            "source .env\ndocker compose build",
            "-include .env\nb:\n\tdocker-compose up",
            ". ./.env; docker compose up",
        ] {
            assert_eq!(of("x", text), Some(Way::Reads), "{text}");
        }
        let shown = "Create a `.env` file:\n\n```\nNPM_TOKEN=your-token\n```\n\nThen `docker compose up`.";
        assert_eq!(of("README.md", shown), Some(Way::Shows));
    }
}
