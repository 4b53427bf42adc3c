//! What a build is of that lies in another repository, as far as its own text says.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::command::UNKNOWN;
use super::location::{absolute, beside, inside, join, resolve};

/// A Dockerfile of another repository, as a build names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Outside {
    /// The repository.
    pub repository: Whereabouts,
    /// The branch, tag or commit; `None` for the default branch, and for whatever lies in a folder beside this repository.
    pub reference: Option<String>,
    /// The Dockerfile, from the root of that repository; `None` where it can't be told.
    pub dockerfile: Option<Utf8PathBuf>,
}

/// How a text names another repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whereabouts {
    /// By the address that it is cloned from, without a user: `https://git.example.com/acme/shop.git`.
    Address(String),
    /// By the folder that it has beside this repository's: `../shop` is `shop`.
    Beside(String),
    /// By its path on the same forge: `acme/shop`; a name alone lies where this repository lies.
    Forge(String),
    /// Not at all: the workflow or action builds the repository that runs it.
    Caller,
}

/// A folder in which another repository lies when a build runs, because a step checked it out or a command cloned it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Where, as [`join`] writes it.
    pub(super) path: String,
    /// The repository.
    pub(super) repository: Whereabouts,
    /// The branch, tag or commit that was asked for.
    pub(super) reference: Option<String>,
    /// Whether it is certainly another repository. Scripts and documents clone their own one as well, and what its name is
    /// they don't say.
    pub(super) foreign: bool,
}

/// What the Dockerfile at `path`, which [`join`] made, is outside of this repository; `None` where it is inside, or nobody
/// knows where it leads.
pub(super) fn led_to(path: &str, folders: &[Folder]) -> Option<Outside> {
    if let Some((folder, rest)) = holding(path, folders) {
        let (repository, reference) = (folder.repository.clone(), folder.reference.clone());
        return Some(Outside { repository, reference, dockerfile: known(rest) });
    }
    let (name, rest) = beside(path).filter(|_| !path.contains(UNKNOWN))?;
    Some(Outside { repository: Whereabouts::Beside(name.to_owned()), reference: None, dockerfile: known(rest) })
}

/// Whether `path` lies in this repository, and not in a folder within that is certainly another one's.
pub(super) fn is_own(path: &str, folders: &[Folder]) -> bool {
    inside(path).is_some() && !holding(path, folders).is_some_and(|(folder, _)| folder.foreign)
}

/// Whether `path` lies in one of `folders`.
pub(super) fn is_cloned(path: &str, folders: &[Folder]) -> bool {
    holding(path, folders).is_some()
}

/// The deepest of `folders` that holds `path`, and the path from there.
fn holding<'p, 'f>(path: &'p str, folders: &'f [Folder]) -> Option<(&'f Folder, &'p str)> {
    let within = |folder: &'f Folder| {
        let rest = path.strip_prefix(folder.path.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some((folder, rest.trim_start_matches('/')))
    };
    folders.iter().filter_map(within).max_by_key(|(folder, _)| folder.path.len())
}

fn known(path: &str) -> Option<Utf8PathBuf> {
    (!path.is_empty() && !path.contains(UNKNOWN)).then(|| Utf8PathBuf::from(path))
}

impl Folder {
    /// One of another repository at `folder`, from the root of this one.
    pub(super) fn at(folder: &Utf8Path, repository: Whereabouts, reference: Option<String>) -> Self {
        Self { path: absolute(folder), repository, reference, foreign: true }
    }

    /// Where `git clone` puts what it clones, started in `directory`. `words` are the operands, in which [`UNKNOWN`] stands
    /// for what can't be told.
    pub(super) fn cloned(words: &[String], directory: &str) -> Option<Self> {
        const WITH_VALUE: [&str; 15] = [
            "-b",
            "--branch",
            "--depth",
            "-c",
            "--config",
            "-o",
            "--origin",
            "--reference",
            "-j",
            "--jobs",
            "--filter",
            "-u",
            "--upload-pack",
            "--shallow-since",
            "--separate-git-dir",
        ];
        let (mut places, mut reference) = (Vec::new(), None);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if let Some(branch) = word.strip_prefix("--branch=") {
                reference = Some(branch.to_owned());
            } else if WITH_VALUE.contains(&word.as_str()) {
                let value = words.next()?;
                if matches!(word.as_str(), "-b" | "--branch") {
                    reference = Some(value.clone());
                }
            } else if !word.starts_with('-') {
                places.push(word.as_str());
            }
        }
        let address = without_user(places.first()?);
        let name = address.as_str().trim_end_matches('/').rsplit(['/', ':']).next()?.trim_end_matches(".git");
        let folder = places.get(1).map_or(name, |folder| *folder);
        let is_known = |text: &str| !text.is_empty() && !text.contains(UNKNOWN);
        let fits = is_known(&address) && is_known(folder) && reference.as_deref().is_none_or(is_known);
        let repository = Whereabouts::Address(address.clone());
        fits.then(|| Self { path: join(directory, folder), repository, reference, foreign: false })
    }
}

