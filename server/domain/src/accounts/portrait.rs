//! From the file that somebody chose to the picture that is shown: upright, square, small, and nothing else of the file.

use crate::error::{Error, Result};
use image::codecs::png::{CompressionType, FilterType as Filter, PngEncoder};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Bytes of a file that is taken.
pub const FILE_MAX: usize = 2 * 1024 * 1024;
/// Pixels of a side of what is kept.
const SIDE: u32 = 256;
/// Pixels of a side of what is read. A small file can claim to be as large as it likes.
const SIDE_MAX: u32 = 6000;
/// Bytes that its pixels may take while it is read.
const PIXELS_MAX: u64 = 80 * 1024 * 1024;

/// Makes portraits, off the async threads, one at a time: each may take as much memory as the limits let it.
#[derive(Debug, Clone)]
pub struct Studio {
    turn: Arc<Semaphore>,
}

impl Default for Studio {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Studio {
    /// A PNG of [`SIDE`] pixels a side.
    ///
    /// # Errors
    /// With what to change about the file.
    pub async fn portrait(&self, file: Vec<u8>) -> Result<Vec<u8>> {
        check_size(&file)?;
        let internal = |error: &dyn std::fmt::Display| Error::Internal(format!("portrait: {error}"));
        let turn = self.turn.clone().acquire_owned().await.map_err(|error| internal(&error))?;
        let work = move || {
            let _turn = turn;
            portrait(&file)
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| internal(&error))?
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::field("picture", message)
}

fn check_size(file: &[u8]) -> Result<()> {
    match file.len() {
        0 => Err(refused("Choose a picture first.")),
        1..=FILE_MAX => Ok(()),
        _ => Err(refused("The file is larger than 2 MB. Make the picture smaller, then try again.")),
    }
}

fn portrait(file: &[u8]) -> Result<Vec<u8>> {
    let picture = read(file)?;
    // Cut before it is scaled: a line of pixels would otherwise be blown up to a wall of them.
    let side = picture.width().min(picture.height());
    let (left, top) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    let square = picture.crop_imm(left, top, side, side).resize_exact(SIDE, SIDE, FilterType::Lanczos3);
    // Eight bits a colour: the pixels, without profile, place or name.
    let plain = if square.color().has_alpha() {
        DynamicImage::ImageRgba8(square.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(square.into_rgb8())
    };
    let mut png = Vec::new();
    plain
        .write_with_encoder(PngEncoder::new_with_quality(&mut png, CompressionType::Best, Filter::Adaptive))
        .map_err(|error| Error::Internal(format!("portrait: {error}")))?;
    Ok(png)
}

/// The pixels, as the camera was held. What the file is, it says itself: its name and declared type count for nothing.
fn read(file: &[u8]) -> Result<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(file));
    match image::guess_format(file) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) => reader.set_format(format),
        _ => return Err(refused("Choose a PNG, JPEG or WebP file.")),
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(PIXELS_MAX);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(|error| unreadable(&error))?;
    // Before a pixel is read.
    limits.reserve(decoder.total_bytes()).map_err(|error| unreadable(&error))?;
    let orientation = decoder.orientation().map_err(|error| unreadable(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| unreadable(&error))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn unreadable(error: &ImageError) -> Error {
    refused(match error {
        ImageError::Limits(_) => "The picture has too many pixels. Make it smaller; 1000 by 1000 are plenty.",
        _ => "The file is damaged, or not what it says. Choose another one.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ExtendedColorType, GenericImageView as _, ImageEncoder as _, Rgb, RgbImage};

    /// Red to the left, blue to the right.
    fn halves(width: u32, height: u32) -> DynamicImage {
        let colour = |x| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| colour(x)))
    }

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    /// A PNG that claims these sizes and brings no pixels.
    fn hollow(width: u32, height: u32, colour: u8) -> Vec<u8> {
        fn crc(bytes: &[u8]) -> u32 {
            !bytes.iter().fold(!0_u32, |crc, byte| {
                (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
            })
        }
        let chunk = |kind: &[u8; 4], data: &[u8]| {
            let body = [kind, data].concat();
            let length = u32::try_from(data.len()).unwrap();
            [&length.to_be_bytes()[..], &body, &crc(&body).to_be_bytes()].concat()
        };
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, colour, 0, 0, 0]].concat();
        [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunk(b"IDAT", &[0x78, 0x9c]), &chunk(b"IEND", b"")]
            .concat()
    }

    fn message(file: &[u8]) -> String {
        let failure = portrait(file).unwrap_err().to_failure();
        assert_eq!((failure.status, failure.fields[0].field.as_str()), (422, "picture"));
        failure.message
    }

    #[test]
    fn whatever_was_sent_becomes_a_square_png() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            for (width, height) in [(400, 100), (100, 400), (1, 1), (3000, 1)] {
                let made = portrait(&encoded(&halves(width, height), format)).unwrap();
                assert_eq!(image::guess_format(&made).unwrap(), ImageFormat::Png, "{format:?}");
                assert_eq!(image::load_from_memory(&made).unwrap().dimensions(), (SIDE, SIDE), "{format:?}");
            }
        }
        let made = image::load_from_memory(&portrait(&encoded(&halves(400, 100), ImageFormat::Png)).unwrap()).unwrap();
        assert_eq!(made.get_pixel(10, 128).0[..3], [255, 0, 0], "the middle of it");
        assert_eq!(made.get_pixel(245, 128).0[..3], [0, 0, 255]);
    }

    #[test]
    fn nothing_of_the_file_is_left_but_its_pixels_held_upright() {
        // An Exif block that says: taken with the camera turned (6), by somebody with a name.
        let exif = [
            &b"II*\0\x08\0\0\0\x02\0"[..],
            &[0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0],
            &[0x3b, 0x01, 2, 0, 8, 0, 0, 0, 38, 0, 0, 0],
            &[0, 0, 0, 0],
            b"GEHEIM!\0",
        ]
        .concat();
        let mut file = Vec::new();
        let mut encoder = image::codecs::jpeg::JpegEncoder::new(&mut file);
        encoder.set_exif_metadata(exif).unwrap();
        let turned = halves(64, 64);
        encoder.write_image(turned.as_bytes(), 64, 64, ExtendedColorType::Rgb8).unwrap();
        file.extend(b"<script>alert(1)</script>");
        let hides = |file: &[u8], text: &[u8]| !file.windows(text.len()).any(|it| it == text);
        assert!(!hides(&file, b"GEHEIM") && !hides(&file, b"<script>"), "it was there");

        let made = portrait(&file).unwrap();
        assert!(hides(&made, b"GEHEIM") && hides(&made, b"<script>"));
        let picture = image::load_from_memory(&made).unwrap();
        let (top, bottom) = (picture.get_pixel(128, 20), picture.get_pixel(128, 235));
        assert!(top[0] > 200 && top[2] < 60, "what was left is above: {top:?}");
        assert!(bottom[2] > 200 && bottom[0] < 60, "{bottom:?}");
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let png = encoded(&halves(32, 32), ImageFormat::Png);
        for file in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"GIF89a\x01\0\x01\0\0\0\0;", b"%PDF-1.7", b"x"]
        {
            assert!(message(file).contains("PNG, JPEG or WebP"), "{}", String::from_utf8_lossy(file));
        }
        for file in [&png[..png.len() / 2], &png[..8], b"\xff\xd8\xff\xe0", b"RIFF\x04\0\0\0WEBP"] {
            assert!(message(file).contains("damaged"), "{} bytes", file.len());
        }
    }

    #[test]
    fn a_small_file_does_not_take_all_the_memory() {
        // Grey at one byte a pixel, then colours with transparency that fit in length and width but not in memory.
        for file in [hollow(60_000, 60_000, 0), hollow(SIDE_MAX + 1, 1, 0), hollow(SIDE_MAX, SIDE_MAX, 6)] {
            assert!(message(&file).contains("too many pixels"));
        }
    }

    #[tokio::test]
    async fn a_large_file_is_not_even_looked_at() {
        let studio = Studio::default();
        for (length, told) in [(0, "Choose a picture"), (FILE_MAX + 1, "larger than 2 MB")] {
            assert!(studio.portrait(vec![0; length]).await.unwrap_err().to_string().contains(told), "{length}");
        }
    }
}
