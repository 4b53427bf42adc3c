//! Instructions that use the value outside of RUNs and can do without it: an ADD that fetches something.

use crate::plan::{Change, Mount};

use super::{Migration, Style};

/// An ADD that gets by without the value in its URL.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The instruction.
    pub step: usize,
    /// How.
    pub way: FetchWay,
}

/// How something is fetched that needs a credential.
#[derive(Debug, Clone)]
pub enum FetchWay {
    /// A RUN of these commands, which have the value in the variable, takes the place of the ADD.
    Run(Vec<String>),
    /// BuildKit sends the secret of this id to the host by itself, and the ADD names the plain address.
    Host {
        /// The id under which BuildKit looks for it.
        id: String,
        /// Which of the words is the address, from zero.
        word: usize,
        /// The address without credentials.
        address: String,
    },
}

impl Migration<'_> {
    /// The same migration where `fetched` are dealt with as well.
    #[must_use]
    pub fn with_fetched(mut self, fetched: Vec<Fetched>) -> Self {
        self.secret.flow.outside.retain(|outside| fetched.iter().all(|one| one.step != outside.step));
        self.fetched = fetched;
        self
    }

    /// Whether nothing but the RUNs and the instructions that are dealt with uses the value.
    #[must_use]
    pub fn is_read_by_runs(&self) -> bool {
        !self.secret.uses.is_empty()
    }

    /// The id that BuildKit wants, where it sends the value itself.
    pub(super) fn host_id(&self) -> Option<&str> {
        self.fetched.iter().find_map(|one| match &one.way {
            FetchWay::Host { id, .. } => Some(id.as_str()),
            FetchWay::Run(_) => None,
        })
    }

    pub(super) fn fetch(&self, change: &mut Change<'_>, style: Style) {
        for one in &self.fetched {
            let (id, name) = (self.id(), self.name().to_owned());
            match &one.way {
                FetchWay::Run(commands) if style == Style::File => {
                    let unless_empty = self.is_unset_if_empty();
                    change.fetch(one.step, &Mount::File { id, name, unless_empty }, commands);
                }
                FetchWay::Run(commands) => change.fetch(one.step, &Mount::Variable { id, name }, commands),
                FetchWay::Host { word, address, .. } => change.rename_source(one.step, *word, address),
            }
        }
    }
}
