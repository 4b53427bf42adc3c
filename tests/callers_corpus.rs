//! Real scripts, Makefiles and documents: nothing panics, every rewrite holds, and the counts can be looked at with
//! `cargo test --test callers_corpus -- --nocapture` (`CALLERS_VERBOSE=1` shows every build and every rewrite).
//! Without the corpus beside the repository the test says so.

#![allow(clippy::panic, clippy::print_stdout, reason = "a test says what it saw and fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use dfmigrate::callers::{
    self, Argument, ArgumentValue, Build, Builder, Caller, Dockerfiles, Format, Receipt, Request, RequestedSecret,
    Surroundings, recognised,
};
use dfmigrate::repository::{self, Root};
use dfmigrate::source::{Edit, LineIndex, Source, TextRange, apply_edits};

/// One folder of the corpus, taken for a repository.
#[derive(Default)]
struct Repository {
    files: Vec<Utf8PathBuf>,
    dockerfiles: Vec<Utf8PathBuf>,
    texts: BTreeMap<Utf8PathBuf, String>,
}

impl Surroundings for Repository {
    fn is_file(&self, path: &Utf8Path) -> bool {
        self.files.iter().any(|file| file == path)
    }

    fn dockerfiles(&self) -> &[Utf8PathBuf] {
        &self.dockerfiles
    }

    fn text(&self, path: &Utf8Path) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }
}

impl Repository {
    fn read(root: &Path) -> Self {
        let mut repository = Self::default();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Some(path) = path.strip_prefix(root).ok().and_then(Utf8Path::from_path) {
                    repository.add(root, path);
                }
            }
        }
        repository.files.sort();
        repository.dockerfiles.sort();
        repository
    }

    fn add(&mut self, root: &Path, path: &Utf8Path) {
        self.files.push(path.to_owned());
        let name = path.file_name().unwrap_or("").to_lowercase();
        if name.contains("dockerfile") || name.contains("containerfile") {
            self.dockerfiles.push(path.to_owned());
        }
        if let Ok(text) = fs::read_to_string(root.join(path)) {
            self.texts.insert(path.to_owned(), text);
        }
    }
}

/// What was seen, in order of the words for it.
struct Tally {
    verbose: bool,
    counts: BTreeMap<String, usize>,
    reading: Duration,
}

impl Tally {
    fn add(&mut self, key: String) {
        *self.counts.entry(key).or_default() += 1;
    }

    fn say(&self, text: impl FnOnce() -> String) {
        if self.verbose {
            println!("{}", text());
        }
    }
}

/// One file and everything that is needed to read it.
struct Subject<'a> {
    caller: &'static dyn Caller,
    source: &'a Source,
    repository: &'a Repository,
    name: String,
}

#[test]
fn every_caller_of_the_corpus() {
    let Some(folders) = folders() else {
        println!("skipped: there is no corpus beside the repository");
        return;
    };
    let mut tally = Tally {
        verbose: std::env::var_os("CALLERS_VERBOSE").is_some(),
        counts: BTreeMap::new(),
        reading: Duration::ZERO,
    };
    for folder in folders {
        let repository = Repository::read(&folder);
        for path in &repository.files {
            let Ok(bytes) = fs::read(folder.join(path)) else { continue };
            let source = Source::new(path.clone(), bytes);
            let Some(caller) = recognised(path, source.text()) else { continue };
            let name = format!("{}/{path}", folder.file_name().unwrap_or_default().to_string_lossy());
            look(&Subject { caller, source: &source, repository: &repository, name }, &mut tally);
        }
    }
    println!("{:?} to read them", tally.reading);
    for (key, count) in &tally.counts {
        println!("{count:6} {key}");
    }
}

fn folders() -> Option<Vec<PathBuf>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let below = |name: &str| fs::read_dir(corpus.join(name)).into_iter().flatten().flatten().map(|entry| entry.path());
    corpus.is_dir().then_some(())?;
    let mut folders: Vec<PathBuf> = below("secrets").chain(below("pairs")).collect();
    folders.sort();
    Some(folders)
}

fn look(subject: &Subject<'_>, tally: &mut Tally) {
    let format = subject.caller.format();
    tally.add(format!("{format}: files"));
    let start = Instant::now();
    let builds = subject.caller.builds(subject.source, subject.repository);
    tally.reading += start.elapsed();
    for build in &builds {
        tally.add(format!("{format}: builds"));
        tally.add(format!("{format}: Dockerfile {}", dockerfiles(build)));
        if build.opaque.is_some() {
            tally.add(format!("{format}: opaque"));
        }
        if let Builder::WithoutSecrets(sentence) = &build.builder {
            tally.add(format!("{format}: without secrets: {sentence}"));
        }
        for argument in &build.arguments {
            tally.add(format!("{format}: argument {}", kind(&argument.value)));
        }
        tally.say(|| format!("{}: {} {:?} opaque {:?}", subject.name, build.title, build.dockerfiles, build.opaque));
        rewrite(subject, build, tally);
    }
    missed(subject, &builds, tally);
}

