//! Values to steps: an order, registers by liveness, and products that are only added, and waves of time, fused
//! into one step. Loader thread.

use std::collections::HashMap;

use super::dag::{Dag, Id, Node};
use crate::kernel::formula::{
    Binary, CONSTANTS, FormulaProgram, MAX_REGISTERS, MAX_STEPS, Operand, Side, Step, Unary, Wide,
};

/// One step to be: the value it computes and those it needs.
struct Work {
    id: Id,
    operands: Vec<Id>,
}

/// The program that computes `root` (which has 32 bits), or why it cannot be had.
pub fn emit(dag: &Dag, root: Id) -> Result<FormulaProgram, String> {
    let work = order(dag, root);
    if work.len() > MAX_STEPS {
        return Err(format!("it takes {} steps; at most {MAX_STEPS} are possible", work.len()));
    }
    let mut last_use = HashMap::new();
    for (k, step) in work.iter().enumerate() {
        last_use.extend(step.operands.iter().map(|&id| (id, k)));
    }
    last_use.insert(root, usize::MAX);

    let mut out = Emitter {
        dag,
        program: FormulaProgram::default(),
        places: HashMap::new(),
        free: [[true; MAX_REGISTERS]; 2],
    };
    for (k, step) in work.iter().enumerate() {
        out.step(step)?;
        for &id in &step.operands {
            if last_use[&id] == k {
                out.release(id);
            }
        }
    }
    out.program.result = out.operand(root);
    out.program.number = dag.as_number(root);
    out.program.inputs.sort_unstable();
    out.program.inputs.dedup();
    out.program.own.sort_unstable();
    out.program.own.dedup();
    Ok(out.program.straighten())
}

/// The values that `root` needs, operands first; constants are none, and products that are only added go into the addition.
fn order(dag: &Dag, root: Id) -> Vec<Work> {
    let mut needed = vec![0; dag.len()];
    needed[root] = 1;
    // Operands have smaller numbers than what is made from them.
    for id in (0..=root).rev() {
        if needed[id] > 0 {
            dag.node(id).operands().into_iter().for_each(|operand| needed[operand] += 1);
        }
    }
    let mut fused = vec![false; dag.len()];
    let mut work = Vec::new();
    for id in (0..=root).rev() {
        if needed[id] == 0 || fused[id] || dag.as_number(id).is_some() {
            continue;
        }
        let mut operands = dag.node(id).operands();
        if let Node::Binary(Binary::Add, a, b) = dag.node(id) {
            for (product, other) in [(a, b), (b, a)] {
                if let (Node::Binary(Binary::Multiply, x, y), 1) = (dag.node(product), needed[product]) {
                    fused[product] = true;
                    operands = vec![x, y, other];
                    break;
                }
            }
        }
        if let Some(wave) = time_wave(dag, id) {
            let parts = [wave.id, wave.phase];
            if parts.iter().all(|part| *part == id || needed[*part] == 1) {
                parts.into_iter().filter(|part| *part != id).for_each(|part| fused[part] = true);
                operands.clear();
            }
        }
        work.push(Work { id, operands });
    }
    work.reverse();
    work
}

/// A sine or cosine of time, and how much of it.
struct TimeWave {
    id: Id,
    f: Unary,
    phase: Id,
    gain: f64,
}

/// The wave of time that a value is, or a number times it.
fn time_wave(dag: &Dag, id: Id) -> Option<TimeWave> {
    match dag.node(id) {
        Node::Unary(f @ (Unary::SinCycles | Unary::CosCycles), phase) => {
            matches!(dag.node(phase), Node::TimePhase { .. }).then_some(TimeWave { id, f, phase, gain: 1.0 })
        }
        Node::Binary(Binary::Multiply, a, b) => match (dag.as_number(a), dag.as_number(b)) {
            (Some(gain), None) => Some(TimeWave { gain, ..time_wave(dag, b).filter(|w| w.id == b)? }),
            (None, Some(gain)) => Some(TimeWave { gain, ..time_wave(dag, a).filter(|w| w.id == a)? }),
            _ => None,
        },
        _ => None,
    }
}

