//! From a root on disk to a [`Repository`].

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    io::Read as _,
    sync::Arc,
};

use aho_corasick::AhoCorasick;
use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::{
    Decided, Kind, Notice, Repository, Root, classify, settings,
    walk::{Found, walk},
};
use crate::config::{Configuration, Lookup, SettingsError};
use crate::source::Source;
use crate::syntax::dockerfile::is_too_deep;

/// The size from which a file is not read, in bytes. Nobody writes builds by hand into larger files.
const LARGEST: u64 = 1 << 20;

/// A file without an extension that has more bytes than this, and no interpreter's name, is no script.
const LONGEST_NAMELESS: u64 = 1 << 14;

/// What shows a build in such a file.
const ARGUMENT: &[u8] = b"--build-arg";

/// What a file of [`Kind::Mention`] has to name for its text to matter.
const CONTAINER_TOOLS: [&str; 10] =
    ["docker", "podman", "buildah", "buildx", "buildctl", "nerdctl", "kaniko", "containerfile", "earthly", "\"auths\""];

/// What a file of [`Kind::Program`] has to name to build an image: an argument of a build, or the call of a library.
const BUILDING: [&str; 4] = ["build-arg", "build_arg", "buildarg", "fromdockerfile"];

/// How a pointer begins that stands where Git LFS has not put the content (the specification of Git LFS, version 1).
const POINTER_MARK: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// What is said of such a file.
const POINTER: &str = "it is a pointer of Git LFS, and the content is not here (`git lfs pull` brings it)";

/// What is said of a Dockerfile that nobody wrote by hand.
const TOO_DEEP: &str = "its variables nest too deeply to be understood (`${A:-${B:-…}}`, over 64 levels in one line)";

