//! The part of the reference page that is not about nodes: units, notes, expressions, names, scales, steps and bounds. Any thread.

use std::fmt::Write;

use super::page::cell;
use crate::compile;
use crate::language::vocabulary::{self, BELOW, Constant, EVERYWHERE, FUNCTIONS, Known, OPERATORS, SCALES};
use crate::language::{LIMITS, Limit, written_units};
use crate::spec::{COLORS, Color};

/// A section: its title and what writes it.
type Section = (&'static str, fn(&mut String));

const SECTIONS: &[Section] = &[
    ("Units", units),
    ("Notes", notes),
    ("Operators", operators),
    ("Functions", functions),
    ("Constants and intervals", constants),
    ("Names", names),
    ("Scales", scales),
    ("Colours", colours),
    ("Steps", steps),
    ("Bounds", bounds),
];

/// Links to the sections.
pub fn contents() -> String {
    let link = |(title, _): &Section| format!("- [{title}](#{})\n", title.to_lowercase().replace(' ', "-"));
    SECTIONS.iter().map(link).collect()
}

/// All sections.
pub fn sections(out: &mut String) {
    for (title, write) in SECTIONS {
        let _ = write!(out, "\n## {title}\n\n");
        write(out);
    }
}

fn colours(out: &mut String) {
    out.push_str("Names of web pages, in any case; any other colour is `'#rrggbb'`, in quotes, because `#` begins a comment after a space.\n\n");
    let name = |(name, color): &(&str, Color)| format!("`{name}` ({color})");
    let _ = writeln!(out, "{}", COLORS.iter().map(name).collect::<Vec<_>>().join(", "));
}

fn units(out: &mut String) {
    out.push_str("A plain number has the unit of its parameter. Other units stand behind the number, with or without a space, in any case:\n\n");
    out.push_str("| unit | measures |\n|---|---|\n");
    let mut measures: Vec<(&str, Vec<String>)> = vec![];
    for (unit, measure) in written_units() {
        match measures.iter_mut().find(|(m, _)| *m == measure) {
            Some((_, units)) => units.push(format!("`{unit}`")),
            None => measures.push((measure, vec![format!("`{unit}`")])),
        }
    }
    for (measure, units) in measures {
        let _ = writeln!(out, "| {} | {measure} |", units.join(", "));
    }
    out.push_str(
        "\nWhere a factor is wanted, `-6 dB` is 0.501, `50 %` is 0.5 and `12 st` is 2. `L20` and `R35` are places in the stereo field \
         (-0.2 and 0.35). Below a `tempo` node times may be musical: `2 beats`, `1 bar`, and in files that begin with `seiche: 1` \
         also `1/8`, `1/8t` (triplet) and `1/8d` (dotted).\n",
    );
}

fn notes(out: &mut String) {
    out.push_str(
        "A letter in either case, `#` or `b` where needed, and an octave from 0 to 10: `c4`, `Eb2`, `\"c#3\"` (in quotes, because `#` \
         begins a comment after a space). A note is its frequency in hertz, so it can be calculated with: `a3 * fifth`.\n\n",
    );
    out.push_str("| octave | from | to |\n|---|---|---|\n");
    for octave in 0..=10 {
        let last = if octave == 10 { "g" } else { "b" };
        let (low, high) = (format!("c{octave}"), format!("{last}{octave}"));
        let hertz = |name: &str| vocabulary::note(name).map_or(String::new(), |f| format!("{f:.2} Hz"));
        let _ = writeln!(out, "| {octave} | `{low}` {} | `{high}` {} |", hertz(&low), hertz(&high));
    }
}

fn operators(out: &mut String) {
    out.push_str("From those that bind most loosely to those that bind most tightly; round brackets come before all.\n\n");
    out.push_str("| form | value |\n|---|---|\n");
    for operator in OPERATORS {
        let _ = writeln!(out, "| `{}` | {} |", operator.form, cell(operator.help));
    }
}

fn functions(out: &mut String) {
    out.push_str("| function | value |\n|---|---|\n");
    for function in FUNCTIONS {
        let _ = writeln!(out, "| `{}` | {} |", function.form, cell(function.help));
    }
}

fn constants(out: &mut String) {
    out.push_str("| name | value | |\n|---|---|---|\n");
    let row = |c: &Constant| {
        let value = vocabulary::constant(c.name).unwrap_or(c.value);
        let value = if value.is_finite() { format!("{value:.6}") } else { "∞".into() };
        format!(
            "| `{}` | {} | {} |\n",
            c.name,
            value.trim_end_matches('0').trim_end_matches('.'),
            cell(c.help)
        )
    };
    out.extend(vocabulary::CONSTANTS.iter().map(row));
    out.push_str("\nIntervals are factors of frequency, in equal temperament: `freq: 220 * fifth`.\n\n");
    out.push_str("| interval | factor | |\n|---|---|---|\n");
    out.extend(vocabulary::INTERVALS.iter().map(row));
}

fn names(out: &mut String) {
    out.push_str(
        "What an expression finds under a name, first to last: inputs of its `expression` node, ids (`$name`, or `name`), variables \
         of the `context` nodes above and the names below, `vars` and `macros` of the library, constants, notes.\n",
    );
    known(out, "Everywhere", EVERYWHERE);
    for (kind, names) in BELOW {
        known(out, &format!("Below [`{kind}`](#{kind})"), names);
    }
}

fn known(out: &mut String, title: &str, names: &[Known]) {
    let _ = write!(out, "\n{title}:\n\n| name | value |\n|---|---|\n");
    for known in names {
        let spellings: Vec<String> = known.names.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(out, "| {} | {} |", spellings.join(", "), cell(known.help));
    }
}

fn scales(out: &mut String) {
    out.push_str("Semitones above the root, for `scale` of [`interval`](#interval).\n\n");
    out.push_str("| scale | semitones |\n|---|---|\n");
    for (name, semitones) in SCALES {
        let all: Vec<String> = semitones.iter().map(i32::to_string).collect();
        let _ = writeln!(out, "| `{name}` | {} |", all.join(" "));
    }
}

fn steps(out: &mut String) {
    out.push_str(
        "| step | plays |\n|---|---|\n\
         | `~` or nothing | a rest |\n\
         | `kick` | the sound `kick` |\n\
         | `kick v0.5 pitch330` | the same, with `v` and `pitch` of its root set: a name, and right behind it a number |\n\
         | `\"kick, hat v0.3\"` | both at once |\n\
         | `[kick, hat v0.3]` | both at once |\n\
         | `{osc: {freq: 220, duration: 0.1}}` | a node |\n",
    );
}

fn bounds(out: &mut String) {
    out.push_str(
        "What goes beyond is refused with a sentence that says so. Bounds of single parameters stand with them.\n\n\
         | bound | most |\n|---|---|\n",
    );
    for Limit { what, most, unit } in LIMITS.iter().chain(compile::LIMITS) {
        let most = match *unit {
            "bytes" => format!("{} MB", most / f64::from(1 << 20)),
            unit => format!("{} {unit}", grouped(*most as u64)),
        };
        let _ = writeln!(out, "| {what} | {} |", most.trim_end());
    }
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
