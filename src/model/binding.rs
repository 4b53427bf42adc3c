use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use regex::Regex;

use crate::callers::{Build, Dockerfiles, Whereabouts, recognised};
use crate::repository::is_document;
use crate::source::{Source, TextRange, range};

use super::{Dockerfile, Model, mentions};

/// How sure it is that a build is of a Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// The build names it.
    Named,
    /// The build can't be told apart, but no other Dockerfile of the repository could be meant.
    OnlyCandidate,
    /// It is one of several Dockerfiles that the build may be of, or of all of them.
    OneOfSeveral,
}

/// A build of a Dockerfile.
#[derive(Debug, Clone, Copy)]
pub struct BoundBuild<'m> {
    /// The build.
    pub build: &'m Build,
    /// How sure that is.
    pub binding: Binding,
}

/// A place that passes a build argument, as it seems, in a file or a way that no caller understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The file.
    pub file: Utf8PathBuf,
    /// The name of the build argument there.
    pub range: TextRange,
    /// Whether it is only a comment or prose, which builds nothing.
    pub prose: bool,
}

impl Model {
    /// The builds that are, or may be, of `dockerfile`.
    #[must_use]
    pub fn bound_builds(&self, dockerfile: &Dockerfile) -> Vec<BoundBuild<'_>> {
        if let Some(foreign) = self.foreign_builds(dockerfile) {
            return foreign;
        }
        let bound = self.index.bound(dockerfile.path()).iter();
        bound.filter_map(|(at, binding)| Some(BoundBuild { build: self.builds.get(*at)?, binding: *binding })).collect()
    }

    /// Whether a build that may be of `dockerfile` has to go on passing the build argument `name`: it may also be of another
    /// Dockerfile that takes it, or of one that is not in the repository.
    #[must_use]
    pub fn is_needed_elsewhere(&self, dockerfile: &Dockerfile, bound: BoundBuild<'_>, name: &str) -> bool {
        let build = bound.build;
        match bound.binding {
            Binding::Named => false,
            Binding::OnlyCandidate => build.dockerfiles.absent().is_some(),
            Binding::OneOfSeveral => {
                build.dockerfiles.absent().is_some() || self.is_taken_by_others(dockerfile, build, name)
            }
        }
    }

    /// Whether another Dockerfile that `build` may be of takes the build argument `name`.
    fn is_taken_by_others(&self, dockerfile: &Dockerfile, build: &Build, name: &str) -> bool {
        let others = self.index.declaring(name).filter(|path| *path != dockerfile.path());
        let mut others = others.filter(|path| {
            let mut bound = self.index.bound(path).iter().filter_map(|(at, _)| self.builds.get(*at));
            bound.any(|other| other == build)
        });
        others.next().is_some_and(|path| {
            self.repository.recorder().note_file(path);
            true
        })
    }

    /// The builds that `file` writes down.
    pub fn builds_of_file(&self, file: &Utf8Path) -> impl Iterator<Item = &Build> {
        self.index.of_file(file).iter().filter_map(|at| self.builds.get(*at))
    }

    /// The builds of which the Dockerfile can't be told.
    pub fn unplaced_builds(&self) -> impl Iterator<Item = &Build> {
        self.index.unplaced().iter().filter_map(|at| self.builds.get(*at))
    }

    /// The builds near `dockerfile` that pass the build argument `name` to what lies at an address. Nothing in a repository says for
    /// certain what its own address is, so that may be the same Dockerfile.
    #[must_use]
    pub fn passed_to_an_address(&self, dockerfile: &Dockerfile, name: &str) -> Vec<(&Build, &str)> {
        let addressed = self.passed_elsewhere(dockerfile, name).filter_map(|(build, place)| match place {
            Whereabouts::Address(address) => Some((build, address.as_str())),
            _ => None,
        });
        addressed.collect()
    }

    /// The builds near `dockerfile` that pass the build argument `name` to what lies in a folder beside the repository's, with that
    /// folder. What the repository's own is called nothing in it says, so that may be the same Dockerfile; one that is known
    /// to be of another repository is none of them.
    #[must_use]
    pub fn passed_beside(&self, dockerfile: &Dockerfile, name: &str) -> Vec<(&Build, &str)> {
        let beside = self.passed_elsewhere(dockerfile, name).filter_map(|(build, place)| match place {
            Whereabouts::Beside(folder) if self.foreign_of(build).next().is_none() => Some((build, folder.as_str())),
            _ => None,
        });
        beside.collect()
    }

    fn passed_elsewhere(&self, dockerfile: &Dockerfile, name: &str) -> impl Iterator<Item = (&Build, &Whereabouts)> {
        let near = self.index.passing(&self.repository, dockerfile.path(), name).into_iter();
        let builds = near.flat_map(|source| self.builds_of_file(source.path()));
        let passing = builds.filter(move |build| build.arguments.iter().any(|given| given.name == name));
        let elsewhere = passing.filter(|build| build.dockerfiles == Dockerfiles::Elsewhere);
        elsewhere.filter_map(|build| Some((build, &build.outside.as_ref()?.repository)))
    }

    /// Where else the build argument `name` of `dockerfile` seems to be passed: near a word such as `build-arg`, and in no argument of
    /// a build that is understood.
    #[must_use]
    pub fn mentions(&self, dockerfile: &Dockerfile, name: &str) -> Vec<Mention> {
        let near = self.index.passing(&self.repository, dockerfile.path(), name).into_iter();
        near.flat_map(|source| self.mentions_in(source, name)).collect()
    }

    /// Where `file`, a file with builds, names the build argument `name` though none of its builds passes it in a way that
    /// is understood: what a build hands on unread may be made there. Comments are passed over.
    #[must_use]
    pub fn names_apart_from_arguments(&self, file: &Utf8Path, name: &str) -> Option<TextRange> {
        let text = self.repository.source(file)?.text();
        if self.builds_of_file(file).any(|build| build.arguments.iter().any(|given| given.name == name)) {
            return None;
        }
        occurrences(text, name).find(|at| !in_comment(text, *at))
    }

    fn mentions_in(&self, source: &Source, name: &str) -> Vec<Mention> {
        let text = source.text();
        let builds: Vec<&Build> = self.builds_of_file(source.path()).collect();
        let covered = |at: TextRange| {
            let mut understood = builds.iter().filter(|build| build.opaque.is_none());
            let mut arguments = builds.iter().flat_map(|build| &build.arguments);
            let mut secrets = builds.iter().flat_map(|build| &build.secrets);
            understood.any(|build| build.range.contains_range(at))
                || secrets.any(|passed| passed.range.contains_range(at))
                || arguments.any(|argument| argument.name == name && argument.range.contains_range(at))
        };
        let is_document = is_document(source.path());
        // An argument word of a build that is understood passes what that build passes, and nothing that stands around it.
        let understood = |at: TextRange| builds.iter().any(|b| b.opaque.is_none() && b.range.contains_range(at));
        occurrences(text, name)
            .filter(|at| passes_arguments(source, *at, understood) && !covered(*at))
            .map(|at| Mention { file: source.path().to_owned(), range: at, prose: is_document || in_comment(text, at) })
            .collect()
    }
}

