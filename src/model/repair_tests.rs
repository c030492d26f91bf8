use super::*;
use crate::model::shells::flip;
use crate::model::tests::cuboid;

const CUBE_MM3: f64 = 8000.0;

fn cube() -> Mesh {
    cuboid([0.0; 3], [20.0; 3])
}

fn mended(mesh: Mesh) -> (Mesh, RepairReport) {
    repair(mesh, &Progress::new()).unwrap()
}

/// Whatever was done to a 20 mm cube, mending gives the cube back: closed, facing outwards, 8000 mm³.
#[track_caller]
fn check(damage: impl FnOnce(&mut Mesh)) -> RepairReport {
    let mut mesh = cube();
    damage(&mut mesh);
    let (mesh, report) = mended(mesh);
    assert!((mesh.volume_mm3() - CUBE_MM3).abs() < 1e-3, "the volume is {} mm³", mesh.volume_mm3());
    assert!(report.is_watertight() && report.non_manifold_edges == 0, "{report:?}");
    let again = mended(mesh.clone());
    assert_eq!(again.0, mesh, "mending twice changes nothing");
    assert!(!again.1.changed());
    report
}

#[test]
fn a_clean_cube_stays_as_it_is() {
    let (mesh, report) = mended(cube());
    assert_eq!(mesh, cube());
    assert_eq!(report, RepairReport { pieces: 1, ..RepairReport::default() });
    assert_eq!(report.sentences(), Vec::<String>::new());
}

#[test]
fn a_missing_facet_is_closed() {
    let report = check(|m| {
        m.triangles.remove(5);
    });
    assert_eq!((report.holes_closed, report.facets_added), (1, 1));
    assert_eq!(report.sentences(), ["1 hole was closed with 1 facet."]);
}

#[test]
fn missing_sides_are_closed() {
    let report = check(|m| m.triangles.truncate(8));
    assert_eq!((report.holes_closed, report.facets_added), (2, 4));
}

#[test]
fn facets_that_face_inwards_are_turned() {
    let report = check(|m| m.triangles.iter_mut().take(3).for_each(|t| t.swap(0, 1)));
    assert_eq!(report.facets_flipped, 3);
    let report = check(|m| m.triangles.iter_mut().for_each(|t| t.swap(0, 1)));
    assert_eq!(report.facets_flipped, 12);
}

#[test]
fn doubled_and_empty_facets_go() {
    let report = check(|m| {
        m.triangles.push(m.triangles[4]);
        m.triangles.push([3, 3, 5]);
    });
    assert_eq!((report.duplicate_facets_dropped, report.degenerate_facets_dropped), (1, 1));
    // A membrane of two facets back to back hangs on the cube's edges.
    let report = check(|m| m.triangles.extend([[0, 3, 5], [0, 5, 3]]));
    assert_eq!(report.duplicate_facets_dropped, 2);
    // A surface drawn from both sides.
    let report = check(|m| m.triangles.extend(m.triangles.clone().iter().map(|t| [t[0], t[2], t[1]])));
    assert_eq!(report.duplicate_facets_dropped, 12);
}

#[test]
fn edges_that_almost_meet_are_joined() {
    let report = check(|m| {
        // The top gets vertices of its own, half a micrometre off.
        let top: Vec<u32> = vec![4, 5, 6, 7];
        let own: Vec<[f32; 3]> = top.iter().map(|v| m.vertices[*v as usize].map(|x| x + 0.0005)).collect();
        m.vertices.extend(own);
        for t in m.triangles.iter_mut().filter(|t| t.iter().all(|v| *v >= 4)) {
            *t = t.map(|v| v + 4);
        }
    });
    assert_eq!(report.vertices_joined, 4);
}

#[test]
fn flat_pieces_go_with_their_vertices() {
    let report = check(|m| {
        m.vertices.extend([[5.0, 5.0, 6.0], [9.0, 5.0, 6.0], [5.0, 9.0, 6.0]]);
        m.triangles.push([8, 9, 10]);
    });
    assert_eq!(report.flat_facets_dropped, 1);
}

#[test]
fn vertices_are_welded_and_unused_ones_go() {
    let mut mesh = cube();
    mesh.vertices.push([300.0; 3]);
    let soup: Vec<[f32; 3]> = mesh.triangles.iter().flatten().map(|v| mesh.vertices[*v as usize]).collect();
    mesh.triangles = (0..12).map(|t| [3 * t + 9, 3 * t + 10, 3 * t + 11]).collect();
    mesh.vertices.extend(soup);
    assert_eq!(weld_vertices(&mut mesh, &Progress::new()), Ok((9, 28)));
    assert_eq!((mesh.vertices.len(), mended(mesh).0.volume_mm3().round()), (8, CUBE_MM3));
}

#[test]
fn an_inverted_piece_is_turned_but_a_cavity_stays() {
    let within = |outer: Mesh, inner: Mesh| {
        let first = outer.vertices.len() as u32;
        let mut mesh = outer;
        mesh.vertices.extend(inner.vertices);
        mesh.triangles.extend(inner.triangles.iter().map(|t| [t[0] + first, t[2] + first, t[1] + first]));
        mesh
    };
    let (mesh, report) = mended(within(cube(), cuboid([5.0; 3], [10.0; 3])));
    assert_eq!((report.facets_flipped, report.pieces), (0, 2));
    assert!((mesh.volume_mm3() - (CUBE_MM3 - 125.0)).abs() < 1e-3, "a cavity");

    let (mesh, report) = mended(within(cube(), cuboid([30.0; 3], [35.0; 3])));
    assert_eq!(report.facets_flipped, 12);
    assert!((mesh.volume_mm3() - (CUBE_MM3 + 125.0)).abs() < 1e-3, "a body beside the cube");

    let mut inside_out = within(cube(), cuboid([5.0; 3], [10.0; 3]));
    flip(&mut inside_out, |_| true);
    let (mesh, _) = mended(inside_out);
    assert!((mesh.volume_mm3() - (CUBE_MM3 - 125.0)).abs() < 1e-3, "a cavity, all inside out");
}

#[test]
fn colours_follow_their_facets() {
    let mut mesh = cube();
    mesh.colors = (0..12).map(|i| [i, 0, 0, 255]).collect();
    mesh.triangles[2] = [1, 1, 1];
    let (mesh, report) = mended(mesh);
    assert_eq!((report.degenerate_facets_dropped, report.holes_closed), (1, 1));
    let reds: Vec<u8> = mesh.colors.iter().map(|c| c[0]).collect();
    assert_eq!(&reds[..11], [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert_eq!((mesh.colors.len(), mesh.triangles.len()), (12, 12));
}

#[test]
fn four_planes_are_the_least_that_can_enclose() {
    let triangle =
        |mesh: &Mesh, t: &[usize]| Mesh { triangles: t.iter().map(|t| mesh.triangles[*t]).collect(), ..mesh.clone() };
    let cube = cube();
    assert!(has_four_planes(&[&cube]));
    assert!(!has_four_planes(&[&triangle(&cube, &[0, 1, 2, 3, 4, 5])]), "top, bottom and one side");
    assert!(has_four_planes(&[&triangle(&cube, &[0, 2, 4, 8])]));
    assert!(!has_four_planes(&[]));
}
