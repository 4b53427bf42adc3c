use super::tree::{Content, Document, Mapping, Node, Scalar};

/// How many aliases are followed before a document counts as circular.
const MAXIMUM_HOPS: usize = 16;

/// A node as its reader sees it: aliases are followed, merge keys looked into, and whether other places of the document
/// see the same text is kept in mind, because an edit of it would change them too.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'d> {
    document: &'d Document,
    node: &'d Node,
    shared: bool,
}

impl<'d> Cursor<'d> {
    /// The root of `document`.
    #[must_use]
    pub fn root(document: &'d Document) -> Self {
        Self::at(document, &document.root, false)
    }

    fn at(document: &'d Document, node: &'d Node, shared: bool) -> Self {
        let mut cursor = Self { document, node, shared: shared || is_aliased(document, node) };
        for _ in 0..MAXIMUM_HOPS {
            let Content::Alias(name) = &cursor.node.content else { break };
            let Some(target) = anchored(document, name, cursor.node) else { break };
            cursor.node = target;
            cursor.shared = true;
        }
        cursor
    }

    /// The node itself; never an alias, except one that leads nowhere.
    #[must_use]
    pub fn node(self) -> &'d Node {
        self.node
    }

    /// Whether an anchor, an alias or a merge key lets another place of the document see this text.
    #[must_use]
    pub fn is_shared(self) -> bool {
        self.shared
    }

    /// The value of `key`, also where it comes from a merge key.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        self.lookup(key, MAXIMUM_HOPS)
    }

    /// The mapping in which `key` is written: this one, or one that a merge key leads to.
    #[must_use]
    pub fn owner(self, key: &str) -> Option<Self> {
        self.owner_within(key, MAXIMUM_HOPS)
    }

    fn owner_within(self, key: &str, hops: usize) -> Option<Self> {
        let mapping = self.node.as_mapping()?;
        if mapping.find(key).is_some() {
            return Some(self);
        }
        let hops = hops.checked_sub(1)?;
        self.merged(mapping).into_iter().find_map(|base| base.owner_within(key, hops))
    }

    fn lookup(self, key: &str, hops: usize) -> Option<Self> {
        let mapping = self.node.as_mapping()?;
        if let Some((_, entry)) = mapping.find(key) {
            return Some(Self::at(self.document, &entry.value, self.shared));
        }
        let hops = hops.checked_sub(1)?;
        self.merged(mapping).into_iter().find_map(|base| base.lookup(key, hops))
    }

    /// All pairs, those of merge keys behind the mapping's own.
    #[must_use]
    pub fn entries(self) -> Vec<(&'d str, Self)> {
        let mut pairs = Vec::new();
        self.collect(&mut pairs, MAXIMUM_HOPS);
        pairs
    }

    fn collect(self, pairs: &mut Vec<(&'d str, Self)>, hops: usize) {
        let (Some(mapping), Some(hops)) = (self.node.as_mapping(), hops.checked_sub(1)) else { return };
        for entry in mapping.entries.iter().filter(|entry| entry.key != "<<") {
            if pairs.iter().all(|(key, _)| *key != entry.key) {
                pairs.push((&entry.key, Self::at(self.document, &entry.value, self.shared)));
            }
        }
        for base in self.merged(mapping) {
            base.collect(pairs, hops);
        }
    }

    fn merged(self, mapping: &'d Mapping) -> Vec<Self> {
        let Some((_, entry)) = mapping.find("<<") else { return Vec::new() };
        let operand = Self::at(self.document, &entry.value, true);
        if operand.node.as_sequence().is_some() { operand.items() } else { vec![operand] }
    }

    /// The members of a sequence; none for anything else.
    #[must_use]
    pub fn items(self) -> Vec<Self> {
        let items = self.node.as_sequence().map_or(&[][..], |sequence| &sequence.items);
        items.iter().map(|item| Self::at(self.document, item, self.shared)).collect()
    }

    /// The scalar, if it is one.
    #[must_use]
    pub fn scalar(self) -> Option<&'d Scalar> {
        self.node.as_scalar()
    }

    /// The text of a scalar that is not null.
    #[must_use]
    pub fn text(self) -> Option<&'d str> {
        self.scalar().filter(|_| !self.node.is_null()).map(|scalar| scalar.text.as_str())
    }
}

/// The last node named `name` before `alias`: an anchor may be set again.
fn anchored<'d>(document: &'d Document, name: &str, alias: &Node) -> Option<&'d Node> {
    let mut found = None;
    visit(&document.root, &mut |node| {
        if node.anchor.as_deref() == Some(name) && node.range.start() < alias.range.start() {
            found = Some(node);
        }
    });
    found
}

fn is_aliased(document: &Document, node: &Node) -> bool {
    let Some(anchor) = &node.anchor else { return false };
    let mut aliased = false;
    visit(&document.root, &mut |other| aliased |= matches!(&other.content, Content::Alias(name) if name == anchor));
    aliased
}

fn visit<'d>(node: &'d Node, visitor: &mut dyn FnMut(&'d Node)) {
    visitor(node);
    for child in node.children() {
        visit(child, visitor);
    }
}
