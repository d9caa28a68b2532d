//! Names of files that every file system takes, made from a template, and no two alike.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Names that Windows keeps for devices.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "com", "lpt"];
/// Most characters of a part of a name.
const LONGEST: usize = 60;

/// The template of stems where none is given.
pub const STEMS: &str = "{out}_{number}_{track}";
/// What may stand in braces.
pub const FIELDS: &[&str] = &["out", "sound", "number", "track", "kind"];

/// What a template is filled with.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    /// The mix's file, without its extension.
    pub out: &'a str,
    pub sound: &'a str,
    pub number: usize,
    pub track: &'a str,
    /// `track` or `bus`.
    pub kind: &'a str,
}

/// Letters, digits, `-` and `_`.
pub fn safe(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.chars().map(plain).take(LONGEST).collect();
    let name = match name.trim_matches('_') {
        "" => "sound".to_owned(),
        trimmed => trimmed.to_owned(),
    };
    let small = name.to_lowercase();
    match DEVICES.contains(&small.trim_end_matches(|c: char| c.is_ascii_digit())) && small.len() <= 4 {
        true => format!("{name}_"),
        false => name,
    }
}

/// Fills a template's braces. What stands around them is made safe, too.
///
/// # Errors
/// A name in braces that means nothing, in one sentence.
pub fn fill(template: &str, fields: &Fields) -> Result<String, String> {
    let mut name = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        let (field, behind) =
            behind.split_once('}').ok_or_else(|| format!("`{template}` has a `{{` without `}}`"))?;
        name += before;
        match field {
            "out" => name += fields.out,
            "sound" => name += &safe(fields.sound),
            "number" => name += &format!("{:02}", fields.number),
            "track" => name += &safe(fields.track),
            "kind" => name += fields.kind,
            other => return Err(format!("`{{{other}}}` means nothing: there are {}", list())),
        }
        rest = behind;
    }
    name += rest;
    let plain = |c: char| if c.is_alphanumeric() || " -_.,()+".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).take(4 * LONGEST).collect();
    match name.trim_matches(|c| c == ' ' || c == '.') {
        "" => Ok("sound".to_owned()),
        trimmed => Ok(trimmed.to_owned()),
    }
}

fn list() -> String {
    FIELDS.iter().map(|field| format!("{{{field}}}")).collect::<Vec<_>>().join(", ")
}

/// A path that nobody has taken yet, also where the file system does not tell small letters from large ones.
pub fn apart(folder: &Path, name: &str, extension: &str, taken: &mut HashSet<String>) -> PathBuf {
    let mut free = name.to_owned();
    let mut number = 2;
    while !taken.insert(free.to_lowercase()) {
        free = format!("{name}_{number}");
        number += 1;
    }
    folder.join(format!("{free}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_numbered_and_apart() {
        let fields =
            Fields { out: "night", sound: "song", number: 3, track: "Hi-hat! / ../open", kind: "track" };
        assert_eq!(fill(STEMS, &fields).unwrap(), "night_03_Hi-hat_______open");
        assert_eq!(fill("{sound} ({kind}) {number}", &fields).unwrap(), "song (track) 03");
        assert_eq!(fill("../../{number}", &fields).unwrap(), "_.._03");
        assert!(fill("{nubmer}", &fields).unwrap_err().contains("{number}"));
        assert!(fill("{number", &fields).is_err());
        assert_eq!(
            (safe("CON"), safe("lpt1"), safe("control"), safe("…")),
            ("CON_".into(), "lpt1_".into(), "control".into(), "sound".into())
        );
        let mut taken = HashSet::new();
        let mut path = |name| apart(Path::new("x"), name, "wav", &mut taken);
        assert_eq!(path("Kick"), Path::new("x/Kick.wav"));
        assert_eq!(path("kick"), Path::new("x/kick_2.wav"));
    }
}
