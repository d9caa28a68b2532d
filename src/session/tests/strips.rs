//! What the window writes about strips: an edit of the text that is heard, can be undone, and touches nothing else.

use super::*;

const TEXT: &str = "seiche: 1
song:
  mixer:
    tracks:
      # the left one
      a:
        track: {pan: -1, signal: {expression: {exp: 0.5}}}   # loud
      b: {signal: {expression: {exp: 0}}, width: 1 * 1, color: teal}
    buses:
      room: {}
      group: {out: room}
";

fn opened(name: &str, text: &str) -> (Scratch, PathBuf, Arc<Session>, Geared) {
    let (scratch, path) = library(name, text);
    let session = Session::with_presets(None);
    let engine = session.engine(RATE);
    session.send(Message::Open(path.clone()));
    assert!(session.settle(LIMIT));
    assert_eq!(session.snapshot().status, Status::Playing, "{:?}", session.snapshot().findings);
    (scratch, path, session, engine)
}

fn set(session: &Session, strip: &str, edit: StripEdit) {
    session.send(Message::SetStrip { strip: strip.into(), edit });
    assert!(session.settle(LIMIT));
}

fn text(session: &Session) -> String {
    session.snapshot().texts.files[0].text.to_string()
}

#[test]
fn session_writes_the_width_of_a_strip_and_takes_it_back() {
    let (_scratch, path, session, mut engine) = opened("width", TEXT);
    let seen = session.snapshot();
    assert_eq!(seen.strips[0].said.width, Width::Fixed(1.0));
    assert_eq!(seen.strips[1].said.width, Width::Mono);
    assert_plays(&mut engine, 0.5);
    set(&session, "a", StripEdit::Width(0.0));
    let wanted = TEXT.replace(
        "        track: {pan: -1, signal: {expression: {exp: 0.5}}}   # loud\n",
        "        signal:\n          track: {pan: -1, signal: {expression: {exp: 0.5}}}   # loud\n        width: 0\n",
    );
    assert_eq!(text(&session), wanted);
    assert_eq!(session.snapshot().strips[0].said.width, Width::Fixed(0.0));
    assert_plays(&mut engine, 0.25);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), TEXT, "the file is the user's to save");
    set(&session, "a", StripEdit::Width(0.5));
    assert_eq!(text(&session), wanted.replace("width: 0\n", "width: 0.5\n"));
    session.send(Message::Undo);
    session.send(Message::Undo);
    assert!(session.settle(LIMIT));
    assert_eq!(text(&session), TEXT);
    assert_plays(&mut engine, 0.5);
}

#[test]
fn session_writes_where_a_strip_goes() {
    let (_scratch, _, session, _engine) = opened("out", TEXT);
    let to = |strip: usize| session.snapshot().strips[strip].said.to.clone().unwrap();
    assert_eq!((to(0).out.as_str(), to(0).buses), ("main", vec!["room".to_owned(), "group".to_owned()]));
    assert_eq!((to(3).out.as_str(), to(3).buses), ("room", vec!["room".to_owned()]));
    assert_eq!(to(2).buses, Vec::<String>::new(), "the group leads there");
    set(&session, "b", StripEdit::Out("group".into()));
    set(&session, "room", StripEdit::Out("4".into()));
    let seen = session.snapshot();
    assert_eq!(seen.status, Status::Playing, "{:?}", seen.findings);
    assert_eq!((seen.strips[1].output, seen.strips[2].output), (Output::Inside, Output::Aux(3)));
    let wanted =
        TEXT.replace("color: teal}", "color: teal, out: group}").replace("room: {}", "room: {out: 4}");
    assert_eq!(text(&session), wanted);
}

#[test]
fn session_leaves_strips_alone_whose_text_is_shared() {
    let shared = "song: {mixer: {tracks: {a: &a {signal: {track: {pan: -1, signal: {expression: {exp: 0.5}}}}}, b: *a}}}\n";
    let (_scratch, _, session, mut engine) = opened("shared", shared);
    set(&session, "b", StripEdit::Width(0.0));
    let found = session.snapshot().findings.clone();
    assert!(found.iter().any(|f| f.message.contains("`b` cannot be changed by itself")), "{found:?}");
    set(&session, "nobody", StripEdit::Width(0.0));
    assert!(session.snapshot().findings[0].message.contains("no mixer with a strip `nobody`"));
    assert_eq!(text(&session), shared);
    assert_plays(&mut engine, 1.0);
}

#[test]
fn session_width_that_is_computed_is_told_so() {
    let computed = TEXT
        .replace("track: {pan: -1", "width: $x\n        signal: {track: {pan: -1")
        .replace("0.5}}}   #", "0.5}}}}   #");
    let computed =
        computed.replace("      # the left", "      x: {expression: {exp: 0.5}}\n      # the left");
    let (_scratch, _, session, _engine) = opened("computed", &computed);
    let widths: Vec<Width> = session.snapshot().strips.iter().map(|strip| strip.said.width).collect();
    assert_eq!(widths[1], Width::Computed, "{computed}");
}
