//! What the parts of an outline are: sounds, nodes, parameters, and which names are known at a place. Any thread.

use std::ops::Range;

use super::outline::Outline;
use crate::language::vocabulary::{BELOW, Known};
use crate::spec::{COMMON, Extra, NodeSpec, ParamKind, ParamSpec};

/// Keys of a file that are no sounds.
pub(super) const SETTINGS: &[(&str, &str, &str)] = &[
    ("seiche", "seiche: 1", "Version of the language: the first line of a new library."),
    ("vars", "vars:", "Names for the whole library: numbers, texts or lists of these."),
    (
        "macros",
        "macros:",
        "What is turned while it plays: names with a range, a curve and a default; the host sees them as its parameters.",
    ),
    ("about", "about:", "What the library is and who made it."),
    ("roots", "roots:", "Folders where samples may lie beside the library's own, relative to this file."),
    ("tuning", "tuning:", "Scala files that say which frequency keys and note names have."),
    ("frozen", "frozen:", "Tracks that are played from recordings of themselves; `seiche freeze` writes it."),
    (
        "feedback",
        "feedback:",
        "How many frames later a node is heard where it is read before it runs; 64 if not said.",
    ),
];

/// Node kinds and sounds beside the text itself.
pub(super) struct Place<'t> {
    pub text: &'t str,
    pub outline: Outline,
    pub specs: &'t [&'static NodeSpec],
    pub sounds: &'t [&'t str],
}

