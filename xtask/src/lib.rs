//! The parts of `cargo xtask`: preparing a machine, bundling, hosting the bundles, checking. The host tests under `xtask/tests`
//! use the same parts. Never linked into the plug-in.

pub mod bench;
pub mod bless;
pub mod bundle;
pub mod check;
pub mod demo;
pub mod host;
pub mod licences;
pub mod setup;
pub mod shell;
pub mod state;
pub mod trigger;
pub mod wav;

/// Why a command could not do its work, in a sentence for the person who started it.
#[derive(Debug)]
pub struct Failed(pub String);

impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Failed {
        Failed(error.to_string())
    }
}

/// `Err` with a formatted sentence.
#[macro_export]
macro_rules! failed {
    ($($words:tt)*) => { Err($crate::Failed(format!($($words)*))) };
}
