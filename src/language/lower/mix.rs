//! The mix syntax of old libraries: a list of `signals`, and `NAME_pan` and `NAME_vol` beside the track `NAME`. Read as the present
//! form, with a warning that shows it.

use std::borrow::Cow;
use std::sync::Arc;

use super::Lower;
use crate::language::diagnostic::Diagnostic;
use crate::language::tree::{Entry, Kind, Tree};

/// Old suffix of a track's name, and the parameter of `track` it is now.
const SUFFIXES: &[(&str, &str)] = &[("_pan", "pan"), ("_vol", "volume")];

impl Lower<'_> {
    /// The tracks of a `mix` in the present form.
    pub(super) fn old_mix<'e>(&mut self, body: &'e [Entry]) -> Cow<'e, [Entry]> {
        let listed = body.iter().any(|e| &*e.key == "signals" && matches!(e.value.kind, Kind::List(_)));
        let suffixed = body.iter().any(|e| owner(body, e, listed).is_some());
        if !listed && !suffixed {
            return Cow::Borrowed(body);
        }
        let mut tracks: Vec<Entry> = vec![];
        for entry in body {
            match &entry.value.kind {
                Kind::List(items) if &*entry.key == "signals" => {
                    let message = "`signals:` is an old form of `mix`";
                    let hint = "write every signal as a track with a name: `mix: {a: {…}, b: {…}}`";
                    self.diagnostics.push(Diagnostic::warning("old-mix", entry.key_span, message).hint(hint));
                    for (i, item) in items.iter().enumerate() {
                        let key = (i + 1).to_string().into();
                        tracks.push(Entry { key, key_span: item.span, value: item.clone() });
                    }
                }
                _ => tracks.push(entry.clone()),
            }
        }
        let settings: Vec<Entry> = tracks.extract_if(.., |e| owner(body, e, listed).is_some()).collect();
        for setting in settings {
            let Some((name, parameter)) = owner(body, &setting, listed) else { continue };
            let message = format!("`{}` beside a track is an old form of `mix`", setting.key);
            let hint = format!("write `{name}: {{track: {{signal: …, {parameter}: …}}}}`");
            self.diagnostics.push(Diagnostic::warning("old-mix", setting.key_span, message).hint(hint));
            if let Some(track) = tracks.iter_mut().find(|t| &*t.key == name) {
                set_on_track(track, parameter, &setting);
            }
        }
        Cow::Owned(tracks)
    }
}

/// The track that a key such as `kick_pan` belongs to, and the parameter it sets.
fn owner<'e>(body: &[Entry], entry: &'e Entry, listed: bool) -> Option<(&'e str, &'static str)> {
    SUFFIXES.iter().find_map(|(suffix, parameter)| {
        let name = entry.key.strip_suffix(suffix).filter(|n| !n.is_empty())?;
        let number = listed && name.parse::<usize>().is_ok_and(|n| n >= 1);
        (number || body.iter().any(|e| &*e.key == name)).then_some((name, *parameter))
    })
}

/// Wraps the track's node into a `track` node, unless an earlier setting has done so, and adds the parameter.
fn set_on_track(track: &mut Entry, parameter: &str, setting: &Entry) {
    let wrapped = match &track.value.kind {
        Kind::Map(entries) => {
            entries.iter().find(|e| &*e.key == "track" && e.key_span == setting_mark(track)).cloned()
        }
        _ => None,
    };
    let mut inner = match wrapped.map(|e| e.value.clone()) {
        Some(value) => match &value.kind {
            Kind::Map(entries) => entries.clone(),
            _ => vec![],
        },
        None => vec![Entry { key: "signal".into(), key_span: track.key_span, value: track.value.clone() }],
    };
    inner.push(Entry { key: parameter.into(), key_span: setting.key_span, value: setting.value.clone() });
    let span = track.value.span;
    let body = Arc::new(Tree::new(Kind::Map(inner), span));
    let node = Entry { key: "track".into(), key_span: setting_mark(track), value: body };
    track.value = Arc::new(Tree::new(Kind::Map(vec![node]), span));
}

/// The place of a `track` key that was added here: the track's own name.
fn setting_mark(track: &Entry) -> crate::language::model::Span {
    track.key_span
}
