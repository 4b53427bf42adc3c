//! The recipes of docs/fleet.md, run as their hosts run them: each command in the shell that it gets, in the order of the jobs,
//! with what earlier jobs hand on.
#![cfg(unix)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use dfmigrate::{
    callers::yaml::{self, Cursor, Document},
    forge::Kind,
};

use super::{ground::Ground, group::Group};

const DOCUMENT: &str = include_str!("../../docs/fleet.md");
const DOCKERFILE: &str = "# syntax=docker/dockerfile:1\nFROM node:22\nWORKDIR /app\nARG NPM_TOKEN\n\
                          COPY package.json .npmrc ./\nRUN npm ci\n";
const NPMRC: &str = "//npm.example.com/:_authToken=${NPM_TOKEN}\n";
const SHARDS: usize = 4;

/// The code block of the document that begins with `start`.
fn block(start: &str) -> &'static str {
    let mut blocks = DOCUMENT.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    blocks.find(|(_, text)| text.starts_with(start)).unwrap_or_else(|| panic!("no block begins with {start}")).1
}

/// Eight shops, each of which another repository deploys, and the list of them.
fn group(kind: Kind) -> Group {
    let names: Vec<String> = (0..8).flat_map(|number| [format!("s{number}"), format!("d{number}")]).collect();
    let group = Group::of(kind, &names, |below| {
        let script = |number: usize| {
            format!("#!/bin/sh\nexport NPM_TOKEN\ndocker build --build-arg NPM_TOKEN -t s {below}s{number}.git\n")
        };
        let scripts: Vec<String> = (0..8).map(script).collect();
        let shop: &[(&str, &str)] = &[("Dockerfile", DOCKERFILE), (".npmrc", NPMRC), ("package.json", "{}\n")];
        let deploys: Vec<[(&str, &str); 1]> = scripts.iter().map(|script| [("deploy.sh", script.as_str())]).collect();
        let all = names
            .chunks(2)
            .zip(&deploys)
            .flat_map(|(pair, deploy)| [(pair[0].as_str(), shop), (pair[1].as_str(), deploy.as_slice())]);
        Ground::of(&all.collect::<Vec<_>>())
    });
    let forge = if kind == Kind::GitHub { "github" } else { "gitlab" };
    let server = group.fake.server.address();
    let entry = |name: &String| format!("[[repository]]\nurl = '{server}/acme/{name}.git'\nforge = '{forge}'\n\n");
    fs::write(group.ground.path("repos.toml"), names.iter().map(entry).collect::<String>()).unwrap();
    group
}

