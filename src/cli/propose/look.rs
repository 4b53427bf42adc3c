//! Asks the forge before anything is changed.

use std::env;

use super::Prospect;
use crate::{
    cli::{Arguments, Failure, Streams},
    forge::{
        self, Address, Forge, ForgeError, Head, PullRequest,
        credentials::{self, SystemPrograms},
        http::Settings,
        propose::{self, Standing},
    },
    report::shown::line,
};

/// A pull request that may be opened or updated.
pub(super) struct Looked<'a> {
    /// What is to be proposed.
    pub prospect: Prospect<'a>,
    /// The forge that was asked.
    pub forge: Box<dyn Forge>,
    /// Where the commits will be.
    pub head: Head,
    /// What became of earlier runs.
    pub standing: Standing,
}

/// What the forge says before anything is changed.
pub(super) enum Answer<'a> {
    /// A pull request may be opened or updated.
    Ready(Box<Looked<'a>>),
    /// A person closed it.
    Declined(PullRequest),
    /// Nothing can be proposed, for this reason.
    Refused(&'static str),
}

impl Answer<'_> {
    /// Says to `path` why nothing is proposed, if that is so.
    pub(super) fn tell(&self, path: &str, streams: &mut Streams) -> Result<(), Failure> {
        match self {
            Self::Ready(_) => {}
            Self::Refused(reason) => streams.notice(format_args!("nothing is proposed to `{path}`: {reason}"))?,
            Self::Declined(request) => streams.notice(format_args!(
                "nothing is proposed to `{path}`: {} was closed, and that is respected. Reopen it, or choose another \
                 branch with `--branch`",
                line(&request.url)
            ))?,
        }
        Ok(())
    }
}

/// Asks about `prospect`.
pub(super) fn look<'a>(mut prospect: Prospect<'a>, arguments: &Arguments) -> Result<Answer<'a>, Failure> {
    let forge = open(&prospect.address)?;
    let path = line(&prospect.address.path());
    let facts = forge.facts().map_err(failure)?;
    if let Some(reason) = propose::refusal(&facts) {
        return Ok(Answer::Refused(reason));
    }
    let fork = match (facts.may_push, arguments.proposing.fork) {
        (Some(false), false) => {
            let message = format!("the token may not push to `{path}`");
            return Err(Failure::new(message).hint("give it that permission, or pass `--fork` to push to a fork"));
        }
        (Some(false), true) => Some(forge.fork().map_err(failure)?),
        _ => None,
    };
    prospect.base.get_or_insert(facts.default_branch);
    let head = Head { branch: arguments.committing.branch.clone().unwrap_or_default(), fork };
    let standing = propose::standing(forge.as_ref(), &head).map_err(failure)?;
    if let Standing::Declined(request) = standing {
        return Ok(Answer::Declined(request));
    }
    Ok(Answer::Ready(Box::new(Looked { prospect, forge, head, standing })))
}

/// The forge with its token. A forge without a token is not asked: it would answer that there is no such repository.
pub(in crate::cli) fn open(address: &Address) -> Result<Box<dyn Forge>, Failure> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let credential = credentials::find(address, &variable, &SystemPrograms).ok_or_else(|| {
        let message = format!("there is no token for `{}`, so no pull request can be opened", address.host);
        Failure::new(message).hint(credentials::advice(address, &variable))
    })?;
    let settings = Settings { authority: variable("DFMIGRATE_CA_FILE").map(Into::into), ..Settings::default() };
    forge::open(address, Some(&credential.token), settings).map_err(failure)
}

/// A failure of a forge with what a person can do about it.
pub(in crate::cli) fn failure(error: ForgeError) -> Failure {
    match error.hint() {
        Some(hint) => Failure::from(error).hint(hint),
        None => Failure::from(error),
    }
}
