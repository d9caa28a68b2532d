//! Model to program: what the text means becomes what the audio thread runs. Loader thread; never signal code.

pub mod formula;
