//! The ids of codemods, as a person types them.

use super::Failure;
use crate::{codemods, config};

/// Checks the ids of `--select` and `--ignore`.
pub(super) fn check<'a>(ids: impl IntoIterator<Item = &'a String>) -> Result<(), Failure> {
    let unknown = ids.into_iter().find(|id| codemods::by_id(id).is_none());
    unknown.map_or(Ok(()), |id| Err(self::unknown(id)))
}

/// The failure for an id that no codemod has.
pub(super) fn unknown(id: &str) -> Failure {
    let failure = Failure::new(format!("there is no codemod `{id}`"));
    match nearest(id) {
        Some(near) => failure.hint(format!("a codemod with a similar id is `{near}`")),
        None => failure.hint("`dfmigrate codemods` lists all ids"),
    }
}

fn nearest(id: &str) -> Option<&'static str> {
    config::nearest(id, codemods::ALL.iter().map(|codemod| codemod.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_gets_a_suggestion() {
        let known = codemods::ALL[0].id;
        assert_eq!(nearest(&known[1..]), Some(known));
        assert_eq!(nearest("zzz"), None);
        assert!(check(&[known.to_owned()]).is_ok() && check(&["zzz".to_owned()]).is_err());
    }
}
