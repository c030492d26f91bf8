//! Files made in code, good and evil ones.

use std::io::Write;

use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use super::*;
use crate::model::tests::cuboid;

fn import_bytes(name: &str, bytes: &[u8]) -> Result<Import, ImportError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    import(&path, &Progress::new())
}

/// The file opens as one watertight model of this volume and size.
#[track_caller]
fn check(name: &str, bytes: &[u8], volume_mm3: f64, size_mm: [f64; 3]) -> Import {
    let import = import_bytes(name, bytes).unwrap();
    let volume: f64 = import.models.iter().map(|m| m.model.volume_mm3()).sum();
    assert!((volume - volume_mm3).abs() < 1e-3 * volume_mm3, "the volume is {volume} mm³");
    for (is, should) in import.report.size_mm.iter().zip(size_mm) {
        assert!((is - should).abs() < 1e-3, "the size is {:?}", import.report.size_mm);
    }
    assert!(import.report.watertight);
    import
}

/// The file is refused with one sentence that names it and holds `because`.
#[track_caller]
fn refused(name: &str, bytes: &[u8], because: &str) {
    let error = import_bytes(name, bytes).unwrap_err().to_string();
    assert!(error.contains(because), "'{error}' does not say '{because}'");
    assert!(error.ends_with(name) && !error.contains('\n'), "'{error}' does not name the file");
}

fn stl_binary(header: &str, mesh: &Mesh) -> Vec<u8> {
    let mut bytes = format!("{header:80}").into_bytes();
    bytes.extend((mesh.triangles.len() as u32).to_le_bytes());
    for t in 0..mesh.triangles.len() {
        bytes.extend([0; 12]);
        bytes.extend(mesh.corners(t).unwrap().iter().flatten().flat_map(|x| x.to_le_bytes()));
        bytes.extend([0; 2]);
    }
    bytes
}

fn stl_text(mesh: &Mesh) -> String {
    let mut text = "solid cube\n".to_owned();
    for t in 0..mesh.triangles.len() {
        text += "facet normal 0 0 0\n outer loop\n";
        for [x, y, z] in mesh.corners(t).unwrap() {
            text += &format!("  vertex {x:e} {y} {z}\n");
        }
        text += " endloop\nendfacet\n";
    }
    text + "endsolid cube\n"
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const RELATIONS: &str = r#"<Relationships><Relationship Id="a" Target="/3D/3dmodel.model"
    Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>"#;

/// A 3MF file whose model element holds `inside`.
fn threemf(attributes: &str, inside: &str) -> Vec<u8> {
    let model = format!("<?xml version=\"1.0\"?><model {attributes}>{inside}</model>");
    zipped(&[("_rels/.rels", RELATIONS.as_bytes()), ("3D/3dmodel.model", model.as_bytes())])
}

fn mesh_xml(mesh: &Mesh) -> String {
    let vertices: String =
        mesh.vertices.iter().map(|[x, y, z]| format!("<vertex x=\"{x}\" y=\"{y}\" z=\"{z}\"/>")).collect();
    let triangles: String =
        mesh.triangles.iter().map(|[a, b, c]| format!("<triangle v1=\"{a}\" v2=\"{b}\" v3=\"{c}\"/>")).collect();
    format!("<mesh><vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh>")
}

fn cube(edge: f32) -> Mesh {
    cuboid([0.0; 3], [edge; 3])
}

#[test]
fn stl_in_both_forms_gives_the_same_cube() {
    let binary = check("a.stl", &stl_binary("made by a test", &cube(20.0)), 8000.0, [20.0; 3]);
    assert_eq!(binary.report.format, Format::StlBinary);
    assert_eq!((binary.report.triangles, binary.report.corners_welded), (12, 28));
    let solid =
        check("a.STL", &stl_binary("solid of a tool that does not know better", &cube(20.0)), 8000.0, [20.0; 3]);
    let text = check("a.stl", stl_text(&cube(20.0)).as_bytes(), 8000.0, [20.0; 3]);
    assert_eq!(text.report.format, Format::StlText);
    for other in [&solid, &text] {
        assert_eq!(other.models[0].model.parts[0].mesh, binary.models[0].model.parts[0].mesh);
    }
    let crlf = stl_text(&cube(20.0)).replace('\n', "\r\n").replace("facet", "FACET");
    check("a.stl", crlf.as_bytes(), 8000.0, [20.0; 3]);
}

#[test]
fn a_mark_before_utf8_text_is_passed_over_and_utf16_is_named() {
    let mesh = cube(10.0);
    let obj = "o Würfel\n".to_owned()
        + &mesh.vertices.iter().map(|[x, y, z]| format!("v {x} {y} {z}\n")).collect::<String>()
        + &mesh.triangles.iter().map(|[a, b, c]| format!("f {} {} {}\n", a + 1, b + 1, c + 1)).collect::<String>();
    // A vertex at the very beginning is lost where the mark is taken for a part of its keyword.
    let bare = obj.split_once('\n').unwrap().1.to_owned();
    for (name, text) in [("cube.stl", stl_text(&mesh)), ("cube.obj", obj), ("cube.obj", bare)] {
        check(name, text.as_bytes(), 1000.0, [10.0; 3]);
        check(name, format!("\u{feff}{text}").as_bytes(), 1000.0, [10.0; 3]);
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect();
            refused(name, &utf16, "UTF-16; open it in a text editor and save it as UTF-8");
        }
    }
    let model = format!("\u{feff}<?xml version=\"1.0\"?><model>{}</model>", {
        let xml = mesh_xml(&mesh);
        format!("<resources><object id=\"1\">{xml}</object></resources><build><item objectid=\"1\"/></build>")
    });
    let relations = format!("\u{feff}{RELATIONS}");
    let package = zipped(&[("_rels/.rels", relations.as_bytes()), ("3D/3dmodel.model", model.as_bytes())]);
    check("cube.3mf", &package, 1000.0, [10.0; 3]);
}

