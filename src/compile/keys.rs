//! Keys as they are written, and what a sound calls them: for hosts that show names instead of keys, and for files of names. Loader
//! thread or command line.

use crate::kernel::voices::Keys;
use crate::language::model::{Node, Param, Value};
use crate::language::vocabulary::note_key;

use super::lower::children;
use super::written::{text, written};

/// What a key is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteName {
    /// 0..127.
    pub key: u8,
    /// 0..15; `None`: on every channel.
    pub channel: Option<u8>,
    pub name: String,
}

/// One key: its number, 0 to 127, or its name, `c4` being 60.
pub fn read_key(text: &str) -> Option<u8> {
    let text = text.trim();
    let number = text.parse::<u8>().ok().or_else(|| note_key(text).and_then(|key| u8::try_from(key).ok()));
    number.filter(|key| *key < 128)
}

/// Keys and ranges of keys with commas between: `36`, `c2-b3`, `36, 38, 40-44`. What is wrong is one sentence.
pub fn read_keys(text: &str) -> Result<Keys, String> {
    let mut keys = 0;
    for part in text.split(',') {
        let read = |text: &str| read_key(text).ok_or_else(|| format!("`{}` is no key", text.trim()));
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (read(first)?, read(last)?),
            None => (read(part)?, read(part)?),
        };
        if first > last {
            return Err(format!("`{}` goes down: the lower key comes first", part.trim()));
        }
        keys |= (first..=last).fold(0, |keys, key| keys | 1 << key);
    }
    Ok(keys)
}

/// What the keys of a sound are called, in the order of keys and channels; of several names the first counts.
pub fn note_names(root: &Node) -> Vec<NoteName> {
    let mut names = vec![];
    collect(root, &mut names);
    names.sort_by_key(|name: &NoteName| (name.key, name.channel));
    names.dedup_by_key(|name| (name.key, name.channel));
    names
}

fn collect(node: &Node, names: &mut Vec<NoteName>) {
    if node.spec.name == "midi_in" {
        let channel = match written(node, "channel") {
            Some(Param { value: Value::Number(channel), .. }) if *channel < 0.0 => None,
            Some(Param { value: Value::Number(channel), .. }) => Some(*channel as u8),
            _ => Some(0),
        };
        let mut add = |key, name: &str| names.push(NoteName { key, channel, name: name.to_owned() });
        for part in key_parts(node) {
            if let (Some(key), Value::Node(about)) = (read_key(&part.name), &part.value)
                && let Some(name) = text(about, "name")
            {
                add(key, name);
            }
        }
        let single = text(node, "keys").and_then(|keys| read_keys(keys).ok()).filter(|k| k.count_ones() == 1);
        if let (Some(keys), Some(name)) = (single, text(node, "name")) {
            add(keys.trailing_zeros() as u8, name);
        }
    }
    // What patterns play hears no keyboard.
    if matches!(node.spec.name, "pattern" | "clips") {
        return;
    }
    node.params.iter().flat_map(|param| children(&param.value)).for_each(|child| collect(child, names));
}

/// The keys below `notes`.
pub(super) fn key_parts(node: &Node) -> &[Param] {
    match written(node, "notes").map(|param| &param.value) {
        Some(Value::Map(parts)) => parts,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_keys_are_read_as_numbers_names_and_ranges() {
        assert_eq!((read_key("60"), read_key(" c4 "), read_key("F#2")), (Some(60), Some(60), Some(42)));
        assert_eq!((read_key("128"), read_key("h2"), read_key("")), (None, None, None));
        assert_eq!(read_keys("36, 38-40,c4"), Ok(1 << 36 | 1 << 38 | 1 << 39 | 1 << 40 | 1 << 60));
        assert_eq!(read_keys("0-127"), Ok(u128::MAX));
        assert!(read_keys("40-36").is_err_and(|e| e.contains("goes down")));
        assert!(read_keys("36,").is_err() && read_keys("c2-").is_err());
    }
}
