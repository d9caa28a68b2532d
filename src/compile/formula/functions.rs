//! The functions of expressions as steps of the machine, and their values for constants. Loader thread.

use crate::kernel::formula::{Binary, Unary};
use crate::language::model::BinaryOp;

/// What a call of a function becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    Unary(Unary),
    Binary(Binary),
    /// `clip(x, low, high)`.
    Clip,
    /// `where(condition, then, otherwise)`.
    Where,
    ToMono,
    Random,
    /// Of the items of a list; a fixed number counts as a list of one.
    Statistic(Statistic),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    Sum,
    Mean,
    /// The standard deviation of the whole (not of a sample).
    Deviation,
}

/// What each function of `language::vocabulary` becomes; a test sees to it that none is missing.
pub const FUNCTIONS: &[(&str, Function)] = &[
    ("sin", Function::Unary(Unary::Sin)),
    ("cos", Function::Unary(Unary::Cos)),
    ("tan", Function::Unary(Unary::Tan)),
    ("tanh", Function::Unary(Unary::Tanh)),
    ("abs", Function::Unary(Unary::Abs)),
    ("exp", Function::Unary(Unary::Exp)),
    ("log", Function::Unary(Unary::Log)),
    ("log10", Function::Unary(Unary::Log10)),
    ("log2", Function::Unary(Unary::Log2)),
    ("sqrt", Function::Unary(Unary::Sqrt)),
    ("floor", Function::Unary(Unary::Floor)),
    ("ceil", Function::Unary(Unary::Ceil)),
    ("round", Function::Unary(Unary::Round)),
    ("sign", Function::Unary(Unary::Sign)),
    ("max", Function::Binary(Binary::Max)),
    ("min", Function::Binary(Binary::Min)),
    ("clip", Function::Clip),
    ("where", Function::Where),
    ("pow", Function::Binary(Binary::SignedPower)),
    ("sum", Function::Statistic(Statistic::Sum)),
    ("mean", Function::Statistic(Statistic::Mean)),
    ("std", Function::Statistic(Statistic::Deviation)),
    ("to_mono", Function::ToMono),
    ("rand", Function::Random),
];

/// An operator as a step, and whether its operands change places.
pub fn operator(op: BinaryOp) -> (Binary, bool) {
    match op {
        BinaryOp::Add => (Binary::Add, false),
        BinaryOp::Subtract => (Binary::Subtract, false),
        BinaryOp::Multiply => (Binary::Multiply, false),
        BinaryOp::Divide => (Binary::Divide, false),
        BinaryOp::FloorDivide => (Binary::FloorDivide, false),
        BinaryOp::Modulo => (Binary::Modulo, false),
        BinaryOp::Power => (Binary::Power, false),
        BinaryOp::Less => (Binary::Less, false),
        BinaryOp::LessEqual => (Binary::LessEqual, false),
        BinaryOp::Greater => (Binary::Less, true),
        BinaryOp::GreaterEqual => (Binary::LessEqual, true),
        BinaryOp::Equal => (Binary::Equal, false),
        BinaryOp::NotEqual => (Binary::NotEqual, false),
        BinaryOp::And => (Binary::And, false),
        BinaryOp::Or => (Binary::Or, false),
    }
}

/// The value of a function of one constant.
pub fn fold_unary(f: Unary, x: f64) -> f64 {
    let cycles = x * std::f64::consts::TAU;
    match f {
        Unary::Negate => -x,
        Unary::Not => f64::from(x == 0.0),
        Unary::Abs => x.abs(),
        Unary::Sign if x == 0.0 || x.is_nan() => x,
        Unary::Sign => x.signum(),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Round => x.round_ties_even(),
        Unary::Sqrt => x.sqrt(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Asin => x.asin(),
        Unary::Acos => x.acos(),
        Unary::Atan => x.atan(),
        Unary::SinCycles => cycles.sin(),
        Unary::CosCycles => cycles.cos(),
        Unary::Tanh => x.tanh(),
        Unary::Exp => x.exp(),
        Unary::Exp2 => x.exp2(),
        Unary::Log => x.ln(),
        Unary::Log2 => x.log2(),
        Unary::Log10 => x.log10(),
    }
}

/// The value of a function of two constants.
pub fn fold_binary(f: Binary, a: f64, b: f64) -> f64 {
    match f {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Divide => a / b,
        Binary::FloorDivide => (a / b).floor(),
        Binary::Modulo => {
            let r = a % b;
            if r * b.signum() < 0.0 { r + b } else { r }
        }
        Binary::Min => a.min(b),
        Binary::Max => a.max(b),
        Binary::Power => a.powf(b),
        Binary::SignedPower => fold_unary(Unary::Sign, a) * a.abs().powf(b),
        Binary::Less => f64::from(a < b),
        Binary::LessEqual => f64::from(a <= b),
        Binary::Equal => f64::from(a == b),
        Binary::NotEqual => f64::from(a != b),
        Binary::And if a == 0.0 => a,
        Binary::And => b,
        Binary::Or if a == 0.0 => b,
        Binary::Or => a,
    }
}
