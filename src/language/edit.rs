//! Texts that the program changes itself: a key of what belongs to a name is written, all else stays as it is, to the byte. Whether it came out
//! right is looked up in what the text means as a whole; where it did not, nothing is changed. Loader thread, command line.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::model::{Param, Span, Value};
use super::{Diagnostic, Library, plain_json};

/// The text of a library's file in which what belongs to a name (a track, a bus: `part`) has `key: value`, with the number of that file.
///
/// # Errors
/// Where the place cannot be found in the text, or is the text of something else, too, as behind an alias.
pub fn with_key(
    library: &Library,
    part: &Param,
    key: &str,
    value: &str,
) -> Result<(u32, String), Box<Diagnostic>> {
    let number = part.key_span.file;
    let text = library.files().get(number as usize).map_or("", |file| &*file.text);
    let written = write(text, part, key, value).filter(|new| changes_only(text, new, part, key, value));
    let no = || {
        let message = format!("the text of `{}` cannot be changed by itself here", part.name);
        let hint = format!(
            "write `{key}: {value}` there by hand; parts that are shared or merged are changed where they stand"
        );
        Box::new(Diagnostic::error("edit", part.key_span, message).hint(hint))
    };
    written.map(|new| (number, new)).ok_or_else(no)
}

/// The parameter that stands alone where a name has no mapping of its own: `hat: {osc: {}}` instead of `hat: {signal: {osc: {}}}`.
fn first(part: &Param) -> &'static str {
    if let Value::Node(node) = &part.value { node.spec.params[0].name } else { "" }
}

fn write(text: &str, part: &Param, key: &str, value: &str) -> Option<String> {
    let Value::Node(node) = &part.value else { return None };
    if let Some(known) = node.params.iter().find(|param| param.name == key) {
        return Some(spliced(text, range(known.span), value));
    }
    let (body, name) = (range(part.span), range(part.key_span));
    let first = first(part);
    let alone = node.params.iter().any(|param| param.name == first && param.key_span == part.key_span);
    let entry = format!("{key}: {value}");
    let behind = text.get(name.end..)?;
    let colon = name.end + behind.find(':').filter(|at| behind[..*at].trim().is_empty())? + 1;
    match text.get(body.clone())? {
        "" => Some(spliced(text, colon..colon, &format!(" {{{entry}}}"))),
        "~" | "null" => Some(spliced(text, body, &format!("{{{entry}}}"))),
        inside if alone && inside.starts_with(['{', '[']) => {
            Some(spliced(text, body.clone(), &format!("{{{first}: {inside}, {entry}}}")))
        }
        inside if inside.starts_with('{') => {
            let last = node.params.iter().map(|param| range(param.span).end).max();
            let (at, entry) = match last {
                Some(last) => (last, format!(", {entry}")),
                None if inside.get(1..inside.len() - 1).is_some_and(|x| x.trim().is_empty()) => {
                    (body.start + 1, entry)
                }
                None => (body.start + 1, format!("{entry}, ")),
            };
            Some(spliced(text, at..at, &entry))
        }
        _ => in_lines(text, name.start, body.start, &entry, alone.then_some(first)),
    }
}

/// Adds a line to what stands in lines below a name, one step further in where it belongs to `first` alone.
fn in_lines(text: &str, name: usize, body: usize, entry: &str, first: Option<&str>) -> Option<String> {
    let begin = |at: usize| text[..at].rfind('\n').map_or(0, |end| end + 1);
    let (line, inner) = (begin(name), begin(body));
    let indent = &text[inner..body];
    let outer = indent_of(&text[line..]);
    let step = indent.strip_prefix(outer).filter(|step| !step.is_empty() && step.trim().is_empty())?;
    if inner <= line || !text[line..name].trim().is_empty() {
        return None;
    }
    let end = block_end(text, line);
    let block = text.get(inner..end)?;
    let eol = if block.contains("\r\n") || text[..inner].ends_with("\r\n") { "\r\n" } else { "\n" };
    let mut new = String::new();
    if let Some(first) = first {
        new = format!("{indent}{first}:{eol}");
    }
    for line in block.split_inclusive('\n') {
        let further = first.is_some() && !line.trim().is_empty();
        new += if further { step } else { "" };
        new += line;
    }
    new += &match new.ends_with('\n') {
        true => format!("{indent}{entry}{eol}"),
        false => format!("{eol}{indent}{entry}"),
    };
    Some(spliced(text, inner..end, &new))
}

