//! What the text of a library means, before anything is compiled: sounds as trees of nodes, every value with its place in the
//! text. Built by the lowering stages of this room, read by `compile`. Loader thread; nothing here is ever seen by the audio thread.

use std::path::Path;
use std::sync::Arc;

use crate::score::{Line, Time};
use crate::spec::{Color, NodeSpec};

/// A place in a source file: byte range in the file's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Which file of the library (index into [`Library::files`]).
    pub file: u32,
    pub start: u32,
    pub end: u32,
}

/// A node of a sound: its kind, its parameters in source order, and where all of it was written.
#[derive(Clone, Debug)]
pub struct Node {
    pub spec: &'static NodeSpec,
    /// Explicit `id:`.
    pub id: Option<String>,
    /// Key under which state survives a reload: the explicit id, else `parent.parameter.kind`.
    pub path: String,
    /// `duration:` in seconds.
    pub duration: Option<f64>,
    pub monitor: bool,
    /// `feedback:` in frames, and its key in the text.
    pub feedback: Option<(usize, Span)>,
    /// Written parameters, declared and named, in source order. Defaults are not filled in.
    pub params: Vec<Param>,
    /// The node's key in the text.
    pub span: Span,
}

/// One written parameter.
#[derive(Clone, Debug)]
pub struct Param {
    pub name: String,
    /// Index in `spec.params`, or `None` for a named argument.
    pub declared: Option<usize>,
    pub value: Value,
    /// The parameter's key in the text.
    pub key_span: Span,
    /// The parameter's value in the text.
    pub span: Span,
}

/// A parameter's value. Units are already converted to the parameter's own.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Flag(bool),
    Number(f64),
    Text(String),
    /// A word of a `Choice`, normalised to its first spelling.
    Word(&'static str),
    Color(Color),
    Expr(Arc<Expr>),
    /// An interpolated list: points with an optional position (0..1 of the duration).
    Curve(Vec<Point>),
    /// A list with a meaning of its own (`range`, `values`, automation `steps`, `items`).
    List(Vec<(Value, Span)>),
    /// Names with what belongs to each: nodes of the table that the parameter names.
    Map(Vec<Param>),
    /// A musical time.
    Time(Time),
    /// Notes, or strokes, in the compact notation.
    Notes(Arc<Line>),
    /// Sequencer steps: every step holds the calls that start together (none: a rest).
    Steps(Vec<Vec<Call>>),
    Node(Box<Node>),
}

/// One point of an interpolated list. Both parts are numbers or expressions, evaluated once.
#[derive(Clone, Debug)]
pub struct Point {
    pub value: Arc<Expr>,
    pub position: Option<Arc<Expr>>,
    pub span: Span,
}

/// A sound started by a sequencer step.
#[derive(Clone, Debug)]
pub struct Call {
    pub target: Target,
    /// `name p1VALUE p2VALUE`: overrides of the root that everything below sees as variables, too.
    pub params: Vec<(String, f64)>,
    pub span: Span,
}

/// What a step starts.
#[derive(Clone, Debug)]
pub enum Target {
    /// A sound by name; resolve it with [`super::Library::instantiate`].
    Sound(String),
    /// A node written inside the step.
    Inline(Box<Node>),
}

/// An expression with its place in the text.
#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Number(f64),
    /// `name` or `$name`.
    Name {
        name: String,
        dollar: bool,
    },
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    Call {
        name: String,
        name_span: Span,
        args: Vec<Expr>,
    },
    /// `then if condition else otherwise`.
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// A list literal; only `rand([..])` and scales take one.
    List(Vec<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Negate,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

/// One file of a library.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub path: Arc<Path>,
    pub text: Arc<str>,
}
