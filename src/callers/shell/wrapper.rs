//! Scripts of the repository that hand their arguments on to a build: `docker build "$@"` in `build.sh`, which another file
//! calls with `--build-arg`. Seen from there, the script takes the options of what it calls.

use camino::Utf8PathBuf;

use super::super::command::{BuildCommand, Family, Piece};
use super::super::location::{inside, join};
use super::super::{Build, Format, Surroundings};
use super::Site;
use super::script::site_of;
use super::state::State;
use super::walk::Walk;

/// What calling such a script amounts to.
pub(super) struct Wrapped {
    /// The script's path, from the root.
    pub script: Utf8PathBuf,
    /// The build that gets the arguments.
    pub build: Build,
}

/// The script that `pieces` call and the one build that it hands all of its arguments on to.
pub(super) fn wrapped(walk: &Walk<'_>, parsed: &BuildCommand, pieces: &[Piece], state: &State) -> Option<Wrapped> {
    if parsed.program.family != Family::Other {
        return None;
    }
    let called = called(pieces.get(parsed.program.index..)?)?;
    let places = state.directories.iter().filter_map(|directory| inside(&join(directory, called)));
    let script = places.into_iter().find(|path| walk.around.text(path).is_some())?;
    // A script that calls itself has been seen through before.
    let text = walk.around.text(&script).filter(|text| script != walk.site.file && hands_on(text))?;
    let site = Site { directories: directories(state), ..site_of(&script, text) };
    let mut builds = super::builds(&site, &Shallow(walk.around)).into_iter().filter(is_open);
    let build = builds.next()?;
    builds.next().is_none().then_some(Wrapped { script, build })
}

/// The file that is run: the program itself, or the first operand of a shell.
fn called(pieces: &[Piece]) -> Option<&str> {
    let mut words = pieces.iter().map(Piece::text);
    let program = words.next()??;
    match program.rsplit('/').next()? {
        "sh" | "bash" | "dash" | "zsh" | "ksh" => words.next()?.filter(|word| !word.starts_with('-')),
        _ => Some(program),
    }
}

/// Whether all arguments go on as they are: the script looks at none of them by itself, and gives its builds no other
/// environment.
fn hands_on(text: &str) -> bool {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let looks = ["shift", "getopts", "$1", "${1", "$2", "${2", "$#", "sudo ", "env -i"];
    code.matches("$@").count() == 1 && !looks.iter().any(|word| code.contains(word))
}

fn is_open(build: &Build) -> bool {
    build.format == Format::Shell && build.opaque.as_deref().is_some_and(|opaque| opaque.contains("$@"))
}

/// A script runs where it is called.
fn directories(state: &State) -> Vec<Utf8PathBuf> {
    state.directories.iter().filter_map(|directory| inside(directory)).collect()
}

/// The repository without its scripts, so that none is followed from within another.
struct Shallow<'a>(&'a dyn Surroundings);

impl Surroundings for Shallow<'_> {
    fn is_file(&self, path: &camino::Utf8Path) -> bool {
        self.0.is_file(path)
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        self.0.dockerfiles()
    }

    fn text(&self, _path: &camino::Utf8Path) -> Option<&str> {
        None
    }

    fn find(&self, wanted: &dyn Fn(&camino::Utf8Path, &str) -> bool) -> Option<&camino::Utf8Path> {
        self.0.find(wanted)
    }

    fn mentioning(&self, word: &str, wanted: &dyn Fn(&camino::Utf8Path, &str) -> bool) -> Option<&camino::Utf8Path> {
        self.0.mentioning(word, wanted)
    }
}
