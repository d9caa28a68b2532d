//! A YAML file as a tree in which every part knows its place. Scalars are kept as written; what they mean is decided where they are
//! used. Aliases share the tree they point at, and every tree knows its expanded size, so that no small text can grow large.

use std::sync::Arc;

use super::model::Span;

#[derive(Debug)]
pub(super) struct Tree {
    pub kind: Kind,
    pub span: Span,
    /// How many trees this one holds, itself and everything behind aliases included.
    pub weight: u32,
    /// Levels from here down to the deepest scalar (a scalar: 1).
    pub height: u32,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar(Scalar),
    List(Vec<Arc<Tree>>),
    Map(Vec<Entry>),
    /// Something that could not be read and has been reported.
    Broken,
}

#[derive(Debug)]
pub(super) struct Scalar {
    /// The text after YAML's own escapes and line folding.
    pub text: Box<str>,
    pub style: Style,
}

/// How a scalar was written. Only plain ones can be numbers, flags or null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Block,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: Arc<str>,
    pub key_span: Span,
    pub value: Arc<Tree>,
}

impl Tree {
    pub fn new(kind: Kind, span: Span) -> Tree {
        let (weight, height) = match &kind {
            Kind::Scalar(_) | Kind::Broken => (1, 1),
            Kind::List(items) => measure(items.iter()),
            Kind::Map(entries) => measure(entries.iter().map(|e| &e.value)),
        };
        Tree { kind, span, weight, height }
    }

    /// What this is called in messages.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
            Kind::Broken => "something unreadable",
        }
    }
}

fn measure<'a>(children: impl Iterator<Item = &'a Arc<Tree>>) -> (u32, u32) {
    children.fold((1u32, 1), |(weight, height), child| {
        (weight.saturating_add(child.weight), height.max(child.height + 1))
    })
}
