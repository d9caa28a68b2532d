//! The table of node kinds as a JSON schema (draft-07), for completion and hover in editors that know YAML, and for programs that
//! write libraries. It sees forms, names, words and ranges; what only expressions and sounds decide, `check` sees. Any thread.

mod file;

use serde_json::{Map, Value, json};

use super::describe::{channels_text, default_of, describe, ends_text};
use super::scalar::{Meaning, meaning};
use super::tree::{Kind, Tree};
use super::{Diagnostic, vocabulary, yaml};
use crate::spec::{COLORS, COMMON, Choice, Default, Extra, NodeSpec, ParamKind, ParamSpec, parts};

/// The schema of a library file with these node kinds.
pub fn schema(specs: &[&'static NodeSpec]) -> Value {
    let mut definitions = Map::new();
    let mut kinds = Map::new();
    for spec in specs {
        definitions.insert(spec.name.into(), body(spec));
        kinds.insert(spec.name.into(), kind(spec));
    }
    for part in parts(specs) {
        definitions.insert(part.name.into(), body(part));
    }
    for param in COMMON {
        definitions.insert(format!("any.{}", param.name), parameter(param));
    }
    definitions.insert("sound".into(), sound(kinds, specs));
    definitions.insert("node".into(), node(specs));
    definitions.insert("value".into(), value());
    definitions.insert("points".into(), points());
    let ends =
        json!({ "type": "array", "items": { "type": ["number", "string"] }, "minItems": 2, "maxItems": 2 });
    definitions.insert("ends".into(), ends);
    definitions.extend(file::late(specs));
    let sound = json!({ "$ref": "#/definitions/sound" });
    let settings = file::settings();
    let mut keys: Map<String, Value> =
        settings.iter().map(|(name, form)| (name.clone(), json!({ "anyOf": [form, sound] }))).collect();
    keys.insert(
        "seiche".into(),
        json!({ "description": "Version of the language: the first line of a new library.", "const": 1 }),
    );
    // In plain files these names are free for sounds; `vars` stands in one that is known by its file's name.
    let free: Map<String, Value> =
        settings.keys().filter(|name| *name != "vars").map(|name| (name.clone(), sound.clone())).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Seiche library",
        "description": "Every key is the name of a sound, and behind it stands one node.",
        "type": ["object", "null"],
        "properties": keys,
        "additionalProperties": sound,
        "if": { "required": ["seiche"] },
        "then": { "properties": settings, "allOf": [{ "$ref": "#/definitions/versioned" }] },
        "else": { "properties": free, "allOf": [{ "$ref": "#/definitions/plain" }] },
        "definitions": definitions,
    })
}

/// A node kind as the key of a node, with everything it needs.
fn kind(spec: &NodeSpec) -> Value {
    let required: Vec<&str> =
        spec.params.iter().filter(|p| p.default == Default::Required).map(|p| p.name).collect();
    let mut whole = json!({
        "description": spec.help,
        "markdownDescription": about_node(spec),
        "allOf": [
            { "$ref": format!("#/definitions/{}", spec.name) },
            { "type": "object", "required": required },
        ],
    });
    if !required.is_empty() {
        let places = required.iter().enumerate();
        let body: Map<String, Value> =
            places.map(|(i, name)| ((*name).into(), json!(format!("${}", i + 1)))).collect();
        whole["defaultSnippets"] = json!([{ "label": spec.name, "description": spec.help, "body": body }]);
    }
    whole
}

/// Help of a node kind in Markdown, with its example.
pub(super) fn about_node(spec: &NodeSpec) -> String {
    let mut text = format!("{}\n\n{} {}", spec.help, channels_text(spec), ends_text(spec));
    if let Extra::Named(what) = spec.extra {
        text.push_str(&format!("\n\nOther keys are {what}s; their names are yours."));
    }
    if !spec.example.is_empty() {
        text.push_str(&format!("\n\n```yaml\n{}\n```", spec.example.trim_end()));
    }
    text
}