/// Passes every argument of the build as a secret, and looks at the result.
fn rewrite(subject: &Subject<'_>, build: &Build, tally: &mut Tally) {
    let Subject { caller, source, repository, name } = subject;
    let format = caller.format();
    for argument in &build.arguments {
        let request = request_of(argument);
        let id = argument.name.to_lowercase();
        let rewrite = match caller.pass_secrets(source, *repository, build, &[request]) {
            Ok(rewrite) => rewrite,
            Err(refusal) => {
                tally.add(format!("{format}: refused: {}", refusal.reason.replace(&argument.name, "NAME")));
                continue;
            }
        };
        tally.add(format!("{format}: rewritten"));
        let text = apply_edits(source.text(), &rewrite.edits).unwrap_or_else(|overlap| panic!("{name}: {overlap}"));
        let changes = changed(source.text(), &text);
        assert!(stays_at_home(source.text(), build, &rewrite.edits), "{name}: another line changed\n{changes}");
        let again = caller.builds(&source.with_text(text.clone()), *repository);
        let again = again.get(build.index).unwrap_or_else(|| panic!("{name}: the build is gone\n{changes}"));
        let gone = again.arguments.iter().all(|one| one.name != argument.name);
        assert!(gone, "{name}: {} is still passed\n{changes}", argument.name);
        let passed = again.secrets.iter().any(|one| one.id == id) || argument.value == ArgumentValue::Empty;
        assert!(passed, "{name}: {} is not passed\n{changes}", argument.name);
        keeps_comments(subject, &text, &changes);
        windows(subject, build, &request_of(argument), &text);
        tally.say(|| changes);
    }
}

fn request_of(argument: &Argument) -> Request {
    let secret = RequestedSecret { id: argument.name.to_lowercase(), receipt: Receipt::File };
    Request { argument: argument.name.clone(), secret: Some(secret), beside: false }
}

/// Lines that are comments as a whole are there afterwards as they were.
fn keeps_comments(subject: &Subject<'_>, after: &str, changes: &str) {
    let comments = |text: &str| -> Vec<String> {
        let is_comment = |line: &&str| line.trim_start().starts_with('#') || line.trim_start().starts_with("//");
        text.lines().filter(is_comment).map(str::to_owned).collect()
    };
    assert_eq!(comments(subject.source.text()), comments(after), "{}: comments changed\n{changes}", subject.name);
}

/// The same file with Windows line ends gets the same edits.
fn windows(subject: &Subject<'_>, build: &Build, request: &Request, after: &str) {
    let Subject { caller, source, repository, name } = subject;
    if source.text().contains('\r') {
        return;
    }
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let source = source.with_text(crlf(source.text()));
    let builds = caller.builds(&source, *repository);
    let build = builds.get(build.index).unwrap_or_else(|| panic!("{name}: no build with CRLF"));
    let rewrite = caller.pass_secrets(&source, *repository, build, std::slice::from_ref(request));
    let rewrite = rewrite.unwrap_or_else(|refusal| panic!("{name}: refused with CRLF: {}", refusal.reason));
    let text = apply_edits(source.text(), &rewrite.edits).unwrap_or_else(|overlap| panic!("{name}: {overlap}"));
    assert_eq!(text, crlf(after), "{name}: CRLF differs");
}

/// Whether all edits are in lines of the build and its arguments; a Makefile may get an `export` line. YAML callers also
/// add keys elsewhere, and compare the rest of the file themselves.
fn stays_at_home(text: &str, build: &Build, edits: &[Edit]) -> bool {
    if !build.format.is_shell_text() {
        return true;
    }
    let lines = LineIndex::new(text);
    let lines_of = |at: TextRange| lines.line(at.start())..=lines.line(at.end());
    let home = |line: u32| {
        let ranges = build.arguments.iter().map(|argument| argument.range);
        ranges.chain([build.range]).any(|range| lines_of(range).contains(&line))
    };
    edits.iter().all(|edit| {
        let exports = build.format == Format::Make && edit.range().is_empty() && edit.text.starts_with("export ");
        exports || home(lines.line(edit.range().start()))
    })
}

/// The lines that differ.
fn changed(before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after).unified_diff().context_radius(0).to_string()
}

/// Lines with `--build-arg` that belong to no build.
fn missed(subject: &Subject<'_>, builds: &[Build], tally: &mut Tally) {
    let text = subject.source.text();
    for (at, _) in text.match_indices("--build-arg") {
        let offset = dfmigrate::source::size(at);
        let covered = builds.iter().any(|build| {
            build.range.contains(offset) || build.arguments.iter().any(|argument| argument.range.contains(offset))
        });
        let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        if !covered && !line.trim_start().starts_with('#') {
            tally.add(format!("{}: missed", subject.caller.format()));
            tally.say(|| format!("MISSED {}: {line}", subject.name));
        }
    }
}

