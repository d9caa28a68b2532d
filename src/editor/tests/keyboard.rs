//! The keyboard's settings on the window.

use super::*;
use crate::session::Mpe;

#[test]
fn mpe_is_switched_on_the_window_and_shows_its_zones() {
    let mut bench = Bench::new(plain());
    bench.click("Settings");
    assert!(bench.shows("MPE auto") && bench.shows("Bend") && !bench.shows("Lower zone"));
    bench.click("MPE auto");
    bench.click("MPE on");
    assert_eq!(bench.performance, Performance { mpe: Mpe::On, ..Performance::default() });
    for text in ["MPE on", "Lower zone", "Upper zone"] {
        assert!(bench.shows(text), "{text} is not on the window");
    }
    bench.frame(vec![]);
    assert_eq!(bench.performance.lower.members, 15, "drawing changes nothing");
}