impl Model {
    /// Where else `dockerfile` seems to be built, in a file or a way that no caller understands: a line that builds and
    /// does not name another Dockerfile.
    #[must_use]
    pub fn unread_builds(&self, dockerfile: &Dockerfile) -> Vec<Mention> {
        let building = self.index.building(&self.repository).values();
        let found = building.flat_map(|file| self.unread_builds_in(&file.0, &file.1, dockerfile));
        self.repository.recorder().unnoted(|| found.collect())
    }

    /// Those of them that are in `file`.
    pub(super) fn unread_builds_of_file(&self, dockerfile: &Dockerfile, file: &Utf8Path) -> Vec<Mention> {
        let building = self.index.building(&self.repository).get(file);
        building.map(|file| self.unread_builds_in(&file.0, &file.1, dockerfile)).unwrap_or_default()
    }

    fn unread_builds_in(&self, source: &Source, places: &[TextRange], dockerfile: &Dockerfile) -> Vec<Mention> {
        let text = source.text();
        let is_document = is_document(source.path());
        let places = places.iter().copied();
        places
            .filter(|at| may_be_of(text, *at, dockerfile))
            .filter(|at| !self.builds_of_file(source.path()).any(|build| build.range.contains_range(*at)))
            .map(|at| Mention { file: source.path().to_owned(), range: at, prose: is_document || in_comment(text, at) })
            .collect()
    }
}

/// Whether the line at `at` builds `dockerfile`, as far as it says: it names it, or no Dockerfile and no other folder.
fn may_be_of(text: &str, at: TextRange, dockerfile: &Dockerfile) -> bool {
    let start = text[..usize::from(at.start())].rfind('\n').map_or(0, |found| found + 1);
    let end = text[usize::from(at.end())..].find('\n').map_or(text.len(), |found| usize::from(at.end()) + found);
    let line = &text[start..end];
    let names_one = line.contains(" -f") || line.contains("--file") || line.contains("ockerfile");
    let folder = dockerfile.path().parent().map_or("", |folder| folder.as_str());
    let own = line.contains(dockerfile.path().as_str()) || (!folder.is_empty() && line.contains(folder));
    own || (!names_one && folder.is_empty() && dockerfile.path() == "Dockerfile")
}

