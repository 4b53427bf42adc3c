//! Accounts of an image: where their home directories are.

use crate::syntax::shell::{Command, Word};

use super::Dockerfile;
use super::reading::effective_words;

/// Homes of accounts that distributions make for services (Debian's base-passwd, postgresql-common); those that are `None` are
/// somewhere else in each distribution.
const SYSTEM: [(&str, Option<&str>); 16] = [
    ("root", Some("/root")),
    ("0", Some("/root")),
    ("www-data", Some("/var/www")),
    ("postgres", Some("/var/lib/postgresql")),
    ("daemon", None),
    ("bin", None),
    ("mail", None),
    ("nobody", None),
    ("nginx", None),
    ("apache", None),
    ("mysql", None),
    ("redis", None),
    ("mongodb", None),
    ("ftp", None),
    ("sshd", None),
    ("default", None),
];

/// Options of useradd and of the two programs adduser that name the home directory (useradd(8), adduser(8), busybox).
const HOME: [&str; 4] = ["-d", "--home-dir", "--home", "-h"];

impl Dockerfile {
    /// The home directory of the account `name` in the step at `index`: what an earlier `useradd` or `adduser` says, else the
    /// usual one. `None` for a number, and where it can't be told.
    #[must_use]
    pub fn home_of(&self, index: usize, name: &str) -> Option<String> {
        let earlier = self.steps_before(index).filter_map(|step| step.run.as_deref());
        let made = earlier.flat_map(|run| run.commands()).filter(|command| makes_account(command, name)).last();
        if let Some(home) = made.and_then(home_option) {
            return home.starts_with('/').then_some(home);
        }
        match SYSTEM.iter().find(|(known, _)| *known == name && made.is_none()) {
            Some((_, home)) => home.map(str::to_owned),
            None => name.starts_with(|char: char| char.is_ascii_alphabetic()).then(|| format!("/home/{name}")),
        }
    }
}

fn makes_account(command: &Command, name: &str) -> bool {
    let words = effective_words(command);
    let program = words.first().and_then(|word| word.as_deref()).and_then(|word| word.rsplit('/').next());
    matches!(program, Some("useradd" | "adduser")) && words.iter().skip(1).flatten().any(|word| word == name)
}

/// The value of the option for the home directory; empty where it has a variable in it.
fn home_option(command: &Command) -> Option<String> {
    let text = |word: &Word| word.literal().unwrap_or_default();
    let pairs = command.words.windows(2);
    let apart = pairs.filter(|pair| HOME.contains(&text(&pair[0]).as_str())).map(|pair| text(&pair[1])).next();
    apart.or_else(|| {
        let mut glued = command.words.iter().filter_map(|word| {
            let literal = word.lossy();
            let (option, value) = literal.split_once('=')?;
            HOME.contains(&option).then(|| value.to_owned())
        });
        glued.next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn homes_follow_from_how_the_account_was_made() {
        let home = |run: &str, name: &str| {
            let text = format!("FROM debian\nRUN {run}\nUSER {name}\nRUN true\n");
            Dockerfile::new(Source::new("Dockerfile", text.into_bytes())).home_of(3, name)
        };
        assert_eq!(home("useradd -m -d /srv/app app", "app").as_deref(), Some("/srv/app"));
        assert_eq!(home("adduser -D -h /srv/app app", "app").as_deref(), Some("/srv/app"));
        assert_eq!(home("useradd --home-dir=/srv/x -r x && true", "x").as_deref(), Some("/srv/x"));
        assert_eq!(home("useradd --create-home app", "app").as_deref(), Some("/home/app"));
        assert_eq!(home("useradd -d $APP_HOME app", "app"), None);
        assert_eq!((home("true", "www-data").as_deref(), home("true", "1000")), (Some("/var/www"), None));
        assert_eq!((home("true", "node").as_deref(), home("true", "nginx")), (Some("/home/node"), None));
    }
}
