//! One source of an ADD, as a URL with credentials.

use crate::knowledge::values::{Userinfo, url_userinfo, whole_variable};
use crate::model::{Dockerfile, Step};
use crate::source::{TextRange, slice};
use crate::syntax::dockerfile::Word;

/// A source of an ADD with credentials in its URL.
pub(super) struct Source {
    /// The ADD, an index into the Dockerfile's steps.
    pub step: usize,
    /// Which of its words it is, from zero.
    pub word: usize,
    /// Where it stands.
    pub place: TextRange,
    /// The URL as the builder reads it, variables included.
    pub url: String,
    /// Scheme, host and path, without the credentials.
    pub plain: String,
    /// The host, with its port.
    pub host: String,
    /// Whether it is a git repository, which the builder clones.
    pub is_git: bool,
    /// The user in front of a password, as written.
    pub user: Option<String>,
    /// The part that lets somebody in: the password, or the user where there is none.
    pub credential: String,
    /// The variables of the credentials; none where they are written out.
    pub variables: Vec<String>,
    /// Whether the ADD has nothing else to fetch.
    pub is_only: bool,
    /// The destination, as written.
    pub target: String,
}

impl Source {
    /// Those of a step.
    pub(super) fn of_step(dockerfile: &Dockerfile, index: usize) -> Vec<Self> {
        let step: &Step = &dockerfile.steps[index];
        let words = step.instruction.words();
        let Some((target, sources)) = words.split_last() else { return Vec::new() };
        let new = |(at, word)| Self::new((index, at), word, &target.value, sources.len() == 1);
        sources.iter().enumerate().filter_map(new).collect()
    }

    fn new((step, at): (usize, usize), word: &Word, target: &str, is_only: bool) -> Option<Self> {
        let url = &word.value;
        let found: Userinfo = url_userinfo(url).filter(|found| found.is_credential(url))?;
        let before = url.get(..found.range.start().into())?;
        let host = slice(url, found.host).to_owned();
        let plain = format!("{before}{}", url.get(found.host.start().into()..)?);
        let path = plain.split(['#', '?']).next().unwrap_or_default();
        let is_git = path.ends_with(".git") || found.scheme.contains("git");
        let variables = found.variables().map(str::to_owned).collect();
        // A token as the user has one of these as its password (git-scm.com, docs.github.com).
        let filler = |text: &str| matches!(text, "x-oauth-basic" | "x" | "");
        let password = found.password.as_ref().filter(|part| !filler(slice(url, part.range)));
        let credential = slice(url, password.unwrap_or(&found.user).range).to_owned();
        let user = password.map(|_| slice(url, found.user.range).to_owned());
        let (url, target) = (url.clone(), target.to_owned());
        let place = word.range;
        Some(Self { step, word: at, place, url, plain, host, is_git, user, credential, variables, is_only, target })
    }

    /// The host without its port.
    pub(super) fn host_name(&self) -> &str {
        self.host.split(':').next().unwrap_or(&self.host)
    }

    /// The id under which BuildKit looks for credentials of this host: with the port for git, without it for files
    /// (BuildKit `source/git/source.go`, `source/http/source.go`; experiment, Engine 28.5).
    pub(super) fn host_id(&self) -> String {
        match (self.is_git, &self.user) {
            (true, _) => format!("GIT_AUTH_TOKEN.{}", self.host),
            (false, None) => format!("HTTP_AUTH_TOKEN_{}", self.host_name()),
            (false, Some(_)) => format!("HTTP_AUTH_HEADER_{}", self.host_name()),
        }
    }

    /// The variable whose value lets somebody in, if it is all of that part: `$TOKEN`, `${TOKEN}`.
    pub(super) fn variable(&self) -> Option<&str> {
        whole_variable(&self.credential)
    }

    /// What a file that is downloaded is called.
    pub(super) fn file_name(&self) -> String {
        let path = self.plain.split(['?', '#']).next().unwrap_or("").trim_end_matches('/');
        path.rsplit('/').next().unwrap_or("").to_owned()
    }

    /// Whether the destination is written as a folder.
    pub(super) fn names_folder(&self) -> bool {
        self.target.ends_with('/') || matches!(self.target.rsplit('/').next(), Some("." | ".."))
    }

    /// The file in the folder that the destination is.
    pub(super) fn file(&self) -> String {
        match self.target.trim_end_matches('/') {
            "." => self.file_name(),
            folder => format!("{folder}/{}", self.file_name()),
        }
    }

    /// The address of a git repository without credentials, and what is taken of it.
    pub(super) fn reference(&self) -> (&str, &str) {
        self.plain.split_once('#').unwrap_or((&self.plain, ""))
    }

    /// Scheme and credentials, up to the `@`.
    pub(super) fn login(&self) -> &str {
        self.url.split_once(&format!("@{}", self.host)).map_or("", |(login, _)| login)
    }
}
