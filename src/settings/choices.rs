//! The settings whose value is one of a few names. Each is defined once here: Rust type, name in files, label, and the
//! names that other slicers use.

use super::value::{Kind, SettingType, Value};

/// One of the names that a setting can take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// As files and `--set` write it; PrusaSlicer's where it has one.
    pub name: &'static str,
    pub label: &'static str,
    /// Accepted on input too.
    pub aliases: &'static [&'static str],
}

macro_rules! choices {
    ($( $(#[doc = $doc:literal])* $type:ident {
        $( $(#[doc = $variant_doc:literal])* $variant:ident = $name:literal, $label:literal, [$($alias:literal),*]; )*
    } )*) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type { $( $(#[doc = $variant_doc])* $variant, )* }

        impl $type {
            /// Every choice, in the order of menus.
            pub const ALL: &'static [$type] = &[$( $type::$variant ),*];

            /// As files write it.
            pub fn name(self) -> &'static str {
                match self { $( $type::$variant => $name, )* }
            }
        }

        impl SettingType for $type {
            const KIND: Kind =
                Kind::Choice(&[$( Choice { name: $name, label: $label, aliases: &[$($alias),*] }, )*]);

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Choice(name) => Self::ALL.iter().copied().find(|choice| choice.name() == *name),
                    _ => None,
                }
            }

            fn to_value(&self) -> Value {
                Value::Choice(self.name())
            }
        }

        impl From<$type> for Value {
            fn from(choice: $type) -> Self {
                choice.to_value()
            }
        }
    )* };
}