/// What may stand behind a node kind's key. Whether something is missing is not asked here: beside the key there may be more.
fn body(spec: &NodeSpec) -> Value {
    let mut properties = Map::new();
    for param in COMMON {
        properties.insert(param.name.into(), json!({ "$ref": format!("#/definitions/any.{}", param.name) }));
    }
    for param in spec.params {
        properties.insert(param.name.into(), parameter(param));
    }
    let mut body = json!({ "type": ["object", "null"], "properties": properties });
    let named = match spec.extra {
        Extra::Refused => json!(false),
        Extra::Named(_) if spec.name == "mix" => json!({ "$ref": "#/definitions/node" }),
        Extra::Named(_) => json!({ "$ref": "#/definitions/value" }),
    };
    if matches!(spec.extra, Extra::Named(_)) {
        body["properties"]["feedback"] =
            json!({ "anyOf": [{ "$ref": "#/definitions/any.feedback" }, named] });
    }
    body["additionalProperties"] = named;
    if spec.name == "mix" {
        // The old form, which is still read.
        body["patternProperties"] = json!({ "_(pan|vol)$": {} });
        body["properties"]["signals"] = json!({ "description": "An old form: give every track a name." });
    }
    body
}

/// A sound: exactly one node.
fn sound(kinds: Map<String, Value>, specs: &[&'static NodeSpec]) -> Value {
    json!({
        "description": "A node: its kind, or the name of a sound, with its parameters behind it.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": kinds,
        "additionalProperties": { "type": "object" },
        "defaultSnippets": snippets(specs),
    })
}

/// Whole nodes to start from: the examples that stand on one line.
fn snippets(specs: &[&'static NodeSpec]) -> Vec<Value> {
    let snippet = |spec: &&'static NodeSpec| {
        let example = plain_json(spec.example).ok()?;
        let body = escaped(example.get("example")?);
        body.get(spec.name)?;
        Some(json!({ "label": format!("{} (example)", spec.name), "description": spec.help, "body": body }))
    };
    specs.iter().filter_map(snippet).collect()
}

/// The same with every `$` marked as text, not as a place to fill in.
fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text.replace('$', "\\$")),
        Value::Array(items) => items.iter().map(escaped).collect(),
        Value::Object(entries) => entries.iter().map(|(k, v)| (k.clone(), escaped(v))).collect(),
        other => other.clone(),
    }
}

/// A node as a parameter's value: where other keys stand beside the node's own, they are moved inside.
fn node(specs: &[&'static NodeSpec]) -> Value {
    let loose = |spec: &&'static NodeSpec| {
        (spec.name.to_string(), json!({ "$ref": format!("#/definitions/{}", spec.name) }))
    };
    let kinds: Map<String, Value> = specs.iter().map(loose).collect();
    json!({
        "type": "object",
        "minProperties": 1,
        "if": { "maxProperties": 1 },
        "then": { "$ref": "#/definitions/sound" },
        "else": { "anyOf": [
            { "properties": kinds },
            // A variable may be called like a node kind.
            { "not": { "propertyNames": { "enum": specs.iter().map(|s| s.name).collect::<Vec<_>>() } } },
        ]},
    })
}

/// A value of any unit: a number, an expression, a list of points or a node.
fn value() -> Value {
    json!({ "anyOf": [
        { "type": ["number", "string", "boolean"] },
        { "$ref": "#/definitions/points" },
        { "$ref": "#/definitions/node" },
    ]})
}

/// A list of points: values, or pairs of value and position.
fn points() -> Value {
    let plain = json!({ "type": ["number", "string", "boolean"] });
    json!({
        "type": "array",
        "minItems": 1,
        "items": { "anyOf": [plain, { "type": "array", "items": plain, "minItems": 2, "maxItems": 2 }] },
    })
}

