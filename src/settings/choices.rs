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

    /// How overlapping and broken outlines are read.
    SlicingMode {
        /// Everything that any outline encloses is solid.
        Regular = "regular", "Regular", [];
        /// Outlines inside outlines alternate between solid and empty.
        EvenOdd = "even_odd", "Even-odd", ["even-odd"];
        /// Holes are filled.
        CloseHoles = "close_holes", "Close holes", [];
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

    /// How solid surfaces are filled.
    SolidPattern {
        /// Parallel lines, always laid beside the line before in the same direction.
        Monotonic = "monotonic", "Monotonic", ["monotonicline", "monotoniclines"];
        /// Parallel lines in any order.
        Rectilinear = "rectilinear", "Rectilinear", ["lines", "zigzag", "zig-zag"];
        /// Loops that follow the outline.
        Concentric = "concentric", "Concentric", [];
    }

    /// How sparse infill is laid.
    FillPattern {
        /// Parallel lines, turned by 90° on every layer.
        Rectilinear = "rectilinear", "Rectilinear", ["line", "lines", "zigzag", "zig-zag"];
        /// Squares.
        Grid = "grid", "Grid", [];
        Triangles = "triangles", "Triangles", ["tri-hexagon", "trihexagon"];
        /// Cubes standing on a corner.
        Cubic = "cubic", "Cubic", [];
        /// A wavy surface that is equally strong in all directions.
        Gyroid = "gyroid", "Gyroid", [];
        /// Loops that follow the outline.
        Concentric = "concentric", "Concentric", [];
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

impl SupportStyle {
    /// Whether supports grow branches.
    pub fn is_tree(self) -> bool {
        matches!(self, Self::Tree | Self::Organic)
    }
}