/// What a build from an address is of: `https://git.example.com/acme/shop.git#main:web`. `file` is the Dockerfile that it
/// names, which counts from the context. `None` where the address is no git repository, or can't be told.
///
/// Facts: docs.docker.com, "Build context", "Git repositories" and "URL queries"; BuildKit `util/gitutil/git_ref.go`.
pub(super) fn of_address(context: &str, file: Option<&str>) -> Option<Outside> {
    let (whole, fragment) = context.split_once('#').unwrap_or((context, ""));
    let (address, query) = whole.split_once('?').unwrap_or((whole, ""));
    let over_web = address.starts_with("https://") || address.starts_with("http://");
    let is_git = over_web && address.ends_with(".git")
        || ["git@", "git://", "ssh://", "github.com/"].iter().any(|start| address.starts_with(start));
    if !is_git {
        return None;
    }
    let (mut reference, mut folder) = fragment.split_once(':').unwrap_or((fragment, ""));
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match key {
            "ref" | "branch" | "tag" | "commit" | "checksum" if reference.is_empty() => reference = value,
            "subdir" if folder.is_empty() => folder = value,
            _ => {}
        }
    }
    let address = match address.strip_prefix("github.com/") {
        Some(path) => format!("https://github.com/{path}"),
        None => without_user(address),
    };
    let is_known = |text: &str| !text.contains([UNKNOWN, '$', '{', ' ']);
    let file = file.map_or("Dockerfile", |file| if file.is_empty() { "Dockerfile" } else { file });
    let dockerfile = resolve(Utf8Path::new(folder.trim_start_matches('/')), file);
    (is_known(&address) && is_known(reference)).then(|| Outside {
        repository: Whereabouts::Address(address),
        reference: (!reference.is_empty()).then(|| reference.to_owned()),
        dockerfile: dockerfile.filter(|path| is_known(path.as_str())),
    })
}

/// An address over the web without the user and the password in it, which may be a secret.
fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://").filter(|(scheme, _)| scheme.starts_with("http")) else {
        return address.to_owned();
    };
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(outside: Option<Outside>) -> String {
        let Some(Outside { repository, reference, dockerfile }) = outside else { return "none".to_owned() };
        let repository = match repository {
            Whereabouts::Address(text) | Whereabouts::Beside(text) | Whereabouts::Forge(text) => text,
            Whereabouts::Caller => "caller".to_owned(),
        };
        let dockerfile = dockerfile.map_or("?".to_owned(), Utf8PathBuf::into_string);
        format!("{repository} {} {dockerfile}", reference.as_deref().unwrap_or("-"))
    }

    #[test]
    fn an_address_says_the_repository_the_reference_and_the_folder() {
        for (context, file, expected) in [
            ("https://git.example.com/a/b.git", None, "https://git.example.com/a/b.git - Dockerfile"),
            ("https://git.example.com/a/b.git#main:web", None, "https://git.example.com/a/b.git main web/Dockerfile"),
            (
                "https://git.example.com/a/b.git#:web",
                Some("x.Dockerfile"),
                "https://git.example.com/a/b.git - web/x.Dockerfile",
            ),
            (
                "https://git.example.com/a/b.git?branch=x&subdir=web",
                None,
                "https://git.example.com/a/b.git x web/Dockerfile",
            ),
            ("git@git.example.com:a/b.git#v1", None, "git@git.example.com:a/b.git v1 Dockerfile"),
            ("ssh://git@git.example.com/a/b", None, "ssh://git@git.example.com/a/b - Dockerfile"),
            ("github.com/a/b", None, "https://github.com/a/b - Dockerfile"),
            ("https://me:kn0ck@git.example.com/a/b.git", None, "https://git.example.com/a/b.git - Dockerfile"),
            ("https://\u{f8ff}@git.example.com/a/b.git", None, "https://git.example.com/a/b.git - Dockerfile"),
            ("https://git.example.com/\u{f8ff}/b.git", None, "none"),
            ("https://git.example.com/a/b.git#\u{f8ff}", None, "none"),
            ("https://git.example.com/a/b.git", Some("../x"), "https://git.example.com/a/b.git - ?"),
            ("https://git.example.com/a.tar.gz", None, "none"),
        ] {
            assert_eq!(shown(of_address(context, file)), expected, "{context}");
        }
    }

    #[test]
    fn a_clone_lies_where_git_puts_it() {
        let cloned = |words: &str| {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            Folder::cloned(&words, &absolute(Utf8Path::new(""))).map(|folder| (inside(&folder.path), folder.reference))
        };
        let at = |path: &str, reference: Option<&str>| Some((Some(path.into()), reference.map(str::to_owned)));
        assert_eq!(cloned("https://git.example.com/a/b.git"), at("b", None));
        assert_eq!(cloned("--depth 1 -b v1 git@git.example.com:a/b.git src/x"), at("src/x", Some("v1")));
        assert_eq!(cloned("--branch=v1 https://\u{f8ff}@git.example.com/a/b"), at("b", Some("v1")));
        assert_eq!(cloned("https://git.example.com/a/\u{f8ff}"), None);
        assert_eq!(cloned("--bare"), None);
    }

    #[test]
    fn the_deepest_folder_says_what_a_path_is_of() {
        let folder =
            |path: &str, name: &str| Folder::at(Utf8Path::new(path), Whereabouts::Forge(name.to_owned()), None);
        let folders = [folder("", "a/outer"), folder("in", "a/inner")];
        let led = |path: &str| shown(led_to(&join(&absolute(Utf8Path::new("")), path), &folders));
        assert_eq!(led("in/web/Dockerfile"), "a/inner - web/Dockerfile");
        assert_eq!(led("inn/Dockerfile"), "a/outer - inn/Dockerfile");
        let led = |path: &str| shown(led_to(&join(&absolute(Utf8Path::new("ci")), path), &[]));
        assert_eq!(led("../../shop/Dockerfile"), "shop - Dockerfile");
        assert_eq!(led("../shop/Dockerfile"), "none");
        assert_eq!(led("../../Dockerfile"), "none");
        assert_eq!(led("../../../x/Dockerfile"), "none");
        assert_eq!(led("/shop/Dockerfile"), "none");
    }
}
