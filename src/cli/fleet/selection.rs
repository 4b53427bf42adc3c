//! Which repositories a run is about.

use std::fs;

use camino::Utf8Path;
use clap::ValueEnum as _;
use ignore::overrides::{Override, OverrideBuilder};

use super::Fleet;
use crate::{
    cli::{Failure, ForgeName, propose},
    fleet::{Manifest, Record, Stage, Target, TargetSettings},
    forge::{Address, Kind, Remote},
};

/// The repositories that the options name, each once, and the entries of lists that are none as things are, with the reason.
pub(super) fn targets(options: &Fleet, known: &[Record]) -> Result<Manifest, Failure> {
    let mut all = Manifest::default();
    for text in &options.targets {
        let target =
            Target::parse(text).map_err(|reason| Failure::new(format!("`{text}` is no repository: {reason}")))?;
        all.add(target);
    }
    for file in &options.repos {
        let listed = list(file)?;
        listed.targets.into_iter().for_each(|target| all.add(target));
        all.broken.extend(listed.broken);
    }
    for organisation in &options.org {
        listed(organisation, options)?.into_iter().for_each(|target| all.add(target));
    }
    all.targets.iter().try_for_each(|target| check_forge(&target.settings))?;
    let filters = filters(&options.filters)?;
    let failed = |name: &str| known.iter().any(|record| record.name == name && record.stage == Stage::Failed);
    let wanted = |name: &str| {
        !filters.matched(name.trim_start_matches('/'), false).is_ignore()
            && options.shard.is_none_or(|shard| shard.has(name))
            && (!options.failed || failed(name))
    };
    all.targets.retain(|target| wanted(&target.name));
    all.broken.retain(|(target, _)| wanted(&target.name));
    Ok(all)
}

/// A word that names no forge is told before anything is done, and not once for each repository.
fn check_forge(settings: &TargetSettings) -> Result<(), Failure> {
    let Some(wrong) = settings.forge.as_deref().filter(|name| ForgeName::from_str(name, false).is_err()) else {
        return Ok(());
    };
    let known: Vec<String> = ForgeName::value_variants()
        .iter()
        .filter_map(|name| Some(name.to_possible_value()?.get_name().to_owned()))
        .collect();
    let message = format!("`{}` is no kind of forge", crate::report::shown::line(wrong));
    Err(Failure::new(message).hint(format!("the kinds are {}", known.join(", "))))
}

fn list(file: &Utf8Path) -> Result<Manifest, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| anyhow::Error::new(error).context(format!("`{file}` can't be read")))?;
    let manifest = if file.extension() == Some("toml") { Manifest::toml(&text) } else { Manifest::text(&text) };
    Ok(manifest?)
}

fn filters(globs: &[String]) -> Result<Override, Failure> {
    let mut builder = OverrideBuilder::new("/");
    for glob in globs {
        builder.add(glob)?;
    }
    Ok(builder.build()?)
}

/// The repositories that a forge lists.
fn listed(organisation: &str, options: &Fleet) -> Result<Vec<Target>, Failure> {
    let wrong =
        || Failure::new(format!("`{organisation}` is no organisation")).hint("it is written like `github:acme`");
    let (kind, group) = organisation.split_once(':').ok_or_else(wrong)?;
    let name = ForgeName::from_str(kind, true).map_err(|_| wrong())?;
    let address = address(Kind::from(name), group, options.forge_url.as_deref()).ok_or_else(wrong)?;
    // The API of Azure DevOps is that of an organisation, and what has repositories is a project.
    let group = if address.kind == Kind::Azure { group.rsplit('/').next().unwrap_or(group) } else { group };
    let mut listed = propose::open(&address)?.repositories(group).map_err(propose::failure)?;
    // One without commits has nothing to look at.
    listed.retain(|found| !found.default_branch.is_empty() || address.kind == Kind::BitbucketServer);
    listed.retain(|found| options.include_forks || !found.is_fork);
    // What the forge is was said with the group; a host of one's own does not tell it.
    let forge = Some(kind.to_lowercase());
    let settings = TargetSettings { forge, forge_url: options.forge_url.clone(), ..TargetSettings::default() };
    let target = |url: &str| Target::parse(url).ok().map(|target| Target { settings: settings.clone(), ..target });
    Ok(listed.iter().filter_map(|found| target(&found.clone_url)).collect())
}

/// The forge of a group, by the address that a repository in it would have.
fn address(kind: Kind, group: &str, web: Option<&str>) -> Option<Address> {
    let public = match kind {
        Kind::GitHub => "https://github.com",
        Kind::GitLab => "https://gitlab.com",
        Kind::Gitea => "https://codeberg.org",
        Kind::Bitbucket => "https://bitbucket.org",
        Kind::Azure => "https://dev.azure.com",
        // There is no public one.
        Kind::BitbucketServer => web?,
    };
    let below = match kind {
        Kind::Azure => format!("{group}/_git"),
        Kind::BitbucketServer => format!("scm/{group}"),
        _ => group.to_owned(),
    };
    let remote = Remote::parse(&format!("{}/{below}/any", web.unwrap_or(public).trim_end_matches('/')))?;
    Address::new(&remote, Some(kind), web).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_leads_to_the_api_of_its_forge() {
        let api = |kind, group, web| address(kind, group, web).map(|address| address.api);
        assert_eq!(api(Kind::GitHub, "acme", None).as_deref(), Some("https://api.github.com"));
        let own = Some("https://git.example.com/lab");
        assert_eq!(api(Kind::GitLab, "acme/web", own).as_deref(), Some("https://git.example.com/lab/api/v4"));
        assert_eq!(api(Kind::BitbucketServer, "ACME", None), None);
    }

    #[test]
    fn filters_choose_by_name_and_the_last_one_decides() {
        let chosen = |globs: &[&str], name: &str| {
            let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
            !filters(&globs).unwrap().matched(name, false).is_ignore()
        };
        assert!(chosen(&[], "github.com/acme/shop"));
        assert!(chosen(&["shop-*"], "github.com/acme/shop-web"));
        assert!(!chosen(&["shop-*"], "github.com/acme/bank"));
        assert!(!chosen(&["github.com/acme/*", "!*-old"], "github.com/acme/shop-old"));
        assert!(chosen(&["!*-old"], "github.com/acme/shop"));
    }
}
