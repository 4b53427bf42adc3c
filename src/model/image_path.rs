//! Paths inside an image, as the builder works them out: `WORKDIR`, variables, the destination of a `COPY`.

use std::collections::BTreeSet;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::knowledge::files::{FileVerdict, classify_file};
use crate::knowledge::images;
use crate::syntax::dockerfile::{Keyword, Word};

use super::copied::names_a_folder;
use super::{Dockerfile, Step};

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Anchor {
    /// At `/`.
    Root,
    /// In a working directory that can't be told: the base image's own, or one made of a variable. The number is that of
    /// the step that sets it.
    Unknown(usize),
}

/// A path in an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImagePath {
    anchor: Anchor,
    /// From the anchor, without `.` and `..`.
    path: Utf8PathBuf,
}

impl ImagePath {
    /// The path of `text` as seen from `/`.
    #[must_use]
    pub fn from_root(text: &str) -> Self {
        Self { anchor: Anchor::Root, path: Utf8PathBuf::new() }.join(text)
    }

    /// The path of `text` as seen from here.
    #[must_use]
    pub fn join(&self, text: &str) -> Self {
        let mut joined =
            if text.starts_with('/') { Self { anchor: Anchor::Root, path: Utf8PathBuf::new() } } else { self.clone() };
        for part in Utf8Path::new(text).components() {
            match part {
                Utf8Component::Normal(name) => joined.path.push(name),
                Utf8Component::ParentDir => {
                    joined.path.pop();
                }
                Utf8Component::CurDir | Utf8Component::RootDir | Utf8Component::Prefix(_) => {}
            }
        }
        joined
    }

    /// How a `--mount` of a RUN in `workdir` names it: absolute where that can be told, else from the working directory
    /// (BuildKit resolves a relative `target` like that: `dockerfile2llb/convert_secrets.go`, experiment).
    #[must_use]
    pub fn as_target(&self, workdir: &Self) -> Option<String> {
        match self.anchor {
            Anchor::Root => Some(format!("/{}", self.path)),
            Anchor::Unknown(_) => Some(self.below(workdir)?.to_string()),
        }
    }

    /// The rest of the path if it lies in `folder`; empty for the same path.
    #[must_use]
    pub fn below(&self, folder: &Self) -> Option<&Utf8Path> {
        (self.anchor == folder.anchor).then(|| self.path.strip_prefix(&folder.path).ok()).flatten()
    }

    /// The last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.path.file_name().unwrap_or("")
    }

    /// The path from the anchor.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The folder around it; itself at the top.
    #[must_use]
    pub fn parent(&self) -> Self {
        self.join("..")
    }

    /// Whether it is a folder by where it is: one of every base image, a home, or one that tools keep credentials in.
    #[must_use]
    pub fn is_usual_folder(&self) -> bool {
        self.is_in_every_image() || names_a_folder(self.file_name())
    }

    /// Whether every image has the folder: a directory of the system, or a home.
    #[must_use]
    pub fn is_in_every_image(&self) -> bool {
        let is_home = self.path.parent().is_some_and(|parent| parent == "home");
        self.is_absolute() && (DIRECTORIES.contains(&self.path.as_str()) || is_home)
    }

    /// Whether it begins at `/`.
    #[must_use]
    pub fn is_absolute(&self) -> bool {
        self.anchor == Anchor::Root
    }
}

/// Directories that every base image has.
const DIRECTORIES: [&str; 13] = [
    "",
    "root",
    "tmp",
    "etc",
    "opt",
    "srv",
    "usr",
    "usr/src",
    "usr/local",
    "usr/local/bin",
    "usr/local/etc",
    "var",
    "home",
];

/// How deep variables that are made of variables are followed.
const MOST_EXPANSIONS: usize = 6;

impl Dockerfile {
    /// The working directory of the step at `index`. `given` are the build arguments that builds set.
    #[must_use]
    pub fn workdir_at(&self, index: usize, given: &BTreeSet<String>) -> ImagePath {
        let before = self.numbered_before(index);
        let start = before.first().map_or(index, |(step, _)| *step);
        let base = self.base_image(index);
        let known = base.and_then(|image| if image == "scratch" { Some("/") } else { images::workdir(image) });
        let unknown = || ImagePath { anchor: Anchor::Unknown(start), path: Utf8PathBuf::new() };
        let mut workdir = known.map_or_else(unknown, ImagePath::from_root);
        for (at, step) in before.iter().filter(|(_, step)| step.keyword == Keyword::Workdir) {
            let words = step.instruction.words();
            let text = words.first().and_then(|word| self.expand(word, *at, given, 0));
            workdir = match text {
                Some(text) => workdir.join(&text),
                None => ImagePath { anchor: Anchor::Unknown(*at), path: Utf8PathBuf::new() },
            };
        }
        workdir
    }

