use super::walk::{Event, walk_word};
use super::{Command, Part, PartKind, Quote, Variable, Word};

impl Command {
    /// The command's name if it is static text; `None` for a bare assignment and for a computed name.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.words.first()?.literal()
    }

    /// The words behind the name.
    #[must_use]
    pub fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }
}

impl Word {
    /// The value if it is static text after quote removal. A glob counts as its own text, which is what it is where no
    /// file matches; a brace expansion is several words and has no value.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match &part.kind {
                PartKind::Text(piece) => text.push_str(piece),
                PartKind::Other(piece) if piece.starts_with(['*', '?', '[']) => text.push_str(piece),
                _ => return None,
            }
        }
        Some(text)
    }

    /// The text with every expansion shown by name: `$NAME`, `$(…)`, `<(…)`, `$((…))`. For matching and messages, not
    /// for writing it back.
    #[must_use]
    pub fn lossy(&self) -> String {
        self.value_with(|part| match &part.kind {
            PartKind::Text(text) | PartKind::Other(text) => text.clone(),
            PartKind::Variable(variable) => format!("${}", variable.name),
            PartKind::Command(_) => "$(…)".to_owned(),
            PartKind::Process(_) => "<(…)".to_owned(),
            PartKind::Arithmetic(_) => "$((…))".to_owned(),
        })
    }

    /// The value with `placeholder` for every part that is not text.
    #[must_use]
    pub fn value_with(&self, placeholder: impl Fn(&Part) -> String) -> String {
        let mut value = String::new();
        for part in &self.parts {
            match &part.kind {
                PartKind::Text(text) => value.push_str(text),
                _ => value.push_str(&placeholder(part)),
            }
        }
        value
    }

    /// The variable, if the word is exactly `$X`, `"$X"` or `${X}`: no operator, nothing around it.
    #[must_use]
    pub fn single_variable(&self) -> Option<&Variable> {
        let mut variables = self.parts.iter().filter(|part| !is_empty_text(part));
        match (variables.next().map(|part| &part.kind), variables.next()) {
            (Some(PartKind::Variable(variable)), None) if variable.operator.is_none() => Some(variable),
            _ => None,
        }
    }

    /// Whether the variable is expanded anywhere in the word, also in operands and substitutions.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        let mut found = false;
        walk_word(self, &mut |event| {
            found |= matches!(event, Event::Variable(variable) if variable.variable.name == name);
        });
        found
    }

    /// Whether any piece of it is quoted.
    #[must_use]
    pub fn is_quoted(&self) -> bool {
        self.parts.iter().any(|part| part.quote != Quote::None)
    }
}

fn is_empty_text(part: &Part) -> bool {
    matches!(&part.kind, PartKind::Text(text) if text.is_empty())
}
