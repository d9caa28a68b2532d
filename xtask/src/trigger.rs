//! The weights of the drum trigger, and what they are worth: starts the program in `trainer/`.

use std::path::PathBuf;

use crate::shell;
use crate::{Failed, failed};

fn folder(options: &[String]) -> Result<PathBuf, Failed> {
    match options {
        [folder] => Ok(std::path::absolute(folder)?),
        _ => failed!("name the folder with the corpora; xtask/python/trigger_corpora.py makes them"),
    }
}

fn trainer() -> std::process::Command {
    let mut command = shell::cargo();
    command.args(["run", "--release", "--package", "trainer", "--"]);
    command
}

/// Writes `src/dsp/drum/weights.txt`.
pub fn train(options: &[String]) -> Result<(), Failed> {
    let table = shell::root().join("src/dsp/drum/weights.txt");
    shell::run(trainer().arg("train").arg(folder(options)?).arg(table))
}

/// Prints the tables of the evaluator, which lies beside the project.
pub fn measure(options: &[String]) -> Result<(), Failed> {
    let tools = shell::root().join("../shared/triggers");
    shell::run(trainer().arg("measure").arg(folder(options)?).arg(tools))
}
