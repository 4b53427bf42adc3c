//! What each step of a check costs, in computing time.
//!
//! `DFMIGRATE_BENCH` names the folder that is measured as one repository; without it that is `codemods`, with some hundred small
//! repositories of this project.

use std::{collections::BTreeMap, hint::black_box, rc::Rc};

use camino::{Utf8Path, Utf8PathBuf};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dfmigrate::{
    apply, callers, codemods,
    image::{ImageReader, Limits, Searcher},
    model::{self, Model},
    plan::{self, Policy},
    report::{
        Redactor, diff,
        machine::{Document, Part, json},
    },
    repository::Repository,
    source::Source,
    syntax::dockerfile::{self, parse_with_cache},
};
use dfmigrate_bench::{Computing, dockerfiles, repository, throughput};

fn folder() -> Utf8PathBuf {
    let own = || Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../codemods").into_string();
    std::env::var("DFMIGRATE_BENCH").unwrap_or_else(|_| own()).into()
}

/// Text to tree, beside another parser of this language; `parsers` compares with more of them.
fn text_to_tree(criterion: &mut Criterion<Computing>) {
    let files = dockerfiles(&folder()).unwrap();
    let mut group = criterion.benchmark_group("text to tree");
    group.throughput(throughput(&files));
    let all = |parse: &mut dyn FnMut(&str)| files.iter().for_each(|file| parse(&file.text));
    group.bench_function("dfmigrate", |bencher| {
        bencher.iter(|| all(&mut |text| drop(black_box(dockerfile::parse(text)))));
    });
    group.bench_function("dfmigrate, one cache for all", |bencher| {
        bencher.iter(|| {
            let mut cache = Default::default();
            all(&mut |text| drop(black_box(parse_with_cache(text, &mut cache))));
        });
    });
    group.bench_function("parse-dockerfile, no tree", |bencher| {
        bencher.iter(|| all(&mut |text| drop(black_box(parse_dockerfile::parse(text)))));
    });
    group.finish();
}

/// The Dockerfiles one by one, then all that is written down about builds, then what the codemods make of both.
fn understanding(criterion: &mut Criterion<Computing>) {
    let repository = repository(&folder()).unwrap();
    let sources: Vec<Source> =
        repository.dockerfiles().iter().filter_map(|path| repository.source(path)).cloned().collect();
    let mut group = criterion.benchmark_group("understanding");
    group.sample_size(10);
    group.throughput(Throughput::Elements(sources.len() as u64));
    group.bench_function("text to model", |bencher| {
        bencher.iter(|| {
            for source in &sources {
                black_box(model::Dockerfile::new(source.clone()));
            }
        });
    });
    group.bench_function("callers", |bencher| bencher.iter(|| callers::builds(&repository)));
    let repository = Rc::new(repository);
    group.bench_function("find", |bencher| {
        let model = || Model::new(Rc::clone(&repository), |_| true);
        bencher.iter_batched(model, |model| find(&model), BatchSize::PerIteration);
    });
    group.finish();
}

fn find(model: &Model) -> usize {
    let findings = model
        .dockerfiles
        .iter()
        .map(|dockerfile| codemods::ALL.iter().map(|codemod| (codemod.find)(model, dockerfile).len()).sum::<usize>());
    findings.sum()
}

/// What a user waits for, without the disk: a check with its report, a fix with its rounds, a patch.
fn whole(criterion: &mut Criterion<Computing>) {
    let repository = repository(&folder()).unwrap();
    let bold = Policy { unsafe_fixes: true, ..Policy::default() };
    let mut group = criterion.benchmark_group("whole");
    group.sample_size(10);
    group.throughput(Throughput::Elements(repository.dockerfiles().len() as u64));
    group.bench_function("check", |bencher| bencher.iter(|| report(&repository).len()));
    group.bench_function("fix", |bencher| {
        bencher.iter_batched(
            || copy(&repository),
            |folder| {
                let plan = plan::make(&repository, &bold, codemods::ALL);
                let root = Utf8Path::from_path(folder.path()).unwrap();
                apply::write(&apply::Place::without_git(root), &plan.files).unwrap();
                folder
            },
            BatchSize::PerIteration,
        );
    });
    let plan = plan::make(&repository, &bold, codemods::ALL);
    group.throughput(Throughput::Elements(plan.files.len() as u64));
    group.bench_function("diff, a changed file", |bencher| {
        bencher.iter(|| {
            let patches = plan.files.iter().map(|(path, change)| diff::exact(path, change, !repository.is_file(path)));
            patches.map(|patch| black_box(patch).len()).sum::<usize>()
        });
    });
    group.finish();
}

fn report(repository: &Repository) -> String {
    let plan = plan::make(repository, &Policy::default(), codemods::ALL);
    let redactor = Redactor::of_plan(&plan, repository);
    let part = Part { root: Utf8Path::new("/"), repository, plan: &plan, redactor: &redactor };
    json(&Document::of(&[part])).unwrap()
}

/// The texts that were read, on the disk.
fn copy(repository: &Repository) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let texts: BTreeMap<_, _> = repository.sources().map(|source| (source.path(), source.encode())).collect();
    for (path, text) in texts {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// An image of `image.py`, from memory.
fn verify(criterion: &mut Criterion<Computing>) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/image.py");
    let made = std::process::Command::new("python3").args([script, "64"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut group = criterion.benchmark_group("verify");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(made.stdout.len() as u64));
    let searcher = Searcher::new(Vec::new()).unwrap();
    group.bench_function("dfmigrate", |bencher| {
        bencher.iter(|| {
            let mut reader = ImageReader::new(&searcher, Limits::default());
            reader.archive(&mut made.stdout.as_slice());
            reader.finish()
        });
    });
    group.finish();
}

criterion_group! {
    name = steps;
    config = Criterion::default().with_measurement(Computing);
    targets = text_to_tree, understanding, whole, verify
}
criterion_main!(steps);