/// Runs a command in a folder with the program in the path, and gives its status.
fn run(group: &Group, shell: &[&str], command: &str, folder: &Path, environment: &[(&str, String)]) -> i32 {
    fs::copy(group.ground.path("repos.toml"), folder.join("repos.toml")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_dfmigrate")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut process = Command::new(shell[0]);
    process.args(&shell[1..]).arg(command).current_dir(folder).env("PATH", path);
    group.surround(&mut process);
    let Output { status, stdout, stderr } = process.envs(environment.iter().cloned()).output().unwrap();
    let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
    println!("{command}\n{text}");
    status.code().unwrap_or_else(|| panic!("{command}: {status}"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

fn jobs(document: &Document, names: &[&str]) -> Vec<(String, Cursor<'static>)> {
    // The document lives as long as the test.
    let document: &'static Document = Box::leak(Box::new(document.clone()));
    let root = Cursor::root(document);
    let all = root.get("jobs").unwrap_or(root);
    names.iter().map(|name| ((*name).to_owned(), all.get(name).unwrap_or_else(|| panic!("no job {name}")))).collect()
}

/// What all recipes have to come to: every shop and every caller has one pull request, linked also where another shard has
/// the other repository, and the report has all of them.
fn assert_proposed(group: &Group, report: &Path) {
    let mut linked = 0;
    group.fake.each(|name, state| {
        let [pull] = state.pulls.as_slice() else { panic!("{name}: {:?}", state.pulls) };
        let branch = if name.starts_with('s') { "dfmigrate/secrets" } else { "dfmigrate/secrets-callers" };
        assert_eq!(pull.branch, branch, "{name}");
        assert!(pull.body.contains("### In this order"), "{name}: {}", pull.body);
        linked += 1;
    });
    assert_eq!(linked, 16);
    let page = fs::read_to_string(report).unwrap();
    assert!(page.contains("16 repositories") && page.contains("/acme/s7"), "{page}");
    group.assert_well_behaved();
}

#[test]
fn the_matrix_of_github_actions() {
    let documents = yaml::read(block("# .github/workflows/fleet.yml")).unwrap();
    let group = group(Kind::GitHub);
    let artifacts = group.ground.path("artifacts");
    fs::create_dir(&artifacts).unwrap();
    for (name, job) in jobs(&documents[0], &["look", "fleet", "report"]) {
        let shards = job.get("strategy").and_then(|strategy| strategy.get("matrix")?.get("shard"));
        let shards: Vec<&str> =
            shards.map_or_else(|| vec![""], |shards| shards.items().iter().filter_map(|item| item.text()).collect());
        assert_eq!(shards.len(), if name == "report" { 1 } else { SHARDS });
        for shard in shards {
            let folder = group.ground.path(&format!("runner-{name}-{shard}"));
            fs::create_dir(&folder).unwrap();
            let filled = |text: &str| text.replace("${{ matrix.shard }}", shard);
            for step in job.get("steps").unwrap().items() {
                let with = |key: &str| step.get("with").and_then(|with| with.get(key)?.text()).map(filled);
                if let Some(command) = step.get("run").and_then(Cursor::text) {
                    // docs.github.com, "Workflow syntax", `jobs.<job_id>.steps[*].shell`: unspecified is `bash -e`.
                    assert_eq!(run(&group, &["bash", "-e", "-c"], &filled(command), &folder, &[]), 0, "{command}");
                    continue;
                }
                match step.get("uses").and_then(Cursor::text).unwrap() {
                    "actions/checkout@v4" => {}
                    "actions/upload-artifact@v4" => {
                        let (from, to) = (folder.join(with("path").unwrap()), artifacts.join(with("name").unwrap()));
                        // A shard without repositories writes no state, and the action only warns of what is not there
                        // (its README, `if-no-files-found`).
                        if from.is_dir() {
                            copy(&from, &to);
                        } else if from.is_file() {
                            fs::create_dir_all(&to).unwrap();
                            fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
                        }
                    }
                    "actions/download-artifact@v4" => {
                        let pattern = with("pattern").unwrap();
                        for entry in fs::read_dir(&artifacts).unwrap() {
                            let (path, name) = {
                                let entry = entry.unwrap();
                                (entry.path(), entry.file_name().into_string().unwrap())
                            };
                            if name.starts_with(pattern.trim_end_matches('*')) {
                                copy(&path, &folder.join(name));
                            }
                        }
                    }
                    other => panic!("{other}"),
                }
            }
        }
    }
    assert_proposed(&group, &artifacts.join("report/report.html"));
}

#[test]
fn the_child_pipeline_of_gitlab() {
    assert!(block("# .gitlab-ci.yml").contains("include: fleet.yml"));
    let documents = yaml::read(block("# fleet.yml")).unwrap();
    let group = group(Kind::GitLab);
    let artifacts = group.ground.path("artifacts");
    fs::create_dir(&artifacts).unwrap();
    for (name, job) in jobs(&documents[0], &["look", "fleet", "report"]) {
        let count: usize = job.get("parallel").and_then(Cursor::text).map_or(1, |count| count.parse().unwrap());
        let may_fail: Vec<i32> =
            job.get("allow_failure").and_then(|allowed| allowed.get("exit_codes")).map_or_else(Vec::new, |codes| {
                let listed: Vec<i32> = codes.items().iter().filter_map(|code| code.text()?.parse().ok()).collect();
                if listed.is_empty() { vec![codes.text().unwrap().parse().unwrap()] } else { listed }
            });
        let mut made = Vec::new();
        for index in 1..=count {
            let folder = group.ground.path(&format!("runner-{name}-{index}"));
            // Jobs get the artifacts of all earlier stages (docs.gitlab.com, "Job artifacts").
            copy(&artifacts, &folder);
            let environment = [("CI_NODE_INDEX", index.to_string()), ("CI_NODE_TOTAL", count.to_string())];
            for command in job.get("script").unwrap().items() {
                let command = command.text().unwrap();
                let status = run(&group, &["sh", "-e", "-c"], command, &folder, &environment);
                assert!(status == 0 || may_fail.contains(&status), "{command}: {status}");
            }
            made.push(folder);
        }
        for folder in made {
            for pattern in job.get("artifacts").unwrap().get("paths").unwrap().items() {
                let start = pattern.text().unwrap().trim_end_matches('*');
                for entry in fs::read_dir(&folder).unwrap() {
                    let entry = entry.unwrap();
                    let name = entry.file_name().into_string().unwrap();
                    match name.starts_with(start) {
                        true if entry.path().is_dir() => copy(&entry.path(), &artifacts.join(name)),
                        true => drop(fs::copy(entry.path(), artifacts.join(name)).unwrap()),
                        false => {}
                    }
                }
            }
        }
    }
    assert_proposed(&group, &artifacts.join("report.html"));
}

/// Neither program can be had here, so this stands in for both: the working directory is the clone, `REPOSITORY` its name, a
/// status other than 0 gives the repository up, and what is changed is committed (multi-gitter README, "run"; turbolift
/// README, "Making changes"; turbolift commits with `--all`, which leaves new files out that are not staged).
#[test]
fn the_script_of_multi_gitter_and_turbolift() {
    let script = block("#!/bin/sh\n# multi-gitter");
    for commit_all in [&["add", "--all"][..], &[]] {
        let value = ["kn0ck-", "kn0ck-1618"].concat();
        let dockerfile = "# syntax=docker/dockerfile:1\nFROM node:22\nCOPY . .\nRUN npm ci\n";
        let broken: &[(&str, &str)] = &[("Dockerfile", DOCKERFILE), ("dfmigrate.toml", "[no-such-setting]\n")];
        let clean: &[(&str, &str)] = &[("Dockerfile", dockerfile), ("package.json", "{}\n")];
        let build = "#!/bin/sh\nexport NPM_TOKEN\ndocker build --build-arg NPM_TOKEN -t app .\n";
        let safe: &[(&str, &str)] =
            &[("Dockerfile", DOCKERFILE), (".npmrc", NPMRC), ("package.json", "{}\n"), ("build.sh", build)];
        // One fix is safe, one needs a person: something is left, and the safe one is committed.
        let literal = format!("FROM node:22\nENV API_TOKEN={value}\nCMD [\"sh\", \"-c\", \"serve $API_TOKEN\"]\n");
        let partly = [safe, &[("api/Dockerfile", literal.as_str())]].concat();
        let ground = Ground::of(&[("broken", broken), ("clean", clean), ("safe", safe), ("partly", &partly)]);
        let file = ground.path("secrets.sh");
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_dfmigrate")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let mut outcomes = Vec::new();
        for name in &ground.names {
            let clone = ground.path(&format!("work/acme/{name}"));
            let git = |arguments: &[&str]| {
                let mut command = Command::new("git");
                command.arg("-C").arg(&clone).args(["-c", "user.name=A", "-c", "user.email=a@example.com"]);
                let output = command.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                String::from_utf8(output.stdout).unwrap()
            };
            fs::create_dir_all(&clone).unwrap();
            git(&["clone", "-q", ground.remote(name).to_str().unwrap(), "."]);
            git(&["switch", "-q", "-c", "dfmigrate/secrets"]);
            let mut command = Command::new(&file);
            command.current_dir(&clone).env("PATH", &path).env("REPOSITORY", format!("acme/{name}"));
            let status = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap().status;
            if !status.success() {
                outcomes.push("given up");
                continue;
            }
            if !commit_all.is_empty() {
                git(commit_all);
            }
            if git(&["status", "--porcelain"]).is_empty() {
                outcomes.push("no change");
                continue;
            }
            git(&["commit", "-q", "--all", "-m", "Keep secrets out of images"]);
            git(&["push", "-q", "origin", "dfmigrate/secrets"]);
            assert_eq!(git(&["status", "--porcelain"]), "", "{name}");
            outcomes.push("changed");
        }
        assert_eq!(outcomes, ["given up", "no change", "changed", "changed"]);
        for name in ["safe", "partly"] {
            assert!(ground.fixed(name, "build.sh").contains("--secret id=npm_token"), "{name}");
        }
    }
}
