//! What a host's browser finds, and its pages of knobs.

use std::cell::RefCell;

use clap_sys::ext::remote_controls::{
    CLAP_EXT_REMOTE_CONTROLS, clap_plugin_remote_controls, clap_remote_controls_page,
};
use clap_sys::factory::preset_discovery::*;
use clap_sys::universal_plugin_id::clap_universal_plugin_id;

use super::*;

/// What the provider said, line by line.
type Said = RefCell<Vec<String>>;

unsafe fn note(said: *mut c_void, what: &str, text: *const c_char) {
    // SAFETY: the data is a test's; the provider passes C strings or null.
    unsafe {
        let text = own(text).map_or("-".into(), |text| text.into_string().unwrap());
        (*said.cast::<Said>()).borrow_mut().push(format!("{what} {text}"));
    }
}

unsafe extern "C" fn filetype(
    indexer: *const clap_preset_discovery_indexer,
    filetype: *const clap_preset_discovery_filetype,
) -> bool {
    // SAFETY: as in `note`.
    unsafe { note((*indexer).indexer_data, "type", (*filetype).file_extension) };
    true
}

unsafe extern "C" fn location(
    indexer: *const clap_preset_discovery_indexer,
    location: *const clap_preset_discovery_location,
) -> bool {
    // SAFETY: as in `note`.
    unsafe { note((*indexer).indexer_data, &format!("location {}", (*location).kind), (*location).location) };
    true
}

type Receiver = *const clap_preset_discovery_metadata_receiver;

unsafe extern "C" fn begin(receiver: Receiver, name: *const c_char, key: *const c_char) -> bool {
    // SAFETY: as in `note`.
    unsafe {
        note((*receiver).receiver_data, "preset", name);
        note((*receiver).receiver_data, "key", key);
    }
    true
}

unsafe extern "C" fn plugin_id(receiver: Receiver, id: *const clap_universal_plugin_id) {
    // SAFETY: as in `note`.
    unsafe { note((*receiver).receiver_data, "plugin", (*id).id) }
}

unsafe extern "C" fn creator(receiver: Receiver, text: *const c_char) {
    // SAFETY: as in `note`.
    unsafe { note((*receiver).receiver_data, "creator", text) }
}

unsafe extern "C" fn feature(receiver: Receiver, text: *const c_char) {
    // SAFETY: as in `note`.
    unsafe { note((*receiver).receiver_data, "feature", text) }
}

unsafe extern "C" fn description(receiver: Receiver, text: *const c_char) {
    // SAFETY: as in `note`.
    unsafe { note((*receiver).receiver_data, "description", text) }
}

unsafe extern "C" fn fault(receiver: Receiver, _: i32, text: *const c_char) {
    // SAFETY: as in `note`.
    unsafe { note((*receiver).receiver_data, "fault", text) }
}

unsafe extern "C" fn flags(_: Receiver, _: u32) {}

