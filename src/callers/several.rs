//! Making several builds of one file pass secrets.

use camino::Utf8Path;

use super::{ArgumentValue, Build, Caller, Refusal, Request, Rewrite};
use crate::callers::routing::caller_of;
use crate::repository::Repository;
use crate::source::{Edit, Source, TextRange, apply_edits, line_edits, range};

/// The edits of `file` that make several of its builds, named by their index, honour their requests.
///
/// Builds may share text: a variable of flags, the end of a Compose file. What each of them needs is asked about the file
/// as it is. In shell text all of that is done at once. Elsewhere one build is asked after the other, each about the text
/// as the one before left it, because what two of them add may stand in the same line. What comes out is the difference by
/// lines.
///
/// # Errors
/// The index of the build that refuses, with its [`Refusal`]; then nothing is done.
pub fn pass_all(
    repository: &Repository,
    file: &Utf8Path,
    requests: &[(usize, Vec<Request>)],
) -> Result<Rewrite, (usize, Refusal)> {
    let first = requests.first().map_or(0, |(index, _)| *index);
    let unread = || (first, refusal("its file was not read", range(0, 0)));
    let original = repository.source(file).ok_or_else(unread)?;
    let caller = caller_of(repository, original).ok_or_else(unread)?;
    let builds = caller.builds(original, repository);
    let mut all = Vec::new();
    for (index, requests) in requests {
        let build = builds.iter().find(|build| build.index == *index);
        let build = build.ok_or_else(|| (*index, refusal("the build is not in the file", range(0, 0))))?;
        if let Some(odd) = requests.iter().find(|request| !is_name(&request.argument)) {
            let reason = format!("`{}` is no name that a variable can have", odd.argument);
            return Err((*index, refusal(&reason, build.range)));
        }
        let rewrite = caller.pass_secrets(original, repository, build, requests).map_err(|why| (*index, why))?;
        all.push(Asked { build, requests, rewrite });
    }
    let several = Several { caller, original, repository, all };
    let is_shell_text = caller.format().is_shell_text();
    if let [only] = several.all.as_slice() {
        // What becomes of data is proved where it is edited, and a service may be given its secrets by a file that it extends.
        if is_shell_text && several.at_once().is_none() {
            return Err((only.build.index, refusal(UNREAD, only.range())));
        }
        return Ok(only.rewrite.clone());
    }
    let text = match is_shell_text.then(|| several.at_once()).flatten() {
        Some(text) => text,
        None => several.one_after_the_other()?,
    };
    Ok(several.rewrite(&text))
}

const UNREAD: &str = "behind the edit the build would not read as one that is given the secret";

/// Whether a build argument may have the name: those of environment variables, and what programs have besides (`my-token`, `a.b`).
fn is_name(argument: &str) -> bool {
    argument.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '-' | '.'))
}

/// One build, and what it takes alone.
struct Asked<'a> {
    build: &'a Build,
    requests: &'a [Request],
    rewrite: Rewrite,
}

struct Several<'a> {
    caller: &'static dyn Caller,
    original: &'a Source,
    repository: &'a Repository,
    all: Vec<Asked<'a>>,
}

impl Several<'_> {
    /// The text with all edits, where none is in the way of another and every build then reads as it should.
    fn at_once(&self) -> Option<String> {
        let edits: Vec<Edit> = self.all.iter().flat_map(|asked| asked.rewrite.edits.iter().cloned()).collect();
        let text = apply_edits(self.original.text(), &edits).ok()?;
        let after = self.caller.builds(&self.original.with_text(text.clone()), self.repository);
        let same = |asked: &Asked<'_>| after.iter().find(|build| build.index == asked.build.index);
        let honoured = |asked: &Asked<'_>| same(asked).is_some_and(|build| asked.is_honoured_by(build));
        self.all.iter().all(honoured).then_some(text)
    }

    fn one_after_the_other(&self) -> Result<String, (usize, Refusal)> {
        let mut source = self.original.clone();
        let mut done: Vec<&Edit> = Vec::new();
        for asked in &self.all {
            let index = asked.build.index;
            let refused = |why: Refusal| (index, Refusal { range: asked.range(), ..why });
            let builds = self.caller.builds(&source, self.repository);
            let gone = || refused(refusal("the build can't be found again after an edit", asked.range()));
            let build = builds.into_iter().find(|build| build.index == index).ok_or_else(gone)?;
            let passes = |request: &Request| build.arguments.iter().any(|given| given.name == request.argument);
            let (open, went): (Vec<Request>, Vec<Request>) = asked.requests.iter().cloned().partition(passes);
            self.refuse_half(asked, &went, &done)?;
            done.extend(&asked.rewrite.edits);
            if !open.is_empty() {
                let rewrite = self.caller.pass_secrets(&source, self.repository, &build, &open).map_err(refused)?;
                let text = apply_edits(source.text(), &rewrite.edits).map_err(|_| gone())?;
                source = source.with_text(text);
            }
        }
        Ok(source.text().to_owned())
    }

    /// A flag in shared text went with an earlier build; what this one needs besides it did not come with that.
    fn refuse_half(&self, asked: &Asked<'_>, went: &[Request], done: &[&Edit]) -> Result<(), (usize, Refusal)> {
        let index = asked.build.index;
        let alone = self.caller.pass_secrets(self.original, self.repository, asked.build, went);
        let needed = alone.map_err(|why| (index, why))?.edits;
        if needed.iter().all(|edit| done.contains(&edit)) {
            return Ok(());
        }
        let reason = "it shares the flag with another build, and each of them would have to be given the value";
        Err((index, refusal(reason, asked.range())))
    }

    fn rewrite(&self, text: &str) -> Rewrite {
        let mut rewrite = Rewrite { edits: line_edits(self.original.text(), text), ..Rewrite::default() };
        for asked in &self.all {
            rewrite.assumptions.extend(asked.rewrite.assumptions.iter().cloned());
            rewrite.notes.extend(asked.rewrite.notes.iter().cloned());
            rewrite.lines.extend(asked.rewrite.lines.iter().cloned());
        }
        rewrite
    }
}

impl Asked<'_> {
    /// Where the build passes the first of the arguments.
    fn range(&self) -> TextRange {
        let asked = |name: &str| self.requests.iter().any(|request| request.argument == name);
        let given = self.build.arguments.iter().find(|given| asked(&given.name));
        given.map_or(self.build.range, |given| given.range)
    }

    fn is_honoured_by(&self, after: &Build) -> bool {
        self.requests.iter().all(|request| {
            let name = &request.argument;
            let mut values = self.build.arguments.iter().filter(|given| given.name == *name).map(|given| &given.value);
            let filled = values.any(|value| *value != ArgumentValue::Empty);
            let secret = request.secret.as_ref().filter(|_| filled);
            let goes = after.arguments.iter().all(|given| given.name != *name);
            (request.beside || goes) && secret.is_none_or(|secret| secret.is_passed_by(after))
        })
    }
}

fn refusal(reason: &str, range: TextRange) -> Refusal {
    Refusal { reason: reason.to_owned(), range, instead: None }
}