#[test]
fn several_solids_of_a_text_file_are_parts() {
    let text = stl_text(&cube(20.0)) + &stl_text(&cuboid([30.0; 3], [40.0; 3])).replace("cube", "small one");
    let import = check("a.stl", text.as_bytes(), 9000.0, [40.0; 3]);
    let names: Vec<&str> = import.models[0].model.parts.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["cube", "small one"]);
}

#[test]
fn evil_stl_files_are_refused() {
    let good = stl_binary("made by a test", &cube(20.0));
    refused("cut.stl", &good[..400], "announces 12 facets and has room for 6");
    let mut claims = good.clone();
    claims[80..84].copy_from_slice(&u32::MAX.to_le_bytes());
    refused("claims.stl", &claims, "announces 4294967295 facets and has room for 12");
    refused("zero.stl", &good[..80].iter().copied().chain([0; 4]).collect::<Vec<u8>>(), "no facets");
    refused("short.stl", &good[..50], "cut off");
    refused("empty.stl", &[], "cut off");
    for (value, name) in [(f32::NAN, "nan.stl"), (f32::INFINITY, "inf.stl")] {
        let mut bytes = good.clone();
        bytes[84 + 50 + 12..84 + 50 + 16].copy_from_slice(&value.to_le_bytes());
        refused(name, &bytes, "facet 2 has a coordinate that is not a finite number");
    }
    let text = stl_text(&cube(20.0));
    refused("cut.stl", &text.as_bytes()[..text.len() / 2], "line ");
    refused("cut.stl", text.trim_end().strip_suffix("endsolid cube").unwrap().as_bytes(), "without 'endsolid'");
    refused("nan.stl", text.replacen("vertex 2e1", "vertex nan", 1).as_bytes(), "not a finite number");
    refused("word.stl", text.replacen("vertex 2e1", "vertex two", 1).as_bytes(), "'two' is no number");
    refused("empty.stl", b"solid nothing\nendsolid nothing\n", "no facets");
    refused("huge.stl", &stl_binary("", &cuboid([0.0; 3], [1e30; 3])), "too large");
}

