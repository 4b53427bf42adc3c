//! `dfmigrate explain ID`

use super::{Failure, Outcome, Streams, ids};
use crate::codemods;

pub(super) fn run(id: &str, streams: &mut Streams) -> Result<Outcome, Failure> {
    let codemod = codemods::by_id(id).ok_or_else(|| ids::unknown(id))?;
    streams.print(codemod.page.trim_end())?;
    Ok(Outcome::Clean)
}
