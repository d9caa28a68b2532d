//! A formula as values that are computed once each: equal ones are shared, constants folded, and what is linear in time kept as
//! one scale and offset in 64 bits. Loader thread.

use std::collections::HashMap;
use std::f64::consts::TAU;

use super::functions::{fold_binary, fold_unary};
use crate::kernel::formula::{Binary, Side, Unary};

pub type Id = usize;

/// A 64-bit number that can be a key: equal only where its bits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bits(u64);

impl Bits {
    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl From<f64> for Bits {
    fn from(x: f64) -> Bits {
        Bits(x.to_bits())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    Number(Bits),
    Input {
        port: u16,
        side: Side,
    },
    Random(u32),
    Unary(Unary, Id),
    Binary(Binary, Id, Id),
    Choose {
        condition: Id,
        then: Id,
        otherwise: Id,
    },
    /// Reduced cycles of `scale · t + offset`.
    TimePhase {
        scale: Bits,
        offset: Bits,
    },
    // From here on the operands are wide …
    Narrow(Id),
    Phase(Id),
    Compare(Binary, Id, Id),
    // … and from here on the values are.
    WideNumber(Bits),
    Time {
        scale: Bits,
        offset: Bits,
    },
    Frames,
    /// Of a value that is not wide.
    Widen(Id),
    WideUnary(Unary, Id),
    WideBinary(Binary, Id, Id),
}

impl Node {
    /// Whether the value has 64 bits.
    pub fn is_wide(&self) -> bool {
        use Node::*;
        matches!(self, WideNumber(_) | Time { .. } | Frames | Widen(_) | WideUnary(..) | WideBinary(..))
    }

    /// The values that this one is made from.
    pub fn operands(&self) -> Vec<Id> {
        use Node::*;
        match *self {
            Number(_)
            | Input { .. }
            | Random(_)
            | TimePhase { .. }
            | WideNumber(_)
            | Time { .. }
            | Frames => vec![],
            Unary(_, a) | Narrow(a) | Phase(a) | Widen(a) | WideUnary(_, a) => vec![a],
            Binary(_, a, b) | Compare(_, a, b) | WideBinary(_, a, b) => vec![a, b],
            Choose { condition, then, otherwise } => vec![condition, then, otherwise],
        }
    }
}

/// All values of a formula; operands come before what is made from them.
#[derive(Default)]
pub struct Dag {
    nodes: Vec<Node>,
    known: HashMap<Node, Id>,
}

impl Dag {
    pub fn node(&self, id: Id) -> Node {
        self.nodes[id]
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn add(&mut self, node: Node) -> Id {
        let nodes = &mut self.nodes;
        *self.known.entry(node).or_insert_with(|| {
            nodes.push(node);
            nodes.len() - 1
        })
    }

    pub fn number(&mut self, x: f64) -> Id {
        self.add(Node::Number(x.into()))
    }

    pub fn as_number(&self, id: Id) -> Option<f64> {
        match self.nodes[id] {
            Node::Number(x) => Some(x.value()),
            _ => None,
        }
    }

    /// `scale · t + offset`.
    pub fn time(&mut self, scale: f64, offset: f64) -> Id {
        if scale == 0.0 {
            return self.number(offset);
        }
        self.add(Node::Time { scale: scale.into(), offset: offset.into() })
    }

    fn as_time(&self, id: Id) -> Option<(f64, f64)> {
        match self.nodes[id] {
            Node::Time { scale, offset } => Some((scale.value(), offset.value())),
            Node::Number(offset) => Some((0.0, offset.value())),
            _ => None,
        }
    }

    /// The value in 32 bits.
    pub fn narrow(&mut self, id: Id) -> Id {
        if self.nodes[id].is_wide() { self.add(Node::Narrow(id)) } else { id }
    }

    /// The value in 64 bits.
    fn wide(&mut self, id: Id) -> Id {
        match self.nodes[id] {
            node if node.is_wide() => id,
            Node::Number(x) => self.add(Node::WideNumber(x)),
            _ => self.add(Node::Widen(id)),
        }
    }

    pub fn unary(&mut self, f: Unary, a: Id) -> Id {
        if let Some(x) = self.as_number(a) {
            return self.number(fold_unary(f, x));
        }
        if !self.nodes[a].is_wide() {
            return match (f, self.nodes[a]) {
                (Unary::Negate, Node::Unary(Unary::Negate, x)) => x,
                _ => self.add(Node::Unary(f, a)),
            };
        }
        match f {
            Unary::Negate => self.negative(a),
            Unary::Abs | Unary::Floor | Unary::Ceil | Unary::Round => self.add(Node::WideUnary(f, a)),
            Unary::Sin => self.of_phase(Unary::SinCycles, a),
            Unary::Cos => self.of_phase(Unary::CosCycles, a),
            Unary::Tan => {
                let (phase, tau) = (self.phase(a), self.number(TAU));
                let angle = self.binary(Binary::Multiply, phase, tau);
                self.unary(f, angle)
            }
            _ => {
                let a = self.narrow(a);
                self.add(Node::Unary(f, a))
            }
        }
    }

    fn negative(&mut self, a: Id) -> Id {
        match self.as_time(a) {
            Some((scale, offset)) => self.time(-scale, -offset),
            None => self.add(Node::WideUnary(Unary::Negate, a)),
        }
    }

    fn of_phase(&mut self, f: Unary, a: Id) -> Id {
        let phase = self.phase(a);
        self.unary(f, phase)
    }

    /// The wide angle `a`, in radians, as cycles near zero.
    fn phase(&mut self, a: Id) -> Id {
        match self.nodes[a] {
            Node::Time { scale, offset } => self.add(Node::TimePhase {
                scale: (scale.value() / TAU).into(),
                offset: (offset.value() / TAU).into(),
            }),
            // A 32-bit summand gains nothing by 64-bit reduction.
            Node::WideBinary(f @ (Binary::Add | Binary::Subtract), a, b) => {
                let (a, b) = (self.phase(a), self.phase(b));
                self.binary(f, a, b)
            }
            Node::Widen(x) => {
                let per_turn = self.number(1.0 / TAU);
                self.binary(Binary::Multiply, x, per_turn)
            }
            Node::WideNumber(x) => {
                let cycles = x.value() / TAU;
                self.number(cycles - cycles.round())
            }
            _ => self.add(Node::Phase(a)),
        }
    }

    pub fn binary(&mut self, f: Binary, a: Id, b: Id) -> Id {
        use Binary::*;
        if let (Some(x), Some(y)) = (self.as_number(a), self.as_number(b)) {
            return self.number(fold_binary(f, x, y));
        }
        if self.nodes[a].is_wide() || self.nodes[b].is_wide() {
            match f {
                Less | LessEqual | Equal | NotEqual => {
                    let (a, b) = (self.wide(a), self.wide(b));
                    return self.add(Node::Compare(f, a, b));
                }
                Add | Subtract | Multiply | Divide | FloorDivide | Modulo | Min | Max => {
                    return self.wide_binary(f, a, b);
                }
                Power | SignedPower | And | Or => {}
            }
        }
        let (a, b) = (self.narrow(a), self.narrow(b));
        match (f, self.as_number(a), self.as_number(b)) {
            (Add, Some(0.0), _) | (Multiply, Some(1.0), _) => return b,
            (Add | Subtract, _, Some(0.0)) => return a,
            (Multiply | Divide | Power | SignedPower, _, Some(1.0)) => return a,
            (Power, _, Some(0.5)) => return self.unary(Unary::Sqrt, a),
            (Power, _, Some(n @ (2.0 | 3.0 | 4.0))) => return self.whole_power(a, n),
            (Power | SignedPower, Some(2.0), _) => return self.unary(Unary::Exp2, b),
            (SignedPower, Some(x), _) if x > 0.0 => return self.add(Node::Binary(Power, a, b)),
            _ => {}
        }
        let swap = matches!(f, Add | Multiply) && a > b;
        self.add(if swap { Node::Binary(f, b, a) } else { Node::Binary(f, a, b) })
    }

    /// Second to fourth powers by multiplication, as exact as can be.
    fn whole_power(&mut self, a: Id, n: f64) -> Id {
        let square = self.binary(Binary::Multiply, a, a);
        match n {
            3.0 => self.binary(Binary::Multiply, square, a),
            4.0 => self.binary(Binary::Multiply, square, square),
            _ => square,
        }
    }

    fn wide_binary(&mut self, f: Binary, a: Id, b: Id) -> Id {
        use Binary::*;
        match (f, self.as_time(a), self.as_time(b)) {
            (Add, Some((s, o)), Some((t, p))) => return self.time(s + t, o + p),
            (Subtract, Some((s, o)), Some((t, p))) => return self.time(s - t, o - p),
            (Multiply, Some((s, o)), Some((0.0, k))) | (Multiply, Some((0.0, k)), Some((s, o))) => {
                return self.time(s * k, o * k);
            }
            (Divide, Some((s, o)), Some((0.0, k))) => return self.time(s / k, o / k),
            _ => {}
        }
        if f == Multiply
            && let Some(product) = self.collect_factor(a, b).or_else(|| self.collect_factor(b, a))
        {
            return product;
        }
        let (a, b) = (self.wide(a), self.wide(b));
        self.add(Node::WideBinary(f, a, b))
    }

    /// Moves a constant factor of `b` into `a`, where `a` is linear in time or a product with such: `t · (2 · x)` is
    /// `(2 · t) · x`, which keeps the factor in 64 bits.
    fn collect_factor(&mut self, a: Id, b: Id) -> Option<Id> {
        use Binary::Multiply;
        match (self.nodes[a], self.nodes[b]) {
            (Node::Time { .. }, Node::Binary(Multiply, x, y)) => {
                let (factor, x) = if self.as_number(x).is_some() { (x, y) } else { (y, x) };
                self.as_number(factor)?;
                let a = self.wide_binary(Multiply, a, factor);
                Some(self.wide_binary(Multiply, a, x))
            }
            (Node::WideBinary(Multiply, time, x), Node::Number(_)) if self.as_time(time).is_some() => {
                let time = self.wide_binary(Multiply, time, b);
                Some(self.wide_binary(Multiply, time, x))
            }
            _ => None,
        }
    }

    pub fn choose(&mut self, condition: Id, then: Id, otherwise: Id) -> Id {
        if then == otherwise {
            return then;
        }
        match self.as_number(condition) {
            Some(0.0) => otherwise,
            Some(_) => then,
            None => {
                let [condition, then, otherwise] = [condition, then, otherwise].map(|id| self.narrow(id));
                self.add(Node::Choose { condition, then, otherwise })
            }
        }
    }
}