#[test]
fn a_model_without_volume_is_refused_as_flat() {
    let mut sheet = cube(20.0);
    sheet.triangles.truncate(2);
    refused("sheet.stl", &stl_binary("", &sheet), "flat");
    // Two sheets that cross enclose nothing either.
    refused(
        "crossing.obj",
        b"v -10 0 0\nv -10 0 10\nv 10 0 10\nv 10 0 0\nv 0 -10 0\nv 0 -10 10\nv 0 10 10\nv 0 10 0\nf 1 2 3 4\nf 5 6 7 8\n",
        "flat",
    );
}

#[test]
fn obj_with_polygons_and_negative_numbers_opens() {
    let vertices = "v 0 0 0\nv 20 0 0\nv 20 20 0\nv 0 20 0\nv 0 0 20\nv 20 0 20\nv 20 20 20\nv 0 20 20\n";
    let absolute = "f 4/1/1 3/2/1 2/3/1 1/4/1\nf 5 6 7 8\nf 1//2 2//2 6//2 5//2\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8\n";
    let import = check("a.obj", format!("{vertices}# a cube\n{absolute}").as_bytes(), 8000.0, [20.0; 3]);
    assert_eq!(import.report.triangles, 12);
    let negative = "f -5 -6 -7 -8\nf -4 -3 -2 -1\nf -8 -7 -3 -4\nf -7 -6 \\\n-2 -3\nf -6 -5 -1 -2\nf -5 -8 -4 -1\n";
    check("a.obj", format!("{vertices}{negative}").as_bytes(), 8000.0, [20.0; 3]);
    let unused = format!("v 900 900 900\n{}", vertices);
    let import = check("a.obj", format!("{unused}{negative}").as_bytes(), 8000.0, [20.0; 3]);
    assert_eq!(import.report.notices[0].message, "1 vertex that no facet uses was left out.");
    // An L-shaped prism: its caps are not convex.
    let l = "v 0 0 0\nv 20 0 0\nv 20 10 0\nv 10 10 0\nv 10 20 0\nv 0 20 0\nv 0 0 5\nv 20 0 5\nv 20 10 5\nv 10 10 5\n\
        v 10 20 5\nv 0 20 5\nf 6 5 4 3 2 1\nf 7 8 9 10 11 12\nf 1 2 8 7\nf 2 3 9 8\nf 3 4 10 9\nf 4 5 11 10\n\
        f 5 6 12 11\nf 6 1 7 12\n";
    check("l.obj", l.as_bytes(), 1500.0, [20.0, 20.0, 5.0]);
}

#[test]
fn objects_of_an_obj_file_are_parts_unless_they_share_vertices() {
    let cube_at = |first: u32, x: u32| {
        let place = |i: u32| format!("v {} {} {}\n", x + 20 * (i & 1), 20 * (i >> 1 & 1), 20 * (i >> 2));
        let faces = cube(1.0).triangles.into_iter().map(|t| {
            let [a, b, c] = t.map(|i| i + first);
            format!("f {a} {b} {c}\n")
        });
        ((0..8).map(place).collect::<String>(), faces.collect::<Vec<String>>())
    };
    let ((places, faces), (more_places, more_faces)) = (cube_at(1, 0), cube_at(9, 50));
    let text = format!("{places}{more_places}o left\n{}o right\n{}", faces.concat(), more_faces.concat());
    let import = check("two.obj", text.as_bytes(), 16_000.0, [70.0, 20.0, 20.0]);
    let names: Vec<&str> = import.models[0].model.parts.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["left", "right"]);
    let text = format!("{places}o a\n{}o b\n{}", faces[..6].concat(), faces[6..].concat());
    assert_eq!(check("one.obj", text.as_bytes(), 8000.0, [20.0; 3]).models[0].model.parts.len(), 1);
}

