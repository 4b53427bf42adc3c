use super::{Item, Join, Operator, Refusal};
use crate::source::{Edit, TextRange, TextSize, range, size, slice};
use crate::syntax::view::View;

/// An item that goes, with what stands beside it.
pub(super) struct Removal<'a> {
    pub(super) host: &'a str,
    pub(super) view: &'a View,
    pub(super) before: Option<&'a Item>,
    /// What goes, in bytes of the view.
    pub(super) item: TextRange,
    /// The operator behind it.
    pub(super) operator: Option<(Operator, TextRange)>,
    pub(super) after: Option<&'a Item>,
}

impl Removal<'_> {
    /// The edits that make the removal, by one of the allowed joins: where the operators lead their lines the one in
    /// front goes, else the one behind.
    pub(super) fn edits(&self, joins: &[Join]) -> Result<Vec<Edit>, Refusal> {
        let leading = self.leads_its_line()?;
        let preferred = if leading { Join::Before } else { Join::After };
        let join = if joins.contains(&preferred) { preferred } else { *joins.first().ok_or(Refusal::HasFallback)? };
        match join {
            Join::Before => self.with_operator_in_front(),
            Join::After => self.with_operator_behind(),
        }
    }

    /// Whether the operator in front stands on the item's line and the command in front of it does not.
    fn leads_its_line(&self) -> Result<bool, Refusal> {
        let Some((before, (_, operator))) = self.before.and_then(|it| Some((it, it.operator?))) else {
            return Ok(false);
        };
        let operator = self.to_host(operator)?;
        let item = self.to_host(self.item)?;
        let before = self.to_host(before.range)?;
        let same = |from: TextSize, to: TextSize| !slice(self.host, TextRange::new(from, to.max(from))).contains('\n');
        Ok(same(operator.start(), item.start()) && !same(before.end(), operator.start()))
    }

    fn with_operator_in_front(&self) -> Result<Vec<Edit>, Refusal> {
        let before = self.before.ok_or(Refusal::OnlyCommand)?;
        let (operator, operator_range) = before.operator.ok_or(Refusal::OnlyCommand)?;
        let item = self.to_host(self.item)?;
        // A line break is the end of the line in front; only the item's own line goes.
        let core = if operator == Operator::Newline { item } else { self.to_host(operator_range)?.cover(item) };
        self.no_comment_in(item)?;
        let end = self.to_host(before.range)?.end();
        let rest = TextRange::new(end, core.end());
        let lines = self.lines(core);
        if self.blank_before(core) && self.continued_after(core) || (operator == Operator::Newline && self.alone(core))
        {
            return self.delete_lines(core, lines);
        }
        if self.would_continue(end) {
            return Err(Refusal::InsideEscape);
        }
        if !self.has_comment(rest) {
            return Ok(vec![Edit::delete(rest)]);
        }
        // The line in front must not be continued any more; the comments stay where they are.
        if self.alone(core) {
            let mut edits = vec![Edit::delete(TextRange::new(end, self.line_end(end)))];
            edits.extend(self.delete_lines(core, lines)?);
            return Ok(edits);
        }
        Err(Refusal::Comment)
    }

    fn with_operator_behind(&self) -> Result<Vec<Edit>, Refusal> {
        let after = self.after.ok_or(Refusal::OnlyCommand)?;
        let (operator, operator_range) = self.operator.ok_or(Refusal::OnlyCommand)?;
        let item = self.to_host(self.item)?;
        let next = self.to_host(after.range)?;
        let core = if operator == Operator::Newline { item } else { item.cover(self.to_host(operator_range)?) };
        self.no_comment_in(core)?;
        let rest = TextRange::new(item.start(), next.start());
        let lines = self.lines(core);
        if self.blank_before(core)
            && (self.continued_after(core) || (operator == Operator::Newline && self.alone(core)))
        {
            return self.delete_lines(core, lines);
        }
        if !self.has_comment(rest) {
            return Ok(vec![Edit::delete(rest)]);
        }
        let blanks = slice(self.host, TextRange::new(core.end(), self.line_end(core.end())));
        let blanks = blanks.len() - blanks.trim_start_matches([' ', '\t']).len();
        Ok(vec![Edit::delete(TextRange::new(core.start(), core.end() + size(blanks)))])
    }

    fn to_host(&self, at: TextRange) -> Result<TextRange, Refusal> {
        self.view.host_range(at).ok_or(Refusal::InsideEscape)
    }

    fn no_comment_in(&self, host: TextRange) -> Result<(), Refusal> {
        if self.has_comment(host) { Err(Refusal::Comment) } else { Ok(()) }
    }

    /// Whether a comment for people would go with `host`: one that the host dropped, or one that the shell skips.
    fn has_comment(&self, host: TextRange) -> bool {
        let outside = |line: &str| line.trim_start().starts_with('#');
        self.view.has_comment(host) || slice(self.host, host).split('\n').skip(1).any(outside)
    }

    fn line_start(&self, offset: TextSize) -> TextSize {
        let before = slice(self.host, TextRange::new(0.into(), offset));
        size(before.rfind('\n').map_or(0, |newline| newline + 1))
    }

    /// The end of the line, without its line break.
    fn line_end(&self, offset: TextSize) -> TextSize {
        let start = usize::from(offset);
        let rest = self.host.get(start..).unwrap_or("");
        let length = rest.find('\n').unwrap_or(rest.len());
        let length = rest.get(..length).map_or(length, |line| line.trim_end_matches('\r').len());
        size(start + length)
    }

    /// All of the lines that `at` stands on, with their line breaks.
    fn lines(&self, at: TextRange) -> TextRange {
        let end = usize::from(at.end());
        let rest = self.host.get(end..).unwrap_or("");
        let end = rest.find('\n').map_or(self.host.len(), |newline| end + newline + 1);
        range(self.line_start(at.start()).into(), end)
    }

    fn delete_lines(&self, core: TextRange, lines: TextRange) -> Result<Vec<Edit>, Refusal> {
        self.no_comment_in(core)?;
        Ok(vec![Edit::delete(lines)])
    }

    fn blank_before(&self, at: TextRange) -> bool {
        slice(self.host, TextRange::new(self.line_start(at.start()), at.start())).trim().is_empty()
    }

    fn after(&self, at: TextRange) -> &str {
        slice(self.host, TextRange::new(at.end(), self.line_end(at.end()).max(at.end()))).trim()
    }

    /// Whether nothing but a continuation follows on the line. The escape may be a backtick (the `escape` directive).
    fn continued_after(&self, at: TextRange) -> bool {
        matches!(self.after(at), "\\" | "`")
    }

    /// Whether a line that ended here would be taken for a continued one, as behind the word `C:\ `.
    fn would_continue(&self, end: TextSize) -> bool {
        slice(self.host, TextRange::new(self.line_start(end), end)).trim_end().ends_with(['\\', '`'])
    }

    /// Whether the line has nothing else.
    fn alone(&self, at: TextRange) -> bool {
        self.blank_before(at) && self.after(at).is_empty()
    }
}
