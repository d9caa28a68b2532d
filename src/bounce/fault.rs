//! What can go wrong, and what is done about it.

use std::fmt;

use crate::engine::{Cause, PartFault};

/// What is done when a part fails: it panics, is not finite, takes too long, or lacks a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The bounce stops, and no file is left.
    #[default]
    Stop,
    /// The bounce begins anew without the part.
    Skip,
    /// The part is silent from there on; where a sample is missing, that alone is silent.
    Silence,
}

/// Why a bounce has come to nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    Cancelled,
    /// A part failed, and the policy is not to go on with it.
    Part {
        number: usize,
        part: String,
        fault: PartFault,
    },
    /// A file cannot be written.
    File {
        name: String,
        error: String,
    },
    /// What the cache had kept of a part is damaged, and was removed.
    Damaged(String),
    /// There is no memory for so many bytes.
    Memory(u64),
    /// What was asked for makes no sense, or the sound cannot be built.
    Wish(String),
}

impl Failure {
    /// Something that must never happen has happened.
    pub(super) fn itself() -> Failure {
        Failure::Wish("the bounce itself has failed: please report it".into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Failure::Cancelled => write!(f, "cancelled; no file was written"),
            Failure::Part { part, fault, .. } => write!(f, "`{part}` {}; no file was written", what(fault)),
            Failure::File { name, error } => write!(f, "{name}: cannot be written ({error})"),
            Failure::Damaged(name) => write!(f, "{name}: this part of the cache was damaged; try again"),
            Failure::Memory(bytes) => {
                let mega = bytes.div_ceil(1 << 20);
                write!(f, "there is no memory for it ({mega} MB); render less at once, or into files")
            }
            Failure::Wish(text) => f.write_str(text),
        }
    }
}

/// What a part did, as a sentence without its subject.
pub fn what(fault: &PartFault) -> String {
    let node = fault.node.as_ref().map_or(String::new(), |node| format!(", first in `{node}`"));
    match fault.cause {
        Cause::Panicked => format!("failed while it played{node}"),
        Cause::NotFinite => format!("is not finite (a division by zero, or a loop that grows?){node}"),
        Cause::TooSlow => "takes longer than it may".to_owned(),
        Cause::NoSample => format!("lacks a sample{node}"),
    }
}
