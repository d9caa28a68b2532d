//! The node kinds: one file each, its table entry and its kernel side by side. [`ALL`] is the one table that validation,
//! documentation, schema, completion and the compiler read. Adding a kind is adding a file and a line.

use crate::kernel::MakeKernel;
use crate::spec::NodeSpec;

/// One node kind: what it is, and how it runs.
pub struct NodeDef {
    pub spec: NodeSpec,
    pub runs: Runs,
}

/// How a node kind becomes part of a program.
#[derive(Clone, Copy)]
pub enum Runs {
    /// By a kernel.
    Kernel(MakeKernel),
    /// By a rule of the compiler: scopes, voices and sums.
    Structure(Structure),
}

/// Node kinds that shape the program rather than compute a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    Mix,
    Expression,
    Context,
    Tempo,
    Reference,
    Sequencer,
    Automation,
    Select,
    Multiply,
    Spawn,
    MidiIn,
    MidiCc,
}

/// Every node kind, in the order of the reference page.
pub static ALL: &[&NodeDef] = &[];

/// The node kind of this name.
pub fn find(name: &str) -> Option<&'static NodeDef> {
    ALL.iter().find(|d| d.spec.name == name).copied()
}
