//! What can be said about a sample: why it cannot be played, or why it is not the file that the text names. Loader thread; made beside
//! the cause, shown at the text's place.

use std::fmt;
use std::path::PathBuf;

use crate::language::Diagnostic;
use crate::language::Severity;
use crate::language::model::Span;

/// What is wrong with a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such file; what may have been meant.
    Missing(Near),
    /// The path leads out of the library's folder and roots.
    Outside,
    NotAFile,
    Unreadable(String),
    TooLarge(String),
    /// The file ends before its sound does.
    Truncated,
    Damaged(String),
    /// A format, or a part of one, that is not known.
    Unsupported(String),
    /// No channels or no frames.
    NoAudio,
    /// Nobody wants it any more.
    GivenUp,
    /// What the project has is played, though the file has something else.
    ProjectPlays,
    /// The project was saved with something else than what the file has, which is played.
    FilePlays,
    /// The file is gone; what was loaded before is played, and lost when the project is closed.
    Gone,
    /// The file is not at its place, but the same content lies here.
    FoundAt(PathBuf),
    /// The copy in the project is not what it says it is.
    CopyDamaged,
}

/// What may have been meant by the name of a file that is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Near {
    #[default]
    Nothing,
    /// A file of a similar name.
    Name(String),
    /// The file lies beside the library's folder.
    FolderUp(String),
}

/// A sample that cannot be played as the text says, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleError {
    /// The path as it was written.
    pub file: String,
    pub fault: Fault,
    /// Whether the sound plays all the same, without it if it must be.
    pub excused: bool,
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let file = &self.file;
        match &self.fault {
            Fault::Missing(_) if self.excused => {
                write!(f, "there is no file `{file}` in the library's folder: it is silent, the rest plays")
            }
            Fault::Missing(_) => write!(f, "there is no file `{file}` in the library's folder"),
            Fault::Outside => write!(f, "`{file}` is outside the library's folder"),
            Fault::NotAFile => write!(f, "`{file}` is not a regular file"),
            Fault::Unreadable(why) => write!(f, "`{file}` cannot be read: {why}"),
            Fault::TooLarge(why) => write!(f, "`{file}` is too large: {why}"),
            Fault::Truncated => write!(f, "`{file}` ends before its sound does"),
            Fault::Damaged(why) => write!(f, "`{file}` is damaged: {why}"),
            Fault::Unsupported(why) => write!(f, "`{file}` is of a kind that cannot be played ({why})"),
            Fault::NoAudio => write!(f, "`{file}` has no sound in it"),
            Fault::GivenUp => write!(f, "`{file}` was not loaded: something newer is asked for"),
            Fault::ProjectPlays => {
                write!(
                    f,
                    "the file `{file}` is not the one that the project was saved with: the project's plays"
                )
            }
            Fault::FilePlays => {
                write!(
                    f,
                    "the file `{file}` is not the one that the project was saved with: the file's plays"
                )
            }
            Fault::Gone => write!(f, "the file `{file}` is gone: what was loaded plays on"),
            Fault::FoundAt(path) => {
                write!(f, "`{file}` is not at its place; it was found at {}", path.display())
            }
            Fault::CopyDamaged => write!(f, "the copy of `{file}` in the project is damaged"),
        }
    }
}

impl SampleError {
    fn severity(&self) -> Severity {
        match &self.fault {
            Fault::FoundAt(_) => Severity::Note,
            _ if self.excused => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// The error as a finding about the text at `span`.
    pub fn diagnostic(&self, span: Span) -> Diagnostic {
        let (code, hint) = match &self.fault {
            Fault::Missing(Near::Name(name)) => ("missing-sample", Some(format!("did you mean `{name}`?"))),
            Fault::Missing(Near::FolderUp(name)) => (
                "missing-sample",
                Some(format!(
                    "did you mean `{name}`? It is found there with `seiche: 1` and `roots: [..]` at the top of the file"
                )),
            ),
            Fault::Missing(Near::Nothing) => {
                ("missing-sample", Some("paths are relative to the library's folder".into()))
            }
            Fault::Outside => (
                "sample-outside",
                Some("copy the file into the library's folder, or name its folder in `roots`".into()),
            ),
            Fault::Unsupported(_) => {
                ("bad-sample", Some("WAV, AIFF, FLAC, Ogg Vorbis and MP3 can be played".into()))
            }
            Fault::Truncated => ("bad-sample", Some("copy or export the file again".into())),
            Fault::ProjectPlays => ("other-sample", Some("*Reload* takes what the file has".into())),
            Fault::FilePlays => {
                ("other-sample", Some("the project is saved with the file's from now on".into()))
            }
            Fault::Gone => ("missing-sample", Some("bring the file back, or say where it is".into())),
            Fault::FoundAt(_) => ("moved-sample", None),
            _ => ("bad-sample", None),
        };
        let found =
            Diagnostic { severity: self.severity(), ..Diagnostic::error(code, span, self.to_string()) };
        match hint {
            Some(hint) => found.hint(hint),
            None => found,
        }
    }
}
