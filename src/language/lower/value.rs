//! One value by the kind of its parameter. Everything that a table entry does not allow is refused here.

use super::{Lower, Reported};
use crate::language::diagnostic::Diagnostic;
use crate::language::model::{Span, Value};
use crate::language::scalar::{Meaning, decimal, is_null, meaning};
use crate::language::tree::{Kind, Scalar, Tree};
use crate::spec::{COLORS, Choice, Color, Default, NodeSpec, ParamKind, ParamSpec, Stereo};
use crate::units::Unit;

/// The place a value is for.
#[derive(Clone, Copy)]
pub(super) struct Slot<'s> {
    pub owner: &'static NodeSpec,
    pub name: &'s str,
    /// Index in the table, unless it is a named argument or a common key.
    pub declared: Option<usize>,
    pub kind: ParamKind,
    /// `None`: a variable, which takes values of every unit.
    pub unit: Option<Unit>,
    pub range: Option<(f64, f64)>,
    default: Default,
    /// Only nodes may stand here (tracks of a `mix`).
    nodes_only: bool,
}

impl<'s> Slot<'s> {
    pub fn declared(owner: &'static NodeSpec, index: usize, param: &'static ParamSpec) -> Slot<'s> {
        Slot { declared: Some(index), ..Slot::common(owner, param) }
    }

    pub fn common(owner: &'static NodeSpec, param: &'static ParamSpec) -> Slot<'s> {
        Slot {
            owner,
            name: param.name,
            declared: None,
            kind: param.kind,
            unit: Some(param.unit),
            range: param.range,
            default: param.default,
            nodes_only: false,
        }
    }

    pub fn named(owner: &'static NodeSpec, name: &'s str) -> Slot<'s> {
        Slot {
            owner,
            name,
            declared: None,
            kind: ParamKind::Signal(Stereo::Keep),
            unit: None,
            range: None,
            default: Default::Required,
            nodes_only: owner.name == "mix",
        }
    }

    /// The same place, for numbers in another unit.
    pub fn in_unit(self, unit: Option<Unit>) -> Slot<'s> {
        Slot { unit, ..self }
    }

    /// The same place, for one item of its list.
    pub fn item(self) -> Slot<'s> {
        Slot { kind: ParamKind::Signal(Stereo::Keep), default: Default::Required, ..self }
    }

    /// A place for a number without unit between 0 and 1: the position of a point.
    pub fn position(self) -> Slot<'s> {
        Slot {
            name: "position",
            declared: None,
            unit: Some(Unit::None),
            range: Some((0.0, 1.0)),
            ..self.item()
        }
    }

    pub fn endless(&self) -> bool {
        self.default == Default::Infinite
    }

    /// What may be written, for messages.
    pub fn takes(&self) -> &'static str {
        match self.kind {
            _ if self.nodes_only => "a node",
            kind => kind.takes(),
        }
    }
}