#[test]
fn colours_of_obj_vertices_are_kept_unless_they_are_no_numbers() {
    let text = |color: &str| {
        let place = |i: u32| format!("v {} {} {} {color}\n", 20 * (i & 1), 20 * (i >> 1 & 1), 20 * (i >> 2));
        let faces = cube(1.0).triangles.into_iter().map(|t| format!("f {} {} {}\n", t[0] + 1, t[1] + 1, t[2] + 1));
        (0..8).map(place).collect::<String>() + &faces.collect::<String>()
    };
    let import = check("a.obj", text("1 0.5 0").as_bytes(), 8000.0, [20.0; 3]);
    assert_eq!(import.models[0].model.parts[0].mesh.colors, vec![[255, 128, 0, 255]; 12]);
    let import = check("a.obj", text("nan 0.5 0").as_bytes(), 8000.0, [20.0; 3]);
    assert!(!import.report.has_colors && import.report.notices.len() == 1);
}

#[test]
fn evil_obj_files_are_refused() {
    let vertices = "v 0 0 0\nv 20 0 0\nv 0 20 0\nv 0 0 20\n";
    let with = |end: &str| format!("{vertices}f 1 3 2\nf 1 2 4\nf 2 3 4\n{end}\n").into_bytes();
    check("a.obj", &with("f 1 4 3"), 8000.0 / 6.0, [20.0; 3]);
    refused("a.obj", &with("f 1 4 9"), "line 8: the face names vertex 9, but there are 4");
    refused("a.obj", &with("f 1 4 0"), "names vertex 0");
    refused("a.obj", &with("f 1 4 -5"), "names vertex -5");
    refused("a.obj", &with("f 1 4 99999999999999999999"), "no vertex number");
    refused("a.obj", &with("f 1 4"), "at least three corners");
    refused("a.obj", &with("v 1 inf 2"), "not a finite number");
    refused("a.obj", &with("v 1 two 2"), "'two' is no number");
    refused("a.obj", &with("v 1 2"), "three coordinates");
    refused("a.obj", vertices.as_bytes(), "no facets");
    refused("a.obj", &[b'f'; 3_000_000], "longer than 1 MB");
}

#[test]
fn units_are_guessed_only_for_implausible_sizes_and_said() {
    for (edge, unit, size) in [
        (20.0, LengthUnit::Millimeter, 20.0),
        (3.0, LengthUnit::Millimeter, 3.0),
        (2.0, LengthUnit::Inch, 50.8),
        (0.04, LengthUnit::Meter, 40.0),
    ] {
        let import = check("a.stl", &stl_binary("", &cube(edge)), f64::powi(size, 3), [size; 3]);
        assert_eq!(import.report.unit, unit);
        assert_eq!(import.report.unit_was_guessed, unit != LengthUnit::Millimeter);
        assert_eq!(
            import.report.notices.iter().any(|n| n.message.contains("taken for")),
            unit != LengthUnit::Millimeter
        );
    }
}

#[test]
fn units_of_3mf_are_taken_by_their_word() {
    for (unit, mm) in [("micron", 1e-3), ("millimeter", 1.0), ("centimeter", 10.0), ("inch", 25.4), ("meter", 1e3)] {
        let inside = format!(
            "<resources><object id=\"1\">{}</object></resources><build><item objectid=\"1\" \
             transform=\"1 0 0 0 1 0 0 0 1 7 0 0\"/></build>",
            mesh_xml(&cube(1.0))
        );
        let import = check("a.3mf", &threemf(&format!("unit=\"{unit}\""), &inside), mm * mm * mm, [mm; 3]);
        assert!((import.models[0].plate_from_model[(0, 3)] - 7.0 * mm).abs() < 1e-9);
        assert!(import.models[0].is_placed);
    }
}