/// Why a repository could not be read at all. A single file that can't be read is a [`Notice`].
#[derive(Debug)]
pub enum ReadError {
    /// A repository without a work tree, or a path in one.
    Bare(Utf8PathBuf),
    /// A settings file has a mistake.
    Settings(SettingsError),
    /// Settings of several files that can't hold together; the sentence says which.
    Contradiction(String),
    /// A path that was asked for does not exist or can't be resolved.
    Path {
        /// The path as it was given.
        path: Utf8PathBuf,
        /// What the system says.
        reason: String,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(path) => write!(
                f,
                "`{path}` is a bare repository, which has no files checked out; `git worktree add` makes a work tree"
            ),
            Self::Settings(error) => error.fmt(f),
            Self::Contradiction(sentence) => f.write_str(sentence),
            Self::Path { path, reason } => write!(f, "`{path}` can't be read: {reason}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Reads the repository at `root`: first its settings and Dockerfiles, and the files that may build them only if `needs`
/// says that something can come of them. In a large repository most runs end after the Dockerfiles.
///
/// # Errors
/// The root is not a directory that can be listed, or its settings have a mistake.
pub fn read(root: &Root, needs: impl FnOnce(&[Source]) -> bool) -> Result<Repository, ReadError> {
    read_as_decided(root, &Decided::default(), |sources, _| needs(sources))
}

/// The same with what is decided outside of it.
///
/// # Errors
/// The root is not a directory that can be listed, or its settings have a mistake.
pub fn read_as_decided(
    root: &Root,
    decided: &Decided,
    needs: impl FnOnce(&[Source], &Configuration) -> bool,
) -> Result<Repository, ReadError> {
    fs::read_dir(&root.path).map_err(|error| ReadError::Path { path: root.path.clone(), reason: error.to_string() })?;
    let Found { mut files, mut notices, absent } = walk(&root.path, &root.selection);
    let of_settings = files.iter().filter(|(_, kind)| **kind == Kind::Settings).map(|(path, _)| path);
    let (configuration, settings_source) = settings::configuration(&root.path, of_settings, decided)?;
    classify_as_decided(&mut files, &configuration);
    let of_kind = |wanted: fn(Kind) -> bool| -> Vec<(&Utf8PathBuf, Kind)> {
        files.iter().filter(|(_, kind)| wanted(**kind)).map(|(path, kind)| (path, *kind)).collect()
    };
    let mut sources = texts(&root.path, &of_kind(|kind| kind == Kind::Dockerfile), &[], &mut notices);
    let dockerfiles: Vec<_> = sources.iter().map(|source| source.path().to_owned()).collect();
    if let Some(sentence) = dockerfiles.iter().find_map(|path| configuration.contradiction(path)) {
        return Err(ReadError::Contradiction(sentence));
    }
    if let Some(error) = configuration.stray_build(|path| files.contains_key(path), &dockerfiles) {
        return Err(ReadError::Settings(error));
    }
    if needs(&sources, &configuration) {
        let variables = secret_variables(&sources, &configuration);
        let mut wanted = of_kind(|kind| !matches!(kind, Kind::Dockerfile | Kind::Settings | Kind::Other));
        wanted.retain(|(_, kind)| *kind != Kind::Program || !variables.is_empty());
        sources.extend(texts(&root.path, &wanted, &variables, &mut notices));
    }
    let pointers = notices.iter().filter(|notice| notice.reason == POINTER).map(|notice| notice.file.clone());
    let absent = absent.into_iter().chain(pointers);
    let absent_callers = absent.filter(|path| classify(path) == Kind::Caller).collect();
    let mut repository = Repository::new(files.into_keys(), sources, dockerfiles);
    repository.absent_callers = absent_callers;
    notices.sort_by(|left, right| left.file.cmp(&right.file));
    repository.notices = notices;
    repository.configuration = Arc::new(configuration);
    repository.settings_source = settings_source;
    repository.selection.clone_from(&root.selection);
    Ok(repository)
}

/// Files are what somebody says they are, whatever their names say.
fn classify_as_decided(files: &mut BTreeMap<Utf8PathBuf, Kind>, configuration: &Configuration) {
    if !configuration.decides_about_files() {
        return;
    }
    let mut settings = Lookup::new(configuration);
    for (path, kind) in files.iter_mut().filter(|(_, kind)| **kind != Kind::Settings) {
        let decided = settings.at(path);
        let dockerfiles = &decided.dockerfiles;
        let is_one = matches!(kind, Kind::Dockerfile | Kind::Template);
        *kind = match *kind {
            _ if dockerfiles.exclude.matches(path) && is_one => Kind::Other,
            _ if dockerfiles.include.matches(path) => Kind::Dockerfile,
            Kind::Other | Kind::Nameless | Kind::Mention if decided.caller_format(path).is_some() => Kind::Caller,
            kind => kind,
        };
    }
}

/// The variables with names of secrets that an `ENV` of `dockerfiles` sets, as far as their lines tell.
fn secret_variables(dockerfiles: &[Source], configuration: &Configuration) -> Vec<String> {
    let mut names = BTreeSet::new();
    for dockerfile in dockerfiles {
        let settings = configuration.at(dockerfile.path());
        let mut goes_on = false;
        for line in dockerfile.text().lines().map(str::trim) {
            let begins = line.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("env "));
            if begins || goes_on {
                let words = line.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
                names.extend(words.filter(|word| settings.classify_name(word).kind().is_some()).map(str::to_owned));
            }
            goes_on = (begins || goes_on) && (line.ends_with(['\\', '`']) || line.starts_with('#'));
        }
    }
    names.into_iter().collect()
}

/// The texts of those of `files` that are worth keeping, in the same order. `variables` are the names that make a program
/// worth it.
fn texts(
    root: &Utf8Path,
    files: &[(&Utf8PathBuf, Kind)],
    variables: &[String],
    notices: &mut Vec<Notice>,
) -> Vec<Source> {
    let names = AhoCorasick::new(variables).ok();
    let uses = |bytes: &[u8]| names.as_ref().is_some_and(|names| names.is_match(bytes));
    let tools = AhoCorasick::builder().ascii_case_insensitive(true).build(CONTAINER_TOOLS).ok();
    let mentions = |bytes: &[u8]| tools.as_ref().is_none_or(|tools| tools.is_match(bytes));
    let building = AhoCorasick::builder().ascii_case_insensitive(true).build(BUILDING).ok();
    let builds = |bytes: &[u8]| building.as_ref().is_some_and(|words| words.is_match(bytes));
    let outcomes: Vec<Result<Option<Source>, Notice>> = files
        .par_iter()
        .map(|(path, kind)| {
            let bytes = match bytes(&root.join(path), *kind) {
                Ok(bytes) => bytes,
                Err(reason) if matches!(kind, Kind::Dockerfile | Kind::Caller) => {
                    return Err(Notice { file: (*path).clone(), reason });
                }
                Err(_) => return Ok(None),
            };
            if bytes.starts_with(POINTER_MARK) {
                let matters = matches!(kind, Kind::Dockerfile | Kind::Caller);
                let notice = Notice { file: (*path).clone(), reason: POINTER.to_owned() };
                return if matters { Err(notice) } else { Ok(None) };
            }
            let wanted = match kind {
                Kind::Mention => mentions(&bytes) || uses(&bytes),
                Kind::Program => uses(&bytes) || builds(&bytes),
                Kind::Nameless => !bytes.is_empty(),
                _ => true,
            };
            let source = wanted.then(|| Source::new((*path).clone(), bytes));
            if *kind == Kind::Dockerfile && source.as_ref().is_some_and(|source| is_too_deep(source.text())) {
                return Err(Notice { file: (*path).clone(), reason: TOO_DEEP.to_owned() });
            }
            Ok(source)
        })
        .collect();
    let mut sources = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        match outcome {
            Ok(source) => sources.extend(source),
            Err(notice) => notices.push(notice),
        }
    }
    sources
}

/// The content of a file, empty for a nameless one that is not a script: it begins with `#!`, or passes build arguments
/// (a shell runs a file without an interpreter's name by itself).
pub(super) fn bytes(path: &Utf8Path, kind: Kind) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("it could not be read: {error}");
    // The walk saw a regular file, but what stands there now may be another one: opening a FIFO would wait forever.
    let metadata = fs::symlink_metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if metadata.len() > LARGEST {
        return Err(format!("it has {} bytes; files over {LARGEST} bytes are not read", metadata.len()));
    }
    let mut file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    if kind == Kind::Nameless {
        (&mut file).take(2).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes != b"#!" && metadata.len() > LONGEST_NAMELESS {
            return Ok(Vec::new());
        }
    }
    let is_script = kind != Kind::Nameless || bytes == b"#!";
    file.take(LARGEST).read_to_end(&mut bytes).map_err(unreadable)?;
    if !is_script && !bytes.windows(ARGUMENT.len()).any(|window| window == ARGUMENT) {
        return Ok(Vec::new());
    }
    if bytes.contains(&0) { Err("it holds NUL bytes, so it is not a text file in UTF-8".to_owned()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(tempfile::TempDir);

    impl Scratch {
        fn new(files: &[(&str, &[u8])]) -> Self {
            let scratch = Self(tempfile::tempdir().unwrap());
            for (path, bytes) in files {
                let path = scratch.root().path.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
            scratch
        }

        fn root(&self) -> Root {
            let path = self.0.path().canonicalize().unwrap();
            Root { path: Utf8PathBuf::from_path_buf(path).unwrap(), selection: Vec::new() }
        }

        fn read(&self) -> Repository {
            read(&self.root(), |_| true).unwrap()
        }
    }

    fn read_paths(repository: &Repository) -> Vec<&str> {
        repository.sources().map(|source| source.path().as_str()).collect()
    }

    #[test]
    fn ignored_files_and_other_repositories_are_left_out_and_hidden_files_are_not() {
        let scratch = Scratch::new(&[
            (".gitignore", b"out/\n"),
            ("out/Dockerfile", b"FROM x\n"),
            (".ci/Dockerfile", b"FROM x\n"),
            ("sub/.git", b"gitdir: ../.git/modules/sub\n"),
            ("sub/Dockerfile", b"FROM x\n"),
            (".git/Dockerfile", b""),
            ("Makefile", b"all:\n"),
            ("run", b"#!/bin/sh\n"),
            ("LICENSE", b"no script"),
            ("a.py", b"print()"),
            ("b.py", b"run('Docker build .')"),
        ]);
        let repository = scratch.read();
        assert_eq!(repository.dockerfiles(), [".ci/Dockerfile"]);
        assert_eq!(read_paths(&repository), [".ci/Dockerfile", "Makefile", "b.py", "run"]);
        assert!(repository.is_file("LICENSE".into()) && !repository.is_file("out/Dockerfile".into()));
    }

    #[test]
    fn what_was_asked_for_by_name_is_read_in_any_case() {
        let scratch =
            Scratch::new(&[(".gitignore", b"out/\n"), ("out/Dockerfile", b"FROM x\n"), ("image.def", b"FROM x\n")]);
        let root = Root { selection: vec!["out".into(), "image.def".into()], ..scratch.root() };
        let repository = read(&root, |_| true).unwrap();
        assert_eq!(repository.dockerfiles(), ["image.def", "out/Dockerfile"]);
        assert!(repository.is_selected("out/Dockerfile".into()) && !repository.is_selected("x/Dockerfile".into()));
    }

    #[test]
    fn a_tracked_file_is_read_although_a_rule_ignores_it() {
        let scratch = Scratch::new(&[("Dockerfile", b"FROM x\n"), (".gitignore", b"Dockerfile\n")]);
        let git = git2::Repository::init(scratch.root().path).unwrap();
        let mut index = git.index().unwrap();
        index.add_all(["Dockerfile"], git2::IndexAddOption::FORCE, None).unwrap();
        index.write().unwrap();
        assert_eq!(scratch.read().dockerfiles(), ["Dockerfile"]);
    }

    #[test]
    fn callers_are_read_only_when_something_can_come_of_it() {
        let scratch = Scratch::new(&[("Dockerfile", b"FROM x\n"), ("build.sh", b"docker build .\n")]);
        let repository = read(&scratch.root(), |dockerfiles| dockerfiles.len() > 1).unwrap();
        assert_eq!(read_paths(&repository), ["Dockerfile"]);
        assert!(repository.is_file("build.sh".into()));
    }

    #[test]
    fn what_can_not_be_read_is_told() {
        let large = vec![b'#'; 1 + usize::try_from(LARGEST).unwrap()];
        let scratch = Scratch::new(&[
            ("Dockerfile", &large),
            ("Dockerfile.j2", b"{{ x }}"),
            ("a.Dockerfile", b"\0F\0R"),
            ("b.json", &large),
            ("b.Dockerfile", format!("FROM a\nENV A={}{}\n", "${A:-".repeat(20_000), "}".repeat(20_000)).as_bytes()),
        ]);
        let repository = scratch.read();
        assert!(repository.dockerfiles().is_empty());
        let told: Vec<_> = repository.notices.iter().map(|notice| notice.file.as_str()).collect();
        assert_eq!(told, ["Dockerfile", "Dockerfile.j2", "a.Dockerfile", "b.Dockerfile"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_pipes_and_odd_names_neither_block_nor_lead_out() {
        use std::os::unix::ffi::OsStrExt as _;
        let scratch = Scratch::new(&[("real/Dockerfile", b"FROM x\n")]);
        let root = scratch.root().path;
        std::os::unix::fs::symlink("real/Dockerfile", root.join("Dockerfile")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", root.join("out.Dockerfile")).unwrap();
        std::os::unix::fs::symlink(&root, root.join("real/loop")).unwrap();
        std::process::Command::new("mkfifo").arg(root.join("pipe.Dockerfile")).status().unwrap();
        fs::write(root.as_std_path().join(std::ffi::OsStr::from_bytes(b"\xff.Dockerfile")), "FROM x\n").unwrap();
        let repository = scratch.read();
        assert_eq!(repository.dockerfiles(), ["real/Dockerfile"]);
        let told: Vec<_> = repository.notices.iter().map(|notice| notice.file.as_str()).collect();
        assert_eq!(told, ["out.Dockerfile", "pipe.Dockerfile", "\u{fffd}.Dockerfile"]);
    }

    #[test]
    fn programs_are_read_where_they_name_a_secret_of_the_environment() {
        let dockerfile: &[u8] = b"FROM x\nENV PORT=1 \\\n    DB_PASSWORD=x\nCMD [\"node\", \"main.js\"]\n";
        let scratch = Scratch::new(&[
            ("Dockerfile", dockerfile),
            ("main.js", b"connect(process.env.DB_PASSWORD)\n"),
            ("other.js", b"listen(process.env.PORT)\n"),
            ("app.py", b"os.environ['DB_PASSWORD']\n"),
        ]);
        let repository = read(&scratch.root(), |_| true).unwrap();
        let read: Vec<&str> = repository.sources().map(|source| source.path().as_str()).collect();
        assert_eq!(read, ["Dockerfile", "app.py", "main.js"]);
    }
}
