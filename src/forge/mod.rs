//! Forges: the servers that keep pull requests (merge requests, for GitLab).
//!
//! [`Forge`] is what a forge is asked for, with one module a kind of forge. [`propose`] decides what is asked: a pull request
//! of an earlier run is updated, one that a person closed stays closed. [`body`] is the text, which can only be made of
//! redacted parts. Every request goes through [`http::Client`], which holds the token and gives it to one server only.

mod address;
mod azure;
mod bitbucket;
mod bitbucket_server;
pub mod body;
mod clock;
pub mod credentials;
mod error;
mod gitea;
mod github;
mod gitlab;
pub mod http;
mod marker;
pub mod propose;
mod prose;
mod remote;
mod template;
mod token;

pub use address::{Address, Kind, NoForge};
pub use azure::Azure;
pub use bitbucket::Bitbucket;
pub use bitbucket_server::BitbucketServer;
pub use clock::{Clock, SystemClock};
pub use error::ForgeError;
pub use gitea::Gitea;
pub use github::GitHub;
pub use gitlab::GitLab;
pub use prose::Prose;
pub use remote::{Remote, Transport};
pub use template::Template;
pub use token::{Scheme, Token};

use http::{Client, Settings};

/// What a forge is asked for, about one repository.
pub trait Forge: Send + Sync {
    /// What has to be known before anything is proposed.
    ///
    /// # Errors
    /// See [`ForgeError`].
    fn facts(&self) -> Result<Facts, ForgeError>;

    /// All pull requests from `head` into this repository, open or not, the newest first.
    ///
    /// # Errors
    /// See [`ForgeError`].
    fn find(&self, head: &Head) -> Result<Vec<PullRequest>, ForgeError>;

    /// Opens a pull request.
    ///
    /// # Errors
    /// See [`ForgeError`]; [`ForgeError::Conflict`] or [`ForgeError::Refused`] if there is one already.
    fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError>;

    /// Sets what `update` has; everything else stays.
    ///
    /// # Errors
    /// See [`ForgeError`].
    fn update(&self, number: u64, update: &Update) -> Result<(), ForgeError>;

    /// Adds labels and people, each as far as it goes; nothing is taken away. Returns what did not go, a sentence each: a
    /// label that is unknown is no reason to leave a pull request unopened.
    ///
    /// # Errors
    /// See [`ForgeError`]; only if nothing could be tried.
    fn involve(&self, number: u64, people: &People) -> Result<Vec<String>, ForgeError>;

    /// Writes a comment.
    ///
    /// # Errors
    /// See [`ForgeError`].
    fn comment(&self, number: u64, text: &Prose) -> Result<(), ForgeError>;

    /// The repositories of an organisation, group, workspace or project, without those that are archived.
    ///
    /// # Errors
    /// See [`ForgeError`].
    fn repositories(&self, group: &str) -> Result<Vec<Listed>, ForgeError>;

    /// Forks the repository into the account of the token, or finds the fork that is there.
    ///
    /// # Errors
    /// See [`ForgeError`].
    fn fork(&self) -> Result<Fork, ForgeError>;
}

/// What a forge knows of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The branch that pull requests go to if nobody says otherwise.
    pub default_branch: String,
    /// Whether the token may push; `None` where the forge doesn't say.
    pub may_push: Option<bool>,
    /// Whether the repository is closed for changes.
    pub archived: bool,
}

/// Where the commits of a pull request are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// The fork that has it; `None` for a branch of the repository itself.
    pub fork: Option<Fork>,
}

/// A fork of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// What it lies in: the owner, group, workspace or project.
    pub owner: String,
    /// Its own name.
    pub name: String,
    /// The forge's id of it, where requests need it (GitLab's number, Azure's GUID).
    pub id: String,
    /// Where to push, over https.
    pub clone_url: String,
}

/// What becomes of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits.
    Open,
    /// A person, or a rule of theirs, closed it unmerged.
    Closed,
    /// It was merged.
    Merged,
}

/// A pull request as the forge has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// The number that people use in the repository.
    pub number: u64,
    /// Its page.
    pub url: String,
    /// What became of it.
    pub state: State,
    /// The title, with a prefix like `Draft: ` where the forge keeps one in it.
    pub title: String,
    /// The text.
    pub body: String,
    /// The branch that it goes to, without `refs/heads/`.
    pub base: String,
}

/// A pull request to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Where its commits are.
    pub head: Head,
    /// The branch that it goes to, without `refs/heads/`.
    pub base: String,
    /// The title.
    pub title: Prose,
    /// The text.
    pub body: Prose,
    /// Whether it is opened as a draft.
    pub draft: bool,
}

/// What is set in a pull request that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Update {
    /// The new title.
    pub title: Option<Prose>,
    /// The new text.
    pub body: Option<Prose>,
}

/// Who is told about a pull request, and under what it is filed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// Labels by name.
    pub labels: Vec<String>,
    /// Reviewers, by the name or id that the forge knows them by (docs/pull-requests.md). A team is `organisation/team`.
    pub reviewers: Vec<String>,
    /// Assignees, by the same.
    pub assignees: Vec<String>,
}

impl People {
    /// Whether nobody is told and nothing is filed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.reviewers.is_empty() && self.assignees.is_empty()
    }
}

/// A repository in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its path on the forge.
    pub path: String,
    /// Where to clone from, over https and without user information.
    pub clone_url: String,
    /// Its default branch; empty for a repository without commits, and where the forge's list does not say (Bitbucket Data
    /// Center).
    pub default_branch: String,
    /// Whether it is a fork of another.
    pub is_fork: bool,
}

/// The forge at `address`.
///
/// # Errors
/// [`ForgeError::Impossible`] if its server can't be asked safely.
pub fn open(address: &Address, token: Option<&Token>, settings: Settings) -> Result<Box<dyn Forge>, ForgeError> {
    let client = |headers: &[(&'static str, &'static str)]| Client::new(&address.api, token, headers, settings.clone());
    let address = address.clone();
    Ok(match address.kind {
        Kind::GitHub => Box::new(GitHub::new(client(github::HEADERS)?, address)),
        Kind::GitLab => Box::new(GitLab::new(client(JSON)?, address)),
        Kind::Gitea => Box::new(Gitea::new(client(JSON)?, address)),
        Kind::Bitbucket => Box::new(Bitbucket::new(client(JSON)?, address)),
        Kind::BitbucketServer => Box::new(BitbucketServer::new(client(JSON)?, address)),
        Kind::Azure => Box::new(Azure::new(client(azure::HEADERS)?, address)),
    })
}

const JSON: &[(&str, &str)] = &[("accept", "application/json")];

/// How many items a page is asked for. Gitea gives at most 50 in its default configuration.
const PAGE_SIZE: &str = "50";

/// The most pages that are read of one list: a server that always names a next one must not keep a run forever.
const MOST_PAGES: usize = 400;

/// All items of a list that is read page by page, numbered from 1.
fn pages<T: serde::de::DeserializeOwned>(
    client: &Client,
    target: &http::Target,
    size: &str,
) -> Result<Vec<T>, ForgeError> {
    let mut items = Vec::new();
    for number in 1..=MOST_PAGES {
        let numbered = target.clone().query(size, PAGE_SIZE).query("page", &number.to_string());
        let page = client.page::<Vec<T>>(&numbered)?;
        items.extend(page.items);
        if !page.has_next {
            break;
        }
    }
    Ok(items)
}

/// A sentence about something that did not go.
fn note(what: &str, error: &ForgeError) -> String {
    format!("{what}: {error}")
}

/// A base address without user information: some servers put the caller's name into clone addresses.
fn without_user(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}