/// What a part of the outline is.
#[derive(Clone, Copy)]
pub(super) enum Role<'t> {
    File,
    /// `vars`, `about`, and what is in them.
    Setting,
    Sound,
    Node(&'static NodeSpec),
    /// A name in a map, with the table of what belongs to it.
    Part(&'static NodeSpec),
    /// A node that plays a sound; or a name that is not known yet.
    Call(&'t str),
    /// A parameter, or an item of its list. Without an entry in a table: a name of the library's own.
    Param(Option<&'static ParamSpec>),
}

/// A name that an expression may read, and what it is.
pub(super) struct Name<'t> {
    pub name: &'t str,
    pub detail: String,
    pub help: &'t str,
}

impl<'t> Place<'t> {
    pub fn key(&self, item: usize) -> &'t str {
        self.slice(&self.outline.items[item].key).trim().trim_matches(['"', '\''])
    }

    pub fn value(&self, item: usize) -> &'t str {
        self.slice(&self.outline.items[item].value).trim().trim_matches(['"', '\''])
    }

    pub fn slice(&self, range: &Range<usize>) -> &'t str {
        self.text.get(range.clone()).unwrap_or("")
    }

    pub fn spec(&self, name: &str) -> Option<&'static NodeSpec> {
        self.specs.iter().find(|s| s.name == name).copied()
    }

    /// The keys written in an item, but not the one that is being written.
    pub fn written(&self, parent: usize, except: &Range<usize>) -> Vec<&'t str> {
        let children = self.outline.children(parent);
        children.filter(|i| self.outline.items[*i].key != *except).map(|i| self.key(i)).collect()
    }

    /// The sounds of this text and the others.
    pub fn sound_names(&self) -> Vec<&'t str> {
        let own = self.outline.children(0).filter(|i| matches!(self.role(*i), Role::Sound));
        let mut all: Vec<&str> =
            own.filter(|i| self.outline.items[*i].complete).map(|i| self.key(i)).collect();
        all.extend(self.sounds.iter().filter(|s| !all.contains(s)).copied().collect::<Vec<_>>());
        all
    }

    /// The node among the keys of a parameter's value.
    pub fn head(&self, parent: usize) -> Option<usize> {
        let known = |i: &usize| self.spec(self.key(*i)).is_some();
        self.outline.children(parent).find(known)
    }

    pub fn role(&self, item: usize) -> Role<'t> {
        if item == 0 {
            return Role::File;
        }
        let parent = self.outline.items[item].parent;
        let key = self.key(item);
        match self.role(parent) {
            Role::File if SETTINGS.iter().any(|(name, ..)| *name == key) => Role::Setting,
            Role::File => Role::Sound,
            Role::Setting => Role::Setting,
            Role::Node(spec) => Role::Param(self.param(spec, key)),
            Role::Param(Some(ParamSpec { kind: ParamKind::Map(spec), .. })) => Role::Part(spec),
            Role::Param(Some(ParamSpec {
                kind: ParamKind::Table(spec) | ParamKind::Notes(spec), ..
            })) if self.outline.items[item].listed => Role::Part(spec),
            // Values of an entry without their names.
            Role::Part(spec) if self.outline.items[item].listed => {
                let place = self.outline.children(parent).position(|i| i == item);
                Role::Param(place.and_then(|place| spec.params.get(place)))
            }
            Role::Part(spec) => match (spec.params.iter().find(|p| p.name == key), self.spec(key)) {
                (Some(param), _) => Role::Param(Some(param)),
                (None, Some(node)) => Role::Node(node),
                (None, None) => Role::Call(key),
            },
            Role::Call(_) => Role::Param(COMMON.iter().find(|p| p.name == key)),
            Role::Param(param) if self.outline.items[item].listed => Role::Param(param),
            Role::Sound | Role::Param(_) => match (self.spec(key), self.head(parent)) {
                (Some(spec), _) => Role::Node(spec),
                (None, Some(head)) => {
                    Role::Param(self.spec(self.key(head)).and_then(|spec| self.param(spec, key)))
                }
                (None, None) => Role::Call(key),
            },
        }
    }

    fn param(&self, spec: &'static NodeSpec, name: &str) -> Option<&'static ParamSpec> {
        spec.params.iter().chain(COMMON).find(|p| p.name == name)
    }

    /// What can be set on a sound from outside: the variables of a `context` at its root, else the root's parameters.
    pub fn variables(&self, sound: &str) -> Vec<Name<'t>> {
        let Some(root) = self.outline.children(0).find(|i| self.key(*i) == sound).and_then(|i| self.head(i))
        else {
            return vec![];
        };
        let Some(spec) = self.spec(self.key(root)) else { return vec![] };
        if let Extra::Named(what) = spec.extra {
            return self.named(root, spec, what).map(|(_, name)| name).collect();
        }
        let name = |p: &ParamSpec| Name {
            name: p.name,
            detail: format!("parameter of {}", spec.name),
            help: p.help,
        };
        spec.params.iter().map(name).collect()
    }

    /// The keys of a node that are names of its own.
    fn named(
        &self,
        node: usize,
        spec: &'static NodeSpec,
        what: &'static str,
    ) -> impl Iterator<Item = (usize, Name<'t>)> {
        let own =
            move |i: &usize| self.param(spec, self.key(*i)).is_none() && self.outline.items[*i].complete;
        let name = move |i| {
            let detail = format!("{what} of {}: {}", spec.name, self.value(i));
            (i, Name { name: self.key(i), detail: detail.trim_end_matches([' ', ':']).into(), help: "" })
        };
        self.outline.children(node).filter(own).map(name)
    }

    /// The names that an expression in this item may read, nearest first.
    pub fn names(&self, item: usize) -> Vec<Name<'t>> {
        let mut names = vec![];
        let mut below = item;
        while below != 0 {
            let at = self.outline.items[below].parent;
            if let Role::Node(spec) = self.role(at) {
                if let Extra::Named(what @ ("variable" | "input")) = spec.extra {
                    // The variables of a context know only those before them.
                    let all = what == "input" || self.key(below) == "signal";
                    let seen = |(i, _): &(usize, Name)| *i != below && (all || *i < below);
                    names.extend(self.named(at, spec, what).filter(seen).map(|(_, name)| name));
                }
                for (_, known) in BELOW.iter().filter(|(kind, _)| *kind == spec.name) {
                    names.extend(known.iter().flat_map(|k| known_names(k, spec.name)));
                }
            }
            below = at;
        }
        for setting in self.outline.children(0).filter(|i| matches!(self.key(*i), "vars" | "macros")) {
            for i in self.outline.children(setting).filter(|i| self.outline.items[*i].complete) {
                let detail = format!("of {}: {}", self.key(setting), self.value(i));
                names.push(Name { name: self.key(i), detail, help: "" });
            }
        }
        names
    }

    /// Sections and markers of the song that this item belongs to.
    pub fn places(&self, item: usize) -> Vec<Name<'t>> {
        let sound = self.sound_of(item);
        let of_song = |i: &usize| {
            let parent = self.outline.items[*i].parent;
            matches!(self.key(parent), "sections" | "markers")
                && matches!(self.role(self.outline.items[parent].parent), Role::Node(spec) if spec.name == "song")
                && self.outline.items[*i].complete
                && self.sound_of(*i) == sound
        };
        let name = |i: usize| {
            let kind = self.key(self.outline.items[i].parent).trim_end_matches('s');
            Name { name: self.key(i), detail: format!("{kind} of the song: {}", self.value(i)), help: "" }
        };
        (1..self.outline.items.len()).filter(of_song).map(name).collect()
    }

    /// The ids of the sound that this item belongs to.
    pub fn ids(&self, item: usize) -> Vec<Name<'t>> {
        let sound = self.sound_of(item);
        let mut ids: Vec<Name> = vec![];
        for i in 1..self.outline.items.len() {
            let node = self.outline.items[i].parent;
            if self.key(i) != "id" || self.value(i).is_empty() || self.sound_of(i) != sound {
                continue;
            }
            if ids.iter().all(|n| n.name != self.value(i)) {
                let detail = format!("id of {}", self.key(node));
                ids.push(Name { name: self.value(i), detail, help: "" });
            }
        }
        ids
    }

    pub fn sound_of(&self, mut item: usize) -> usize {
        while self.outline.items[item].parent != 0 {
            item = self.outline.items[item].parent;
        }
        item
    }
}

pub(super) fn known_names<'t>(known: &'static Known, kind: &'static str) -> impl Iterator<Item = Name<'t>> {
    let detail = if kind.is_empty() { "known everywhere".to_string() } else { format!("below {kind}") };
    known.names.iter().map(move |name| Name { name, detail: detail.clone(), help: known.help })
}