fn kind(value: &ArgumentValue) -> &'static str {
    match value {
        ArgumentValue::Inherited => "by name",
        ArgumentValue::Variable(_) => "variable",
        ArgumentValue::Expression(_) => "expression",
        ArgumentValue::File(_) => "file",
        ArgumentValue::Empty => "empty",
        ArgumentValue::Literal(_) => "literal",
        ArgumentValue::Composite => "composite",
    }
}

fn dockerfiles(build: &Build) -> &'static str {
    match build.dockerfiles {
        Dockerfiles::One(_) => "one",
        Dockerfiles::Several(_) => "several",
        Dockerfiles::Elsewhere => "elsewhere",
        Dockerfiles::Unknown(_) => "unknown",
    }
}

/// This repository holds many projects that look alike: those of the cases.
#[test]
fn the_example_is_built_by_its_own_callers_only() {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = Root { path: root.to_owned(), selection: Vec::new() };
    let repository = repository::read(&root, |_| true).unwrap_or_else(|error| panic!("{error}"));
    let builds = callers::builds(&repository);
    let example = Utf8Path::new("docs/example/Dockerfile");
    let tied = builds.iter().filter(|build| match &build.dockerfiles {
        Dockerfiles::One(path) => path == example,
        Dockerfiles::Several(paths) => paths.iter().any(|path| path == example),
        Dockerfiles::Elsewhere | Dockerfiles::Unknown(_) => build.file.starts_with("docs/example"),
    });
    let mut tied: Vec<(&str, bool)> =
        tied.map(|build| (build.file.as_str(), matches!(build.dockerfiles, Dockerfiles::One(_)))).collect();
    tied.sort_unstable();
    let callers = [".github/workflows/image.yml", "Makefile", "README.md", "build.sh", "compose.yaml"];
    let expected: Vec<String> = callers.iter().map(|file| format!("docs/example/{file}")).collect();
    assert_eq!(tied, expected.iter().map(|file| (file.as_str(), true)).collect::<Vec<_>>());
}

/// Projects that look alike, each with what builds it, and scripts whose Dockerfile is not there.
fn many(projects: usize) -> dfmigrate::repository::Repository {
    let mut sources = Vec::new();
    let mut dockerfiles = Vec::new();
    for index in 0..projects {
        let at = |file: &str| format!("group-{}/project-{index}/{file}", index % 40);
        let files = [
            ("Dockerfile", "FROM scratch\nARG T\n"),
            ("ci/build.sh", "docker build --build-arg T=$T .\n"),
            (
                "ci/other.sh",
                "docker build --build-arg T=$T -f docker/$NAME/Dockerfile .\ndocker build -f x/Dockerfile .\n",
            ),
            ("compose.yml", "services:\n  a:\n    build: {context: ., args: [T]}\n"),
            ("Makefile", "a:\n\tdocker build --build-arg T=$(T) missing\n"),
        ];
        sources.extend(files.map(|(file, text)| Source::new(at(file), text.as_bytes().to_vec())));
        dockerfiles.push(Utf8PathBuf::from(at("Dockerfile")));
    }
    dockerfiles.sort();
    dfmigrate::repository::Repository::new([], sources, dockerfiles)
}

/// The cost grows with the number of files, not with its square.
#[test]
fn the_time_to_find_the_builds_of_many_projects() {
    for projects in [250, 500, 1000] {
        let repository = many(projects);
        let start = Instant::now();
        let builds = callers::builds(&repository);
        println!("{:?}: {} builds of {projects} projects", start.elapsed(), builds.len());
        assert_eq!(builds.len(), projects * 5);
        let placed = builds.iter().filter(|build| matches!(build.dockerfiles, Dockerfiles::One(_))).count();
        assert_eq!(placed, projects * 2);
    }
}

/// How long it takes to find every build, with all of the corpus as one repository and with this one.
#[test]
fn the_time_to_find_every_build() {
    let own = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for path in [own.join("../shared/corpus/secrets"), own] {
        let Ok(repository) = repository::read(&Root { path: path.clone(), selection: Vec::new() }, |_| true) else {
            println!("skipped: {path} is not there");
            continue;
        };
        let start = Instant::now();
        let builds = callers::builds(&repository);
        let (files, dockerfiles) = (repository.sources().count(), repository.dockerfiles().len());
        println!("{:?}: {} builds in {files} files, {dockerfiles} Dockerfiles: {path}", start.elapsed(), builds.len());
        let mut by_format: BTreeMap<String, (usize, Duration)> = BTreeMap::new();
        let mut slowest: Vec<(Duration, &Utf8Path)> = Vec::new();
        for source in repository.sources() {
            let Some(caller) = recognised(source.path(), source.text()) else { continue };
            let start = Instant::now();
            let _ = caller.builds(source, &repository);
            let took = start.elapsed();
            let entry = by_format.entry(caller.format().to_string()).or_default();
            *entry = (entry.0 + 1, entry.1 + took);
            slowest.push((took, source.path()));
        }
        for (format, (files, took)) in by_format {
            println!("  {took:?} for {files} of {format}");
        }
        slowest.sort_unstable();
        slowest.iter().rev().take(8).for_each(|(took, path)| println!("  {took:?} {path}"));
    }
}