#[test]
fn nested_transforms_of_3mf_give_right_places() {
    // The cube's corner goes through x -> 2x, then a quarter turn about z, then a shift: (10,0,0) -> (20,0,0) ->
    // (0,20,0) -> (100,20,0).
    let inside = format!(
        "<resources><object id=\"3\" name=\"gear\">{}</object>\
         <object id=\"4\"><components><component objectid=\"3\" transform=\"2 0 0 0 1 0 0 0 1 0 0 0\"/>\
         <component objectid=\"3\" transform=\"1 0 0 0 1 0 0 0 1 0 0 50\"/></components></object>\
         <object id=\"5\" name=\"box\"><components>\
         <component objectid=\"4\" transform=\"0 1 0 -1 0 0 0 0 1 0 0 0\"/></components></object>\
         <object id=\"6\" name=\"never built\">{}</object></resources>\
         <build><item objectid=\"5\" transform=\"1 0 0 0 1 0 0 0 1 100 0 0\"/>\
         <item objectid=\"5\" transform=\"-1 0 0 0 1 0 0 0 1 0 0 0\"/></build>",
        mesh_xml(&cube(10.0)),
        mesh_xml(&cube(500.0)),
    );
    let import = import_bytes("a.3mf", &threemf("", &inside)).unwrap();
    assert_eq!((import.report.models, import.report.parts, import.report.triangles), (2, 4, 48));
    assert!(Arc::ptr_eq(&import.models[0].model, &import.models[1].model), "copies share the model");
    let model = &import.models[0].model;
    assert!(Arc::ptr_eq(&model.parts[0].mesh, &model.parts[1].mesh), "parts share the mesh");
    assert_eq!((model.name.as_str(), model.parts[0].name.as_str()), ("box", "gear"));
    let corner = |instance: usize, part: usize| {
        let m = import.models[instance].plate_from_model * model.parts[part].model_from_part;
        crate::model::transform_point(&m, [10.0, 0.0, 0.0])
    };
    assert_eq!(corner(0, 0), [100.0, 20.0, 0.0]);
    assert_eq!(corner(0, 1), [100.0, 10.0, 50.0]);
    assert_eq!(corner(1, 0), [0.0, 20.0, 0.0]);
}

#[test]
fn colours_of_3mf_are_kept() {
    let mut xml = mesh_xml(&cube(20.0));
    xml = xml.replacen("v3=\"1\"/>", "v3=\"1\" pid=\"2\" p1=\"0\" p2=\"1\" p3=\"1\"/>", 1);
    let inside = format!(
        "<resources><basematerials id=\"1\"><base name=\"a\" displaycolor=\"#102030\"/></basematerials>\
         <m:colorgroup id=\"2\"><m:color color=\"#FF000080\"/><m:color color=\"#0000FF80\"/></m:colorgroup>\
         <object id=\"3\" pid=\"1\" pindex=\"0\">{xml}</object></resources><build><item objectid=\"3\"/></build>"
    );
    let attributes = "xmlns:m=\"http://schemas.microsoft.com/3dmanufacturing/material/2015/02\"";
    let import = check("a.3mf", &threemf(attributes, &inside), 8000.0, [20.0; 3]);
    let colors = &import.models[0].model.parts[0].mesh.colors;
    assert_eq!(colors[0], [85, 0, 170, 128]);
    assert!(colors[1..].iter().all(|c| *c == [0x10, 0x20, 0x30, 255]));
}

#[test]
fn objects_in_other_parts_of_the_package_are_found() {
    let root = "<model xmlns:p=\"http://schemas.microsoft.com/3dmanufacturing/production/2015/06\" \
        requiredextensions=\"p\"><resources><object id=\"1\"><components>\
        <component objectid=\"7\" p:path=\"/3D/Objects/part.model\"/></components></object></resources>\
        <build><item objectid=\"1\"/></build></model>";
    let part = format!(
        "<model unit=\"centimeter\"><resources><object id=\"7\">{}</object></resources><build/></model>",
        mesh_xml(&cube(2.0))
    );
    let entries = [
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("3D/3dmodel.model", root.as_bytes()),
        ("3D/Objects/part.model", part.as_bytes()),
    ];
    check("a.3mf", &zipped(&entries), 8000.0, [20.0; 3]);
    refused("a.3mf", &zipped(&entries[..2]), "'3D/Objects/part.model' is missing");
}