impl Lower<'_> {
    /// The value of a tree in this place; `None` for null where nothing need be given.
    pub(super) fn value(
        &mut self,
        tree: &Tree,
        slot: &Slot<'_>,
        path: &str,
    ) -> Result<Option<Value>, Reported> {
        if let Some(reported) = self.unreadable(tree) {
            return Err(reported);
        }
        match slot.kind {
            ParamKind::Table(_) if is_null(tree) && slot.default != Default::Required => return Ok(None),
            ParamKind::Table(spec) => return self.table(tree, spec, slot, path).map(Some),
            ParamKind::Notes(spec) => return self.notes(tree, spec, slot, path),
            _ => {}
        }
        let scalar = match &tree.kind {
            Kind::Scalar(scalar) => scalar,
            Kind::Map(entries) if matches!(slot.kind, ParamKind::Signal(_) | ParamKind::Sound) => {
                let around = std::mem::replace(&mut self.unit, slot.unit);
                let node = self.node(entries, tree.span, path);
                self.unit = around;
                return node.map(|node| Some(Value::Node(Box::new(node))));
            }
            Kind::Map(entries) if let ParamKind::Map(spec) = slot.kind => {
                return self.parts(entries, tree.span, spec, path).map(Some);
            }
            Kind::Map(_) | Kind::List(_) if slot.kind == ParamKind::Chain => {
                return self.chain(tree, slot, path).map(Some);
            }
            Kind::Map(_) if slot.kind == ParamKind::Play => return self.one_step(tree, path).map(Some),
            Kind::List(items) if !slot.nodes_only => {
                return self.list(items, tree, slot, path).map(Some);
            }
            _ => return Err(self.wrong_type(tree, slot)),
        };
        match (slot.kind, meaning(scalar, self.version(tree.span))) {
            (ParamKind::Color, _) => self.color(scalar, tree, slot),
            (_, Meaning::Null) if slot.default != Default::Required => Ok(None),
            (ParamKind::Text, _) => Ok(Some(Value::Text(scalar.text.to_string()))),
            (ParamKind::Choice(words), _) => self.choice(scalar, tree.span, slot, words).map(Some),
            (ParamKind::Time, meaning) => self.time(scalar, meaning, tree, slot).map(Some),
            (ParamKind::Sound, Meaning::Text) => self.sound_named(scalar, tree, path).map(Some),
            (ParamKind::Flag, meaning) => self.flag(scalar, meaning, tree, slot).map(Some),
            (ParamKind::Scale, Meaning::Text) => {
                self.expression(scalar, tree.span).map(|e| Some(Value::Expr(e.into())))
            }
            (_, Meaning::Null) => Err(self.wrong_type(tree, slot)),
            _ if slot.nodes_only => Err(self.no_track(scalar, tree, slot)),
            (ParamKind::Signal(_) | ParamKind::Formula, _) => self.signal(scalar, tree.span, slot).map(Some),
            (ParamKind::Play, Meaning::Text) => self.one_step(tree, path).map(Some),
            (ParamKind::Number | ParamKind::Integer | ParamKind::Worth, _) => {
                self.fixed(scalar, tree, slot).map(Some)
            }
            _ => Err(self.wrong_type(tree, slot)),
        }
    }

    pub(super) fn wrong_type(&mut self, tree: &Tree, slot: &Slot<'_>) -> Reported {
        let found = match &tree.kind {
            Kind::Scalar(s) => match meaning(s, self.version(tree.span)) {
                Meaning::Null => "nothing".to_string(),
                Meaning::Flag(_) => format!("the flag `{}`", s.text),
                Meaning::Number(_) => format!("the number `{}`", shorten(&s.text)),
                Meaning::Text => format!("the text `{}`", shorten(&s.text)),
            },
            Kind::Map(_) => "a node or mapping".to_string(),
            _ => tree.describe().to_string(),
        };
        let message = format!("`{}` of `{}` takes {}, not {found}", slot.name, slot.owner.name, slot.takes());
        let help = slot.declared.and_then(|i| slot.owner.params.get(i)).map(|p| p.help);
        let mut diagnostic = Diagnostic::error("wrong-type", tree.span, message);
        diagnostic.hint = help.map(str::to_string);
        self.report(diagnostic)
    }

    fn no_track(&mut self, scalar: &Scalar, tree: &Tree, slot: &Slot<'_>) -> Reported {
        let message =
            format!("the track `{}` of `mix` must be a node, not `{}`", slot.name, shorten(&scalar.text));
        let hint = format!("write `{}: {{expression: {{exp: {}}}}}`", slot.name, shorten(&scalar.text));
        self.error("wrong-type", tree.span, message, hint)
    }

    fn choice(
        &mut self,
        scalar: &Scalar,
        span: Span,
        slot: &Slot<'_>,
        words: &'static [Choice],
    ) -> Result<Value, Reported> {
        let text = scalar.text.trim();
        let is = |word: &str| word.eq_ignore_ascii_case(text);
        if let Some(choice) = words.iter().find(|c| is(c.word) || c.aliases.iter().any(|a| is(a))) {
            return Ok(Value::Word(choice.word));
        }
        let all = words.iter().map(|c| c.word).collect::<Vec<_>>().join(", ");
        let known = words.iter().flat_map(|c| c.aliases.iter().copied().chain([c.word]));
        let hint = self.suggest(text, known, format!("write one of {all}"));
        let message = format!("`{}` is no `{}` of `{}`", shorten(text), slot.name, slot.owner.name);
        Err(self.error("unknown-word", span, message, hint))
    }

    /// A colour. Without quotes one in digits is a comment, and nothing is left of it.
    fn color(&mut self, scalar: &Scalar, tree: &Tree, slot: &Slot<'_>) -> Result<Option<Value>, Reported> {
        let text = scalar.text.trim();
        if let Some(color) = Color::read(text) {
            return Ok(Some(Value::Color(color)));
        }
        let form = format!("digits stand in quotes: `{}: '#4080ff'`", slot.name);
        if is_null(tree) {
            // The parser writes `~` where nothing stands.
            let (empty, key) = (tree.span.start == tree.span.end, slot.name);
            return match empty {
                true => {
                    Err(self.error("wrong-type", tree.span, format!("nothing stands behind `{key}`"), form))
                }
                false => Ok(None),
            };
        }
        let hint = match text.starts_with('#') {
            true => "six digits 0-9 and a-f stand behind `#`: red, green, blue".to_owned(),
            false => self.suggest(
                text,
                COLORS.iter().map(|(name, _)| *name),
                format!("write a name, such as `teal`; {form}"),
            ),
        };
        let message = format!("`{}` is no `{}` of `{}`", shorten(text), slot.name, slot.owner.name);
        Err(self.error("unknown-color", tree.span, message, hint))
    }

    fn flag(
        &mut self,
        scalar: &Scalar,
        meaning: Meaning,
        tree: &Tree,
        slot: &Slot<'_>,
    ) -> Result<Value, Reported> {
        let text = scalar.text.trim();
        match meaning {
            Meaning::Flag(on) => Ok(Value::Flag(on)),
            Meaning::Number(n) if n == 0.0 || n == 1.0 => Ok(Value::Flag(n == 1.0)),
            Meaning::Text if text.eq_ignore_ascii_case("true") => Ok(Value::Flag(true)),
            Meaning::Text if text.eq_ignore_ascii_case("false") => Ok(Value::Flag(false)),
            _ => Err(self.wrong_type(tree, slot)),
        }
    }

    /// A number that is known when the sound is loaded.
    fn fixed(&mut self, scalar: &Scalar, tree: &Tree, slot: &Slot<'_>) -> Result<Value, Reported> {
        let number = match meaning(scalar, self.version(tree.span)) {
            Meaning::Number(n) => n,
            Meaning::Flag(_) | Meaning::Null => return Err(self.wrong_type(tree, slot)),
            Meaning::Text => match decimal(scalar.text.trim()) {
                Some(n) => n,
                None => match self.quantity(scalar, tree.span, slot)? {
                    Some(Value::Number(n)) => n,
                    Some(_) => {
                        let message = format!(
                            "`{}` of `{}` is fixed, but the tempo may change",
                            slot.name, slot.owner.name
                        );
                        return Err(self.error(
                            "wrong-unit",
                            tree.span,
                            message,
                            "write the time in seconds",
                        ));
                    }
                    None => return Err(self.no_number(scalar, tree, slot)),
                },
            },
        };
        if slot.kind == ParamKind::Integer && number.is_finite() && number.fract() != 0.0 {
            return Err(self.wrong_type(tree, slot));
        }
        self.in_range(number, tree.span, slot).map(Value::Number)
    }

    fn no_number(&mut self, scalar: &Scalar, tree: &Tree, slot: &Slot<'_>) -> Reported {
        let message = format!(
            "`{}` of `{}` takes {}, not `{}`",
            slot.name,
            slot.owner.name,
            slot.takes(),
            shorten(&scalar.text)
        );
        self.error(
            "wrong-type",
            tree.span,
            message,
            "expressions cannot be used here: the value is fixed when the sound is loaded",
        )
    }
}

/// Text for a message: long ones are cut.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}
