//! Package managers keep the address of a package in their manifest, their lock file and their cache, with the credentials in
//! it. They get the plain address, and git, which they start, gets the credentials by its variables (experiment: npm 11, yarn
//! 1.22, pnpm 10.34, uv 0.11 keep nothing then).

use crate::model::RestKind;
use crate::syntax::shell::Word;

use super::super::Migration;
use super::address::address;
use super::site::Site;
use super::variables::{Setting, exported, is_git};
use super::{Refused, Repairs};

/// The managers that start git to fetch a package.
const MANAGERS: [&str; 4] = ["npm", "yarn", "pnpm", "uv"];

/// What clones an editable package once and keeps the clone; it asks for no other address (experiment: pip 23.2).
const CLONES: &str = "pip";

/// Hosts whose addresses the managers know and may ask for by ssh or as an archive.
const KNOWN_HOSTS: [&str; 3] = ["github.com", "gitlab.com", "bitbucket.org"];

impl<'m> Migration<'m> {
    /// Takes the credentials out of the address of a package; `None` for commands that add none.
    pub(super) fn plain_package(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Option<Result<(), Refused>> {
        let program = site.program()?;
        let fetches = MANAGERS.contains(&program.as_str()) || program == CLONES;
        if !fetches || !matches!(site.kind, RestKind::Tool { .. }) {
            return None;
        }
        let with_value: Vec<&Word> = site.command().words.iter().filter(|word| site.is_in(word)).collect();
        let addresses = !with_value.is_empty() && with_value.iter().all(|word| word.lossy().contains("://"));
        addresses.then(|| self.without_credentials(site, &program, &with_value, repairs))
    }

    fn without_credentials(
        &self,
        site: &Site<'m>,
        program: &str,
        words: &[&Word],
        repairs: &mut Repairs<'m>,
    ) -> Result<(), Refused> {
        if site.run.mentions("GIT_CONFIG_COUNT") || repairs.kept.iter().any(|kept| is_git(&kept.setting)) {
            return Err(Refused::because("`GIT_CONFIG_COUNT` is set already"));
        }
        if site.command().name().as_deref() == Some("sudo") {
            return Err(Refused::because("sudo takes the variables of git away"));
        }
        let mut settings = Vec::new();
        for word in words {
            let found = address(site, word)?;
            if KNOWN_HOSTS.contains(&found.host.as_str()) && program != CLONES {
                if program != "npm" {
                    let host = &found.host;
                    return Err(Refused::because(format!("{program} asks `{host}` by other addresses as well")));
                }
                repairs.assumptions.push(format!("npm asks git for `{}` before it tries ssh", found.plain));
            }
            repairs.edit(site.step, [site.replace(found.userinfo, "")?]);
            settings.push(Setting::Git(found.key, found.plain));
        }
        self.check_git_version(site, &settings[0])?;
        self.check_git_store()?;
        if program != CLONES {
            self.check_other_stages(site)?;
        }
        let text = exported(&settings.iter().collect::<Vec<_>>(), 0, false);
        let managers = |step: &usize| MANAGERS.iter().any(|manager| self.runs(*step, manager));
        let later = self
            .later_readers(site.step, "GIT_CONFIG_COUNT")
            .into_iter()
            .filter(managers)
            .filter(|_| program != CLONES);
        for step in later.chain([site.step]) {
            let others = repairs.preludes.get(&step).into_iter().flatten();
            if others.into_iter().any(|other| *other != text && other.contains("GIT_CONFIG_COUNT")) {
                return Err(Refused::because("git needs the credentials of several addresses"));
            }
            repairs.prelude(step, text.clone());
            repairs.reader(step, &site.name, "git fetches a package by an address of an earlier RUN");
        }
        repairs.assumptions.push(super::setting::NEW_GIT.to_owned());
        Ok(())
    }

    /// A manager in a stage that copies the manifest would ask for the package as well.
    fn check_other_stages(&self, site: &Site<'m>) -> Result<(), Refused> {
        let later = self.later_runs(site.step);
        let mut others = (site.step + 1..self.dockerfile.steps.len()).filter(|step| !later.contains(step));
        let installs = |step: &usize| MANAGERS.iter().any(|manager| self.runs(*step, manager));
        match others.find(installs) {
            Some(step) => {
                let line = self.dockerfile.line_of(step);
                Err(Refused::because(format!("line {line} may ask for the package in another stage")))
            }
            None => Ok(()),
        }
    }
}
