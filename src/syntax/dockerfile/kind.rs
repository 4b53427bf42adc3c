use std::fmt;

/// The kind of a node or token of the tree; [`super`] draws the tree's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum SyntaxKind {
    /// Token: the UTF-8 byte order mark at the very beginning.
    Bom,
    /// Token: blanks inside a logical line, also its indentation.
    Whitespace,
    /// Token: the line break that ends a logical line, with every carriage return before it.
    Newline,
    /// Token: a comment line with its indentation and line break.
    Comment,
    /// Token: a line of nothing but blanks, with its line break.
    BlankLine,
    /// Token: the escape token at the end of a line, the blanks behind it and the line break.
    Continuation,
    /// Token: the `#` of a directive and the blanks behind it.
    DirectiveMark,
    /// Token: `syntax`, `escape` or `check` in any letter case.
    DirectiveName,
    /// Token: `=`, in a directive with the blanks around it.
    Equals,
    /// Token: the value of a directive, without the blanks around it.
    DirectiveValue,
    /// Token: the name of an instruction.
    Keyword,
    /// Token: a flag as written, quotes and escapes included.
    FlagText,
    /// Token: the bare `--` that ends the flags.
    FlagEnd,
    /// Token: the name of a variable or label, as written, in an `ARG`, `ENV` or `LABEL`.
    Key,
    /// Token: a word as written, quotes, escapes and variables included.
    WordText,
    /// Token: command text as written.
    ShellText,
    /// Token: `[`, `,` or `]` of the JSON form.
    JsonPunctuation,
    /// Token: a JSON string with its quotes.
    JsonString,
    /// Token: the lines between a heredoc's logical line and its terminator.
    HeredocText,
    /// Token: the line that ends a heredoc, with its leading tabs and its line break.
    HeredocEnd,
    /// Token: an escape token behind the last pair of an `ARG`, `ENV` or `LABEL`, which BuildKit drops because there is
    /// nothing to escape.
    LoneEscape,
    /// Token: text of a logical line that BuildKit's parser refuses.
    ErrorText,
    /// Node: the whole file.
    Dockerfile,
    /// Node: a comment line that BuildKit reads as a parser directive.
    Directive,
    /// Node: one instruction with its flags, arguments, line break and heredocs.
    Instruction,
    /// Node: one `--name=value`.
    Flag,
    /// Node: one word.
    Word,
    /// Node: one `key=value`, `key value` or `key` of an `ARG`, `ENV` or `LABEL`.
    Pair,
    /// Node: the arguments of an instruction in JSON form.
    Json,
    /// Node: command text that is handed to a shell.
    Shell,
    /// Node: the body and the terminator of a heredoc.
    Heredoc,
    /// Node: a logical line that BuildKit's parser refuses.
    Error,
}

impl SyntaxKind {
    const ALL: [Self; 32] = [
        Self::Bom,
        Self::Whitespace,
        Self::Newline,
        Self::Comment,
        Self::BlankLine,
        Self::Continuation,
        Self::DirectiveMark,
        Self::DirectiveName,
        Self::Equals,
        Self::DirectiveValue,
        Self::Keyword,
        Self::FlagText,
        Self::FlagEnd,
        Self::Key,
        Self::WordText,
        Self::ShellText,
        Self::JsonPunctuation,
        Self::JsonString,
        Self::HeredocText,
        Self::HeredocEnd,
        Self::LoneEscape,
        Self::ErrorText,
        Self::Dockerfile,
        Self::Directive,
        Self::Instruction,
        Self::Flag,
        Self::Word,
        Self::Pair,
        Self::Json,
        Self::Shell,
        Self::Heredoc,
        Self::Error,
    ];

    /// Whether BuildKit drops the token when it joins the lines of an instruction.
    #[must_use]
    pub fn is_dropped(self) -> bool {
        matches!(self, Self::Continuation | Self::Comment | Self::BlankLine | Self::LoneEscape)
    }
}

/// The Dockerfile language, for rowan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {}

impl rowan::Language for Language {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        SyntaxKind::ALL.get(usize::from(raw.0)).copied().unwrap_or(SyntaxKind::Error)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of a Dockerfile's tree.
pub type SyntaxNode = rowan::SyntaxNode<Language>;
/// A token of a Dockerfile's tree.
pub type SyntaxToken = rowan::SyntaxToken<Language>;

/// The name of an instruction (BuildKit: `frontend/dockerfile/command/command.go`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each variant is the instruction it is named after")]
pub enum Keyword {
    From,
    Run,
    Cmd,
    Label,
    Expose,
    Env,
    Add,
    Copy,
    Entrypoint,
    Volume,
    User,
    Workdir,
    Arg,
    Onbuild,
    Stopsignal,
    Healthcheck,
    Shell,
    Maintainer,
}

impl Keyword {
    /// Every instruction that BuildKit knows.
    pub const ALL: [Self; 18] = [
        Self::From,
        Self::Run,
        Self::Cmd,
        Self::Label,
        Self::Expose,
        Self::Env,
        Self::Add,
        Self::Copy,
        Self::Entrypoint,
        Self::Volume,
        Self::User,
        Self::Workdir,
        Self::Arg,
        Self::Onbuild,
        Self::Stopsignal,
        Self::Healthcheck,
        Self::Shell,
        Self::Maintainer,
    ];

    /// The instruction that `word` names, in any letter case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|keyword| keyword.as_str().eq_ignore_ascii_case(word))
    }

    /// The name in upper case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::From => "FROM",
            Self::Run => "RUN",
            Self::Cmd => "CMD",
            Self::Label => "LABEL",
            Self::Expose => "EXPOSE",
            Self::Env => "ENV",
            Self::Add => "ADD",
            Self::Copy => "COPY",
            Self::Entrypoint => "ENTRYPOINT",
            Self::Volume => "VOLUME",
            Self::User => "USER",
            Self::Workdir => "WORKDIR",
            Self::Arg => "ARG",
            Self::Onbuild => "ONBUILD",
            Self::Stopsignal => "STOPSIGNAL",
            Self::Healthcheck => "HEALTHCHECK",
            Self::Shell => "SHELL",
            Self::Maintainer => "MAINTAINER",
        }
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_kinds_is_in_order() {
        for (index, kind) in SyntaxKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
        }
        assert_eq!(SyntaxKind::ALL.last(), Some(&SyntaxKind::Error));
    }

    #[test]
    fn keywords_are_read_in_any_case() {
        assert_eq!(Keyword::parse("rUn"), Some(Keyword::Run));
        assert_eq!(Keyword::parse("RUNS"), None);
    }
}