/// Where what belongs to the key on the line that begins at `line` ends: behind the last line below it that is further in. Blank lines and
/// comments count only where more follows.
pub(super) fn block_end(text: &str, line: usize) -> usize {
    let outer = indent_of(&text[line..]).len();
    let mut lines = text[line..].split_inclusive('\n');
    let mut at = line + lines.next().map_or(0, str::len);
    let mut end = at;
    for next in lines {
        at += next.len();
        let words = next.trim();
        if words.is_empty() || words.starts_with('#') {
            continue;
        }
        if indent_of(next).len() <= outer {
            break;
        }
        end = at;
    }
    end
}

/// The blanks at the beginning of a line.
fn indent_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

fn spliced(text: &str, place: Range<usize>, new: &str) -> String {
    [&text[..place.start], new, &text[place.end..]].concat()
}

/// A text as YAML writes it in quotes.
pub(super) fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

/// A word as YAML writes it: in quotes where it would be anything else.
pub fn word(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_alphabetic())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let same = plain_json(&format!("x: {text}")).is_ok_and(|json| json["x"] == text);
    if plain && same { text.to_owned() } else { quoted(text) }
}

/// Whether a text means the same as before, but for this key of one thing.
fn changes_only(before: &str, after: &str, part: &Param, key: &str, value: &str) -> bool {
    let read = |text: &str| plain_json(text).ok();
    let (Some(before), Some(after)) = (read(before), read(after)) else { return false };
    let Some(value) = read(&format!("x: {value}")).and_then(|mut json| Some(json.get_mut("x")?.take()))
    else {
        return false;
    };
    changes(&before, &after, first(part), key, &value).is_some_and(|count| count <= 1)
}

