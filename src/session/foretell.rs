//! How loud an export is going to be, listened for in the background while the window waits: one question at a time, the newest counts.
//! Any thread but the audio thread; the work is done in one of its own.

use std::sync::{Arc, Mutex};

use super::lock;
use crate::bounce::{Control, Failure};

pub use crate::bounce::{Forecast, Guess};

/// How it stands with the question.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Foretold {
    /// Nobody has asked.
    #[default]
    Nothing,
    Listening,
    Known(Box<Forecast>),
    /// Why it cannot be told.
    Unknown(String),
}

/// The question that was asked last.
#[derive(Default)]
pub struct Foretelling(Mutex<Asked>);

#[derive(Default)]
struct Asked {
    control: Control,
    answer: Arc<Mutex<Foretold>>,
}

impl Foretelling {
    /// Asks; what was asked before is given up. `seen` is called when there is an answer.
    pub(super) fn ask(
        &self,
        work: impl FnOnce(&Control) -> Result<Forecast, Failure> + Send + 'static,
        seen: impl FnOnce() + Send + 'static,
    ) {
        let mut asked = lock(&self.0);
        asked.control.cancel();
        *asked = Asked { control: Control::default(), answer: Arc::new(Mutex::new(Foretold::Listening)) };
        let (control, answer) = (asked.control.clone(), asked.answer.clone());
        let listen = move || {
            let told = match work(&control) {
                Ok(forecast) => Foretold::Known(Box::new(forecast)),
                Err(failure) => Foretold::Unknown(failure.to_string()),
            };
            *lock(&answer) = told;
            seen();
        };
        if std::thread::Builder::new().name("seiche forecast".into()).spawn(listen).is_err() {
            *lock(&asked.answer) = Foretold::Unknown("there is no thread to listen ahead".into());
        }
    }

    /// The answer counts no more.
    pub fn forget(&self) {
        let mut asked = lock(&self.0);
        asked.control.cancel();
        *asked = Asked::default();
    }

    pub fn look(&self) -> Foretold {
        lock(&lock(&self.0).answer).clone()
    }
}

impl Drop for Foretelling {
    fn drop(&mut self) {
        lock(&self.0).control.cancel();
    }
}