choices! {
    /// Dialect of the G-code.
    GcodeFlavor {
        /// Marlin 2.
        Marlin = "marlin2", "Marlin 2", ["marlin", "reprap", "RepRap (Marlin/Sprinter)"];
        Klipper = "klipper", "Klipper", [];
        RepRapFirmware = "reprapfirmware", "RepRapFirmware (Duet)", ["rrf", "duet", "RepRap (RepRap)"];
    }

    /// Whether files hold arcs.
    ArcFitting {
        Disabled = "disabled", "None", ["0", "false"];
        /// `G2` and `G3` that tell where the centre is (`I` and `J`).
        EmitCentre = "emit_center", "Arcs", ["1", "true"];
    }

    /// By which way the nozzle is lifted.
    LiftType {
        /// Straight up.
        Normal = "normal", "Straight", ["normal lift"];
        /// Along the way.
        Slope = "slope", "Slope", ["slope lift"];
        /// By a turn of a helix before the way.
        Spiral = "spiral", "Spiral", ["spiral lift"];
        /// A slope where there is room for it, else a spiral where there is, else straight up.
        Auto = "auto", "Automatic", ["auto lift"];
    }

    /// Where the nozzle may be lifted.
    LiftSurfaces {
        All = "all", "Everywhere", ["all surfaces"];
        /// Where the way begins on or leads over a finished top surface.
        Top = "top", "Top surfaces", ["top only"];
        /// On the first layer.
        Bottom = "bottom", "First layer", ["bottom only"];
        TopAndBottom = "top_and_bottom", "Top surfaces and first layer", ["top and bottom"];
    }

    /// How overlapping and broken outlines are read.
    SlicingMode {
        /// Everything that any outline encloses is solid.
        Regular = "regular", "Regular", [];
        /// Outlines inside outlines alternate between solid and empty.
        EvenOdd = "even_odd", "Even-odd", ["even-odd"];
        /// Holes are filled.
        CloseHoles = "close_holes", "Close holes", [];
    }

    /// Which walls an island gets.
    WallGenerator {
        /// Walls of changing width where walls of full width leave something out, full width everywhere else.
        Automatic = "automatic", "Where needed", ["auto"];
        /// Walls of full width, with gap fill between them.
        Classic = "classic", "Full width", [];
        /// Walls of changing width and number.
        Variable = "arachne", "Changing width", ["variable"];
    }

    /// In which order the walls around one contour are printed.
    WallSequence {
        /// From the inside out: best for overhangs.
        InnerOuter = "inner-outer", "Inner, then outer", ["0", "false", "inner wall/outer wall", "inside_out"];
        /// From the outside in: truest to size.
        OuterInner = "outer-inner", "Outer, then inner", ["1", "true", "outer wall/inner wall", "outside_in"];
        /// The walls further in, then the outer one, then the one beside it: the outer wall has neither pressed on it. From
        /// the inside out where there are fewer than three.
        InnerOuterInner = "inner-outer-inner", "Inner, outer, inner", ["inner-outer-inner wall"];
    }

    /// Where a single wall around top surfaces is enough.
    SingleWallOnTop {
        Nowhere = "none", "Nowhere", ["0", "false"];
        /// Around every top surface.
        Top = "top", "Top surfaces", ["1", "true"];
        /// On the object's last layer.
        Topmost = "topmost", "Last layer", [];
    }

    /// Where loops begin.
    SeamPosition {
        /// At the point closest to where the nozzle is.
        Nearest = "nearest", "Nearest", ["shortest"];
        /// Above the seam of the layer below, at a corner where there is one.
        Aligned = "aligned", "Aligned", ["sharpest_corner"];
        /// At the back of the part.
        Rear = "rear", "Rear", ["back"];
        Random = "random", "Random", [];
    }

    /// Which walls jitter.
    FuzzySkin {
        Nowhere = "none", "None", ["0", "false", "disabled_fuzzy"];
        /// Outer walls around outlines.
        Contours = "external", "Outside", ["outside"];
        /// Those of holes too.
        OuterWalls = "all", "Outside and holes", ["1", "true"];
        /// Inner walls too.
        AllWalls = "allwalls", "All walls", ["all_walls"];
    }

    /// Whether the skirt keeps draughts off.
    DraftShield {
        Disabled = "disabled", "None", ["0", "false"];
        /// As high as the skirt is.
        Limited = "limited", "As high as the skirt", [];
        /// As high as the highest object.
        Enabled = "enabled", "As high as the print", ["1", "true"];
    }

    /// Where brims are laid.
    BrimType {
        Nowhere = "no_brim", "None", ["none"];
        /// Around objects.
        Outer = "outer_only", "Outside", ["outside"];
        /// In their holes.
        Inner = "inner_only", "In holes", ["inside"];
        Both = "outer_and_inner", "Outside and in holes", ["everywhere"];
        /// Discs at sharp corners.
        Ears = "brim_ears", "Ears at corners", ["ears"];
    }

    /// Which loops close by a scarf.
    ScarfPlacement {
        Nowhere = "nowhere", "None", ["none"];
        /// Around outlines.
        Contours = "contours", "Outlines", ["external"];
        /// Around holes too.
        Everywhere = "everywhere", "Outlines and holes", ["all"];
    }

    /// How solid surfaces are filled.
    SolidPattern {
        /// Parallel lines, always laid beside the line before in the same direction.
        Monotonic = "monotonic", "Monotonic", [];
        /// The same without links between the lines: no road lies along the walls.
        MonotonicLines = "monotoniclines", "Monotonic lines", ["monotonicline"];
        /// Parallel lines in any order.
        Rectilinear = "rectilinear", "Rectilinear", ["lines", "zigzag", "zig-zag"];
        /// Loops that follow the outline.
        Concentric = "concentric", "Concentric", [];
        /// One line that turns all the time.
        HilbertCurve = "hilbertcurve", "Hilbert curve", [];
        /// A spiral.
        ArchimedeanChords = "archimedeanchords", "Archimedean chords", [];
    }

    /// Which surfaces are ironed.
    IroningType {
        /// Everything that is seen from above.
        Top = "top", "All top surfaces", [];
        /// The uppermost layer.
        Topmost = "topmost", "Topmost surface only", [];
        /// Solid infill inside too.
        Solid = "solid", "All solid surfaces", [];
    }

    /// How sparse infill is laid.
    FillPattern {
        /// Parallel lines, turned by 90° on every layer.
        Rectilinear = "rectilinear", "Rectilinear", ["zigzag", "zig-zag"];
        /// Parallel lines in the same direction on every layer.
        AlignedRectilinear = "alignedrectilinear", "Aligned rectilinear", ["aligned-rectilinear"];
        /// Parallel lines, turned by 90° on every layer and not joined along the walls.
        Line = "line", "Line", ["lines"];
        /// Squares.
        Grid = "grid", "Grid", [];
        Triangles = "triangles", "Triangles", [];
        /// Hexagons amid triangles.
        Stars = "stars", "Stars", ["tri-hexagon", "trihexagon"];
        /// Cubes standing on a corner.
        Cubic = "cubic", "Cubic", [];
        /// Cubes that are small near the surface and large within.
        AdaptiveCubic = "adaptivecubic", "Adaptive cubic", ["cubicsubdiv"];
        /// Cubes that are small below roofs and large elsewhere.
        SupportCubic = "supportcubic", "Support cubic", [];
        /// Hexagons.
        Honeycomb = "honeycomb", "Honeycomb", [];
        /// Truncated octahedra.
        Honeycomb3d = "3dhoneycomb", "3D honeycomb", [];
        /// A wavy surface that is equally strong in all directions.
        Gyroid = "gyroid", "Gyroid", [];
        /// Lines that turn by 90° and back as they rise, and never cross.
        CrossHatch = "crosshatch", "Cross-hatch", ["cross-hatch"];
        /// Loops that follow the outline.
        Concentric = "concentric", "Concentric", [];
        /// One line that turns all the time.
        HilbertCurve = "hilbertcurve", "Hilbert curve", [];
        /// A spiral around the middle of the object.
        ArchimedeanChords = "archimedeanchords", "Archimedean chords", [];
        /// Trees that hold up roofs; nothing elsewhere.
        Lightning = "lightning", "Lightning", [];
    }

    /// Shape of supports.
    SupportStyle {
        /// Towers on the cells of a grid.
        Grid = "grid", "Grid", ["default", "normal"];
        /// Towers that follow the overhang.
        Snug = "snug", "Snug", [];
        /// Branches that meet in trunks.
        Tree = "tree", "Tree", ["tree_slim", "tree_strong", "tree_hybrid"];
        /// Trees with smooth branches.
        Organic = "organic", "Organic", ["tree_organic"];
    }

    /// How supports are filled.
    SupportPattern {
        /// Parallel lines, the same on every layer.
        Rectilinear = "rectilinear", "Rectilinear", ["lines", "zigzag"];
        /// Parallel lines, turned by 90° on every layer.
        RectilinearGrid = "rectilinear-grid", "Rectilinear grid", ["rectilinear_grid", "grid"];
        Honeycomb = "honeycomb", "Honeycomb", [];
    }

    /// How the interfaces of supports are filled.
    SupportInterfacePattern {
        Rectilinear = "rectilinear", "Rectilinear", ["auto", "lines", "zigzag"];
        /// Loops that follow the outline.
        Concentric = "concentric", "Concentric", [];
    }
}

impl BrimType {
    /// Whether a brim of this kind reaches beyond the outline of its object.
    pub fn is_outside(self) -> bool {
        matches!(self, Self::Outer | Self::Both | Self::Ears)
    }
}

impl SupportStyle {
    /// Whether supports grow branches.
    pub fn is_tree(self) -> bool {
        matches!(self, Self::Tree | Self::Organic)
    }
}