#[test]
fn height_ranges_of_other_slicers_come_with_the_object_that_they_are_of() {
    let xml = mesh_xml(&cube(10.0));
    let model = format!(
        "<?xml version=\"1.0\"?><model><resources><object id=\"3\">{xml}</object><object id=\"7\">{xml}</object></resources>\
         <build><item objectid=\"3\"/><item objectid=\"7\" transform=\"1 0 0 0 1 0 0 0 1 30 0 0\"/></build></model>"
    );
    let package = |name: &str, ranges: &str| {
        zipped(&[
            ("_rels/.rels", RELATIONS.as_bytes()),
            ("3D/3dmodel.model", model.as_bytes()),
            (name, ranges.as_bytes()),
        ])
    };
    let option = |key: &str, value: &str| format!("<option opt_key=\"{key}\">{value}</option>");
    let range =
        |from: f64, to: f64, options: &str| format!("<range min_z=\"{from}\" max_z=\"{to}\">\n {options}</range>");
    let of_second =
        |ranges: &str| format!("<?xml version=\"1.0\"?>\n<objects>\n <object id=\"2\">{ranges}</object></objects>");
    let fine = option("extruder", "0") + &option("layer_height", "0.1");
    let both = range(0.0, 2.5, &fine) + &range(4.0, 8.0, &option("layer_height", "0.3"));
    let expected = [(0.0, 2.5, 0.1), (4.0, 8.0, 0.3)].map(|(from_mm, to_mm, layer_height_mm)| LayerRange {
        from_mm,
        to_mm,
        layer_height_mm,
    });
    for name in ["Metadata/Prusa_Slicer_layer_config_ranges.xml", "Metadata/layer_config_ranges.xml"] {
        let import = import_bytes("a.3mf", &package(name, &of_second(&both))).unwrap();
        assert_eq!(import.models[0].layer_ranges, []);
        assert_eq!(import.models[1].layer_ranges, expected);
        assert_eq!(import.report.notices, []);
        // What else a range holds is not taken over, and said.
        let more = of_second(&range(0.0, 2.5, &(fine.clone() + &option("fill_density", "40%"))));
        let import = import_bytes("a.3mf", &package(name, &more)).unwrap();
        assert_eq!(import.models[1].layer_ranges, expected[..1]);
        assert!(import.report.notices[0].message.contains("only the layer heights"), "{:?}", import.report.notices);
        // A broken part leaves the model as it is.
        let import = import_bytes("a.3mf", &package(name, "<objects><object id=\"2\"></range>")).unwrap();
        assert!(import.models.iter().all(|m| m.layer_ranges.is_empty()));
        assert!(import.report.notices[0].message.contains("not taken over"), "{:?}", import.report.notices);
    }
}

