//! The pages of eight parameters that hosts put on the knobs of a control surface (CLAP remote controls). Main thread.

use nice_plug::prelude::*;

use super::{HostParams, MACROS, STRIPS, TRIGGERS, Target, Value};
use crate::engine::{Control, StripControl, TriggerControl};

/// How many parameters a page has.
const KNOBS: u8 = 8;

/// One page: its section, its name, its parameters.
#[derive(Debug)]
pub struct Page {
    pub section: &'static str,
    pub name: String,
    pub targets: Vec<Target>,
}

/// The rows of a trigger in the order of its page; what is left of them follows for four triggers at a time.
const TRIGGER: [TriggerControl; 8] = [
    TriggerControl::Threshold,
    TriggerControl::Sensitivity,
    TriggerControl::Hold,
    TriggerControl::Retrigger,
    TriggerControl::FilterLow,
    TriggerControl::FilterHigh,
    TriggerControl::VelocityCurve,
    TriggerControl::Learn,
];
const VELOCITY: [TriggerControl; 2] = [TriggerControl::VelocityMin, TriggerControl::VelocityMax];

/// All of them, in order.
pub fn pages() -> Vec<Page> {
    let mut all = vec![];
    for (name, slots) in eights("Macros", MACROS) {
        let targets = slots.map(|slot| Target::Engine(Control::Macro(slot))).collect();
        all.push(Page { section: "Macros", name, targets });
    }
    let main = vec![
        Target::Engine(Control::Gain),
        Target::Sound,
        Target::Preset { forth: false },
        Target::Preset { forth: true },
    ];
    all.push(Page { section: "Main", name: "Main".into(), targets: main });
    let rows = [
        (StripControl::Gain, "Gain"),
        (StripControl::Pan, "Pan"),
        (StripControl::Mute, "Mute"),
        (StripControl::Solo, "Solo"),
        (StripControl::SendA, "Send A"),
        (StripControl::SendB, "Send B"),
    ];
    for (control, title) in rows {
        for (name, strips) in eights(title, STRIPS) {
            let targets = strips.map(|strip| Target::Engine(Control::Strip(strip, control))).collect();
            all.push(Page { section: "Strips", name, targets });
        }
    }
    for trigger in 0..TRIGGERS {
        let targets = TRIGGER.map(|row| Target::Engine(Control::Trigger(trigger, row))).to_vec();
        all.push(Page { section: "Triggers", name: format!("Trigger {}", trigger + 1), targets });
    }
    for first in (0..TRIGGERS).step_by(usize::from(KNOBS) / VELOCITY.len()) {
        let triggers = first..first + KNOBS / VELOCITY.len() as u8;
        let name = format!("Velocity {}-{}", triggers.start + 1, triggers.end);
        let both = |trigger| VELOCITY.map(|row| Target::Engine(Control::Trigger(trigger, row)));
        all.push(Page { section: "Triggers", name, targets: triggers.flat_map(both).collect() });
    }
    all
}

/// Names and ranges of the pages for so many things of a kind.
fn eights(title: &str, count: u8) -> impl Iterator<Item = (String, std::ops::Range<u8>)> + use<'_> {
    (0..count).step_by(usize::from(KNOBS)).map(move |first| {
        let end = (first + KNOBS).min(count);
        (format!("{title} {}-{end}", first + 1), first..end)
    })
}

impl HostParams {
    /// Tells the framework the pages.
    pub fn remote_controls(&self, context: &mut impl RemoteControlsContext) {
        let all = pages();
        for pages in all.chunk_by(|a, b| a.section == b.section) {
            context.add_section(pages[0].section, |section| {
                for page in pages {
                    section.add_page(page.name.as_str(), |place| {
                        page.targets.iter().for_each(|target| self.put(*target, place));
                    });
                }
            });
        }
    }

    fn put(&self, target: Target, page: &mut impl RemoteControlsPage) {
        let at = self.definitions.iter().position(|definition| definition.target == target);
        match at.map(|at| &self.values[at]) {
            Some(Value::Float(param)) => page.add_param(param),
            Some(Value::Flag(param)) => page.add_param(param),
            Some(Value::Index(param)) => page.add_param(param),
            None => page.add_spacer(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::params::definitions;

    #[test]
    fn remote_pages_hold_every_parameter_once_and_eight_at_most() {
        let all = pages();
        assert!(all.iter().all(|page| (1..=8).contains(&page.targets.len())));
        let mut on_pages: Vec<_> =
            all.iter().flat_map(|page| &page.targets).map(|t| format!("{t:?}")).collect();
        let mut known: Vec<_> = definitions().iter().map(|d| format!("{:?}", d.target)).collect();
        on_pages.sort();
        known.sort();
        assert_eq!(on_pages, known);
        let names: std::collections::BTreeSet<_> =
            all.iter().map(|page| (page.section, &page.name)).collect();
        assert_eq!(names.len(), all.len());
        assert_eq!(all[0].name, "Macros 1-8", "what is turned most comes first");
    }
}
