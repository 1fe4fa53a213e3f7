//! Data of other systems, taken along.

pub mod django;
