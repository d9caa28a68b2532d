//! Holds the licences of everything that Seiche links against the allow list of `deny.toml`: with `cargo deny` where it is
//! installed, else by reading the list and the crates' own statements.

use crate::shell::{cargo, has_program, root, run, text};
use crate::{Failed, failed};
use serde_json::Value;

/// Fails with the crates whose licence is not allowed.
pub fn check() -> Result<(), Failed> {
    if has_program("cargo-deny") {
        return run(cargo().args([
            "deny",
            "--all-features",
            "--offline",
            "check",
            "licenses",
            "bans",
            "sources",
        ]));
    }
    let allowed = allow_list(&std::fs::read_to_string(root().join("deny.toml"))?);
    let metadata: Value = serde_json::from_str(&text(cargo().args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--all-features",
    ]))?)?;
    let packages = metadata["packages"].as_array().map_or(&[][..], |p| p);
    let mut wrong = Vec::new();
    for package in packages {
        let (name, licence) =
            (package["name"].as_str().unwrap_or("?"), package["license"].as_str().unwrap_or(""));
        if !satisfied(licence, &allowed) {
            wrong.push(format!("{name}: '{licence}'"));
        }
    }
    if packages.is_empty() || allowed.is_empty() {
        return failed!("no packages or no allow list to check");
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        failed!("licences that deny.toml does not allow:\n{}", wrong.join("\n"))
    }
}

/// The quoted words of `allow = [ … ]`.
fn allow_list(deny: &str) -> Vec<String> {
    let list = deny.split("allow = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or("");
    list.split('"').skip(1).step_by(2).map(String::from).collect()
}

/// Whether an SPDX expression can be satisfied by the allowed licences: OR asks for one side, AND for both. `/` is an old
/// way to write OR.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let words = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut at = 0;
    any(&words, &mut at, allowed) && at == words.len()
}

fn any(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut result = all(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        result |= all(words, at, allowed);
    }
    result
}

fn all(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut result = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        result &= one(words, at, allowed);
    }
    result
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let result = any(words, at, allowed);
        *at += 1;
        return result;
    }
    let mut licence = word.to_string();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{word} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_expressions_are_understood() {
        let allowed = allow_list(
            "[licenses]\nallow = [\n  \"MIT\", \"ISC\",\n \"Apache-2.0 WITH LLVM-exception\" ]\nx = [\"no\"]",
        );
        assert_eq!(allowed.len(), 3);
        for good in
            ["MIT", "MIT/GPL-3.0", "(MIT OR GPL-2.0) AND ISC", "Apache-2.0 WITH LLVM-exception OR GPL-3.0"]
        {
            assert!(satisfied(good, &allowed), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "(GPL-2.0 OR GPL-3.0) AND MIT", "MIT ISC"]
        {
            assert!(!satisfied(bad, &allowed), "{bad}");
        }
    }
}