#[test]
fn invalid_3mf_models_are_refused() {
    let object = format!("<object id=\"1\">{}</object>", mesh_xml(&cube(20.0)));
    let build = "<build><item objectid=\"1\"/></build>";
    let model = |resources: &str, build: &str| threemf("", &format!("<resources>{resources}</resources>{build}"));
    check("a.3mf", &model(&object, build), 8000.0, [20.0; 3]);
    refused("a.3mf", &model(&object, ""), "no build element");
    refused("a.3mf", &model(&object, "<build/>"), "build element is empty");
    refused("a.3mf", &model(&object, "<build><item objectid=\"2\"/></build>"), "object 2, which does not exist");
    refused("a.3mf", &model(&format!("{object}{object}"), build), "two resources have the number 1");
    refused("a.3mf", &model(&object.replace("id=\"1\"", "id=\"1\" type=\"toy\""), build), "type 'toy'");
    refused("a.3mf", &model(&object.replace("v1=\"0\"", "v1=\"8\""), build), "names vertex 8, but there are 8");
    refused("a.3mf", &model(&object.replace("v1=\"0\"", "v1=\"-1\""), build), "'-1' is no number for v1");
    refused("a.3mf", &model(&object.replace("x=\"20\"", "x=\"NaN\""), build), "not a finite number");
    refused("a.3mf", &model(&object.replace("x=\"20\"", ""), build), "no three numbers");
    refused("a.3mf", &model("<object id=\"1\"/>", build), "either a mesh or components");
    refused("a.3mf", &model("<object id=\"1\"><mesh/></object>", build), "no facets");
    refused("a.3mf", &threemf("unit=\"mile\"", build), "unit 'mile'");
    refused("a.3mf", &threemf("xmlns:s=\"urn:slices\" requiredextensions=\"s\"", build), "'urn:slices'");
    let turned = "<build><item objectid=\"1\" transform=\"1 0 0 0 1 0 0 0 0 0 0 0\"/></build>";
    refused("a.3mf", &model(&object, turned), "makes the object flat");
    refused("a.3mf", &model(&object, &turned.replace("1 0 0 0 1", "1 0 0 0")), "is no transform");
    let itself = "<object id=\"1\"><components><component objectid=\"1\"/></components></object>";
    refused("a.3mf", &model(itself, build), "contains itself");
    // Two to the power of 30 instances of one cube.
    let mut nested = object.clone();
    for id in 2..32 {
        let component = format!("<component objectid=\"{}\"/>", id - 1);
        nested += &format!("<object id=\"{id}\"><components>{component}{component}</components></object>");
    }
    refused("a.3mf", &model(&nested, "<build><item objectid=\"31\"/></build>"), "unfold to more than");
}

#[test]
fn evil_3mf_packages_are_refused() {
    let object = format!("<object id=\"1\">{}</object>", mesh_xml(&cube(20.0)));
    let model = format!("<model><resources>{object}</resources><build><item objectid=\"1\"/></build></model>");
    let rels = ("_rels/.rels", RELATIONS.as_bytes());
    let with = |model: &str| zipped(&[rels, ("3D/3dmodel.model", model.as_bytes())]);
    let good = with(&model);
    check("a.3mf", &good, 8000.0, [20.0; 3]);
    refused("cut.3mf", &good[..good.len() / 2], "zip container");
    refused("none.3mf", b"no zip at all", "zip container");
    refused("rels.3mf", &zipped(&[("3D/3dmodel.model", model.as_bytes())]), "'_rels/.rels' is missing");
    refused("model.3mf", &zipped(&[rels]), "'3D/3dmodel.model' is missing");
    refused("empty.3mf", &zipped(&[("_rels/.rels", b"<Relationships/>")]), "name no 3D model part");
    for name in ["../../etc/evil", "/etc/evil", "a/../../evil", "..\\evil", "C:\\evil"] {
        let climbing = zipped(&[rels, ("3D/3dmodel.model", model.as_bytes()), (name, b"evil")]);
        refused("climbs.3mf", &climbing, "outside of the package");
    }
    let entity = format!("<!DOCTYPE m [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>{model}");
    refused("dtd.3mf", &with(&entity), "document type definition");
    refused("entity.3mf", &with(&model.replace("<object ", "<object name=\"&b;\" ")), "XML");
    refused("cut.3mf", &with(&model[..model.len() / 2]), "");
    refused("cut.3mf", &with(model.strip_suffix("</model>").unwrap()), "ends before");
    refused("break.3mf", &with("</\n\u{1b}[2J>"), "</\\n\\u{1b}[2J");
    refused("html.3mf", &with("<html/>"), "does not begin with a model element");
    let spaces = format!("<model>{}<build/></model>", " ".repeat(30 << 20));
    refused("bomb.3mf", &with(&spaces), "zip bomb");
    let spaces = format!("<model>{}<build/></model>", " ".repeat(6 << 20));
    refused("spaces.3mf", &with(&spaces), "without a tag");
}

