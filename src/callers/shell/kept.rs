//! What was found in a text, kept for a while: one fix asks about the same text several times, before and after its edits.
//!
//! What is found depends on the site and on the files around it. So what is kept belongs to one state of the repository, and
//! comes with what was looked at for it, which is noted again for whoever gets it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::Site;
use super::found::Found;
use crate::callers::Surroundings;
use crate::repository::reads::Reads;

/// How many texts are kept. A fix looks at those of the builds of one Dockerfile, one after the other.
const MOST: usize = 48;

/// The longest text that is kept, in bytes: larger ones are rare, and would fill the memory.
const LONGEST: usize = 1 << 18;

/// What was found in one text.
struct Kept {
    state: Arc<()>,
    file: Utf8PathBuf,
    text: String,
    /// The site without its path and text.
    site: Site<'static>,
    found: Rc<[Found]>,
    reads: Reads,
}

impl Kept {
    fn is_of(&self, site: &Site<'_>, state: &Arc<()>) -> bool {
        let is_alike = || self.site == Site { file: Utf8Path::new(""), text: "", ..site.clone() };
        Arc::ptr_eq(&self.state, state) && self.file == site.file && self.text == site.text && is_alike()
    }
}

thread_local! {
    static KEPT: RefCell<VecDeque<Kept>> = const { RefCell::new(VecDeque::new()) };
}

/// What `find` finds in `site`, or what it found before.
pub(super) fn found(site: &Site<'_>, around: &dyn Surroundings, find: impl FnOnce() -> Vec<Found>) -> Rc<[Found]> {
    let noted = around.noted().filter(|(recorder, _)| recorder.is_active() && site.text.len() <= LONGEST);
    let Some((recorder, state)) = noted else { return find().into() };
    let known = KEPT.with_borrow_mut(|kept| {
        let at = kept.iter().position(|kept| kept.is_of(site, state))?;
        let known = kept.remove(at)?;
        let result = Rc::clone(&known.found);
        recorder.note_all(&known.reads);
        kept.push_front(known);
        Some(result)
    });
    if let Some(known) = known {
        return known;
    }
    let (found, reads) = recorder.record(find);
    let found: Rc<[Found]> = found.into();
    let kept = Kept {
        state: Arc::clone(state),
        file: site.file.to_owned(),
        text: site.text.to_owned(),
        site: bare(site),
        found: Rc::clone(&found),
        reads,
    };
    KEPT.with_borrow_mut(|all| {
        all.truncate(MOST - 1);
        all.push_front(kept);
    });
    found
}

/// The site without what it borrows.
fn bare(site: &Site<'_>) -> Site<'static> {
    let Site { format, dialect, documentation, options_only, sourced, .. } = *site;
    Site {
        format,
        file: Utf8Path::new(""),
        text: "",
        view: Rc::clone(&site.view),
        dialect,
        directories: site.directories.clone(),
        checkout: site.checkout.clone(),
        folders: site.folders.clone(),
        foreign: site.foreign.clone(),
        environment: site.environment.clone(),
        classic: site.classic.clone(),
        release: site.release,
        options_only,
        documentation,
        sourced,
    }
}