struct Emitter<'a> {
    dag: &'a Dag,
    program: FormulaProgram,
    /// The register of every value that is alive.
    places: HashMap<Id, usize>,
    /// Free registers: 32 bits, 64 bits.
    free: [[bool; MAX_REGISTERS]; 2],
}

impl Emitter<'_> {
    fn bank(&self, id: Id) -> usize {
        usize::from(self.dag.node(id).is_wide())
    }

    fn take(&mut self, id: Id) -> Result<usize, String> {
        let bank = self.bank(id);
        let Some(register) = self.free[bank].iter().position(|free| *free) else {
            return Err(format!("it needs more than {MAX_REGISTERS} intermediate values at once"));
        };
        self.free[bank][register] = false;
        self.places.insert(id, register);
        let count = if bank == 1 { &mut self.program.wide } else { &mut self.program.registers };
        *count = (*count).max(register + 1);
        Ok(register)
    }

    fn release(&mut self, id: Id) {
        if let Some(register) = self.places.remove(&id) {
            let bank = self.bank(id);
            self.free[bank][register] = true;
        }
    }

    /// Where a 32-bit value is to be read.
    fn operand(&mut self, id: Id) -> Operand {
        if let Some(x) = self.dag.as_number(id) {
            let x = x as f32;
            let constants = &mut self.program.constants;
            let known = constants.iter().position(|c| c.to_bits() == x.to_bits());
            let index = known.unwrap_or_else(|| {
                constants.push(x);
                constants.len() - 1
            });
            return CONSTANTS + index as Operand;
        }
        self.places[&id] as Operand
    }

    fn wide(&self, id: Id) -> Wide {
        self.places[&id] as Wide
    }

    fn step(&mut self, work: &Work) -> Result<(), String> {
        // The result never shares a register with an operand: operands are released afterwards.
        let register = self.take(work.id)?;
        let (to, wide) = (register as Operand, register as Wide);
        let step = match self.dag.node(work.id) {
            // Constants are no work.
            Node::Number(_) => return Ok(()),
            Node::Input { port, side } => {
                self.program.inputs.push(port as usize);
                if side == Side::Own {
                    self.program.own.push(port as usize);
                }
                Step::Load { to, port, side }
            }
            Node::Random(stream) => Step::Random { to, stream },
            Node::Unary(..) | Node::Binary(..) if work.operands.is_empty() => {
                let Some(TimeWave { f, phase, gain, .. }) = time_wave(self.dag, work.id) else {
                    return Ok(());
                };
                let Node::TimePhase { scale, offset } = self.dag.node(phase) else { return Ok(()) };
                Step::TimeWave { f, to, scale: scale.value(), offset: offset.value(), gain: gain as f32 }
            }
            Node::Unary(f, a) => Step::Unary { f, to, a: self.operand(a) },
            Node::Binary(f, a, b) => match work.operands[..] {
                [a, b, c] => {
                    Step::MultiplyAdd { to, a: self.operand(a), b: self.operand(b), c: self.operand(c) }
                }
                _ => Step::Binary { f, to, a: self.operand(a), b: self.operand(b) },
            },
            Node::Choose { condition, then, otherwise } => Step::Choose {
                to,
                condition: self.operand(condition),
                then: self.operand(then),
                otherwise: self.operand(otherwise),
            },
            Node::TimePhase { scale, offset } => {
                Step::TimePhase { to, scale: scale.value(), offset: offset.value() }
            }
            Node::Narrow(a) => Step::Narrow { to, a: self.wide(a) },
            Node::Phase(a) => Step::Phase { to, a: self.wide(a) },
            Node::Compare(f, a, b) => Step::Compare { f, to, a: self.wide(a), b: self.wide(b) },
            Node::WideNumber(x) => Step::WideNumber { to: wide, value: x.value() },
            Node::Time { scale, offset } => {
                Step::Time { to: wide, scale: scale.value(), offset: offset.value() }
            }
            Node::Frames => Step::Frames { to: wide },
            Node::Widen(a) => Step::Widen { to: wide, a: self.operand(a) },
            Node::WideUnary(f, a) => Step::WideUnary { f, to: wide, a: self.wide(a) },
            Node::WideBinary(f, a, b) => Step::WideBinary { f, to: wide, a: self.wide(a), b: self.wide(b) },
        };
        self.program.steps.push(step);
        Ok(())
    }
}
