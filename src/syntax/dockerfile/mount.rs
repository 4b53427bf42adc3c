//! The value of `--mount` (BuildKit: `frontend/dockerfile/instructions/commands_runmount.go`).

/// A `--mount` of a `RUN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// `bind`, `cache`, `tmpfs`, `secret` or `ssh` as far as BuildKit accepts it, in lower case; `bind` without `type=`.
    pub kind: String,
    /// Every field in the order in which it is written, `type` included.
    pub options: Vec<MountOption>,
}

/// One field of a `--mount`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountOption {
    /// In lower case and under its long name: `source`, `target`, `readonly`, `readwrite`, or as written.
    pub key: String,
    /// What stands behind `=`, with variables as written; `None` for a bare key such as `required`.
    pub value: Option<String>,
}

impl Mount {
    /// Reads the value of a `--mount` flag whose quotes and escapes are removed. `None` where it is not a CSV record.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let options: Vec<_> = fields(value)?.iter().map(|field| MountOption::parse(field)).collect();
        let kind = options.iter().rev().find(|option| option.key == "type").and_then(|option| option.value.as_deref());
        let kind = kind.unwrap_or("bind").to_lowercase();
        Some(Self { kind, options })
    }

    /// The value of the last option called `key`, which is the one that counts. A bare key counts as an empty value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let option = self.options.iter().rev().find(|option| option.key == key)?;
        Some(option.value.as_deref().unwrap_or(""))
    }
}

impl MountOption {
    fn parse(field: &str) -> Self {
        let (key, value) = field.split_once('=').map_or((field, None), |(key, value)| (key, Some(value.to_owned())));
        let key = key.to_lowercase();
        let key = match key.as_str() {
            "src" => "source",
            "dst" | "destination" => "target",
            "ro" => "readonly",
            "rw" => "readwrite",
            other => other,
        };
        Self { key: key.to_owned(), value }
    }
}

/// What BuildKit checks of a mount before the build begins.
pub(super) fn check(value: &str) -> Result<(), String> {
    let fields = fields(value).ok_or("the flag '--mount' is not a valid CSV record")?;
    let from =
        fields.iter().filter_map(|field| field.split_once('=')).filter(|(key, _)| key.eq_ignore_ascii_case("from"));
    for (_, stage) in from {
        if stage.find('$').is_some_and(|at| at + 1 != stage.len()) {
            return Err("'from' of a mount can't hold a variable".to_owned());
        }
    }
    Ok(())
}

/// What BuildKit checks of a device (`commands_rundevice.go`, `ParseDevice`).
pub(super) fn check_device(value: &str) -> Result<(), String> {
    let fields = fields(value).ok_or("the flag '--device' is not a valid CSV record")?;
    let mut name = String::new();
    for field in &fields {
        match field.split_once('=').map(|(key, value)| (key.to_lowercase(), value)) {
            None if field.eq_ignore_ascii_case("required") => {}
            Some((key, value)) if key == "required" => {
                let valid = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
                if !valid.contains(&value) {
                    return Err("'required' of a device must be true or false".to_owned());
                }
            }
            Some((key, value)) if key == "name" && name.is_empty() => value.clone_into(&mut name),
            _ if name.is_empty() => field.clone_into(&mut name),
            _ => return Err(format!("'{field}' can't stand in a device")),
        }
    }
    Ok(())
}

/// The fields of one CSV record, with the rules of Go's `encoding/csv`; `None` where they are broken.
fn fields(record: &str) -> Option<Vec<String>> {
    if record.is_empty() {
        return None;
    }
    let mut fields = Vec::new();
    let mut rest = record;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, behind) = rest.split_once(',').map_or((rest, None), |(field, behind)| (field, Some(behind)));
            if field.contains('"') {
                return None;
            }
            fields.push(field.to_owned());
            match behind {
                Some(behind) => rest = behind,
                None => return Some(fields),
            }
            continue;
        };
        let (field, behind) = quoted_field(quoted)?;
        fields.push(field);
        match behind.strip_prefix(',') {
            Some(behind) => rest = behind,
            None => return behind.is_empty().then_some(fields),
        }
    }
}

/// A field behind its opening quote, and what stands behind its closing one.
fn quoted_field(mut rest: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    loop {
        let (text, behind) = rest.split_once('"')?;
        field.push_str(text);
        let Some(more) = behind.strip_prefix('"') else { return Some((field, behind)) };
        field.push('"');
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_letter_case_do_not_matter() {
        let mount = Mount::parse("TYPE=Secret,id=a,dst=/b,required,Id=c").ok_or("no mount");
        let mount = mount.as_ref();
        assert_eq!(mount.map(|mount| mount.kind.as_str()), Ok("secret"));
        assert_eq!(mount.map(|mount| mount.get("target")), Ok(Some("/b")));
        assert_eq!(mount.map(|mount| mount.get("required")), Ok(Some("")));
        assert_eq!(mount.map(|mount| mount.get("id")), Ok(Some("c")));
    }

    #[test]
    fn quoted_fields_may_hold_commas() {
        assert_eq!(fields("a,\"b,\"\"c\",d"), Some(vec!["a".to_owned(), "b,\"c".to_owned(), "d".to_owned()]));
        assert_eq!(fields("a,"), Some(vec!["a".to_owned(), String::new()]));
        for broken in ["", "a\"b", "\"a\"b", "\"a"] {
            assert_eq!(fields(broken), None, "{broken}");
        }
    }

    #[test]
    fn from_can_not_be_computed() {
        assert!(check("from=$X").is_err());
        assert!(check("type=cache,id=$X,target=/a").is_ok());
        assert!(check_device("[required]").is_ok() && check_device("a,b").is_err());
    }
}
