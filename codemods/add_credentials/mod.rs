#![doc = include_str!("page.md")]

use super::prelude::*;
use crate::knowledge::values::{Userinfo, url_userinfo};
use crate::model::Step;
use crate::plan::FollowUp;
use crate::source::{TextRange, slice};
use crate::syntax::dockerfile::{Keyword, Word};

/// See the page above.
pub const CODEMOD: Codemod = Codemod {
    id: "add-credentials",
    summary: "an ADD fetches a URL with credentials in it",
    page: include_str!("page.md"),
    may_find: |text| text.contains("://") && text.contains('@'),
    find,
};

fn find(model: &Model) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for dockerfile in &model.dockerfiles {
        let mut count = 0;
        for step in dockerfile.steps.iter().filter(|step| step.keyword == Keyword::Add) {
            for source in Source::of_step(step) {
                count += 1;
                findings.push(source.finding(model, dockerfile, count));
            }
        }
    }
    findings
}

/// A source of an ADD with credentials in its URL.
struct Source {
    place: TextRange,
    /// Scheme, host and path, without the credentials.
    plain: String,
    host: String,
    is_git: bool,
    /// The user in front of a password, as written.
    user: Option<String>,
    /// The variables of the credentials; none where they are written out.
    variables: Vec<String>,
    target: String,
}

impl Source {
    fn of_step(step: &Step) -> Vec<Self> {
        let words = step.instruction.words();
        let Some((target, sources)) = words.split_last() else { return Vec::new() };
        sources.iter().filter_map(|word| Self::new(word, &target.value)).collect()
    }

    fn new(word: &Word, target: &str) -> Option<Self> {
        let url = &word.value;
        let found: Userinfo = url_userinfo(url).filter(|found| found.is_credential(url))?;
        let before = url.get(..found.range.start().into())?;
        let host = slice(url, found.host).to_owned();
        let plain = format!("{before}{}", url.get(found.host.start().into()..)?);
        let path = plain.split(['#', '?']).next().unwrap_or_default();
        let is_git = path.ends_with(".git") || found.scheme.contains("git");
        let variables = found.variables().map(str::to_owned).collect();
        let user = found.password.is_some().then(|| slice(url, found.user.range).to_owned());
        Some(Self { place: word.range, user, plain, host, is_git, variables, target: target.to_owned() })
    }

    /// The id under which BuildKit looks for credentials of this host: with the port for git, without it for files
    /// (BuildKit `source/git/source.go`, `source/http/source.go`; experiment, Engine 28.5).
    fn id(&self) -> String {
        let name = self.host.split(':').next().unwrap_or(&self.host);
        match (self.is_git, &self.user) {
            (true, _) => format!("GIT_AUTH_TOKEN.{}", self.host),
            (false, None) => format!("HTTP_AUTH_TOKEN_{name}"),
            (false, Some(_)) => format!("HTTP_AUTH_HEADER_{name}"),
        }
    }

    /// Where the value of the secret that BuildKit sends comes from.
    fn value(&self) -> String {
        match (self.is_git, &self.user) {
            (false, Some(_)) => "env=…` whose value is `Basic ` and the base64 of user, colon and password".to_owned(),
            _ => format!("env={}`", self.variable()),
        }
    }

    fn variable(&self) -> String {
        self.variables.last().cloned().unwrap_or_else(|| "TOKEN".to_owned())
    }

    /// The RUN that fetches the same with a mounted secret.
    fn run(&self) -> String {
        let (variable, plain) = (self.variable(), &self.plain);
        let mount = format!("RUN --mount=type=secret,id={},env={variable}", variable.to_lowercase());
        let name = plain.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or("file");
        let target = if self.target.ends_with('/') { format!("{}{name}", self.target) } else { self.target.clone() };
        let user = self.user.as_deref();
        if !self.is_git {
            let credentials = user.map_or(format!("${variable}:"), |user| format!("{user}:${variable}"));
            return format!("{mount} curl -fsSL -u \"{credentials}\" -o {target} {plain}");
        }
        let (repository, branch) = plain.split_once('#').unwrap_or((plain, ""));
        let branch = if branch.is_empty() { String::new() } else { format!("--branch {branch} ") };
        let (user, host) = (user.unwrap_or("x-access-token"), &self.host);
        format!(
            "{mount} GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=\"url.https://{user}:${variable}@{host}/.insteadOf\" \
             GIT_CONFIG_VALUE_0=https://{host}/ git clone {branch}{repository} {target}"
        )
    }

    fn finding<'m>(&self, model: &'m Model, dockerfile: &'m Dockerfile, number: usize) -> Finding {
        let (id, variable, path) = (self.id(), self.variable(), dockerfile.path());
        let mut change = Change::new(model, dockerfile);
        let label = change.place(self.place, "the builder, not a RUN, fetches this");
        let reason = "an ADD sees no mounted secret, and which of the two other ways is right can't be told".to_owned();
        change.obstruct("used-in-add", reason, label);
        let newer = if self.is_git { "BuildKit 0.8" } else { "BuildKit 0.23, which is Docker 28.3," };
        change.notes.push(format!(
            "{newer} and newer send the secret `{id}` by themselves: write `ADD {} {}`, and build with `--secret id={id},{}",
            self.plain,
            self.target,
            self.value()
        ));
        change.notes.push(format!("every BuildKit can do it in a RUN: `{}`", self.run()));
        let burned = match self.variables.is_empty() {
            true => format!("the credentials for `{}` that are written in `{path}`", self.host),
            false => format!("`{variable}`: images built from `{path}` until now hold its value"),
        };
        change.follow_up(FollowUp::Rotate(burned));
        let (fix, notes) = change.finish("leave the credentials out of the URL");
        Finding {
            codemod: CODEMOD.id,
            severity: Severity::Error,
            dockerfile: path.to_owned(),
            subject: format!("ADD from {} ({number})", self.host),
            title: format!("an ADD fetches from `{}` with credentials in the URL", self.host),
            primary: Label {
                file: path.to_owned(),
                range: self.place,
                text: "the history, the log and the provenance show the whole URL".to_owned(),
            },
            labels: Vec::new(),
            notes,
            fix,
        }
    }
}
