//! The reference page in Markdown: the table of node kinds, then one section for each. Any thread.

use std::fmt::Write;

use super::words;
use crate::language::{channels_text, default_text, ends_text, pretty, range_text, unit_text};
use crate::spec::{COMMON, Default, Extra, NodeSpec, ParamKind, ParamSpec, parts};

/// Widest line of an example.
const WIDTH: usize = 88;

const HEAD: &str = "\
# Seiche reference

Every node with every parameter, every function, name and bound. This page is made from the tables that the program itself reads
(`cargo xtask bless`). How the parts work together is told in [language.md](language.md); the same texts appear in editors that
use the [schema](language.md#help-while-you-type).

";

/// How to read the tables.
const FORMS: &str = "
## What parameters take

| form | what may be written |
|---|---|
| signal | a number, a number with a unit, a note, an expression, a list of points, or a node |
| formula | a number or an expression, read when a stage begins |
| number, whole number | a fixed number, with or without a unit |
| pair | two signals: `[low, high]` |
| signals | a list of signals |
| word | one of the words below the table, in any case |
| flag | `true` or `false` |
| text | text; quotes only where YAML needs them |
| steps | a list of rests (`~`), sounds (`kick v0.5`), nodes, or lists of these |
| items | a list of numbers or texts |
| scale | the [name of a scale](#scales), or a list of whole semitones |
| names | names of your own; what belongs to each is in the table below |
| time | musical time: a number of beats, `2 bars`, `3 steps`, `480 ticks`, `0.5 s`, `1/8`, `1/8t`, `1/8d`, `4n`, or the name of a marker of the song |
| entries | a list; each entry has the parameters of the table below: a mapping, a list of their values in order, or only the first of them |
| notes | the [compact notation](patterns.md#notation), lines of strokes by key, or entries |
| sound | the name of a sound, or a node |
| colour | the name of a [colour](#colours), or `'#rrggbb'` in quotes |
| effects | a node or a list of nodes, one behind the other; they need no `signal`, and `$input` is what comes in |

Parameters in **bold** must be written. These can be written in every node:

";

/// The page for these node kinds.
pub fn page(specs: &[&'static NodeSpec]) -> String {
    let mut out = String::from(HEAD);
    out.push_str("**Nodes**\n\n| node | |\n|---|---|\n");
    for spec in specs {
        let _ = writeln!(out, "| [`{0}`](#{0}) | {1} |", spec.name, cell(spec.help));
    }
    out.push_str("\n**Beside the nodes**\n\n- [What parameters take](#what-parameters-take)\n");
    out.push_str(&words::contents());
    out.push_str(FORMS);
    parameters(&mut out, COMMON);
    for spec in specs {
        section(&mut out, spec);
    }
    words::sections(&mut out);
    out
}

fn section(out: &mut String, spec: &'static NodeSpec) {
    let _ = write!(out, "\n## {}\n\n{}\n\n", spec.name, spec.help);
    if !spec.params.is_empty() {
        parameters(out, spec.params);
        for param in spec.params {
            words_of(out, param);
        }
        out.push('\n');
    }
    for part in parts(&[spec]) {
        let _ = write!(out, "**{}**: {}\n\n", part.name, part.help);
        parameters(out, part.params);
        part.params.iter().for_each(|param| words_of(out, param));
        out.push('\n');
    }
    if let Extra::Named(what) = spec.extra {
        let _ = write!(out, "Every other key is a {what}; its name is yours. ");
    }
    let _ = writeln!(out, "{} {}", channels_text(spec), ends_text(spec));
    // The example is rendered by a test, so it can be read.
    let example = pretty(spec.example, WIDTH).unwrap_or_else(|_| spec.example.to_string());
    let _ = write!(out, "\n```yaml\n{example}```\n\n");
    let _ = writeln!(out, "![The sound of the example](reference/{0}.svg)", spec.name);
}

fn parameters(out: &mut String, params: &[ParamSpec]) {
    out.push_str("| parameter | takes | default | range | |\n|---|---|---|---|---|\n");
    for param in params {
        let name = match param.default {
            Default::Required => format!("**`{}`**", param.name),
            _ => format!("`{}`", param.name),
        };
        let takes = match unit_text(param.unit) {
            Some(unit) => format!("{}: {unit}", form(param.kind)),
            None => form(param.kind).to_string(),
        };
        let default = default_text(param).unwrap_or_default();
        let range = range_text(param).unwrap_or_default();
        let _ = writeln!(out, "| {name} | {takes} | {default} | {range} | {} |", cell(param.help));
    }
}

/// The words of a choice with their other spellings.
fn words_of(out: &mut String, param: &ParamSpec) {
    let ParamKind::Choice(words) = param.kind else { return };
    let _ = write!(out, "\n| `{}` | |\n|---|---|\n", param.name);
    for choice in words {
        let spellings: Vec<String> =
            [choice.word].iter().chain(choice.aliases).map(|word| format!("`{word}`")).collect();
        let _ = writeln!(out, "| {} | {} |", spellings.join(", "), cell(choice.help));
    }
}

/// The word for a form in the table at the top of the page.
fn form(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Signal(_) => "signal",
        ParamKind::Formula => "formula",
        ParamKind::Pair => "pair",
        ParamKind::Signals => "signals",
        ParamKind::Number => "number",
        ParamKind::Integer => "whole number",
        ParamKind::Flag => "flag",
        ParamKind::Text => "text",
        ParamKind::Choice(_) => "word",
        ParamKind::Steps => "steps",
        ParamKind::Play => "sounds",
        ParamKind::Items => "items",
        ParamKind::Scale => "scale",
        ParamKind::Map(_) => "names",
        ParamKind::Chain => "effects",
        ParamKind::Time => "time",
        ParamKind::Worth => "number",
        ParamKind::Table(_) => "entries",
        ParamKind::Notes(_) => "notes",
        ParamKind::Sound => "sound",
        ParamKind::Color => "colour",
        ParamKind::Ignored => "ignored",
    }
}

/// Text that may stand in a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