    /// The value that the builder gives a variable at the step at `index`, where it can be told: from ENV, which wins, from
    /// the default of an ARG that no build sets (BuildKit `dockerfile2llb/convert.go`), or from the base image.
    #[must_use]
    pub fn variable_at(&self, index: usize, name: &str, given: &BTreeSet<String>) -> Option<String> {
        self.lookup(index, name, given, 0)
    }

    fn lookup(&self, index: usize, name: &str, given: &BTreeSet<String>, depth: usize) -> Option<String> {
        if depth > MOST_EXPANSIONS {
            return None;
        }
        let before = self.numbered_before(index);
        let value_in = |steps: &[(usize, &Step)], keyword: Keyword| {
            let mut of_kind = steps.iter().rev().filter(|(_, step)| step.keyword == keyword);
            of_kind.find_map(|(at, step)| {
                let pair = step.instruction.pairs().into_iter().rev().find(|pair| pair.key == name)?;
                Some((*at, pair.value))
            })
        };
        if let Some((at, value)) = value_in(&before, Keyword::Env) {
            return self.expand(&value?, at, given, depth + 1);
        }
        let Some((at, value)) = value_in(&before, Keyword::Arg) else {
            return self.base_image(index).and_then(|image| images::variable(image, name)).map(str::to_owned);
        };
        if given.contains(name) {
            return None;
        }
        if let Some(value) = value {
            return self.expand(&value, at, given, depth + 1);
        }
        let global: Vec<_> = self.steps.iter().enumerate().filter(|(_, step)| step.stage.is_none()).collect();
        let (_, value) = value_in(&global, Keyword::Arg)?;
        value.filter(|value| value.variables.is_empty()).map(|value| value.value)
    }

    /// The text that the builder makes of a word of the step at `index`; `None` where a variable in it can't be told. `given` are
    /// the build arguments that builds set.
    #[must_use]
    pub fn expanded(&self, word: &Word, index: usize, given: &BTreeSet<String>) -> Option<String> {
        self.expand(word, index, given, 0)
    }

    /// The image that the stage of the step at `index` rests on in the end, with the defaults of the arguments in it; `None`
    /// where one has none, or a build sets it: `given`.
    #[must_use]
    pub fn expanded_base_image(&self, index: usize, given: &BTreeSet<String>) -> Option<String> {
        let stage = *self.ancestry(self.steps.get(index)?.stage?).first()?;
        let from = self.stages.get(stage)?.from;
        let word = self.steps.get(from)?.instruction.words().into_iter().next()?;
        let arguments = || self.steps.iter().filter(|step| step.stage.is_none()).flat_map(|step| &step.pairs);
        let mut image = word.value.clone();
        for variable in &word.variables {
            let pair = arguments().find(|pair| pair.key == variable.name && !given.contains(&pair.key))?;
            let value =
                pair.value.as_ref().filter(|value| value.variables.is_empty() && variable.operator.is_none())?;
            image = image.replace(&format!("${{{}}}", pair.key), &value.value);
            image = image.replace(&format!("${}", pair.key), &value.value);
        }
        Some(image)
    }

    /// The text of a word at the step at `index`; `None` where a variable in it can't be told.
    pub(super) fn expand(&self, word: &Word, index: usize, given: &BTreeSet<String>, depth: usize) -> Option<String> {
        let mut text = word.value.clone();
        for variable in &word.variables {
            if variable.operator.is_some() {
                return None;
            }
            let value = self.lookup(index, &variable.name, given, depth)?;
            let (braced, bare) = (format!("${{{}}}", variable.name), format!("${}", variable.name));
            let written = if text.contains(&braced) { braced } else { bare };
            text = text.replacen(&written, &value, 1);
        }
        (!text.contains('$')).then_some(text)
    }

    /// The destination of the `COPY` or `ADD` at `index`, be it a folder or a file.
    ///
    /// # Errors
    /// Why that can't be told, as a clause.
    pub fn destination(&self, index: usize, given: &BTreeSet<String>) -> Result<ImagePath, String> {
        let words = self.steps.get(index).map(|step| step.instruction.words()).unwrap_or_default();
        let destination = words.last().ok_or("it has no destination")?;
        let text = self
            .expand(destination, index, given, 0)
            .ok_or_else(|| format!("`{}` holds a variable whose value can't be told", destination.value))?;
        Ok(self.workdir_at(index, given).join(&text))
    }

    /// Whether an instruction before the one at `index` puts something at `path` or below it; what commands write is not seen.
    #[must_use]
    pub fn is_filled_before(&self, index: usize, path: &ImagePath, given: &BTreeSet<String>) -> bool {
        self.numbered_before(index).into_iter().any(|(at, step)| match step.keyword {
            Keyword::Copy | Keyword::Add => {
                self.destination(at, given).map_or(true, |target| target.below(path).is_some())
            }
            Keyword::Workdir => {
                self.workdir_at(at + 1, given).below(path).is_some_and(|rest| !rest.as_str().is_empty())
            }
            _ => false,
        })
    }

