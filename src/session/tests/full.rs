//! A disk without room. The limit is one of the whole process, so these tests run in a child of their own: the test program again, with
//! this one test.

use std::process::Command;

use super::*;

/// Set in the child.
const CHILD: &str = "SEICHE_TEST_FULL_DISK";
/// What a file may hold there.
const ROOM: usize = 4096;

/// Whether this is the child; if not, it has been run by the time this returns.
fn in_child(test: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let name = format!("session::tests::full::{test}");
    let child =
        Command::new(program).args(["--exact", &name, "--nocapture"]).env(CHILD, "1").output().unwrap();
    let said = [child.stdout, child.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
    false
}

/// Saves a text that does not fit, in a folder where the first one is: it plays, it is kept, the window says why, the file stays.
fn save_more_than_fits(path: &Path, reason: &str) {
    std::fs::write(path, tone(0.5)).unwrap();
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(path.to_owned()));
    assert_plays(&mut engine, 0.5);
    let large = format!("{}# {}\n", tone(0.25), "x".repeat(64 * ROOM));
    let seen = send(&session, save(path, &large));
    let found = &seen.findings[0];
    assert!(
        found.message.contains("two.yaml could not be saved") && found.message.contains(reason),
        "{found:?}"
    );
    assert!(
        found.hint.as_ref().is_some_and(|hint| hint.contains("the text is kept here and in the project"))
    );
    assert_plays(&mut engine, 0.25);
    assert!(*seen.texts.files[0].text == *large && seen.texts.files[0].disk == Disk::Differs);
    assert!(session.save().contains("0.25"));
    assert_eq!(std::fs::read_to_string(path).unwrap(), tone(0.5), "the file is as it was");
    let beside = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "nothing is left beside it");
    // With room again, or a shorter text.
    let seen = send(&session, save(path, &tone(0.125)));
    assert_eq!((seen.findings.len(), std::fs::read_to_string(path).unwrap()), (0, tone(0.125)));
    assert_plays(&mut engine, 0.125);
}

#[test]
fn session_keeps_a_text_that_is_larger_than_files_may_be() {
    if !in_child("session_keeps_a_text_that_is_larger_than_files_may_be") {
        return;
    }
    let (_scratch, path) = library("file-limit", "");
    let limit = libc::rlimit { rlim_cur: ROOM as libc::rlim_t, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: plain calls without pointers that outlive them; nothing else runs in this process.
    unsafe {
        // Else the first byte too many ends the process.
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
    save_more_than_fits(&path, "larger than files may be");
}

#[cfg(target_os = "linux")]
#[test]
fn session_keeps_a_text_for_which_the_disk_has_no_room() {
    if !in_child("session_keeps_a_text_for_which_the_disk_has_no_room") {
        return;
    }
    let (scratch, path) = library("full-disk", "");
    let place = std::ffi::CString::new(scratch.0.to_str().unwrap()).unwrap();
    let size = std::ffi::CString::new(format!("size={}", 4 * ROOM)).unwrap();
    // A small disk that only this thread, and those that it starts, can see; it goes with the process.
    // SAFETY: all pointers are to texts that end with 0 and live longer than the calls.
    let mounted = unsafe {
        let (none, root) = (std::ptr::null(), c"/".as_ptr());
        libc::unshare(libc::CLONE_NEWNS) == 0
            && libc::mount(none, root, none, libc::MS_REC | libc::MS_PRIVATE, none.cast()) == 0
            && libc::mount(c"none".as_ptr(), place.as_ptr(), c"tmpfs".as_ptr(), 0, size.as_ptr().cast()) == 0
    };
    match mounted {
        true => save_more_than_fits(&path, "the disk is full"),
        false => println!("skipped: only who may mount can have a small disk"),
    }
}
