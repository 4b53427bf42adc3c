use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::fleet::{Record, RequestState};

/// How many pull requests may still be opened, shared by the workers of a run.
pub(super) struct Slots {
    /// `None` without a limit.
    free: Option<Mutex<Free>>,
}

struct Free {
    count: usize,
    /// The changes that have one open already, by [`Record::title`].
    open: BTreeSet<String>,
    /// The changes of which a person closed it, so that none is opened.
    closed: BTreeSet<String>,
    /// The changes that were given one.
    taken: BTreeSet<String>,
}

/// Whether its pull request is open.
fn is_open(record: &Record) -> bool {
    is(record, RequestState::Open)
}

fn is(record: &Record, state: RequestState) -> bool {
    record.request.as_ref().is_some_and(|request| request.state == state)
}

impl Slots {
    /// As many as `most` leaves besides those that are open.
    pub(super) fn new(most: Option<usize>, known: &[Record]) -> Self {
        let names = |state: RequestState| -> BTreeSet<String> {
            known.iter().filter(|record| is(record, state)).map(Record::title).collect()
        };
        let (open, closed) = (names(RequestState::Open), names(RequestState::Closed));
        let free = most.map(|most| {
            let count = most.saturating_sub(open.len());
            Mutex::new(Free { count, open, closed, taken: BTreeSet::new() })
        });
        Self { free }
    }

    fn free(&self) -> Option<MutexGuard<'_, Free>> {
        self.free.as_ref().map(|free| free.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the change called `name` may open one. What is open already needs no other, and what a person closed gets none: it
    /// would only keep the place from one that is looked at in the same moment.
    pub(super) fn take(&self, name: &str) -> bool {
        let Some(mut free) = self.free() else { return true };
        if free.open.contains(name) {
            return true;
        }
        let may = free.count > 0 && !free.closed.contains(name);
        if may {
            free.count -= 1;
            free.taken.insert(name.to_owned());
        }
        may
    }

    /// Gives back what the change did not use.
    pub(super) fn settle(&self, name: &str, record: Option<&Record>) {
        let Some(mut free) = self.free() else { return };
        if free.taken.remove(name) && !record.is_some_and(is_open) {
            free.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Part, Request, Target};

    #[test]
    fn what_was_not_used_goes_to_the_next() {
        let slots = Slots::new(Some(1), &[]);
        assert!(slots.take("a") && !slots.take("b"));
        slots.settle("b", None);
        assert!(!slots.take("b"));
        slots.settle("a", Some(&Record::new(&Target::parse("https://github.com/acme/a").unwrap(), Part::Own)));
        assert!(slots.take("b"));
        assert!(Slots::new(None, &[]).take("a"));
    }

    #[test]
    fn what_a_person_closed_takes_no_place() {
        let mut closed = Record::new(&Target::parse("https://github.com/acme/a").unwrap(), Part::Own);
        closed.request = Some(Request { url: String::new(), number: 1, state: RequestState::Closed });
        let slots = Slots::new(Some(1), &[closed.clone()]);
        assert!(!slots.take(&closed.name) && slots.take("b"));
    }
}