#[test]
fn a_zip_that_lies_about_its_sizes_is_stopped() {
    let spaces = format!("<model>{}<build/></model>", "<a/>".repeat(6 << 20));
    let mut bytes = zipped(&[("_rels/.rels", RELATIONS.as_bytes()), ("3D/3dmodel.model", spaces.as_bytes())]);
    // The central directory is what is believed: make it announce ten bytes.
    let length = (spaces.len() as u32).to_le_bytes();
    while let Some(at) = bytes.windows(4).position(|w| w == length) {
        bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    refused("lies.3mf", &bytes, "larger than its declared uncompressed size");
}

#[test]
fn formats_that_cannot_be_opened_say_which_can() {
    for name in ["a.step", "a.amf", "a.gcode", "a"] {
        refused(name, b"anything", "STL, OBJ and 3MF can");
    }
    let missing = import(Path::new("/nowhere/at/all.stl"), &Progress::new()).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read the file") && missing.ends_with("/nowhere/at/all.stl"), "{missing}");
}

#[test]
fn import_can_be_canceled_in_every_format() {
    let object = format!("<resources><object id=\"1\">{}</object></resources>", mesh_xml(&cube(20.0)));
    for (name, bytes) in [
        ("a.stl", stl_binary("", &cube(20.0))),
        ("b.stl", stl_text(&cube(20.0)).into_bytes()),
        ("a.3mf", threemf("", &format!("{object}<build><item objectid=\"1\"/></build>"))),
        ("a.obj", b"v 0 0 0\nv 9 0 0\nv 0 9 0\nv 0 0 9\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n".to_vec()),
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let progress = Progress::new();
        progress.cancel();
        assert!(matches!(import(&path, &progress), Err(ImportError::Canceled(_))), "{name}");
    }
}
#[test]
fn damaged_files_never_do_worse_than_fail() {
    let object = format!("<resources><object id=\"1\">{}</object></resources>", mesh_xml(&cube(20.0)));
    let obj: String = (0..8).map(|i| format!("v {} {} {}\n", i & 1, i >> 1 & 1, i >> 2)).collect::<String>()
        + "f 1 2 4 3\nf -1 -2 -4 -3\nf 1 5 6 2\nf 3 4 8 7\n";
    let whole = [
        ("a.stl", stl_binary("", &cube(20.0))),
        ("b.stl", stl_text(&cube(20.0)).into_bytes()),
        ("a.obj", obj.into_bytes()),
        ("a.3mf", threemf("", &format!("{object}<build><item objectid=\"1\"/></build>"))),
    ];
    let folder = TempDir::new().unwrap();
    // A seeded linear congruential generator: the same damage every time.
    let mut seed = 1_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let (mut opened, mut failed) = (0, 0);
    for round in 0..600 {
        let (name, bytes) = &whole[round % whole.len()];
        let mut bytes = bytes.clone();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes[at] = b"0-9. e/nif"[random(10)],
                2 => drop(bytes.drain(at..bytes.len().min(at + random(40)))),
                _ => bytes.extend_from_within(at..bytes.len().min(at + random(60))),
            }
        }
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        match import(&path, &Progress::new()) {
            Ok(import) => {
                opened += 1;
                for part in import.models.iter().flat_map(|m| &m.model.parts) {
                    let mesh = &part.mesh;
                    assert!(mesh.triangles.iter().flatten().all(|v| (*v as usize) < mesh.vertices.len()));
                    assert!(mesh.vertices.iter().flatten().all(|x| x.is_finite()));
                }
            }
            Err(error) => {
                failed += 1;
                assert!(error.to_string().ends_with(name), "{error}");
            }
        }
    }
    assert!(opened > 30 && failed > 30, "{opened} opened, {failed} failed");
}
