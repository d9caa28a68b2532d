//! `cargo xtask bless`: the files that are made of the tables, written by the test that compares them otherwise.

use crate::Failed;
use crate::shell::{self, cargo};

/// Writes `docs/reference.md`, `docs/reference/` and `schema/`.
pub fn run() -> Result<(), Failed> {
    let test = ["test", "--quiet", "--no-default-features", "--test", "reference", "reference_files"];
    shell::run(cargo().args(test).env("SEICHE_BLESS", "1"))
}
