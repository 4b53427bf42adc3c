//! How fast Dockerfiles become trees, beside other parsers in the same run: a table in Markdown.
//!
//!     parsers FOLDER [PASSES] [--buildkit PROGRAM] [--python PROGRAM]
//!
//! One thread, texts in memory, the best of PASSES (20) passes in computing time. PROGRAM is what `buildkit.go` became, and a
//! Python with the package `dockerfile`, which is BuildKit's parser behind a call from Python.

use std::{collections::BTreeMap, hint::black_box, io::Write as _, process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};
use dfmigrate::syntax::dockerfile::{parse, parse_with_cache};
use dfmigrate_bench::{Dockerfile, bytes, computing, dockerfiles};

/// A shared cache is dropped after so many files: one of a hundred thousand no longer fits the processor's.
const FILES_OF_A_CACHE: usize = 1_000;

const PYTHON: &str = "
import sys, time, dockerfile
texts = [open(path, newline='').read() for path in open(sys.argv[1]).read().split('\\n') if path]
for _ in range(int(sys.argv[2])):
    start = time.process_time_ns()
    for text in texts:
        try:
            dockerfile.parse_string(text)
        except dockerfile.GoParseError:
            pass
    print(time.process_time_ns() - start)
";

struct Options {
    folder: String,
    passes: usize,
    programs: BTreeMap<String, String>,
}

fn main() -> Result<()> {
    let options = options()?;
    let files = dockerfiles(options.folder.as_str().into())?;
    ensure!(!files.is_empty(), "there are no Dockerfiles in `{}`", options.folder);
    let mut list = tempfile::NamedTempFile::new()?;
    files.iter().try_for_each(|file| writeln!(list, "{}", file.path))?;
    let outside = |command: &mut Command| peer(command.arg(list.path()).arg(options.passes.to_string()));

    // Half of our passes before the others and half of them after: whatever the machine does in between, it does to all.
    let half = options.passes.div_ceil(2);
    let mut own = Own::default();
    own.measure(&files, half);
    let mut rows = Vec::new();
    if let Some(program) = options.programs.get("--buildkit") {
        let best = outside(Command::new(program).env("GOMAXPROCS", "1"))?;
        rows.push(("BuildKit, `parser.Parse`", best[0]));
        rows.push(("BuildKit, `instructions.Parse` as well", best[1]));
    }
    if let Some(program) = options.programs.get("--python") {
        let best = outside(Command::new(program).env("GOMAXPROCS", "1").args(["-c", PYTHON]))?;
        rows.push(("PyPI `dockerfile` (BuildKit's)", best[0]));
    }
    own.measure(&files, half);
    let ours = own.rows();
    print(&files, &[&ours[..], &rows].concat(), ours[0].1);
    Ok(())
}

fn options() -> Result<Options> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().context("usage: parsers FOLDER [PASSES] [--buildkit PROGRAM] [--python PROGRAM]")?;
    let mut options = Options { folder, passes: 20, programs: BTreeMap::new() };
    while let Some(word) = words.next() {
        if word.starts_with("--") {
            let program = words.next().with_context(|| format!("`{word}` needs a program"))?;
            options.programs.insert(word, program);
        } else {
            options.passes = word.parse().context("PASSES is a number")?;
        }
    }
    Ok(options)
}

/// The best times of the parsers of this program.
#[derive(Default)]
struct Own {
    best: BTreeMap<usize, Duration>,
}

const NAMES: [&str; 3] = ["dfmigrate, a cache for each file", "dfmigrate, a shared cache", "parse-dockerfile, no tree"];

impl Own {
    fn measure(&mut self, files: &[Dockerfile], passes: usize) {
        for _ in 0..passes {
            self.note(0, || files.iter().for_each(|file| drop(black_box(parse(&file.text)))));
            self.note(1, || {
                for files in files.chunks(FILES_OF_A_CACHE) {
                    let mut cache = Default::default();
                    files.iter().for_each(|file| drop(black_box(parse_with_cache(&file.text, &mut cache))));
                }
            });
            self.note(2, || files.iter().for_each(|file| drop(black_box(parse_dockerfile::parse(&file.text)))));
        }
    }

    fn note(&mut self, which: usize, pass: impl FnOnce()) {
        let start = computing();
        pass();
        let spent = computing().saturating_sub(start);
        let best = self.best.entry(which).or_insert(spent);
        *best = spent.min(*best);
    }

    fn rows(&self) -> Vec<(&'static str, Duration)> {
        self.best.iter().map(|(which, best)| (NAMES[*which], *best)).collect()
    }
}

/// The best of each column of nanoseconds that `command` prints.
fn peer(command: &mut Command) -> Result<Vec<Duration>> {
    let output = command.output().with_context(|| format!("{command:?} can't be run"))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut best: Vec<u64> = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let times: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        if best.is_empty() {
            best.clone_from(&times);
        }
        best.iter_mut().zip(times).for_each(|(best, time)| *best = time.min(*best));
    }
    ensure!(!best.is_empty(), "{command:?} prints nothing");
    Ok(best.into_iter().map(Duration::from_nanos).collect())
}

#[expect(clippy::cast_precision_loss, reason = "sizes and counts of files")]
fn print(files: &[Dockerfile], rows: &[(&str, Duration)], ours: Duration) {
    let (bytes, count) = (bytes(files) as f64, files.len() as f64);
    println!("{} Dockerfiles, {:.2} MB\n", files.len(), bytes / 1e6);
    println!("| parser | MB/s | files/s | time, dfmigrate = 1 |\n| --- | --- | --- | --- |");
    for (name, time) in rows {
        let (seconds, ratio) = (time.as_secs_f64(), time.as_secs_f64() / ours.as_secs_f64());
        println!("| {name} | {:.1} | {:.0} | {ratio:.2} |", bytes / seconds / 1e6, count / seconds);
    }
}
