//! Files to text, and text to pieces.
