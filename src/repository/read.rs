//! From a root on disk to a [`Repository`].

use std::{collections::BTreeSet, fmt, fs, sync::Arc};

use camino::Utf8PathBuf;

use super::{
    Decided, Kind, Repository, Root,
    by_path::ByPath,
    classify,
    limits::Limits,
    settings,
    texts::Texts,
    walk::{Found, walk},
};
use crate::config::{Configuration, Lookup, Settings, SettingsError};
use crate::source::Source;

/// Why a repository could not be read at all. A single file that can't be read is a [`Notice`].
#[derive(Debug)]
pub enum ReadError {
    /// A repository without a work tree, or a path in one.
    Bare(Utf8PathBuf),
    /// A settings file has a mistake.
    Settings(SettingsError),
    /// Settings of several files that can't hold together; the sentence says which.
    Contradiction(String),
    /// It has more files than are looked at, which is this number.
    TooManyFiles(usize),
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
            Self::TooManyFiles(most) => write!(
                f,
                "there are over {most} files that git does not ignore, and no more are looked at; name the repository in it"
            ),
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
    read_within(root, decided, &Limits::default(), needs)
}

fn read_within(
    root: &Root,
    decided: &Decided,
    limits: &Limits,
    needs: impl FnOnce(&[Source], &Configuration) -> bool,
) -> Result<Repository, ReadError> {
    fs::read_dir(&root.path).map_err(|error| ReadError::Path { path: root.path.clone(), reason: error.to_string() })?;
    let Found { mut files, mut notices, absent } = walk(&root.path, &root.selection, limits.files)?;
    let of_settings = files.iter().filter(|(_, kind)| *kind == Kind::Settings).map(|(path, _)| path);
    let (configuration, settings_source) = settings::configuration(&root.path, of_settings, decided)?;
    classify_as_decided(&mut files, &configuration);
    let of_kind = |wanted: fn(Kind) -> bool| -> Vec<(&Utf8PathBuf, Kind)> {
        files.iter().filter(|(_, kind)| wanted(*kind)).map(|(path, kind)| (path, *kind)).collect()
    };
    let mut texts = Texts::new(&root.path, limits);
    let mut sources = texts.read(&of_kind(|kind| kind == Kind::Dockerfile), &[]);
    let dockerfiles: Vec<_> = sources.iter().map(|source| source.path().to_owned()).collect();
    if let Some(sentence) = dockerfiles.iter().find_map(|path| configuration.contradiction(path)) {
        return Err(ReadError::Contradiction(sentence));
    }
    if let Some(error) = configuration.stray_build(|path| files.contains(path), &dockerfiles) {
        return Err(ReadError::Settings(error));
    }
    if needs(&sources, &configuration) {
        let variables = secret_variables(&sources, &configuration);
        let mut wanted = of_kind(|kind| !matches!(kind, Kind::Dockerfile | Kind::Settings | Kind::Other));
        wanted.retain(|(_, kind)| !matches!(kind, Kind::Program | Kind::Text) || !variables.is_empty());
        sources.extend(texts.read(&wanted, &variables));
    }
    notices.extend(texts.notices);
    let absent_callers = absent.into_iter().filter(|path| classify(path) == Kind::Caller).chain(texts.unread).collect();
    let mut repository = Repository::new(files.into_vec().into_iter().map(|(path, _)| path), sources, dockerfiles);
    repository.absent_callers = absent_callers;
    notices.sort_by(|left, right| left.file.cmp(&right.file));
    repository.notices = notices;
    repository.configuration = Arc::new(configuration);
    repository.settings_source = settings_source;
    repository.selection.clone_from(&root.selection);
    Ok(repository)
}

/// Files are what somebody says they are, whatever their names say.
fn classify_as_decided(files: &mut ByPath<(Utf8PathBuf, Kind)>, configuration: &Configuration) {
    if !configuration.decides_about_files() {
        return;
    }
    let mut settings = Lookup::new(configuration);
    for (path, kind) in files.iter_mut().filter(|(_, kind)| *kind != Kind::Settings) {
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

/// The words of a line that are names of secrets.
fn secret_names<'l>(line: &'l str, settings: &Settings) -> impl Iterator<Item = &'l str> {
    let words = line.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    words.filter(|word| settings.classify_name(word).kind().is_some())
}

/// The variables with names of secrets that an `ARG` or `ENV` of `dockerfiles` declares, as far as their lines tell: programs that a
/// RUN starts may read them.
fn secret_variables(dockerfiles: &[Source], configuration: &Configuration) -> Vec<String> {
    let mut names = BTreeSet::new();
    for dockerfile in dockerfiles {
        let settings = configuration.at(dockerfile.path());
        let mut goes_on = false;
        for line in dockerfile.text().lines().map(str::trim) {
            let begins = declares(line);
            if begins || goes_on {
                names.extend(secret_names(line, &settings).map(str::to_owned));
            }
            goes_on = (begins || goes_on) && (line.ends_with(['\\', '`']) || line.starts_with('#'));
        }
    }
    names.into_iter().collect()
}

fn declares(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let keyword = words.find(|word| !word.eq_ignore_ascii_case("onbuild")).unwrap_or_default();
    keyword.eq_ignore_ascii_case("arg") || keyword.eq_ignore_ascii_case("env")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::limits::LARGEST;

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

    #[test]
    fn no_more_is_read_than_within_the_limits() {
        let script = format!("docker build {}\n", ".".repeat(100));
        let scratch = Scratch::new(&[
            ("a.sh", script.as_bytes()),
            ("b.sh", script.as_bytes()),
            ("c.md", script.as_bytes()),
            ("d.sh", b"docker build .\n"),
            ("Dockerfile", b"FROM x\nRUN y\n"),
            ("long.Dockerfile", b"FROM x\nRUN y\nRUN y\n"),
        ]);
        let read = |limits: &Limits| read_within(&scratch.root(), &Decided::default(), limits, |_, _| true);
        let repository = read(&Limits { text: 150, instructions: 2, ..Limits::default() }).unwrap();
        assert_eq!(read_paths(&repository), ["Dockerfile", "a.sh", "d.sh"]);
        let told: Vec<_> = repository.notices.iter().map(|notice| notice.file.as_str()).collect();
        assert_eq!(told, ["b.sh", "long.Dockerfile"]);
        assert_eq!(repository.absent_callers, ["b.sh"]);
        assert_eq!(repository.notices[1].reason, "it has 3 instructions; files with over 2 are not analysed");
        let error = read(&Limits { files: 5, ..Limits::default() }).unwrap_err();
        assert!(matches!(error, ReadError::TooManyFiles(5)), "{error}");
        assert!(read(&Limits { files: 6, ..Limits::default() }).is_ok());
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
