//! Names taken apart: `GH_APPS_PRIVATEKEY`, `argBasedPassword` and `DBROOTPASS` as lists of words.

/// The words of a variable's name, in order and in lower case. It is cut at every character that is neither a letter nor
/// a digit, between letters and digits, before a capital that follows a small letter, and before the last capital of a
/// run that a small letter follows (`DBTarsPass` is `db`, `tars`, `pass`). Numbers are left out.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (index, &character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| characters.get(before)).copied();
        if !word.is_empty() && begins_word(before, character, characters.get(index + 1).copied()) {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphabetic() {
            word.extend(character.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn begins_word(before: Option<char>, character: char, next: Option<char>) -> bool {
    let Some(before) = before else { return false };
    if !character.is_alphabetic() || !before.is_alphabetic() {
        return true;
    }
    let after_small = before.is_lowercase() && character.is_uppercase();
    let ends_capitals = before.is_uppercase() && character.is_uppercase() && next.is_some_and(char::is_lowercase);
    // `apiKEYs` and `URLs` keep their plural.
    let plural = next == Some('s') && ends_capitals;
    after_small || (ends_capitals && !plural)
}

/// Whether `text` is nothing but words of `dictionary` written together; the empty text is.
#[must_use]
pub fn is_joined(text: &str, dictionary: &[String]) -> bool {
    text.is_empty()
        || dictionary
            .iter()
            .any(|word| text.strip_prefix(word.as_str()).is_some_and(|rest| is_joined(rest, dictionary)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_where_a_reader_cuts_them() {
        let cases = [
            ("NPM_TOKEN", "npm token"),
            ("argBasedPassword", "arg based password"),
            ("DBTarsPass", "db tars pass"),
            ("NONMEM_ZIP_PASS_74", "nonmem zip pass"),
            ("OAUTH2_PROXY_VERSION", "oauth proxy version"),
            ("BUNDLE_GITHUB__COM", "bundle github com"),
            ("canarytokenURLs", "canarytoken urls"),
            ("AWSS3Secret", "awss secret"),
            ("my-token.value", "my token value"),
            ("ZS_SSLKeyLocation", "zs ssl key location"),
            ("", ""),
            ("__", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn joined_words_are_recognised() {
        let dictionary = ["db", "root", "access"].map(String::from);
        assert!(is_joined("dbroot", &dictionary));
        assert!(!is_joined("dbroo", &dictionary));
    }
}
