//! Commands that need no other form to keep nothing: an option less, one more, or one in another place.

use crate::source::TextRange;
use crate::syntax::shell::Word;

use super::super::Migration;
use super::site::Site;
use super::{Refused, Repairs};

impl<'m> Migration<'m> {
    /// Changes the options of a command so that it keeps nothing; `None` for commands of which none is known.
    pub(super) fn change_options(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Option<Result<(), Refused>> {
        let words: Vec<String> = site.command().words.iter().map(Word::lossy).collect();
        let start = site.command().effective().index;
        let texts: Vec<&str> = words.iter().skip(start).map(String::as_str).collect();
        match texts.as_slice() {
            ["dotnet", "nuget", "add", "source", ..] => Some(self.add_source_without_password(site, repairs)),
            ["svn", subcommand, ..] if !subcommand.starts_with('-') => {
                Some(self.pass_no_cache(site, start + 1, repairs))
            }
            _ => None,
        }
    }

    /// The source stays without its credentials, and the commands that restore packages get these by
    /// `NuGetPackageSourceCredentials_NAME` (learn.microsoft.com/nuget/consume-packages/consuming-packages-authenticated-feeds,
    /// not run).
    fn add_source_without_password(&self, site: &Site<'m>, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        let (user, user_at) = option(site, &["--username", "-u"])?;
        let (password, password_at) = option(site, &["--password", "-p"])?;
        let (name, _) = option(site, &["--name", "-n"])?;
        let is_name = name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
        if !is_name || user.contains(';') {
            return Err(Refused::because(format!("no variable of a shell can be named after the source `{name}`")));
        }
        let variable = format!("NuGetPackageSourceCredentials_{name}");
        let assignment = format!("export {variable}=\"Username={user};Password={password}\"");
        let readers: Vec<usize> = self.later_readers(site.step, &variable);
        let here = site.run.commands().any(|command| restores(&crate::model::effective_words(command)));
        if readers.is_empty() && !here {
            return Err(Refused::because(
                "nothing here reads it: it seems to be kept for the images built on this one",
            ));
        }
        let mut edits = Vec::new();
        let flag = site.command().words.iter().position(|word| word.lossy() == "--store-password-in-clear-text");
        let flag = flag.map(|at| site.command().words[at - 1].range.end()..site.command().words[at].range.end());
        let flag = flag.map(|range| TextRange::new(range.start, range.end));
        for at in [Some(user_at), Some(password_at), flag].into_iter().flatten() {
            edits.push(site.replace(at, "")?);
        }
        repairs.assumptions.push(format!("NuGet in the image reads `{variable}`"));
        repairs.edit(site.step, edits);
        repairs.settled.push((site.step, site.index, site.command().range));
        let own = here.then_some(site.step);
        for step in readers.into_iter().chain(own) {
            repairs.prelude(step, assignment.clone());
            repairs.reader(step, &site.name, "restores packages from the source");
        }
        Ok(())
    }

    /// `--no-auth-cache` keeps svn from storing the password (svnbook, "Disabling Password Caching"; experiment: svn 1.14).
    fn pass_no_cache(&self, site: &Site<'m>, subcommand: usize, repairs: &mut Repairs<'m>) -> Result<(), Refused> {
        let word =
            site.command().words.get(subcommand).ok_or_else(|| Refused::because("its words are not understood"))?;
        let edit = site.insert(word.range.end(), " --no-auth-cache")?;
        repairs.edit(site.step, [edit]);
        Ok(())
    }
}

/// The value of an option as text for double quotes, and where both stand, with the blank in front.
fn option(site: &Site<'_>, names: &[&str]) -> Result<(String, TextRange), Refused> {
    let refuse = || Refused::because(format!("its option `{}` can't be read", names.first().unwrap_or(&"")));
    let words = &site.command().words;
    let at =
        words.iter().position(|word| names.contains(&word.lossy().as_str())).filter(|at| *at > 0).ok_or_else(refuse)?;
    let value = words.get(at + 1).ok_or_else(refuse)?;
    let text = site.quoted(&value.parts).ok_or_else(refuse)?;
    Ok((text, TextRange::new(words[at - 1].range.end(), value.range.end())))
}

/// Whether a command of dotnet restores packages, which building and publishing do as well.
fn restores(words: &[Option<String>]) -> bool {
    let texts: Vec<&str> = words.iter().flatten().map(String::as_str).take(2).collect();
    matches!(
        texts.as_slice(),
        ["dotnet", "restore" | "build" | "publish" | "test" | "pack" | "run" | "tool" | "workload"]
    )
}