/// A parameter: what it takes, with its help.
fn parameter(param: &ParamSpec) -> Value {
    let mut schema = if param.name == "monitor" { monitor() } else { takes(param) };
    schema["description"] = json!(param.help);
    schema["markdownDescription"] = json!(describe(param));
    if let Some(default) = default_of(param.default) {
        // As YAML reads it: a number stays a number.
        schema["default"] = plain_json(&format!("x: {default}")).map_or(json!(default), |v| v["x"].clone());
    }
    if param.default != Default::Required
        && let Some(forms) = schema["anyOf"].as_array_mut()
    {
        forms.push(json!({ "type": "null" }));
    }
    schema
}

fn takes(param: &ParamSpec) -> Value {
    // A number with a unit, or in quotes.
    let quantity = json!({ "type": "string", "pattern": "^\\s*[-+LRlr.]?[0-9.]" });
    let text = json!({ "type": ["string", "boolean"] });
    let forms = match param.kind {
        ParamKind::Signal(_) => json!([
            number(param, "number"),
            text,
            { "$ref": "#/definitions/points" },
            { "$ref": "#/definitions/node" },
        ]),
        ParamKind::Formula => json!([number(param, "number"), text]),
        ParamKind::Pair => {
            let end = json!({ "$ref": "#/definitions/value" });
            json!([{ "type": "array", "items": end, "minItems": 2, "maxItems": 2 }])
        }
        ParamKind::Signals => {
            let item = json!({ "anyOf": [{ "$ref": "#/definitions/value" }, { "type": "null" }] });
            json!([{ "type": "array", "items": item, "minItems": 1 }])
        }
        ParamKind::Number => json!([number(param, "number"), quantity]),
        ParamKind::Integer => json!([number(param, "integer"), quantity]),
        ParamKind::Flag => json!([{
            "enum": [true, false, "true", "false", "True", "False", "yes", "no", "on", "off", 0, 1],
        }]),
        ParamKind::Text => json!([{ "type": ["string", "number", "boolean"] }]),
        ParamKind::Choice(words) => choice(words),
        ParamKind::Steps => steps(),
        ParamKind::Play => {
            let mut forms = steps().as_array().cloned().unwrap_or_default();
            forms.extend([json!({ "type": "string" }), json!({ "$ref": "#/definitions/node" })]);
            json!(forms)
        }
        ParamKind::Map(spec) => {
            let first = takes(&spec.params[0])["anyOf"].clone();
            let mut each = first.as_array().cloned().unwrap_or_default();
            each.insert(0, json!({ "$ref": format!("#/definitions/{}", spec.name) }));
            json!([{ "type": "object", "additionalProperties": { "anyOf": each } }])
        }
        ParamKind::Chain => {
            let node = json!({ "$ref": "#/definitions/node" });
            json!([{ "type": "array", "items": node }, node])
        }
        ParamKind::Time => json!([{ "type": "number" }, { "type": "string" }]),
        ParamKind::Worth => json!([{ "type": "number" }, quantity]),
        ParamKind::Table(spec) => entries(spec),
        ParamKind::Notes(spec) => {
            let lines = json!({ "type": "object", "additionalProperties": { "type": "string" } });
            let mut forms = entries(spec).as_array().cloned().unwrap_or_default();
            forms.extend([json!({ "type": "string" }), lines]);
            json!(forms)
        }
        ParamKind::Sound => json!([{ "type": "string" }, { "$ref": "#/definitions/node" }]),
        ParamKind::Color => {
            let names: Vec<&str> = COLORS.iter().map(|(name, _)| *name).collect();
            json!([
                { "enum": names },
                { "type": "string", "pattern": format!("^\\s*(#[0-9a-fA-F]{{6}}|{})\\s*$", any_case(names)) },
            ])
        }
        ParamKind::Ignored => json!([{}]),
        ParamKind::Items => {
            json!([{ "type": "array", "items": { "type": ["number", "string", "boolean"] } }])
        }
        ParamKind::Scale => {
            let names: Vec<&str> = vocabulary::scale_names().collect();
            json!([
                { "enum": names },
                { "type": "string" },
                { "type": "array", "items": { "type": "integer" }, "minItems": 1 },
            ])
        }
    };
    json!({ "anyOf": forms })
}

