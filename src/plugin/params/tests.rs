//! What is promised of the host's parameters: the frozen list, whole states, texts that read back.

use super::*;

/// The table as text: id, group, name, range, default.
fn listing() -> String {
    let line = |d: &Definition| {
        let values = match d.shape {
            Shape::Float { scale, default } => {
                let (min, max) = scale.limits();
                format!("{min} .. {max} {} = {default}", scale.unit())
            }
            Shape::Flag => "off/on = off".into(),
            Shape::Index { max } => format!("0 .. {max} = 0"),
        };
        format!("{} | {} | {} | {values}\n", d.id, d.group, d.name)
    };
    definitions().iter().map(line).collect()
}

#[test]
fn params_list_is_frozen() {
    assert_eq!(
        listing(),
        include_str!("../params.txt"),
        "host parameters must never change their id, order, range or default"
    );
}

#[test]
fn params_ids_are_unique() {
    let ids: std::collections::BTreeSet<_> = definitions().into_iter().map(|d| d.id).collect();
    assert_eq!(ids.len(), definitions().len());
}

#[test]
fn params_state_is_completed() {
    let params = BTreeMap::from([
        ("gain".to_owned(), ParamValue::F32(1e9)),
        ("macro_1".to_owned(), ParamValue::Bool(true)),
        ("sound".to_owned(), ParamValue::I32(3)),
        ("gone".to_owned(), ParamValue::I32(3)),
        ("preset_next".to_owned(), ParamValue::Bool(true)),
    ]);
    let mut state = PluginState { version: String::new(), params, fields: BTreeMap::new() };
    complete(&mut state);
    assert_eq!(state.params.len(), definitions().len());
    assert!(matches!(state.params["gain"], ParamValue::F32(12.0)));
    assert!(matches!(state.params["macro_1"], ParamValue::F32(0.0)));
    assert!(matches!(state.params["sound"], ParamValue::I32(3)));
    assert!(matches!(state.params["preset_next"], ParamValue::Bool(false)), "a project does not step");
    assert!(matches!(state.params["strip_2_send_a"], ParamValue::F32(SILENCE)));
}

/// Text of a travel (0..1) of parameter `index`, and the way back.
fn text(params: &HostParams, index: usize, travel: f32) -> String {
    // SAFETY: the parameter lives as long as `params`.
    unsafe { params.values[index].pointer().normalized_value_to_string(travel, true) }
}

fn travel(params: &HostParams, index: usize, text: &str) -> Option<f32> {
    // SAFETY: as above.
    unsafe { params.values[index].pointer().string_to_normalized_value(text) }
}

#[test]
fn params_text_of_all_of_them_reads_back_over_the_whole_range() {
    let params = HostParams::new(Session::new());
    assert_eq!(params.len(), 196);
    for index in 0..params.len() {
        for step in 0..=1000 {
            let shown = text(&params, index, step as f32 / 1000.0);
            let id = &params.definitions[index].id;
            for typed in
                [shown.clone(), shown.to_uppercase(), shown.replace('-', "\u{2212}").replace(' ', "")]
            {
                let back = travel(&params, index, &typed).unwrap_or_else(|| panic!("{id}: {typed}"));
                assert_eq!(text(&params, index, back), shown, "{id}: {typed}");
            }
        }
        assert_eq!(travel(&params, index, "gibberish"), None);
    }
}

#[test]
fn params_sound_text_round_trips() {
    for n in 0..=SOUNDS {
        assert_eq!(index_parse(&index_text(n)), Some(n));
    }
    assert_eq!(index_parse("no number"), None);
}