impl Dockerfile {
    /// Whether it has an `ARG` of this name anywhere.
    #[must_use]
    pub fn declares(&self, name: &str) -> bool {
        self.arguments.contains(name)
    }
}

pub(super) fn occurrences<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = TextRange> {
    text.match_indices(name).map(|(at, found)| range(at, at + found.len())).filter(move |at| {
        let start = usize::from(at.start()).saturating_sub(1);
        let end = (usize::from(at.end()) + 1).min(text.len());
        text.get(start..end).or_else(|| text.get(usize::from(at.start())..end)).is_some_and(|near| mentions(near, name))
    })
}

/// How many lines above a name are looked at for the word that makes it a build argument, in formats that have keys and
/// lists; a command has both in one line.
const LINES_ABOVE: usize = 12;

/// Whether a word such as `build-arg` stands so near that it may be about the name at `at`; `understood` tells the words of
/// which it is known what they pass.
fn passes_arguments(source: &Source, at: TextRange, understood: impl Fn(TextRange) -> bool) -> bool {
    let text = source.text();
    let in_one_line = recognised(source.path(), text).is_some_and(|caller| caller.format().has_options());
    let above = if in_one_line { 0 } else { LINES_ABOVE };
    let start = text[..usize::from(at.start())].rmatch_indices('\n').nth(above).map_or(0, |(found, _)| found);
    let end = usize::from(at.end());
    let end = text[end..].find('\n').map_or(text.len(), |found| end + found);
    let before = text[..start].trim_end_matches(|char: char| char.is_whitespace() || "\\,\"'".contains(char));
    let option = before.strip_suffix("--build-arg").map(|rest| range(rest.len(), before.len()));
    if in_one_line && option.is_some_and(|option| !understood(option)) {
        return true;
    }
    if stands_under_args(text, at) {
        return true;
    }
    let Some(words) = ARGUMENT_WORDS.as_ref() else { return false };
    words.find_iter(&text[start..end]).any(|word| !understood(range(start + word.start(), start + word.end())))
}

/// `build-arg`, `build_args`, `buildArgs`, `buildArguments`, …, or a key `args` of something that builds.
pub(super) fn has_argument_word(text: &str) -> bool {
    ARGUMENT_WORDS.as_ref().is_some_and(|words| words.is_match(text))
        || (text.contains("args:") && builds_by_keys(text))
}

/// Whether the text speaks of a Dockerfile, or has a key `build`, as the YAML of tools that build does (Okteto, AWS Copilot,
/// werf).
fn builds_by_keys(text: &str) -> bool {
    text.contains("ockerfile") || text.lines().any(|line| line.trim_start().starts_with("build:"))
}

/// Whether the name at `at` is a key or a member of a list right below a key `args` of YAML that builds.
fn stands_under_args(text: &str, at: TextRange) -> bool {
    let start = text[..usize::from(at.start())].rfind('\n').map_or(0, |found| found + 1);
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let line = text[start..].lines().next().unwrap_or("");
    let in_front = text[start..usize::from(at.start())].trim_start();
    let is_member = in_front.starts_with('-');
    if !in_front.trim_start_matches('-').trim_matches([' ', '"', '\'']).is_empty() {
        return false;
    }
    let is_around = |above: &&str| match is_member {
        true => indent(above) <= indent(line) && !above.trim_start().starts_with('-'),
        false => indent(above) < indent(line),
    };
    let mut above = text[..start].lines().rev().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
    let is_args = |key: &str| key.trim() == "args:" || key.trim_start().starts_with("args: &");
    above.find(is_around).is_some_and(is_args) && builds_by_keys(text)
}

/// Options and keys of build arguments, and the resource of an image in Pulumi's libraries, whose arguments are called `args`.
static ARGUMENT_WORDS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)build[-_. ]?arg|<args>|\bdocker(?:_?build)?\.image\b").ok());

pub(super) fn in_comment(text: &str, at: TextRange) -> bool {
    let start = text[..usize::from(at.start())].rfind('\n').map_or(0, |found| found + 1);
    let line = text[start..].trim_start();
    line.starts_with('#') || line.starts_with("//") || line.starts_with("* ") || line.starts_with("<!--")
}
