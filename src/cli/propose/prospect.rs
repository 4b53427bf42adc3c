//! One repository's pull request, as far as it can be told without a network.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    cli::{
        Arguments, Failure, Streams,
        analysis::Analysis,
        commit::{self, stages},
        fix, flags,
    },
    forge::{
        Address, Head, Kind, NoForge, Prose, Remote, Template,
        body::{self, Change, Ordered},
        propose::{self, Wanted},
    },
    git::{self, Message},
    plan::Policy,
};

/// What is to be proposed to one repository.
pub(super) struct Prospect<'a> {
    analysis: &'a Analysis,
    /// Where it is on its forge.
    pub address: Address,
    /// The branch that the fixes are committed to.
    pub branch: String,
    /// The branch that they are for; `None` if no branch is checked out and none was given, which means the forge's
    /// default branch.
    pub base: Option<String>,
    title: Prose,
    section: Prose,
    template: Option<Template>,
}

impl<'a> Prospect<'a> {
    /// Plans the pull request for the fixes of `analysis`, whose files are those of the base.
    /// `order` is what is merged before and behind it.
    pub(super) fn new(analysis: &'a Analysis, arguments: &Arguments, order: &[Ordered]) -> Result<Self, Failure> {
        let root = &analysis.root.path;
        let repository = git::Repository::open(root)?
            .ok_or_else(|| Failure::new(format!("`{root}` is in no git repository, so nothing can be proposed")))?;
        let branch = arguments.committing.branch.clone().unwrap_or_default();
        let checked_out = match &repository.head {
            git::Head::Branch(name) | git::Head::Unborn(name) => Some(name.clone()),
            git::Head::Detached(_) => None,
        };
        if checked_out.as_deref() == Some(branch.as_str()) {
            let message = format!("`{branch}` is checked out, and the pull request would come from it");
            return Err(Failure::new(message).hint("check out the branch that the pull request is for"));
        }
        // Not that of the fix's own branch: it may be pushed to a fork.
        let address = address(&repository, checked_out.as_deref().unwrap_or_default(), arguments)?;
        let paths = analysis.repository.paths();
        let template = Template::find(address.kind, root, paths, &analysis.redactor);
        let after = fix::analysed_again(analysis, &Policy::default());
        let change = Change { order: order.to_vec(), ..change(analysis, &after) };
        let room = propose::room(address.kind.longest_body(), template.as_ref());
        let base = arguments.proposing.pr_base.clone().or(checked_out);
        let title = body::title(&change, &analysis.redactor);
        let section = body::body(&change, &analysis.redactor, room);
        Ok(Self { analysis, address, branch, base, title, section, template })
    }

    /// The root of the work tree.
    pub(super) fn root(&self) -> &Utf8Path {
        &self.analysis.root.path
    }

    /// Has the remote for the fork lead to `url`.
    pub(super) fn set_fork(&self, url: &str) -> Result<(), Failure> {
        match git::Repository::open(self.root())? {
            Some(repository) => git::set_fork(&repository, url).map_err(commit::failure),
            None => Ok(()),
        }
    }

    /// The paths of this repository that were asked about.
    pub(super) fn paths(&self) -> Vec<Utf8PathBuf> {
        let root = &self.analysis.root;
        if root.selection.is_empty() {
            return vec![root.path.clone()];
        }
        root.selection.iter().map(|path| root.path.join(path)).collect()
    }

    /// What is asked of the forge.
    pub(super) fn wanted(&self, head: &Head, arguments: &Arguments) -> Wanted {
        Wanted {
            head: head.clone(),
            base: self.base.clone().unwrap_or_default(),
            title: self.title.clone(),
            section: self.section.clone(),
            template: self.template.clone(),
            draft: arguments.proposing.draft,
            people: arguments.proposing.people(),
        }
    }

    /// Shows all of it.
    pub(super) fn print(&self, policy: &Policy, arguments: &Arguments, streams: &mut Streams) -> Result<(), Failure> {
        let line = crate::report::shown::line;
        let (path, forge) = (line(&self.address.path()), self.address.kind.name());
        let base =
            self.base.as_ref().map_or_else(|| "the default branch".to_owned(), |base| format!("`{}`", line(base)));
        streams.print(format_args!("`{path}` on {forge}: from `{}` to {base}\n\ncommits:", line(&self.branch)))?;
        for stage in stages(self.analysis, policy, arguments.committing.commit) {
            streams.print(format_args!("  {}", Message::of(&stage.findings, &self.analysis.redactor).subject))?;
        }
        let head = Head { branch: self.branch.clone(), fork: None };
        let wanted = self.wanted(&head, arguments);
        streams.print(format_args!("\ntitle: {}\n\n{}\n", wanted.title.as_str(), wanted.body().as_str()))?;
        Ok(())
    }
}

fn change<'a>(analysis: &'a Analysis, after: &Analysis) -> Change<'a> {
    let files: Vec<Utf8PathBuf> = analysis.plan.files.keys().cloned().collect();
    let changed = |path: &Utf8Path| files.iter().any(|file| file == path);
    let mut build_lines = flags::lines(&after.repository, changed);
    build_lines.retain(|line| line.contains(" --secret ") || line.contains(" --ssh "));
    let secrets = flags::secrets_of(&after.repository, changed);
    let (repository, findings) = (&analysis.repository, analysis.findings().collect());
    Change { repository, findings, build_lines, secrets, files, order: Vec::new() }
}

/// Where the repository is on its forge, told by its remote.
pub(in crate::cli) fn address(
    repository: &git::Repository,
    branch: &str,
    arguments: &Arguments,
) -> Result<Address, Failure> {
    let remote = arguments.committing.remote.as_deref();
    let addresses = git::addresses(repository, branch, remote).map_err(commit::failure)?;
    let remote = addresses.iter().find_map(|address| Remote::parse(address));
    let remote = remote.ok_or_else(|| {
        Failure::new("the remote is on no forge, so there is nobody to open a pull request")
            .hint("`--remote` names another one")
    })?;
    let options = &arguments.proposing;
    Address::new(&remote, options.forge.map(Kind::from), options.forge_url.as_deref()).map_err(|error| match error {
        NoForge::UnknownKind => Failure::new(format!("it can't be told what kind of forge `{}` is", remote.host))
            .hint("say so with `--forge`: it is not asked, because that would be a request that nobody expects"),
        NoForge::Path => Failure::new(format!(
            "`{}` is not the path of a repository on this kind of forge",
            crate::report::shown::line(&remote.path.join("/"))
        )),
    })
}