#[test]
fn preset_discovery_lists_the_factory_and_describes_files() {
    let scratch = Scratch::new("discovery");
    let said = Said::default();
    let data: *mut c_void = (&raw const said).cast_mut().cast();
    let indexer = clap_preset_discovery_indexer {
        clap_version: CLAP_VERSION,
        name: c"test".as_ptr(),
        vendor: null(),
        url: null(),
        version: null(),
        indexer_data: data,
        declare_filetype: Some(filetype),
        declare_location: Some(location),
        declare_soundpack: None,
        get_extension: None,
    };
    let receiver = clap_preset_discovery_metadata_receiver {
        receiver_data: data,
        on_error: Some(fault),
        begin_preset: Some(begin),
        add_plugin_id: Some(plugin_id),
        set_soundpack_id: None,
        set_flags: Some(flags),
        add_creator: Some(creator),
        set_description: Some(description),
        set_timestamps: None,
        add_feature: Some(feature),
        add_extra_info: None,
    };
    // SAFETY: as a host does it, all on this thread.
    unsafe {
        let get = clap_entry.get_factory.unwrap();
        let factory = get(CLAP_PRESET_DISCOVERY_FACTORY_ID.as_ptr());
        assert_eq!(factory, get(CLAP_PRESET_DISCOVERY_FACTORY_ID_COMPAT.as_ptr()));
        let factory = factory.cast::<clap_preset_discovery_factory>();
        assert_eq!((*factory).count.unwrap()(factory), 1);
        assert!((*factory).get_descriptor.unwrap()(factory, 1).is_null());
        let id = (*(*factory).get_descriptor.unwrap()(factory, 0)).id;
        let create = (*factory).create.unwrap();
        assert!(create(factory, &raw const indexer, c"other".as_ptr()).is_null());
        let provider = create(factory, &raw const indexer, id);
        assert!((*provider).init.unwrap()(provider));
        assert_eq!(said.borrow()[..3], ["type yaml", "type yml", "location 1 -"]);
        let describe = |kind, path: Option<&Path>| {
            said.borrow_mut().clear();
            let path = path.map(|path| CString::new(path.to_str().unwrap()).unwrap());
            let path = path.as_ref().map_or(null(), |path| path.as_ptr());
            let done = (*provider).get_metadata.unwrap()(provider, kind, path, &raw const receiver);
            (done, said.take())
        };
        let (done, all) = describe(CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN, None);
        assert!(done);
        assert_eq!(
            all[..4],
            ["preset Drums", "key Drums", "plugin org.seiche.seiche", "plugin org.seiche.multi"]
        );
        assert!(all.contains(&"key Song".into()) && all.contains(&"feature pad".into()), "{all:?}");
        let file = scratch.0.join("bass.yaml");
        let text =
            "seiche: 1\nabout: {name: Fat Bass, author: Ann, tags: [Bass], description: low}\na: [broken";
        std::fs::write(&file, text).unwrap();
        let (done, all) = describe(CLAP_PRESET_DISCOVERY_LOCATION_FILE, Some(&file));
        assert!(done);
        let expected = ["preset Fat Bass", "key -", "plugin org.seiche.seiche", "plugin org.seiche.multi"];
        assert_eq!(all[..4], expected, "with mistakes further down, too");
        assert_eq!(all[4..], ["creator Ann", "description low", "feature bass"]);
        let (done, all) = describe(CLAP_PRESET_DISCOVERY_LOCATION_FILE, Some(&scratch.0.join("gone.yaml")));
        assert!(!done && all[0].starts_with("fault "), "{all:?}");
        (*provider).destroy.unwrap()(provider);
    }
}

#[test]
fn remote_pages_put_macros_first_and_strips_by_eight() {
    let scratch = Scratch::new("remote");
    let text = "seiche: 1\nmacros: {cut: {slot: 3, name: Brightness}}\na: {expression: {exp: cut}}\n";
    let plugin = Instance::with(&scratch, text);
    let remote: &clap_plugin_remote_controls = plugin.extension(CLAP_EXT_REMOTE_CONTROLS);
    // SAFETY: as a host does it; all zeros is a valid page.
    let pages: Vec<clap_remote_controls_page> = unsafe {
        let page = |index| {
            let mut page: clap_remote_controls_page = std::mem::zeroed();
            assert!(remote.get.unwrap()(plugin.plugin, index, &raw mut page));
            page
        };
        (0..remote.count.unwrap()(plugin.plugin)).map(page).collect()
    };
    let text = |name: &[c_char]| {
        let bytes: Vec<u8> = name.iter().map(|c| *c as u8).take_while(|c| *c != 0).collect();
        String::from_utf8(bytes).unwrap()
    };
    let names: Vec<_> =
        pages.iter().map(|page| format!("{}: {}", text(&page.section_name), text(&page.page_name))).collect();
    assert_eq!(names[..4], ["Macros: Macros 1-8", "Macros: Macros 9-16", "Main: Main", "Strips: Gain 1-8"]);
    assert_eq!(names.last().unwrap(), "Triggers: Velocity 5-8");
    assert_eq!(pages[0].param_ids[2], plugin.id("Brightness"), "with the library's name");
    assert_eq!(pages[3].param_ids[7], plugin.id("Strip 8 Gain"));
    assert_eq!(pages[2].param_ids[3], plugin.id("Preset Next"));
}