    /// Where the `COPY` or `ADD` at `index` puts the file `name`, one of its sources.
    ///
    /// # Errors
    /// Why that can't be told, as a clause.
    pub fn landing(&self, index: usize, name: &str, given: &BTreeSet<String>) -> Result<ImagePath, String> {
        let words = self.steps.get(index).map(|step| step.instruction.words()).unwrap_or_default();
        self.landing_among(&words, index, name, given)
    }

    /// The same of an instruction whose `words` are known: one may have very many sources.
    pub(super) fn landing_among(
        &self,
        words: &[Word],
        index: usize,
        name: &str,
        given: &BTreeSet<String>,
    ) -> Result<ImagePath, String> {
        let Some((destination, sources)) = words.split_last() else { return Err("it has no destination".to_owned()) };
        let text = self
            .expand(destination, index, given, 0)
            .ok_or_else(|| format!("`{}` holds a variable whose value can't be told", destination.value))?;
        let workdir = self.workdir_at(index, given);
        let target = workdir.join(&text);
        let named = matches!(text.rsplit('/').next(), Some("" | "." | ".."));
        let known = self.numbered_before(index).into_iter().any(|(at, step)| {
            step.keyword == Keyword::Workdir && self.workdir_at(at + 1, given).below(&target).is_some()
        });
        let file = target.file_name();
        let at_home = matches!(classify_file(name), FileVerdict::BuildInput(input)
            if !input.belongs_at(target.path().as_str()) && input.belongs_at(target.join(name).path().as_str()));
        let is_folder = known || at_home || target.is_usual_folder();
        if sources.len() > 1 || named || names_a_folder(file) || (is_folder && file != name) {
            return Ok(target.join(name));
        }
        let speaks = matches!(classify_file(file), FileVerdict::BuildInput(_) | FileVerdict::Runtime { .. });
        match file == name || speaks || file.contains('.') {
            true => Ok(target),
            false => {
                Err(format!("whether `{text}` is a folder or the file can't be told (a folder is written `{text}/`)"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn landing(text: &str, step: usize) -> Result<String, String> {
        let dockerfile = Dockerfile::new(Source::new("Dockerfile", text.as_bytes().to_vec()));
        let none = BTreeSet::new();
        let workdir = dockerfile.workdir_at(step, &none);
        dockerfile.landing(step, ".npmrc", &none)?.as_target(&workdir).ok_or_else(|| "elsewhere".to_owned())
    }

    #[test]
    fn a_file_lands_where_the_builder_puts_it() {
        for (expected, text, step) in [
            ("/app/.npmrc", "FROM a\nWORKDIR /app\nCOPY .npmrc ./\n", 2),
            ("/app/.npmrc", "FROM a\nWORKDIR /app\nCOPY .npmrc .\n", 2),
            ("/app/web/.npmrc", "FROM a\nWORKDIR /app\nWORKDIR web\nCOPY .npmrc package.json .\n", 3),
            ("/root/.npmrc", "FROM a\nCOPY .npmrc /root/.npmrc\n", 1),
            ("/root/.npmrc", "FROM a\nCOPY .npmrc /root\n", 1),
            ("/home/.npmrc", "FROM a\nWORKDIR /home\nCOPY .npmrc .npmrc\n", 2),
            ("/home/node/.npmrc", "FROM a\nADD .npmrc /home/node\n", 1),
            ("/root/.ssh/.npmrc", "FROM a\nADD .npmrc /root/.ssh\n", 1),
            (".npmrc", "FROM a\nCOPY .npmrc ./\n", 1),
            ("/srv/x/.npmrc", "FROM a\nENV APP=/srv/x\nWORKDIR ${APP}\nCOPY .npmrc $APP/\n", 3),
            ("/x/.npmrc", "ARG D=/x\nFROM a\nARG D\nCOPY [\".npmrc\", \"$D/\"]\n", 3),
            (".npmrc", "FROM a\nWORKDIR $UNKNOWN\nCOPY .npmrc ./\n", 2),
            ("/go/.npmrc", "FROM golang:1.22\nCOPY .npmrc ./\n", 1),
            ("/root/.m2/.npmrc", "FROM maven:3\nCOPY .npmrc $MAVEN_CONFIG/\n", 1),
            ("/b/.npmrc", "FROM a AS x\nWORKDIR /b\nFROM x\nCOPY .npmrc ./\n", 3),
        ] {
            assert_eq!(landing(text, step).as_deref(), Ok(expected), "{text}");
        }
        let maven =
            Dockerfile::new(Source::new("Dockerfile", b"FROM a\nCOPY ci/settings.xml /opt/maven/conf\n".to_vec()));
        let landed = maven.landing(1, "settings.xml", &BTreeSet::new());
        assert_eq!(landed.map(|path| path.path().to_owned()).as_deref(), Ok("opt/maven/conf/settings.xml".into()));
        assert!(landing("FROM a\nCOPY .npmrc /app\n", 1).is_err());
        assert!(landing("FROM a\nCOPY .npmrc $X/\n", 1).is_err());
    }
}