/// How often the key has been written; `None` where something else has changed.
fn changes(before: &Json, after: &Json, first: &str, key: &str, value: &Json) -> Option<usize> {
    if before == after {
        return Some(0);
    }
    let entry = || (key.to_owned(), value.clone());
    let mut set = before.as_object().cloned().unwrap_or_default();
    set.extend([entry()]);
    let whole = before.is_object() || before.is_null();
    let wrapped = Map::from_iter([(first.to_owned(), before.clone()), entry()]);
    if whole && after.as_object() == Some(&set) || after.as_object() == Some(&wrapped) {
        return Some(1);
    }
    match (before, after) {
        (Json::Object(before), Json::Object(after)) if before.keys().eq(after.keys()) => {
            let each = before.iter().map(|(name, old)| changes(old, &after[name], first, key, value));
            each.sum()
        }
        (Json::Array(before), Json::Array(after)) if before.len() == after.len() => {
            before.iter().zip(after).map(|(old, new)| changes(old, new, first, key, value)).sum()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::language::model::Node;

    /// What belongs to a track or bus of the only sound.
    fn part<'n>(node: &'n Node, name: &str) -> Option<&'n Param> {
        node.params.iter().find_map(|param| match &param.value {
            Value::Map(parts) => parts.iter().find(|part| part.name == name),
            Value::Node(node) => part(node, name),
            _ => None,
        })
    }

    fn set(text: &str, name: &str, key: &str, value: &str) -> Result<String, Box<Diagnostic>> {
        let specs: Vec<_> = crate::nodes::ALL.iter().map(|def| &def.spec).collect();
        let library = Library::read(vec![(PathBuf::from("a.yaml"), text.as_bytes().to_vec())], &specs);
        let sound = library.sounds().next().expect("a sound").0.to_owned();
        let node = library.instantiate(&sound, &[]).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        with_key(&library, part(&node, name).expect(name), key, value).map(|(_, text)| text)
    }

    /// Tracks and buses as they stand, and how they stand with `width: 0.5`.
    const CASES: [(&str, &str); 15] = [
        ("a: {signal: {osc: {}}, width: 2} # as it is", "a: {signal: {osc: {}}, width: 0.5} # as it is"),
        ("a: {signal: {osc: {}}}", "a: {signal: {osc: {}}, width: 0.5}"),
        ("a: {gain: -3 dB, signal: {osc: {}},}", "a: {gain: -3 dB, signal: {osc: {}}, width: 0.5,}"),
        ("a: {osc: {}}", "a: {signal: {osc: {}}, width: 0.5}"),
        ("a: {signal: {osc: {}}, color: 'red' }", "a: {signal: {osc: {}}, color: 'red', width: 0.5 }"),
        ("a:\n        signal: {osc: {}}", "a:\n        signal: {osc: {}}\n        width: 0.5"),
        (
            "\"a\" : # low\n        # deep\n        gain: -3   # soft\n        signal:\n          osc: {}\n        # end",
            "\"a\" : # low\n        # deep\n        gain: -3   # soft\n        signal:\n          osc: {}\n        width: 0.5\n        # end",
        ),
        (
            "a:\n        signal: {osc: {}}\n        width: 1 # narrow",
            "a:\n        signal: {osc: {}}\n        width: 0.5 # narrow",
        ),
        (
            "a:\n        # a tone\n        osc:\n          freq: 3 # low\n\n          amp: 1",
            "a:\n        # a tone\n        signal:\n          osc:\n            freq: 3 # low\n\n            amp: 1\n        width: 0.5",
        ),
        (
            "a: {\n        signal: {osc: {}}, # a tone\n        gain: -3, # soft\n      }",
            "a: {\n        signal: {osc: {}}, # a tone\n        gain: -3, width: 0.5, # soft\n      }",
        ),
        ("b: {osc: {}}\n    buses: {a: }", "b: {osc: {}}\n    buses: {a: {width: 0.5} }"),
        ("b: {osc: {}}\n    buses: {a: ~}", "b: {osc: {}}\n    buses: {a: {width: 0.5}}"),
        ("b: {osc: {}}\n    buses: {a: {}}", "b: {osc: {}}\n    buses: {a: {width: 0.5}}"),
        (
            "b: {osc: {}}\n    buses: {a: [{reverb: {}}, {delay: {time: 1}}]}",
            "b: {osc: {}}\n    buses: {a: {signal: [{reverb: {}}, {delay: {time: 1}}], width: 0.5}}",
        ),
        (
            "b: {osc: {}}\n    buses:\n      a:\n      c:",
            "b: {osc: {}}\n    buses:\n      a: {width: 0.5}\n      c:",
        ),
    ];

    #[test]
    fn edit_writes_a_key_and_nothing_else() {
        for (before, after) in CASES {
            for (head, tail) in [("seiche: 1\n", "\n"), ("# mine\n", ""), ("", "\n\nother: {osc: {}}\n")] {
                let whole =
                    |tracks: &str| format!("{head}song:\n  mixer:\n    tracks:\n      {tracks}{tail}");
                for eol in ["\n", "\r\n"] {
                    let [before, after] = [before, after].map(|text| whole(text).replace('\n', eol));
                    assert_eq!(set(&before, "a", "width", "0.5").unwrap(), after, "{before}");
                    // Once more, and nothing is new.
                    assert_eq!(set(&after, "a", "width", "0.5").unwrap(), after, "{before}");
                }
            }
        }
    }

    #[test]
    fn edit_leaves_alone_what_is_the_text_of_something_else_too() {
        for tracks in [
            "{a: &a {signal: {osc: {}}}, b: *a}",
            "{b: &a {signal: {osc: {}}}, a: *a}",
            "{b: &b {signal: {osc: {}}, width: 1}, a: {<<: *b, gain: 1}}",
            "{a: &a {osc: {}}, b: {signal: *a}}",
        ] {
            let text = format!("song: {{mixer: {{tracks: {tracks}}}}}\n");
            let why = set(&text, "a", "width", "0.5").unwrap_err();
            assert!(why.message.contains("`a`") && why.hint.unwrap().contains("`width: 0.5`"), "{tracks}");
        }
        let text = "song: {mixer: {tracks: {b: &b {signal: {osc: {}}}, a: {<<: *b, gain: 1}}}}\n";
        assert!(set(text, "a", "width", "0.5").unwrap().contains("gain: 1, width: 0.5"), "its own");
    }

    #[test]
    fn edit_words_are_written_in_quotes_where_they_must() {
        for (text, written) in [
            ("room", "room"),
            ("room 2", "\"room 2\""),
            ("3", "\"3\""),
            ("true", "\"true\""),
            ("ä", "ä"),
            ("a: \"b\"", "\"a: \\\"b\\\"\""),
        ] {
            assert_eq!(word(text), written);
        }
    }
}
