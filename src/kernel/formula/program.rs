//! What a compiled formula is: a short list of steps over registers. Made by `compile::formula`, run by [`super::FormulaKernel`].
//! Plain data.

/// A register of 32-bit values, or (from [`CONSTANTS`] on) a constant.
pub type Operand = u16;
/// A register of 64-bit values.
pub type Wide = u8;

/// The most steps of a formula.
pub const MAX_STEPS: usize = 256;
/// The most registers of either kind.
pub const MAX_REGISTERS: usize = 64;
/// The operand that is constant number 0.
pub const CONSTANTS: Operand = MAX_REGISTERS as Operand;

/// Which channel of a stereo input a step reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that is being computed.
    Own,
    Left,
    Right,
}

/// Functions of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    Negate,
    /// 1 where the value is 0, else 0.
    Not,
    Abs,
    Sign,
    Floor,
    Ceil,
    /// Halves to the even number.
    Round,
    Sqrt,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    /// Of cycles instead of radians.
    SinCycles,
    CosCycles,
    Tanh,
    Exp,
    Exp2,
    Log,
    Log2,
    Log10,
}

/// Functions of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Min,
    Max,
    Power,
    /// sign(a)·|a|^b.
    SignedPower,
    Less,
    LessEqual,
    Equal,
    NotEqual,
    /// The second where the first is not 0, else the first.
    And,
    /// The first where it is not 0, else the second.
    Or,
}

/// One step. Steps never write a register that they read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Load {
        to: Operand,
        port: u16,
        side: Side,
    },
    /// A random value in 0..1 that changes with every random period; calls of `rand` have a stream each.
    Random {
        to: Operand,
        stream: u32,
    },
    Unary {
        f: Unary,
        to: Operand,
        a: Operand,
    },
    Binary {
        f: Binary,
        to: Operand,
        a: Operand,
        b: Operand,
    },
    /// `a · b + c`, rounded after each.
    MultiplyAdd {
        to: Operand,
        a: Operand,
        b: Operand,
        c: Operand,
    },
    /// `then` where `condition` is not 0, else `otherwise`.
    Choose {
        to: Operand,
        condition: Operand,
        then: Operand,
        otherwise: Operand,
    },
    /// Cycles of `scale · t + offset` less the nearest whole number.
    TimePhase {
        to: Operand,
        scale: f64,
        offset: f64,
    },
    /// `SinCycles` or `CosCycles` of such a phase, in one go.
    TimeWave {
        f: Unary,
        to: Operand,
        scale: f64,
        offset: f64,
        /// What the wave is multiplied by.
        gain: f32,
    },
    /// As 32-bit values.
    Narrow {
        to: Operand,
        a: Wide,
    },
    /// The angle in radians as cycles less the nearest whole number.
    Phase {
        to: Operand,
        a: Wide,
    },
    Compare {
        f: Binary,
        to: Operand,
        a: Wide,
        b: Wide,
    },
    WideNumber {
        to: Wide,
        value: f64,
    },
    /// `scale · t + offset`, t in seconds since the lane began.
    Time {
        to: Wide,
        scale: f64,
        offset: f64,
    },
    /// Frames since the lane began.
    Frames {
        to: Wide,
    },
    Widen {
        to: Wide,
        a: Operand,
    },
    WideUnary {
        f: Unary,
        to: Wide,
        a: Wide,
    },
    WideBinary {
        f: Binary,
        to: Wide,
        a: Wide,
        b: Wide,
    },
}

/// A compiled formula.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FormulaProgram {
    pub(crate) steps: Vec<Step>,
    pub(crate) constants: Vec<f32>,
    pub(crate) registers: usize,
    pub(crate) wide: usize,
    pub(crate) result: Operand,
    /// The last step, if it can write its result where the formula puts it out.
    pub(crate) straight: Option<usize>,
    pub(crate) number: Option<f64>,
    pub(crate) inputs: Vec<usize>,
    pub(crate) own: Vec<usize>,
}

impl FormulaProgram {
    /// The formula's value, if it does not depend on anything.
    pub fn as_number(&self) -> Option<f64> {
        self.number
    }

    /// The input ports that are read, in ascending order.
    pub fn inputs_used(&self) -> &[usize] {
        &self.inputs
    }

    /// Output channels for inputs of these many channels: stereo as soon as an input is read other than through `to_mono`.
    pub fn channels(&self, input_channels: &[usize]) -> usize {
        if self.own.iter().any(|&port| input_channels.get(port) == Some(&2)) { 2 } else { 1 }
    }

    /// Whether equal inputs always give equal outputs: no random numbers.
    pub fn is_pure(&self) -> bool {
        !self.steps.iter().any(|s| matches!(s, Step::Random { .. }))
    }

    /// Whether the value stands still while the inputs do: neither time nor random numbers.
    pub(crate) fn is_still(&self) -> bool {
        let still = |step: &Step| {
            matches!(
                step,
                Step::Load { .. }
                    | Step::Unary { .. }
                    | Step::Binary { .. }
                    | Step::MultiplyAdd { .. }
                    | Step::Choose { .. }
            )
        };
        self.steps.iter().all(still)
    }

    /// Notes whether the last step may write where the formula puts it out.
    pub(crate) fn straighten(mut self) -> FormulaProgram {
        let last = self.steps.len().checked_sub(1);
        self.straight = last.filter(|last| match self.steps[*last] {
            Step::Unary { to, .. }
            | Step::Binary { to, .. }
            | Step::MultiplyAdd { to, .. }
            | Step::Choose { to, .. }
            | Step::TimePhase { to, .. }
            | Step::TimeWave { to, .. } => to == self.result,
            _ => false,
        });
        self
    }

    /// How many steps one evaluation takes.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }
}