/// A list of entries of a table, or one of them.
fn entries(spec: &NodeSpec) -> Value {
    let table = json!({ "$ref": format!("#/definitions/{}", spec.name) });
    let row = json!({ "type": "array", "minItems": 1, "maxItems": spec.params.len() });
    let first = json!({ "type": ["number", "string"] });
    json!([{ "type": "array", "items": { "anyOf": [table, row, first] } }, table, first])
}

/// A fixed number within the parameter's range.
fn number(param: &ParamSpec, kind: &str) -> Value {
    let mut number = json!({ "type": kind });
    if let Some((low, high)) = param.range {
        number["minimum"] = json!(low);
        if param.default != Default::Infinite {
            number["maximum"] = json!(high);
        }
    }
    number
}

/// The words with their help, and everything else that is read as one of them.
fn choice(words: &[Choice]) -> Value {
    let pattern = any_case(words.iter().flat_map(|c| c.aliases.iter().chain([&c.word]).copied()));
    let help: Vec<&str> = words.iter().map(|c| c.help).collect();
    json!([
        {
            "enum": words.iter().map(|c| c.word).collect::<Vec<_>>(),
            "enumDescriptions": help,
            "markdownEnumDescriptions": help,
        },
        { "type": "string", "pattern": format!("^\\s*({pattern})\\s*$") },
    ])
}

/// A pattern for any of these words, in any case.
fn any_case<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let letter = |c: char| format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase());
    let letter = |c: char| if c.is_ascii_alphabetic() { letter(c) } else { c.into() };
    words.into_iter().map(|word| word.chars().map(letter).collect()).collect::<Vec<String>>().join("|")
}

/// Rests, calls such as `kick v0.5`, nodes, and lists of them.
fn steps() -> Value {
    let one = json!([
        { "type": ["null", "string", "number", "boolean"] },
        { "$ref": "#/definitions/node" },
    ]);
    let several = json!({ "type": "array", "items": { "anyOf": one } });
    let mut forms = vec![several];
    forms.extend(one.as_array().cloned().unwrap_or_default());
    json!([{ "type": "array", "items": { "anyOf": forms }, "minItems": 1 }])
}

fn monitor() -> Value {
    let parts = json!({
        "type": { "enum": ["level", "value", "bipolar"] },
        "range": { "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 },
    });
    json!({ "anyOf": [
        { "enum": [true, false, "yes", "no", "on", "off", "bipolar"] },
        { "type": "object", "properties": parts, "additionalProperties": false },
    ]})
}

/// A file as JSON, as an editor would hand it to a schema: what is written, not what it means. Infinite numbers, which JSON does not
/// have, become text.
///
/// # Errors
/// What is wrong with the file's YAML.
pub fn plain_json(text: &str) -> Result<Value, Vec<Diagnostic>> {
    let file = yaml::read(text, 0);
    if !file.diagnostics.is_empty() {
        return Err(file.diagnostics);
    }
    let entries = file.entries.iter().map(|e| (e.key.to_string(), tree_json(&e.value, file.version)));
    Ok(Value::Object(entries.collect()))
}

fn tree_json(tree: &Tree, version: u32) -> Value {
    match &tree.kind {
        Kind::Broken => Value::Null,
        Kind::List(items) => items.iter().map(|item| tree_json(item, version)).collect(),
        Kind::Map(entries) => {
            entries.iter().map(|e| (e.key.to_string(), tree_json(&e.value, version))).collect()
        }
        Kind::Scalar(scalar) => match meaning(scalar, version) {
            Meaning::Null => Value::Null,
            Meaning::Flag(on) => json!(on),
            Meaning::Number(x) if x.is_finite() && x.fract() == 0.0 && x.abs() < 1e15 => json!(x as i64),
            Meaning::Number(x) if x.is_finite() => json!(x),
            Meaning::Number(_) | Meaning::Text => json!(*scalar.text),
        },
    }
}
