//! `dfmigrate codemods`

use super::{Failure, Outcome, Streams};
use crate::codemods::ALL;

pub(super) fn run(streams: &mut Streams) -> Result<Outcome, Failure> {
    let width = ALL.iter().map(|codemod| codemod.id.len()).max().unwrap_or_default();
    for codemod in ALL {
        streams.print(format_args!("{:width$}  {}", codemod.id, codemod.summary))?;
    }
    Ok(Outcome::Clean)
}
