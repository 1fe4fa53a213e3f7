//! Pictures for models that see. What the file is, it says itself; its head is read, not its pixels, since the model's
//! provider reads those.

use atrium::attachments::PICTURE_MAX;
use image::{ImageFormat, ImageReader};
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

/// Pixels of a side: what all providers take.
const SIDE_MAX: u32 = 8_000;
/// Bytes that tell formats apart.
const HEAD: u64 = 32;

/// What kind of picture a file is; nothing, when it is none; a sentence about it, when it will not do.
pub fn media_type(path: &Path) -> Result<Option<&'static str>, String> {
    let damaged = |_| "is damaged, or could not be read. Choose another file.".to_owned();
    let mut head = Vec::new();
    let file = File::open(path).map_err(damaged)?;
    let size = file.metadata().map_err(damaged)?.len();
    file.take(HEAD).read_to_end(&mut head).map_err(damaged)?;
    let (format, media_type) = match image::guess_format(&head) {
        Ok(format @ ImageFormat::Png) => (format, "image/png"),
        Ok(format @ ImageFormat::Jpeg) => (format, "image/jpeg"),
        Ok(format @ ImageFormat::WebP) => (format, "image/webp"),
        Ok(format @ ImageFormat::Gif) => (format, "image/gif"),
        Ok(ImageFormat::Bmp | ImageFormat::Tiff | ImageFormat::Ico | ImageFormat::Avif) => {
            return Err("is a picture of a kind that models do not read. Save it as PNG, JPEG or WebP.".to_owned());
        }
        // Other signatures are short enough for a text to begin with them.
        _ => return Ok(None),
    };
    if size > PICTURE_MAX {
        return Err(format!("has more than {} MB. Make the picture smaller, then try again.", PICTURE_MAX >> 20));
    }
    let file = BufReader::new(File::open(path).map_err(damaged)?);
    let sides = ImageReader::with_format(file, format).into_dimensions();
    let (width, height) = sides.map_err(|_| "is damaged, or not what it says. Choose another file.".to_owned())?;
    if width > SIDE_MAX || height > SIDE_MAX {
        return Err(format!("has {width} by {height} pixels, at most {SIDE_MAX} a side are taken. Make it smaller."));
    }
    Ok(Some(media_type))
}
