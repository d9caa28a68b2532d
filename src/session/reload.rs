//! What the last change of the sound was and how long it took, for the window. The loader writes it as it goes; the last stage is only
//! known when the engine has taken the program.

use std::time::Duration;

use super::history::Difference;
use crate::compile::Summary;

/// Why something was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// A library was opened, or came with the project.
    #[default]
    Opened,
    Saved,
    Edited,
    Undone,
    Redone,
    /// Another sound, or another sample rate.
    Chosen,
    /// Somebody said where samples lie.
    Relinked,
}

impl Cause {
    pub fn name(self) -> &'static str {
        match self {
            Cause::Opened => "Opened",
            Cause::Saved => "Saved",
            Cause::Edited => "Edited",
            Cause::Undone => "Undone",
            Cause::Redone => "Done again",
            Cause::Chosen => "Chosen",
            Cause::Relinked => "Relinked",
        }
    }
}

/// The stages from the save to the sound, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From the save until it was noticed: files have to stand still for a moment.
    Notice,
    Read,
    Parse,
    Compile,
    /// A copy of the program plays its beginning in silence.
    Trial,
    /// Until the engine took the program.
    Swap,
}

impl Stage {
    pub fn name(self) -> &'static str {
        match self {
            Stage::Notice => "notice",
            Stage::Read => "read",
            Stage::Parse => "parse",
            Stage::Compile => "compile",
            Stage::Trial => "trial",
            Stage::Swap => "swap",
        }
    }
}

/// The last change that is heard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reload {
    pub cause: Cause,
    /// Which texts changed.
    pub texts: Difference,
    /// How long the stages took that there were.
    pub times: Vec<(Stage, Duration)>,
    /// What became of the sound's nodes; `None` where it did not take over from a program of the same sound.
    pub nodes: Option<Summary>,
}

impl Reload {
    /// One line: what changed and how long that took.
    pub fn line(&self) -> String {
        let total: Duration = self.times.iter().map(|(_, time)| *time).sum();
        let what =
            if self.texts.files.is_empty() { String::new() } else { format!(" {}", self.texts.to_text()) };
        format!("{}{what} in {}", self.cause.name(), milliseconds(total))
    }

    /// The stages, and what became of the nodes, one matter a line.
    pub fn details(&self) -> Vec<String> {
        let stages: Vec<_> = self
            .times
            .iter()
            .map(|(stage, time)| format!("{} {}", stage.name(), milliseconds(*time)))
            .collect();
        let mut lines = vec![stages.join(" · ")];
        if self.texts.files.len() > 1 {
            lines.push(self.texts.files.join(", "));
        }
        if let Some(nodes) = &self.nodes {
            lines.push(nodes.to_text());
        }
        lines
    }
}

fn milliseconds(time: Duration) -> String {
    match time.as_secs_f64() * 1e3 {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms => format!("{ms:.0} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_reload_is_told_in_a_line_and_its_details() {
        let ms = Duration::from_millis;
        let reload = Reload {
            cause: Cause::Saved,
            texts: Difference { files: vec!["a.yaml".into()], lines: 2 },
            times: vec![(Stage::Notice, ms(120)), (Stage::Compile, ms(3)), (Stage::Trial, ms(1))],
            nodes: None,
        };
        assert_eq!(reload.line(), "Saved a.yaml, 2 lines in 124 ms");
        assert_eq!(reload.details(), ["notice 120 ms · compile 3.0 ms · trial 1.0 ms"]);
    }
}
